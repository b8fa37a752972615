/*
 * What is handed in. A client is asked who it is before its body is looked at; its body is then taken as it comes, and
 * what is to be done with it is done in a thread, which may wait for the disk; then its only item is waited for. The
 * client may leave at any time: before its body is whole nothing has happened, and afterwards the job is made and goes
 * on.
 */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "submission.h"

/* A client's place in its request. */
enum { TAKES_HEADERS, TAKES_BODY, TAKES_THREAD, TAKES_ITEM };

struct taking; /* the program */

struct asking {
	int step;
	struct hand *hand;     /* NULL: it has none yet, or no longer */
	struct client *client; /* NULL: it has left; only while a thread has the hand */
	struct taking *taking;
	struct scgi scgi; /* what the thread reads */
	pthread_t thread;
	uint64_t held;       /* of the body, in memory */
	int64_t rate_at;     /* when the body's rate is looked at */
	uint64_t rate_from;  /* how much there was the last time */
	struct asking *next; /* of those that are done */
};

struct taking {
	struct api *api;
	struct loop loop;
	uint64_t held;         /* bytes of lists that clients have in memory, or will */
	pthread_mutex_t mutex; /* for DONE */
	struct asking *done;   /* whose threads have ended */
};

static const struct hand_type types[] = {
	{"parse_url", "url_parse", "url", "upload_url_id", "Batch processing", "URL"},
	{"parse_url_media", "url_parse_media", "media", "upload_url_id", "Batch processing", "URL"},
	{"upload", "file_upload", "upload", "upload_file_id", "Batch upload", "file"},
};

static void
hand_in(struct api *api, const struct request *q, struct reply *r)
{
	(void)api;
	(void)q;
	(void)r;
}

static const struct route routes[] = {
	{"POST", "notebooks/*/files/parse_url", hand_in},
	{"POST", "notebooks/*/files/parse_url_media", hand_in},
	{"POST", "notebooks/*/files/upload", hand_in},
};

/* --- answers --- */

static void
free_asking(struct asking *a)
{
	if (a->hand)
		hand_free(a->hand);
	a->taking->held -= a->held;
	scgi_free(&a->scgi);
	free(a);
}

/* Answers with R, which it frees. S: its headers. */
static void
answer_with(struct taking *t, struct client *c, const struct scgi *s, struct reply *r)
{
	const char *method = scgi_get(s, "REQUEST_METHOD");

	guard_mark(t->api, s, r);
	loop_answer(c, r, method && strcmp(method, "HEAD") == 0);
	reply_free(r);
}

/* Answers with what became of its hand, and forgets it. */
static void
finish(struct client *c)
{
	struct asking *a = c->own;

	answer_with(a->taking, c, a->step == TAKES_BODY ? &c->scgi : &a->scgi, &a->hand->reply);
	wait_end(a->hand, a->taking->loop.fds[1].fd);
	c->own = NULL;
	free_asking(a);
}

/* --- its thread --- */

/* What there is to do once the body is whole. The reply of the hand, or none where its item is to be waited for. */
static void
work(struct asking *a)
{
	struct hand *h = a->hand;
	bool well = h->form.calls ? form_end(h) : urls_take(h, &a->scgi);

	if (!well || !make_job(h) || !h->is_batch)
		return;
	h->reply.status = 202;
	buf_printf(&h->reply.body, "{\"success\":true,\"batch_job_id\":%llu,\"total_items\":%zu,\"message\":\"",
		   (unsigned long long)h->id, h->n);
	buf_printf(&h->reply.body, "%s started for %zu %s%s", h->type->what, h->n, h->type->item, h->n == 1 ? "" : "s");
	buf_str(&h->reply.body, "\",\"is_batch\":true}\n");
}

static void *
run(void *arg)
{
	struct asking *a = arg;
	struct taking *t = a->taking;

	work(a);
	pthread_mutex_lock(&t->mutex);
	a->next = t->done;
	t->done = a;
	pthread_mutex_unlock(&t->mutex);
	eventfd_write(t->loop.fds[0].fd, 1);
	return NULL;
}

