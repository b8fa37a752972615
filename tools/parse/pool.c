#include "pool.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/trouble.h"
#include "base/utf8.h"
#include "confined/helper.h"
#include "doc.h"
#include "parse_helper.h"

enum { FORMATS = 12, USES = 500 }; /* a process is replaced after so many documents, because libraries leak memory */

struct worker {
	struct helper helper;
	struct work *work; /* NULL: it is idle */
	int64_t until;
	unsigned uses;
};

struct pool {
	unsigned count, seconds, busy;
	struct work *first, **last; /* that wait */
	struct worker *workers;     /* COUNT of each format; idle processes of other formats stay */
	const char *formats[FORMATS];
};

struct pool *
pool_open(unsigned count, unsigned seconds)
{
	struct pool *p = buf_alloc(sizeof(*p));

	p->count = count < 1 ? 1 : count > POOL_MAX ? POOL_MAX : count;
	p->seconds = seconds;
	p->last = &p->first;
	p->workers = buf_alloc(FORMATS * p->count * sizeof(*p->workers));
	for (unsigned i = 0; i < FORMATS * p->count; i++)
		p->workers[i].helper.socket = -1;
	return p;
}

void
pool_close(struct pool *p)
{
	for (unsigned i = 0; i < FORMATS * p->count; i++)
		helper_stop(&p->workers[i].helper);
	free(p->workers);
	free(p);
}

/* The processes of a format. */
static struct worker *
workers_of(struct pool *p, const char *format)
{
	size_t i = 0;

	while (i < FORMATS - 1 && p->formats[i] && strcmp(p->formats[i], format) != 0)
		i++;
	p->formats[i] = format;
	return p->workers + i * p->count;
}

static void
fail_work(struct work *w, const char *code, bool retryable, const char *why)
{
	w->ended = true;
	w->end = WORK_FAILED;
	w->retryable = retryable;
	snprintf(w->code, sizeof(w->code), "%s", code);
	snprintf(w->why, sizeof(w->why), "%s", why);
	utf8_make_line(w->why);
}

static void
end_work(struct pool *p, struct worker *k)
{
	k->work = NULL;
	p->busy--;
	if (++k->uses >= USES) {
		helper_stop(&k->helper);
		k->uses = 0;
	}
}

/* Puts W before the waiting documents. */
static void
put_first(struct pool *p, struct work *w)
{
	w->next = p->first;
	if (!p->first)
		p->last = &w->next;
	p->first = w;
}

/* The process has ended, or must end: its document fails for the way it ended, or is tried again. */
static void
end_worker(struct pool *p, struct worker *k, enum helper_sign sign)
{
	struct work *w = k->work;
	struct helper_end end = helper_fail(&k->helper, sign);
	int code = end.code;

	/* Its incomplete output is discarded. */
	if (end.ours && ++w->troubles < HELPER_TRIES && ftruncate(w->out, 0) == 0 && lseek(w->out, 0, SEEK_SET) == 0)
		put_first(p, w);
	else if (end.ours)
		fail_work(w, TROUBLE_CODE, true, "the process that parses it " HELPER_TROUBLE ", again and again");
	else if (sign == HELPER_LATE || code == 128 + SIGPROF || code == 128 + SIGXCPU)
		fail_work(w, "parse_timeout", false, "parsing it took too much time");
	else if (code == EX_OSERR)
		fail_work(w, "parse_memory", false, "parsing it took too much memory");
	else {
		char why[60 + HELPER_SAID] = "the process that parsed it crashed";

		if (*end.said)
			snprintf(why, sizeof(why), "the process that parsed it crashed: %s", end.said);
		fail_work(w, "parse_crashed", false, why);
	}
	k->uses = 0;
	end_work(p, k);
}

/* Sends W to the process. 0, or -1 with errno. */
static int
send_work(struct worker *k, struct work *w)
{
	const int fds[] = {w->in, w->out};

	for (int i = 0; i < 2; i++) {
		if (k->helper.socket < 0) {
			k->helper.program = "bi-parse";
			k->helper.mode = w->format;
			if (helper_start(&k->helper) < 0)
				return -1;
		}
		if (helper_send(&k->helper, w->request, strlen(w->request), fds, 2) == 0)
			return 0;
		helper_stop(&k->helper); /* it ended while it was idle */
	}
	errno = EAGAIN;
	return -1;
}

