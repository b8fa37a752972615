#include "export_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/msg.h"
#include "base/paths.h"
#include "base/utf8.h"
#include "query.h"
#include "records/rec.h"

enum {
	EXPORTS_MAX = 4,      /* at once */
	BEAT_MS = 60000,      /* for a client to read something; the patience with one that is slow */
	RATE_MIN = 16,        /* bytes in a millisecond that renew the patience */
	CHUNK = 1 << 16,      /* read at once */
	SAID_MAX = 4096,      /* bytes of messages that are kept */
	RECORD_MAX = 1 << 20, /* bytes of a record */
	LEFT_OUT_MAX = 1000,  /* refused subjects that are listed */
};

static const struct {
	const char *word, *type, *suffix;
} formats[] = {
	{"zip", "application/zip", ".zip"},
	{"tar", "application/x-tar", ".tar"},
	{"csv", "text/csv; charset=utf-8", ".csv"},
	{"json", "application/json", ".json"},
	{"md", "text/markdown; charset=utf-8", ".md"},
	{"coco", "application/json", ".coco.json"},
	{"decisions", "text/csv; charset=utf-8", ".decisions.csv"},
	{"decisions-ndjson", "application/x-ndjson", ".decisions.ndjson"},
	{"imagefolder", "application/x-tar", ".imagefolder.tar"},
};

enum { FORMATS = sizeof(formats) / sizeof(*formats) };

struct export_stream {
	struct client *client;
	size_t format;
	bool head;  /* only the headers are wanted */
	bool check; /* only what would be exported is told */
	char batch[API_WORD_MAX];
	pid_t pid; /* 0: it has ended */
	struct loop_watcher out, said;
	struct reply reply;
	struct buf messages;
	bool begun; /* the headers were sent */
	/* The client has PATIENCE milliseconds, from SINCE on, to read a piece of PIECE bytes. */
	int64_t patience, since;
	size_t piece;
	/* Of a check. */
	struct buf line;
	struct json_object *left_out;
	uint64_t files, bytes, refused;
};

static unsigned running;

/* --- a check: the records of bi-collect --- */

static void
take_record(struct export_stream *x, const char *text, size_t n)
{
	struct json_object *o = rec_parse(text, n, NULL, 0), *error = NULL, *one;
	const char *status = rec_string(o, "status");

	if (status && strcmp(status, "collected") == 0) {
		x->files++;
		x->bytes += (uint64_t)rec_number(o, "bytes", 0);
	} else if (status && strcmp(status, "refused") == 0) {
		json_object_object_get_ex(o, "error", &error);
		if (x->refused++ < LEFT_OUT_MAX) {
			one = json_object_new_object();
			rec_add_filled(one, "subject", rec_string(o, "subject"));
			rec_add_filled(one, "code", rec_string(error, "code"));
			rec_add_filled(one, "message", rec_string(error, "message"));
			json_object_array_add(x->left_out, one);
		}
	}
	json_object_put(o);
}

/* Takes the complete lines. */
static void
take_records(struct export_stream *x)
{
	const char *end;

	while (x->line.len && (end = memchr(x->line.data, '\n', x->line.len))) {
		size_t n = (size_t)(end - x->line.data);

		take_record(x, x->line.data, n);
		buf_drop(&x->line, n + 1);
	}
	if (x->line.len > RECORD_MAX)
		buf_clear(&x->line);
}

static void
answer_check(struct export_stream *x)
{
	struct json_object *o = json_object_new_object();

	rec_add_string(o, "batch", x->batch);
	json_object_object_add(o, "files", json_object_new_int64((int64_t)x->files));
	json_object_object_add(o, "bytes", json_object_new_int64((int64_t)x->bytes));
	json_object_object_add(o, "refused", json_object_new_int64((int64_t)x->refused));
	json_object_object_add(o, "left_out", json_object_get(x->left_out));
	buf_printf(&x->reply.body, "%s\n", rec_print(o));
	json_object_put(o);
	client_answer(x->client, &x->reply, x->head);
}

/* --- the end --- */

/* The messages of bi-collect without its name, one after the other. */
static void
join_messages(struct export_stream *x, struct buf *out)
{
	static const char name[] = "bi-collect: ";
	char *at = x->messages.data, *end;

	for (; at && *at; at = end) {
		end = at + strcspn(at, "\n");
		if (*end)
			*end++ = '\0';
		at += strncmp(at, name, sizeof(name) - 1) == 0 ? sizeof(name) - 1 : 0;
		if (*at)
			buf_printf(out, "%s%s", out->len ? "; " : "", at);
	}
}

static void
answer_error(struct export_stream *x, int code)
{
	struct buf why = {0};

	join_messages(x, &why);
	if (code == EX_NOINPUT)
		reply_error(&x->reply, 404, "no_such_batch", "there is no batch %s", x->batch);
	else if (code == EX_WRONG_USE)
		reply_error(&x->reply, 400, "bad_parameter", "%s", why.len ? why.data : "a parameter is wrong");
	else if (code == EX_ALL_WELL || code == EX_SOME_FAILED || code == EX_CONFLICT)
		reply_error(&x->reply, 422, "nothing_to_export", "nothing can be exported: %s",
			    why.len ? why.data : "nothing was chosen");
	else
		reply_error(&x->reply, 500, "cannot_export", "bi-collect ended with %d: %s", code,
			    why.len ? why.data : "it gave no reason");
	client_answer(x->client, &x->reply, x->head);
	buf_free(&why);
}

