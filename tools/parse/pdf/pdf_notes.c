#include "pdf/pdf_notes.h"

#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 5000, NOTES_MAX = 2000, ITEMS_MAX = 1000, ATTACHMENTS_MAX = 1000 };

static void
put_words(struct md *m, const char *text)
{
	if (text && g_utf8_validate(text, -1, NULL))
		md_text(m, text, strlen(text));
}

/* --- form fields --- */

static int
compare_areas(const void *a, const void *b)
{
	const PopplerRectangle *p = &((const PopplerFormFieldMapping *)a)->area;
	const PopplerRectangle *q = &((const PopplerFormFieldMapping *)b)->area;
	double down = (q->y1 + q->y2) / 2 - (p->y1 + p->y2) / 2, right = p->x1 - q->x1;

	if (down > 4 || down < -4) /* points; not in one line */
		return down > 0 ? 1 : -1;
	return (right > 0) - (right < 0);
}

/* The name that the form shows to people, or else the one of the field. For g_free(). */
static char *
name_of(PopplerFormField *f)
{
	char *(*const names[])(PopplerFormField *) = {poppler_form_field_get_alternate_ui_name,
						      poppler_form_field_get_name, poppler_form_field_get_partial_name};
	char *name = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && (!name || !*name); i++) {
		g_free(name);
		name = names[i](f);
	}
	return name;
}

static void
put_choice(struct md *m, PopplerFormField *f)
{
	int n = MIN(poppler_form_field_choice_get_n_items(f), ITEMS_MAX);
	bool some = false;
	char *text;

	for (int i = 0; i < n; i++) {
		char *item;

		if (!poppler_form_field_choice_is_item_selected(f, i))
			continue;
		item = poppler_form_field_choice_get_item(f, i);
		md_text(m, some ? ", " : " ", some ? 2 : 1);
		put_words(m, item);
		some = true;
		g_free(item);
	}
	if (some)
		return;
	text = poppler_form_field_choice_get_text(f); /* typed */
	md_text(m, " ", 1);
	put_words(m, text);
	g_free(text);
}

static void
put_text(struct md *m, PopplerFormField *f)
{
	char *text = poppler_form_field_text_is_password(f) ? NULL : poppler_form_field_text_get_text(f);

	md_text(m, " ", 1);
	put_words(m, text);
	g_free(text);
}

/* Returns whether the field has a value: a button to push has none. */
static bool
put_field(struct md *m, PopplerFormField *f)
{
	PopplerFormFieldType type = poppler_form_field_get_field_type(f);
	char *name;

	if (type == POPPLER_FORM_FIELD_BUTTON &&
	    poppler_form_field_button_get_button_type(f) == POPPLER_FORM_BUTTON_PUSH)
		return false;
	name = name_of(f);
	md_item(m, -1);
	if (type == POPPLER_FORM_FIELD_BUTTON)
		put_words(m, poppler_form_field_button_get_state(f) ? "☑ " : "☐ ");
	put_words(m, name ? name : "");
	if (type != POPPLER_FORM_FIELD_BUTTON)
		md_text(m, ":", 1);
	if (type == POPPLER_FORM_FIELD_TEXT)
		put_text(m, f);
	else if (type == POPPLER_FORM_FIELD_CHOICE)
		put_choice(m, f);
	md_leave(m);
	g_free(name);
	return true;
}

size_t
pdf_fields_write(struct doc *d, PopplerPage *page)
{
	GList *fields = poppler_page_get_form_field_mapping(page);
	guint n = g_list_length(fields), i = 0;
	PopplerFormFieldMapping *sorted = buf_alloc((n + 1) * sizeof(*sorted));
	size_t written = 0;

	for (GList *l = fields; l; l = l->next)
		sorted[i++] = *(PopplerFormFieldMapping *)l->data;
	qsort(sorted, n, sizeof(*sorted), compare_areas);
	d->truncated = d->truncated || n > FIELDS_MAX;
	for (i = 0; i < n && i < FIELDS_MAX; i++)
		written += put_field(&d->md, sorted[i].field);
	free(sorted);
	poppler_page_free_form_field_mapping(fields);
	return written;
}

/* --- notes --- */

/* The text in the one line that AREA, with its origin at the lower left corner, covers. For g_free(). */
static char *
text_at(PopplerPage *page, PopplerRectangle area)
{
	double width, height, middle;

	poppler_page_get_size(page, &width, &height);
	middle = height - (area.y1 + area.y2) / 2;
	area.y1 = middle;
	area.y2 = middle + 0.1; /* points; the lines above and below may reach into the area */
	return poppler_page_get_selected_text(page, POPPLER_SELECTION_GLYPH, &area);
}

