#include "result_members.h"

#include <stdbool.h>
#include <stddef.h>

#include "records/rec.h"

enum kind {
	OURS,        /* says what became of an item */
	OF_FILE,     /* the same, but a list may have it too */
	OF_IDENTITY, /* says what the item is, or which items belong to it */
};

static const struct {
	const char *name;
	enum kind kind;
} members[] = {
	{"archive", OF_IDENTITY}, {"attempts", OURS},         {"batch", OURS},         {"bi", OURS},
	{"bytes", OF_FILE},       {"content_type", OF_FILE},  {"error", OURS},         {"etag", OF_FILE},
	{"file", OF_IDENTITY},    {"file_changed_at", OURS},  {"file_id", OURS},       {"final_url", OURS},
	{"finished_at", OURS},    {"found", OF_FILE},         {"found_items", OURS},   {"found_on", OF_IDENTITY},
	{"item", OURS},           {"last_modified", OF_FILE}, {"media", OF_IDENTITY},  {"member", OF_IDENTITY},
	{"members", OF_FILE},     {"mime", OF_FILE},          {"opted_out", OF_FILE},  {"path", OURS},
	{"replaced_file", OURS},  {"same_as", OF_FILE},       {"sha256", OF_FILE},     {"status", OURS},
	{"stream", OF_FILE},      {"subject", OF_IDENTITY},   {"upload", OF_IDENTITY}, {"upload_id", OF_IDENTITY},
	{"url", OF_IDENTITY},     {"warning", OF_FILE},
};

enum { COUNT = sizeof(members) / sizeof(*members) };

void
result_members_remove(struct json_object *item)
{
	bool result = json_object_object_get_ex(item, "item", NULL) && json_object_object_get_ex(item, "status", NULL);

	for (size_t i = 0; i < COUNT; i++)
		if (members[i].kind == OURS || (result && members[i].kind == OF_FILE))
			json_object_object_del(item, members[i].name);
	/* A filter may replace the name that the server gave the file. */
	if (result)
		json_object_object_del(item, "filename");
}

void
result_members_copy_others(struct json_object *result, struct json_object *answer)
{
	const char *names[COUNT + 1] = {0};

	for (size_t i = 0; i < COUNT; i++)
		names[i] = members[i].name;
	rec_copy_members(result, answer, names);
}
