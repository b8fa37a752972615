/*
 * main_content: which part of a page is its main content.
 */
#ifndef BI_PARSE_MAIN_CONTENT_H
#define BI_PARSE_MAIN_CONTENT_H

#include "web/dom.h"

/*
 * Marks what is not main content as dropped, and returns the place of the element that has the rest. What is around
 * that element is not to be shown. URL is the page's address, or "". TITLE and AUTHOR are what the page
 * states of itself, or NULL.
 *
 * The method is our own. bi-parse(1) describes its steps. It combines signs that are known from these publications:
 *
 * - The length of a block's text and the share of links in it separate text from boilerplate better than words do
 *   (C. Kohlschuetter, P. Fankhauser, W. Nejdl: Boilerplate Detection using Shallow Text Features, WSDM 2010; the
 *   program is boilerpipe). Here: dom_node.mass, .prose and .linked.
 * - Paragraphs lend their weight to the elements around them, and names of classes count for or against (Readability
 *   of Arc90, today of Mozilla). Here a name alone decides nothing: see page_parts.h.
 * - The text is one stretch of the page, with the best balance of text and tags (J. Pasternack, D. Roth: Extracting
 *   Article Text from the Web with Maximum Subsequence Segmentation, WWW 2009). Here: the lines above the first and
 *   below the last running text are judged more strictly than those between (page_lines.h).
 * - Precise rules come first, and rules that keep more follow if these leave too little (A. Barbaresi: Trafilatura, ACL
 *   2021). Here: enum part_zeal.
 * - Parts that repeat are not the text: records in lists (B. Liu, R. Grossman, Y. Zhai: Mining Data Records in Web
 *   Pages, KDD 2003). Here: teasers, comments and the lines of messages (part_runs.h, page_lines.h).
 *
 * Boilerplate that several pages of a host share is not compared. A page would then have another text after others than
 * alone, another with -P 1 than with -P 8, and another when it is parsed once more. Pages of one host can be compared
 * by whoever has all of them: their texts are in the batch.
 */
uint32_t main_content_find(struct dom *d, const char *url, const char *title, const char *author);

/* The place of the page's own heading if that is outside of what was picked, 0 if there is none: a heading with the
 * words of TITLE (which may be NULL), or else the last <h1> before, or else a line with the words of TITLE. */
uint32_t main_content_heading(const struct dom *d, uint32_t picked, const char *title);

#endif
