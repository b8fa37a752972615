#include "export_records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/msg.h"
#include "confined/thumb.h"
#include "export_filter.h"
#include "files/file.h"
#include "records/rec.h"
#include "section.h"
#include "store.h"

enum { MEASURE = 16 };

struct export_records {
	struct section text;
	struct thumber *thumber; /* measures pictures */
};

struct export_records *
export_records_begin(int temp)
{
	struct export_records *r = buf_alloc(sizeof(*r));

	*r = (struct export_records){.thumber = thumb_open(1)};
	if (section_begin(&r->text, temp) == 0)
		return r;
	export_records_drop(r);
	return NULL;
}

/* Adds the width and height of the picture to O. Returns 1, 0 with a message if it is not a picture, or -1 with
 * errno. */
static int
add_size(struct export_records *r, const struct settings *set, const struct export_record *f, struct json_object *o)
{
	struct thumb_job job = {.in = file_open(f->dir, f->file), .out = -1, .size = MEASURE};
	int error, rc = -1;

	if (job.in < 0)
		return -1;
	job.out = memfd_create("thumb", MFD_CLOEXEC);
	if (job.out >= 0) {
		thumb_start(r->thumber, &job);
		thumb_next(r->thumber, true);
		rc = job.end == THUMB_OK;
	}
	error = job.out < 0 ? errno : job.error;
	file_close(job.in, 0);
	file_close(job.out, 0);
	if (job.end == THUMB_UNREAD || job.end == THUMB_UNWRITTEN || job.end == THUMB_UNSTARTED || rc < 0)
		return file_fail(error);
	if (!rc)
		msg_warn("subject %s: %s%s/%s is left out of the export: its size cannot be measured: %s", f->id,
			 f->prefix, place_tree[set->by], f->name, job.why);
	json_object_object_add(o, "width", json_object_new_int(job.owidth));
	json_object_object_add(o, "height", json_object_new_int(job.oheight));
	return rc;
}

/* Adds "D/E/F" to O as its member KEY; D may be "". */
static void
add_path(struct json_object *o, const char *key, const char *d, const char *e, const char *f)
{
	struct buf path = {0};

	buf_printf(&path, "%s%s/%s", d, e, f);
	rec_add_string(o, key, path.data);
	buf_free(&path);
}

int
export_records_add(struct export_records *r, const struct settings *set, const struct export_record *f)
{
	struct json_object *o = json_object_new_object(), *some = json_object_new_array();
	int rc;

	rec_add_string(o, "id", f->id);
	rec_add_string(o, "place", f->place);
	rec_add_string(o, "name", f->name);
	add_path(o, "path", f->prefix, place_tree[set->by], f->name);
	add_path(o, "source", "", f->place, f->file);
	rc = set->filter->pictures ? add_size(r, set, f, o) : 1;
	for (size_t i = 0; i < json_object_array_length(f->choices); i++) {
		struct json_object *one = json_object_array_get_idx(f->choices, i);

		if (strcmp(choice_text(one, "file"), f->file) == 0)
			json_object_array_add(some, json_object_get(one));
	}
	json_object_object_add(o, "choices", some);
	if (rc > 0)
		buf_printf(&r->text.text, "%s\n", rec_print(o));
	json_object_put(o);
	return rc > 0 && section_flush(&r->text, false) < 0 ? -1 : rc;
}

struct section *
export_records_text(struct export_records *r)
{
	return &r->text;
}

void
export_records_drop(struct export_records *r)
{
	if (!r)
		return;
	section_drop(&r->text);
	thumb_close(r->thumber);
	free(r);
}
