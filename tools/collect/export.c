/* Goes through what was chosen, and exports it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/msg.h"
#include "decisions.h"
#include "export.h"
#include "export_filter.h"
#include "export_form.h"
#include "export_internal.h"
#include "export_layout.h"
#include "export_records.h"
#include "files/file.h"
#include "section.h"
#include "store.h"

/* --- a subject --- */

/* The choices of FILE for the subject. */
static struct json_object *
choices_of(const struct export *x, const char *file)
{
	struct json_object *some = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(x->choices); i++) {
		struct json_object *o = json_object_array_get_idx(x->choices, i);

		if (strcmp(choice_text(o, "file"), file) == 0)
			json_object_array_add(some, json_object_get(o));
	}
	return some;
}

/* The size of a sample in a tar file. */
static uint64_t
tar_size(uint64_t bytes)
{
	return 512 + (bytes + 511) / 512 * 512;
}

/* Begins the next shard if this one is full. */
static int
make_room(struct export *x, uint64_t bytes)
{
	const struct settings *set = x->c->set;
	int code = EX_ALL_WELL;

	if (x->samples > 0 && ((set->shard_samples && x->samples >= set->shard_samples) ||
			       (set->shard_bytes && x->bytes + bytes > set->shard_bytes))) {
		code = export_end(x);
		if (code == EX_ALL_WELL)
			code = export_begin(x);
	}
	x->bytes += bytes;
	return code;
}

static int
add_sample(const char *file, void *arg)
{
	struct export *x = arg;
	struct json_object *some = choices_of(x, file);
	struct buf key = {0}, name = {0}, json = {0};
	struct stat st = {0};
	int code;

	naming_metadata(&x->naming, x->id, some, &json);
	json_object_put(some);
	naming_file(&x->naming, x->place, x->choices, file, &key);
	buf_str(&name, key.data);
	naming_extension(file, &name);
	buf_str(&key, ".json");
	code = fstatat(x->subject, file, &st, AT_SYMLINK_NOFOLLOW) < 0 ? export_report(x, file) : EX_ALL_WELL;
	if (code == EX_ALL_WELL)
		code = make_room(x, tar_size((uint64_t)st.st_size) + tar_size(json.len));
	if (code == EX_ALL_WELL)
		code = export_add_file(x, file, name.data, name.data);
	if (code == EX_ALL_WELL && pack_bytes(x->pack, key.data, json.data, json.len) < 0)
		code = export_report(x, key.data);
	buf_free(&key);
	buf_free(&name);
	buf_free(&json);
	return code;
}

/* Adds the file by the name that it has in an archive. */
static int
document_one(struct export *x, const char *file, const char *name)
{
	const struct document_file f = {x->id, file, name, x->choices};

	x->samples++;
	return document_add_file(x->document, &f) < 0 ? export_report(x, name) : EX_ALL_WELL;
}

/* Adds the file, called NAME in the tree, to what the filter reads. */
static int
add_record(struct export *x, const char *file, const char *name)
{
	const struct export_record r = {x->id, x->place, file, name, export_prefix(x), x->choices, x->subject};
	int rc = export_records_add(x->records, x->c->set, &r);

	x->samples += rc > 0;
	return rc < 0 ? export_report(x, file) : EX_ALL_WELL;
}

static int
add_file(const char *file, void *arg)
{
	struct export *x = arg;
	struct buf name = {0};
	size_t tree;
	int code;

	buf_printf(&name, "%s%s/", export_prefix(x), place_tree[x->c->set->by]);
	tree = name.len;
	buf_printf(&name, "%s/", x->folder.data);
	naming_file(&x->naming, x->place, x->choices, file, &name);
	if (x->records)
		code = add_record(x, file, name.data + tree);
	else if (x->document)
		code = document_one(x, file, name.data);
	else
		code = export_add_file(x, file, name.data, name.data + strlen(export_prefix(x)));
	buf_free(&name);
	return code;
}

static int
add_metadata(struct export *x)
{
	struct buf name = {0}, json = {0};
	int code = EX_ALL_WELL;

	naming_metadata(&x->naming, x->id, x->choices, &json);
	buf_printf(&name, "%s%s/%s/metadata.json", export_prefix(x), place_tree[x->c->set->by], x->folder.data);
	if (pack_bytes(x->pack, name.data, json.data, json.len) < 0)
		code = export_report(x, name.data);
	buf_free(&name);
	buf_free(&json);
	return code;
}

/* Adds what follows the files of the current subject. */
static int
end_subject(struct export *x)
{
	if (x->document)
		return document_add_subject(x->document, &x->naming, x->id, x->choices) < 0
			       ? export_report(x, "its end")
			       : EX_ALL_WELL;
	return x->shards || x->records ? EX_ALL_WELL : add_metadata(x);
}

/* Adds the subject at PLACE, which must have at least EXPECTED choices. */
static int
add_subject(struct export *x, const char *place, size_t expected)
{
	int code = export_subject_open(x, place);

	if (code == EX_ALL_WELL) {
		buf_printf(&x->contents, "%s\t%zu\n", x->id, expected);
		naming_begin(&x->naming, place, x->choices, &x->folder);
		if (json_object_array_length(x->choices) < expected)
			code = export_subject_report_changed(x, place);
	}
	if (code == EX_ALL_WELL)
		code = credits_each_file(x->choices, x->shards ? add_sample : add_file, x);
	if (code == EX_ALL_WELL)
		code = end_subject(x);
	export_subject_close(x);
	return code;
}

