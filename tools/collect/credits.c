#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/msg.h"
#include "credits.h"
#include "files/file.h"
#include "records/rec.h"
#include "review/credit.h"
#include "store.h"

enum { FLUSH = 1 << 16 };

/* Writes the buffered part of document I if it has at least so many bytes. */
static int
flush_document(struct credits *k, size_t i, size_t least)
{
	struct buf *text = &k->text[i];
	int rc = 0;

	if (text->len > 0 && text->len >= least) {
		hash_add(k->hashes[i], text->data, text->len);
		rc = atomic_file_write(&k->parts[i], text->data, text->len);
		buf_clear(text);
	}
	return rc;
}

int
credits_begin(struct credits *k, int temp)
{
	*k = (struct credits){.temp = temp};
	for (size_t i = 0; i < ATTRIBUTION_KINDS; i++)
		k->parts[i].fd = -1;
	for (size_t i = 0; i < ATTRIBUTION_KINDS; i++) {
		if (atomic_file_open(&k->parts[i], temp) < 0)
			return -1;
		k->hashes[i] = hash_begin();
		attribution_head((enum attribution_kind)i, &k->text[i]);
	}
	return 0;
}

/* The names of the batches whose choice of FILE has the same credit as choice number I; NULL if an earlier choice has
 * it too. */
static struct json_object *
batches_of(struct json_object *choices, size_t i, const char *file, struct json_object *credit)
{
	struct json_object *names = json_object_new_array(), *other;
	const char *last = "";

	for (size_t k = 0; k < json_object_array_length(choices); k++) {
		struct json_object *o = json_object_array_get_idx(choices, k);

		if (strcmp(choice_text(o, "file"), file) != 0 || !json_object_object_get_ex(o, "credit", &other) ||
		    !json_object_equal(credit, other))
			continue;
		if (k < i) {
			json_object_put(names);
			return NULL;
		}
		if (strcmp(choice_text(o, "batch"), last) != 0)
			json_object_array_add(names, json_object_new_string(choice_text(o, "batch")));
		last = choice_text(o, "batch");
	}
	return names;
}

/* A name for the chosen file O without a title: its name at its origin, or else its place among the subject's
 * candidates. */
static void
choice_label(struct buf *out, struct json_object *o, const char *id)
{
	static const char *const from[] = {"filename", "file", "url"};
	struct json_object *item = NULL;
	const char *name = rec_string(o, "name");
	struct buf path = {0};

	json_object_object_get_ex(o, "item", &item);
	for (size_t i = 0; i < sizeof(from) / sizeof(*from) && !path.len; i++) {
		const char *s = rec_string(item, from[i]), *slash;

		if (!s)
			continue;
		if (i == 2 && strstr(s, "://"))
			s = strchrnul(strstr(s, "://") + 3, '/'); /* a host is not a name */
		buf_add(&path, s, i == 2 ? strcspn(s, "?#") : strlen(s));
		slash = path.len ? strrchr(path.data, '/') : NULL;
		if (slash)
			buf_drop(&path, (size_t)(slash + 1 - path.data));
	}
	if (path.len)
		credit_clean(out, path.data);
	if (!out->len)
		buf_printf(out, "candidate %lld of %s", rec_number(o, "idx", 0), name ? name : id);
	buf_free(&path);
}

