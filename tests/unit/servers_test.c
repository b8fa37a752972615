#include "testing.h"

#include <json-c/json.h>

#include "http/servers.h"
#include "records/rec.h"

/* What servers_record() makes of a lease's text, as JSON. */
static void
assert_record(const char *text, const char *expected)
{
	struct lease_seen seen = {.port = 8000, .holder = 42};
	struct json_object *record;

	buf_str(&seen.record, text);
	record = servers_record(&seen);
	assert_string_equal(rec_print(record), expected);
	json_object_put(record);
	buf_free(&seen.record);
}

static void
a_record_is_believed_but_for_what_the_kernel_knows(void **state)
{
	(void)state;
	assert_record("{\"port\":1,\"pid\":1,\"batch\":\"A\",\"new\":[1]}",
		      "{\"port\":8000,\"pid\":42,\"batch\":\"A\",\"new\":[1]}");
	assert_record("{}", "{\"port\":8000,\"pid\":42}");
}

static void
no_record_is_a_server_that_starts(void **state)
{
	static const char *const texts[] = {"", "rubbish", "[1]", "7", "null", "{\"port\":", "{} {}"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_record(texts[i], "{\"port\":8000,\"pid\":42,\"starting\":true}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_believed_but_for_what_the_kernel_knows),
		cmocka_unit_test(no_record_is_a_server_that_starts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("servers", tests, NULL, NULL);
}
