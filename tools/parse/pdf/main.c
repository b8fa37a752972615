/* bi-parse-pdf: the part of bi-parse that parses PDF. */
#include "formats.h"
#include "parse_helper.h"

static const struct format formats[] = {
	{"pdf", {.memory = (size_t)2 << 30, .file_size = PARSE_OUT_MAX, .files = 32}, pdf_load, pdf_parse},
};

int
main(int argc, char **argv)
{
	parse_serve_main(argc, argv, formats, sizeof(formats) / sizeof(formats[0]));
}
