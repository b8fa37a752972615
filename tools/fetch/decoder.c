#include "decoder.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#define ZLIB_CONST
#include <zlib.h>

#include "base/buf.h"
#include "base/msg.h"
#include "base/words.h"

enum { HEAD = 2, WINDOW = 15, GZIP = 16, ROOM = 1 << 16 };

struct decoder {
	z_stream z;
	bool gzip;
	enum { UNKNOWN, ENCODED, PLAIN, ENDED, OVER } state; /* OVER: what comes is no part of the body */
	char head[HEAD];                                     /* UNKNOWN: the first bytes */
	size_t head_len;
	char out[ROOM];
};

struct decoder *
decoder_new(const char *encoding)
{
	bool gzip = strcasecmp(encoding, "gzip") == 0 || strcasecmp(encoding, "x-gzip") == 0;
	struct decoder *d;

	if (!gzip && strcasecmp(encoding, "deflate") != 0)
		return NULL;
	d = buf_alloc(sizeof(*d));
	memset(&d->z, 0, sizeof(d->z));
	d->gzip = gzip;
	d->state = UNKNOWN;
	d->head_len = 0;
	if (inflateInit2(&d->z, WINDOW + (gzip ? GZIP : 0)) != Z_OK)
		msg_die(EX_OSERR, "zlib could not start: out of memory");
	return d;
}

bool
decoder_is_for_file(const char *url, const char *type)
{
	static const char *const endings[] = {".gz", ".tgz", ".svgz", ".taz", NULL};
	static const char *const types[] = {"application/gzip", "application/x-gzip", "application/x-tgz", NULL};
	size_t n = strcspn(url, "?#"), dot = n;

	while (dot && url[dot] != '.' && url[dot] != '/')
		dot--;
	return word_is_in_any_case(url + dot, n - dot, endings) ||
	       word_is_in_any_case(type, strcspn(type, "; \t"), types);
}

/* Whether the first bytes are those of the encoding: the magic of gzip, or a checked header of zlib. */
static bool
is_encoded(const struct decoder *d)
{
	unsigned a = (unsigned char)d->head[0], b = (unsigned char)d->head[1];

	return d->gzip ? a == 0x1f && b == 0x8b : (a & 0x0f) == Z_DEFLATED && (a << 8 | b) % 31 == 0;
}

/* Behind the end of a member, a further one of gzip may follow: by its first two bytes, of which HEAD has those of an
 * earlier call. What else follows is no part of the body, as gzip(1) has it, whatever comes behind it. */
static bool
begin_member(struct decoder *d)
{
	static const unsigned char magic[HEAD] = {0x1f, 0x8b};
	z_stream rest;

	while (d->z.avail_in > 0 && d->head_len < HEAD) {
		if (!d->gzip || *d->z.next_in != magic[d->head_len]) {
			d->state = OVER;
			return false;
		}
		d->head_len++;
		d->z.next_in++;
		d->z.avail_in--;
	}
	if (d->head_len < HEAD)
		return false;
	rest = d->z;
	inflateReset(&d->z);
	d->z.next_in = magic;
	d->z.avail_in = HEAD;
	d->state = inflate(&d->z, Z_NO_FLUSH) == Z_OK ? ENCODED : OVER;
	d->z.next_in = rest.next_in;
	d->z.avail_in = rest.avail_in;
	return d->state == ENCODED;
}

static enum decoder_result
inflate_bytes(struct decoder *d, const char *bytes, size_t n, decoder_put *put, void *arg)
{
	int rc = Z_OK;

	d->z.next_in = (const Bytef *)bytes;
	d->z.avail_in = (uInt)n;
	do {
		if (d->state == ENDED && !begin_member(d))
			return DECODER_OK;
		d->z.next_out = (Bytef *)d->out;
		d->z.avail_out = sizeof(d->out);
		rc = inflate(&d->z, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return DECODER_DAMAGED;
		if (d->z.avail_out < sizeof(d->out) && !put(arg, d->out, sizeof(d->out) - d->z.avail_out))
			return DECODER_STOPPED;
		if (rc == Z_STREAM_END) {
			d->state = ENDED;
			d->head_len = 0;
		}
	} while (d->z.avail_in > 0 || d->z.avail_out == 0);
	return DECODER_OK;
}

enum decoder_result
decoder_add(struct decoder *d, const char *bytes, size_t n, decoder_put *put, void *arg)
{
	enum decoder_result head = DECODER_OK;

	while (d->state == UNKNOWN && n > 0) {
		d->head[d->head_len++] = *bytes++;
		n--;
		if (d->head_len < HEAD)
			continue;
		d->state = is_encoded(d) ? ENCODED : PLAIN;
		head = decoder_add(d, d->head, HEAD, put, arg);
	}
	if (head != DECODER_OK || n == 0)
		return head;
	if (d->state == OVER)
		return DECODER_OK;
	if (d->state == PLAIN)
		return put(arg, bytes, n) ? DECODER_OK : DECODER_STOPPED;
	return inflate_bytes(d, bytes, n, put, arg);
}

enum decoder_result
decoder_finish(struct decoder *d, decoder_put *put, void *arg)
{
	if (d->state == ENCODED)
		return DECODER_DAMAGED;
	return d->state == UNKNOWN && d->head_len > 0 && !put(arg, d->head, d->head_len) ? DECODER_STOPPED : DECODER_OK;
}

void
decoder_free(struct decoder *d)
{
	if (d)
		inflateEnd(&d->z);
	free(d);
}
