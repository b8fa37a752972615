#include "status_document.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "batch/batch.h"

enum { GONE_MAX = 1024 }; /* removed batches whose names are kept */

/* The last change of a batch. */
struct change {
	uint64_t version;
	struct batch_status *batch; /* NULL: the batch was removed, or it changed again later */
	char *gone;                 /* the name of a batch that was removed */
};

struct status_document {
	const struct root *root;
	struct batch_status **all; /* sorted by name */
	size_t n;
	struct change *changes; /* in ascending order of versions */
	size_t changes_n, live, gone;
	uint64_t version;          /* of the last change */
	uint64_t gone_since;       /* removals up to this version are no longer known */
	unsigned long long number; /* of this process's versions, so that those of another are recognised */
};

struct status_document *
status_document_new(const struct root *root)
{
	struct status_document *s = buf_alloc(sizeof(*s));

	*s = (struct status_document){.root = root, .version = 1};
	if (getrandom(&s->number, sizeof(s->number), GRND_NONBLOCK) != (ssize_t)sizeof(s->number))
		s->number = (unsigned long long)clock_ms();
	return s;
}

size_t
status_document_count(const struct status_document *s)
{
	return s->n;
}

struct batch_status *
status_document_get(const struct status_document *s, size_t i)
{
	return s->all[i];
}

uint64_t
status_document_version(const struct status_document *s)
{
	return s->version;
}

/* --- the changes --- */

