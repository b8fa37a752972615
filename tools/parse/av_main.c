/* bi-parse-av: parses sound and film for bi-parse, in a confined process. */
#include "formats.h"
#include "parse_helper.h"

static const struct format formats[] = {
	{.name = "av",
	 .limits = {.memory = (size_t)1 << 30, .file_size = OUT_MAX, .files = 32},
	 .load = av_load,
	 .parse = av_parse},
};

int
main(int argc, char **argv)
{
	parse_serve_main(formats, sizeof(formats) / sizeof(formats[0]), argc, argv);
}
