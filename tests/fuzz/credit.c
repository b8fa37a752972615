/* fuzz: tools/lib/review/credit.c tools/lib/review/credit_fields.c tools/lib/review/credit_licences.c
 * tools/lib/review/credit_text.c tools/lib/review/attribution.c */
#include "fuzz.h"

#include "base/utf8.h"
#include "records/rec.h"
#include "review/attribution.h"
#include "review/credit.h"
#include "review/licence_table.h"

static void
load(void)
{
	FUZZ_WANT(!licence_table_load());
}

/* What is clean stays as it is. */
static void
clean(const char *text)
{
	struct buf once = {0}, twice = {0};

	credit_text(&once, text);
	buf_add(&once, "", 0);
	credit_clean(&twice, once.data);
	FUZZ_WANT(once.len == twice.len && (!once.len || memcmp(once.data, twice.data, once.len) == 0));
	buf_free(&once);
	buf_free(&twice);
}

static void
write_documents(struct json_object *credit)
{
	struct json_object *batches = json_object_new_array();
	struct attribution a = {
		.subject = "7", .file = "7/7_1.jpg", .label = "7", .sha256 = "", .credit = credit, .batches = batches};

	for (enum attribution_kind k = ATTRIBUTION_CSV; k < ATTRIBUTION_KINDS; k++) {
		struct buf out = {0};
		struct json_object *json;

		attribution_head(k, &out);
		attribution_add(k, &out, &a, 0);
		attribution_tail(k, &out, 1);
		json = k == ATTRIBUTION_JSON ? rec_parse(out.data, out.len, NULL, 0) : NULL;
		FUZZ_WANT(k != ATTRIBUTION_JSON || json);
		json_object_put(json);
		buf_free(&out);
	}
	json_object_put(batches);
}

/* An item as a record, or else one whose author is the text. */
FUZZ(credit, load)
{
	size_t valid = utf8_valid_length(bytes, n);
	struct json_object *item = rec_parse(bytes, n, NULL, 0), *credit;
	char *text = fuzz_string(bytes, valid);

	clean(text);
	if (!json_object_is_type(item, json_type_object)) {
		json_object_put(item);
		item = json_object_new_object();
		rec_add_string(item, "author", text);
	}
	credit = credit_of(item);
	credit_allows(credit);
	credit_check(credit, LICENCE_ANY_USE);
	write_documents(credit);
	json_object_put(credit);
	json_object_put(item);
	free(text);
}
