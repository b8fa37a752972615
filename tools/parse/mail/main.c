/* bi-parse-mail: the part of bi-parse that parses mails. */
#include "formats.h"
#include "parse_helper.h"

static const struct format formats[] = {
	{"mail", {.memory = (size_t)1280 << 20, .file_size = PARSE_OUT_MAX, .files = 16}, mail_load, mail_parse},
};

int
main(int argc, char **argv)
{
	parse_serve_main(argc, argv, formats, sizeof(formats) / sizeof(formats[0]));
}
