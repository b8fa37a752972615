/* Mails (RFC 5322, MIME), mailboxes of them (mbox), and saved pages (MHTML, RFC 2557), by libgmime. */
#include <errno.h>
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "formats.h"
#include "mail/mail_box.h"
#include "mail/mail_content.h"
#include "mail/mail_headers.h"
#include "mail/mail_parts.h"
#include "mail/mail_reader.h"
#include "markdown/plain_markdown.h"

enum {
	DEPTH = 100,    /* of parts in parts */
	PARTS = 100000, /* that are looked at */
	LISTED = 2000,  /* attachments */
	MESSAGES = 10000,
	POOR = 4, /* HTML with less than a fourth of the plain text's length is not all of the mail */
};

struct attachment {
	char *name, *type;
	long long size;
};

struct mail {
	struct doc *d;
	GMimeObject *root; /* in which pictures are */
	unsigned depth;
	size_t parts;
	struct attachment *attachments;
	size_t count;
	bool unsaved;   /* an attachment is only listed */
	bool encrypted; /* a part was */
};

void
mail_load(void)
{
	mail_parts_load();
	mail_reader_load();
}

/* --- attachments --- */

static void
add_attachment(struct mail *m, GMimePart *part)
{
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
	const char *name = g_mime_part_get_filename(part), *saved = mail_save_picture(m->d, part, name);

	m->unsaved = m->unsaved || !saved;
	if (m->count == LISTED) {
		m->d->truncated = true;
		return;
	}
	m->attachments = buf_grow(m->attachments, m->count, sizeof(*m->attachments));
	m->attachments[m->count++] = (struct attachment){.name = buf_strdup(name    ? name
									    : saved ? saved
										    : ""),
							 .type = type ? g_mime_content_type_get_mime_type(type)
								      : g_strdup("application/octet-stream"),
							 .size = mail_part_size(part)};
}

/* The list, as of an archive's members. */
static void
list_attachments(struct mail *m)
{
	struct md *md = &m->d->md;

	if (m->count > 0)
		md_rule(md);
	for (size_t i = 0; i < m->count; i++) {
		struct attachment *a = &m->attachments[i];
		char tail[200];

		md_item(md, -1);
		if (*a->name)
			md_code(md, a->name, strlen(a->name));
		snprintf(tail, sizeof(tail), "%s%.100s, %lld bytes", *a->name ? ", " : "", a->type, a->size);
		md_text(md, tail, strlen(tail));
		md_leave(md);
		free(a->name);
		g_free(a->type);
	}
	free(m->attachments);
	m->attachments = NULL;
	if (m->count > 0)
		doc_meta_number(m->d, "attachments", (double)m->count);
	if (m->unsaved)
		doc_missing(m->d, "attachments");
	m->count = 0;
}

/* --- parts --- */

static void walk(struct mail *m, GMimeObject *part);

static void
put_line(struct md *md, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	md_text(md, name, strlen(name));
	md_text(md, value, strlen(value));
	md_break(md);
}

/* A mail in a mail: its headers, then its parts. */
static void
put_message(struct mail *m, GMimeMessage *message)
{
	struct md *md = &m->d->md;
	const char *subject = g_mime_message_get_subject(message);
	char *from = mail_addresses(message, GMIME_ADDRESS_TYPE_FROM),
	     *to = mail_addresses(message, GMIME_ADDRESS_TYPE_TO);
	GMimeObject *root = m->root;

	md_rule(md);
	if (subject && *subject) {
		md_block(md);
		md_heading(md, 2);
		md_text(md, subject, strlen(subject));
	}
	md_block(md);
	put_line(md, "From: ", from);
	put_line(md, "To: ", to);
	put_line(md, "Date: ", mail_header(message, "Date"));
	md_block(md);
	g_free(from);
	g_free(to);
	m->root = g_mime_message_get_mime_part(message);
	if (m->root)
		walk(m, m->root);
	m->root = root;
}

/* Whether the part can be shown as an alternative, and others need not be. */
static bool
is_shown(GMimeObject *part)
{
	return mail_is_type(part, "text", "plain") || mail_is_type(part, "text", "html") || GMIME_IS_MULTIPART(part) ||
	       GMIME_IS_MESSAGE_PART(part);
}

/* The last alternative that can be shown, which is the richest (RFC 2046, 5.1.4). Plain text follows if it is much
 * longer: then the richer one is a stub. What is no text, such as an invitation, is attached. */
