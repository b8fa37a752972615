/* bi-parse-av: the part of bi-parse that parses sound and film. */
#include "formats.h"
#include "parse_helper.h"

static const struct format formats[] = {
	{"av", {.memory = (size_t)1 << 30, .file_size = PARSE_OUT_MAX, .files = 32}, av_load, av_parse},
};

int
main(int argc, char **argv)
{
	parse_serve_main(argc, argv, formats, sizeof(formats) / sizeof(formats[0]));
}
