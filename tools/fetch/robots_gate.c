#include "robots_gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/table.h"
#include "host.h"
#include "hosts/http_policy.h"
#include "hosts/optout.h"
#include "hosts/robots.h"

enum {
	ORIGINS_MAX = 2048, /* that are remembered */
	PATIENCE_MS = 30 * 1000,
	REDIRECTS_MAX = 5,
	HOST_WAITS_MS = 60 * 1000 /* after PATIENCE_MS, it continues when the answer has arrived */
};

struct robots_gate {
	struct run *run;
	struct transfers *all;
	struct job_list *finished;
	struct origin {
		unsigned hash; /* of its name */
		char *name;    /* https://example.org:443 */
		struct robots *robots;
		int status;    /* of the answer */
		int64_t until; /* from then on it must be requested again */
	} origins[ORIGINS_MAX];
	size_t count, oldest;
	struct asking *askings; /* under way */
};

struct asking {
	struct transfer transfer; /* first, so that one is the other */
	struct robots_gate *gate;
	char *origin;
	struct buf text;
	long max_age; /* of its Cache-Control; -1: none */
	bool cut;     /* it is longer than the part that is read */
	struct asking *next;
};

struct robots_gate *
robots_gate_new(struct run *run, struct transfers *all, struct job_list *finished)
{
	struct robots_gate *g = buf_alloc(sizeof(*g));

	g->run = run;
	g->all = all;
	g->finished = finished;
	return g;
}

