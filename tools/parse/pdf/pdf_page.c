#include "pdf/pdf_page.h"

#include <math.h>
#include <string.h>

enum {
	HEADING_LINES = 3,
	HEADING_BYTES = 200,
	HEADING_LETTERS = 3,
	TITLE_LINES = 4,
};

/* --- sizes --- */

static size_t
half_points(double size)
{
	enum { COUNT = sizeof(((struct pdf_pages *)0)->sizes) / sizeof(size_t) };

	return size > 0 && size * 2 < COUNT - 1 ? (size_t)lround(size * 2) : 0;
}

static double
usual_size(const struct pdf_pages *pages)
{
	size_t best = 0;

	for (size_t i = 1; i < sizeof(pages->sizes) / sizeof(pages->sizes[0]); i++)
		if (pages->sizes[i] > pages->sizes[best] || best == 0)
			best = i;
	return (double)best / 2;
}

static void
count_sizes(struct pdf_pages *pages, const struct pdf_layout *l)
{
	for (size_t i = 0; i < l->count; i++)
		pages->sizes[half_points(l->lines[i].size)] += l->lines[i].n;
}

/* --- headings --- */

/* How many lines from line I on are a block. */
static size_t
block_lines(const struct pdf_layout *l, size_t i)
{
	size_t end = i + 1;

	while (end < l->count && !l->lines[end].block)
		end++;
	return end - i;
}

static const char *
line_text(const struct pdf_layout *l, size_t i)
{
	return l->text.data + l->lines[i].from;
}

static struct pdf_entry *
find_entry(struct pdf_outline *o, const char *key, int page)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->entries[i].page == page && !o->entries[i].found && strcmp(o->entries[i].key, key) == 0)
			return &o->entries[i];
	return NULL;
}

/* The entry of the outline that this line, or it with the next ones, is; sets *LINES to their number. */
static struct pdf_entry *
match_entry(struct pdf_outline *o, const struct pdf_layout *l, size_t i, int page, size_t *lines)
{
	struct buf text = {0}, key = {0};
	struct pdf_entry *entry = NULL;

	for (*lines = 0; !entry && *lines < HEADING_LINES && i + *lines < l->count;) {
		buf_str(&text, " ");
		buf_str(&text, line_text(l, i + *lines));
		pdf_outline_key(&key, text.data, text.len);
		++*lines;
		if (key.len > 0)
			entry = find_entry(o, key.data, page);
	}
	buf_free(&text);
	buf_free(&key);
	return entry;
}

static size_t
count_letters(const char *text)
{
	size_t n = 0;

	for (; *text; text = g_utf8_next_char(text))
		n += g_unichar_isalpha(g_utf8_get_char(text)) != 0;
	return n;
}

/* The level of a block that is a heading by the size of its font, or 0. */
static unsigned
level_by_size(const struct pdf_layout *l, size_t i, double usual)
{
	size_t lines = block_lines(l, i), bytes = 0, letters = 0;
	double ratio = usual > 0 ? l->lines[i].size / usual : 0;

	if (!l->lines[i].block || lines > HEADING_LINES || ratio < 1.2)
		return 0;
	for (size_t k = i; k < i + lines; k++) {
		bytes += l->lines[k].n;
		letters += count_letters(line_text(l, k));
	}
	if (bytes > HEADING_BYTES || letters < HEADING_LETTERS)
		return 0;
	return ratio > 1.7 ? 1 : ratio > 1.3 ? 2 : 3;
}

static void
write_heading(struct md *m, unsigned level, const char *text)
{
	md_block(m);
	md_heading(m, level);
	md_text(m, text, strlen(text));
	md_block(m);
}

/* Writes the entries of the outline for this page that are no lines of it. */
static void
write_unfound(struct doc *d, struct pdf_outline *o, const struct pdf_layout *l, int page)
{
	size_t lines;

	for (size_t i = 0; i < l->count; i++) {
		struct pdf_entry *entry = match_entry(o, l, i, page, &lines);

		if (entry)
			entry->found = true;
	}
	for (size_t i = 0; i < o->count; i++) {
		struct pdf_entry *entry = &o->entries[i];

		if (entry->page == page && !entry->found)
			write_heading(&d->md, entry->level, entry->title);
		entry->found = entry->found && entry->page != page; /* for the lines */
	}
}

static void
write_table(struct md *m, const struct pdf_table *t)
{
	md_table(m);
	for (size_t row = 0; row < t->rows; row++) {
		for (size_t column = 0; column < t->columns; column++) {
			const char *text = t->cells[row * t->columns + column];

			md_cell_begin(m);
			if (text)
				md_text(m, text, strlen(text));
			md_cell_end(m, 1);
		}
		md_row(m, t->columns);
	}
	md_block(m);
}

/* Writes lines from I on, as a heading if LEVEL is not 0. */
static void
write_lines(struct md *m, const struct pdf_layout *l, size_t i, size_t lines, unsigned level)
{
	if (l->lines[i].block || level)
		md_block(m);
	if (level)
		md_heading(m, level);
	for (size_t k = i; k < i + lines; k++) {
		md_wrap(m);
		md_text(m, line_text(l, k), l->lines[k].n);
	}
	if (level)
		md_block(m);
}

void
pdf_page_write(struct doc *d, struct pdf_pages *pages, const struct pdf_layout *l, int index)
{
	bool outline = pages->outline.count > 0;
	double usual;

	count_sizes(pages, l);
	usual = usual_size(pages);
	if (outline)
		write_unfound(d, &pages->outline, l, index);
	for (size_t i = 0, lines = 1; i < l->count; i += lines) {
		struct pdf_entry *entry;
		unsigned level;

		if (l->lines[i].table) {
			write_table(&d->md, &l->tables.list[l->lines[i].table - 1]);
			lines = 1;
			continue;
		}
		entry = outline ? match_entry(&pages->outline, l, i, index, &lines) : NULL;
		level = entry ? entry->level : outline ? 0 : level_by_size(l, i, usual);
		if (entry)
			entry->found = true;
		else
			lines = level ? block_lines(l, i) : 1;
		write_lines(&d->md, l, i, lines, level);
	}
}

char *
pdf_page_title(const struct pdf_layout *l)
{
	struct buf title = {0};
	double largest = 0, smallest = INFINITY;
	size_t lines = 0;

	for (size_t i = 0; i < l->count; i++)
		if (count_letters(line_text(l, i)) >= HEADING_LETTERS) {
			largest = fmax(largest, l->lines[i].size);
			smallest = fmin(smallest, l->lines[i].size);
		}
	if (largest < smallest * 1.2)
		return NULL;
	for (size_t i = 0; i < l->count; i++)
		if (l->lines[i].size >= largest * 0.99 && ++lines <= TITLE_LINES) {
			buf_str(&title, title.len ? " " : "");
			buf_str(&title, line_text(l, i));
		} else if (lines > 0) {
			break;
		}
	return title.data;
}
