#include "event_record.h"

#include "base/when.h"
#include "records/rec.h"

struct json_object *
event_new(const char *event, const char *at, const char *batch)
{
	struct json_object *o = json_object_new_object();
	char text[WHEN_SIZE];

	json_object_object_add(o, "event", json_object_new_string(event));
	json_object_object_add(o, "at", json_object_new_string(at ? at : when_now(text)));
	if (batch)
		json_object_object_add(o, "batch", json_object_new_string(batch));
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
	json_object_put(o);
	*count += 1;
}
