/* PDF, by poppler: the text of each page, and the metadata. */
#include <iconv.h>
#include <poppler.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include "base/msg.h"
#include "formats.h"
#include "pdf/ocr_pages.h"
#include "pdf/pdf_charmaps.h"
#include "pdf/pdf_notes.h"
#include "pdf/pdf_page.h"
#include "pdf/pdf_problems.h"
#include "pdf/pdf_rules.h"
#include "pdf/pdf_scans.h"

enum {
	PAGES_MAX = 200000,
	DRAWING = 6,            /* seconds of processor time for tables */
	HEAD = 1024,            /* bytes in which a file says that it is a PDF */
	REPAIR_MAX = 256 << 20, /* bytes */
	TAIL = 4096,            /* bytes at the end, where its mark is */
};

/* What is collected from page to page. */
struct pages {
	struct pdf_pages written;
	struct page_ranges scans;
	size_t fields;
	double drawing; /* seconds of processor time that are left to look for tables */
};

static PopplerDocument *
open_bytes(const void *bytes, size_t n, GError **error)
{
	GBytes *whole = g_bytes_new_static(bytes, n);
	PopplerDocument *document = poppler_document_new_from_bytes(whole, NULL, error);

	g_bytes_unref(whole);
	return document;
}

/* A page with a word is read once and kept open, so that poppler opens the files that it needs for all documents. The
 * same holds for the converters for metadata. */
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

	pdf_charmaps_load();
	pdf_problems_load();
	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++)
		if (iconv_open("UTF-8", charsets[i]) == (iconv_t)-1)
			msg_die_errno(EX_UNAVAILABLE, "cannot convert text from %s", charsets[i]);
	document = open_bytes(page, sizeof(page) - 1, NULL);
	first = document ? poppler_document_get_page(document, 0) : NULL;
	text = first ? poppler_page_get_text(first) : NULL;
	if (!text || strcmp(text, "a") != 0)
		msg_die(EX_UNAVAILABLE, "poppler cannot read a page: is libpoppler-glib8 installed completely?");
	pdf_rules_load(first);
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

/* Pages that are pictures of text lack it until somebody recognises it. */
static void
miss_scans(struct doc *d, struct page_ranges *scans)
{
	const char *pages = page_ranges_end(scans);

	if (*pages) {
		d->needs_ocr = true;
		doc_missing(d, "text");
		doc_meta(d, "pages_without_text", pages);
	}
	buf_free(&scans->text);
}

/* Whether a title in the metadata is none: programs put the name of the file there. */
static bool
is_no_title(const char *title)
{
	static const char *const ends[] = {".doc",  ".docx", ".indd", ".tex", ".dvi", ".qxd", ".ppt",
					   ".pptx", ".pdf",  ".html", ".htm", ".odt", ".txt", ".rtf"};

	if (!title || strncasecmp(title, "untitled", 8) == 0 || strncasecmp(title, "Microsoft Word - ", 17) == 0)
		return true;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (g_str_has_suffix(title, ends[i]))
			return true;
	return false;
}

static void
take_title(struct doc *d, const struct pdf_layout *l)
{
	char *title = is_no_title(d->title) ? pdf_page_title(l) : NULL;

	if (!title)
		return;
	free(d->title);
	d->title = NULL;
	doc_set_string(&d->title, title);
	free(title);
}

/* Writes a page, and notes what it has beside its text. */
static void
put_page(const struct request *r, struct doc *d, PopplerPage *page, struct pages *pages, int index)
{
	struct pdf_layout l;

	pdf_layout_page(page, &l, &pages->drawing);
	if (l.tables.skipped)
		doc_missing(d, "tables");
	pdf_page_write(d, &pages->written, &l, index);
	if (index == 0)
		take_title(d, &l);
	if (pdf_page_is_scan(page, l.characters)) {
		page_ranges_add(&pages->scans, (unsigned)index + 1);
		if (*r->ocr)
			ocr_save_page(d, page, (unsigned)index + 1);
	}
	pages->fields += pdf_fields_write(d, page);
	pdf_notes_write(d, page);
	pdf_links_add(d, page);
	pdf_layout_free(&l);
}

