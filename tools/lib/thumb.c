#include "thumb.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "helper.h"

enum { PATIENCE = 60 * 1000, MOST = 16 }; /* milliseconds for one picture; processes */

struct worker {
	struct helper helper;
	struct thumb_job *job; /* NULL: idle */
	int64_t until;         /* when its answer must be here */
};

struct thumber {
	struct worker workers[MOST];
	unsigned count;
};

struct thumber *
thumb_open(unsigned count)
{
	struct thumber *t = buf_alloc(sizeof(*t));

	count = count > MOST ? MOST : count;
	for (; t->count < count; t->count++) {
		struct worker *w = &t->workers[t->count];

		w->helper = (struct helper){.program = "bi-thumb", .socket = -1};
		if (helper_start(&w->helper) < 0) {
			int error = errno;

			thumb_close(t);
			errno = error;
			return NULL;
		}
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

static void
died(struct worker *w, const char *why)
{
	helper_stop(&w->helper);
	w->job->end = THUMB_DIED;
	snprintf(w->job->why, sizeof(w->job->why), "%s", why);
	w->job = NULL;
}

/* What it says is checked: it read hostile bytes. */
static bool
parse_answer(struct thumb_job *j, const char *packet)
{
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
	if (sscanf(packet, "unwritten %6d", &j->error) == 1) {
		j->end = THUMB_UNWRITTEN;
		snprintf(j->why, sizeof(j->why), "its thumbnail could not be written: %s", strerror(j->error));
		return true;
	}
	j->end = THUMB_OK;
	return sscanf(packet, "ok %6d %6d %9d %9d%n", &j->width, &j->height, &j->owidth, &j->oheight, &end) == 4 &&
	       packet[end] == '\0' && j->width > 0 && j->height > 0 && j->owidth > 0 && j->oheight > 0;
}

/* Gives the job to an idle worker. -1 when its bi-thumb cannot be started. */
static int
give(struct worker *w, struct thumb_job *job, int size)
{
	char packet[16];
	int n = snprintf(packet, sizeof(packet), "%d", size);

	for (int i = 0; i < 2; i++) {
		if (w->helper.socket < 0 && helper_start(&w->helper) < 0)
			return -1;
		if (helper_send(&w->helper, packet, (size_t)n, (int[]){job->in, job->out}, 2) == 0) {
			w->job = job;
			w->until = clock_ms() + PATIENCE;
			return 0;
		}
		helper_stop(&w->helper); /* it went while it was idle */
	}
	errno = EPROTO;
	return -1;
}

/* Takes the answer of a busy worker, if it is there or the time for it is over. */
static void
look(struct worker *w)
{
	char packet[256];
	ssize_t n = helper_take(&w->helper, packet, sizeof(packet));

	if (n < 0 && errno == EAGAIN) {
		if (clock_ms() >= w->until)
			died(w, "decoding it took longer than a picture may");
		return;
	}
	if (n <= 0 || !parse_answer(w->job, packet))
		died(w, "decoding it ended the program that did so");
	else
		w->job = NULL;
}

/* Waits until a busy worker has an answer or the first deadline passes. */
static void
wait_busy(struct thumber *t)
{
	struct pollfd p[MOST];
	int64_t until = clock_ms() + PATIENCE;
	nfds_t n = 0;

	for (unsigned i = 0; i < t->count; i++) {
		struct worker *w = &t->workers[i];

		if (!w->job)
			continue;
		p[n++] = (struct pollfd){.fd = w->helper.socket, .events = POLLIN};
		if (w->until < until)
			until = w->until;
	}
	if (poll(p, n, clock_left(until)) < 0)
		return; /* interrupted: whoever waits looks again */
}

int
thumb_make(struct thumber *t, struct thumb_job *jobs, size_t n, int size)
{
	size_t next = 0, busy;

	do {
		busy = 0;
		for (unsigned i = 0; i < t->count; i++) {
			struct worker *w = &t->workers[i];

			if (!w->job && next < n && give(w, &jobs[next++], size) < 0)
				return -1;
			busy += w->job != NULL;
		}
		if (busy)
			wait_busy(t);
		for (unsigned i = 0; i < t->count; i++)
			if (t->workers[i].job)
				look(&t->workers[i]);
	} while (busy || next < n);
	return 0;
}
