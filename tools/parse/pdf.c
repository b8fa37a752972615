/* PDF, by poppler: the text of each page, and the metadata. */
#include <iconv.h>
#include <poppler.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/msg.h"
#include "formats.h"
#include "ocr_pages.h"

enum { PAGES_MAX = 20000, LINKS_PAGES = 500 };

static void
ignore_log(const char *domain, GLogLevelFlags level, const char *text, void *arg)
{
	(void)domain, (void)level, (void)text, (void)arg;
}

static PopplerDocument *
open_bytes(const void *bytes, size_t n, GError **error)
{
	GBytes *whole = g_bytes_new_static(bytes, n);
	PopplerDocument *document = poppler_document_new_from_bytes(whole, NULL, error);

	g_bytes_unref(whole);
	return document;
}

/* A page with a word is read once and kept open, so that poppler opens the files that it needs for all documents. The
 * same holds for the converters for metadata. poppler opens its data files for Asian scripts one by one when it needs
 * them, which is impossible here: in these scripts, only text with its own map of characters (ToUnicode) is read. */
void
pdf_load(void)
{
	static const char page[] = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
				   "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
				   "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources"
				   "<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj\n"
				   "4 0 obj<</Length 27>>stream\nBT /F 9 Tf 9 9 Td (a) Tj ET\nendstream endobj\n"
				   "trailer<</Root 1 0 R>>\n";
	static const char *const charsets[] = {"UTF-16", "UTF-16BE", "UTF-16LE"};
	static PopplerDocument *document;
	PopplerPage *first;
	char *text;

	g_log_set_default_handler(ignore_log, NULL);
	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++)
		if (iconv_open("UTF-8", charsets[i]) == (iconv_t)-1)
			msg_die_errno(EX_UNAVAILABLE, "cannot convert text from %s", charsets[i]);
	document = open_bytes(page, sizeof(page) - 1, NULL);
	first = document ? poppler_document_get_page(document, 0) : NULL;
	text = first ? poppler_page_get_text(first) : NULL;
	if (!text || strcmp(text, "a") != 0)
		msg_die(EX_UNAVAILABLE, "poppler cannot read a page: is libpoppler-glib8 installed completely?");
	g_free(text);
	g_object_unref(first);
}

static void
put_line(char **member, char *(*get)(PopplerDocument *), PopplerDocument *document)
{
	char *line = get(document);

	doc_set_string(member, line);
	g_free(line);
}

static void
put_meta(struct doc *d, const char *key, char *(*get)(PopplerDocument *), PopplerDocument *document)
{
	char *line = get(document);

	doc_meta(d, key, line);
	g_free(line);
}

static void
put_date(char **member, GDateTime *date)
{
	char *line = date ? g_date_time_format(date, "%Y-%m-%dT%H:%M:%SZ") : NULL;

	doc_set_string(member, line);
	g_free(line);
	if (date)
		g_date_time_unref(date);
}

static void
describe_document(struct doc *d, PopplerDocument *document)
{
	char *modified = NULL;
	double width, height;
	PopplerPage *page;

	put_line(&d->title, poppler_document_get_title, document);
	put_line(&d->author, poppler_document_get_author, document);
	put_line(&d->description, poppler_document_get_subject, document);
	put_meta(d, "keywords", poppler_document_get_keywords, document);
	put_meta(d, "creator", poppler_document_get_creator, document);
	put_meta(d, "producer", poppler_document_get_producer, document);
	put_meta(d, "format", poppler_document_get_pdf_version_string, document);
	put_date(&d->date, poppler_document_get_creation_date_time(document));
	put_date(&modified, poppler_document_get_modification_date_time(document));
	doc_meta(d, "modified", modified);
	free(modified);
	page = poppler_document_get_page(document, 0);
	if (!page)
		return;
	poppler_page_get_size(page, &width, &height);
	doc_meta_number(d, "page_width", width);
	doc_meta_number(d, "page_height", height);
	g_object_unref(page);
}

/* The lines of a page without trailing blanks, with at most one empty line between them, and a form feed before each
 * page but the first. */
static void
put_text(struct doc *d, const char *text, bool first)
{
	struct buf out = {0};
	size_t empty = 2;

	if (!first)
		buf_str(&out, "\f");
	while (*text) {
		size_t n = strcspn(text, "\n\f"), keep = n;

		while (keep > 0 && strchr(" \t\r", text[keep - 1]))
			keep--;
		empty = keep ? 0 : empty + 1;
		if (empty < 2) {
			buf_add(&out, text, keep);
			buf_str(&out, "\n");
		}
		text += n + (text[n] != '\0');
	}
	buf_str(&out, "");
	md_raw(&d->md, out.data, out.len);
	buf_free(&out);
}

static void
put_pages(const struct request *r, struct doc *d, PopplerDocument *document)
{
	int n = poppler_document_get_n_pages(document);

	d->pages = n > 0 ? (unsigned)n : 0;
	for (int i = 0; i < n; i++) {
		PopplerPage *page;
		char *text;

		if (i >= PAGES_MAX || d->md.full || request_is_late()) {
			d->truncated = true;
			return;
		}
		page = poppler_document_get_page(document, i);
		text = page ? poppler_page_get_text(page) : NULL;
		if (page && *r->ocr && strspn(text ? text : "", " \t\n\f") == strlen(text ? text : ""))
			ocr_save_page(d, page, (unsigned)i + 1);
		put_text(d, text ? text : "", i == 0);
		g_free(text);
		if (page && i < LINKS_PAGES) {
			GList *links = poppler_page_get_link_mapping(page);

			for (GList *l = links; l; l = l->next) {
				const PopplerLinkMapping *m = l->data;

				if (m->action && m->action->type == POPPLER_ACTION_URI && m->action->uri.uri &&
				    g_utf8_validate(m->action->uri.uri, -1, NULL) &&
				    (g_str_has_prefix(m->action->uri.uri, "http://") ||
				     g_str_has_prefix(m->action->uri.uri, "https://")))
					doc_link(d, m->action->uri.uri, NULL);
			}
			poppler_page_free_link_mapping(links);
		}
		if (page)
			g_object_unref(page);
	}
}

bool
pdf_parse(const struct request *r, struct doc *d)
{
	PopplerDocument *document;
	GError *error = NULL;
	size_t n;
	char *bytes = request_map(r, d, &n);

	if (!bytes)
		return false;
	d->kind = "pdf";
	if (!memmem(bytes, n < 1024 ? n : 1024, "%PDF-", 5)) {
		munmap(bytes, n);
		return false;
	}
	document = open_bytes(bytes, n, &error);
	if (document && poppler_document_get_n_pages(document) > 0) {
		describe_document(d, document);
		put_pages(r, d, document);
	} else if (document) {
		doc_fail(d, "damaged", "it is damaged: it has no pages");
	} else if (g_error_matches(error, POPPLER_ERROR, POPPLER_ERROR_ENCRYPTED)) {
		doc_fail(d, "encrypted", "it is encrypted and requires a password");
	} else {
		doc_fail(d, "damaged", "it is damaged or cut short: it cannot be read as a PDF");
	}
	g_clear_error(&error);
	if (document)
		g_object_unref(document);
	munmap(bytes, n);
	return !d->failed;
}
