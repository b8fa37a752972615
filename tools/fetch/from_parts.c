#include "from_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "files/file.h"
#include "records/rec.h"

enum { DIFFER_SAID = 20, COMPARED = 100 };

/* --- opening --- */

/* Cuts the path of a batch into its root and its name, which begins at the place returned. NULL: it is no path of a
 * batch. */
static char *
cut_path(char *path)
{
	char *name = strrchr(path, '/'), *batches;

	if (!name || name == path)
		return NULL;
	*name++ = '\0';
	batches = strrchr(path, '/');
	if (!batches || strcmp(batches, "/batches") != 0 || root_name_check(name))
		return NULL;
	batches[batches == path] = '\0';
	return name;
}

static int
refuse_part(const char *name)
{
	msg_warn("'%s' is not a batch: --from takes ROOT/batches/NAME, the directory of a batch in any root, or an "
		 "archive of bi-clean",
		 name);
	return EX_DATAERR;
}

static int
cannot_open(const char *name)
{
	int code = errno == ENOENT ? EX_NOINPUT : msg_exit_code(errno);

	msg_warn_errno("cannot open the part '%s'", name);
	return code;
}

/* Whether the part is the batch that this run works on. */
static bool
is_own_batch(const struct run *run, const struct part *p, const char *batch)
{
	return strcmp(p->root.path, run->root.path) == 0 &&
	       strcmp(batch, run->set->batch ? run->set->batch : "default") == 0;
}

/* Opens the batch of a part whose root is open. Returns 0, or an exit code after a message. */
static int
open_batch(const struct run *run, struct part *p, const char *batch)
{
	struct batch_counts counts;

	p->batch = p->root.fd < 0 ? NULL : batch_open(&p->root, batch, BATCH_READ, NULL);
	if (!p->batch)
		return errno == ENOTDIR || errno == ELOOP ? refuse_part(p->name) : cannot_open(p->name);
	if (!batch_is_whole(p->batch))
		return refuse_part(p->name);
	if (batch_count(p->batch, &counts) < 0)
		return msg_report_errno("cannot read the part '%s'", p->name);
	if (counts.held)
		msg_warn("the part '%s' is still being worked on: what it does not have yet is %s", p->name,
			 run->set->offline ? "left pending" : "fetched");
	return EX_ALL_WELL;
}

/* The same for a part that is a directory. */
static int
open_directory(const struct run *run, struct part *p)
{
	char *path = realpath(p->name, NULL), *batch = path ? cut_path(path) : NULL;

	if (!path)
		return cannot_open(p->name);
	p->root.path = path;
	if (!batch)
		return refuse_part(p->name);
	p->root.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!is_own_batch(run, p, batch))
		return open_batch(run, p, batch);
	msg_warn("the part '%s' is the batch '%s' itself: name other batches with --from", p->name, batch);
	return EX_USAGE;
}

static int
open_part(const struct run *run, struct part_archives *archives, struct part *p)
{
	int fd = open(p->name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), code;
	char batch[BATCH_NAME_MAX + 1];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return file_close(fd, cannot_open(p->name));
	if (!S_ISREG(st.st_mode))
		return file_close(fd, open_directory(run, p));
	code = part_archive_open(archives, p->name, fd, &p->root, batch);
	return file_close(fd, code ? code : open_batch(run, p, batch));
}

struct noting {
	struct from_parts *f;
	uint32_t before; /* items of the parts before this one */
};

/* Notes which archive an item is a member of. */
static void
note_member(uint32_t all, const char *line, size_t n, void *arg)
{
	struct noting *v = arg;
	struct from_parts *f = v->f;
	uint32_t archive = memmem(line, n, "\"archive\":", 10) ? batch_item_archive(line, n) : 0;

	if (!archive || archive >= all - v->before)
		return;
	f->members = buf_grow(f->members, f->member_count, sizeof(*f->members));
	f->members[f->member_count++] = (uint64_t)(v->before + archive) << 32 | all;
}

