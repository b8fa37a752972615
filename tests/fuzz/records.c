/* fuzz: tools/lib/records/rec.c tools/lib/records/list_line.c */
#include "fuzz.h"

#include <unistd.h>

#include "base/utf8.h"
#include "records/rec.h"

/* A record that is written is read as the same. */
static void
check(const struct rec *r)
{
	const char *text = r->kind == REC_JSON ? rec_print(r->json) : r->text;
	struct json_object *again = r->kind == REC_JSON ? rec_parse(text, strlen(text), NULL, 0) : NULL;

	FUZZ_WANT(r->kind == REC_BAD || utf8_valid_length(text, strlen(text)) == strlen(text));
	FUZZ_WANT(r->kind != REC_BAD || (*r->wrong && r->code));
	FUZZ_WANT(r->kind != REC_JSON || strcmp(rec_print(again), text) == 0);
	json_object_put(again);
}

/* The first byte is the form. */
FUZZ(records, NULL)
{
	int fd = fuzz_file(bytes + (n > 0), n - (n > 0));
	struct rec_reader *reader = rec_open((char *[]){NULL}, fd);
	struct rec r;

	rec_set_form(reader, n ? (enum rec_form)((unsigned char)*bytes % 3) : REC_FORM_LINES);
	while (rec_read(reader, &r) != REC_EOF)
		check(&r);
	rec_was_cut(reader);
	rec_close(reader);
	close(fd);
}
