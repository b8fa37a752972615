#include "commit.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/msg.h"
#include "confined/expand.h"
#include "confined/helper.h"
#include "files/file.h"
#include "notebook/notebook.h"
#include "page.h"
#include "result_record.h"
#include "taken_record.h"
#include "update.h"
#include "upload.h"
#include "validate.h"

/* Up to so many small files are synced one by one; for more, syncing the whole file system is cheaper. Large ones are
 * on the disk already but for their last bytes: syncing each costs less than waiting for what other programs wrote. */
enum { FEW = 4 };

struct writer {
	struct run *run;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct group *given, *done; /* at most one of them */
	bool end;
	int event;
	struct typer *typer; /* belongs to the thread, because bi-type dies with the thread that started it */
	struct pages pages;  /* likewise, with bi-media */
};

static void
fail_group(struct group *g, const char *doing)
{
	if (g->error)
		return;
	g->error = errno ? errno : EIO;
	g->doing = doing;
}

/* Whether it has bytes that are not yet a file of the batch. */
static bool
is_fresh(const struct job *j)
{
	return j->verdict.kind == GOT && !j->filtered && !(j->update && j->update->unchanged);
}

/* Determines the types of all files of the group together. */
static void
find_types(struct writer *w, struct group *g)
{
	struct type_head heads[GROUP_MAX];
	struct type_answer answers[GROUP_MAX];
	size_t which[GROUP_MAX], asked = 0;

	for (size_t i = 0; i < g->count; i++) {
		const struct body *b = &g->jobs[i]->body;

		if (!is_fresh(g->jobs[i]) || g->jobs[i]->taken)
			continue;
		which[asked] = i;
		heads[asked++] = (struct type_head){b->held, b->held_len};
	}
	if (asked == 0)
		return;
	if (!w->typer)
		w->typer = type_open();
	if (!w->typer || type_detect(w->typer, heads, asked, answers) < 0) {
		fail_group(g, "starting bi-type, which tells what a file is");
		return;
	}
	for (size_t i = 0; i < asked; i++) {
		g->jobs[which[i]]->type = answers[i];
		if (answers[i].failed)
			verdict_trouble(g->jobs[which[i]],
					"bi-type, which tells what it is, " HELPER_TROUBLE ", again and again");
	}
}

/* Removes jobs from the group that need processing before they are recorded. */
static void
set_aside(const struct settings *set, struct group *g)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->count; i++) {
		struct job *j = g->jobs[i];

		if (update_is_over(j)) {
			j->aside = ASIDE_UPDATE;
			if (j->filtered)
				update_remove_new(j);
		} else if (j->update && j->update->unchanged) {
			j->aside = ASIDE_NONE;
		} else if (j->verdict.kind == GOT && !j->expanded && set->expand && expand_is_archive(j->type.mime)) {
			j->aside = ASIDE_EXPAND;
		} else if (j->verdict.kind == AGAIN) {
			j->aside = ASIDE_RETRY;
		} else {
			j->aside = j->media ? ASIDE_MEDIA : ASIDE_NONE;
		}
		if (j->aside)
			g->aside[g->aside_count++] = j;
		else
			g->jobs[kept++] = j;
	}
	g->count = kept;
}

/* Finds the jobs of T whose bytes an item of the batch, or an earlier job of the group, already has. */
static void
find_same(struct group *g, struct target *t)
{
	struct batch_same same[GROUP_MAX];
	struct job *which[GROUP_MAX];
	size_t n = 0;

	for (size_t i = 0; i < g->count; i++) {
		struct job *j = g->jobs[i];

		if (j->target != t || !is_fresh(j))
			continue;
		which[n] = j;
		same[n++] = (struct batch_same){.sha256 = j->body.sha256};
	}
	if (n && batch_find_same(t->batch, same, n) < 0)
		memset(same, 0, sizeof(same)); /* storing it twice does no harm */
	for (size_t i = 0; i < n; i++) {
		const char *slash = same[i].path ? strrchr(same[i].path, '/') : NULL;

		if (slash && same[i].item != which[i]->item && strlen(slash + 1) < sizeof(which[i]->same_file)) {
			which[i]->same_as = same[i].item;
			snprintf(which[i]->same_file, sizeof(which[i]->same_file), "%s", slash + 1);
		}
		free(same[i].path);
		for (size_t k = 0; k < i && !which[i]->same_as; k++)
			if (memcmp(which[k]->body.sha256, which[i]->body.sha256, HASH_HEX) == 0 && !which[k]->same_as) {
				which[i]->same_as = which[k]->item;
				which[i]->same_job = which[k];
			}
	}
}