static int
compare_members(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Opens the part P and adds its items. Returns 0, or an exit code after a message. */
static int
add_part(const struct run *run, struct from_parts *f, struct part *p)
{
	struct noting noting = {f, f->identities.total};
	int code = open_part(run, &f->archives, p);
	int64_t items;

	if (code)
		return code;
	items = identities_add(&f->identities, p->batch, note_member, &noting);
	if (items < 0)
		return msg_report_errno("cannot read the items of the part '%s'", p->name);
	p->items = (uint64_t)items;
	return EX_ALL_WELL;
}

struct from_parts *
from_parts_open(const struct run *run)
{
	size_t n = run->set->from_count;
	struct from_parts *f = n ? buf_alloc(sizeof(*f)) : NULL;

	if (!f)
		return NULL;
	*f = (struct from_parts){.v = buf_alloc(n * sizeof(*f->v)), .archives = {&run->root, run->temp, -1, "", 0}};
	for (; f->count < n; f->count++) {
		struct part *p = &f->v[f->count];
		int code;

		*p = (struct part){.name = run->set->from[f->count], .root.fd = -1};
		code = add_part(run, f, p);
		if (code == EX_ALL_WELL)
			continue;
		part_archives_close(&f->archives);
		msg_finish(code);
	}
	if (f->member_count)
		qsort(f->members, f->member_count, sizeof(*f->members), compare_members);
	return f;
}

void
from_parts_close(struct from_parts *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->count; i++) {
		batch_close(f->v[i].batch);
		root_close(&f->v[i].root);
	}
	part_archives_close(&f->archives);
	identities_free(&f->identities);
	free(f->members);
	free(f->v);
	free(f);
}

void
taken_free(struct taken *t)
{
	if (!t)
		return;
	json_object_put(t->result);
	json_object_put(t->found);
	free(t);
}

/* --- finding --- */

/* Whether a result is a failure that another attempt would not change. */
static bool
is_permanent(struct json_object *result, const struct batch_retry *retry)
{
	struct json_object *error = NULL, *may;
	const char *status = rec_string(result, "status"), *code;

	if (!status || strcmp(status, "failed") != 0 || !json_object_object_get_ex(result, "error", &error))
		return false;
	code = rec_string(error, "code");
	return code && strcmp(code, "removed") != 0 && strcmp(code, "deleted") != 0 && strcmp(code, "cancelled") != 0 &&
	       strcmp(code, "file_lost") != 0 && json_object_object_get_ex(error, "retryable", &may) &&
	       !json_object_get_boolean(may) && !(retry && retry->too(error, retry->arg));
}

/* Reads what a part has of the item ALL. 1; 0: nothing of use; -1 with errno. */
static int
read_taken(const struct from_parts *f, uint32_t all, const struct batch_retry *retry, struct taken *out)
{
	const char *status, *sha256;

	*out = (struct taken){.all = all};
	out->part = &f->v[identities_place(&f->identities, all, &out->item)];
	out->result = batch_result_object(out->part->batch, out->item);
	if (!out->result)
		return errno == ENOENT || errno == EBADMSG ? 0 : -1;
	status = rec_string(out->result, "status");
	sha256 = rec_string(out->result, "sha256");
	out->completed = status && strcmp(status, "completed") == 0 && sha256 && strlen(sha256) == HASH_HEX &&
			 rec_number(out->result, "bytes", -1) >= 0;
	if (out->completed || is_permanent(out->result, retry))
		return 1;
	json_object_put(out->result);
	out->result = NULL;
	return 0;
}

/* A later part has the item, too. */
static void
compare(struct from_parts *f, const struct taken *first, const struct taken *other)
{
	const char *url = rec_string(first->result, "url"), *a = rec_string(first->result, "sha256");
	const char *b = rec_string(other->result, "sha256");

	if (!other->completed || strcmp(a, b) == 0)
		return;
	if (++f->differ > DIFFER_SAID)
		return;
	url = url ? url : rec_string(first->result, "file");
	url = url ? url : rec_string(first->result, "media");
	url = url ? url : rec_string(first->result, "member");
	msg_warn("the parts '%s' and '%s' have different bytes for %s: those of '%s' are taken%s", first->part->name,
		 other->part->name, url ? url : "an item", first->part->name,
		 f->differ == DIFFER_SAID ? "; further such items are counted only" : "");
}