static void
put_alternatives(struct mail *m, GMimeMultipart *parts)
{
	int count = g_mime_multipart_get_count(parts), shown = count - 1;
	size_t before = m->d->md.bytes, added;

	while (shown > 0 && !is_shown(g_mime_multipart_get_part(parts, shown)))
		shown--;
	if (count > 0)
		walk(m, g_mime_multipart_get_part(parts, shown));
	added = m->d->md.bytes - before;
	for (int i = 0; i < count && i < LISTED; i++) {
		GMimeObject *part = g_mime_multipart_get_part(parts, i);

		if (i == shown || (is_shown(part) && !mail_is_type(part, "text", "plain")))
			continue;
		if (!is_shown(part) || mail_plain_length(GMIME_PART(part), m->d) / POOR > added)
			walk(m, part);
	}
}

/* A page with what belongs to it. What it does not show is attached. */
static void
put_related(struct mail *m, GMimeMultipart *parts)
{
	const char *start = g_mime_object_get_content_type_parameter(GMIME_OBJECT(parts), "start");
	int count = g_mime_multipart_get_count(parts), first = 0;
	char *id = start ? g_mime_utils_decode_message_id(start) : NULL;

	for (int i = 0; id && i < count; i++) {
		const char *its = g_mime_object_get_content_id(g_mime_multipart_get_part(parts, i));

		if (its && strcmp(its, id) == 0)
			first = i;
	}
	g_free(id);
	if (count > 0)
		walk(m, g_mime_multipart_get_part(parts, first));
	for (int i = 0; i < count; i++) {
		GMimeObject *part = g_mime_multipart_get_part(parts, i);

		if (i != first && GMIME_IS_PART(part))
			add_attachment(m, GMIME_PART(part));
		else if (i != first)
			walk(m, part);
	}
}

/* What a message of parts has where its first part should be: all of it, if the boundary is nowhere. */
static void
put_prologue(struct mail *m, GMimeMultipart *parts)
{
	const char *prologue = g_mime_multipart_get_prologue(parts);
	char *text = buf_strdup(prologue ? prologue : "");

	plain_markdown_add(&m->d->md, text, doc_clean(text, strlen(text)), PLAIN_QUOTES | PLAIN_WRAPPED);
	free(text);
}

static void
put_multipart(struct mail *m, GMimeMultipart *parts)
{
	GMimeObject *object = GMIME_OBJECT(parts);
	int count = g_mime_multipart_get_count(parts);

	if (mail_is_type(object, "multipart", "encrypted")) {
		m->encrypted = true;
	} else if (mail_is_type(object, "multipart", "signed")) {
		doc_meta(m->d, "signed", g_mime_object_get_content_type_parameter(object, "protocol"));
		doc_meta(m->d, "signed", "yes");
		if (count > 0)
			walk(m, g_mime_multipart_get_part(parts, 0));
	} else if (mail_is_type(object, "multipart", "alternative")) {
		put_alternatives(m, parts);
	} else if (mail_is_type(object, "multipart", "related")) {
		put_related(m, parts);
	} else if (count == 0) {
		put_prologue(m, parts);
	} else {
		for (int i = 0; i < count && !m->d->md.full; i++)
			walk(m, g_mime_multipart_get_part(parts, i));
	}
}

/* What is only signed is read. */
static void
put_smime(struct mail *m, GMimePart *part)
{
	GMimeObject *content = mail_content_signed(part);

	if (!content) {
		m->encrypted = true;
		return;
	}
	doc_meta(m->d, "signed", "application/pkcs7-signature");
	walk(m, content);
	g_object_unref(content);
}

static void
put_part(struct mail *m, GMimePart *part)
{
	GMimeObject *object = GMIME_OBJECT(part);
	bool attached = mail_is_attached(object);
	const char *name;

	if (mail_is_type(object, "application", "pkcs7-mime") || mail_is_type(object, "application", "x-pkcs7-mime")) {
		put_smime(m, part);
	} else if (!attached && mail_is_type(object, "text", "html")) {
		mail_put_html(m->d, part, m->root, NULL);
	} else if (!attached && mail_is_type(object, "text", "plain")) {
		if (mail_content_is_pgp(part))
			m->encrypted = true;
		else
			mail_put_plain(m->d, part);
	} else {
		name = mail_save_picture(m->d, part, g_mime_part_get_filename(part));
		if (name && !attached) {
			md_block(&m->d->md);
			md_image(&m->d->md, name, g_mime_part_get_filename(part));
			md_block(&m->d->md);
		}
		add_attachment(m, part);
	}
}

static void
walk(struct mail *m, GMimeObject *part)
{
	if (m->depth >= DEPTH || m->parts >= PARTS || m->d->md.full || request_is_late()) {
		m->d->truncated = true;
		return;
	}
	m->depth++;
	m->parts++;
	if (GMIME_IS_MULTIPART(part))
		put_multipart(m, GMIME_MULTIPART(part));
	else if (GMIME_IS_MESSAGE_PART(part) && g_mime_message_part_get_message(GMIME_MESSAGE_PART(part)))
		put_message(m, g_mime_message_part_get_message(GMIME_MESSAGE_PART(part)));
	else if (GMIME_IS_PART(part))
		put_part(m, GMIME_PART(part));
	m->depth--;
}

