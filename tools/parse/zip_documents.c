/* Packed files: DOCX, ODT, EPUB, and archives, whose members are listed. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "confined/unpack.h"
#include "docx.h"
#include "epub.h"
#include "formats.h"
#include "odf.h"

enum { LISTED = 100000, TRIES = 100 };

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
	members_free(&m);
	return parsed;
}

static bool
parse_epub(const struct members *m, struct doc *d)
{
	return epub_parse(m, packed.tree, d);
}

/* The members of a ZIP determine its type. */
static bool
parse_zip(const struct request *r, struct doc *d)
{
	struct members names;
	bool whole = members_list(r, d, &names);
	bool docx = members_has(&names, "word/document.xml"), odf = members_has(&names, "content.xml"),
	     epub = members_has(&names, "META-INF/container.xml"),
	     other = members_has(&names, "[Content_Types].xml") && !docx;

	members_free(&names);
	if (d->failed && strcmp(d->failed, "unread") == 0)
		return false;
	if (!whole && (strstr(r->mime, "officedocument") || strstr(r->mime, "opendocument") || strstr(r->mime, "epub")))
		return false;
	d->failed = NULL;
	if (docx)
		return parse_as(r, d, "document", docx_wants, docx_parse);
	if (epub)
		return parse_as(r, d, "book", epub_wants, parse_epub);
	if (odf)
		return parse_as(r, d, "document", odf_wants, odf_parse);
	if (other)
		return true; /* a spreadsheet, or slides: a file */
	return list_archive(r, d);
}

bool
packed_parse(const struct request *r, struct doc *d)
{
	char head[4] = "";
	bool is_zip = pread(r->in, head, 4, 0) == 4 && memcmp(head, "PK\3\4", 4) == 0;

	return is_zip ? parse_zip(r, d) : list_archive(r, d);
}