/* The origin of URL, and its path with the query, which the caller frees with buf_free(). False: it is not a URL. */
static bool
take_apart(const char *url, struct buf *origin, struct buf *path)
{
	char *scheme = transfer_url_part(url, CURLUPART_SCHEME, 0), *host = transfer_url_part(url, CURLUPART_HOST, 0);
	char *port = transfer_url_part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	char *way = transfer_url_part(url, CURLUPART_PATH, 0), *query = transfer_url_part(url, CURLUPART_QUERY, 0);
	bool good = scheme && host && port && way;

	if (good) {
		for (char *c = host; *c; c++)
			if (*c >= 'A' && *c <= 'Z')
				*c = (char)(*c + 'a' - 'A');
		buf_printf(origin, "%s://%s:%s", scheme, host, port);
		buf_printf(path, "%s%s%s", way, query ? "?" : "", query ? query : "");
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_free(way);
	curl_free(query);
	return good;
}

/* --- what is known --- */

static struct origin *
find_origin(struct robots_gate *g, const char *name)
{
	unsigned hash = table_hash(name);

	for (size_t i = 0; i < g->count; i++)
		if (g->origins[i].hash == hash && strcmp(g->origins[i].name, name) == 0)
			return &g->origins[i];
	return NULL;
}

/* A place for the rules of NAME; if there is none, the oldest origin is forgotten. */
static struct origin *
make_place(struct robots_gate *g, const char *name)
{
	struct origin *o = find_origin(g, name);

	if (!o && g->count < ORIGINS_MAX)
		o = &g->origins[g->count++];
	else if (!o)
		o = &g->origins[g->oldest++ % ORIGINS_MAX];
	robots_free(o->robots);
	free(o->name);
	*o = (struct origin){.hash = table_hash(name), .name = buf_strdup(name)};
	return o;
}

static void
forbid_job(struct job *j, const struct origin *o, const char *rule)
{
	bool trouble = o->status == 429 || o->status >= 500;

	if (trouble)
		verdict_fail(
			j, false, "opted_out",
			"the server answers %d to the request for robots.txt: nothing is taken until it can be read",
			o->status);
	else
		verdict_fail(j, false, "opted_out", "the site forbids it: robots.txt: Disallow: %.200s", rule);
	j->verdict.retryable = trouble;
}

enum gate
robots_gate_check(struct robots_gate *g, struct job *j)
{
	struct buf name = {0}, path = {0};
	enum gate says = GATE_OPEN;
	const struct origin *o;
	const char *rule;
	double delay;

	/* Items of a host that was given up, and invalid URLs, fail as they would without this check. */
	if (!j->found || g->run->set->no_opt_out || j->host->refusal || !take_apart(job_url(j), &name, &path))
		goto out;
	if (g->run->set->max_opt_outs && j->host->opt_outs >= g->run->set->max_opt_outs) {
		verdict_fail(j, false, "opted_out",
			     "the site forbade %ld others: by --max-opt-outs it is asked no more", j->host->opt_outs);
		says = GATE_CLOSED;
		goto out;
	}
	if (host_rules_exempt_path(&j->host->rule, path.data))
		goto out;
	o = find_origin(g, name.data);
	if (!o || o->until <= clock_ms()) {
		says = GATE_UNKNOWN;
	} else if ((rule = robots_rule(o->robots, path.data))) {
		forbid_job(j, o, rule);
		says = GATE_CLOSED;
	} else if ((delay = robots_delay(o->robots)) > 0) {
		host_hold(j->host, (long)(delay * 1000), NULL);
	}
out:
	buf_free(&name);
	buf_free(&path);
	return says;
}

/* --- asking --- */

static size_t
on_header(char *bytes, size_t one, size_t n, void *arg)
{
	struct asking *a = arg;
	char line[8192], *age;
	const char *location;

	(void)one;
	if (n >= sizeof(line) || memchr(bytes, '\0', n))
		return strncasecmp(bytes, "Location:", 9) == 0 ? 0 : n;
	memcpy(line, bytes, n);
	line[n] = '\0';
	if ((location = http_policy_header_value(line, "Location"))) {
		if (transfer_redirect_is_blocked(&a->transfer, location))
			return 0;
	} else if (strncmp(line, "HTTP/", 5) == 0)
		a->max_age = -1;
	else if (strncasecmp(line, "Cache-Control:", 14) == 0 && (age = strcasestr(line, "max-age=")) &&
		 age[8] >= '0' && age[8] <= '9')
		a->max_age = strtol(age + 8, NULL, 10);
	return n;
}

static size_t
on_bytes(char *bytes, size_t one, size_t n, void *arg)
{
	struct asking *a = arg;
	size_t room = ROBOTS_SIZE + 1 - a->text.len;
	long status = 0;

	(void)one;
	curl_easy_getinfo(a->transfer.easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299)
		return n; /* the body of a redirect */
	buf_add(&a->text, bytes, n < room ? n : room);
	a->cut = n >= room;
	return a->cut ? CURL_WRITEFUNC_ERROR : n;
}

/* Ends the request, and returns its job. */
static struct job *
end_asking(struct asking *a)
{
	struct asking **at = &a->gate->askings;
	struct job *j = a->transfer.job;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	transfer_stop(&a->transfer);
	transfer_free(&a->transfer);
	free(a->origin);
	buf_free(&a->text);
	free(a);
	return j;
}

/* Whether the rules of the origin are known now. An incomplete answer does not count. */
static bool
note_answer(struct asking *a, CURLcode code, long status)
{
	bool astray = status >= 300 && status <= 399 &&
		      (code == CURLE_TOO_MANY_REDIRECTS || code == CURLE_UNSUPPORTED_PROTOCOL ||
		       code == CURLE_URL_MALFORMAT); /* there is no robots.txt, so everything is allowed */
	struct origin *o;

	if (code != CURLE_OK && !astray && !a->cut)
		return false;
	o = make_place(a->gate, a->origin);
	o->status = (int)status;
	o->robots = robots_answer((int)status, a->text.data ? a->text.data : "", a->text.len, OPTOUT_AGENT);
	o->until = clock_ms() + 1000 * (int64_t)robots_lifetime((int)status, a->max_age);
	return true;
}

static void
on_done(struct transfer *t, CURLcode code)
{
	struct asking *a = (struct asking *)t;
	struct job_list *finished = a->gate->finished;
	struct job *j = t->job;
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (note_answer(a, code, status)) {
		j->verdict = (struct verdict){.kind = REDIRECTED, .reached = true}; /* it begins again */
	} else {
		j->answer.code = code;
		memcpy(j->answer.why, t->why, sizeof(j->answer.why));
		verdict_http(j); /* as if the item itself had been requested */
	}
	job_list_add(finished, end_asking(a));
}

int64_t
robots_gate_ask(struct robots_gate *g, struct job *j)
{
	struct buf url = {0}, path = {0};
	struct asking *a = buf_alloc(sizeof(*a));

	*a = (struct asking){.transfer.done = on_done, .gate = g, .max_age = -1, .next = g->askings};
	g->askings = a;
	take_apart(job_url(j), &url, &path);
	a->origin = buf_strdup(url.data);
	buf_str(&url, "/robots.txt");
	answer_reset(&j->answer);
	j->asks_robots = true;
	transfer_init(&a->transfer, g->all, on_bytes, on_header);
	transfer_prepare(&a->transfer, j);
	curl_easy_setopt(a->transfer.easy, CURLOPT_URL, url.data);
	curl_easy_setopt(a->transfer.easy, CURLOPT_ACCEPT_ENCODING, ""); /* libcurl decodes it */
	curl_easy_setopt(a->transfer.easy, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(a->transfer.easy, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
	curl_easy_setopt(a->transfer.easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(a->transfer.easy, CURLOPT_TIMEOUT_MS, (long)PATIENCE_MS);
	buf_free(&url);
	buf_free(&path);
	transfer_start(&a->transfer);
	return clock_ms() + PATIENCE_MS + HOST_WAITS_MS;
}

void
robots_gate_end(struct robots_gate *g)
{
	while (g->askings)
		job_free(end_asking(g->askings));
	for (size_t i = 0; i < g->count; i++) {
		robots_free(g->origins[i].robots);
		free(g->origins[i].name);
	}
	free(g);
}
