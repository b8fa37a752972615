/* Accepts submissions. A client is authenticated before its body is read. A list is then read by the loop as it
 * arrives; the body of an upload is read by a thread, which may wait for the disk. A thread makes the job. If the
 * client wants the result, the loop waits for the only item, and another thread, which may wait for the notebook, makes
 * the answer. The client may leave at any time: before the body is complete nothing has happened, and afterwards the
 * job is made and continues. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "auth.h"
#include "base/clock.h"
#include "base/msg.h"
#include "batch/batch_priority.h"
#include "client_loop.h"
#include "create_job.h"
#include "receive.h"
#include "route.h"
#include "submission.h"
#include "submit_server.h"
#include "urls.h"
#include "wait_item.h"

/* The state of a client's request. */
enum { STEP_HEADERS, STEP_BODY, STEP_THREAD, STEP_ITEM };

struct submit_server; /* the program */

struct submit_client {
	int step;
	struct submission *submission; /* NULL: there is none yet, or no longer one */
	struct client *client;         /* NULL: the client has left while a thread has the submission */
	struct submit_server *server;
	struct scgi scgi; /* the input of the thread */
	int fd;           /* the client's connection, which the thread of an upload reads */
	bool waits;       /* the job is made: the thread is to look at its item */
	pthread_t thread;
	uint64_t held;              /* of the body, in memory */
	int64_t rate_at;            /* when the rate of the body is checked */
	uint64_t rate_from;         /* how much had arrived at the last check */
	struct submit_client *next; /* of threads that have ended */
};

struct submit_server {
	struct api *api;
	struct client_loop clients;
	struct loop_watcher threads; /* an eventfd: threads have ended */
	struct loop_watcher batches; /* an inotify descriptor: a batch changed whose item a client waits for */
	int ino;                     /* of that; -1: there is none */
	uint64_t held;               /* bytes of lists in memory, including those that were announced */
	pthread_mutex_t mutex;       /* for DONE */
	struct submit_client *done;  /* whose threads have ended */
};

static const struct submission_type types[] = {
	{"parse_url", "url_parse", "url", "upload_url_id", "Batch processing", "URL"},
	{"parse_document_url", "url_parse", "url", "upload_url_id", "Batch processing", "URL"},
	{"parse_url_media", "url_parse_media", "media", "upload_url_id", "Batch processing", "URL"},
	{"upload", "file_upload", "upload", "upload_file_id", "Batch upload", "file"},
};

static const struct route routes[] = {
	{"POST", "notebooks/*/files/parse_url", NULL},
	{"POST", "notebooks/*/files/parse_document_url", NULL},
	{"POST", "notebooks/*/files/parse_url_media", NULL},
	{"POST", "notebooks/*/files/upload", NULL},
};

static bool
is_upload(const struct submission *h)
{
	return strcmp(h->type->key, "upload") == 0;
}

/* --- answers --- */

static void
free_submit_client(struct submit_client *a)
{
	if (a->submission)
		submission_free(a->submission);
	a->server->held -= a->held;
	scgi_free(&a->scgi);
	free(a);
}

/* Answers with R and frees it. S: the headers of the request. */
static void
answer_with(struct submit_server *t, struct client *c, const struct scgi *s, struct reply *r)
{
	const char *method = scgi_get(s, "REQUEST_METHOD");

	auth_mark(t->api, s, r);
	client_answer(c, r, method && strcmp(method, "HEAD") == 0);
	reply_free(r);
}

/* Answers with the result of the submission, and frees that. */
static void
finish_client(struct client *c)
{
	struct submit_client *a = c->own;

	answer_with(a->server, c, a->step == STEP_BODY ? &c->scgi : &a->scgi, &a->submission->reply);
	wait_item_end(a->submission, a->server->ino);
	c->own = NULL;
	free_submit_client(a);
}

/* --- its thread --- */

/* Processes the complete body. The submission then has its reply, or none if the client waits for the item. */
static void
process_submission(struct submit_client *a)
{
	struct submission *h = a->submission;
	bool well = is_upload(h) ? receive_upload(h, &a->scgi, a->fd) : urls_take(h, &a->scgi);

	if (!well || !create_job(h)) {
		submission_drop_files(h);
		return;
	}
	if (!h->is_batch) {
		a->waits = true;
		wait_item_begin(h, a->server->ino);
		return;
	}
	h->reply.status = 202;
	buf_printf(&h->reply.body, "{\"success\":true,\"batch_job_id\":%llu,\"total_items\":%zu,\"message\":\"",
		   (unsigned long long)h->id, h->n);
	buf_printf(&h->reply.body, "%s started for %zu %s%s", h->type->what, h->n, h->type->item, h->n == 1 ? "" : "s");
	buf_str(&h->reply.body, "\",\"is_batch\":true}\n");
}

