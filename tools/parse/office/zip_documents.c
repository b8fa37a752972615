/* Packed files: DOCX, XLSX, PPTX, OpenDocument, EPUB, and archives, whose members are listed. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/words.h"
#include "confined/unpack.h"
#include "formats.h"
#include "office/docx.h"
#include "office/epub.h"
#include "office/odf.h"
#include "office/ods.h"
#include "office/opc.h"
#include "office/pptx.h"
#include "office/xlsx.h"

#define SPREADSHEET "application/vnd.oasis.opendocument.spreadsheet"

enum { LISTED = 100000, TRIES = 100, FLAT_HEAD = 1 << 14 };

static struct {
	struct tree *tree;
	struct unpack source;
} packed;

void
packed_load(void)
{
	packed.tree = tree_new();
	unpack_load();
}

/* --- archives --- */

/* Lists the members, until they are too many or take too long. */
static bool
list_all(struct archive *a, struct doc *d)
{
	struct archive_entry *entry;
	size_t count = 0, files = 0, encrypted = 0;
	double bytes = 0;
	int rc, tries = 0;

	while ((rc = archive_read_next_header(a, &entry)) != ARCHIVE_EOF) {
		const char *name;
		char tail[64];

		if (rc == ARCHIVE_RETRY && tries++ < TRIES)
			continue;
		if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN) {
			if (count == 0 || unpack_fault(a, &packed.source) == UNPACK_UNREAD)
				return members_fail(a, &packed.source, d);
			doc_missing(d, "members");
			break;
		}
		if (count == LISTED || d->md.full || request_is_late()) {
			doc_missing(d, "members");
			d->truncated = true;
			break;
		}
		name = archive_entry_pathname(entry);
		md_item(&d->md, -1);
		md_code(&d->md, name ? name : "", name ? strlen(name) : 0);
		if (archive_entry_filetype(entry) == AE_IFREG && archive_entry_size_is_set(entry)) {
			snprintf(tail, sizeof(tail), ", %lld bytes", (long long)archive_entry_size(entry));
			md_text(&d->md, tail, strlen(tail));
		}
		md_leave(&d->md);
		count++;
		files += archive_entry_filetype(entry) == AE_IFREG;
		encrypted += archive_entry_is_encrypted(entry) > 0;
		bytes += archive_entry_size_is_set(entry) ? (double)archive_entry_size(entry) : 0;
	}
	if (rc == ARCHIVE_EOF && unpack_overlaps(a, &packed.source, count) > 0)
		doc_missing(d, "members");
	d->truncated = d->truncated || packed.source.cut;
	doc_meta_number(d, "members", (double)count);
	doc_meta_number(d, "files", (double)files);
	if (encrypted > 0)
		doc_meta_number(d, "encrypted", (double)encrypted);
	doc_meta_number(d, "bytes_unpacked", bytes);
	if (archive_format_name(a))
		doc_meta(d, "format", archive_format_name(a));
	return true;
}

static bool
list_archive(const struct request *r, struct doc *d)
{
	struct archive *a = unpack_new(&packed.source, r->in);
	bool listed;

	if (!a)
		return doc_unread(d, errno);
	d->kind = "archive";
	if (archive_read_open1(a) == ARCHIVE_OK)
		listed = list_all(a, d);
	else
		listed = unpack_fault(a, &packed.source) != UNPACK_NOT && members_fail(a, &packed.source, d);
	archive_read_free(a);
	return listed;
}

/* --- which of them --- */

static bool
parse_as(const struct request *r, struct doc *d, const char *kind, bool (*wants)(const char *),
	 bool (*parse)(const struct members *, struct doc *))
{
	struct members m;
	bool parsed;

	d->kind = kind;
	parsed = members_read(r, d, &m, wants) && parse(&m, d);
	if (!parsed && m.cut && d->failed && strcmp(d->failed, "damaged") == 0)
		doc_fail(d, "memory", "unpacked, it is too large to parse");
	members_free(&m);
	return parsed;
}

static bool
parse_odf(const struct members *m, struct doc *d)
{
	return odf_parse(m, packed.tree, d);
}

static bool
parse_docx(const struct members *m, struct doc *d)
{
	return docx_parse(m, packed.tree, d);
}

static bool
parse_epub(const struct members *m, struct doc *d)
{
	return epub_parse(m, packed.tree, d);
}

static bool
package_wants(const char *name)
{
	return word_is_one_of(name, "[Content_Types].xml", "_rels/.rels", "mimetype");
}