static void
put_pages(const struct request *r, struct doc *d, PopplerDocument *document, struct pages *pages)
{
	int n = poppler_document_get_n_pages(document);

	d->pages = n > 0 ? (unsigned)n : 0;
	pdf_outline_read(document, &pages->written.outline);
	for (int i = 0; i < n; i++) {
		PopplerPage *page;

		if (i >= PAGES_MAX || d->md.full || request_is_late()) {
			d->truncated = true;
			break;
		}
		if (i > 0)
			md_page(&d->md);
		page = poppler_document_get_page(document, i);
		if (!page) {
			doc_missing(d, "pages");
			continue;
		}
		put_page(r, d, page, pages, i);
		g_object_unref(page);
	}
	d->truncated = d->truncated || pages->written.outline.cut;
	pdf_outline_free(&pages->written.outline);
	miss_scans(d, &pages->scans);
}

/* Forms of Adobe's XFA: poppler shows the page that says that another program is needed. */
static void
miss_form(struct doc *d, const struct pages *pages, const char *bytes, size_t n)
{
	if (pages->fields == 0 && memmem(bytes, n, "/XFA", 4))
		doc_missing(d, "form");
}

/* What poppler found wrong with the file. A file without its end is cut short. */
static void
note_problems(struct doc *d, const struct pdf_problems *problems, const char *bytes, size_t n)
{
	size_t tail = n < TAIL ? n : TAIL;

	if (!memmem(bytes + n - tail, tail, "%%EOF", 5))
		d->truncated = true;
	doc_meta(d, "damage", problems->first);
	if (problems->no_tables) {
		doc_missing(d, "text");
		d->package = "poppler-data";
	}
}

static void
parse_document(const struct request *r, struct doc *d, PopplerDocument *document, const struct pdf_problems *problems,
	       const char *bytes, size_t n)
{
	struct pages pages = {.drawing = DRAWING};

	describe_document(d, document);
	pdf_attachments_note(d, document);
	put_pages(r, d, document, &pages);
	miss_form(d, &pages, bytes, n);
	note_problems(d, problems, bytes, n);
}

/* Opens a file without a trailer, which was at the end that is cut off: one is made that names the last catalog. NULL
 * if there is none, or the file is encrypted, for which the rest of the trailer would be needed. */
static PopplerDocument *
open_cut(const char *bytes, size_t n, struct buf *whole)
{
	const char *at = bytes, *catalog = NULL, *object;
	char digits[12] = "";

	if (n > REPAIR_MAX || memmem(bytes, n, "/Standard", 9))
		return NULL;
	while ((at = memmem(at, n - (size_t)(at - bytes), "/Catalog", 8)))
		catalog = at++;
	for (object = catalog; object && object > bytes && memcmp(object, " obj", 4) != 0;)
		object--;
	if (!object || object < bytes + 4)
		return NULL;
	while (object > bytes && (g_ascii_isdigit(object[-1]) || object[-1] == ' ') && catalog - object < HEAD)
		object--;
	buf_add(whole, bytes, n);
	snprintf(digits, sizeof(digits), "%lu", strtoul(object, NULL, 10));
	buf_printf(whole, "\ntrailer<</Root %s 0 R>>\n", digits);
	return open_bytes(whole->data, whole->len, NULL);
}

bool
pdf_parse(const struct request *r, struct doc *d)
{
	PopplerDocument *document;
	GError *error = NULL;
	static struct pdf_problems problems;
	struct buf whole = {0};
	size_t n;
	char *bytes = request_map(r, d, &n);

	if (!bytes)
		return false;
	d->kind = "pdf";
	if (!memmem(bytes, n < HEAD ? n : HEAD, "%PDF-", 5)) {
		munmap(bytes, n);
		return false;
	}
	pdf_problems_keep(&problems);
	document = open_bytes(bytes, n, &error);
	if (g_error_matches(error, POPPLER_ERROR, POPPLER_ERROR_DAMAGED))
		document = open_cut(bytes, n, &whole);
	if (document && poppler_document_get_n_pages(document) > 0) {
		parse_document(r, d, document, &problems, bytes, n);
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
	buf_free(&whole);
	munmap(bytes, n);
	return !d->failed;
}
