#include "pdf/pdf_outline.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 5000, LEVELS_MAX = 12 };

void
pdf_outline_key(struct buf *key, const char *text, size_t n)
{
	const char *end = text + n, *next;
	bool begun = false;
	char letter[6];

	buf_clear(key);
	buf_str(key, "");
	for (const char *at = text; at < end; at = next) {
		gunichar c = g_utf8_get_char(at);

		next = g_utf8_next_char(at);
		begun = begun || g_unichar_isalpha(c);
		if (begun && g_unichar_isalnum(c))
			buf_add(key, letter, (size_t)g_unichar_to_utf8(g_unichar_tolower(c), letter));
	}
}

static int
page_of(PopplerDocument *document, const PopplerAction *action)
{
	const PopplerDest *dest = action->type == POPPLER_ACTION_GOTO_DEST ? action->goto_dest.dest : NULL;
	PopplerDest *named;
	int page;

	if (!dest)
		return -1;
	if (dest->type != POPPLER_DEST_NAMED)
		return dest->page_num - 1;
	named = dest->named_dest ? poppler_document_find_dest(document, dest->named_dest) : NULL;
	page = named ? named->page_num - 1 : -1;
	if (named)
		poppler_dest_free(named);
	return page;
}

static void
add_entry(PopplerDocument *document, struct pdf_outline *o, const PopplerAction *action, unsigned level)
{
	struct pdf_entry entry = {.level = level, .page = page_of(document, action)};
	struct buf key = {0};

	if (!action->any.title || !g_utf8_validate(action->any.title, -1, NULL))
		return;
	pdf_outline_key(&key, action->any.title, strlen(action->any.title));
	entry.title = buf_strdup(action->any.title);
	entry.key = buf_strdup(key.data);
	buf_free(&key);
	o->entries = buf_grow(o->entries, o->count, sizeof(*o->entries));
	o->entries[o->count++] = entry;
}

static void
read_level(PopplerDocument *document, struct pdf_outline *o, PopplerIndexIter *i, unsigned level)
{
	do {
		PopplerAction *action = poppler_index_iter_get_action(i);
		PopplerIndexIter *child;

		if (o->count >= ENTRIES_MAX || level > LEVELS_MAX) {
			o->cut = true;
			if (action)
				poppler_action_free(action);
			return;
		}
		if (action) {
			add_entry(document, o, action, level);
			poppler_action_free(action);
		}
		child = poppler_index_iter_get_child(i);
		if (child) {
			read_level(document, o, child, level + 1);
			poppler_index_iter_free(child);
		}
	} while (poppler_index_iter_next(i));
}

void
pdf_outline_read(PopplerDocument *document, struct pdf_outline *o)
{
	PopplerIndexIter *i = poppler_index_iter_new(document);

	*o = (struct pdf_outline){0};
	if (!i)
		return;
	read_level(document, o, i, 1);
	poppler_index_iter_free(i);
}

void
pdf_outline_free(struct pdf_outline *o)
{
	for (size_t i = 0; i < o->count; i++) {
		free(o->entries[i].title);
		free(o->entries[i].key);
	}
	free(o->entries);
	*o = (struct pdf_outline){0};
}
