#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/msg.h"
#include "items.h"
#include "records/rec.h"
#include "snapshot.h"

struct listing {
	const struct settings *set;
	struct batch *b;
	bool held;
	uint64_t length;
	bool removed;    /* some are */
	int width;       /* of the numbers */
	struct buf line; /* room for one of the batch's */
	struct buf out;
	uint64_t shown;
	int error; /* why not all could be read; 0: all were read */
};

static const char *
status_of(const struct listing *l, int state)
{
	return state == 'c'              ? "completed"
	       : state == 'f'            ? "failed"
	       : state == 'x'            ? "removed"
	       : state == 'r' && l->held ? "processing"
					 : "pending";
}

/* The line of an item, or of its result; NULL if it does not exist. */
static struct json_object *
read_line(struct listing *l, uint32_t k, struct json_object *(*get)(const struct batch *, uint32_t))
{
	struct json_object *o = get(l->b, k);

	if (!o && errno != ENOENT && errno != EBADMSG)
		l->error = errno;
	return o;
}

/* --- for programs --- */

/* Prints an unfinished item, after its members in the batch. */
static void
print_item_record(struct listing *l, uint32_t k, const char *status)
{
	struct json_object *o = json_object_new_object(), *item = read_line(l, k, batch_item_object);

	rec_add_string(o, "batch", batch_name(l->b));
	json_object_object_add(o, "item", json_object_new_int64(k));
	rec_add_string(o, "status", status);
	rec_copy_without(o, item, "bi", "batch", "item", "status");
	rec_write_json(o);
	json_object_put(item);
}

static void
print_record(struct listing *l, uint32_t k, int state)
{
	bool completed = false;
	int rc = -1;

	buf_clear(&l->line);
	if ((state == 'c' || state == 'f') && (rc = batch_result(l->b, k, &l->line)) < 0 && errno != ENOENT)
		l->error = errno;
	if (rc < 0 || batch_result_number(l->line.data, l->line.len, &completed) != k) {
		print_item_record(l, k, status_of(l, state));
		return;
	}
	buf_clear(&l->out);
	batch_result_record(l->b, l->line.data, l->line.len, &l->out);
	rec_write(l->out.data, l->out.len);
}

/* --- for people --- */

/* The URL or file of the item. */
static const char *
what_of(struct json_object *item)
{
	static const char *const members[] = {"url", "media", "file", "filename", "member", "bad", "upload"};
	const char *what = NULL;

	for (size_t i = 0; !what && i < sizeof(members) / sizeof(*members); i++)
		what = rec_string(item, members[i]);
	return what ? what : "?";
}

static void
add_file(struct buf *out, struct json_object *result)
{
	const char *path = rec_string(result, "path"), *mime = rec_string(result, "mime");
	long long bytes = rec_number(result, "bytes", -1);
	char room[HUMAN_ROOM];

	human_text(out, path ? path : "no file");
	if (mime) {
		buf_str(out, ", ");
		human_text(out, mime);
	}
	if (bytes >= 0)
		buf_printf(out, ", %s", human_bytes(room, (double)bytes));
}

static void
add_error(struct buf *out, struct json_object *result)
{
	struct json_object *error = json_object_object_get(result, "error");
	const char *code = rec_string(error, "code"), *message = rec_string(error, "message");

	human_text(out, code ? code : "unknown");
	if (message) {
		buf_str(out, ": ");
		human_text(out, message);
	}
	if (json_object_get_boolean(json_object_object_get(error, "retryable")))
		buf_str(out, " (may pass)");
}

static void
print_lines(struct listing *l, uint32_t k, int state)
{
	struct json_object *item = read_line(l, k, batch_item_object), *result = NULL;
	struct buf *out = &l->out;

	buf_clear(out);
	buf_printf(out, "%*" PRIu32 "  %-10s  ", l->width, k, status_of(l, state));
	human_text(out, what_of(item));
	if (state == 'c' || state == 'f') {
		result = read_line(l, k, batch_result_object);
		buf_printf(out, "\n%*s", l->width + 2, "");
		if (state == 'c')
			add_file(out, result);
		else
			add_error(out, result);
	}
	puts(out->data);
	json_object_put(item);
	json_object_put(result);
}

