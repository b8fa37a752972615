#include "multi.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/msg.h"

/* Connections that a handle opens before the next one is made; 4 are added for each that it keeps. */
enum { CONNECTIONS_MIN = 512 };

/* Handles that wait for their last transfer may keep this many idle connections open, all together, and at most one
 * part in so many of the descriptors. */
enum { IDLE_MAX = 4096, IDLE_SHARE = 4 };

struct multi {
	struct multis *all;
	CURLM *curl;
	struct loop_timer timer;
	unsigned transfers, connections; /* under way; opened */
	struct multi *next;
};

struct multis {
	struct run *run;
	long kept;           /* connections of one handle that may be open */
	long idle_max;       /* the same of handles that wait for their last transfer */
	unsigned count;      /* of handles */
	struct multi *first; /* the newest, which gets further transfers; NULL: none began */
};

/* --- libcurl in the loop --- */

/* One of libcurl's sockets. */
struct connection {
	struct multi *multi;
	struct loop_watcher watcher;
	curl_socket_t socket;
};

static void
on_ready(void *arg, uint32_t events)
{
	const struct connection *c = arg; /* it may no longer exist when libcurl returns */
	int running, what = (events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
			    (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) | (events & EPOLLERR ? CURL_CSELECT_ERR : 0);

	curl_multi_socket_action(c->multi->curl, c->socket, what, &running);
}

/* libcurl tells which sockets to watch; it stores KNOWN for this function, NULL for a new socket. */
static int
on_socket(CURL *easy, curl_socket_t socket, int what, void *arg, void *known)
{
	struct multi *m = arg;
	struct run *run = m->all->run;
	struct connection *c = known;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (c)
			loop_unwatch(run->loop, &c->watcher);
		curl_multi_assign(m->curl, socket, NULL);
		free(c);
		return 0;
	}
	if (!c) {
		c = buf_alloc(sizeof(*c));
		*c = (struct connection){.multi = m, .watcher = {.call = on_ready, .arg = c}, .socket = socket};
		curl_multi_assign(m->curl, socket, c);
	}
	if (loop_watch(run->loop, &c->watcher, socket,
		       (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u)) < 0)
		run_fail(run, "watching a connection");
	return 0;
}

static int
on_timer(CURLM *curl, long ms, void *arg)
{
	struct multi *m = arg;

	(void)curl;
	if (ms < 0)
		loop_stop_timer(m->all->run->loop, &m->timer);
	else
		loop_set_timer(m->all->run->loop, &m->timer, clock_ms() + ms);
	return 0;
}

static void
on_timeout(void *arg)
{
	struct multi *m = arg;
	int running;

	curl_multi_socket_action(m->curl, CURL_SOCKET_TIMEOUT, 0, &running);
}

/* --- the handles --- */

static void
add_multi(struct multis *all)
{
	struct multi *m = buf_alloc(sizeof(*m));

	*m = (struct multi){.all = all, .timer = {.call = on_timeout, .arg = m}, .next = all->first};
	m->curl = curl_multi_init();
	if (!m->curl)
		msg_die(EX_OSERR, "libcurl does not start: out of memory");
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
	curl_multi_setopt(m->curl, CURLMOPT_MAXCONNECTS, all->kept);
	all->first = m;
	all->count++;
}

static void
cut_multi(struct multi **at)
{
	struct multi *m = *at;

	*at = m->next;
	m->all->count--;
	curl_multi_cleanup(m->curl);
	loop_stop_timer(m->all->run->loop, &m->timer);
	free(m);
}

static long
find_idle_max(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0 || l.rlim_cur / IDLE_SHARE > IDLE_MAX)
		return IDLE_MAX;
	return (long)(l.rlim_cur / IDLE_SHARE);
}

struct multis *
multis_open(struct run *run)
{
	struct multis *all = buf_alloc(sizeof(*all));

	*all = (struct multis){.run = run, .kept = run->set->parallel + 16, .idle_max = find_idle_max()};
	return all;
}

void
multis_close(struct multis *all)
{
	while (all->first)
		cut_multi(&all->first);
	free(all);
}

/* Whether enough hosts were connected to with the newest handle. The connections to hosts that are still needed are
 * lost with it, so it is used for several times as many connections as it keeps. */
static bool
is_used_up(const struct multis *all)
{
	return all->first->connections >= CONNECTIONS_MIN + 4 * all->kept && all->count * all->kept <= all->idle_max;
}

struct multi *
multis_start(struct multis *all, CURL *easy)
{
	if (!all->first || is_used_up(all))
		add_multi(all);
	if (curl_multi_add_handle(all->first->curl, easy) != CURLM_OK)
		msg_die(EX_OSERR, "libcurl could not begin a transfer: out of memory");
	all->first->transfers++;
	return all->first;
}

void
multi_stop(struct multi *m, CURL *easy)
{
	curl_multi_remove_handle(m->curl, easy);
	m->transfers--;
}

void
multi_count_connection(struct multi *m)
{
	m->connections++;
}

CURL *
multis_next_done(struct multis *all, CURLcode *code)
{
	const CURLMsg *msg;
	int left;

	for (struct multi **at = &all->first; *at;) {
		while ((msg = curl_multi_info_read((*at)->curl, &left))) {
			if (msg->msg != CURLMSG_DONE)
				continue;
			*code = msg->data.result;
			return msg->easy_handle;
		}
		if (*at != all->first && (*at)->transfers == 0)
			cut_multi(at);
		else
			at = &(*at)->next;
	}
	return NULL;
}
