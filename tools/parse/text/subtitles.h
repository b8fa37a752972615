/*
 * subtitles: the text of SubRip (SRT), WebVTT (W3C), SubViewer (SBV), Advanced SubStation (ASS, SSA) and TTML (W3C)
 * files, without numbers, times and marks.
 */
#ifndef BI_PARSE_SUBTITLES_H
#define BI_PARSE_SUBTITLES_H

#include <stdbool.h>
#include <stddef.h>

#include "request.h"

/* Writes the lines of the cues in the N bytes TEXT, UTF-8 with lines that end in LF, and puts their number and when the
 * last one ends into the metadata. False if these are no subtitles. */
bool subtitles_put(const struct request *r, const char *text, size_t n, struct doc *d);

#endif
