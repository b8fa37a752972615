#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "base/msg.h"
#include "batch/queue.h"
#include "snapshot.h"

int
snapshot_report_not_open(const char *name)
{
	switch (errno) {
	case ENOENT:
		msg_warn("there is no batch '%s'; bi-status without names lists the batches", name);
		return EX_NOINPUT;
	case EBUSY:
		msg_warn("the batch '%s' is being worked on; rebuild it when bi-status --wait %s has returned", name,
			 name);
		return EX_TEMPFAIL;
	default:
		return msg_report_errno("cannot read the batch '%s'", name);
	}
}

/* How many processes hold the batch with the directory DIR: they have open-file-description locks on its `lock`, which
 * the kernel lists in /proc/locks without a process id. 0 if that is not known: on some file systems the inode number
 * there differs from that of stat(2). */
static unsigned
count_holders(int dir)
{
	struct stat st;
	FILE *f;
	char line[256], wanted[64];
	unsigned n = 0;

	if (fstatat(dir, "lock", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	snprintf(wanted, sizeof(wanted), " %02x:%02x:%" PRIuMAX " 0 0", major(st.st_dev), minor(st.st_dev),
		 (uintmax_t)st.st_ino);
	f = fopen("/proc/locks", "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "OFDLCK") && !strstr(line, "->") && strstr(line, wanted);
	fclose(f);
	return n;
}

static void
free_kinds(struct snapshot *s)
{
	for (size_t i = 0; i < s->kinds_n; i++)
		free(s->kinds[i].code);
	s->kinds_n = 0;
	s->more_kinds = false;
}

/* Whether A comes before B: the more frequent first, then by name, whatever came first. */
static bool
is_before(const struct batch_stats *h, size_t a, size_t b)
{
	return h->kinds[a].count != h->kinds[b].count ? h->kinds[a].count > h->kinds[b].count
						      : strcmp(h->kinds[a].code, h->kinds[b].code) < 0;
}

/* Copies the most frequent kinds. */
static void
copy_kinds(struct snapshot *s, const struct batch_stats *h)
{
	bool taken[BATCH_STATS_KINDS] = {0};

	for (;;) {
		size_t best = BATCH_STATS_KINDS;

		for (size_t i = 0; i < h->kinds_n; i++)
			if (!taken[i] && h->kinds[i].count && (best == BATCH_STATS_KINDS || is_before(h, i, best)))
				best = i;
		if (best == BATCH_STATS_KINDS)
			return;
		if (s->kinds_n == SNAPSHOT_KINDS) {
			s->more_kinds = true;
			return;
		}
		taken[best] = true;
		s->kinds[s->kinds_n].code = buf_strdup(h->kinds[best].code);
		s->kinds[s->kinds_n++].count = h->kinds[best].count;
	}
}

/* Reads what the table shows besides the states. 0, or -1 with errno. */
static int
read_history(const struct root *root, struct snapshot *s, const struct batch *b, struct batch_stats *h)
{
	const struct batch_counts *c = &s->p.counts;
	int rc = 0, runs;

	s->rate = s->bytes = 0;
	s->workers = c->held ? count_holders(batch_dirfd(b)) : 0;
	runs = s->p.queued ? queue_has_worker(root) : 0;
	if (runs < 0)
		return -1;
	s->worker_runs = runs;
	free_kinds(s);
	/* Results are not needed for a batch on which no process works and in which no item failed. */
	if (c->held || c->failed)
		rc = batch_stats_refresh_brief(h, b);
	if (c->held && snapshot_items_left(s))
		batch_stats_pace(h, time(NULL), &s->rate, &s->bytes);
	if (c->failed)
		copy_kinds(s, h);
	batch_stats_close_file(h);
	return rc;
}

int
snapshot_take(const struct root *root, struct snapshot *s, struct batch *b, struct batch_stats *h)
{
	s->wrong = 0;
	if (job_status_read(root, b, &s->p) < 0 || (h && read_history(root, s, b, h) < 0))
		s->wrong = errno;
	errno = s->wrong;
	return s->wrong ? -1 : 0;
}

void
snapshot_free(struct snapshot *s)
{
	free_kinds(s);
	free(s->name);
	s->name = NULL;
}

int
snapshot_exit_code(const struct snapshot *const *v, size_t n, const struct settings *set)
{
	uint64_t completed = 0, failed = 0;

	for (size_t i = 0; i < n; i++) {
		completed += v[i]->p.counts.completed;
		failed += v[i]->p.counts.failed;
	}
	if (failed > 0 && (set->strict || (set->wait && completed == 0)))
		return EX_SOME_FAILED;
	return EX_ALL_WELL;
}

uint64_t
snapshot_items_left(const struct snapshot *s)
{
	return s->p.counts.pending + s->p.counts.processing;
}

bool
snapshot_is_stalled(const struct snapshot *s)
{
	return s->p.stale || (snapshot_items_left(s) && !s->p.counts.held && s->p.queued && !s->worker_runs);
}