/* Its body is whole. */
static void
start(struct client *c)
{
	struct asking *a = c->own;
	int error;

	a->scgi = c->scgi;
	c->scgi = (struct scgi){0};
	a->step = TAKES_THREAD;
	c->deadline = LOOP_NEVER;
	error = pthread_create(&a->thread, NULL, run, a);
	if (!error)
		return;
	hand_error(a->hand, error, "the request cannot be worked on");
	finish(c);
}

/* Its thread has ended. */
static void
end_thread(struct taking *t, struct asking *a)
{
	struct client *c = a->client;

	pthread_join(a->thread, NULL);
	if (!c) {
		free_asking(a);
	} else if (a->hand->reply.status) {
		finish(c);
	} else {
		a->step = TAKES_ITEM;
		wait_begin(a->hand, t->loop.fds[1].fd);
		c->deadline = wait_until(a->hand);
		if (wait_look(a->hand))
			finish(c);
	}
}

static void
handle_threads(struct loop *l)
{
	struct taking *t = l->arg;
	struct asking *a, *next;
	eventfd_t n;

	if (eventfd_read(l->fds[0].fd, &n) < 0)
		return;
	pthread_mutex_lock(&t->mutex);
	a = t->done;
	t->done = NULL;
	pthread_mutex_unlock(&t->mutex);
	for (; a; a = next) {
		next = a->next;
		end_thread(t, a);
	}
}

/* Something happened to a batch whose item is waited for. */
static void
handle_batches(struct loop *l)
{
	char events[16384];

	while (read(l->fds[1].fd, events, sizeof(events)) > 0) {
	}
	for (size_t i = 0; i < l->n; i++) {
		struct asking *a = l->clients[i]->own;

		if (a && a->step == TAKES_ITEM && wait_look(a->hand))
			finish(l->clients[i]);
	}
}

/* --- its body --- */

/* A hand for the request, whose headers are there. NULL after making R the error. */
static struct hand *
begin_hand(struct taking *t, const struct request *q, struct reply *r)
{
	const char *wrong = root_name_check(q->words[1]);
	struct hand *h;

	if (wrong) {
		reply_error(r, 422, "bad_notebook", "the notebook's name %s", wrong);
		return NULL;
	}
	h = buf_alloc(sizeof(*h));
	*h = (struct hand){.api = t->api, .temp = -1, .watch = -1};
	memcpy(h->notebook, q->words[1], strlen(q->words[1]));
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(q->words[3], types[i].path) == 0)
			h->type = &types[i];
	return h;
}

/* Whether the body that is announced may come. False after making R the error. */
static bool
may_come(const struct taking *t, const struct hand *h, uint64_t length, struct reply *r)
{
	bool is_upload = strcmp(h->type->key, "upload") == 0;

	if (is_upload && length > t->api->bounds.upload)
		reply_error(r, 413, "too_large", "an upload may have %llu bytes",
			    (unsigned long long)t->api->bounds.upload);
	else if (!is_upload && length > HAND_JSON_MAX)
		reply_error(r, 413, "too_large", "a list of URLs may have %d bytes: hand it in in several",
			    HAND_JSON_MAX);
	else if (!is_upload && t->held + length > HAND_JSON_HELD)
		reply_error(r, 503, "busy", "too many long lists are handed in at once; try again");
	else
		return true;
	return false;
}

/* Takes what is there of the body, and begins the work once it is whole. */
static void
take_body(struct client *c)
{
	struct asking *a = c->own;
	struct hand *h = a->hand;
	struct scgi *s = &c->scgi;
	uint64_t left = s->body_len - h->got, n = s->in.len - s->body;

	if (!h->form.calls) { /* a list stays where it is */
		h->got = n;
	} else {
		n = n < left ? n : left;
		h->got += n;
		if (!form_take(h, s->in.data + s->body, n)) {
			finish(c);
			return;
		}
		s->in.len = s->body;
	}
	if (h->got >= s->body_len)
		start(c);
}

