/* Verifies batches: compares their files with each other, and the fetched files with their SHA-256. Only files that are
 * appended to are locked, while their ends are read; an item on which a process works is skipped. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/human.h"
#include "base/lock.h"
#include "base/msg.h"
#include "base/table.h"
#include "base/utf8.h"
#include "batch/batch.h"
#include "batch/item_files.h"
#include "clean.h"
#include "files/append.h"
#include "files/file.h"
#include "records/rec.h"
#include "remove_items.h"

enum { TRIES = 1000 };

struct checking {
	const struct clean *c;
	struct batch *b;
	const char *name;
	bool mends;                /* problems are repaired */
	bool alone;                /* no other process works on it */
	bool held;                 /* another process works on it */
	uint64_t count;            /* items */
	char *states;              /* as items and results have it: p, c, f, x */
	struct item_stems removed; /* the removed items whose files were not kept */
	unsigned char *left;       /* a file of such an item exists */
	off_t *last;               /* where the last result of each item begins; -1: it has none */
	struct table files;        /* fingerprints of the names in files/ that results have, even old results */
	int orphans;               /* orphans/, -1 until a file is moved there */
	uint64_t found, mendable, mended;
	uint64_t moved, kept, kept_bytes; /* moved to orphans/, and all files there */
	uint64_t left_n;                  /* files that removed items have */
	uint64_t states_wrong;            /* and entries of results.index */
	bool failed;                      /* something could not be read, which was reported */
	bool results_bad; /* a line of results.ndjson is damaged, so the name of its file is not known */
};

enum mending { MENDED, NOT_MENDED };

/* Reports a problem. HOW is how --repair handles it; if it cannot, WHAT says what to do. */
static void found(struct checking *x, enum mending how, const char *code, const char *what, ...)
	__attribute__((format(printf, 4, 5)));

static void
found(struct checking *x, enum mending how, const char *code, const char *what, ...)
{
	bool mended = how == MENDED && x->mends;
	struct json_object *o;
	char text[1024];
	va_list ap;

	va_start(ap, what);
	vsnprintf(text, sizeof(text), what, ap);
	va_end(ap);
	utf8_replace_invalid(text);
	x->found++;
	x->mendable += how == MENDED;
	x->mended += mended;
	if (!x->c->json) {
		human_print("%s: %s%s", x->name, text, mended ? ": mended" : "");
		return;
	}
	o = json_object_new_object();
	rec_add_string(o, "batch", x->name);
	rec_add_string(o, "found", code);
	rec_add_string(o, "message", text);
	json_object_object_add(o, "mended", json_object_new_boolean(mended));
	rec_write_json(o);
}

static void
cannot_read(struct checking *x, const char *what)
{
	msg_warn("cannot read %s of the batch '%s': %s", what, x->name, file_reason(errno));
	x->failed = true;
}

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
			cannot_read(x, name);
		return;
	}
	if (lock_wait(fd, x->mends ? LOCK_ALONE : LOCK_SHARED) < 0 || fstat(fd, &st) < 0 ||
	    (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) != 1) ||
	    (x->mends && last != '\n' && append_end(fd) < 0))
		cannot_read(x, name);
	else if (last != '\n')
		found(x, MENDED, "record_torn", "%s ends in an incomplete line", name);
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
		found(x, NOT_MENDED, "record_bad",
		      "item %" PRIu64 " is a member of the archive %lld, which is not an earlier item", k, archive);
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
		found(r->x, NOT_MENDED, "record_bad",
		      "line %" PRIu64 " of items.ndjson is not item %" PRIu64
		      ": the file was edited, or the disk damaged it",
		      r->line, r->line);
	return true;
}

/* The fingerprint of a name below files/. */
static uint32_t
print_of(const char *path)
{
	unsigned char digest[HASH_BYTES];
	uint32_t print;

	hash_bytes(path, strlen(path), digest);
	memcpy(&print, digest, sizeof(print));
	return print;
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
		found(x, NOT_MENDED, "record_bad",
		      "line %" PRIu64 " of results.ndjson is not a result of an existing item", r->line);
		x->results_bad = true;
	} else {
		x->states[k - 1] = state;
		x->last[k - 1] = at;
	}
	path = rec_string(o, "path");
	if (path && strncmp(path, "files/", 6) == 0)
		table_add(&x->files, print_of(path + 6), k);
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
		found(r->x, NOT_MENDED, "record_bad", "line %" PRIu64 " of %s is not a record", r->line, r->file);
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
		cannot_read(x, name);
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
			cannot_read(x, "state");
			return;
		}
		/* An owner that died before it had a result leaves r. A living owner writes the byte after the result.
		 */
		if (is == should || (should == 'p' && is == 'r') || (x->held && (is == 'r' || is == 'p')) || claimed ||
		    batch_state(x->b, (uint32_t)k) == should)
			continue;
		x->states_wrong++;
		if (should == 'p')
			found(x, MENDED, "state_wrong", "the state of item %" PRIu64 " is %c, and it has no result", k,
			      is);
		else
			found(x, MENDED, "state_wrong", "the state of item %" PRIu64 " is %c, and its result says %c",
			      k, is, should);
	}
	if (x->held)
		return;
	rc = file_stat(batch_dirfd(x->b), "state", &st);
	if (rc < 0) {
		cannot_read(x, "state");
	} else if (rc > 0 && (uint64_t)st.st_size > x->count) {
		x->states_wrong++;
		found(x, MENDED, "state_wrong", "state has %" PRIu64 " bytes for %" PRIu64 " items",
		      (uint64_t)st.st_size, x->count);
	}
}