static void *
run_thread(void *arg)
{
	struct submit_client *a = arg;
	struct submit_server *t = a->server;

	if (a->waits)
		wait_item_look(a->submission);
	else
		process_submission(a);
	pthread_mutex_lock(&t->mutex);
	a->next = t->done;
	t->done = a;
	pthread_mutex_unlock(&t->mutex);
	eventfd_write(t->threads.fd, 1);
	return NULL;
}

/* Leaves the submission to a thread. Returns 0 or an error. */
static int
start_thread(struct client *c)
{
	struct submit_client *a = c->own;

	a->step = STEP_THREAD;
	loop_stop_timer(a->server->clients.loop, &c->timer);
	return pthread_create(&a->thread, NULL, run_thread, a);
}

/* The headers of an upload are complete, or the list. */
static void
start_processing(struct client *c)
{
	struct submit_client *a = c->own;
	int error;

	a->scgi = c->scgi;
	c->scgi = (struct scgi){0};
	error = start_thread(c);
	if (!error)
		return;
	submission_error(a->submission, error, "the request cannot be processed");
	finish_client(c);
}

/* Waits for the item. */
static void
wait_for_item(struct client *c)
{
	struct submit_client *a = c->own;

	a->step = STEP_ITEM;
	client_set_deadline(c, wait_item_until(a->submission));
}

/* Lets a thread look at the item. If there can be no thread now, one is tried again later. */
static void
look_at_item(struct client *c)
{
	if (start_thread(c) != 0)
		wait_for_item(c);
}

/* The thread of the client has ended. */
static void
end_thread(struct submit_server *t, struct submit_client *a)
{
	struct client *c = a->client;

	pthread_join(a->thread, NULL);
	if (!c) {
		wait_item_end(a->submission, t->ino);
		free_submit_client(a);
	} else if (a->submission->left) {
		a->step = STEP_BODY;
		client_drop(c);
	} else if (a->submission->reply.status) {
		finish_client(c);
	} else {
		if (c->paused)
			client_resume(c);
		wait_for_item(c);
		if (wait_item_has_ended(a->submission))
			look_at_item(c);
	}
}

static void
handle_threads(void *arg, uint32_t events)
{
	struct submit_server *t = arg;
	struct submit_client *a, *next;
	eventfd_t n;

	(void)events;
	if (eventfd_read(t->threads.fd, &n) < 0)
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

/* A batch changed whose item a client waits for. */
static void
handle_batches(void *arg, uint32_t happened)
{
	struct submit_server *t = arg;
	char events[16384];

	(void)happened;
	while (read(t->ino, events, sizeof(events)) > 0) {
	}
	for (size_t i = 0; i < t->clients.n; i++) {
		struct submit_client *a = t->clients.v[i]->own;

		if (a && a->step == STEP_ITEM && wait_item_has_ended(a->submission))
			look_at_item(t->clients.v[i]);
	}
}

/* --- its body --- */

/* Makes a submission for the request, whose headers are complete. NULL after making R the error. */
static struct submission *
begin_submission(struct submit_server *t, const struct request *q, struct reply *r)
{
	const char *wrong = root_name_check(q->words[1]);
	struct submission *h;

	if (wrong) {
		reply_error(r, 422, "bad_notebook", "the notebook's name %s", wrong);
		return NULL;
	}
	h = buf_alloc(sizeof(*h));
	*h = (struct submission){.api = t->api, .priority = PRIORITY_NORMAL, .temp = -1, .watch = -1};
	memcpy(h->notebook, q->words[1], strlen(q->words[1]));
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(q->words[3], types[i].path) == 0)
			h->type = &types[i];
	return h;
}

/* Whether the announced body is acceptable. False after making R the error. */
static bool
check_length(const struct submit_server *t, const struct submission *h, uint64_t length, struct reply *r)
{
	if (is_upload(h) && length > t->api->bounds.upload)
		reply_error(r, 413, "too_large", "an upload may have at most %llu bytes",
			    (unsigned long long)t->api->bounds.upload);
	else if (!is_upload(h) && length > SUBMISSION_JSON_MAX)
		reply_error(r, 413, "too_large",
			    "a list of URLs may have at most %d bytes: submit it in several requests",
			    SUBMISSION_JSON_MAX);
	else if (!is_upload(h) && t->held + length > SUBMISSION_JSON_HELD)
		reply_error(r, 503, "busy", "too many long lists are being submitted at once; try again");
	else
		return true;
	return false;
}

