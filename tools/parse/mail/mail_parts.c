#include "mail/mail_parts.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "charsets/charset.h"
#include "html/tree.h"
#include "html/url.h"
#include "mail/mail_content.h"
#include "markdown/plain_markdown.h"
#include "web/html.h"

#define SAVED "bi-saved" /* under which a part has the name of its picture, "" if it is none */

static struct {
	struct charsets *charsets;
	struct tree *tree;
	bool in_box; /* the mail is in a mailbox */
} mail;

void
mail_parts_load(void)
{
	mail.charsets = charset_open();
	mail.tree = tree_new();
}

/* --- bytes --- */

void
mail_parts_begin(bool in_box)
{
	mail.in_box = in_box;
}

static void
read_part(GMimePart *part, size_t max, struct buf *out, bool *cut)
{
	mail_content_read(part, mail.in_box, max, out, cut);
}

long long
mail_part_size(GMimePart *part)
{
	struct mail_content *c = mail_content_open(part, mail.in_box);
	const char *bytes;
	long long size = 0;

	for (size_t n; (n = mail_content_next(c, &bytes)) > 0;)
		size += (long long)n;
	mail_content_close(c);
	return size;
}

/* --- texts --- */

static bool
is_utf8(const struct buf *b)
{
	return utf8_valid_length(b->data, b->len) == b->len;
}

/* RAW as UTF-8. A statement that the bytes contradict does not count: valid UTF-8 beyond ASCII is UTF-8, and what is
 * not valid in UTF-8 is taken for windows-1252. */
static void
decode(const struct buf *raw, int charset, size_t mark, struct buf *out)
{
	bool ascii = true;

	for (size_t i = 0; i < raw->len && ascii; i++)
		ascii = (unsigned char)raw->data[i] < 0x80;
	if (mark == 0 && !ascii && is_utf8(raw))
		charset = CHARSET_UTF8;
	else if (charset == CHARSET_NONE || (charset == CHARSET_UTF8 && !is_utf8(raw)))
		charset = charset_of(mail.charsets, "windows-1252", 12);
	buf_clear(out);
	if (charset == CHARSET_UTF8)
		buf_add(out, raw->data + mark, raw->len - mark);
	else
		charset_convert(mail.charsets, charset, raw->data + mark, raw->len - mark, out);
	buf_str(out, "");
}

static const char *
parameter(GMimePart *part, const char *name)
{
	const char *value = g_mime_object_get_content_type_parameter(GMIME_OBJECT(part), name);

	return value ? value : "";
}

static int
stated_charset(GMimePart *part)
{
	const char *label = parameter(part, "charset");

	return charset_of(mail.charsets, label, strlen(label));
}

/* The text of the part. */
static void
read_plain(GMimePart *part, struct doc *d, struct buf *out)
{
	struct buf raw = {0};

	read_part(part, MAIL_PART, &raw, &d->truncated);
	decode(&raw, stated_charset(part), 0, out);
	buf_free(&raw);
}

size_t
mail_plain_length(GMimePart *part, struct doc *d)
{
	struct buf text = {0};
	size_t n = 0;

	read_plain(part, d, &text);
	for (size_t i = 0; i < text.len; i++)
		n += !isspace((unsigned char)text.data[i]);
	buf_free(&text);
	return n;
}

void
mail_put_plain(struct doc *d, GMimePart *part)
{
	unsigned flags = PLAIN_QUOTES;
	struct buf text = {0};

	if (strcasecmp(parameter(part, "format"), "flowed") == 0)
		flags |= PLAIN_FLOWED | (strcasecmp(parameter(part, "delsp"), "yes") == 0 ? PLAIN_DELSP : 0);
	else
		flags |= PLAIN_WRAPPED;
	read_plain(part, d, &text);
	text.len = doc_clean(text.data, text.len);
	plain_markdown_add(&d->md, text.data, text.len, flags);
	buf_free(&text);
}

/* --- pictures --- */

const char *
mail_save_picture(struct doc *d, GMimePart *part, const char *alt)
{
	const char *name = g_object_get_data(G_OBJECT(part), SAVED);
	struct buf bytes = {0};
	bool cut = false;

	if (!name) {
		read_part(part, MAIL_PART, &bytes, &cut);
		name = cut ? NULL : doc_image(d, bytes.data, bytes.len, alt);
		d->truncated = d->truncated || cut;
		buf_free(&bytes);
		g_object_set_data_full(G_OBJECT(part), SAVED, g_strdup(name ? name : ""), g_free);
	}
	return *(const char *)g_object_get_data(G_OBJECT(part), SAVED) ? g_object_get_data(G_OBJECT(part), SAVED)
								       : NULL;
}

/* What the pictures of a page are looked for with. */
struct related {
	struct doc *d;
	GHashTable *parts; /* by Content-ID as "cid:ID", and by Content-Location */
	CURLU *base;       /* NULL: not known */
};

static void
add_related(GMimeObject *parent, GMimeObject *part, gpointer arg)
{
	GHashTable *parts = arg;
	const char *id = g_mime_object_get_content_id(part),
		   *place = GMIME_IS_PART(part) ? g_mime_part_get_content_location(GMIME_PART(part)) : NULL;

	(void)parent;
	if (!GMIME_IS_PART(part))
		return;
	if (id && !g_hash_table_contains(parts, id))
		g_hash_table_insert(parts, g_strconcat("cid:", id, NULL), part);
	if (place && !g_hash_table_contains(parts, place))
		g_hash_table_insert(parts, g_strdup(place), part);
}

static const char *
find_picture(void *arg, const char *src, const char *alt)
{
	struct related *r = arg;
	char *word = g_uri_unescape_string(src, NULL), *url = r->base ? url_resolve(r->base, src, strlen(src)) : NULL;
	GMimePart *part = g_hash_table_lookup(r->parts, src);

	if (!part && word && strncasecmp(src, "cid:", 4) == 0)
		part = g_hash_table_lookup(r->parts, word);
	if (!part && url)
		part = g_hash_table_lookup(r->parts, url);
	g_free(word);
	free(url);
	return part ? mail_save_picture(r->d, part, alt) : NULL;
}

void
mail_put_html(struct doc *d, GMimePart *part, GMimeObject *root, const char *base)
{
	struct related related = {.d = d, .base = base && *base ? curl_url() : NULL};
	struct html_pictures pictures = {find_picture, &related};
	struct buf raw = {0}, text = {0};
	size_t mark = 0;
	int charset;

	if (related.base && curl_url_set(related.base, CURLUPART_URL, base, CURLU_URLENCODE) != CURLUE_OK) {
		curl_url_cleanup(related.base);
		related.base = NULL;
	}
	related.parts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (GMIME_IS_MULTIPART(root))
		g_mime_multipart_foreach(GMIME_MULTIPART(root), add_related, related.parts);
	read_part(part, DOC_TEXT, &raw, &d->truncated);
	charset = stated_charset(part);
	if (charset == CHARSET_NONE)
		charset = tree_charset(mail.tree, mail.charsets, &raw, "", &mark);
	decode(&raw, charset, mark, &text);
	if (base)
		html_page_with(mail.tree, text.data, text.len, base, false, &pictures, d);
	else
		html_mail(mail.tree, text.data, text.len, &pictures, d);
	g_hash_table_destroy(related.parts);
	curl_url_cleanup(related.base);
	buf_free(&raw);
	buf_free(&text);
}
