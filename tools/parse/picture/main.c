/* bi-parse-picture: the part of bi-parse that parses pictures. */
#include "formats.h"
#include "parse_helper.h"

static const struct format formats[] = {
	{"picture", {.memory = (size_t)2 << 30, .file_size = PARSE_OUT_MAX, .files = 64}, picture_load, picture_parse},
	{"picture_extra",
	 {.memory = (size_t)2 << 30, .file_size = PARSE_OUT_MAX, .files = 64},
	 picture_extra_load,
	 picture_parse},
};

int
main(int argc, char **argv)
{
	parse_serve_main(argc, argv, formats, sizeof(formats) / sizeof(formats[0]));
}
