#include <errno.h>

#include "index_pages.h"
#include "json_members.h"
#include "page_json.h"
#include "records/rec.h"
#include "review/review_settings.h"

struct json_object *
page_json_about(const struct render *r, bool brief)
{
	struct json_object *stored = batch_metadata_object(r->batch), *about;
	struct review_settings settings;

	if (!stored && errno != ENOENT && errno != EBADMSG)
		return NULL;
	about = json_object_new_object();
	rec_add_filled(about, "batch", batch_name(r->batch));
	if (stored) {
		json_copy_text(about, "label", stored, NULL);
		json_copy_text(about, "category", stored, NULL);
		json_object_put(stored);
	}
	if (review_settings_read(batch_dirfd(r->batch), &settings) < 0) {
		json_object_put(about);
		return NULL;
	}
	if (settings.all)
		json_object_object_add(about, "review", settings.all);
	json_add_count(about, "subjects", r->plan.count);
	json_add_true(about, "unlicensed", r->candidates > 0 && !r->licensed);
	json_add_true(about, "sheet", r->sheet);
	if (brief)
		return about;
	json_add_count(about, "candidates", r->candidates);
	json_add_count(about, "failed", r->failed);
	json_add_count(about, "waiting", r->waiting);
	return about;
}

void
page_json_head(const struct render *r, struct buf *out)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "head", json_object_get(r->about));
	json_print_line(o, out);
}

void
page_json_index(const struct render *r, const char *key, uint32_t page, struct buf *out)
{
	struct json_object *o = json_object_new_object(), *of = json_object_new_object();

	json_object_object_add(of, "batch", json_object_get(r->about));
	json_add_count(of, "page", page + 1);
	json_add_count(of, "pages", index_pages_count(r->plan.count));
	json_object_object_add(o, key, of);
	json_print_line(o, out);
}

void
page_json_tail(struct buf *out)
{
	buf_str(out, "{\"tail\":{}}\n");
}