/* If an entry of results.index does not lead to the last line, an older result would count. */
static void
check_index(struct checking *x)
{
	off_t upto = batch_results_indexed(x->b), at;

	if (upto < 0)
		cannot_read(x, "results.index");
	for (uint64_t k = 1; k <= x->count && !x->held; k++) {
		if (x->last[k - 1] < 0 || x->last[k - 1] >= upto)
			continue;
		at = batch_result_offset(x->b, (uint32_t)k);
		if (at < 0 && errno != ENOENT) {
			cannot_read(x, "results.index");
			return;
		}
		if (at == x->last[k - 1])
			continue;
		x->states_wrong++;
		found(x, MENDED, "index_wrong", "results.index does not lead to the last result of item %" PRIu64, k);
	}
}

/* --- files --- */

static void
check_file(struct checking *x, uint32_t k, struct json_object *result)
{
	const char *path = rec_string(result, "path"), *sha256 = rec_string(result, "sha256");
	int fd = path ? batch_open_file(x->b, result) : -1, rc;
	char hex[HASH_HEX + 1];
	struct stat st;

	if (!path)
		return; /* completed without a file */
	if (fd < 0 && errno == ENOENT) {
		found(x, NOT_MENDED, "file_missing",
		      "%s of item %lu is missing: bi-status --rebuild %s and bi-fetch -b %s --resume fetch it again",
		      path, (unsigned long)k, x->name, x->name);
		return;
	}
	rc = fd < 0 || fstat(fd, &st) < 0 ? -1 : 0;
	if (rc == 0 && rec_number(result, "bytes", st.st_size) != st.st_size)
		rc = 1;
	else if (rc == 0 && sha256)
		rc = file_digest(fd, hex) < 0 ? -1 : strcmp(hex, sha256) != 0;
	if (rc < 0)
		cannot_read(x, path);
	else if (rc > 0)
		found(x, NOT_MENDED, "file_changed",
		      "%s of item %lu does not have the bytes that were fetched: remove it, then bi-status --rebuild "
		      "%s and bi-fetch -b %s --resume fetch it again",
		      path, (unsigned long)k, x->name, x->name);
	file_close(fd, 0);
}

static void
check_files(struct checking *x)
{
	if (batch_filesfd(x->b) < 0 && errno != ENOENT) {
		cannot_read(x, "files/");
		return;
	}
	for (uint64_t k = 1; k <= x->count; k++) {
		struct json_object *result;

		if (x->states[k - 1] != 'c')
			continue;
		result = batch_result_object(x->b, (uint32_t)k);
		if (result)
			check_file(x, (uint32_t)k, result);
		else
			cannot_read(x, "a result");
		json_object_put(result);
	}
}

/* Whether a result has the file NAME. */
static bool
is_known(const struct checking *x, const char *name)
{
	uint32_t cursor = 0;

	return table_next(&x->files, print_of(name), &cursor) != NULL;
}

/* Moves NAME of the directory FILES to orphans/ under a free name. No other process works on the batch. */
static int
put_aside(struct checking *x, int files, const char *name)
{
	char as[NAME_MAX + 16];
	int is = 1;

	if (x->orphans < 0)
		x->orphans = root_open_dir(batch_dirfd(x->b), "orphans", true);
	if (x->orphans < 0)
		return -1;
	for (int i = 0; i < TRIES && is == 1; i++) {
		snprintf(as, sizeof(as), i ? "%s.%d" : "%s", name, i);
		is = file_stat(x->orphans, as, NULL);
	}
	if (is == 1)
		errno = EEXIST;
	return is == 0 ? renameat(files, name, x->orphans, as) : -1;
}

/* A file that no result names: a process was killed before recording it. It may be the only copy of fetched data, so it
 * is kept. */
static int
see_file(int dir, const struct dirent *e, void *arg)
{
	struct checking *x = arg;
	/* If some results are not known, the file may belong to one of them. */
	bool moves = x->mends && !x->failed && !x->results_bad;
	uint32_t k;

	if (item_stems_find(&x->removed, e->d_name, &k) < 0)
		return -1;
	if (k) {
		found(x, MENDED, "file_left", "files/%s is of item %lu, which was removed", e->d_name,
		      (unsigned long)k);
		x->left[k / 8] |= (unsigned char)(1u << (k % 8));
		x->left_n++;
		return 0;
	}
	if (is_known(x, e->d_name))
		return 0;
	if (moves && put_aside(x, dir, e->d_name) < 0) {
		msg_warn_errno("cannot move files/%s of the batch '%s' to orphans/", e->d_name, x->name);
		x->failed = true;
		return 0;
	}
	x->moved += moves;
	found(x, moves ? MENDED : NOT_MENDED, "orphan", "files/%s belongs to no %s", e->d_name,
	      x->results_bad ? "result that can be read" : "item");
	return 0;
}

