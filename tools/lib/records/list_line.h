/*
 * list_line: a line of a list as people write it, made into what it names.
 *
 * Editors, spreadsheets and web pages leave byte order marks, blanks and quotes around URLs. bi-fetch and bi-api clean
 * each line by these functions, so that both read the same list alike.
 */
#ifndef BI_LIST_LINE_H
#define BI_LIST_LINE_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Removes from LINE, in place, byte order marks and blanks of any script at both ends, then one pair of quotes around
 * it ('…', "…", “…”, or <…> around a URL), and the blanks inside these. Returns false, with LINE empty, for a line to
 * be skipped: one of blanks, or a comment, whose first character is '#'. A '#' in quotes begins no comment. LINE may be
 * text that is not UTF-8.
 */
bool list_line_clean(struct buf *line);

/*
 * Removes byte order marks and blanks at both ends of URL, in place, and percent-encodes each space behind its host as
 * %20, as browsers do (URL Standard, path and query percent-encode sets). A space in the host stays, since no host has
 * one. Returns whether URL was changed.
 */
bool list_url_clean(struct buf *url);

#endif
