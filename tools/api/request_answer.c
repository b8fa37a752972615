#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/msg.h"
#include "base/paths.h"
#include "batch_cache.h"
#include "handlers.h"
#include "request_answer.h"
#include "route.h"

static const struct route routes[] = {
	{"GET", "batches/*/selections", selections_get},
	{"PUT", "batches/*/selections", selections_put},
	{"GET", "batches/*/items", batch_items_list},
	{"POST", "batches/*/cancel", batch_cancel_post},
	{"POST", "batches/*/render", batch_render_post},
	{"POST", "batches/*/retry", retry_post},
	{"GET", "health", NULL},
	{"GET", "notebooks", notebooks_list},
	{"GET", "notebooks/*/batch-jobs", jobs_list},
	{"GET", "notebooks/*/batch-jobs/*/status", jobs_status},
	{"GET", "*/batch-jobs/*/status", jobs_status},
	{"POST", "notebooks/*/batch-jobs/*/cancel", job_cancel_post},
	{"POST", "notebooks/*/batch-jobs/*/retry", job_retry_post},
	{"DELETE", "notebooks/*/batch-jobs/*", job_delete},
	{"GET", "notebooks/*/files", files_list},
	{"GET", "notebooks/*/files/*/status", files_status},
	{"DELETE", "notebooks/*/files/*", files_delete},
	{"GET", "notebooks/*/files/*/content", content_get},
	{"GET", "notebooks/files/*/content", content_get},
	{"GET", "notebooks/*/files/*/raw", content_raw},
	{"GET", "notebooks/files/*/raw", content_raw},
	{"GET", "notebooks/*/files/*/images/*", content_image},
	{"GET", "notebooks/*/knowledge-base", knowledge_list},
	{"POST", "notebooks/*/knowledge-base", knowledge_link},
	{"DELETE", "notebooks/*/knowledge-base", knowledge_unlink},
};

static bool
is_late(void *arg)
{
	return clock_ms() >= ((const struct api *)arg)->deadline;
}

/* Waits until FD is ready for EVENTS. False when the time is over. */
static bool
await_fd(int fd, short events, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = events};
	int rc;

	do
		rc = poll(&p, 1, clock_left(deadline));
	while (rc < 0 && errno == EINTR && clock_ms() < deadline);
	return rc > 0;
}

static enum scgi_state
read_request(struct scgi *s, int fd, int64_t deadline)
{
	enum scgi_state state = SCGI_MORE;

	while (state == SCGI_MORE && await_fd(fd, POLLIN, deadline)) {
		long n = scgi_read(s, fd);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return SCGI_BAD;
		state = scgi_parse(s, API_BODY_MAX);
	}
	return state;
}

static void
send_answer(const struct buf *out, int fd, int64_t deadline)
{
	size_t done = 0;

	while (done < out->len && await_fd(fd, POLLOUT, deadline)) {
		ssize_t n = send(fd, out->data + done, out->len - done, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return; /* nobody waits for it */
		done += n > 0 ? (size_t)n : 0;
	}
}

static void
answer_request(struct api *api, const struct scgi *s, bool too_long, struct reply *r)
{
	const struct route *found;
	struct request q;

	found = route_request(api, routes, sizeof(routes) / sizeof(*routes), s, &q, r);
	if (!found)
		return;
	if (too_long)
		reply_error(r, 413, "too_large", "a request may have at most %d bytes", API_BODY_MAX);
	else if (found->answer)
		found->answer(api, &q, r);
	else
		buf_str(&r->body, "{\"success\":true}\n");
}

static void
serve_one(struct api *api, int fd)
{
	struct reply r = {.status = 200};
	struct scgi s = {0};
	struct buf out = {0};
	enum scgi_state state;
	const char *method;

	api->deadline = clock_ms() + API_REQUEST_MS;
	state = read_request(&s, fd, api->deadline);
	if (state == SCGI_WHOLE || state == SCGI_LONG) {
		answer_request(api, &s, state == SCGI_LONG, &r);
		auth_mark(api, &s, &r);
		method = scgi_get(&s, "REQUEST_METHOD");
		reply_print(&r, method && strcmp(method, "HEAD") == 0, &out);
		send_answer(&out, fd, api->deadline);
	}
	buf_free(&out);
	reply_free(&r);
	scgi_free(&s);
}

int
request_answer(struct api *api)
{
	lock_interruptible(is_late, api);
	raise_file_limit(); /* a batch has a dozen */
	api->cache = batch_cache_new();
	for (;;) {
		int fd = accept4(STDIN_FILENO, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			serve_one(api, fd);
			close(fd);
		} else if (errno != EINTR && errno != ECONNABORTED && errno != EAGAIN) {
			msg_die_errno(EX_OSERR, "cannot take requests from descriptor 0");
		}
	}
}
