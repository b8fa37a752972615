#include <string.h>

#include "base/hash.h"
#include "batch/batch_internal.h"
#include "batch/contents.h"
#include "files/append.h"
#include "records/rec.h"

struct filling {
	struct contents *contents;
	bool failed;
};

/* Adds the digest of one result. It is found without parsing, since bi writes its own members first. */
static bool
fill_one(off_t at, const char *line, size_t n, void *arg)
{
	static const char member[] = "\"sha256\":\"";
	struct filling *f = arg;
	char hex[HASH_HEX + 1];
	bool completed = false;
	uint32_t k = batch_result_number(line, n, &completed);
	const char *p = k && completed ? memmem(line, n, member, sizeof(member) - 1) : NULL;

	(void)at;
	if (!p || (size_t)(line + n - p) < sizeof(member) - 1 + HASH_HEX)
		return true;
	memcpy(hex, p + sizeof(member) - 1, HASH_HEX);
	hex[HASH_HEX] = '\0';
	f->failed = contents_add(f->contents, hex, k) < 0;
	return !f->failed;
}

static int
fill_contents(struct contents *c, void *arg)
{
	struct batch *b = arg;
	struct filling f = {.contents = c};

	return append_each(b->results, 0, fill_one, &f) < 0 || f.failed ? -1 : 0;
}

static struct contents *
open_contents(struct batch *b)
{
	if (!b->contents)
		b->contents = contents_open(b->dir, b->temp, fill_contents, b);
	return b->contents;
}

void
batch_note_contents(struct batch *b, const struct batch_outcome *v, size_t n)
{
	if (!open_contents(b) || contents_begin(b->contents) < 0)
		return;
	/* If one cannot be added, fewer duplicates are noticed, and nothing is lost. */
	for (size_t i = 0; i < n; i++)
		if (v[i].completed && v[i].sha256 && contents_add(b->contents, v[i].sha256, v[i].item) < 0)
			break;
	contents_end(b->contents);
}

/* An entry can be wrong: only the item's result says whether it has these bytes, and where. */
static void
verify_entry(struct batch *b, struct batch_same *s)
{
	struct buf line = {0};
	struct json_object *o = NULL;
	const char *hex, *path;
	off_t at;

	if (batch_indexed_result(b, s->item, &line, &at) == 0)
		o = rec_parse(line.data, line.len, NULL, 0);
	hex = rec_string(o, "sha256");
	path = rec_string(o, "path");
	if (hex && path && strcmp(hex, s->sha256) == 0)
		s->path = buf_strdup(path);
	else
		s->item = 0;
	json_object_put(o);
	buf_free(&line);
}

int
batch_find_same(struct batch *b, struct batch_same *v, size_t n)
{
	int rc;

	if (batch_lock_results(b) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		v[i].item = 0;
		v[i].path = NULL;
	}
	rc = open_contents(b) ? contents_begin(b->contents) : -1;
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = contents_find(b->contents, v[i].sha256, &v[i].item);
		if (rc == 0 && v[i].item)
			verify_entry(b, &v[i]);
	}
	if (b->contents)
		contents_end(b->contents);
	batch_unlock_results(b);
	return rc;
}
