/* Packs batches: each is written to an archive under its exclusive lock, and nothing is removed. */
#include <errno.h>
#include <inttypes.h>

#include "archive_batch.h"
#include "base/human.h"
#include "base/msg.h"
#include "base/opt.h"
#include "clean.h"
#include "records/rec.h"

static void
say(const struct clean *c, const struct archive_job *job, const struct batch_sizes *sizes, uint64_t items)
{
	const char *name = batch_name(job->batch);
	struct json_object *o;

	if (!c->json) {
		human_print("%s batch %s: %" PRIu64 " items, %" PRIu64 " files, %" PRIu64 " bytes, in %s",
			    c->only_say ? "would pack" : "packed", name, items, sizes->files, sizes->bytes, job->file);
		return;
	}
	o = json_object_new_object();
	rec_add_string(o, c->only_say ? "would_pack" : "packed", name);
	json_object_object_add(o, "items", json_object_new_uint64(items));
	json_object_object_add(o, "files", json_object_new_uint64(sizes->files));
	json_object_object_add(o, "bytes", json_object_new_uint64(sizes->bytes));
	rec_add_string(o, "archive", job->file);
	rec_add_string(o, "sha256", c->only_say ? NULL : job->sha256);
	rec_write_json(o);
}

/* 0 or the exit code after a message. */
static int
pack_held(const struct clean *c, struct archive_job *job)
{
	struct batch_sizes sizes = {.archived = true};
	struct batch_counts counts;
	int code;

	if (batch_count(job->batch, &counts) < 0 || batch_sizes_read(job->batch, &sizes) < 0)
		return msg_report_errno("cannot read the batch '%s'", batch_name(job->batch));
	code = batch_archive_check(job);
	if (code)
		return code;
	if (!c->only_say && batch_archive_write(job) < 0)
		return EX_CANTCREAT;
	say(c, job, &sizes, counts.total);
	return EX_ALL_WELL;
}

static int
pack_named(const struct clean *c, const char *name)
{
	struct batch *b = batch_open(&c->root, name, BATCH_ALONE, NULL);
	struct buf usual = {0};
	struct archive_job job = {.batch = b, .file = c->archive, .spared = "nothing is written"};
	int code;

	if (!b)
		return clean_not_had(c, name);
	buf_printf(&usual, "%s.tar.zst", name);
	if (!job.file)
		job.file = usual.data;
	batch_archive_check_name(&c->root, job.file);
	code = pack_held(c, &job);
	batch_close(b);
	buf_free(&usual);
	return code;
}

int
clean_pack(const struct clean *c, char **args)
{
	struct batch_args names = {0};
	size_t packed = 0;
	int code = EX_ALL_WELL;

	clean_names(args, "pack", &names);
	if (c->archive && names.n > 1)
		opt_die("--archive takes one batch at a time");
	for (size_t i = 0; i < names.n; i++) {
		int rc = pack_named(c, names.v[i]);

		packed += rc == EX_ALL_WELL;
		if (code == EX_ALL_WELL)
			code = rc;
	}
	if (code && names.n > 1)
		code = EX_SOME_FAILED;
	if (c->json)
		rec_write_counts(code, {"packed", c->only_say ? 0 : packed}, {"failed", names.n - packed});
	batch_args_free(&names);
	return code;
}