/* --- saved pages --- */

/* The page of a saved page, and its address in *URL; NULL: this is a mail. */
static GMimePart *
find_page(GMimeMessage *m, const char **url)
{
	GMimeObject *part = g_mime_message_get_mime_part(m);
	const char *snapshot = mail_header(m, "Snapshot-Content-Location");

	if (GMIME_IS_MULTIPART(part) && mail_is_type(part, "multipart", "related") &&
	    g_mime_multipart_get_count(GMIME_MULTIPART(part)) > 0)
		part = g_mime_multipart_get_part(GMIME_MULTIPART(part), 0);
	if (!part || !GMIME_IS_PART(part) || mail_header(m, "To") || mail_header(m, "Received") ||
	    !(mail_is_type(part, "text", "html") || mail_is_type(part, "application", "xhtml+xml")))
		return NULL;
	*url = g_mime_part_get_content_location(GMIME_PART(part));
	if (snapshot && (!*url || strncasecmp(*url, "http", 4) != 0))
		*url = snapshot;
	return *url ? GMIME_PART(part) : NULL;
}

static void
put_page(struct doc *d, GMimeMessage *m, GMimePart *page, const char *url)
{
	bool web = strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;

	d->kind = "page";
	mail_put_html(d, page, g_mime_message_get_mime_part(m), web ? url : "");
	doc_set_string(&d->title, g_mime_message_get_subject(m));
	if (web)
		doc_set_string(&d->canonical, url);
	mail_put_date(d, m, "saved");
}

/* --- the file --- */

static bool
put_mail(struct mail *m, GMimeMessage *message)
{
	struct doc *d = m->d;

	d->kind = "mail";
	mail_describe(d, message);
	m->root = g_mime_message_get_mime_part(message);
	if (m->root)
		walk(m, m->root);
	if (m->encrypted && d->md.bytes == 0 && m->count == 0)
		return doc_fail(d, "encrypted", "it is encrypted");
	if (m->encrypted)
		doc_missing(d, "encrypted parts");
	list_attachments(m);
	return true;
}

/* The mail at one place of the file, for g_object_unref(); NULL: there is none. */
static GMimeMessage *
read_mail(GMimeStream *file, int64_t start, int64_t end, bool *cut)
{
	GMimeStream *stream = g_mime_stream_substream(file, start, end);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = mail_next(parser, cut);

	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

/* Reads further mails of a mailbox. */
static void
put_others(struct mail *m, struct mail_box *box, GMimeStream *file)
{
	size_t count = 1;

	for (int64_t start, end; mail_box_next(box, &start, &end); count++) {
		GMimeMessage *message;

		if (count == MESSAGES || m->d->md.full || request_is_late()) {
			m->d->truncated = true;
			break;
		}
		message = read_mail(file, start, end, &m->d->truncated);
		if (!message)
			break;
		put_message(m, message);
		list_attachments(m);
		g_object_unref(message);
	}
	doc_meta_number(m->d, "messages", (double)count);
	if (m->encrypted)
		doc_missing(m->d, "encrypted parts");
}

static bool
parse_file(struct doc *d, struct mail_box *box, GMimeStream *file)
{
	struct mail m = {.d = d};
	int64_t start = 0, end = 0;
	bool any = mail_box_next(box, &start, &end), parsed = false;
	GMimeMessage *message = any ? read_mail(file, start, end, &d->truncated) : NULL;
	const char *url = NULL;
	GMimePart *page = message && !box->box ? find_page(message, &url) : NULL;

	mail_parts_begin(box->box);
	if (page) {
		put_page(d, message, page, url);
		parsed = true;
	} else if (message && mail_has_headers(message)) {
		parsed = put_mail(&m, message);
		if (box->at < box->size) {
			if (d->failed) {
				d->failed = NULL;
				parsed = true;
			}
			put_others(&m, box, file);
		}
	}
	if (message)
		g_object_unref(message);
	return box->failed ? doc_unread(d, box->failed) : parsed;
}

bool
mail_parse(const struct request *r, struct doc *d)
{
	GMimeStream *file = g_mime_stream_mmap_new(r->in, PROT_READ, MAP_PRIVATE);
	struct mail_box box;
	struct stat st;
	bool parsed;

	if (!file)
		return errno == EINVAL ? false : doc_unread(d, errno); /* it is empty */
	g_mime_stream_mmap_set_owner(GMIME_STREAM_MMAP(file), FALSE);
	if (fstat(r->in, &st) < 0)
		return doc_unread(d, errno);
	mail_box_open(&box, r->in, st.st_size);
	parsed = parse_file(d, &box, file);
	g_object_unref(file);
	return parsed;
}