static void
read_messages(struct export_stream *x)
{
	char bytes[1024];
	ssize_t n;

	while ((n = read(x->said.fd, bytes, sizeof(bytes))) > 0)
		if (x->messages.len + (size_t)n <= SAID_MAX)
			buf_add(&x->messages, bytes, (size_t)n);
	if (n == 0)
		loop_unwatch(x->client->clients->loop, &x->said);
}

/* bi-collect has ended. Returns false if the client must notice that its file is not complete. */
static bool
end_export(struct export_stream *x)
{
	int code = child_wait(x->pid);

	x->pid = 0;
	loop_unwatch(x->client->clients->loop, &x->out);
	read_messages(x);
	if (x->begun) {
		x->client->answered = true;
		if (code >= 0 && code <= EX_CONFLICT && code != EX_WRONG_USE) {
			buf_str(&x->client->out, "0\r\n\r\n");
			return true;
		}
		msg_warn("the export of the batch %s was cut off, since bi-collect ended with %d: %s", x->batch, code,
			 x->messages.len ? x->messages.data : "");
		return false;
	}
	if (x->check && (code == EX_ALL_WELL || code == EX_SOME_FAILED || code == EX_CONFLICT))
		answer_check(x);
	else
		answer_error(x, code);
	return true;
}

/* --- its output --- */

/* The body is sent in chunks. lighttpd takes the end of a connection for the end of a body without a length, but it
 * does not end a chunked body whose last chunk is missing, so the client notices. */
static void
send_headers(struct export_stream *x)
{
	struct buf *out = &x->client->out;

	x->begun = true;
	buf_printf(out,
		   "Status: 200 OK\r\nContent-Type: %s\r\nContent-Disposition: attachment; filename=\"%s%s\"\r\n"
		   "Cache-Control: no-store\r\nTransfer-Encoding: chunked\r\n",
		   formats[x->format].type, x->batch, formats[x->format].suffix);
	if (x->reply.headers.len)
		buf_add(out, x->reply.headers.data, x->reply.headers.len);
	buf_str(out, "\r\n");
}

static void
on_output(void *arg, uint32_t events)
{
	struct export_stream *x = arg;
	struct buf *to = x->check ? &x->line : &x->client->out;
	char bytes[CHUNK];
	ssize_t n = read(x->out.fd, bytes, sizeof(bytes));

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		if (!end_export(x))
			client_drop(x->client);
		else
			client_send_soon(x->client);
		return;
	}
	if (!x->check && !x->begun)
		send_headers(x);
	if (!x->check && x->head) {
		x->client->answered = true; /* bi-collect is ended when the client is dropped */
		loop_unwatch(x->client->clients->loop, &x->out);
		client_send_soon(x->client);
		return;
	}
	if (!x->check)
		buf_printf(to, "%zx\r\n", (size_t)n);
	buf_add(to, bytes, (size_t)n);
	buf_str(to, x->check ? "" : "\r\n");
	if (x->check) {
		client_set_deadline(x->client, clock_ms() + BEAT_MS);
		take_records(x);
		return;
	}
	x->since = clock_ms();
	x->piece = (size_t)n;
	client_set_deadline(x->client, x->since + x->patience);
	loop_unwatch(x->client->clients->loop, &x->out); /* until that is sent */
	client_send_soon(x->client);
}

static void
on_said(void *arg, uint32_t events)
{
	(void)events;
	read_messages(arg);
}

void
export_stream_sent(struct export_stream *x)
{
	buf_clear(&x->client->out);
	x->client->sent = 0;
	/* Else a few slow clients would take all exports for hours. */
	x->patience += x->since - clock_ms() + (int64_t)x->piece / RATE_MIN;
	x->patience = x->patience > BEAT_MS ? BEAT_MS : x->patience;
	client_set_deadline(x->client, clock_ms() + BEAT_MS);
	if (x->pid)
		loop_watch(x->client->clients->loop, &x->out, x->out.fd, EPOLLIN);
}

bool
export_stream_is_alive(struct export_stream *x)
{
	/* A client that has not read anything since is late; bi-collect is not, since nobody knows how long it takes.
	 */
	if (x->client->out.len > x->client->sent)
		return false;
	client_set_deadline(x->client, clock_ms() + BEAT_MS);
	return true;
}

/* --- the beginning --- */

/* The arguments of bi-collect; they must last until it is started. */
struct arguments {
	const char *v[20];
	size_t n;
	struct buf prefer, name, allow, program;
};

static void
add_argument(struct arguments *a, const char *option, const char *value)
{
	a->v[a->n++] = option;
	if (value)
		a->v[a->n++] = value;
}

