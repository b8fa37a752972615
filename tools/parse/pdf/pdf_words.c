#include "pdf/pdf_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* What is known of the characters of a page, by their number. */
struct characters {
	PopplerRectangle *areas;
	guint n;
	const GList *fonts; /* of those that come next: PopplerTextAttributes in ascending order */
};

static double
size_of(struct characters *c, guint i)
{
	const PopplerTextAttributes *font;

	while (c->fonts && ((const PopplerTextAttributes *)c->fonts->data)->end_index < (gint)i)
		c->fonts = c->fonts->next;
	font = c->fonts ? c->fonts->data : NULL;
	return font && font->start_index <= (gint)i ? font->font_size : 0;
}

static bool
is_leftward(gunichar c)
{
	return (c >= 0x590 && c < 0x900) || (c >= 0xfb1d && c < 0xfe00) || (c >= 0xfe70 && c < 0xfeff);
}

static double
overlap(double a0, double a1, double b0, double b1)
{
	return fmin(a1, b1) - fmax(a0, b0);
}

/* Whether the character in area B is in another line than the one in A before it. In lines from top to bottom, which
 * are rotated text or Chinese, characters stand below each other. */
static bool
is_elsewhere(const PopplerRectangle *a, const PopplerRectangle *b, double size)
{
	double height = fmin(a->y2 - a->y1, b->y2 - b->y1);

	if (overlap(a->y1, a->y2, b->y1, b->y2) > 0.2 * height)
		return false;
	return fabs(b->x1 - a->x1) > 0.5 * size || fabs(b->y1 - a->y1) > 2.5 * size;
}

static bool
is_apart(const PopplerRectangle *a, const PopplerRectangle *b, double size)
{
	return b->x1 - a->x2 > size || a->x1 - b->x2 > size;
}

static PopplerRectangle
upright(PopplerRectangle r)
{
	return (PopplerRectangle){fmin(r.x1, r.x2), fmin(r.y1, r.y2), fmax(r.x1, r.x2), fmax(r.y1, r.y2)};
}

static void
extend_word(struct pdf_word *word, const PopplerRectangle *area, size_t bytes)
{
	word->n += bytes;
	word->count++;
	word->x0 = fmin(word->x0, area->x1);
	word->y0 = fmin(word->y0, area->y1);
	word->x1 = fmax(word->x1, area->x2);
	word->y1 = fmax(word->y1, area->y2);
}

static void
split_words(struct pdf_words *w, struct characters *c)
{
	PopplerRectangle area, before = {0};
	struct pdf_word *word = NULL; /* the one that goes on */
	unsigned line = 0;
	bool space = false;
	guint i = 0;

	for (const char *at = w->text, *next; *at; at = next, i++) {
		gunichar letter = g_utf8_get_char(at);
		double size;

		next = g_utf8_next_char(at);
		w->leftward = w->leftward || is_leftward(letter);
		if (g_unichar_isspace(letter) || letter == 0xa0) {
			line += *at == '\n' || *at == '\f';
			space = true;
			word = NULL;
			continue;
		}
		area = i < c->n ? upright(c->areas[i]) : before;
		size = size_of(c, i);
		if (w->n > 0 && is_elsewhere(&before, &area, size)) {
			line += line == w->list[w->n - 1].line;
			word = NULL;
		} else if (word && is_apart(&before, &area, size)) {
			space = true;
			word = NULL;
		}
		if (!word) {
			w->list = buf_grow(w->list, w->n, sizeof(*w->list));
			word = &w->list[w->n++];
			*word = (struct pdf_word){
				(size_t)(at - w->text), 0, 0, area.x1, area.y1, area.x2, area.y2, size, line, space, 0};
			space = false;
		}
		extend_word(word, &area, (size_t)(next - at));
		before = area;
	}
}

void
pdf_words_find(PopplerPage *page, struct pdf_words *w)
{
	struct characters c = {0};
	GList *fonts;

	*w = (struct pdf_words){.text = poppler_page_get_text(page)};
	if (!w->text || !*w->text)
		return;
	if (!poppler_page_get_text_layout(page, &c.areas, &c.n))
		c.n = 0;
	fonts = poppler_page_get_text_attributes(page);
	c.fonts = fonts;
	split_words(w, &c);
	poppler_page_free_text_attributes(fonts);
	g_free(c.areas);
}

void
pdf_words_free(struct pdf_words *w)
{
	g_free(w->text);
	free(w->list);
	*w = (struct pdf_words){0};
}

void
pdf_letters_add(struct buf *out, const char *text, size_t n)
{
	static const char *const ligatures[] = {"ff", "fi", "fl", "ffi", "ffl", "st", "st"};

	for (const char *at = text, *next; at < text + n; at = next) {
		gunichar c = g_utf8_get_char(at);

		next = g_utf8_next_char(at);
		if (c >= 0xfb00 && c <= 0xfb06)
			buf_str(out, ligatures[c - 0xfb00]);
		else if (c != 0xad || next == text + n)
			buf_add(out, at, (size_t)(next - at));
	}
}