/* Who it is, and what it wants, is there. */
static void
begin(struct taking *t, struct client *c)
{
	struct reply r = {.status = 200};
	const struct scgi *s = &c->scgi;
	struct hand *h = NULL;
	struct asking *a;
	struct request q;

	if (route_request(t->api, routes, sizeof(routes) / sizeof(*routes), s, &q, &r))
		h = begin_hand(t, &q, &r);
	if (h && !may_come(t, h, s->body_len, &r)) {
		hand_free(h);
		h = NULL;
	}
	if (!h) {
		answer_with(t, c, s, &r);
		return;
	}
	a = buf_alloc(sizeof(*a));
	*a = (struct asking){.step = TAKES_BODY, .hand = h, .client = c, .taking = t};
	c->own = a;
	c->deadline = a->rate_at = clock_ms() + HAND_RATE_MS;
	if (strcmp(h->type->key, "upload") != 0) {
		a->held = s->body_len;
		t->held += a->held;
	} else if (!form_begin(h, scgi_get(s, "CONTENT_TYPE"), s->body_len)) {
		finish(c);
		return;
	}
	take_body(c);
}

/* --- clients --- */

static bool
said(struct loop *l, struct client *c)
{
	struct asking *a = c->own;
	enum scgi_state state;

	if (!a) {
		state = scgi_parse(&c->scgi, 0);
		if (state == SCGI_WHOLE || state == SCGI_LONG)
			begin(l->arg, c);
		return state != SCGI_BAD;
	}
	if (a->step == TAKES_BODY)
		take_body(c);
	else
		scgi_free(&c->scgi); /* more than it announced */
	return true;
}

/* Whether the body comes too slowly, looked at now and then. */
static bool
is_slow(struct asking *a)
{
	uint64_t came = a->hand->got - a->rate_from;

	a->rate_at = clock_ms() + HAND_RATE_MS;
	a->rate_from = a->hand->got;
	return came < HAND_RATE_BYTES;
}

static bool
late(struct loop *l, struct client *c)
{
	struct asking *a = c->own;

	(void)l;
	if (!a)
		return false; /* lighttpd sends headers at once */
	if (a->step == TAKES_ITEM) {
		if (wait_look(a->hand))
			finish(c);
		else
			c->deadline = wait_until(a->hand);
		return true;
	}
	if (is_slow(a)) {
		reply_error(&a->hand->reply, 408, "too_slow",
			    "the request's body comes too slowly: %d bytes are the least in %d seconds",
			    HAND_RATE_BYTES, HAND_RATE_MS / 1000);
		finish(c);
	} else {
		c->deadline = a->rate_at;
	}
	return true;
}

static void
left(struct loop *l, struct client *c)
{
	struct asking *a = c->own;

	if (!a)
		return;
	a->client = NULL;
	if (a->step == TAKES_THREAD)
		return; /* its thread ends in its time */
	wait_end(a->hand, l->fds[1].fd);
	free_asking(a);
}

int
submit_serve(struct api *api)
{
	static const struct loop_calls calls = {.said = said, .late = late, .left = left};
	struct taking *t = buf_alloc(sizeof(*t));

	*t = (struct taking){.api = api};
	pthread_mutex_init(&t->mutex, NULL);
	mallopt(M_ARENA_MAX, 2); /* a thread's memory is given back, however many there were */
	loop_open(&t->loop, &calls, t);
	t->loop.fds[0].fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	t->loop.fds[0].heed = handle_threads;
	t->loop.fds[1].fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	t->loop.fds[1].heed = handle_batches;
	if (t->loop.fds[0].fd < 0)
		msg_die_errno(EX_OSERR, "cannot make an eventfd");
	for (;;)
		loop_turn(&t->loop, LOOP_NEVER);
}