/* The parts of workbooks and presentations that have text, and pictures. */
static bool
office_wants(const char *name)
{
	static const char *const without[] = {"customXml/", "docMetadata/", "ppt/theme/",     "ppt/tags/",
					      "xl/theme/",  "xl/calcChain", "xl/pivotCache/", "xl/externalLinks/"};

	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (strncmp(name, without[i], strlen(without[i])) == 0)
			return false;
	return word_ends_in(name, ".xml") || word_ends_in(name, ".rels") || member_is_picture(name);
}

enum zip_type { ZIP_OTHER, ZIP_DOCX, ZIP_XLSX, ZIP_XLSB, ZIP_PPTX, ZIP_EPUB, ZIP_ODF, ZIP_ODS, ZIP_OFFICE };

/* The type of an Open Packaging package: its main part's, or else that of the usual names. */
static enum zip_type
find_package_type(const struct members *m)
{
	char type[OPC_TYPE];

	opc_main_type(m, type);
	if (strstr(type, "wordprocessingml") || strstr(type, "ms-word") || members_has(m, "word/document.xml"))
		return ZIP_DOCX;
	if (strstr(type, "sheet.binary"))
		return ZIP_XLSB;
	if (strstr(type, "spreadsheetml") || strstr(type, "ms-excel") || members_has(m, "xl/workbook.xml"))
		return ZIP_XLSX;
	if (strstr(type, "presentationml") || strstr(type, "ms-powerpoint") || members_has(m, "ppt/presentation.xml"))
		return ZIP_PPTX;
	return ZIP_OFFICE;
}

/* The members of a ZIP determine its type. */
static enum zip_type
find_zip_type(const struct members *m)
{
	bool package = members_has(m, "[Content_Types].xml");
	enum zip_type type = package ? find_package_type(m) : ZIP_OTHER;
	const struct member_one *stated;

	if (members_has(m, "word/document.xml"))
		return ZIP_DOCX;
	if (type != ZIP_OTHER && type != ZIP_OFFICE)
		return type;
	if (members_has(m, "META-INF/container.xml"))
		return ZIP_EPUB;
	stated = members_find(m, "mimetype");
	if (members_has(m, "content.xml") && stated && strncmp(stated->bytes, SPREADSHEET, strlen(SPREADSHEET)) == 0)
		return ZIP_ODS;
	return members_has(m, "content.xml") || members_has(m, "encrypted-package") ? ZIP_ODF : type;
}

static bool
parse_zip(const struct request *r, struct doc *d)
{
	struct members names;
	bool whole = members_read(r, d, &names, package_wants);
	enum zip_type type = find_zip_type(&names);
	bool document = members_has(&names, "[Content_Types].xml") || members_has(&names, "mimetype");

	members_free(&names);
	if (d->failed && strcmp(d->failed, "unread") == 0)
		return false;
	if (!whole && (document || strstr(r->mime, "officedocument") || strstr(r->mime, "opendocument") ||
		       strstr(r->mime, "epub")))
		return false;
	d->failed = NULL;
	switch (type) {
	case ZIP_DOCX:
		return parse_as(r, d, "document", docx_wants, parse_docx);
	case ZIP_XLSX:
		return parse_as(r, d, "document", office_wants, xlsx_parse);
	case ZIP_PPTX:
		return parse_as(r, d, "document", office_wants, pptx_parse);
	case ZIP_XLSB:
		return doc_fail(d, "unsupported", "it is a binary workbook (XLSB); saved as XLSX it can be read");
	case ZIP_EPUB:
		return parse_as(r, d, "book", epub_wants, parse_epub);
	case ZIP_ODF:
		return parse_as(r, d, "document", odf_wants, parse_odf);
	case ZIP_ODS:
		return parse_as(r, d, "document", odf_wants, ods_parse);
	case ZIP_OFFICE:
		return true; /* a file */
	default:
		return list_archive(r, d);
	}
}

/* Flat OpenDocument; its type is in the root element. */
static bool
parse_flat(const struct request *r, struct doc *d, const char *head)
{
	struct members m;
	bool parsed;

	d->kind = "document";
	parsed = members_flat(r, d, &m) &&
		 (strstr(head, "\"" SPREADSHEET) ? ods_parse(&m, d) : odf_parse(&m, packed.tree, d));
	members_free(&m);
	return parsed;
}

bool
packed_parse(const struct request *r, struct doc *d)
{
	char head[FLAT_HEAD + 1] = "";

	if (pread(r->in, head, FLAT_HEAD, 0) >= 4 && memcmp(head, "PK\3\4", 4) == 0)
		return parse_zip(r, d);
	return strstr(head, "<office:document") ? parse_flat(r, d, head) : list_archive(r, d);
}
