#include "office/office_comments.h"

#include <string.h>

#include "base/words.h"
#include "office/xlsx_book.h"
#include "records/rec.h"
#include "request.h"
#include "xml.h"

enum { AUTHORS = 10000, TEXT = 1 << 16 };

/* --- authors --- */

static void
author_begin(void *arg, const char *name, const char **attributes)
{
	struct json_object *names = arg;
	const char *id = xml_attribute(attributes, "id"), *label = xml_attribute(attributes, "name");

	label = label ? label : xml_attribute(attributes, "displayName");
	if (word_is_one_of(name, "cmAuthor", "author", "person") && id && label &&
	    json_object_object_length(names) < AUTHORS)
		rec_add_string(names, id, label);
}

void
office_authors_read(const struct member_one *part, struct json_object *names)
{
	if (part)
		xml_read(&(struct xml_reader){.begin = author_begin, .arg = names}, part->bytes, part->n);
}

/* --- comments --- */

struct reading {
	struct doc *d;
	struct json_object *names; /* of all comments */
	struct json_object *own;   /* of this part's, which are numbered */
	unsigned level;
	bool begun;              /* the heading is written */
	bool threads;            /* there are threads, whose comments of the old kind only say so */
	char place[16], id[100]; /* of the comment: its cell, and its author's id */
	unsigned open;           /* comments within each other */
	bool in_text, in_author;
	unsigned ignore; /* depth below a phonetic run */
	struct buf text, author;
};

static bool
is_comment(const char *name)
{
	return word_is_one_of(name, "comment", "threadedComment", "cm", "reply");
}

static void
put_comment(struct reading *x)
{
	const char *author = rec_string(x->own, x->id);

	author = author ? author : rec_string(x->names, x->id);
	if (x->text.len == 0 || (x->threads && strncmp(x->text.data, "[Threaded comment]", 18) == 0))
		return;
	if (!x->begun) {
		md_block(&x->d->md);
		md_heading(&x->d->md, x->level);
		md_text(&x->d->md, "Comments", 8);
		md_block(&x->d->md);
		x->begun = true;
	}
	md_item(&x->d->md, -1);
	if (x->place[0])
		md_text(&x->d->md, x->place, strlen(x->place));
	if (author && strncmp(x->text.data, author, strlen(author)) != 0) {
		md_text(&x->d->md, x->place[0] ? ", " : "", x->place[0] ? 2 : 0);
		md_text(&x->d->md, author, strlen(author));
		md_text(&x->d->md, ": ", 2);
	} else if (x->place[0])
		md_text(&x->d->md, ": ", 2);
	md_text(&x->d->md, x->text.data, x->text.len);
	md_leave(&x->d->md);
	buf_clear(&x->text);
}

static void
begin_comment(struct reading *x, const char **attributes)
{
	const char *place = xml_attribute(attributes, "ref"), *id = xml_attribute(attributes, "authorId");

	id = id ? id : xml_attribute(attributes, "personId");
	if (x->open++ > 0)
		put_comment(x); /* the replies are within it */
	buf_clear(&x->text);
	if (place || x->open == 1)
		snprintf(x->place, sizeof(x->place), "%s", place ? place : "");
	snprintf(x->id, sizeof(x->id), "%s", id ? id : "");
}

static void
comments_begin(void *arg, const char *name, const char **attributes)
{
	struct reading *x = arg;

	if (x->ignore || strcmp(name, "rPh") == 0)
		x->ignore++;
	else if (is_comment(name))
		begin_comment(x, attributes);
	else if (strcmp(name, "author") == 0) {
		x->in_author = true;
		buf_clear(&x->author);
	} else if (x->open && (word_is_one_of(name, "t", "text")))
		x->in_text = true;
	else if (x->open && strcmp(name, "p") == 0)
		buf_str(&x->text, x->text.len ? "\n" : "");
}

static void
comments_end(void *arg, const char *name)
{
	struct reading *x = arg;
	char number[24];

	if (x->ignore) {
		x->ignore--;
	} else if (is_comment(name)) {
		put_comment(x);
		x->open -= x->open > 0;
	} else if (strcmp(name, "author") == 0) {
		x->in_author = false;
		snprintf(number, sizeof(number), "%d", json_object_object_length(x->own));
		if (json_object_object_length(x->own) < AUTHORS)
			rec_add_string(x->own, number, x->author.data ? x->author.data : "");
	} else if (word_is_one_of(name, "t", "text"))
		x->in_text = false;
}

static void
comments_text(void *arg, const char *s, size_t n)
{
	struct reading *x = arg;
	struct buf *out = x->in_author ? &x->author : &x->text;

	if (x->ignore || (!x->in_text && !x->in_author))
		return;
	if (out->len + n < TEXT)
		xlsx_text_put(s, n, out);
	else
		x->d->truncated = true;
}

void
office_comments_put(const struct members *m, const struct opc_relations *rels, struct json_object *names,
		    unsigned level, struct doc *d)
{
	static const char *const types[] = {"threadedComment", "comments"};
	struct reading x = {.d = d, .names = names, .level = level};
	const struct member_one *part;

	for (size_t i = 0; i < 2; i++)
		for (size_t from = 0; (part = opc_part_of_type(m, rels, types[i], &from)) && !request_is_late();) {
			x.own = json_object_new_object();
			if (!xml_read(&(struct xml_reader){.begin = comments_begin,
							   .end = comments_end,
							   .text = comments_text,
							   .arg = &x},
				      part->bytes, part->n))
				d->truncated = true;
			json_object_put(x.own);
			x.threads = x.threads || i == 0;
			x.open = x.ignore = 0;
			x.in_text = x.in_author = false;
		}
	buf_free(&x.text);
	buf_free(&x.author);
}
