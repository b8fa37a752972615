/* Verifies batches: compares their files with each other, and the fetched files with their SHA-256. Only files that are
 * appended to are locked, while their ends are read; an item on which a process works is skipped. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/msg.h"
#include "batch/batch.h"
#include "checking.h"
#include "files/append.h"
#include "files/file.h"
#include "records/rec.h"
#include "review/review_settings.h"

/* --- records --- */

static const char *const lists[] = {"items.ndjson", "results.ndjson", "picks.ndjson"};

/* Checks the end of a file of lines, with its lock, so that no process is writing one. The next process that appends
 * would cut off an incomplete line, so this is repaired even if others work on the batch. */
static void
check_tail(struct checking *x, const char *name)
{
	int fd = openat(batch_dirfd(x->b), name, (x->mends ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char last = '\n';

	if (fd < 0) {
		if (errno != ENOENT)
			checking_cannot_read(x, name);
		return;
	}
	if (lock_wait(fd, x->mends ? LOCK_ALONE : LOCK_SHARED) < 0 || fstat(fd, &st) < 0 ||
	    (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) != 1) ||
	    (x->mends && last != '\n' && append_end(fd) < 0))
		checking_cannot_read(x, name);
	else if (last != '\n')
		checking_found(x, MENDED, "record_torn", "%s ends in an incomplete line", name);
	close(fd);
}

struct reading {
	struct checking *x;
	const char *file;
	uint64_t line;
};

static bool
is_record(const char *line, size_t n)
{
	struct json_object *o = rec_parse(line, n, NULL, 0);
	bool is = json_object_is_type(o, json_type_object);

	json_object_put(o);
	return is;
}

/* A member of an archive whose item does not come earlier can never be unpacked. */
static void
check_member(struct checking *x, uint64_t k, const char *line, size_t n)
{
	struct json_object *o = memmem(line, n, "\"archive\":", 10) ? rec_parse(line, n, NULL, 0) : NULL;
	long long archive = o ? rec_number(o, "archive", 0) : 0;

	if (o && rec_string(o, "member") && !rec_string(o, "url") && !rec_string(o, "file") &&
	    !rec_string(o, "media") && (archive < 1 || (uint64_t)archive >= k))
		checking_found(x, NOT_MENDED, "record_bad",
			       "item %" PRIu64 " is a member of the archive %lld, which is not an earlier item", k,
			       archive);
	json_object_put(o);
}

static bool
see_item(off_t at, const char *line, size_t n, void *arg)
{
	struct reading *r = arg;
	struct batch_place place;

	(void)at;
	r->line++;
	check_member(r->x, r->line, line, n);
	if (!is_record(line, n) || batch_place(line, n, &place) < 0 || place.item != r->line)
		checking_found(r->x, NOT_MENDED, "record_bad",
			       "line %" PRIu64 " of items.ndjson is not item %" PRIu64
			       ": the file was edited, or the disk damaged it",
			       r->line, r->line);
	return true;
}

static bool
see_result(off_t at, const char *line, size_t n, void *arg)
{
	struct json_object *o = rec_parse(line, n, NULL, 0);
	struct reading *r = arg;
	struct checking *x = r->x;
	char state = '\0';
	const char *path;
	uint32_t k;

	r->line++;
	k = json_object_is_type(o, json_type_object) ? batch_result_state(line, n, &state) : 0;
	if (k == 0 || k > x->count) {
		checking_found(x, NOT_MENDED, "record_bad",
			       "line %" PRIu64 " of results.ndjson is not a result of an existing item", r->line);
		x->results_bad = true;
	} else {
		x->states[k - 1] = state;
		x->last[k - 1] = at;
	}
	path = rec_string(o, "path");
	if (path && strncmp(path, "files/", 6) == 0)
		check_note_file(x, path + 6, k);
	json_object_put(o);
	return true;
}

static bool
see_pick(off_t at, const char *line, size_t n, void *arg)
{
	struct reading *r = arg;

	(void)at;
	r->line++;
	if (!is_record(line, n))
		checking_found(r->x, NOT_MENDED, "record_bad", "line %" PRIu64 " of %s is not a record", r->line,
			       r->file);
	return true;
}

static void
check_lines(struct checking *x, const char *name, bool (*see)(off_t, const char *, size_t, void *))
{
	struct reading r = {.x = x, .file = name};
	int fd = openat(batch_dirfd(x->b), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0 || append_each(fd, 0, see, &r) < 0)
		checking_cannot_read(x, name);
	file_close(fd, 0);
}

/* --- states --- */

static void
check_states(struct checking *x)
{
	struct stat st;
	int rc;

	for (uint64_t k = 1; k <= x->count; k++) {
		int is = batch_state(x->b, (uint32_t)k), claimed = 0;
		char should = x->states[k - 1];

		if (is >= 0 && is != should)
			claimed = batch_is_claimed(x->b, (uint32_t)k);
		if (is < 0 || claimed < 0) {
			checking_cannot_read(x, "state");
			return;
		}
		/* An owner that died before it had a result leaves r. A living owner writes the byte after the result.
		 */
		if (is == should || (should == 'p' && is == 'r') || (x->held && (is == 'r' || is == 'p')) || claimed ||
		    batch_state(x->b, (uint32_t)k) == should)
			continue;
		x->states_wrong++;
		if (should == 'p')
			checking_found(x, MENDED, "state_wrong",
				       "the state of item %" PRIu64 " is %c, and it has no result", k, is);
		else
			checking_found(x, MENDED, "state_wrong",
				       "the state of item %" PRIu64 " is %c, and its result says %c", k, is, should);
	}
	if (x->held)
		return;
	rc = file_stat(batch_dirfd(x->b), "state", &st);
	if (rc < 0) {
		checking_cannot_read(x, "state");
	} else if (rc > 0 && (uint64_t)st.st_size > x->count) {
		x->states_wrong++;
		checking_found(x, MENDED, "state_wrong", "state has %" PRIu64 " bytes for %" PRIu64 " items",
			       (uint64_t)st.st_size, x->count);
	}
}

/* If an entry of results.index does not lead to the last line, an older result would count. */
static void
check_index(struct checking *x)
{
	off_t upto = batch_results_indexed(x->b), at;

	if (upto < 0)
		checking_cannot_read(x, "results.index");
	for (uint64_t k = 1; k <= x->count && !x->held; k++) {
		if (x->last[k - 1] < 0 || x->last[k - 1] >= upto)
			continue;
		at = batch_result_offset(x->b, (uint32_t)k);
		if (at < 0 && errno != ENOENT) {
			checking_cannot_read(x, "results.index");
			return;
		}
		if (at == x->last[k - 1])
			continue;
		x->states_wrong++;
		checking_found(x, MENDED, "index_wrong",
			       "results.index does not lead to the last result of item %" PRIu64, k);
	}
}

/* An item that keys.index does not know would be added again. */
static void
check_keys(struct checking *x)
{
	int64_t wrong = x->held ? 0 : batch_check_keys(x->b);

	if (wrong < 0)
		checking_cannot_read(x, "keys.index");
	if (wrong <= 0)
		return;
	x->states_wrong++;
	checking_found(x, MENDED, "index_wrong", "keys.index does not lead to item %" PRId64, wrong);
}

/* --- one batch --- */

static void
check_about(struct checking *x)
{
	struct buf text = {0};

	if (batch_metadata(x->b, &text) < 0 && errno != ENOENT)
		checking_cannot_read(x, "batch.json");
	else if (!is_record(text.data, text.len))
		checking_found(x, NOT_MENDED, "about_bad",
			       "batch.json is missing or invalid: the process that made the batch was killed");
	buf_free(&text);
}

static void
check_settings(struct checking *x)
{
	struct review_settings settings;

	if (review_settings_read(batch_dirfd(x->b), &settings) == 0)
		json_object_put(settings.all);
	else if (errno == EBADMSG)
		checking_found(
			x, NOT_MENDED, "settings_bad",
			"review.json is not a JSON object, so no decision can be added: correct it, or remove it and "
			"set it again with bi-render");
	else
		checking_cannot_read(x, "review.json");
}

static void
check_open(struct checking *x)
{
	struct batch_counts counts;

	if (batch_count(x->b, &counts) < 0) {
		checking_cannot_read(x, "items.ndjson or state");
		return;
	}
	x->held = counts.held && !x->alone;
	x->count = counts.length;
	x->states = buf_alloc((size_t)x->count + 1);
	memset(x->states, 'p', (size_t)x->count);
	x->last = buf_alloc(((size_t)x->count + 1) * sizeof(*x->last));
	memset(x->last, 0xff, ((size_t)x->count + 1) * sizeof(*x->last));
	check_about(x);
	check_settings(x);
	check_lines(x, lists[0], see_item);
	check_lines(x, lists[1], see_result);
	check_lines(x, lists[2], see_pick);
	check_states(x);
	check_index(x);
	check_keys(x);
	check_files(x);
	if (!x->held)
		check_orphans(x);
	if (x->mends && x->states_wrong > 0 && !x->failed) {
		struct buf where = {0};

		if (batch_rebuild(x->b, NULL, &where) < 0)
			checking_cannot_read(x, where.data);
		buf_free(&where);
	}
	check_say_orphans(x);
	free(x->states);
	free(x->last);
	table_clear(&x->files);
}

/* Checks the batch NAME and adds the results to ALL. 0 or the exit code after a message. */
static int
check(const struct clean *c, const char *name, struct checking *all)
{
	struct checking x = {.c = c, .name = name, .mends = c->repair && !c->only_say};

	x.b = batch_open(&c->root, name, BATCH_READ, NULL);
	for (size_t i = 0; x.b && i < sizeof(lists) / sizeof(*lists); i++)
		check_tail(&x, lists[i]);
	if (x.b && x.mends) {
		batch_close(x.b);
		x.b = batch_open(&c->root, name, BATCH_ALONE, NULL);
		x.alone = true;
	}
	if (!x.b)
		return clean_not_had(c, name);
	check_open(&x);
	batch_close(x.b);
	all->found += x.found;
	all->mendable += x.mendable;
	all->mended += x.mended;
	all->kept += x.kept;
	all->kept_bytes += x.kept_bytes;
	return x.failed ? EX_IOERR : 0;
}

static int
finish(const struct clean *c, const struct checking *all, size_t batches, int code)
{

	if (code == 0 && all->found > all->mended)
		code = EX_SOME_FAILED;
	if (c->json) {
		rec_write_counts(code, {"batches", batches}, {"found", all->found}, {"mended", all->mended},
				 {"orphans", all->kept}, {"orphan_bytes", all->kept_bytes});
	} else if (all->found == 0 && (code == 0 || batches > 0)) {
		printf("%zu %s verified: all is well%s\n", batches, batches == 1 ? "batch" : "batches",
		       code ? ", but not all could be verified" : "");
	} else if (batches > 0) {
		printf("%zu %s verified: %" PRIu64 " found, %" PRIu64 " mended%s\n", batches,
		       batches == 1 ? "batch" : "batches", all->found, all->mended,
		       all->mendable > 0 && !c->repair ? " (--repair repairs what it can)" : "");
	}
	return code;
}

int
clean_check(const struct clean *c, char **args)
{
	struct checking all = {0};
	struct batch_args names = {0};
	size_t seen = 0;
	int code = 0;

	clean_names_or_all(c, args, "check", &names);
	for (size_t i = 0; i < names.n; i++) {
		int rc = check(c, names.v[i], &all);

		seen += rc == 0;
		if (code == 0)
			code = rc;
	}
	code = finish(c, &all, seen, code);
	batch_args_free(&names);
	return code;
}
