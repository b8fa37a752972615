#include "transfer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/trouble.h"
#include "cookies.h"
#include "host.h"
#include "hosts/address.h"
#include "hosts/http_policy.h"
#include "input_file.h"
#include "multi.h"

struct transfers {
	struct run *run;
	const struct host_rules *rules;
	struct multis *multis;
	CURLSH *share; /* shared cookies; NULL: nothing is shared */
};

struct transfers *
transfers_open(struct run *run, const struct host_rules *rules)
{
	struct transfers *all = buf_alloc(sizeof(*all));

	*all = (struct transfers){.run = run, .rules = rules};
	all->multis = multis_open(run);
	all->share = cookies_share(run->set, rules);
	input_file_check(run->set->cacert, "certificates");
	return all;
}

void
transfers_close(struct transfers *all)
{
	multis_close(all->multis);
	cookies_close(all->share, all->run->set->cookie_jar);
	free(all);
}

void
transfers_reap(struct transfers *all)
{
	struct transfer *t = NULL;
	CURLcode code;
	CURL *easy;

	while ((easy = multis_next_done(all->multis, &code))) {
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
		t->done(t, code);
	}
}

/* --- which addresses --- */

char *
transfer_url_part(const char *url, CURLUPart part, unsigned flags)
{
	CURLU *u = curl_url();
	char *text = NULL;

	if (u && url && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK)
		curl_url_get(u, part, &text, flags);
	curl_url_cleanup(u);
	return text;
}

/* Whether hosts.conf allows the host in URL, by its name, to have any address. */
bool
transfer_may_be_private(const struct transfers *all, const char *url)
{
	struct host_rule rule = {0};
	char *host = transfer_url_part(url, CURLUPART_HOST, 0);
	char *port = transfer_url_part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);

	if (host && port)
		host_rules_find(all->rules, host, (unsigned)strtoul(port, NULL, 10), &rule);
	curl_free(host);
	curl_free(port);
	return rule.private_allowed;
}

static void
note_blocked(struct job *j, const char *wrong)
{
	snprintf(j->answer.blocked, sizeof(j->answer.blocked), "%s", wrong);
}

/* Records why the job must not connect to an address. */
static bool
is_blocked(struct transfer *t, const struct sockaddr *address)
{
	const char *wrong = address_check(address), *url = NULL;

	/* The current URL: libcurl itself follows the redirects of a robots.txt. */
	curl_easy_getinfo(t->easy, CURLINFO_EFFECTIVE_URL, &url);
	if (!wrong || transfer_may_be_private(t->all, url))
		return false;
	note_blocked(t->job, wrong);
	return true;
}

bool
transfer_is_blocked_by_name(const struct transfers *all, struct job *j, const char *url)
{
	const struct settings *set = all->run->set;
	bool unseen = job_is_public_only(j) && set->proxy && *set->proxy; /* open_socket() sees the others */
	char *host = unseen ? transfer_url_part(url, CURLUPART_HOST, CURLU_PUNYCODE) : NULL; /* as it is asked for */
	const char *wrong;

	if (unseen && !host)
		host = transfer_url_part(url, CURLUPART_HOST, 0);
	wrong = host ? address_of_host_check(host) : NULL;
	curl_free(host);
	if (!wrong || transfer_may_be_private(all, url))
		return false;
	note_blocked(j, wrong);
	return true;
}

bool
transfer_redirect_is_blocked(struct transfer *t, const char *location)
{
	const char *base = NULL;
	CURLU *u = curl_url();
	char *url = NULL;
	bool blocked;

	curl_easy_getinfo(t->easy, CURLINFO_EFFECTIVE_URL, &base);
	/* libcurl cannot follow a URL that cannot be resolved here either. */
	blocked = u && base && curl_url_set(u, CURLUPART_URL, base, 0) == CURLUE_OK &&
		  curl_url_set(u, CURLUPART_URL, location, CURLU_URLENCODE) == CURLUE_OK &&
		  curl_url_get(u, CURLUPART_URL, &url, 0) == CURLUE_OK &&
		  transfer_is_blocked_by_name(t->all, t->job, url);
	curl_free(url);
	curl_url_cleanup(u);
	return blocked;
}

/* Whether each address to which J's item leads is checked. */
static bool
is_guarded(const struct job *j)
{
	const struct settings *set = j->run->set;

	return job_is_public_only(j) && !(set->proxy && *set->proxy);
}