static PopplerRectangle
area_of(const PopplerQuadrilateral *q)
{
	double x1 = MIN(MIN(q->p1.x, q->p2.x), MIN(q->p3.x, q->p4.x));
	double x2 = MAX(MAX(q->p1.x, q->p2.x), MAX(q->p3.x, q->p4.x));
	double y1 = MIN(MIN(q->p1.y, q->p2.y), MIN(q->p3.y, q->p4.y));
	double y2 = MAX(MAX(q->p1.y, q->p2.y), MAX(q->p3.y, q->p4.y));

	return (PopplerRectangle){x1, y1, x2, y2};
}

/* Writes the text that a note marks, in quotation marks. */
static void
put_marked(struct md *m, PopplerPage *page, PopplerAnnot *note)
{
	GArray *quads;
	bool some = false;

	if (!POPPLER_IS_ANNOT_TEXT_MARKUP(note))
		return;
	quads = poppler_annot_text_markup_get_quadrilaterals(POPPLER_ANNOT_TEXT_MARKUP(note));
	for (guint i = 0; quads && i < quads->len && i < 100; i++) {
		PopplerRectangle area = area_of(&g_array_index(quads, PopplerQuadrilateral, i));
		char *text = text_at(page, area);

		if (text && *text) {
			put_words(m, some ? " " : "“");
			put_words(m, text);
			some = true;
		}
		g_free(text);
	}
	put_words(m, some ? "” " : "");
	if (quads)
		g_array_unref(quads);
}

static bool
is_note(PopplerAnnot *note)
{
	switch (poppler_annot_get_annot_type(note)) {
	case POPPLER_ANNOT_LINK:
	case POPPLER_ANNOT_WIDGET:
	case POPPLER_ANNOT_POPUP:
	case POPPLER_ANNOT_MOVIE:
	case POPPLER_ANNOT_SCREEN:
	case POPPLER_ANNOT_3D:
	case POPPLER_ANNOT_PRINTER_MARK:
	case POPPLER_ANNOT_TRAP_NET:
		return false;
	default:
		return (poppler_annot_get_flags(note) & POPPLER_ANNOT_FLAG_HIDDEN) == 0;
	}
}

static void
put_note(struct md *m, PopplerPage *page, PopplerAnnot *note)
{
	char *contents = poppler_annot_get_contents(note), *who = NULL;
	bool marks = POPPLER_IS_ANNOT_TEXT_MARKUP(note);

	if (is_note(note) && (marks || (contents && *contents))) {
		if (POPPLER_IS_ANNOT_MARKUP(note))
			who = poppler_annot_markup_get_label(POPPLER_ANNOT_MARKUP(note));
		md_quote(m);
		put_words(m, who);
		put_words(m, who && *who ? ": " : "");
		put_marked(m, page, note);
		put_words(m, contents);
		md_leave(m);
	}
	g_free(contents);
	g_free(who);
}

void
pdf_notes_write(struct doc *d, PopplerPage *page)
{
	GList *notes = poppler_page_get_annot_mapping(page);
	size_t n = 0;

	for (GList *l = notes; l && n < NOTES_MAX; l = l->next, n++) {
		const PopplerAnnotMapping *m = l->data;

		put_note(&d->md, page, m->annot);
		if (POPPLER_IS_ANNOT_FILE_ATTACHMENT(m->annot))
			doc_missing(d, "attachments");
	}
	d->truncated = d->truncated || n == NOTES_MAX;
	poppler_page_free_annot_mapping(notes);
}

/* --- links --- */

void
pdf_links_add(struct doc *d, PopplerPage *page)
{
	GList *links = poppler_page_get_link_mapping(page);

	for (GList *l = links; l && json_object_array_length(d->links) < DOC_LINKS; l = l->next) {
		const PopplerLinkMapping *m = l->data;
		const char *uri = m->action && m->action->type == POPPLER_ACTION_URI ? m->action->uri.uri : NULL;
		char *text;

		if (!uri || !g_utf8_validate(uri, -1, NULL) ||
		    !(g_str_has_prefix(uri, "http://") || g_str_has_prefix(uri, "https://")))
			continue;
		text = text_at(page, m->area);
		doc_link(d, uri, text);
		g_free(text);
	}
	poppler_page_free_link_mapping(links);
}

/* --- files inside --- */

void
pdf_attachments_note(struct doc *d, PopplerDocument *document)
{
	GList *list = poppler_document_has_attachments(document) ? poppler_document_get_attachments(document) : NULL;
	struct buf names = {0};
	size_t n = 0;

	for (GList *l = list; l; l = l->next) {
		const char *name = poppler_attachment_get_name(l->data);

		if (n++ < ATTACHMENTS_MAX && name && g_utf8_validate(name, -1, NULL)) {
			buf_str(&names, names.len ? "; " : "");
			buf_str(&names, name);
		}
		g_object_unref(l->data);
	}
	g_list_free(list);
	if (n > 0)
		doc_missing(d, "attachments");
	doc_meta(d, "attachments", names.data);
	buf_free(&names);
}