/* Gives a job whose bytes exist another name for them: a link within files/, which only bi uses. An entry that is not a
 * file of that size is not used. */
static bool
link_same(struct job *j, int dir)
{
	const char *other = j->same_job ? j->same_job->name : j->same_file;
	struct stat st;

	if (!j->same_as || strcmp(other, j->name) == 0 || file_stat(dir, other, &st) <= 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size != j->body.bytes)
		return false;
	if (linkat(dir, other, dir, j->name, 0) < 0 &&
	    (errno != EEXIST || unlinkat(dir, j->name, 0) < 0 || linkat(dir, other, dir, j->name, 0) < 0))
		return false;
	atomic_file_drop(&j->body.part);
	return true;
}

static bool
is_first_of_batch(const struct group *g, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (g->jobs[k]->target == g->jobs[i]->target)
			return false;
	return true;
}

static int
sync_directories(const struct group *g)
{
	for (size_t i = 0; i < g->count; i++)
		if (is_first_of_batch(g, i) && fsync(batch_filesfd(g->jobs[i]->target->batch)) < 0)
			return -1;
	return 0;
}

/* Gives the files their names and syncs them. */
static void
publish_files(struct group *g, bool sync)
{
	size_t small = 0;
	bool few;
	int last = -1;

	for (size_t i = 0; i < g->count; i++)
		small += is_fresh(g->jobs[i]) && !body_is_large(&g->jobs[i]->body);
	few = small <= FEW;
	for (size_t i = 0; i < g->count && !g->error; i++) {
		struct job *j = g->jobs[i];
		int dir = batch_filesfd(j->target->batch);

		if (!is_fresh(j))
			continue;
		update_print_name(j, j->name, sizeof(j->name));
		if (!link_same(j, dir)) {
			j->same_as = 0;
			if ((few && sync && !j->taken && fsync(j->body.part.fd) < 0) ||
			    (j->upload[0] ? upload_publish(j, dir, sync)
			     : j->taken   ? taken_publish(j, dir, sync && few)
					  : atomic_file_publish(&j->body.part, dir, j->name)) < 0)
				fail_group(g, "giving a file its name");
		}
		last = dir;
	}
	/* All batches are below one root, so one call reaches all their files and directories. */
	if (sync && last >= 0 && !g->error && (few ? sync_directories(g) : syncfs(last)) < 0)
		fail_group(g, "syncing the files");
}

/* Removes jobs from the group that go through the filter first. */
static void
hand_over(struct group *g)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->count; i++) {
		struct job *j = g->jobs[i];

		if (is_fresh(j) && !j->taken) {
			body_forget(&j->body);
			j->filtered = true;
			j->aside = ASIDE_THROUGH;
			j->line = result_line(j);
			g->aside[g->aside_count++] = j;
		} else {
			g->jobs[kept++] = j;
		}
	}
	g->count = kept;
}

/* Records the jobs of T in one append. */
static void
record_results(struct group *g, struct target *t, bool sync)
{
	struct batch_outcome outcomes[GROUP_MAX];
	size_t n = 0;

	for (size_t i = 0; i < g->count; i++) {
		struct job *j = g->jobs[i];

		if (j->target != t)
			continue;
		/* The job failed after its file was published. Another job with the same bytes has its own name for
		 * them. */
		if (j->filtered && j->verdict.kind != GOT && unlinkat(batch_filesfd(t->batch), j->name, 0) < 0 &&
		    errno != ENOENT)
			msg_warn_errno("cannot remove %s, which the filter refused", j->name);
		if (!j->line)
			j->line = j->taken                            ? taken_line(j)
				  : j->update && j->update->unchanged ? update_refreshed_line(j)
								      : result_line(j);
		outcomes[n++] = (struct batch_outcome){
			.item = j->item,
			.completed = j->verdict.kind == GOT,
			.sha256 = j->verdict.kind == GOT ? j->body.sha256 : NULL,
			.line = j->line,
			.len = strlen(j->line),
		};
	}
	if (batch_record(t->batch, outcomes, n, sync) < 0) {
		fail_group(g, "recording results");
		return;
	}
	for (size_t i = 0; i < g->count; i++) {
		if (g->jobs[i]->target != t)
			continue;
		g->jobs[i]->recorded = true;
		update_remove_old(g->jobs[i]);
	}
	if (t->notebook && notebook_import_results(&g->jobs[0]->run->root, t->batch) < 0)
		msg_warn_errno("cannot take results of '%s' into its notebook (they will be later)",
			       batch_name(t->batch));
}

