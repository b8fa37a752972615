/* bi-parse-picture: parses pictures for bi-parse, in a confined process. */
#include "formats.h"
#include "parse_helper.h"

static const struct format formats[] = {
	{.name = "picture",
	 .limits = {.memory = (size_t)2 << 30, .file_size = OUT_MAX, .files = 64},
	 .load = picture_load,
	 .parse = picture_parse},
	{.name = "picture_extra",
	 .limits = {.memory = (size_t)2 << 30, .file_size = OUT_MAX, .files = 64},
	 .load = picture_extra_load,
	 .parse = picture_parse},
};

int
main(int argc, char **argv)
{
	parse_serve_main(formats, sizeof(formats) / sizeof(formats[0]), argc, argv);
}