static void
hand_out(struct pool *p)
{
	while (p->first && p->busy < p->count) {
		struct work *w = p->first;
		struct worker *k = workers_of(p, w->format);

		while (k->work)
			k++;
		p->first = w->next;
		if (!p->first)
			p->last = &p->first;
		if (send_work(k, w) < 0) {
			char why[120];

			snprintf(why, sizeof(why), "bi-parse --serve %s cannot be started: %s", w->format,
				 strerror(errno));
			fail_work(w, "parse_unavailable", true, why);
			continue;
		}
		k->work = w;
		k->until = clock_ms() + p->seconds * INT64_C(1000);
		p->busy++;
	}
}

void
pool_add(struct pool *p, struct work *w)
{
	w->next = NULL;
	w->ended = false;
	w->troubles = 0;
	*p->last = w;
	p->last = &w->next;
	hand_out(p);
}

nfds_t
pool_wait(const struct pool *p, struct pollfd *poll, int *ms)
{
	nfds_t n = 0;

	*ms = -1;
	for (unsigned i = 0; i < FORMATS * p->count; i++) {
		const struct worker *k = &p->workers[i];
		int left = k->work ? clock_left(k->until) : 0;

		if (!k->work)
			continue;
		poll[n++] = (struct pollfd){.fd = k->helper.socket, .events = POLLIN};
		if (*ms < 0 || left < *ms)
			*ms = left;
	}
	return n;
}

/* "failed damaged it is ...": the second word becomes a code. */
static bool
take_failure(struct work *w, char *words)
{
	static const char *const codes[][2] = {
		{"damaged ", "parse_damaged"},
		{"encrypted ", "parse_encrypted"},
		{"unsupported ", "parse_unsupported"},
		{"memory ", "parse_memory"},
		{"unread ", TROUBLE_CODE},
		{"late ", "parse_timeout"},
		{"program ", "parse_program_failed"},
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strncmp(words, codes[i][0], strlen(codes[i][0])) == 0) {
			fail_work(w, codes[i][1], strcmp(codes[i][1], TROUBLE_CODE) == 0, words + strlen(codes[i][0]));
			return true;
		}
	return false;
}

/* The answer is checked, since the process read hostile bytes. */
static bool
take_answer(struct work *w, char *packet)
{
	int end = 0;

	if (strncmp(packet, "failed ", 7) == 0)
		return take_failure(w, packet + 7);
	w->ended = true;
	w->end = WORK_OTHER;
	if (strcmp(packet, "other") == 0)
		return true;
	w->end = WORK_DONE;
	return strlen(packet) < 60 && strspn(packet, "done 0123456789") == strlen(packet) &&
	       sscanf(packet, "done %zu %zu %zu%n", &w->images, &w->text, &w->meta, &end) == 3 && packet[end] == '\0' &&
	       w->images <= DOC_IMAGES && w->text <= DOC_TEXT + 4096 && w->meta <= DOC_META;
}

static void
read_answer(struct pool *p, struct worker *k)
{
	char packet[SERVE_ANSWER];
	ssize_t n = helper_receive(&k->helper, packet, sizeof(packet));

	if (n < 0 && errno == EAGAIN) {
		if (clock_left(k->until) == 0)
			end_worker(p, k, HELPER_LATE);
	} else if (n > 0 && strlen(packet) == (size_t)n && take_answer(k->work, packet)) {
		end_work(p, k);
	} else {
		end_worker(p, k, n > 0 ? HELPER_NONSENSE : HELPER_GONE);
	}
}

void
pool_look(struct pool *p)
{
	for (unsigned i = 0; i < FORMATS * p->count; i++)
		if (p->workers[i].work)
			read_answer(p, &p->workers[i]);
	hand_out(p);
}
