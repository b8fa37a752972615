/* fuzz: tools/parse/text/text.c tools/parse/text/csv.c tools/parse/text/subtitles.c tools/parse/text/cues.c
 * tools/parse/text/svg_text.c tools/parse/markdown/plain_markdown.c */
#include "parsing.h"

/* The first byte is the kind of text. */
FUZZ(text, text_load)
{
	static const char *const kinds[][2] = {{"text/plain", "a.txt"},    {"text/csv", "a.csv"},
					       {"text/plain", "a.srt"},    {"text/vtt", "a.vtt"},
					       {"text/plain", "a.ass"},    {"text/plain", "a.sbv"},
					       {"image/svg+xml", "a.svg"}, {"application/ttml+xml", "a.ttml"}};
	size_t kind = n ? (unsigned char)*bytes % 8 : 0;

	fuzz_parse(text_parse, bytes + (n > 0), n - (n > 0), kinds[kind][0], kinds[kind][1]);
}