/* The file of a completed item is removed after its new one is recorded: not before that is on the disk. */
static bool
has_update(const struct group *g)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->jobs[i]->update)
			return true;
	return false;
}

static void
commit_group(struct writer *w, struct group *g)
{
	bool sync = !w->run->set->no_sync || has_update(g);

	for (size_t i = 0; i < g->count && !g->error; i++)
		if (is_fresh(g->jobs[i]) && body_finish(&g->jobs[i]->body) < 0)
			fail_group(g, "writing a file");
	if (!g->error)
		find_types(w, g);
	for (size_t i = 0; i < g->count && !g->error; i++)
		if (is_fresh(g->jobs[i]) && !g->jobs[i]->taken) {
			validate_job(g->jobs[i]);
			update_compare(g->jobs[i]);
		}
	for (size_t i = 0; i < g->count && !g->error; i++)
		if (page_look(&w->pages, g->jobs[i]) < 0)
			fail_group(g, "starting bi-media, which finds what a page shows");
	if (!g->error)
		set_aside(w->run->set, g);
	for (size_t i = 0; i < g->count && !g->error; i++)
		if (is_first_of_batch(g, i))
			find_same(g, g->jobs[i]->target);
	if (!g->error)
		publish_files(g, sync);
	if (!g->error && w->run->set->through)
		hand_over(g);
	for (size_t i = 0; i < g->count && !g->error; i++)
		if (is_first_of_batch(g, i))
			record_results(g, g->jobs[i]->target, sync);
}

static void *
write_groups(void *arg)
{
	struct writer *w = arg;

	pthread_mutex_lock(&w->mutex);
	for (;;) {
		struct group *g;

		while (!w->given && !w->end)
			pthread_cond_wait(&w->changed, &w->mutex);
		if (!w->given)
			break;
		g = w->given;
		pthread_mutex_unlock(&w->mutex);
		commit_group(w, g);
		pthread_mutex_lock(&w->mutex);
		w->given = NULL;
		w->done = g;
		pthread_cond_broadcast(&w->changed);
		eventfd_write(w->event, 1);
	}
	pthread_mutex_unlock(&w->mutex);
	type_close(w->typer);
	pages_close(&w->pages);
	return NULL;
}

struct writer *
writer_start(struct run *run, int *done)
{
	struct writer *w = buf_alloc(sizeof(*w));
	int error;

	w->run = run;
	w->event = *done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->changed, NULL);
	error = w->event < 0 ? errno : pthread_create(&w->thread, NULL, write_groups, w);
	if (!error)
		return w;
	file_close(w->event, 0);
	free(w);
	errno = error;
	return NULL;
}

void
writer_give(struct writer *w, struct group *g)
{
	pthread_mutex_lock(&w->mutex);
	w->given = g;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->mutex);
}

struct group *
writer_take(struct writer *w, bool wait)
{
	struct group *g;
	eventfd_t n;

	pthread_mutex_lock(&w->mutex);
	if (wait)
		atomic_store(&w->pages.hurry, true); /* the run must end */
	while (wait && w->given)
		pthread_cond_wait(&w->changed, &w->mutex);
	g = w->done;
	w->done = NULL;
	if (g && eventfd_read(w->event, &n) < 0 && errno != EAGAIN)
		msg_warn_errno("cannot read an eventfd");
	pthread_mutex_unlock(&w->mutex);
	return g;
}

void
writer_end(struct writer *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->mutex);
	w->end = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->mutex);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->mutex);
	close(w->event);
	free(w);
}
