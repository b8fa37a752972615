#include "collected_same.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "batch/same_bytes.h"
#include "files/file.h"
#include "records/rec.h"
#include "review/statements.h"
#include "store.h"

struct collected_same {
	int trees[PLACE_KINDS];  /* -1: there is none */
	struct same_bytes files; /* by the kind of place, and where that is in PLACES */
	struct buf places;       /* each with its NUL */
	enum place_kind kind;    /* that is read now */
	uint32_t at;
};

/* --- listing --- */

static int
add_file(int dir, const struct dirent *e, void *arg)
{
	struct collected_same *s = arg;

	(void)dir;
	if (strspn(e->d_name, "0123456789abcdef") == HASH_HEX)
		same_bytes_add(&s->files, e->d_name, s->kind, s->at);
	return 0;
}

static int
add_place(const char *place, void *arg)
{
	struct collected_same *s = arg;
	int dir = place_open(s->trees[s->kind], place, false);

	if (dir < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -1;
	if (s->places.len > UINT32_MAX - SUBJECT_MAX * 2) {
		close(dir);
		return file_fail(EFBIG);
	}
	s->at = (uint32_t)s->places.len;
	buf_add(&s->places, place, strlen(place) + 1);
	return file_each(dir, add_file, s);
}

static int
add_tree(struct collected_same *s, const struct collect *c)
{
	int fd = root_open_dir(c->collected, place_tree[s->kind], false);

	s->trees[s->kind] = fd;
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	return place_each(fd, s->kind, add_place, s);
}

struct collected_same *
collected_same_read(const struct collect *c)
{
	struct collected_same *s = buf_alloc(sizeof(*s));
	int rc = 0;

	*s = (struct collected_same){0};
	for (size_t i = 0; i < PLACE_KINDS; i++)
		s->trees[i] = -1;
	for (; s->kind < PLACE_KINDS && rc == 0; s->kind++)
		rc = add_tree(s, c);
	same_bytes_end(&s->files);
	if (rc == 0)
		return s;
	collected_same_free(s);
	return NULL;
}

void
collected_same_free(struct collected_same *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < PLACE_KINDS; i++)
		file_close(s->trees[i], 0);
	same_bytes_free(&s->files);
	buf_free(&s->places);
	free(s);
}

/* --- what is stated --- */

/* Adds the entries of an array as statements. */
static void
add_all(struct json_object *to, struct json_object *array)
{
	for (size_t i = 0; array && i < json_object_array_length(array); i++) {
		struct json_object *one = json_object_array_get_idx(array, i);

		if (rec_string(one, "batch"))
			statements_add(to, json_object_get(one));
	}
}

/* Whether the subject ID is an item that has no subject: BATCH_iN. */
static bool
is_item(const char *id, const char *batch)
{
	size_t n = strlen(batch);

	return strncmp(id, batch, n) == 0 && strncmp(id + n, "_i", 2) == 0;
}

/* Adds what the source of CHOICE states, and the others that were known when it was collected. */
static void
add_choice(struct json_object *to, const char *id, struct json_object *choice)
{
	struct json_object *credit = NULL, *c = NULL, *subject = NULL, *item = NULL;
	struct statement_place at = {.batch = choice_text(choice, "batch"), .name = rec_string(choice, "name")};
	char room[SUBJECT_MAX + 1];
	const char *own;

	json_object_object_get_ex(choice, "credit", &credit);
	json_object_object_get_ex(credit, "contradiction", &c);
	json_object_object_get_ex(choice, "subject", &subject);
	json_object_object_get_ex(choice, "item", &item);
	own = subject ? rec_text(subject, "id", room, sizeof(room)) : NULL;
	at.subject = own ? own : is_item(id, at.batch) && !at.name ? NULL : id;
	at.idx = (long)rec_number(choice, "idx", 0);
	add_all(to, statements_array(c, "statements"));
	statements_add(to, statement_of(&at, item, credit));
	add_all(to, statements_array(credit, "also_under"));
}

static void
add_choices(struct json_object *to, const char *id, struct json_object *choices, const char *file)
{
	for (size_t i = 0; choices && i < json_object_array_length(choices); i++) {
		struct json_object *o = json_object_array_get_idx(choices, i);

		if (strcmp(choice_text(o, "file"), file) == 0)
			add_choice(to, id, o);
	}
}

/* Adds the choices of FILE at one place. 0, or -1 with errno. */
static int
add_other(const struct collected_same *s, struct json_object *to, const struct same_bytes_place *at, const char *file)
{
	const char *place = s->places.data + at->item, *id = strrchr(place, '/') ? strrchr(place, '/') + 1 : place;
	int dir = place_open(s->trees[at->batch], place, false);
	struct json_object *metadata;

	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	metadata = store_read(dir);
	if (!metadata && errno != ENOENT && !store_is_damage(errno))
		return file_close(dir, -1);
	add_choices(to, rec_string(metadata, "id") ? rec_string(metadata, "id") : id, store_choices(metadata), file);
	json_object_put(metadata);
	return file_close(dir, 0);
}

/* The answer that counted when the choice was collected. */
static struct licence_answer
answer_of(struct json_object *credit)
{
	struct json_object *c = NULL;
	const char *why;

	json_object_object_get_ex(credit, "contradiction", &c);
	why = rec_string(c, "why");
	return (struct licence_answer){.licence = rec_string(c, "by") ? rec_string(c, "counts") : NULL,
				       .by = rec_string(c, "by"),
				       .differ = why && strstr(why, "differ")};
}

struct json_object *
collected_same_credit(struct collected_same *s, const char *id, struct json_object *choices, struct json_object *choice)
{
	const char *file = choice_text(choice, "file");
	struct json_object *credit = NULL, *was = NULL, *all = json_object_new_array();
	struct licence_answer answer;
	const struct same_bytes_place *v;
	size_t n;
	int rc = 0;

	json_object_object_get_ex(choice, "credit", &was);
	v = same_bytes_find(&s->files, file, &n);
	add_choice(all, id, choice);
	add_choices(all, id, choices, file);
	for (size_t i = 0; i < n && json_object_array_length(all) < STATEMENTS_MAX && rc == 0; i++)
		rc = add_other(s, all, &v[i], file);
	if (rc == 0 && json_object_array_length(all) > 1 && json_object_deep_copy(was, &credit, NULL) == 0) {
		answer = answer_of(was);
		statements_settle(credit, all, &answer);
	} else if (rc == 0) {
		credit = json_object_get(was);
	}
	json_object_put(all);
	return credit;
}
