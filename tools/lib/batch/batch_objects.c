#include <errno.h>

#include "batch/batch.h"
#include "records/rec.h"

/* Returns the object in LINE and frees the line. RC is the result of reading it. NULL with errno. */
static struct json_object *
take_object(int rc, struct buf *line)
{
	struct json_object *o = rc == 0 && line->len ? rec_parse(line->data, line->len, NULL, 0) : NULL;

	buf_free(line);
	if (rc < 0 || json_object_is_type(o, json_type_object))
		return o;
	json_object_put(o);
	errno = EBADMSG;
	return NULL;
}

struct json_object *
batch_item_object(const struct batch *b, uint32_t k)
{
	struct buf line = {0};

	return take_object(batch_item(b, k, &line), &line);
}

struct json_object *
batch_result_object(const struct batch *b, uint32_t k)
{
	struct buf line = {0};

	return take_object(batch_result(b, k, &line), &line);
}

struct json_object *
batch_metadata_object(const struct batch *b)
{
	struct buf text = {0};

	return take_object(batch_metadata(b, &text), &text);
}
