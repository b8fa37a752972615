#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/msg.h"
#include "batch/queue.h"
#include "snapshot.h"

enum { HOLDERS_MS = 250 }; /* in which the list of holders is not read again */

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

/* A file on which a process has an open-file-description lock from byte 0 to 0. */
struct holder {
	unsigned major, minor;
	uintmax_t inode;
};

/* The holders of all batches, sorted. To read them takes long where there are many locks, so it is not done for each
 * batch. */
static struct {
	struct holder *v;
	size_t n;
	int64_t read_at; /* on clock_ms(); 0: not read yet */
} holders;

static int
compare_holders(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	return x->minor == y->minor ? 0 : x->minor < y->minor ? -1 : 1;
}

/* Reads the holders from /proc/locks, unless that was done a moment ago. If it cannot be read, there are none. */
static void
read_holders(void)
{
	FILE *f;
	char line[256];

	if (holders.read_at && clock_ms() < holders.read_at + HOLDERS_MS)
		return;
	holders.n = 0;
	f = fopen("/proc/locks", "re");
	while (f && fgets(line, sizeof(line), f)) {
		struct holder h;
		int end = 0;

		/* 17: OFDLCK ADVISORY  READ -1 fe:01:1234 0 0 */
		if (sscanf(line, "%*u: OFDLCK %*s %*s %*d %x:%x:%ju 0 0%n", &h.major, &h.minor, &h.inode, &end) < 3 ||
		    end == 0 || line[end] != '\n')
			continue;
		holders.v = buf_grow(holders.v, holders.n, sizeof(*holders.v));
		holders.v[holders.n++] = h;
	}
	if (f)
		fclose(f);
	if (holders.n)
		qsort(holders.v, holders.n, sizeof(*holders.v), compare_holders);
	holders.read_at = clock_ms();
}

/* How many processes hold the batch with the directory DIR: they have open-file-description locks on its `lock`, which
 * the kernel lists in /proc/locks without a process id. 0 if that is not known: on some file systems the inode number
 * there differs from that of stat(2), and a process may have come since they were read. */
static unsigned
count_holders(int dir)
{
	struct stat st;
	struct holder h;
	size_t from = 0, to, n = 0;

	if (fstatat(dir, "lock", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	h = (struct holder){major(st.st_dev), minor(st.st_dev), st.st_ino};
	read_holders();
	for (to = holders.n; from < to;) {
		size_t middle = from + (to - from) / 2;

		if (compare_holders(&holders.v[middle], &h) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	while (from + n < holders.n && compare_holders(&holders.v[from + n], &h) == 0)
		n++;
	return (unsigned)n;
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

char *
snapshot_root_option(const struct root *root)
{
	struct buf at = {0};

	buf_str(&at, root ? "-r '" : "");
	if (root) {
		human_text(&at, root->path);
		buf_str(&at, "' ");
	}
	return at.data;
}

void
snapshot_set_name(struct snapshot *s, const char *name, const struct root *root)
{
	struct buf shown = {0};

	buf_str(&shown, name);
	if (root) {
		buf_str(&shown, " in ");
		human_text(&shown, root->path);
	}
	s->name = buf_strdup(name);
	s->shown = shown.data;
	s->at = snapshot_root_option(root);
}

void
snapshot_free(struct snapshot *s)
{
	free_kinds(s);
	free(s->name);
	free(s->shown);
	free(s->at);
	s->name = s->shown = s->at = NULL;
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