/* Records the removed items. */
static void
find_removed(struct checking *x)
{
	struct buf line = {0};

	x->removed.batch = x->b;
	x->left = buf_alloc((size_t)x->count / 8 + 1);
	memset(x->left, 0, (size_t)x->count / 8 + 1);
	for (uint64_t k = 1; k <= x->count; k++) {
		if (x->states[k - 1] != 'x')
			continue;
		buf_clear(&line);
		if (batch_result(x->b, (uint32_t)k, &line) < 0) {
			cannot_read(x, "a result");
			break;
		}
		if (!batch_result_is_kept(line.data, line.len) && item_stems_add(&x->removed, (uint32_t)k) < 0) {
			cannot_read(x, "items.ndjson");
			break;
		}
	}
	buf_free(&line);
}

/* Removes the files of removed items. */
static void
remove_left(struct checking *x)
{
	struct removal *v = x->mends && x->left_n ? buf_alloc(x->left_n * sizeof(*v)) : NULL;
	size_t n = 0;

	for (uint64_t k = 1; v && k <= x->count; k++)
		if (x->left[k / 8] >> (k % 8) & 1)
			v[n++] = (struct removal){.item = (uint32_t)k};
	if (v && items_remove_files(x->c, x->b, v, n) != 0)
		x->failed = true;
	free(v);
	free(x->left);
	item_stems_free(&x->removed);
}

/* While others work on the batch, a file may be about to be recorded, or removed. */
static void
check_orphans(struct checking *x)
{
	if (batch_filesfd(x->b) < 0)
		return; /* it does not exist, or was reported as unreadable */
	find_removed(x);
	x->orphans = -1;
	if (file_each(root_open_dir(batch_dirfd(x->b), "files", false), see_file, x) < 0)
		cannot_read(x, "files/");
	/* Synced before the other names are removed permanently. */
	if (x->orphans >= 0 && (fsync(x->orphans) < 0 || fsync(batch_dirfd(x->b)) < 0))
		cannot_read(x, "orphans/");
	file_close(x->orphans, 0);
	remove_left(x);
}

static int
add_size(int dir, const struct dirent *e, void *arg)
{
	struct checking *x = arg;
	struct stat st;
	int rc = file_stat(dir, e->d_name, &st);

	x->kept += rc > 0;
	x->kept_bytes += rc > 0 ? (uint64_t)st.st_size : 0;
	return rc < 0 ? -1 : 0;
}

/* Counts the files in orphans/, and prints their size if it has grown. This is not a problem, since they were found
 * earlier. */
static void
say_orphans(struct checking *x)
{
	int dir = root_open_dir(batch_dirfd(x->b), "orphans", false);

	if (dir < 0 && errno == ENOENT)
		return;
	if (file_each(dir, add_size, x) < 0)
		cannot_read(x, "orphans/");
	else if (x->moved > 0 && !x->c->json)
		printf("%s: orphans/ keeps %" PRIu64 " file%s that no item has, %" PRIu64
		       " bytes, until `bi-clean batch %s`\n",
		       x->name, x->kept, x->kept == 1 ? "" : "s", x->kept_bytes, x->name);
}

/* --- one batch --- */

static void
check_about(struct checking *x)
{
	struct buf text = {0};

	if (batch_metadata(x->b, &text) < 0 && errno != ENOENT)
		cannot_read(x, "batch.json");
	else if (!is_record(text.data, text.len))
		found(x, NOT_MENDED, "about_bad",
		      "batch.json is missing or invalid: the process that made the batch was killed");
	buf_free(&text);
}

static void
check_open(struct checking *x)
{
	struct batch_counts counts;

	if (batch_count(x->b, &counts) < 0) {
		cannot_read(x, "items.ndjson or state");
		return;
	}
	x->held = counts.held && !x->alone;
	x->count = counts.length;
	x->states = buf_alloc((size_t)x->count + 1);
	memset(x->states, 'p', (size_t)x->count);
	x->last = buf_alloc(((size_t)x->count + 1) * sizeof(*x->last));
	memset(x->last, 0xff, ((size_t)x->count + 1) * sizeof(*x->last));
	check_about(x);
	check_lines(x, lists[0], see_item);
	check_lines(x, lists[1], see_result);
	check_lines(x, lists[2], see_pick);
	check_states(x);
	check_index(x);
	check_files(x);
	if (!x->held)
		check_orphans(x);
	if (x->mends && x->states_wrong > 0 && !x->failed) {
		struct buf where = {0};

		if (batch_rebuild(x->b, NULL, &where) < 0)
			cannot_read(x, where.data);
		buf_free(&where);
	}
	say_orphans(x);
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
