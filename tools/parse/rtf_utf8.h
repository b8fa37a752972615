/*
 * rtf_utf8: RTF whose characters are UTF-8 instead of escapes in code pages, for programs that read no code pages.
 *
 * RTF is ASCII. Other characters are \uN, which is followed by a substitute for old readers (\ucN bytes), or bytes \'xx
 * of the code page of the font (\fcharset), or else of the file (\ansicpg). Source: Rich Text Format
 * Specification 1.9.1.
 */
#ifndef BI_PARSE_RTF_UTF8_H
#define BI_PARSE_RTF_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "charsets/charset.h"

/* What is found on the way. */
struct rtf_found {
	bool cut;     /* groups are open at the end, or much is behind the last one: the file is cut short or damaged */
	bool hidden;  /* there is hidden text */
	bool headers; /* there are headers or footers */
	bool pictures, shapes; /* there are pictures, or shapes whose text is one of their properties */
};

/* Sets OUT to N bytes of RTF, which a NUL follows, with its characters as UTF-8. Groups that are open at the end are
 * closed. What pandoc would leave out or misread is written in other words: notes, comments, boxes and fields. The text
 * that tracked changes delete is left out. False: it has more groups in groups than anybody writes. */
bool rtf_utf8(const struct charsets *c, const char *rtf, size_t n, struct buf *out, struct rtf_found *found);

#endif