/* --- a batch --- */

/* The first item from K on that is not removed. -1 with errno. */
static int64_t
next_listed(const struct listing *l, int64_t k)
{
	int state;

	for (; l->removed && k <= (int64_t)l->length; k++)
		if ((state = batch_state(l->b, (uint32_t)k)) != 'x')
			return state < 0 ? -1 : k;
	return k;
}

/* The next item to show, after K; 0: none. */
static uint32_t
next_item(struct listing *l, uint32_t k)
{
	int64_t found;

	if (k >= l->length || k == UINT32_MAX)
		return 0;
	if (l->set->failed || l->set->removed)
		found = batch_find_state(l->b, k + 1, l->set->failed ? 'f' : 'x');
	else
		found = next_listed(l, k + 1);
	if (found < 0)
		l->error = errno;
	return found < 0 || found > (int64_t)l->length ? 0 : (uint32_t)found;
}

/* The first one. */
static uint32_t
first_item(struct listing *l)
{
	uint32_t k = 0;

	if (!l->set->failed && !l->removed)
		return l->set->offset < l->length ? next_item(l, (uint32_t)l->set->offset) : 0;
	k = next_item(l, 0);
	for (uint64_t i = 0; k && i < l->set->offset; i++)
		k = next_item(l, k);
	return k;
}

static void
print_more(const struct listing *l, uint64_t of)
{
	uint64_t before = l->set->offset < of ? l->set->offset : of;

	if (l->set->json)
		return;
	if (l->shown == 0)
		printf(of == 0 && l->set->failed    ? "no item failed\n"
		       : of == 0 && l->set->removed ? "no item was removed\n"
		       : of == 0                    ? "no items\n"
						    : "no more items\n");
	else if (before + l->shown < of)
		printf("... and %" PRIu64 " more: --offset %" PRIu64 "\n", of - before - l->shown, before + l->shown);
}

static int
list_items(const struct root *root, const char *name, const struct settings *set, uint64_t *shown)
{
	struct listing l = {.set = set};
	struct batch_counts counts;
	int code = 0;

	l.b = batch_open(root, name, BATCH_READ, NULL);
	if (!l.b)
		return snapshot_report_not_open(name);
	if (batch_count(l.b, &counts) < 0) {
		msg_warn_errno("cannot read the state of the batch '%s'", name);
		code = msg_exit_code(errno);
	} else {
		l.held = counts.held;
		l.length = counts.length;
		l.removed = counts.removed > 0;
		l.width = snprintf(NULL, 0, "%" PRIu64, l.length);
		for (uint32_t k = first_item(&l); k && l.shown < set->limit; k = next_item(&l, k)) {
			int state = batch_state(l.b, k);

			if (state < 0)
				l.error = errno;
			else if (l.set->json)
				print_record(&l, k, state);
			else
				print_lines(&l, k, state);
			l.shown++;
		}
		print_more(&l, set->failed ? counts.failed : set->removed ? counts.removed : counts.total);
	}
	if (l.error) {
		errno = l.error;
		code = msg_exit_code(l.error);
		msg_warn_errno("cannot read all items of the batch '%s'", name);
	}
	*shown += l.shown;
	buf_free(&l.line);
	buf_free(&l.out);
	batch_close(l.b);
	return code;
}

int
items_show(const struct root *root, const struct batch_args *names, const struct settings *set)
{
	uint64_t shown = 0;
	int code = 0;

	for (size_t i = 0; i < names->n; i++) {
		int rc;

		if (!set->json && names->n > 1)
			printf("%s%s:\n", i ? "\n" : "", names->v[i]);
		rc = list_items(root, names->v[i], set, &shown);
		code = code ? code : rc;
	}
	if (!set->json) {
		if (names->n == 0)
			human_print("no batches in %s", root->path);
		return code;
	}
	rec_write_counts(code, {"items", shown});
	return code;
}