/* At this moment the address is known and nothing was sent. It is checked for each connection, even if the name had
 * another address before. If no socket is returned, libcurl reports that the host cannot be reached. */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *t = arg;
	int fd;

	(void)purpose;
	if (is_guarded(t->job) && is_blocked(t, &address->addr))
		return CURL_SOCKET_BAD;
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	multi_count_connection(t->multi);
	if (fd < 0 && trouble_is_local(errno))
		t->job->answer.no_socket = errno;
	return fd;
}

/* An existing connection may have been made for another batch, which was allowed to. */
static int
look_at_connection(void *arg, char *to, char *from, int to_port, int from_port)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = {0};

	(void)from;
	(void)to_port;
	(void)from_port;
	if (inet_pton(AF_INET, to, &address.v4.sin_addr) == 1)
		address.any.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, to, &address.v6.sin6_addr) == 1)
		address.any.sa_family = AF_INET6;
	return is_blocked(arg, &address.any) ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* --- a handle --- */

bool
transfer_is_of_strangers(const struct job *j)
{
	return j->run->set->work && j->target->public_only;
}

static void
set_text(CURL *easy, CURLoption option, const char *value)
{
	if (value)
		curl_easy_setopt(easy, option, value);
}

/* The user's settings for connections and for the User-Agent. */
static void
set_ways(CURL *easy, const struct settings *set)
{
	struct buf agent = {0};

	http_policy_user_agent(&agent, set->contact);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, set->user_agent ? set->user_agent : agent.data);
	buf_free(&agent);
	set_text(easy, CURLOPT_PROXY, set->proxy);
	set_text(easy, CURLOPT_CAINFO, set->cacert);
	curl_easy_setopt(easy, CURLOPT_COOKIEFILE, ""); /* libcurl takes cookies */
	if (set->insecure) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

void
transfer_init(struct transfer *t, struct transfers *all, curl_write_callback on_bytes, curl_write_callback on_header)
{
	const struct settings *set = all->run->set;
	CURL *easy = curl_easy_init();

	if (!easy)
		msg_die(EX_OSERR, "libcurl could not make a transfer: out of memory");
	t->all = all;
	t->easy = easy;
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->why);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a signal need not wait for a name server */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, set->connect_ms);
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 10L); /* libcurl goes through all its connections each time */
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, set->max_ms);
	set_ways(easy, set);
}

void
transfer_free(struct transfer *t)
{
	curl_easy_cleanup(t->easy);
	t->easy = NULL;
}

void
transfer_prepare(struct transfer *t, struct job *j)
{
	const struct settings *set = t->all->run->set;
	bool guarded = is_guarded(j);

	/* A host with a limit of bytes a second is slow because of the limit. */
	bool hurried = set->min_speed && !(j->host && j->host->bandwidth);

	t->job = j;
	t->why[0] = '\0';
	curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, hurried ? set->min_speed : 1L);
	curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, hurried ? set->min_speed_s : (set->stall_ms + 999) / 1000);
	curl_easy_setopt(t->easy, CURLOPT_PREREQFUNCTION, guarded ? look_at_connection : NULL);
	/* With a proxy, the address of a name is not visible here. So a proxy from the environment is not used, and one
	 * that an option names is used for everything. */
	curl_easy_setopt(t->easy, CURLOPT_NOPROXY, guarded ? "*" : job_is_public_only(j) ? "" : set->noproxy);
	if (t->all->share && !transfer_is_of_strangers(j)) {
		curl_easy_setopt(t->easy, CURLOPT_SHARE, t->all->share);
		return;
	}
	/* Only cookies that redirects set on the way to this URL (RFC 6265). */
	if (t->all->share) {
		curl_easy_setopt(t->easy, CURLOPT_SHARE, NULL);
		curl_easy_setopt(t->easy, CURLOPT_COOKIEFILE, NULL);
		curl_easy_setopt(t->easy, CURLOPT_COOKIEFILE, "");
	}
	curl_easy_setopt(t->easy, CURLOPT_COOKIELIST, "ALL");
	for (const struct curl_slist *c = j->cookies; c; c = c->next)
		curl_easy_setopt(t->easy, CURLOPT_COOKIELIST, c->data);
}

void
transfer_start(struct transfer *t)
{
	t->multi = multis_start(t->all->multis, t->easy);
}

void
transfer_stop(struct transfer *t)
{
	if (t->multi)
		multi_stop(t->multi, t->easy);
	t->multi = NULL;
}
