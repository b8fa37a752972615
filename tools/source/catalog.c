/* Only subjects that may belong to the batch are stored: for COUNT subjects at OFFSET, at most twice as many as the end
 * of that window. Of the others, only a digest of each id is stored, to find duplicates. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/utf8.h"
#include "base/words.h"
#include "records/rec.h"
#include "records/table_head.h"
#include "source.h"

enum { SPARE = 1024, COLUMNS_MAX = 1000, CATEGORIES_SHOWN = 12 };

/* Ids that were seen, by 16 bytes of their digests. */
struct seen {
	struct slot {
		unsigned char digest[16];
		unsigned long long line; /* 0: free */
	} * slots;
	size_t size, used;
};

struct reading {
	const struct settings *set;
	struct catalog *c;
	struct table_input *rows;
	struct table_head head; /* of a table */
	const char *item;       /* the column with the items of a SPARQL result; NULL: it is not one */
	bool plain;             /* a name or a Wikidata id on each line */
	bool begun;             /* a line of these was read */
	uint64_t repeated;      /* rows of a SPARQL result for an item that had one */
	struct seen seen;
	uint64_t matched; /* subjects of the category */
	char *categories[CATEGORIES_SHOWN];
	size_t category_count;
};

/* Reports that a line is not a subject. */
static void bad(struct reading *r, unsigned long long line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void
bad(struct reading *r, unsigned long long line, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	utf8_replace_invalid(text);
	msg_warn("line %llu of the catalog %s", line, text);
	r->c->bad++;
}

/* --- ids that come twice --- */

static struct slot *
slot_of(const struct seen *s, const unsigned char digest[16])
{
	size_t at;

	memcpy(&at, digest, sizeof(at));
	for (at &= s->size - 1; s->slots[at].line; at = (at + 1) & (s->size - 1))
		if (memcmp(s->slots[at].digest, digest, 16) == 0)
			break;
	return &s->slots[at];
}

/* The earlier line with the id, or 0 if there is none; records this line. */
static unsigned long long
line_before(struct seen *s, const char *id, unsigned long long line)
{
	unsigned char digest[HASH_BYTES];
	struct slot *slot;

	if (2 * s->used >= s->size) {
		struct seen old = *s;

		s->size = old.size ? 2 * old.size : 1024;
		s->slots = buf_alloc(s->size * sizeof(*s->slots));
		memset(s->slots, 0, s->size * sizeof(*s->slots));
		for (size_t i = 0; i < old.size; i++)
			if (old.slots[i].line)
				*slot_of(s, old.slots[i].digest) = old.slots[i];
		free(old.slots);
	}
	hash_bytes(id, strlen(id), digest);
	slot = slot_of(s, digest);
	if (slot->line)
		return slot->line;
	memcpy(slot->digest, digest, sizeof(slot->digest));
	slot->line = line;
	s->used++;
	return 0;
}

/* --- subjects --- */

static void
subject_free(struct subject *s)
{
	json_object_put(s->json);
	free((char *)s->id);
	*s = (struct subject){0};
}

/* Sorts by category, then by name, then by the order of input. */
static int
in_order(const void *a, const void *b)
{
	const struct subject *x = a, *y = b;
	int order = strcmp(x->category, y->category);

	order = order ? order : strcmp(x->name, y->name);
	return order ? order : (x->line > y->line) - (x->line < y->line);
}

static void
sort(struct catalog *c)
{
	if (c->n > 1)
		qsort(c->v, c->n, sizeof(*c->v), in_order);
}

/* Drops those beyond number MOST. */
static void
cut(struct catalog *c, uint64_t most)
{
	while (c->n > most)
		subject_free(&c->v[--c->n]);
}

static void
note_category(struct reading *r, const char *category)
{
	for (size_t i = 0; i < r->category_count; i++)
		if (strcmp(r->categories[i], category) == 0)
			return;
	if (r->category_count < CATEGORIES_SHOWN)
		r->categories[r->category_count++] = buf_strdup(category);
}

/* Whether the id was requested. */
static bool
is_asked(const struct settings *set, const char *id)
{
	for (char **p = set->ids; *p; p++)
		if (strcmp(*p, id) == 0)
			return true;
	return false;
}

/* One block of the three, for subject_free(). */
static void
keep_texts(struct subject *s, const char *id, const char *name, const char *category)
{
	size_t a = strlen(id) + 1, b = strlen(name) + 1, n = strlen(category) + 1;
	char *all = buf_alloc(a + b + n);

	memcpy(all, id, a);
	memcpy(all + a, name, b);
	memcpy(all + a + b, category, n);
	s->id = all;
	s->name = all + a;
	s->category = all + a + b;
}

/* Whether a later row for an item is usual, and is then only counted: a SPARQL result has one for each combination of
 * values. */
static bool
is_repetition(struct reading *r, unsigned long long before)
{
	if (!r->item)
		return false;
	r->repeated += before > 0;
	return before > 0;
}

/* An id that is the URI of a Wikidata item becomes the item's id. */
static void
shorten_id(struct json_object *o)
{
	const char *text = rec_string(o, "id");
	char id[SUBJECT_MAX + 1];

	if (!text || !strchr(text, ':') || !catalog_entity(text, id, sizeof(id)))
		return;
	rec_add_string(o, "id", id);
	if (!rec_string(o, "wikidata"))
		rec_add_string(o, "wikidata", id);
}

/* Handles O, which may not be a subject, and owns it. */
static void
take_subject(struct reading *r, struct json_object *o, unsigned long long line)
{
	char id_room[SUBJECT_MAX + 2], name_room[64], category_room[64];
	const char *id = rec_text(o, "id", id_room, sizeof(id_room));
	const char *name = rec_text(o, "name", name_room, sizeof(name_room));
	const char *category = rec_text(o, "category", category_room, sizeof(category_room));
	struct subject s = {.json = o, .line = line};
	unsigned long long before;

	category = category ? category : "";
	if (!id || !*id)
		bad(r, line, "has no \"id\": that subject is left out");
	else if (root_subject_check(id))
		bad(r, line, "has the id '%.80s', which %s: that subject is left out", id, root_subject_check(id));
	else if (!name || !name[strspn(name, " \t\r\n")])
		bad(r, line, "has no \"name\": subject %s is left out", id);
	else if (r->set->by_ids ? !is_asked(r->set, id) : r->set->category && strcmp(r->set->category, category) != 0)
		note_category(r, category);
	else if ((before = line_before(&r->seen, id, line)) > 0 && is_repetition(r, before))
		;
	else if (before > 0)
		bad(r, line, "repeats the id '%.80s' of line %llu: '%.100s' is left out", id, before, name);
	else {
		const struct settings *set = r->set;
		struct catalog *c = r->c;
		uint64_t most = set->offset + set->count;

		r->matched++;
		keep_texts(&s, id, name, category);
		c->v = buf_grow(c->v, c->n, sizeof(*c->v));
		c->v[c->n++] = s;
		if (!set->by_ids && set->count && c->n >= 2 * most + SPARE) {
			sort(c);
			cut(c, most);
		}
		return;
	}
	json_object_put(o);
}

static void
take(struct reading *r, struct json_object *o, unsigned long long line)
{
	if (r->item)
		catalog_sparql_subject(o, r->item);
	shorten_id(o);
	take_subject(r, o, line);
}

/* --- lines and tables --- */

static void
take_plain_line(struct reading *r, const struct table_row *row)
{
	struct json_object *o;

	if (utf8_valid_length(row->cells[0], strlen(row->cells[0])) < strlen(row->cells[0])) {
		bad(r, row->line, "is not UTF-8 text");
		return;
	}
	if (!r->begun && strcasecmp(row->cells[0], "id") == 0)
		msg_die(EX_DATAERR, "the catalog has ids only: a table begins with a line such as id,name,category");
	o = catalog_line(row->cells[0], !r->begun);
	r->begun = r->begun || o;
	if (o)
		take(r, o, row->line);
}

static void
take_line(struct reading *r, const struct table_row *row)
{
	char wrong[160];
	struct json_object *o = rec_parse(row->cells[0], strlen(row->cells[0]), wrong, sizeof(wrong));

	if (!o) {
		bad(r, row->line, "is not JSON: %s", wrong);
	} else if (!json_object_is_type(o, json_type_object)) {
		bad(r, row->line, "is not a JSON object");
		json_object_put(o);
	} else if (rec_string(o, "end") && json_object_object_get_ex(o, "exit", NULL)) {
		json_object_put(o); /* of another bi program that made the catalog */
	} else {
		take(r, o, row->line);
	}
}

static void
take_head(struct reading *r, const struct table_row *row)
{
	bool id, name;

	if (row->count > COLUMNS_MAX)
		msg_die(EX_DATAERR, "the catalog has %zu columns: that is not a list of subjects", row->count);
	table_head_take(&r->head, row);
	id = table_head_has(&r->head, "id");
	name = table_head_has(&r->head, "name");
	if (!id || !name)
		r->item = catalog_sparql_item(&r->head);
	if ((!id || !name) && !r->item)
		msg_die(EX_DATAERR,
			"the catalog's first line names no column '%s': a table begins with a line such as "
			"id,name,category or item,itemLabel; other catalogs have a JSON object, a name or a Wikidata "
			"id on each line (names with commas need --file FILE.txt)",
			id ? "name" : "id");
}

static void
take_cells(struct reading *r, const struct table_row *row)
{
	char wrong[160] = "";
	struct json_object *o = table_head_object(&r->head, row, wrong, sizeof(wrong));

	if (o)
		take(r, o, row->line);
	else if (*wrong)
		bad(r, row->line, "%s", wrong);
}

static void
read_rows(struct reading *r)
{
	enum table_input_next what;
	struct table_row row;

	switch (table_input_kind(r->rows)) {
	case TABLE_INPUT_UNKNOWN:
	case TABLE_INPUT_EMPTY:
		msg_die(EX_DATAERR, "the catalog is empty");
	case TABLE_INPUT_ARRAY:
		msg_die(EX_DATAERR, "the catalog is a JSON array: jq -c '.[]' makes lines of it");
	case TABLE_INPUT_UTF16:
		msg_die(EX_DATAERR,
			"the catalog is UTF-16: save it as UTF-8, or convert it with iconv -f UTF-16 -t UTF-8");
	case TABLE_INPUT_LINES:
	case TABLE_INPUT_TABLE:
		break;
	}
	r->plain = table_input_kind(r->rows) == TABLE_INPUT_TABLE &&
		   (table_input_is_plain(r->rows) || (r->set->file && word_ends_in(r->set->file, ".txt")));
	if (r->plain)
		table_input_as_lines(r->rows);
	while ((what = table_input_next(r->rows, &row)) != TABLE_INPUT_END) {
		if (what == TABLE_INPUT_BAD)
			bad(r, row.line, "%s", row.wrong);
		else if (r->plain && !r->begun && row.cells[0][strspn(row.cells[0], " \t")] == '<')
			msg_die(EX_DATAERR, "the catalog is HTML or XML, not a list");
		else if (r->plain)
			take_plain_line(r, &row);
		else if (table_input_kind(r->rows) == TABLE_INPUT_LINES)
			take_line(r, &row);
		else if (!r->head.names)
			take_head(r, &row);
		else
			take_cells(r, &row);
	}
	if (r->repeated)
		msg_warn("%llu lines of the catalog are about items that have an earlier line, which is used",
			 (unsigned long long)r->repeated);
}

/* --- the choice --- */

/* Sorts them in the order of the ids, and reports those that are missing. */
static void
order_by_ids(struct reading *r)
{
	struct catalog *c = r->c;
	struct subject *v = buf_alloc((c->n + 1) * sizeof(*v));
	size_t n = 0;

	for (char **id = r->set->ids; *id; id++) {
		size_t i = 0;

		while (i < c->n && strcmp(c->v[i].id, *id) != 0)
			i++;
		if (i < c->n) {
			v[n++] = c->v[i];
			continue;
		}
		msg_warn("there is no subject %s in the catalog; the search continues with the others", *id);
		c->bad++;
	}
	free(c->v);
	c->v = v;
	c->n = n;
}

/* Those of the window. */
static void
take_window(struct reading *r)
{
	struct catalog *c = r->c;
	uint64_t first = r->set->offset < c->n ? r->set->offset : c->n;

	sort(c);
	if (r->set->count)
		cut(c, r->set->offset + r->set->count);
	first = first < c->n ? first : c->n;
	for (uint64_t i = 0; i < first; i++)
		subject_free(&c->v[i]);
	if (first)
		memmove(c->v, c->v + first, (c->n - first) * sizeof(*c->v));
	c->n -= first;
}

/* Reports that there are no such subjects, and which categories exist. */
static void
say_nobody(const struct reading *r)
{
	struct buf others = {0};

	for (size_t i = 0; i < r->category_count; i++)
		buf_printf(&others, "%s%s", i ? ", " : "", *r->categories[i] ? r->categories[i] : "(none)");
	if (r->matched)
		msg_warn("there is no subject after the first %llu: the catalog has %llu subjects%s%s",
			 (unsigned long long)r->set->offset, (unsigned long long)r->matched,
			 r->set->category ? " of category " : "", r->set->category ? r->set->category : "");
	else if (r->set->category)
		msg_warn("the catalog has no subject of category %s%s%.300s", r->set->category,
			 others.len ? "; it has " : "", others.len ? others.data : "");
	else
		msg_warn("the catalog has none of the subjects");
	buf_free(&others);
}

void
catalog_read(const struct settings *set, struct catalog *c)
{
	struct reading r = {.set = set, .c = c};
	int fd = set->file ? open(set->file, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;

	*c = (struct catalog){0};
	if (fd < 0)
		msg_die_errno(EX_NOINPUT, "cannot read the catalog '%s'", set->file);
	r.rows = table_input_open(fd);
	read_rows(&r);
	table_input_close(r.rows);
	if (set->file)
		close(fd);
	if (set->by_ids)
		order_by_ids(&r);
	else
		take_window(&r);
	if (c->n == 0 && !set->by_ids)
		say_nobody(&r);
	catalog_name(set, c);
	table_head_free(&r.head);
	for (size_t i = 0; i < r.category_count; i++)
		free(r.categories[i]);
	free(r.seen.slots);
}

void
catalog_free(struct catalog *c)
{
	cut(c, 0);
	free(c->v);
	c->v = NULL;
}
