#include "confined/thumb.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "confined/helper.h"

/* Milliseconds for one picture; processes of each kind; pictures that a process has at once, so that it need not wait
 * for the next. */
enum { PATIENCE = 60 * 1000, WORKERS_MAX = 16, AHEAD = 2 };

struct worker {
	struct helper helper;
	bool extra;
	struct thumb_job *jobs[AHEAD]; /* in the order in which they were sent */
	unsigned n;
	int64_t until; /* when the answer for the first must arrive */
};

struct queue {
	struct thumb_job *first, **last;
};

struct thumber {
	struct worker workers[2 * WORKERS_MAX]; /* half of them for the extra formats */
	unsigned count;
	struct queue waiting, done;
};

static void
put_job(struct queue *q, struct thumb_job *job)
{
	job->next = NULL;
	*q->last = job;
	q->last = &job->next;
}

static void
put_first(struct queue *q, struct thumb_job *job)
{
	job->next = q->first;
	if (!q->first)
		q->last = &job->next;
	q->first = job;
}

/* Removes the job to which AT points from the queue. */
static struct thumb_job *
take_job(struct queue *q, struct thumb_job **at)
{
	struct thumb_job *job = *at;

	*at = job->next;
	if (!*at)
		q->last = at;
	return job;
}

struct thumber *
thumb_open(unsigned count)
{
	struct thumber *t = buf_alloc(sizeof(*t));

	t->count = 2 * (count > WORKERS_MAX ? WORKERS_MAX : count);
	t->waiting.last = &t->waiting.first;
	t->done.last = &t->done.first;
	for (unsigned i = 0; i < t->count; i++) {
		t->workers[i].extra = i >= t->count / 2;
		t->workers[i].helper = (struct helper){
			.program = "bi-thumb", .mode = t->workers[i].extra ? "--extra" : NULL, .socket = -1};
	}
	return t;
}

void
thumb_close(struct thumber *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->count; i++)
		helper_stop(&t->workers[i].helper);
	free(t);
}

static struct thumb_job *
take_first_job(struct worker *w)
{
	struct thumb_job *job = w->jobs[0];

	memmove(w->jobs, w->jobs + 1, --w->n * sizeof(*w->jobs));
	w->until = clock_ms() + PATIENCE;
	return job;
}

/* The picture at which the process ended, or which took too long, fails or is tried again; its other pictures wait for
 * another process. */
static void
fail_worker(struct thumber *t, struct worker *w, enum helper_sign sign, const char *why)
{
	struct thumb_job *job = take_first_job(w);
	struct helper_end end = helper_fail(&w->helper, sign);
	bool ours = end.ours;
	bool again = ours && ++job->troubles < HELPER_TRIES;

	job->end = ours ? THUMB_UNSTARTED : THUMB_DIED;
	job->error = ours ? EAGAIN : 0;
	if (*end.said && !ours)
		snprintf(job->why, sizeof(job->why), "%s (%.*s)", why, THUMB_WHY / 2, end.said);
	else
		snprintf(job->why, sizeof(job->why), "%s", why);
	if (!again)
		put_job(&t->done, job);
	while (w->n > 0)
		put_first(&t->waiting, w->jobs[--w->n]);
	/* The process may have begun to write the file. */
	if (again && (ftruncate(job->out, 0) < 0 || lseek(job->out, 0, SEEK_SET) < 0)) {
		job->end = THUMB_UNWRITTEN;
		job->error = errno;
		put_job(&t->done, job);
	} else if (again)
		put_first(&t->waiting, job);
}

static bool
parse_hex(const char *text, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strspn(text + 2 * i, "0123456789abcdef") < 2 || sscanf(text + 2 * i, "%2hhx", &out[i]) != 1)
			return false;
	return text[2 * n] == '\0';
}

/* The answer is checked, since the process read hostile bytes. */
static bool
parse_answer(struct thumb_job *j, const char *packet)
{
	unsigned long long hash;
	int end = 0;

	if (strncmp(packet, "failed ", 7) == 0) {
		size_t n = 0;

		j->end = THUMB_FAILED;
		for (const char *c = packet + 7; *c && n < sizeof(j->why) - 1; c++)
			j->why[n++] = *c;
		j->why[n] = '\0';
		for (char *c = j->why; *c; c++)
			if (*c < ' ' || *c > '~')
				*c = ' ';
		return true;
	}
	if (sscanf(packet, "unread %6d", &j->error) == 1) {
		j->end = THUMB_UNREAD;
		snprintf(j->why, sizeof(j->why), "it cannot be read: %s", strerror(j->error));
		return true;
	}
	if (sscanf(packet, "unwritten %6d", &j->error) == 1) {
		j->end = THUMB_UNWRITTEN;
		snprintf(j->why, sizeof(j->why), "its thumbnail could not be written: %s", strerror(j->error));
		return true;
	}
	j->end = THUMB_OK;
	if (sscanf(packet, "ok %6d %6d %9d %9d %1u %9u %16llx %9u %n", &j->width, &j->height, &j->owidth, &j->oheight,
		   &j->kind, &j->pages, &hash, &j->likeness.sharpness, &end) != 8 ||
	    end == 0)
		return false;
	j->likeness.hash = hash;
	return parse_hex(packet + end, j->likeness.colours, LIKENESS_COLOURS) && j->width > 0 && j->height > 0 &&
	       j->owidth > 0 && j->oheight > 0;
}

