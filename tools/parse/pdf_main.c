/* bi-parse-pdf: parses PDF for bi-parse, in a confined process. */
#include "formats.h"
#include "parse_helper.h"

static const struct format formats[] = {
	{.name = "pdf",
	 .limits = {.memory = (size_t)2 << 30, .file_size = OUT_MAX, .files = 32},
	 .load = pdf_load,
	 .parse = pdf_parse},
};

int
main(int argc, char **argv)
{
	parse_serve_main(formats, sizeof(formats) / sizeof(formats[0]), argc, argv);
}
