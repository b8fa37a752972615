/* The archives and documents of an export. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/human.h"
#include "base/msg.h"
#include "export_form.h"
#include "export_internal.h"
#include "files/file.h"
#include "records/rec.h"
#include "section.h"

static const char own_folder[] = "__bi__/", collected[] = "collected/";

const char *
export_prefix(const struct export *x)
{
	return x->shards || x->c->set->format == EXPORT_LAYOUT ? own_folder : collected;
}

int
export_report(const struct export *x, const char *what)
{
	int error = errno;

	if (error == EBADMSG) {
		msg_warn("%s: a file in the collection is not what its name says: remove it and collect again", what);
		return EX_DATAERR;
	}
	msg_warn_errno("cannot write %s: %s", x->c->set->output, what);
	return msg_exit_code(error);
}

/* Begins the file or directory that the export is written to. 0, or -1 with errno. */
static int
begin_part(struct export *x)
{
	if (export_is_tree(x->c->set))
		return export_target_make_tree(x);
	return x->dir >= 0 ? atomic_file_open(&x->part, x->dir) : 0;
}

int
export_begin(struct export *x)
{
	char manifest[sizeof(collected) + sizeof("SHA256SUMS")];

	x->samples = x->bytes = 0;
	if (export_is_document(x->c->set)) {
		if (x->c->set->format != EXPORT_TEXT)
			x->document = document_begin(x->c->set, x->c->temp);
		return (x->c->set->format != EXPORT_TEXT && !x->document) || begin_part(x) < 0
			       ? export_report(x, "its file cannot be made")
			       : EX_ALL_WELL;
	}
	snprintf(manifest, sizeof(manifest), "%sSHA256SUMS", export_prefix(x));
	if (credits_begin(&x->credits, x->c->temp) < 0 || begin_part(x) < 0)
		return export_report(x, "its file cannot be made");
	x->pack = x->tree.len ? pack_begin_tree(x->tree.data, manifest)
			      : pack_begin(x->kind, x->dir >= 0 ? x->part.fd : STDOUT_FILENO, manifest);
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
		buf_printf(&name, "%s%s", export_prefix(x), attribution_name[i]);
		rc = pack_file(x->pack, name.data, x->credits.parts[i].fd, hex[i]);
	}
	buf_free(&name);
	return rc;
}

/* Ends a document of LENGTH bytes, which are written; -1: with errno. */
static int
publish_document(struct export *x, long long length)
{
	char hex[HASH_HEX + 1];
	struct buf name = {0};
	int code = EX_ALL_WELL;

	if (x->dir >= 0)
		export_target_archive_name(x, &name, 0);
	if (length < 0 || (x->dir >= 0 && (file_digest(x->part.fd, hex) < 0 || fsync(x->part.fd) < 0 ||
					   atomic_file_publish(&x->part, x->dir, name.data) < 0)))
		code = export_report(x, "the end of the document");
	else if (x->dir >= 0)
		report_archive(x, name.data, hex, (uint64_t)length);
	buf_free(&name);
	return code;
}

int
export_publish_text(struct export *x, int fd)
{
	return publish_document(x, section_copy(fd, x->dir >= 0 ? x->part.fd : STDOUT_FILENO));
}

int
export_end_document(struct export *x)
{
	return publish_document(x, document_end(x->document, x->dir >= 0 ? x->part.fd : STDOUT_FILENO));
}

/* Gives the archive its name, and removes the list of digests of an earlier one. 0, or -1 with errno. */
static int
publish_archive(struct export *x, const char *name, const char *hex)
{
	struct buf beside = {0};
	int rc;

	if (x->tree.len)
		return export_target_publish_tree(x);
	export_target_digests_name(x, &beside);
	buf_printf(&x->sums, "%s  %s\n", hex, name);
	rc = fsync(x->part.fd);
	if (rc == 0 && x->number == 0 && unlinkat(x->dir, beside.data, 0) < 0 && errno != ENOENT)
		rc = -1;
	if (rc == 0)
		rc = atomic_file_publish(&x->part, x->dir, name);
	buf_free(&beside);
	return rc;
}

int
export_end(struct export *x)
{
	char hex[HASH_HEX + 1];
	struct buf name = {0};
	struct pack *pack = x->pack;
	uint64_t bytes;
	int rc = pack_credits(x), code;

	if (rc == 0) {
		x->pack = NULL;
		rc = pack_end(pack, hex, &bytes);
	}
	credits_drop(&x->credits);
	if (rc == 0 && x->dir >= 0) {
		export_target_archive_name(x, &name, x->number);
		rc = publish_archive(x, name.data, hex);
		if (rc == 0)
			report_archive(x, name.data, hex, bytes);
	}
	code = rc == 0 ? EX_ALL_WELL : export_report(x, "the end of the export");
	x->number++;
	buf_free(&name);
	return code;
}

int
export_add_file(struct export *x, const char *file, const char *name, const char *credited)
{
	char hex[HASH_HEX + 1] = {0};
	int fd = openat(x->subject, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), rc;

	if (fd < 0)
		return export_report(x, file);
	snprintf(hex, sizeof(hex), "%.*s", (int)HASH_HEX, file);
	rc = pack_file(x->pack, name, fd, hex);
	file_close(fd, 0);
	if (rc == 0)
		rc = credits_add(&x->credits, x->id, file, credited, x->choices);
	x->samples++;
	x->files++;
	return rc == 0 ? EX_ALL_WELL : export_report(x, name);
}
