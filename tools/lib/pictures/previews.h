/*
 * previews: finds the picture inside files that libvips does not read: raw photographs, by libraw, and icons of macOS.
 */
#ifndef BI_PREVIEWS_H
#define BI_PREVIEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum preview_kind {
	PREVIEW_NOT,     /* it is no such file */
	PREVIEW_ENCODED, /* bytes: JPEG, PNG or JPEG 2000 */
	PREVIEW_PIXELS,  /* bytes: width x height of red, green and blue, 8 bits each */
	PREVIEW_FAILED,  /* it is such a file, and there is none: why */
};

struct preview {
	enum preview_kind kind;
	const void *bytes; /* valid until preview_free() and as long as the file's */
	size_t len;
	int width, height;   /* PIXELS: of the preview */
	int owidth, oheight; /* of a raw photograph, as it is stored; 0: the preview is all there is */
	int orientation;     /* of a raw photograph, as EXIF has it, 1 to 8 */
	const char *why;     /* FAILED: a constant, in words for people */
	void *raw, *thumb;   /* libraw's */
	void *pixels;        /* of an old icon, to be freed */
};

/* Finds the largest preview in the raw photograph of LEN bytes (CR2, CR3, NEF, ARW, DNG, RAF, ORF, RW2, PEF and others
 * that libraw knows). PREVIEW_NOT if libraw does not know it. For preview_free(). */
void preview_of_raw(const void *bytes, size_t len, struct preview *out);

/* Whether it begins like a raw photograph that is no TIFF. */
bool preview_is_raw(const void *bytes, size_t len);

/*
 * Finds the largest picture in an icon of macOS: "icns" and its length, then members of a type of four letters and a
 * length of four bytes, its own eight included, most significant byte first. Since Mac OS X 10.5 a member is a PNG or a
 * JPEG 2000 file. Older ones are packed pixels of 24 bits, with a mask in a member of its own, or have
 * one bit or a palette; the latter are not decoded here.
 */
void preview_of_icns(const void *bytes, size_t len, struct preview *out);

void preview_free(struct preview *p);

#endif
