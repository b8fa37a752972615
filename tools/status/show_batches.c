#include "show_batches.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/msg.h"
#include "base/utf8.h"
#include "batch/batch.h"
#include "batch/batch_stats.h"
#include "batch/job_status.h"
#include "records/rec.h"
#include "snapshot.h"
#include "status_table.h"

struct shown {
	struct snapshot *all;
	const struct snapshot **v; /* those that could be read */
	size_t all_n, n, unreadable;
	int code; /* of the first that could not be read, or has gone */
};

static void
to_stdout(const char *bytes, size_t n, void *arg)
{
	(void)arg;
	if (fwrite(bytes, 1, n, stdout) != n)
		rec_flush();
}

/* Prints a document whose first member is to be "root". The first piece begins with a brace. */
static void
to_stdout_after_root(const char *bytes, size_t n, void *arg)
{
	const struct root **root = arg;
	struct buf member = {0};

	if (*root) {
		char *path = buf_strdup((*root)->path);

		utf8_replace_invalid(path);
		buf_str(&member, "{\"root\":");
		buf_json(&member, path);
		free(path);
		buf_str(&member, ",");
		to_stdout(member.data, member.len, NULL);
		buf_free(&member);
		*root = NULL;
		bytes++;
		n--;
	}
	to_stdout(bytes, n, NULL);
}

/* ROOT is printed too, unless it is NULL. 0 or an exit code after a message. */
static int
print_document(struct batch *b, struct snapshot *seen, const struct root *root, const struct settings *set)
{
	int rc = job_status_print(b, &seen->p, set->offset, set->limit, to_stdout_after_root, &root), error = errno;

	to_stdout("\n", 1, NULL);
	if (rc == 0)
		return 0;
	errno = error;
	msg_warn_errno("cannot read all of the batch '%s'", seen->shown);
	return msg_exit_code(error);
}

/* Reads one batch, and prints its document with --json. 0 or an exit code. */
static int
show_batch(const struct chosen *c, size_t i, struct snapshot *seen, const struct settings *set)
{
	const struct root *root = &c->v[i].root;
	struct batch *b = batch_open(root, seen->name, BATCH_READ, NULL);
	struct batch_stats history = {.fd = -1};
	int code = 0;

	if (!b)
		return snapshot_report_not_open(seen->shown);
	if (snapshot_take(root, seen, b, set->json ? NULL : &history) < 0) {
		code = snapshot_report_not_open(seen->shown);
	} else if (set->json) {
		code = print_document(b, seen, chosen_several(c, i), set);
	}
	batch_stats_free(&history);
	batch_close(b);
	return code;
}

static void
show_root(struct shown *s, const struct chosen *c, size_t i, const struct settings *set)
{
	const struct batch_args *names = &c->v[i].names;

	for (size_t k = 0; k < names->n; k++) {
		struct snapshot *seen = &s->all[s->all_n++];
		int rc;

		snapshot_set_name(seen, names->v[k], chosen_several(c, i));
		rc = show_batch(c, i, seen, set);
		if (rc == 0)
			s->v[s->n++] = seen;
		s->unreadable += rc != 0 && rc != EX_NOINPUT;
		s->code = s->code ? s->code : rc;
	}
}

/* 0 or an exit code. */
static int
print_table(const struct chosen *c, const struct shown *s)
{
	const struct root **roots = buf_alloc(c->n * sizeof(*roots));
	struct paper paper = paper_of_stdout();
	struct buf out = {0};
	int rc;

	for (size_t i = 0; i < c->n; i++)
		roots[i] = &c->v[i].root;
	rc = table_print(roots, c->n, s->v, s->n, s->unreadable, &paper, &out);
	to_stdout(out.data, out.len, NULL);
	buf_free(&out);
	free(roots);
	return rc;
}

/* The document that follows those of several roots. */
static void
print_sum(const struct chosen *c, const struct shown *s)
{
	struct job_status sum = {0};
	size_t done = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct batch_counts *one = &s->v[i]->p.counts;

		sum.counts.total += one->total;
		sum.counts.completed += one->completed;
		sum.counts.failed += one->failed;
		sum.counts.processing += one->processing;
		sum.counts.pending += one->pending;
		sum.counts.held |= one->held;
		sum.queued |= s->v[i]->p.queued;
		done += s->v[i]->p.done;
	}
	job_status_derive(&sum);
	if (s->unreadable)
		sum.status = "unreadable";
	printf("{\"sum\":{\"roots\":%zu,\"batches\":%zu,\"done_batches\":%zu,\"unreadable_batches\":%zu,\"status\":\"%"
	       "s\",\"total_items\":%" PRIu64 ",\"completed_items\":%" PRIu64 ",\"failed_items\":%" PRIu64
	       ",\"processing_items\":%" PRIu64 ",\"pending_items\":%" PRIu64 ",\"progress_percentage\":%u.%u}}\n",
	       c->n, s->n, done, s->unreadable, sum.status, sum.counts.total, sum.counts.completed, sum.counts.failed,
	       sum.counts.processing, sum.counts.pending, sum.tenths / 10, sum.tenths % 10);
}

int
batches_show(const struct chosen *c, const struct settings *set)
{
	struct shown s = {0};
	size_t n = 1;
	int code;

	for (size_t i = 0; i < c->n; i++)
		n += c->v[i].names.n;
	s.all = buf_alloc(n * sizeof(*s.all));
	s.v = buf_alloc(n * sizeof(*s.v));
	for (size_t i = 0; i < c->n; i++)
		show_root(&s, c, i, set);
	code = s.code;
	if (!set->json && (s.n > 0 || code == 0)) {
		int rc = print_table(c, &s);

		code = code ? code : rc;
	}
	if (set->json && c->n > 1)
		print_sum(c, &s);
	if (code == 0)
		code = snapshot_exit_code(s.v, s.n, set);
	for (size_t i = 0; i < s.all_n; i++)
		snapshot_free(&s.all[i]);
	free(s.all);
	free(s.v);
	return code;
}