/* Counts the part of a list that has arrived, which stays in its buffer, and starts the work once it is complete. */
static void
read_list(struct client *c)
{
	struct submit_client *a = c->own;
	struct submission *h = a->submission;

	h->got = c->scgi.in.len - c->scgi.body;
	if (h->got >= c->scgi.body_len)
		start_processing(c);
}

/* The headers are complete. */
static void
begin_client(struct submit_server *t, struct client *c)
{
	struct reply r = {.status = 200};
	const struct scgi *s = &c->scgi;
	struct submission *h = NULL;
	struct submit_client *a;
	struct request q;

	if (route_request(t->api, routes, sizeof(routes) / sizeof(*routes), s, &q, &r))
		h = begin_submission(t, &q, &r);
	if (h && !check_length(t, h, s->body_len, &r)) {
		submission_free(h);
		h = NULL;
	}
	if (!h) {
		answer_with(t, c, s, &r);
		return;
	}
	a = buf_alloc(sizeof(*a));
	*a = (struct submit_client){.step = STEP_BODY, .submission = h, .client = c, .server = t};
	c->own = a;
	if (is_upload(h)) {
		a->fd = c->watcher.fd;
		client_pause(c);
		start_processing(c);
		return;
	}
	a->rate_at = clock_ms() + SUBMISSION_RATE_MS;
	client_set_deadline(c, a->rate_at);
	a->held = s->body_len;
	t->held += a->held;
	read_list(c);
}

/* --- clients --- */

static bool
on_request(struct client *c)
{
	struct submit_client *a = c->own;
	enum scgi_state state;

	if (!a) {
		state = scgi_parse(&c->scgi, 0);
		if (state == SCGI_WHOLE || state == SCGI_LONG)
			begin_client(c->clients->arg, c);
		return state != SCGI_BAD;
	}
	if (a->step == STEP_BODY)
		read_list(c);
	else
		scgi_free(&c->scgi); /* more than was announced */
	return true;
}

/* Checks now and then whether a list arrives too slowly. */
static bool
is_slow(struct submit_client *a)
{
	uint64_t came = a->submission->got - a->rate_from;

	a->rate_at = clock_ms() + SUBMISSION_RATE_MS;
	a->rate_from = a->submission->got;
	return came < SUBMISSION_RATE_BYTES;
}

static bool
on_deadline(struct client *c)
{
	struct submit_client *a = c->own;

	if (!a)
		return false; /* lighttpd sends headers at once */
	if (a->step == STEP_ITEM) {
		look_at_item(c);
		return true;
	}
	if (is_slow(a)) {
		reply_error(&a->submission->reply, 408, "too_slow",
			    "the request body arrives too slowly: at least %d bytes must arrive every %d seconds",
			    SUBMISSION_RATE_BYTES, SUBMISSION_RATE_MS / 1000);
		finish_client(c);
	} else {
		client_set_deadline(c, a->rate_at);
	}
	return true;
}

static void
on_drop(struct client *c)
{
	struct submit_client *a = c->own;

	if (!a)
		return;
	a->client = NULL;
	if (a->step == STEP_THREAD)
		return; /* the thread ends later */
	wait_item_end(a->submission, a->server->ino);
	free_submit_client(a);
}

int
submit_serve(struct api *api)
{
	static const struct client_calls calls = {
		.on_request = on_request, .on_deadline = on_deadline, .on_drop = on_drop};
	struct submit_server *t = buf_alloc(sizeof(*t));
	int ended;

	*t = (struct submit_server){.api = api, .ino = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
	t->threads = (struct loop_watcher){.call = handle_threads, .arg = t};
	t->batches = (struct loop_watcher){.call = handle_batches, .arg = t};
	pthread_mutex_init(&t->mutex, NULL);
	mallopt(M_ARENA_MAX, 2); /* returns the memory of threads to the system, however many there were */
	clients_open(&t->clients, &calls, t);
	ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ended < 0 || loop_watch(t->clients.loop, &t->threads, ended, EPOLLIN) < 0)
		msg_die_errno(EX_OSERR, "cannot make an eventfd");
	if (t->ino >= 0)
		(void)loop_watch(t->clients.loop, &t->batches, t->ino, EPOLLIN);
	for (;;)
		clients_run_once(&t->clients);
}
