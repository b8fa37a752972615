/* The content of an export, and its destination. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/human.h"
#include "base/msg.h"
#include "credits.h"
#include "document.h"
#include "export.h"
#include "export_form.h"
#include "files/file.h"
#include "naming.h"
#include "records/rec.h"
#include "review/pack.h"
#include "store.h"

/* An export that is being written: one archive, or several in sequence. */
struct export
{
	struct collect *c;
	const struct batch_args *names;
	const struct pack_kind *kind;
	bool shards;
	int dir;    /* the directory; -1: standard output */
	char *path; /* of that directory, absolute */
	char *base; /* the name there, without suffix */
	char *suffix;
	struct buf sums;     /* the digests of the archives, for the list beside them */
	struct buf contents; /* what was to be exported: lines with an id, a tab, and the number of choices */
	/* The current archive. */
	struct atomic_file part;
	struct pack *pack;
	struct credits credits;
	struct document *document; /* instead of an archive; NULL: none */
	uint64_t samples, bytes, files;
	unsigned number;
	struct naming naming;
	/* The current subject. */
	const char *id, *place;
	struct buf folder; /* its directory */
	int subject;
	struct json_object *choices;
};

/* --- where it goes --- */

/* Splits the name and opens the directory. 0, or an exit code. */
static int
open_target(struct export *x)
{
	const char *output = x->c->set->output, *slash = strrchr(output, '/'), *name = slash ? slash + 1 : output;
	const struct pack_kind *named = pack_kind_of(name);
	char *parent = slash ? strndup(output, (size_t)(slash - output) + 1) : strdup(".");
	size_t n = strlen(name) - (named ? strlen(named->suffix) : 0);
	char *below;

	x->base = strndup(name, n);
	x->suffix = buf_strdup(named ? name + n : x->shards ? x->kind->suffix : "");
	x->path = parent ? realpath(parent, NULL) : NULL;
	free(parent);
	x->dir = x->path ? open(x->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (x->dir < 0 || !x->base)
		return msg_report_errno("cannot open the directory of %s", output);
	below = root_path_below(x->c->root, x->path);
	if (!below)
		return EX_ALL_WELL;
	msg_warn("--output '%s' is in the directory %s of the root, whose files are the batches' own: name a file "
		 "outside "
		 "of it",
		 output, below);
	free(below);
	return EX_WRONG_USE;
}

static void
archive_name(const struct export *x, struct buf *out, unsigned number)
{
	buf_clear(out);
	buf_str(out, x->base);
	if (x->shards)
		buf_printf(out, "-%06u", number);
	buf_str(out, x->suffix);
}

static void
digests_name(const struct export *x, struct buf *out)
{
	buf_clear(out);
	buf_str(out, x->base);
	buf_str(out, x->shards ? "" : x->suffix);
	buf_str(out, ".sha256");
}

/* Whether NAME may be replaced: it does not exist, or is a file. */
static bool
is_free(const struct export *x, const char *name)
{
	struct stat st;

	if (fstatat(x->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return true;
		msg_warn_errno("cannot examine %s/%s", x->path, name);
		return false;
	}
	if (S_ISREG(st.st_mode))
		return true;
	msg_warn("%s/%s exists and is not a file: move it away, or give --output another name", x->path, name);
	return false;
}

/* --- one archive --- */

static const char *
path_prefix(const struct export *x)
{
	return x->shards ? "__bi__/" : "collected/";
}

/* Reports what went wrong with the archive. Returns the exit code. */
static int
report_trouble(const struct export *x, const char *what)
{
	int error = errno;

	if (error == EBADMSG) {
		msg_warn("%s: a file in the collection is not what its name says: remove it and collect again", what);
		return EX_DATAERR;
	}
	msg_warn_errno("cannot write %s: %s", x->c->set->output, what);
	return msg_exit_code(error);
}

static int
begin_document(struct export *x)
{
	x->document = document_begin(x->c->set, x->c->temp);
	if (!x->document || (x->dir >= 0 && atomic_file_open(&x->part, x->dir) < 0))
		return report_trouble(x, "its file cannot be made");
	return EX_ALL_WELL;
}

static int
begin_archive(struct export *x)
{
	x->samples = x->bytes = 0;
	if (export_is_document(x->c->set))
		return begin_document(x);
	if (credits_begin(&x->credits, x->c->temp) < 0 || (x->dir >= 0 && atomic_file_open(&x->part, x->dir) < 0))
		return report_trouble(x, "its file cannot be made");
	x->pack = pack_begin(x->kind, x->dir >= 0 ? x->part.fd : STDOUT_FILENO,
			     x->shards ? "__bi__/SHA256SUMS" : "collected/SHA256SUMS");
	return x->pack ? EX_ALL_WELL : EX_UNAVAILABLE;
}

static void
report_archive(const struct export *x, const char *name, const char *hex, uint64_t bytes)
{
	struct buf path = {0};

	buf_printf(&path, "%s/%s", x->path, name);
	if (x->c->set->json) {
		struct json_object *o = json_object_new_object();

		rec_add_string(o, "export", path.data);
		json_object_object_add(o, "bytes", json_object_new_int64((int64_t)bytes));
		rec_add_string(o, "sha256", hex);
		json_object_object_add(o, "files", json_object_new_int64((int64_t)x->samples));
		rec_write_json(o);
	} else {
		human_print("%s: %llu file%s, %llu bytes", path.data, (unsigned long long)x->samples,
			    x->samples == 1 ? "" : "s", (unsigned long long)bytes);
	}
	rec_flush();
	buf_free(&path);
}

/* Adds the credits of the files in it. */
static int
pack_credits(struct export *x)
{
	char hex[ATTRIBUTION_KINDS][HASH_HEX + 1];
	struct buf name = {0};
	int rc = credits_end(&x->credits, hex);

	for (size_t i = 0; i < ATTRIBUTION_KINDS && rc == 0; i++) {
		buf_clear(&name);
		buf_printf(&name, "%s%s", path_prefix(x), attribution_name[i]);
		rc = pack_file(x->pack, name.data, x->credits.parts[i].fd, hex[i]);
	}
	buf_free(&name);
	return rc;
}

static int
end_document(struct export *x)
{
	long long length = document_end(x->document, x->dir >= 0 ? x->part.fd : STDOUT_FILENO);
	char hex[HASH_HEX + 1];
	struct buf name = {0};
	int code = EX_ALL_WELL;

	if (x->dir >= 0)
		archive_name(x, &name, 0);
	if (length < 0 || (x->dir >= 0 && (file_digest(x->part.fd, hex) < 0 || fsync(x->part.fd) < 0 ||
					   atomic_file_publish(&x->part, x->dir, name.data) < 0)))
		code = report_trouble(x, "the end of the document");
	else if (x->dir >= 0)
		report_archive(x, name.data, hex, (uint64_t)length);
	buf_free(&name);
	return code;
}

static int
end_archive(struct export *x)
{
	char hex[HASH_HEX + 1];
	struct buf name = {0}, beside = {0};
	struct pack *pack = x->pack;
	uint64_t bytes;
	int rc = pack_credits(x), code;

	if (rc == 0) {
		x->pack = NULL;
		rc = pack_end(pack, hex, &bytes);
	}
	credits_drop(&x->credits);
	if (rc == 0 && x->dir >= 0) {
		archive_name(x, &name, x->number);
		digests_name(x, &beside);
		buf_printf(&x->sums, "%s  %s\n", hex, name.data);
		if (fsync(x->part.fd) < 0 ||
		    (x->number == 0 && unlinkat(x->dir, beside.data, 0) < 0 && errno != ENOENT) ||
		    atomic_file_publish(&x->part, x->dir, name.data) < 0)
			rc = -1;
		else
			report_archive(x, name.data, hex, bytes);
	}
	code = rc == 0 ? EX_ALL_WELL : report_trouble(x, "the end of the export");
	x->number++;
	buf_free(&name);
	buf_free(&beside);
	return code;
}

/* --- a subject --- */

/* A local file is listed by its name only: its directory is private. */
static void
forget_path(struct json_object *choice)
{
	struct json_object *item;
	const char *file, *slash;

	if (!json_object_object_get_ex(choice, "item", &item) || !(file = rec_string(item, "file")))
		return;
	slash = strrchr(file, '/');
	if (slash)
		rec_add_string(item, "file", slash + 1);
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

/* A file by its name in the archive, with its credits. */
static int
pack_one(struct export *x, const char *file, const char *name, const char *credited)
{
	char hex[HASH_HEX + 1] = {0};
	int fd = openat(x->subject, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), rc;

	if (fd < 0)
		return report_trouble(x, file);
	snprintf(hex, sizeof(hex), "%.*s", (int)HASH_HEX, file);
	rc = pack_file(x->pack, name, fd, hex);
	file_close(fd, 0);
	if (rc == 0)
		rc = credits_add(&x->credits, x->id, file, credited, x->choices);
	x->samples++;
	x->files++;
	return rc == 0 ? EX_ALL_WELL : report_trouble(x, name);
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
		code = end_archive(x);
		if (code == EX_ALL_WELL)
			code = begin_archive(x);
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
	code = fstatat(x->subject, file, &st, AT_SYMLINK_NOFOLLOW) < 0 ? report_trouble(x, file) : EX_ALL_WELL;
	if (code == EX_ALL_WELL)
		code = make_room(x, tar_size((uint64_t)st.st_size) + tar_size(json.len));
	if (code == EX_ALL_WELL)
		code = pack_one(x, file, name.data, name.data);
	if (code == EX_ALL_WELL && pack_bytes(x->pack, key.data, json.data, json.len) < 0)
		code = report_trouble(x, key.data);
	buf_free(&key);
	buf_free(&name);
	buf_free(&json);
	return code;
}

/* Adds the file by the name that it has in an archive. */
static int
document_one(struct export *x, const char *file, const char *name)
{
	const struct document_file f = {x->id, file, name, x->choices, x->subject};

	x->samples++;
	return document_add_file(x->document, &f) < 0 ? report_trouble(x, name) : EX_ALL_WELL;
}

static int
add_file(const char *file, void *arg)
{
	struct export *x = arg;
	struct buf name = {0};
	int code;

	buf_printf(&name, "%s%s/%s/", path_prefix(x), place_tree[x->c->set->by], x->folder.data);
	naming_file(&x->naming, x->place, x->choices, file, &name);
	code = x->document ? document_one(x, file, name.data)
			   : pack_one(x, file, name.data, name.data + strlen(path_prefix(x)));
	buf_free(&name);
	return code;
}

static int
add_metadata(struct export *x)
{
	struct buf name = {0}, json = {0};
	int code = EX_ALL_WELL;

	naming_metadata(&x->naming, x->id, x->choices, &json);
	buf_printf(&name, "%s%s/%s/metadata.json", path_prefix(x), place_tree[x->c->set->by], x->folder.data);
	if (pack_bytes(x->pack, name.data, json.data, json.len) < 0)
		code = report_trouble(x, name.data);
	buf_free(&name);
	buf_free(&json);
	return code;
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

/* Reports that files of the subject at PLACE that were just collected are missing. */
static int
report_changed(const struct export *x, const char *place)
{
	msg_warn("subject %s was changed in the collection by another process in the meantime: %s is not written; run "
		 "the same command again",
		 place, x->c->set->output);
	return EX_TEMPFAIL;
}

/* Adds the subject at PLACE, which must have at least EXPECTED choices. */
static int
add_subject(struct export *x, const char *place, size_t expected)
{
	struct json_object *metadata;
	int code;

	x->place = place;
	x->subject = store_open(x->c, place, false, false);
	if (x->subject < 0)
		return errno == ENOENT ? report_changed(x, place) : report_trouble(x, place);
	metadata = store_read(x->subject);
	if (!metadata) {
		code = errno == ENOENT ? report_changed(x, place) : report_unreadable(x, place);
		close(x->subject);
		return code;
	}
	x->choices = choices_to_export(x, store_choices(metadata));
	x->id = rec_string(metadata, "id");
	if (!x->id)
		x->id = strrchr(place, '/') ? strrchr(place, '/') + 1 : place;
	buf_printf(&x->contents, "%s\t%zu\n", x->id, expected);
	naming_begin(&x->naming, place, x->choices, &x->folder);
	code = json_object_array_length(x->choices) < expected ? report_changed(x, place) : EX_ALL_WELL;
	if (code == EX_ALL_WELL)
		code = credits_each_file(x->choices, x->shards ? add_sample : add_file, x);
	if (code == EX_ALL_WELL && x->document)
		code = document_add_subject(x->document, &x->naming, x->id, x->choices) < 0
			       ? report_trouble(x, "its end")
			       : EX_ALL_WELL;
	else if (code == EX_ALL_WELL && !x->shards)
		code = add_metadata(x);
	json_object_put(x->choices);
	json_object_put(metadata);
	close(x->subject);
	return code;
}

/* --- all of it --- */

/* Adds the list of what the export must have; it was made during collection, not during packing. */
static int
add_contents(struct export *x)
{
	struct buf name = {0};
	int code = EX_ALL_WELL;

	buf_printf(&name, "%sCONTENTS", path_prefix(x));
	if (pack_bytes(x->pack, name.data, x->contents.data, x->contents.len) < 0)
		code = report_trouble(x, name.data);
	buf_free(&name);
	return code;
}

static int
compare_kept(const void *a, const void *b)
{
	return strcmp(((const struct kept *)a)->place, ((const struct kept *)b)->place);
}

/* Writes the files beside the archives, and names files that an earlier export left. */
static int
finish_export(struct export *x)
{
	struct buf name = {0};
	unsigned left = 0;
	int code = EX_ALL_WELL;

	if (x->dir < 0)
		return code;
	digests_name(x, &name);
	if (atomic_file_replace(x->dir, x->dir, name.data, x->sums.data, x->sums.len, true) < 0)
		code = report_trouble(x, name.data);
	for (archive_name(x, &name, x->number);
	     x->shards && faccessat(x->dir, name.data, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	     archive_name(x, &name, x->number + left))
		left++;
	archive_name(x, &name, x->number);
	if (left)
		msg_warn("%s/%s and %u more belong to an earlier export, not to this one: remove them", x->path,
			 name.data, left - 1);
	buf_free(&name);
	return code;
}

static int
write_export(struct export *x)
{
	struct collect *c = x->c;
	int code = begin_archive(x);

	qsort(c->kept, c->kept_n, sizeof(*c->kept), compare_kept);
	for (size_t i = 0; i < c->kept_n && code == EX_ALL_WELL;) {
		const char *place = c->kept[i].place;
		size_t expected = 0;

		for (; i < c->kept_n && strcmp(c->kept[i].place, place) == 0; i++)
			expected += c->kept[i].choices;
		code = add_subject(x, place, expected);
	}
	if (code != EX_ALL_WELL)
		return code;
	if (x->document)
		return end_document(x);
	code = add_contents(x);
	if (code == EX_ALL_WELL)
		code = end_archive(x);
	return code == EX_ALL_WELL ? finish_export(x) : code;
}

int
export_all(struct collect *c, const struct batch_args *names)
{
	struct export x = {.c = c, .names = names, .kind = export_kind(c->set), .dir = -1, .part.fd = -1};
	struct buf name = {0};
	int code = EX_ALL_WELL;

	x.shards = c->set->format == EXPORT_WEBDATASET;
	x.naming = (struct naming){.template = c->set->name, .samples = x.shards};
	for (size_t i = 0; i < ATTRIBUTION_KINDS; i++)
		x.credits.parts[i].fd = -1;
	/* A zip has local times. */
	if (setenv("TZ", "UTC0", 1) < 0)
		return msg_report_errno("cannot export to %s", c->set->output);
	tzset();
	if (!export_is_stdout(c->set)) {
		code = open_target(&x);
		if (code == EX_ALL_WELL) {
			archive_name(&x, &name, 0);
			code = is_free(&x, name.data) ? EX_ALL_WELL : EX_CANTCREAT;
			digests_name(&x, &name);
			if (code == EX_ALL_WELL && !export_is_document(c->set) && !is_free(&x, name.data))
				code = EX_CANTCREAT;
		}
	}
	if (code == EX_ALL_WELL)
		code = write_export(&x);
	pack_drop(x.pack);
	atomic_file_drop(&x.part);
	credits_drop(&x.credits);
	document_drop(x.document);
	file_close(x.dir, 0);
	free(x.path);
	free(x.base);
	free(x.suffix);
	buf_free(&x.sums);
	buf_free(&x.contents);
	buf_free(&x.folder);
	names_free(&x.naming.taken);
	buf_free(&name);
	return code;
}
