#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "pictures/previews.h"

static size_t
number_at(const uint8_t *b)
{
	return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
}

/* The width of a PNG or of a JPEG 2000 file (ISO 15444-1, its SIZ marker); 0 for others. */
static size_t
width_of(const uint8_t *b, size_t n)
{
	const uint8_t *siz;

	if (n >= 24 && memcmp(b, "\x89PNG\r\n\x1a\n", 8) == 0)
		return number_at(b + 16);
	if (n < 12 || (memcmp(b, "\0\0\0\x0cjP  ", 8) != 0 && memcmp(b, "\xff\x4f\xff\x51", 4) != 0))
		return 0;
	siz = memmem(b, n, "\xff\x4f\xff\x51", 4);
	return siz && n - (size_t)(siz - b) >= 12 ? number_at(siz + 8) : 0;
}

/* --- the form before Mac OS X 10.5 --- */

static const struct old_kind {
	const char *type, *mask;
	size_t width, skip; /* bytes before the pixels */
} old_kinds[] = {
	{"is32", "s8mk", 16, 0},
	{"il32", "l8mk", 32, 0},
	{"ih32", "h8mk", 48, 0},
	{"it32", "t8mk", 128, 4},
};

/* Unpacks COUNT values of one colour to every third byte of OUT: a byte below 128 is followed by that many values and
 * one more, another one by a value that is there 125 times less often than it says. Returns how many bytes of IN that
 * takes, 0 if they do not suffice. */
static size_t
unpack_colour(const uint8_t *in, size_t n, uint8_t *out, size_t count)
{
	size_t at = 0, done = 0;

	while (done < count) {
		size_t times;
		bool run;

		if (at >= n)
			return 0;
		run = in[at] & 0x80;
		times = run ? (size_t)in[at] - 125 : (size_t)in[at] + 1;
		at++;
		if (times > count - done || at + (run ? 1 : times) > n)
			return 0;
		for (size_t i = 0; i < times; i++)
			out[3 * done++] = in[run ? at : at + i];
		at += run ? 1 : times;
	}
	return at;
}

/* Where the mask says that nothing is, a page is white. */
static void
put_on_white(uint8_t *pixels, const uint8_t *mask, size_t count)
{
	for (size_t i = 0; i < 3 * count; i++)
		pixels[i] = (uint8_t)((pixels[i] * mask[i / 3] + 255 * (255 - mask[i / 3])) / 255);
}

/* The member of the type; NULL if there is none. */
static const uint8_t *
find_member(const uint8_t *b, size_t len, const char *type, size_t *n)
{
	for (size_t at = 8; at + 8 <= len; at += *n + 8) {
		*n = number_at(b + at + 4);
		if (*n < 8 || *n > len - at)
			break;
		*n -= 8;
		if (memcmp(b + at, type, 4) == 0)
			return b + at + 8;
	}
	return NULL;
}

/* Decodes the pixels of the member IN. False: they are cut short or damaged. */
static bool
decode_old(const struct old_kind *k, const uint8_t *in, size_t n, uint8_t *pixels)
{
	size_t count = k->width * k->width;

	if (n == 4 * count) { /* not packed, with a byte before each pixel */
		for (size_t i = 0; i < 3 * count; i++)
			pixels[i] = in[i / 3 * 4 + 1 + i % 3];
		return true;
	}
	if (n < k->skip)
		return false;
	in += k->skip;
	n -= k->skip;
	for (int colour = 0; colour < 3; colour++) {
		size_t used = unpack_colour(in, n, pixels + colour, count);

		if (used == 0)
			return false;
		in += used;
		n -= used;
	}
	return true;
}

static void
take_old(const uint8_t *b, size_t len, const struct old_kind *k, struct preview *out)
{
	size_t n, masked, count = k->width * k->width;
	const uint8_t *in = find_member(b, len, k->type, &n), *mask = find_member(b, len, k->mask, &masked);
	uint8_t *pixels;

	if (!in)
		return;
	pixels = buf_alloc(3 * count);
	if (!decode_old(k, in, n, pixels)) {
		free(pixels);
		out->why = "the picture is cut short or damaged";
		return;
	}
	if (mask && masked == count)
		put_on_white(pixels, mask, count);
	free(out->pixels);
	out->kind = PREVIEW_PIXELS;
	out->bytes = out->pixels = pixels;
	out->len = 3 * count;
	out->width = out->height = (int)k->width;
}

void
preview_of_icns(const void *bytes, size_t len, struct preview *out)
{
	const uint8_t *b = bytes;
	size_t best = 0, at = 8, n;

	*out = (struct preview){.kind = PREVIEW_NOT, .orientation = 1};
	if (len < 8 || memcmp(bytes, "icns", 4) != 0)
		return;
	out->kind = PREVIEW_FAILED;
	out->why = "the icons in this file are of one bit or of a palette, which are not decoded here";
	for (; at + 8 <= len; at += n) {
		size_t width;

		n = number_at(b + at + 4);
		if (n < 8 || n > len - at) {
			out->why = "the picture is cut short or damaged";
			break;
		}
		width = width_of(b + at + 8, n - 8);
		if (width <= best)
			continue;
		best = width;
		out->kind = PREVIEW_ENCODED;
		out->bytes = b + at + 8;
		out->len = n - 8;
	}
	for (size_t i = 0; i < sizeof(old_kinds) / sizeof(old_kinds[0]) && out->kind != PREVIEW_ENCODED; i++)
		take_old(b, len, &old_kinds[i], out);
}
