#include "event_record.h"

#include "base/when.h"
#include "records/rec.h"

struct json_object *
event_new(const char *event, const char *at, const char *batch)
{
	struct json_object *o = json_object_new_object();
	char text[WHEN_SIZE];

	rec_add_string(o, "event", event);
	rec_add_string(o, "at", at ? at : when_now(text));
	rec_add_string(o, "batch", batch);
	return o;
}

void
event_copy(struct json_object *o, struct json_object *from, const char *const *members)
{
	struct json_object *value;

	for (; *members; members++)
		if (json_object_object_get_ex(from, *members, &value))
			json_object_object_add(o, *members, json_object_get(value));
}

void
event_print(struct json_object *o, uint64_t *count)
{
	rec_write_json(o);
	*count += 1;
}
