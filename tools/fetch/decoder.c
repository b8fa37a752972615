#include "decoder.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#define ZLIB_CONST
#include <zlib.h>

#include "base/buf.h"
#include "base/msg.h"

enum { HEAD = 2, WINDOW = 15, GZIP = 16, ROOM = 1 << 16 };

struct decoder {
	z_stream z;
	bool gzip;
	enum { UNKNOWN, ENCODED, PLAIN, ENDED } state;
	char head[HEAD]; /* UNKNOWN: the first bytes */
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

static bool
is_in(const char *word, size_t n, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) == n && strncasecmp(word, list[i], n) == 0)
			return true;
	return false;
}

bool
decoder_is_for_file(const char *url, const char *type)
{
	static const char *const endings[] = {".gz", ".tgz", ".svgz", ".taz"};
	static const char *const types[] = {"application/gzip", "application/x-gzip", "application/x-tgz"};
	size_t n = strcspn(url, "?#"), dot = n;

	while (dot && url[dot] != '.' && url[dot] != '/')
		dot--;
	return is_in(url + dot, n - dot, endings, sizeof(endings) / sizeof(*endings)) ||
	       is_in(type, strcspn(type, "; \t"), types, sizeof(types) / sizeof(*types));
}

/* Whether the first bytes are those of the encoding: the magic of gzip, or a checked header of zlib. */
static bool
is_encoded(const struct decoder *d)
{
	unsigned a = (unsigned char)d->head[0], b = (unsigned char)d->head[1];

	return d->gzip ? a == 0x1f && b == 0x8b : (a & 0x0f) == Z_DEFLATED && (a << 8 | b) % 31 == 0;
}

static enum decoder_result
inflate_bytes(struct decoder *d, const char *bytes, size_t n, decoder_put *put, void *arg)
{
	int rc = Z_OK;

	d->z.next_in = (const Bytef *)bytes;
	d->z.avail_in = (uInt)n;
	do {
		/* Another member may follow; other data is not part of the body, as in gzip(1). */
		if (d->state == ENDED) {
			if (!d->gzip || d->z.avail_in == 0 || *d->z.next_in != 0x1f)
				return DECODER_OK;
			inflateReset(&d->z);
			d->state = ENCODED;
		}
		d->z.next_out = (Bytef *)d->out;
		d->z.avail_out = sizeof(d->out);
		rc = inflate(&d->z, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return DECODER_DAMAGED;
		if (d->z.avail_out < sizeof(d->out) && !put(arg, d->out, sizeof(d->out) - d->z.avail_out))
			return DECODER_STOPPED;
		if (rc == Z_STREAM_END)
			d->state = ENDED;
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