static int
compare_kept(const void *a, const void *b)
{
	return strcmp(((const struct kept *)a)->place, ((const struct kept *)b)->place);
}

/* Adds all subjects, in the order of their places. */
static int
add_subjects(struct export *x)
{
	struct collect *c = x->c;
	int code = EX_ALL_WELL;

	qsort(c->kept, c->kept_n, sizeof(*c->kept), compare_kept);
	for (size_t i = 0; i < c->kept_n && code == EX_ALL_WELL;) {
		const char *place = c->kept[i].place;
		size_t expected = 0;

		for (; i < c->kept_n && strcmp(c->kept[i].place, place) == 0; i++)
			expected += c->kept[i].choices;
		code = add_subject(x, place, expected);
	}
	return code;
}

/* --- all of it --- */

/* Adds the list of what the export must have; it was made during collection, not during packing. */
static int
add_contents(struct export *x)
{
	struct buf name = {0};
	int code = EX_ALL_WELL;

	buf_printf(&name, "%sCONTENTS", export_prefix(x));
	if (pack_bytes(x->pack, name.data, x->contents.data, x->contents.len) < 0)
		code = export_report(x, name.data);
	buf_free(&name);
	return code;
}

/* Writes the files beside the archives, and names files that an earlier export left. */
static int
finish_export(struct export *x)
{
	struct buf name = {0};
	unsigned left = 0;
	int code = EX_ALL_WELL;

	if (x->dir < 0 || x->sums.len == 0)
		return code;
	export_target_digests_name(x, &name);
	if (atomic_file_replace(x->dir, x->dir, name.data, x->sums.data, x->sums.len, true) < 0)
		code = export_report(x, name.data);
	for (export_target_archive_name(x, &name, x->number);
	     x->shards && faccessat(x->dir, name.data, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	     export_target_archive_name(x, &name, x->number + left))
		left++;
	export_target_archive_name(x, &name, x->number);
	if (left)
		msg_warn("%s/%s and %u more belong to an earlier export, not to this one: remove them", x->path,
			 name.data, left - 1);
	buf_free(&name);
	return code;
}

/* Writes what the filter makes of the records IN. */
static int
write_filtered(struct export *x, struct section *in)
{
	const struct settings *set = x->c->set;
	struct section out;
	int code;

	if (section_flush(in, true) < 0 || section_begin(&out, x->c->temp) < 0)
		return export_report(x, "the records for its filter");
	code = export_filter_run(set->filter, in->part.fd, out.part.fd);
	if (code == EX_ALL_WELL)
		code = set->format == EXPORT_TEXT ? export_publish_text(x, out.part.fd) : export_layout(x, out.part.fd);
	section_drop(&out);
	return code;
}

/* Writes the export by its filter. */
static int
write_by_filter(struct export *x)
{
	int code = EX_ALL_WELL;

	if (x->c->decisions) {
		x->samples = x->c->decisions->n;
		return write_filtered(x, &x->c->decisions->text);
	}
	x->records = export_records_begin(x->c->temp);
	if (!x->records)
		return export_report(x, "the records for its filter");
	code = add_subjects(x);
	return code == EX_ALL_WELL ? write_filtered(x, export_records_text(x->records)) : code;
}

static int
write_export(struct export *x)
{
	int code = export_begin(x);

	if (code == EX_ALL_WELL)
		code = x->c->set->filter ? write_by_filter(x) : add_subjects(x);
	if (code != EX_ALL_WELL || x->c->set->format == EXPORT_TEXT)
		return code;
	if (x->document)
		return export_end_document(x);
	if (!x->c->set->filter)
		code = add_contents(x);
	if (code == EX_ALL_WELL)
		code = export_end(x);
	return code == EX_ALL_WELL ? finish_export(x) : code;
}

int
export_all(struct collect *c, const struct batch_args *names)
{
	struct export x = {
		.c = c, .names = names, .kind = export_kind(c->set), .dir = -1, .part.fd = -1, .subject = -1};
	int code = EX_ALL_WELL;

	x.shards = c->set->format == EXPORT_WEBDATASET;
	x.naming = (struct naming){.template = c->set->name, .samples = x.shards};
	for (size_t i = 0; i < ATTRIBUTION_KINDS; i++)
		x.credits.parts[i].fd = -1;
	/* A zip has local times. */
	if (setenv("TZ", "UTC0", 1) < 0)
		return msg_report_errno("cannot export to %s", c->set->output);
	tzset();
	if (!export_is_stdout(c->set))
		code = export_target_open(&x);
	if (code == EX_ALL_WELL)
		code = write_export(&x);
	pack_drop(x.pack);
	atomic_file_drop(&x.part);
	export_target_drop_tree(&x);
	credits_drop(&x.credits);
	document_drop(x.document);
	export_records_drop(x.records);
	file_close(x.dir, 0);
	free(x.path);
	free(x.base);
	free(x.suffix);
	buf_free(&x.sums);
	buf_free(&x.contents);
	buf_free(&x.folder);
	names_free(&x.naming.taken);
	return code;
}