/* Sends one more job to the process. -1 with errno if the process cannot be started. */
static int
give_job(struct worker *w, struct thumb_job *job)
{
	char packet[32];
	int n = snprintf(packet, sizeof(packet), "%d %d", job->size, job->page);

	for (int i = 0; i < 2; i++) {
		if (w->helper.socket < 0 && helper_start(&w->helper) < 0)
			return -1;
		if (helper_send(&w->helper, packet, (size_t)n, (int[]){job->in, job->out}, 2) == 0) {
			if (w->n == 0)
				w->until = clock_ms() + PATIENCE;
			w->jobs[w->n++] = job;
			return 0;
		}
		if (w->n > 0)
			return 1; /* no room, or the process ended: receive_answer() finds out which */
		helper_stop(&w->helper);
	}
	errno = EAGAIN;
	return -1;
}

/* The process of that kind with the fewest jobs, or NULL if all have enough. */
static struct worker *
least_busy(struct thumber *t, bool extra)
{
	struct worker *least = NULL;

	for (unsigned i = 0; i < t->count; i++) {
		struct worker *w = &t->workers[i];

		if (w->extra == extra && w->n < AHEAD && (!least || w->n < least->n))
			least = w;
	}
	return least;
}

/* Sends the waiting jobs, as far as there is room. */
static void
hand_out(struct thumber *t)
{
	for (struct thumb_job **at = &t->waiting.first; *at;) {
		struct worker *w = least_busy(t, (*at)->extra);
		struct thumb_job *job;
		int rc = w ? give_job(w, *at) : 1;

		if (rc > 0) {
			at = &(*at)->next;
			continue;
		}
		job = take_job(&t->waiting, at);
		if (rc == 0)
			continue;
		job->end = THUMB_UNSTARTED;
		job->error = errno;
		snprintf(job->why, sizeof(job->why), "bi-thumb cannot be started: %s", strerror(errno));
		put_job(&t->done, job);
	}
}

/* Receives an answer of a busy process, if it has arrived or its time is over. */
static void
receive_answer(struct thumber *t, struct worker *w)
{
	char packet[THUMB_ANSWER];
	ssize_t n = helper_receive(&w->helper, packet, sizeof(packet));

	if (n < 0 && errno == EAGAIN) {
		if (clock_ms() >= w->until)
			fail_worker(t, w, HELPER_LATE, "decoding it took longer than a picture may");
	} else if (n > 0 && !w->extra && strcmp(packet, "extra") == 0) {
		w->jobs[0]->extra = true;
		put_first(&t->waiting, take_first_job(w));
	} else if (n > 0 && parse_answer(w->jobs[0], packet)) {
		put_job(&t->done, take_first_job(w));
	} else {
		fail_worker(t, w, n > 0 ? HELPER_NONSENSE : HELPER_GONE, "decoding it ended the program that did so");
	}
}

/* Waits, if there is time, until a busy process has an answer. Returns how many are busy. */
static unsigned
wait_busy(struct thumber *t, bool wait)
{
	struct pollfd p[2 * WORKERS_MAX];
	int64_t until = clock_ms() + PATIENCE;
	nfds_t n = 0;

	for (unsigned i = 0; i < t->count; i++) {
		struct worker *w = &t->workers[i];

		if (w->n == 0)
			continue;
		p[n++] = (struct pollfd){.fd = w->helper.socket, .events = POLLIN};
		if (w->until < until)
			until = w->until;
	}
	if (n > 0 && wait && poll(p, n, clock_left(until)) < 0 && errno != EINTR)
		return 0;
	return (unsigned)n;
}

void
thumb_start(struct thumber *t, struct thumb_job *job)
{
	job->extra = false;
	job->troubles = 0;
	put_job(&t->waiting, job);
	hand_out(t);
}

struct thumb_job *
thumb_next(struct thumber *t, bool wait)
{
	hand_out(t);
	while (!t->done.first && wait_busy(t, wait) > 0) {
		for (unsigned i = 0; i < t->count; i++)
			while (t->workers[i].n > 0 && !t->done.first) {
				unsigned had = t->workers[i].n;

				receive_answer(t, &t->workers[i]);
				if (t->workers[i].n == had)
					break;
			}
		hand_out(t);
		if (!wait)
			break;
	}
	return t->done.first ? take_job(&t->done, &t->done.first) : NULL;
}