int
from_parts_find(struct from_parts *f, const char *key, const struct batch_retry *retry, uint32_t after,
		struct taken *out)
{
	struct taken failure = {0}, next;
	uint32_t all = after;
	int rc;

	*out = (struct taken){0};
	f->looked += after == 0;
	while ((rc = identities_next(&f->identities, key, all, &all)) == 0 && all &&
	       (rc = read_taken(f, all, retry, &next)) >= 0) {
		struct taken *place = !next.completed ? &failure : out;

		if (rc == 0)
			continue;
		if (!place->result) {
			*place = next;
			continue;
		}
		if (next.completed && after == 0)
			compare(f, out, &next);
		json_object_put(next.result);
	}
	if (!out->result) {
		*out = failure;
		failure.result = NULL;
	}
	json_object_put(failure.result);
	return rc < 0 ? -1 : out->result != NULL;
}

size_t
from_parts_members(const struct from_parts *f, uint32_t all, const uint64_t **first)
{
	size_t low = 0, high = f->member_count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (f->members[middle] >> 32 < all)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < f->member_count && f->members[end] >> 32 == all; end++)
		continue;
	*first = f->members + low;
	return end - low;
}

/* --- what is said --- */

/* Whether B has one of the first items of the part P. 1, 0, or -1 with errno. */
static int
has_items(const struct part *p, struct batch *b)
{
	struct batch_place place;
	struct buf line = {0};
	uint32_t n = p->items < COMPARED ? (uint32_t)p->items : COMPARED;
	int is = 0;

	for (uint32_t k = 1; k <= n && is == 0; k++) {
		struct batch_ask ask = {.key = place.key};

		buf_clear(&line);
		is = batch_item(p->batch, k, &line);
		if (is == 0 && batch_place(line.data, line.len, &place) == 0)
			is = batch_find(b, &ask) < 0 ? -1 : ask.item != 0;
	}
	buf_free(&line);
	return is;
}

int
from_parts_compare(struct from_parts *f, struct batch *b)
{
	for (size_t i = 0; i < f->count; i++) {
		struct part *p = &f->v[i];
		int is = p->known || p->taken || p->failed ? 1 : has_items(p, b);

		if (is < 0)
			return -1;
		p->known = is > 0;
	}
	return 0;
}

static void
say_part(const struct from_parts *f, const struct part *p, bool quiet)
{
	if (!p->known && p->items)
		msg_warn("the part '%s' gave nothing: the list has none of its %" PRIu64 " items%s (is the part of "
			 "another list?)",
			 p->name, p->items, p->items > COMPARED ? " that were compared" : "");
	else if (!quiet && f->looked)
		msg_warn("the part '%s' gave %" PRIu64 " of its %" PRIu64 " items", p->name, p->taken + p->failed,
			 p->items);
}

void
from_parts_say(const struct from_parts *f, bool quiet)
{
	for (size_t i = 0; i < f->count; i++)
		say_part(f, &f->v[i], quiet);
	if (f->differ > DIFFER_SAID)
		msg_warn("the parts have different bytes for %" PRIu64 " items", f->differ);
	if (f->left)
		msg_warn("%" PRIu64 " item%s in no part, and %s pending (--offline): run the same command without "
			 "--offline to fetch %s",
			 f->left, f->left == 1 ? " is" : "s are", f->left == 1 ? "stays" : "stay",
			 f->left == 1 ? "it" : "them");
}

struct json_object *
from_parts_counts(const struct from_parts *f)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < f->count; i++) {
		const struct part *p = &f->v[i];
		struct json_object *o = json_object_new_object();
		const struct {
			const char *name;
			uint64_t n;
		} counts[] = {{"items", p->items},     {"taken", p->taken}, {"failed", p->failed},
			      {"damaged", p->damaged}, {"picks", p->picks}, {"picks_left", p->picks_left}};

		rec_add_string(o, "part", p->name);
		for (size_t k = 0; k < sizeof(counts) / sizeof(*counts); k++)
			json_object_object_add(o, counts[k].name, json_object_new_uint64(counts[k].n));
		json_object_array_add(all, o);
	}
	return all;
}
