/*
 * doc: what a parser makes of one document: text and what is known of it. The confined process alone uses it.
 */
#ifndef BI_PARSE_DOC_H
#define BI_PARSE_DOC_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "markdown/md.h"

struct doc {
	struct md md;     /* its text is the document's, Markdown */
	const char *kind; /* "page", "text"... as bi-parse(1) lists them; a constant */
	char *title, *language, *description, *author, *date, *canonical; /* NULL: not known; UTF-8, one line each */
	struct json_object *metadata;                                     /* an object of strings and numbers */
	struct json_object *links;                                        /* {"url","text"} */
	struct json_object *media;                                        /* {"url","kind","from","title"} */
	struct json_object *images;  /* {"name","mime","bytes","alt"}, in the order of their bytes in OUT */
	int out;                     /* where the bytes of images are written */
	size_t out_bytes;            /* how many were */
	unsigned pages;              /* 0: it has none */
	bool truncated;              /* a limit cut something off */
	struct json_object *missing; /* an array of words: the parts that the file has and this document lacks */
	bool needs_ocr;              /* its pages are pictures of text */
	const char *package;         /* a Debian package with which more could be read; NULL: none; a constant */
	const char *failed; /* "damaged", "encrypted", "unsupported", "memory": no text is to be had; a constant */
	char why[160];      /* why, in words for people */
};

/* An empty document that writes images to OUT. For doc_free(). */
void doc_begin(struct doc *d, int out);
void doc_free(struct doc *d);

/* Sets *MEMBER to N bytes of TEXT as one line of valid UTF-8, DOC_LINE bytes at most; where it is set already, or
 * nothing is left of TEXT (NULL: nothing), it stays. */
void doc_set(char **member, const char *text, size_t n);
void doc_set_string(char **member, const char *text);

/* Puts TEXT into the metadata under KEY; where the key is there already, or nothing is left of TEXT, it stays. */
void doc_meta(struct doc *d, const char *key, const char *text);
void doc_meta_number(struct doc *d, const char *key, double value);

/* Records that the file has WHAT, but the document lacks it: "text", "footnotes", "formulas"... in lower case, a to z
 * and spaces, DOC_WORD bytes at most; a constant. The same word counts once. */
void doc_missing(struct doc *d, const char *what);

/* A link of the text; the same URL counts once. */
void doc_link(struct doc *d, const char *url, const char *text);

/*
 * Saves a picture that is inside the document, if it is one (JPEG, PNG, GIF, WebP, BMP, TIFF) and there is room. Its
 * name for the text, "image3.jpg", valid for as long as the document; NULL where it is not saved.
 */
const char *doc_image(struct doc *d, const void *bytes, size_t n, const char *alt);

/* Says that nothing can be made of it: damaged, encrypted, unsupported, memory, late (it takes too much time), program
 * (somebody else's program failed), or unread, which may pass. Always false, for `return doc_fail(...)`. */
bool doc_fail(struct doc *d, const char *failed, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same where the file could not be read, for the reason ERROR, an errno. */
bool doc_unread(struct doc *d, int error);

/* Turns N bytes of TEXT in place into valid UTF-8 without control characters other than tab, newline and form feed;
 * the new length. */
size_t doc_clean(char *text, size_t n);

/* What the parent and the confined process agree on. */
enum {
	DOC_TEXT = 16 << 20,   /* bytes of text */
	DOC_META = 4 << 20,    /* bytes of all the rest, as JSON */
	DOC_IMAGES = 64 << 20, /* bytes of all images */
	DOC_IMAGE_COUNT = 500,
	DOC_LINE = 2000, /* bytes of a title and the like */
	DOC_LINKS = 2000,
	DOC_MEDIA = 500,
	DOC_KEYS = 100, /* members of metadata */
	DOC_MISSING = 50,
	DOC_WORD = 40, /* bytes of a word in missing, and of the name of a package */
};

#endif
