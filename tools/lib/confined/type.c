#include "confined/type.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/clock.h"
#include "confined/helper.h"

enum { PATIENCE = 10 * 1000 }; /* milliseconds for one answer */

struct typer {
	struct helper helper;
};

struct extension {
	const char *mime, *ext;
};

/* Sorted by media type. */
static const struct extension extensions[] = {
	{"application/epub+zip", "epub"},
	{"application/gzip", "gz"},
	{"application/java-archive", "jar"},
	{"application/javascript", "js"},
	{"application/json", "json"},
	{"application/mbox", "mbox"},
	{"application/msword", "doc"},
	{"application/mxf", "mxf"},
	{"application/ogg", "ogx"},
	{"application/pdf", "pdf"},
	{"application/postscript", "ps"},
	{"application/vnd.ms-excel", "xls"},
	{"application/vnd.ms-powerpoint", "ppt"},
	{"application/vnd.oasis.opendocument.presentation", "odp"},
	{"application/vnd.oasis.opendocument.spreadsheet", "ods"},
	{"application/vnd.oasis.opendocument.text", "odt"},
	{"application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"},
	{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
	{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
	{"application/x-7z-compressed", "7z"},
	{"application/x-bzip2", "bz2"},
	{"application/x-cpio", "cpio"},
	{"application/x-ndjson", "ndjson"},
	{"application/x-rar", "rar"},
	{"application/x-shockwave-flash", "swf"},
	{"application/x-tar", "tar"},
	{"application/x-xz", "xz"},
	{"application/xhtml+xml", "xhtml"},
	{"application/xml", "xml"},
	{"application/zip", "zip"},
	{"application/zstd", "zst"},
	{"audio/aac", "aac"},
	{"audio/flac", "flac"},
	{"audio/midi", "mid"},
	{"audio/mpeg", "mp3"},
	{"audio/ogg", "oga"},
	{"audio/x-aiff", "aiff"},
	{"audio/x-hx-aac-adts", "aac"},
	{"audio/x-m4a", "m4a"},
	{"audio/x-wav", "wav"},
	{"font/sfnt", "ttf"},
	{"font/woff", "woff"},
	{"font/woff2", "woff2"},
	{"image/avif", "avif"},
	{"image/bmp", "bmp"},
	{"image/gif", "gif"},
	{"image/heic", "heic"},
	{"image/heif", "heif"},
	{"image/jp2", "jp2"},
	{"image/jpeg", "jpg"},
	{"image/jxl", "jxl"},
	{"image/png", "png"},
	{"image/svg+xml", "svg"},
	{"image/tiff", "tif"},
	{"image/vnd.adobe.photoshop", "psd"},
	{"image/vnd.djvu", "djvu"},
	{"image/vnd.microsoft.icon", "ico"},
	{"image/webp", "webp"},
	{"image/x-canon-cr2", "cr2"},
	{"image/x-canon-crw", "crw"},
	{"image/x-fuji-raf", "raf"},
	{"image/x-icns", "icns"},
	{"image/x-icon", "ico"},
	{"image/x-ms-bmp", "bmp"},
	{"image/x-olympus-orf", "orf"},
	{"image/x-pcx", "pcx"},
	{"image/x-portable-bitmap", "pbm"},
	{"image/x-portable-graymap", "pgm"},
	{"image/x-portable-greymap", "pgm"},
	{"image/x-portable-pixmap", "ppm"},
	{"image/x-tga", "tga"},
	{"image/x-x3f", "x3f"},
	{"image/x-xcf", "xcf"},
	{"message/rfc822", "eml"},
	{"text/calendar", "ics"},
	{"text/css", "css"},
	{"text/csv", "csv"},
	{"text/html", "html"},
	{"text/javascript", "js"},
	{"text/plain", "txt"},
	{"text/rtf", "rtf"},
	{"text/xml", "xml"},
	{"video/3gpp", "3gp"},
	{"video/mp2t", "ts"},
	{"video/mp4", "mp4"},
	{"video/mpeg", "mpg"},
	{"video/ogg", "ogv"},
	{"video/quicktime", "mov"},
	{"video/webm", "webm"},
	{"video/x-flv", "flv"},
	{"video/x-matroska", "mkv"},
	{"video/x-ms-asf", "asf"},
	{"video/x-msvideo", "avi"},
};

static int
by_mime(const void *key, const void *member)
{
	return strcmp(key, ((const struct extension *)member)->mime);
}

const char *
type_extension(const char *mime)
{
	const struct extension *found;
	char bare[TYPE_MIME];

	snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(mime, "; "), mime);
	found = bsearch(bare, extensions, sizeof(extensions) / sizeof(extensions[0]), sizeof(extensions[0]), by_mime);
	return found ? found->ext : "bin";
}

/* Waits until the socket can be read, or with ROOM written too. False when the time is over. */
static bool
wait_for(const struct typer *t, bool room, int64_t until)
{
	struct pollfd p = {.fd = t->helper.socket, .events = (short)(room ? POLLIN | POLLOUT : POLLIN)};

	for (;;) {
		int rc = poll(&p, 1, clock_left(until));

		if (rc > 0)
			return true;
		if (rc == 0 || errno != EINTR)
			return false;
	}
}

struct typer *
type_open(void)
{
	struct typer *t = buf_alloc(sizeof(*t));

	t->helper.program = "bi-type";
	if (helper_start(&t->helper) == 0)
		return t;
	free(t);
	return NULL;
}

void
type_close(struct typer *t)
{
	if (!t)
		return;
	helper_stop(&t->helper);
	free(t);
}

static void
answer_as(struct type_answer *a, const char *mime, const char *ext)
{
	snprintf(a->mime, sizeof(a->mime), "%s", mime);
	snprintf(a->ext, sizeof(a->ext), "%s", ext);
	a->failed = false;
}

static bool
has_text_at(const struct type_head *h, size_t at, const char *text)
{
	size_t n = strlen(text);

	return h->len >= at + n && memcmp((const char *)h->bytes + at, text, n) == 0;
}

/* The type of a file that need not be parsed: an empty file, or one of the usual pictures, whose first bytes are unique
 * (libmagic decides by the same bytes). NULL for all others. */
static const char *
plain_type(const struct type_head *h)
{
	if (h->len == 0)
		return "application/x-empty";
	if (has_text_at(h, 0, "\xff\xd8\xff") && h->len > 3 && ((const unsigned char *)h->bytes)[3] >= 0xc0)
		return "image/jpeg";
	if (has_text_at(h, 0, "\x89PNG\r\n\x1a\n") && has_text_at(h, 12, "IHDR") && h->len > 41 &&
	    !has_text_at(h, 37, "acTL"))
		return "image/png";
	if (has_text_at(h, 0, "GIF87a") || has_text_at(h, 0, "GIF89a"))
		return "image/gif";
	if (has_text_at(h, 0, "RIFF") && has_text_at(h, 8, "WEBPVP8"))
		return "image/webp";
	return NULL;
}

/* Even though bi-type is confined, its answer is checked: it read hostile bytes, and its answer becomes part of a file
 * name. */
static bool
parse_answer(struct type_answer *a, char *packet)
{
	char *space = strchr(packet, ' ');
	const char *ext = space ? space + 1 : "";

	if (!space)
		return false;
	*space = '\0';
	if (strlen(packet) >= TYPE_MIME || !strchr(packet, '/') ||
	    packet[strspn(packet, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/+.-_")] != '\0')
		return false;
	if (!*ext || strlen(ext) >= TYPE_EXT || ext[strspn(ext, "abcdefghijklmnopqrstuvwxyz0123456789")] != '\0')
		return false;
	answer_as(a, packet, ext);
	return true;
}

/* The state of one type_detect(). */
struct asking {
	const struct type_head *heads;
	struct type_answer *answers;
	size_t n, sent, answered; /* heads before ANSWERED have an answer, and heads before SENT were sent */
	int64_t until;            /* when the next answer must arrive */
	unsigned troubles;        /* that delayed the next answer */
	enum helper_sign sign;    /* why exchange_packets() returned false */
};

/* Sends one head, if the socket has room for it. If bi-type has ended, reading its answers to the end detects that. */
static void
send_one(struct typer *t, struct asking *a)
{
	const struct type_head *h = &a->heads[a->sent];

	if (helper_send(&t->helper, h->bytes, h->len < TYPE_HEAD ? h->len : TYPE_HEAD, NULL, 0) < 0)
		return;
	do
		a->sent++;
	while (a->sent < a->n && plain_type(&a->heads[a->sent]));
}

/* Answers the next heads that need no parsing; they are not sent. */
static void
skip_plain(struct asking *a)
{
	const char *mime;

	while (a->answered < a->n && (mime = plain_type(&a->heads[a->answered])))
		answer_as(&a->answers[a->answered++], mime, type_extension(mime));
	if (a->sent < a->answered)
		a->sent = a->answered;
	while (a->sent < a->n && plain_type(&a->heads[a->sent]))
		a->sent++;
}

/* Sends and receives as much as possible without waiting. False if bi-type has ended, hangs or sends an invalid answer.
 */
static bool
exchange_packets(struct typer *t, struct asking *a)
{
	char packet[TYPE_MIME + TYPE_EXT + 8];
	ssize_t n;

	a->sign = HELPER_LATE;
	if (!wait_for(t, a->sent < a->n, a->until))
		return false;
	a->sign = HELPER_NONSENSE;
	while ((n = helper_receive(&t->helper, packet, sizeof(packet))) > 0) {
		if (a->answered >= a->sent || !parse_answer(&a->answers[a->answered], packet))
			return false;
		a->answered++;
		a->troubles = 0;
		a->until = clock_ms() + PATIENCE;
		skip_plain(a);
	}
	a->sign = HELPER_GONE;
	if (n == 0 || (n < 0 && errno != EAGAIN))
		return false;
	a->sign = HELPER_LATE;
	if (clock_left(a->until) == 0)
		return false;
	if (a->sent < a->n)
		send_one(t, a);
	return true;
}

/* The first head without an answer is the cause, if it was sent and the machine is not at fault; the others are sent
 * again. False if bi-type ends repeatedly although nothing was sent. */
static bool
blame_first_head(struct typer *t, struct asking *a)
{
	struct helper_end end = helper_fail(&t->helper, a->sign);
	bool tried = ++a->troubles >= HELPER_TRIES;

	if (a->sent > a->answered && (tried || !end.ours)) {
		answer_as(&a->answers[a->answered], "application/octet-stream", "bin");
		a->answers[a->answered++].failed = end.ours;
		a->troubles = 0;
	} else if (a->sent == a->answered && tried) {
		errno = EPROTO;
		return false;
	}
	a->sent = a->answered;
	return true;
}

int
type_detect(struct typer *t, const struct type_head *heads, size_t n, struct type_answer *answers)
{
	struct asking a = {.heads = heads, .answers = answers, .n = n};

	for (;;) {
		skip_plain(&a);
		if (a.answered == n)
			return 0;
		if (t->helper.socket < 0 && helper_start(&t->helper) < 0)
			return -1;
		a.until = clock_ms() + PATIENCE;
		while (a.answered < n && exchange_packets(t, &a))
			continue;
		if (a.answered == n)
			return 0;
		if (!blame_first_head(t, &a))
			return -1;
	}
}
