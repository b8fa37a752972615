#include "review/same_picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "batch/same_bytes.h"
#include "records/rec.h"
#include "review/credit.h"
#include "review/statements.h"

/* The statements of groups of more than FEW places are kept, so that a picture that a batch has a thousand times is not
 * read a million times. */
enum { FEW = 8, KEPT = 256 };

struct same_pictures {
	const struct root *root;
	struct same_bytes places;
	char **names; /* of the batches, by their numbers */
	uint32_t n;
	struct batch *other; /* the last that was opened; NULL: none */
	uint32_t other_number;
	struct kept {
		const struct same_bytes_place *of; /* NULL: free */
		struct json_object *all;
	} kept[KEPT];
};

struct same_pictures *
same_pictures_begin(const struct root *root)
{
	struct same_pictures *s = buf_alloc(sizeof(*s));

	*s = (struct same_pictures){.root = root};
	return s;
}

void
same_pictures_free(struct same_pictures *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < KEPT; i++)
		json_object_put(s->kept[i].all);
	for (uint32_t i = 0; i < s->n; i++)
		free(s->names[i]);
	free(s->names);
	same_bytes_free(&s->places);
	if (s->other)
		batch_close(s->other);
	free(s);
}

int
same_pictures_read(struct same_pictures *s, const struct batch *b)
{
	s->names = buf_grow(s->names, s->n, sizeof(*s->names));
	s->names[s->n++] = buf_strdup(batch_name(b));
	return same_bytes_read(&s->places, b, s->n - 1);
}

void
same_pictures_end(struct same_pictures *s)
{
	same_bytes_end(&s->places);
}

/* --- one item --- */

/* The statement of an item. */
static struct json_object *
state(const struct batch *b, const struct batch_place *place, struct json_object *item, struct json_object *credit)
{
	struct statement_place at = {.batch = batch_name(b), .idx = place->idx};
	struct json_object *subject = NULL, *one;
	char room[SUBJECT_MAX + 1];
	struct buf name = {0};

	if (json_object_object_get_ex(item, "subject", &subject) && subject) {
		const char *text = json_object_is_type(subject, json_type_object)
					   ? rec_text(subject, "name", room, sizeof(room))
					   : NULL;

		at.subject = place->subject;
		if (text)
			credit_clean(&name, text);
		at.name = name.data;
	}
	one = statement_of(&at, item, credit);
	buf_free(&name);
	return one;
}

/* Whether item K of B has the digest HEX now. 1, 0, or -1 with errno. */
static int
has_bytes(const struct batch *b, uint32_t k, const char *hex)
{
	struct json_object *result = batch_result_object(b, k);
	const char *is = rec_string(result, "sha256"), *status = rec_string(result, "status");
	int rc = result            ? is && status && strcmp(status, "completed") == 0 && strcmp(is, hex) == 0
		 : errno == ENOENT ? 0
				   : -1;

	json_object_put(result);
	return rc;
}

/* Adds what item K of B states to ALL, if it has the digest HEX. 0, or -1 with errno. */
static int
add_statement(struct json_object *all, const struct batch *b, uint32_t k, const char *hex)
{
	struct json_object *item = NULL, *credit;
	struct batch_place place;
	struct buf line = {0};
	int is = batch_state(b, k) == 'x' ? 0 : has_bytes(b, k, hex), rc = is < 0 ? -1 : 0;

	if (is > 0 && (rc = batch_item(b, k, &line)) == 0) {
		if (batch_place(line.data, line.len, &place) == 0)
			item = rec_parse(line.data, line.len, NULL, 0);
		if (!item) {
			errno = EBADMSG;
			rc = -1;
		}
	}
	if (item) {
		credit = credit_of(item);
		statements_add(all, state(b, &place, item, credit));
		json_object_put(credit);
		json_object_put(item);
	}
	buf_free(&line);
	return rc;
}

/* --- all of them --- */

/* The batch of this number, where OWN is known; NULL with errno. */
static const struct batch *
batch_of(struct same_pictures *s, const struct batch *own, uint32_t number)
{
	if (strcmp(s->names[number], batch_name(own)) == 0)
		return own;
	if (s->other && s->other_number == number)
		return s->other;
	if (s->other)
		batch_close(s->other);
	s->other = batch_open(s->root, s->names[number], BATCH_READ, NULL);
	s->other_number = number;
	return s->other;
}

/* What the items at V state; NULL with errno. A batch that was removed in the meantime states nothing. */
static struct json_object *
read_statements(struct same_pictures *s, const struct batch *own, const char *hex, const struct same_bytes_place *v,
		size_t n)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < n; i++) {
		const struct batch *b = batch_of(s, own, v[i].batch);

		if ((!b && errno == ENOENT) || (b && add_statement(all, b, v[i].item, hex) == 0))
			continue;
		json_object_put(all);
		return NULL;
	}
	return all;
}

/* As read_statements(), from what is kept if it is there. */
static struct json_object *
find_statements(struct same_pictures *s, const struct batch *own, const char *hex, const struct same_bytes_place *v,
		size_t n)
{
	struct kept *kept = &s->kept[(size_t)(v - s->places.v) % KEPT];
	struct json_object *all;

	if (n <= FEW)
		return read_statements(s, own, hex, v, n);
	if (kept->of == v)
		return json_object_get(kept->all);
	all = read_statements(s, own, hex, v, n);
	if (!all)
		return NULL;
	json_object_put(kept->all);
	*kept = (struct kept){v, json_object_get(all)};
	return all;
}

/* The digest of item K, in HEX; "" if it has no file. 0, or -1 with errno. */
static int
read_digest(const struct batch *b, uint32_t k, char hex[HASH_HEX + 1])
{
	struct json_object *result = batch_result_object(b, k);
	const char *sha256 = rec_string(result, "sha256");
	int rc = result || errno == ENOENT ? 0 : -1;

	hex[0] = '\0';
	if (sha256 && strlen(sha256) == HASH_HEX)
		memcpy(hex, sha256, HASH_HEX + 1);
	json_object_put(result);
	return rc;
}

int
same_pictures_find(struct same_pictures *s, const struct batch *b, const struct batch_place *place, uint32_t k,
		   struct json_object *item, struct json_object *credit, struct json_object **all)
{
	const struct same_bytes_place *v;
	struct json_object *others;
	char hex[HASH_HEX + 1];
	size_t n;

	*all = NULL;
	if (s->places.n == 0)
		return 0;
	if (read_digest(b, k, hex) < 0)
		return -1;
	v = same_bytes_find(&s->places, hex, &n);
	if (!v)
		return 0;
	others = find_statements(s, b, hex, v, n);
	if (!others)
		return -1;
	*all = json_object_new_array();
	json_object_array_add(*all, state(b, place, item, credit));
	for (size_t i = 0; i < json_object_array_length(others); i++)
		statements_add(*all, json_object_get(json_object_array_get_idx(others, i)));
	json_object_put(others);
	if (json_object_array_length(*all) < 2) {
		json_object_put(*all);
		*all = NULL;
	}
	return 0;
}