int
credits_add(struct credits *k, const char *id, const char *file, const char *name, struct json_object *choices)
{
	for (size_t i = 0; i < json_object_array_length(choices); i++) {
		struct json_object *o = json_object_array_get_idx(choices, i), *credit;
		struct attribution a = {.subject = id, .name = rec_string(o, "name"), .file = name};
		struct buf label = {0};
		int rc = 0;

		if (strcmp(choice_text(o, "file"), file) != 0 || !json_object_object_get_ex(o, "credit", &credit))
			continue;
		a.sha256 = choice_text(o, "sha256");
		a.batches = batches_of(choices, i, file, credit);
		if (!a.batches)
			continue;
		a.credit = k->same ? collected_same_credit(k->same, id, choices, o) : json_object_get(credit);
		rc = a.credit ? 0 : -1;
		choice_label(&label, o, id);
		a.label = label.data;
		for (size_t kind = 0; kind < ATTRIBUTION_KINDS && rc == 0; kind++) {
			attribution_add((enum attribution_kind)kind, &k->text[kind], &a, k->n);
			rc = flush_document(k, kind, FLUSH);
		}
		k->n++;
		json_object_put(a.batches);
		json_object_put(a.credit);
		buf_free(&label);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int
credits_end(struct credits *k, char hex[ATTRIBUTION_KINDS][HASH_HEX + 1])
{
	for (size_t i = 0; i < ATTRIBUTION_KINDS; i++) {
		attribution_tail((enum attribution_kind)i, &k->text[i], k->n);
		if (flush_document(k, i, 0) < 0)
			return -1;
		hash_end(k->hashes[i], hex[i]);
		k->hashes[i] = NULL;
	}
	return 0;
}

void
credits_drop(struct credits *k)
{
	for (size_t i = 0; i < ATTRIBUTION_KINDS; i++) {
		atomic_file_drop(&k->parts[i]);
		hash_drop(k->hashes[i]);
		k->hashes[i] = NULL;
		buf_free(&k->text[i]);
	}
}

/* --- what files there are --- */

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int
credits_each_file(struct json_object *choices, int (*see)(const char *file, void *arg), void *arg)
{
	size_t n = json_object_array_length(choices);
	const char **names = buf_alloc((n + 1) * sizeof(*names));
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		names[i] = choice_text(json_object_array_get_idx(choices, i), "file");
	qsort(names, n, sizeof(*names), compare_names);
	for (size_t i = 0; i < n && rc == 0; i++)
		if (*names[i] && (i == 0 || strcmp(names[i], names[i - 1]) != 0))
			rc = see(names[i], arg);
	free(names);
	return rc;
}

/* --- of the whole collection --- */

struct adding {
	const struct collect *c;
	struct credits *k;
	enum place_kind kind;
	int tree;
	bool missed; /* a subject is damaged */
	const char *place;
	struct json_object *metadata, *choices;
};

static int
add_file(const char *file, void *arg)
{
	struct adding *a = arg;
	const char *id = rec_string(a->metadata, "id");
	struct buf name = {0};
	int rc;

	buf_printf(&name, "%s/%s/%s", place_tree[a->kind], a->place, file);
	rc = credits_add(a->k, id ? id : a->place, file, name.data, a->choices);
	buf_free(&name);
	return rc;
}

/* Adds the collected files of one subject. A subject that was removed in the meantime is left out. */
static int
add_subject(const char *place, void *arg)
{
	struct adding *a = arg;
	int dir = place_open(a->tree, place, false), rc = 0;
	const char *root = a->c->root->path, *tree = place_tree[a->kind];

	if (dir < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -1;
	a->place = place;
	a->metadata = store_read(dir);
	if (!a->metadata && errno != ENOENT) {
		if (!store_is_damage(errno)) {
			msg_warn_errno("cannot read %s/collected/%s/%s/metadata.json", root, tree, place);
			return file_close(dir, -1);
		}
		msg_warn("%s/collected/%s/%s/metadata.json %s: its credits are missing from ATTRIBUTION; remove that "
			 "file and collect its batches again",
			 root, tree, place, errno == EBADMSG ? "is damaged" : strerror(errno));
		a->missed = true;
	}
	a->choices = store_choices(a->metadata);
	if (a->choices)
		rc = credits_each_file(a->choices, add_file, a);
	json_object_put(a->metadata);
	close(dir);
	return rc;
}

/* Adds the subjects of a tree of the collection, if there is one. */
static int
add_tree(struct adding *a)
{
	int rc;

	a->tree = root_open_dir(a->c->collected, place_tree[a->kind], false);
	if (a->tree < 0)
		return errno == ENOENT ? 0 : -1;
	rc = place_each(a->tree, a->kind, add_subject, a);
	return file_close(a->tree, rc);
}

static int
publish_all(const struct collect *c, struct credits *k)
{
	char hex[ATTRIBUTION_KINDS][HASH_HEX + 1];
	bool changed = false;

	if (credits_end(k, hex) < 0)
		return -1;
	for (size_t i = 0; i < ATTRIBUTION_KINDS; i++) {
		if (file_has_digest(c->collected, attribution_name[i], hex[i]))
			continue;
		if (fsync(k->parts[i].fd) < 0 ||
		    atomic_file_publish(&k->parts[i], c->collected, attribution_name[i]) < 0)
			return -1;
		changed = true;
	}
	return changed ? fsync(c->collected) : 0;
}

int
credits_of_all(struct collect *c)
{
	struct credits k;
	struct adding a = {.c = c, .k = &k};
	int rc = credits_begin(&k, c->temp), code = EX_ALL_WELL;

	/* The last of several processes writes the result of all. */
	if (rc == 0)
		rc = lock_wait(c->collected, LOCK_ALONE);
	if (rc == 0 && !(k.same = collected_same_read(c)))
		rc = -1;
	for (; a.kind < PLACE_KINDS && rc == 0; a.kind++)
		rc = add_tree(&a);
	if (rc == 0)
		rc = publish_all(c, &k);
	if (rc < 0)
		code = msg_report_errno("cannot write the ATTRIBUTION files in %s", c->root->path);
	else if (a.missed)
		code = EX_SOME_FAILED;
	lock_drop(c->collected);
	collected_same_free(k.same);
	credits_drop(&k);
	return code;
}
