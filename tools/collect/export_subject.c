/* A subject of the collection, for exports. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "choices.h"
#include "export_internal.h"
#include "files/file.h"
#include "records/rec.h"
#include "store.h"

/* A local file is listed by its name only: its directory is private. */
static void
forget_path(struct json_object *choice)
{
	struct json_object *item;

	if (json_object_object_get_ex(choice, "item", &item))
		choices_forget_path(item);
}

/* The undisputed choices that these batches made for the subject. */
static struct json_object *
choices_to_export(const struct export *x, struct json_object *all)
{
	struct json_object *some = json_object_new_array();

	for (size_t i = 0; all && i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);
		const char *batch = rec_string(o, "batch");
		bool named = false;

		for (size_t k = 0; batch && k < x->names->n && !named; k++)
			named = strcmp(batch, x->names->v[k]) == 0;
		if (!named || json_object_object_get_ex(o, "disputed", NULL))
			continue;
		forget_path(o);
		json_object_array_add(some, json_object_get(o));
	}
	return some;
}

/* Reports that the metadata of the subject at PLACE cannot be read, with errno. */
static int
report_unreadable(const struct export *x, const char *place)
{
	int error = errno;
	struct buf path = {0};

	buf_printf(&path, "%s/collected/%s/%s/metadata.json", x->c->root->path, place_tree[x->c->set->by], place);
	if (error == EBADMSG)
		msg_warn("%s is damaged: %s is not written; remove it and collect its batches again", path.data,
			 x->c->set->output);
	else
		msg_warn("cannot read %s: %s; %s is not written", path.data, strerror(error), x->c->set->output);
	buf_free(&path);
	return error == EBADMSG ? EX_DATAERR : msg_exit_code(error);
}

int
export_subject_report_changed(const struct export *x, const char *place)
{
	msg_warn("subject %s was changed in the collection by another process in the meantime: %s is not written; run "
		 "the same command again",
		 place, x->c->set->output);
	return EX_TEMPFAIL;
}

int
export_subject_open(struct export *x, const char *place)
{
	x->place = place;
	x->subject = store_open(x->c, place, false, false);
	if (x->subject < 0)
		return errno == ENOENT ? export_subject_report_changed(x, place) : export_report(x, place);
	x->metadata = store_read(x->subject);
	if (!x->metadata)
		return errno == ENOENT ? export_subject_report_changed(x, place) : report_unreadable(x, place);
	x->choices = choices_to_export(x, store_choices(x->metadata));
	x->id = rec_string(x->metadata, "id");
	if (!x->id)
		x->id = strrchr(place, '/') ? strrchr(place, '/') + 1 : place;
	return EX_ALL_WELL;
}

void
export_subject_close(struct export *x)
{
	file_close(x->subject, 0);
	json_object_put(x->choices);
	json_object_put(x->metadata);
	x->subject = -1;
	x->choices = x->metadata = NULL;
	x->id = x->place = NULL;
}