/* The first change after VERSION. */
static size_t
place_after(const struct status_document *s, uint64_t version)
{
	size_t from = 0, to = s->changes_n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (s->changes[middle].version <= version)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Drops entries that say nothing any more, once most are such, and the oldest removals. */
static void
drop_old(struct status_document *s)
{
	size_t n = 0;

	if (s->changes_n < 2 * s->live + GONE_MAX && s->gone <= GONE_MAX)
		return;
	for (size_t i = 0; i < s->changes_n; i++) {
		struct change *c = &s->changes[i];

		if (c->gone && s->gone > GONE_MAX / 2) {
			s->gone_since = c->version;
			s->gone--;
			free(c->gone);
			c->gone = NULL;
		}
		if (c->batch || c->gone)
			s->changes[n++] = *c;
	}
	s->changes_n = n;
}

static void
add_change(struct status_document *s, struct batch_status *v, char *gone)
{
	s->changes = buf_grow(s->changes, s->changes_n, sizeof(*s->changes));
	s->changes[s->changes_n++] = (struct change){++s->version, v, gone};
}

/* The last change of V is no longer the last. */
static void
supersede(struct status_document *s, struct batch_status *v)
{
	if (v->version)
		s->changes[place_after(s, v->version - 1)].batch = NULL;
}

void
status_document_add(struct status_document *s, struct batch_status *v)
{
	s->live += !v->version;
	supersede(s, v);
	drop_old(s);
	add_change(s, v, NULL);
	v->version = s->version;
}

/* --- the list --- */

/* The place of NAME among those of the list, or where to insert it. */
static size_t
place_of(const struct status_document *s, const char *name)
{
	size_t from = 0, to = s->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (strcmp(s->all[middle]->name, name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

struct batch_status *
status_document_find(const struct status_document *s, const char *name)
{
	size_t at = place_of(s, name);

	return at < s->n && strcmp(s->all[at]->name, name) == 0 ? s->all[at] : NULL;
}

/* Notes that V is gone, and frees it. Even if no client knows it, their number of batches is another. */
static void
free_batch(struct status_document *s, struct batch_status *v)
{
	supersede(s, v);
	s->live -= v->version != 0;
	s->gone++;
	add_change(s, NULL, buf_strdup(v->name));
	drop_old(s);
	batch_status_free(v);
}

void
status_document_remove(struct status_document *s, struct batch_status *v)
{
	size_t at = place_of(s, v->name);

	memmove(s->all + at, s->all + at + 1, (s->n - at - 1) * sizeof(*s->all));
	s->n--;
	free_batch(s, v);
}

struct listing {
	char **v; /* sorted */
	size_t n;
};

static bool
add_found(const char *name, void *arg)
{
	struct listing *l = arg;

	l->v = buf_grow(l->v, l->n, sizeof(*l->v));
	l->v[l->n++] = buf_strdup(name);
	return true;
}

/* Merges the names of L with the batches that are known. */
static void
merge(struct status_document *s, const struct listing *l, void (*gone)(struct batch_status *v, void *arg), void *arg)
{
	struct batch_status **old = s->all;
	size_t old_n = s->n, i = 0;

	s->all = buf_alloc((l->n + 1) * sizeof(struct batch_status *));
	s->n = 0;
	for (size_t k = 0; k <= l->n; k++) {
		int order = 1;

		for (; i < old_n && (order = k < l->n ? strcmp(old[i]->name, l->v[k]) : -1) < 0; i++) {
			gone(old[i], arg);
			free_batch(s, old[i]);
		}
		if (k < l->n)
			s->all[s->n++] = i < old_n && order == 0 ? old[i++] : batch_status_new(l->v[k]);
	}
	free(old);
}

int
status_document_list(struct status_document *s, void (*gone)(struct batch_status *v, void *arg), void *arg)
{
	struct listing l = {0};
	int rc = batch_each(s->root, add_found, &l);

	if (rc == 0)
		merge(s, &l, gone, arg);
	for (size_t i = 0; i < l.n; i++)
		free(l.v[i]);
	free(l.v);
	return rc;
}

/* --- the documents --- */

void
status_document_print(const struct status_document *s, struct buf *out)
{
	const char *before = "";

	buf_str(out, "{\"batches\":[");
	for (size_t i = 0; i < s->n; i++) {
		const struct buf *text = &s->all[i]->text.all;

		if (!text->len)
			continue;
		buf_str(out, before);
		buf_add(out, text->data, text->len);
		before = ",";
	}
	buf_str(out, "]}");
}

void
status_document_print_id(const struct status_document *s, struct status_place at, struct buf *out)
{
	buf_printf(out, "%llx-%" PRIu64, s->number, at.version);
	if (at.begun > at.version)
		buf_printf(out, "-%" PRIu64, at.begun);
}

struct status_place
status_document_parse_id(const struct status_document *s, const char *id)
{
	unsigned long long number;
	struct status_place at = {0};
	int end = 0, more = 0;

	if (sscanf(id, "%16llx-%20" SCNu64 "%n-%20" SCNu64 "%n", &number, &at.version, &end, &at.begun, &more) < 2 ||
	    id[more ? more : end] != '\0' || number != s->number || at.version > s->version || at.begun > s->version)
		return (struct status_place){0};
	return at;
}

static void
print_change(const struct change *c, struct buf *batches, struct buf *removed)
{
	const struct batch_status *v = c->batch;
	size_t first, rest;

	if (c->gone)
		buf_printf(removed, "%s\"%s\"", removed->len ? "," : "", c->gone);
	if (!v)
		return;
	buf_str(batches, batches->len ? "," : "");
	first = v->text.cut_at ? v->text.cut_at : v->text.all.len;
	rest = first + v->text.cut_len;
	buf_add(batches, v->text.all.data, first);
	buf_add(batches, v->text.all.data + rest, v->text.all.len - rest);
}

void
status_document_print_changes(const struct status_document *s, struct status_place *at, size_t most, struct buf *out)
{
	struct buf batches = {0}, removed = {0};
	bool whole = at->version == 0 || (at->version < s->gone_since && at->begun < s->gone_since);
	size_t i = place_after(s, whole ? 0 : at->version);

	if (whole)
		at->begun = s->version;
	for (; i < s->changes_n && (!most || batches.len + removed.len < most); i++)
		if (!whole || !s->changes[i].gone)
			print_change(&s->changes[i], &batches, &removed);
	at->version = i < s->changes_n ? s->changes[i].version - 1 : s->version;
	buf_str(out, "{\"id\":\"");
	status_document_print_id(s, *at, out);
	buf_printf(out, "\",\"count\":%zu,", s->n);
	if (whole)
		buf_str(out, "\"whole\":true,");
	buf_str(out, "\"batches\":[");
	buf_add(out, batches.data, batches.len);
	buf_str(out, "],\"removed\":[");
	buf_add(out, removed.data, removed.len);
	buf_str(out, "]}");
	buf_free(&batches);
	buf_free(&removed);
}