/* Takes what Q asks for. False after making R the error. */
static bool
take_query(struct api *api, struct export_stream *x, const struct request *q, struct arguments *a, struct reply *r)
{
	struct buf format = {0};
	uint64_t strict, check;

	if (!query_number(q, "strict", 0, 1, &strict, r) || !query_number(q, "check", 0, 1, &check, r))
		return false;
	x->check = check == 1;
	buf_str(&format, "");
	query_text(q, "format", &format);
	while (x->format < FORMATS && strcmp(format.data, formats[x->format].word) != 0)
		x->format++;
	buf_free(&format);
	if (x->format == FORMATS && !x->check)
		return reply_error(r, 400, "bad_format", "format must be zip, tar, csv, json, md or coco");
	add_argument(a, "bi-collect", "--private");
	add_argument(a, "--root", api->root.path);
	if (strict)
		add_argument(a, "--strict", NULL);
	if (query_text(q, "allow", &a->allow))
		add_argument(a, "--allow", a->allow.data);
	if (query_text(q, "prefer", &a->prefer))
		add_argument(a, "--prefer", a->prefer.data);
	if (!x->check && query_text(q, "name", &a->name))
		add_argument(a, "--name", a->name.data);
	if (!x->check)
		add_argument(a, "--output", "-");
	add_argument(a, x->check ? "--json" : "--format", x->check ? NULL : formats[x->format].word);
	add_argument(a, x->batch, NULL);
	return true;
}

/* Starts bi-collect, with its output and messages in pipes. 0, or -1 with errno. */
static int
start_collect(struct export_stream *x, const struct arguments *a)
{
	int out[2] = {-1, -1}, said[2] = {-1, -1}, error = 0;
	struct child_fd fds[] = {{0, STDOUT_FILENO}, {0, STDERR_FILENO}};
	const struct child child = {
		.program = a->program.data, .argv = (char *const *)(uintptr_t)a->v, .fds = fds, .fd_count = 2};

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(said, O_CLOEXEC) < 0 || fcntl(out[0], F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(said[0], F_SETFL, O_NONBLOCK) < 0) {
		error = errno;
	} else {
		fds[0].ours = out[1];
		fds[1].ours = said[1];
		x->pid = child_start(&child);
		error = x->pid < 0 ? errno : 0;
	}
	x->out.fd = out[0];
	x->said.fd = said[0];
	for (size_t i = 0; i < 2; i++) {
		const int theirs[] = {out[1], said[1]};

		if (theirs[i] >= 0)
			close(theirs[i]);
	}
	if (error)
		x->pid = 0;
	errno = error;
	return error ? -1 : 0;
}

struct export_stream *
export_stream_begin(struct api *api, struct client *c, const struct request *q, bool head, struct reply *r)
{
	struct export_stream *x = buf_alloc(sizeof(*x));
	struct arguments a = {0};
	bool good = false;

	*x = (struct export_stream){.client = c,
				    .out = {.call = on_output, .arg = x, .fd = -1},
				    .said = {.call = on_said, .arg = x, .fd = -1},
				    .head = head,
				    .patience = BEAT_MS,
				    .reply = {.status = 200},
				    .left_out = json_object_new_array()};
	running++;
	memcpy(x->batch, q->words[1], sizeof(x->batch));
	if (root_name_check(x->batch))
		reply_error(r, 404, "no_such_batch", "the name of the batch %s", root_name_check(x->batch));
	else if (running > EXPORTS_MAX)
		reply_error(r, 503, "busy", "%d exports are already running; try again later", EXPORTS_MAX);
	else if (auth_site(api, q->scgi, r) && take_query(api, x, q, &a, r))
		good = true;
	if (good && (path_of_program(&a.program, "bi-collect") < 0 || start_collect(x, &a) < 0))
		good = reply_error(r, 500, "cannot_export", "bi-collect cannot be started: %s", strerror(errno));
	buf_free(&a.prefer);
	buf_free(&a.allow);
	buf_free(&a.name);
	buf_free(&a.program);
	if (!good) {
		export_stream_drop(x);
		return NULL;
	}
	auth_mark(api, q->scgi, &x->reply);
	loop_watch(c->clients->loop, &x->out, x->out.fd, EPOLLIN);
	loop_watch(c->clients->loop, &x->said, x->said.fd, EPOLLIN);
	client_set_deadline(c, clock_ms() + BEAT_MS);
	return x;
}

void
export_stream_drop(struct export_stream *x)
{
	loop_unwatch(x->client->clients->loop, &x->out);
	loop_unwatch(x->client->clients->loop, &x->said);
	if (x->pid) {
		kill(x->pid, SIGKILL); /* it was not waited for, so the id is still its own */
		child_wait(x->pid);
	}
	if (x->out.fd >= 0)
		close(x->out.fd);
	if (x->said.fd >= 0)
		close(x->said.fd);
	running--;
	reply_free(&x->reply);
	buf_free(&x->messages);
	buf_free(&x->line);
	json_object_put(x->left_out);
	free(x);
}
