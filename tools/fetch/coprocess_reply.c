/* coprocess_reply: applies the answers of the filter. */
#include <string.h>

#include "coprocess.h"
#include "result_members.h"

char *
coprocess_reply_line(const struct job *j, struct json_object *answer)
{
	size_t before = strlen(j->line), after;
	struct json_object *o = rec_parse(j->line, before, NULL, 0);
	const char *text = j->line;
	char *line = NULL;

	if (o) {
		result_members_copy_others(o, answer);
		text = rec_print(o);
	}
	after = strlen(text);
	if (after <= BATCH_ITEM_MAX || after <= before)
		line = buf_strdup(text);
	json_object_put(o);
	return line;
}

/* Codes as in bi-records(5): another text would be a bad key in counts by code. */
static bool
is_code(const char *code)
{
	size_t n = code ? strlen(code) : 0;

	return n > 0 && n < sizeof(((struct job *)NULL)->code) &&
	       strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

bool
coprocess_reply_failure(struct json_object *answer, const char **code, const char **message)
{
	struct json_object *error = NULL, *retryable = NULL;

	json_object_object_get_ex(answer, "error", &error);
	json_object_object_get_ex(error, "retryable", &retryable);
	*code = rec_string(error, "code");
	*message = rec_string(error, "message");
	if (!is_code(*code))
		*code = "filter_failed";
	if (!*message || !**message)
		*message = "the filter refused it, and does not say why";
	return json_object_get_boolean(retryable);
}

const char *
coprocess_reply_check(const struct job *j, const struct rec *r, struct buf *why)
{
	const char *batch = rec_string(r->json, "batch"), *status = rec_string(r->json, "status");
	long long item = rec_number(r->json, "item", 0);

	if (r->kind == REC_BAD)
		buf_printf(why, "the filter's answer is no record: %s " COPROCESS_ANSWERS, r->wrong);
	else if (r->kind == REC_PLAIN)
		buf_printf(why, "the filter's answer is no record: %.100s " COPROCESS_ANSWERS, r->text);
	else if (item != j->item || (batch && strcmp(batch, batch_name(j->target->batch)) != 0))
		buf_printf(why, "the filter's answer is that of another item (%lld)", item);
	else if (status && strcmp(status, "completed") != 0 && strcmp(status, "failed") != 0)
		buf_printf(why, "the filter's answer has the status '%.100s'", status);
	return why->data;
}
