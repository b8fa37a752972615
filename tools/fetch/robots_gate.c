#include "robots_gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/msg.h"
#include "hosts/http_policy.h"
#include "hosts/optout.h"
#include "hosts/robots.h"

enum {
	ORIGINS_MAX = 2048, /* that are remembered */
	PATIENCE = 30 * 1000,
	REDIRECTS = 5,
	HOST_WAITS = 60 * 1000 /* beyond PATIENCE: it is woken when the answer is there */
};

struct known {
	struct origin {
		unsigned hash; /* of its name */
		char *name;    /* https://example.org:443 */
		struct robots *robots;
		int status;    /* of the answer */
		int64_t until; /* it is to be asked again from then on */
	} at[ORIGINS_MAX];
	size_t count, oldest;
};

struct asking {
	char *origin;
	struct buf text;
	long max_age; /* of its Cache-Control; -1: none */
	bool cut;     /* it is longer than what is looked at */
};

/* The origin of URL, and its path with the query; for free(). False: it is no URL. */
static bool
take_apart(const char *url, struct buf *origin, struct buf *path)
{
	CURLU *u = url ? curl_url() : NULL;
	char *scheme = NULL, *host = NULL, *port = NULL, *way = NULL, *query = NULL;
	bool good = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
		    curl_url_get(u, CURLUPART_PATH, &way, 0) == CURLUE_OK;

	if (good) {
		for (char *c = host; *c; c++)
			if (*c >= 'A' && *c <= 'Z')
				*c = (char)(*c + 'a' - 'A');
		buf_printf(origin, "%s://%s:%s", scheme, host, port);
		buf_str(path, way);
		if (curl_url_get(u, CURLUPART_QUERY, &query, 0) == CURLUE_OK)
			buf_printf(path, "?%s", query);
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_free(way);
	curl_free(query);
	curl_url_cleanup(u);
	return good;
}

/* --- what is known --- */

static unsigned
hash_of(const char *name)
{
	unsigned h = 5381;

	for (; *name; name++)
		h = h * 33 + (unsigned char)*name;
	return h;
}

static struct origin *
find(const struct fetch *f, const char *name)
{
	unsigned hash = hash_of(name);

	for (size_t i = 0; f->robots && i < f->robots->count; i++)
		if (f->robots->at[i].hash == hash && strcmp(f->robots->at[i].name, name) == 0)
			return &f->robots->at[i];
	return NULL;
}

/* A place for what is said of NAME; the origin that was first is forgotten where there is none. */
static struct origin *
place(struct fetch *f, const char *name)
{
	struct origin *o = find(f, name);
	struct known *k;

	if (!f->robots)
		f->robots = buf_alloc(sizeof(*f->robots));
	k = f->robots;
	if (!o && k->count < ORIGINS_MAX)
		o = &k->at[k->count++];
	else if (!o)
		o = &k->at[k->oldest++ % ORIGINS_MAX];
	robots_free(o->robots);
	free(o->name);
	*o = (struct origin){.hash = hash_of(name), .name = buf_strdup(name)};
	return o;
}

void
robots_forget(struct fetch *f)
{
	for (size_t i = 0; f->robots && i < f->robots->count; i++) {
		robots_free(f->robots->at[i].robots);
		free(f->robots->at[i].name);
	}
	free(f->robots);
	f->robots = NULL;
}

static void
forbid(struct job *j, const struct origin *o, const char *rule)
{
	bool trouble = o->status == 429 || o->status >= 500;

	if (trouble)
		judge_fail(j, false, "opted_out",
			   "the server answers %d to the request for robots.txt: nothing is taken until it can be read",
			   o->status);
	else
		judge_fail(j, false, "opted_out", "the site forbids it: robots.txt: Disallow: %.200s", rule);
	j->verdict.retryable = trouble;
}

enum robot
robot_allows(struct fetch *f, struct job *j)
{
	struct buf name = {0}, path = {0};
	enum robot says = ROBOT_ALLOWS;
	const struct origin *o;
	const char *rule;
	double delay;

	/* A host of which nothing is asked any more, and what is no URL, fail as they would without. */
	if (!j->found || f->set->no_opt_out || j->host->refusal || !take_apart(j->at ? j->at : j->url, &name, &path))
		goto out;
	if (f->set->max_opt_outs && j->host->opt_outs >= f->set->max_opt_outs) {
		judge_fail(j, false, "opted_out", "the site forbade %ld others: by --max-opt-outs it is asked no more",
			   j->host->opt_outs);
		says = ROBOT_FORBIDS;
		goto out;
	}
	if (host_rules_exempt_path(&j->host->rule, path.data))
		goto out;
	o = find(f, name.data);
	if (!o || o->until <= clock_ms()) {
		says = ROBOT_UNKNOWN;
	} else if ((rule = robots_rule(o->robots, path.data))) {
		forbid(j, o, rule);
		says = ROBOT_FORBIDS;
	} else if ((delay = robots_delay(o->robots)) > 0) {
		host_hold(f, j->host, (long)(delay * 1000));
	}
out:
	buf_free(&name);
	buf_free(&path);
	return says;
}

/* --- asking --- */

static size_t
take_header(char *bytes, size_t one, size_t n, void *arg)
{
	struct asking *a = ((struct job *)arg)->asking;
	char line[8192], *age;
	const char *location;

	(void)one;
	if (n >= sizeof(line) || memchr(bytes, '\0', n))
		return strncasecmp(bytes, "Location:", 9) == 0 ? 0 : n;
	memcpy(line, bytes, n);
	line[n] = '\0';
	if ((location = http_policy_header_value(line, "Location"))) {
		if (http_redirect_is_blocked(arg, location))
			return 0;
	} else if (strncmp(line, "HTTP/", 5) == 0)
		a->max_age = -1;
	else if (strncasecmp(line, "Cache-Control:", 14) == 0 && (age = strcasestr(line, "max-age=")) &&
		 age[8] >= '0' && age[8] <= '9')
		a->max_age = strtol(age + 8, NULL, 10);
	return n;
}

static size_t
take_bytes(char *bytes, size_t one, size_t n, void *arg)
{
	struct job *j = arg;
	struct asking *a = j->asking;
	size_t room = ROBOTS_SIZE + 1 - a->text.len;
	long status = 0;

	(void)one;
	curl_easy_getinfo(j->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299)
		return n; /* a redirect's own body */
	buf_add(&a->text, bytes, n < room ? n : room);
	a->cut = n >= room;
	return a->cut ? CURL_WRITEFUNC_ERROR : n;
}

void
robot_begin(struct job *j)
{
	struct fetch *f = j->fetch;
	struct buf url = {0}, path = {0};
	CURL *easy = http_easy(f);

	j->asking = buf_alloc(sizeof(*j->asking));
	j->asking->max_age = -1;
	take_apart(j->at ? j->at : j->url, &url, &path);
	j->asking->origin = buf_strdup(url.data);
	buf_str(&url, "/robots.txt");
	j->easy = easy;
	j->curl_error[0] = '\0';
	buf_free(&j->answer.error);
	j->answer = (struct answer){.retry_after = -1, .date = -1};
	j->paused = false;
	curl_easy_setopt(easy, CURLOPT_URL, url.data);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, j);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, j);
	http_guard(easy, j);
	http_share_cookies(j);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, j);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, j->curl_error);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)REDIRECTS);
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)PATIENCE);
	buf_free(&url);
	buf_free(&path);
	job_list_add(&f->http, j);
	host_wait(f, j->host, clock_ms() + PATIENCE + HOST_WAITS);
	host_settle(f, j->host);
	if (curl_multi_add_handle(f->multi, easy) != CURLM_OK)
		msg_die(EX_OSERR, "libcurl could not begin a transfer: out of memory");
}

void
robot_drop(struct job *j)
{
	if (!j->asking)
		return;
	free(j->asking->origin);
	buf_free(&j->asking->text);
	free(j->asking);
	j->asking = NULL;
}

/* Whether it is known now what the origin allows. An answer of which a part is missing says nothing. */
static bool
note(struct fetch *f, const struct job *j, CURLcode code, long status)
{
	const struct asking *a = j->asking;
	bool astray = status >= 300 && status <= 399 &&
		      (code == CURLE_TOO_MANY_REDIRECTS || code == CURLE_UNSUPPORTED_PROTOCOL ||
		       code == CURLE_URL_MALFORMAT); /* there is none to be had, so all is allowed */
	struct origin *o;

	if (code != CURLE_OK && !astray && !a->cut)
		return false;
	o = place(f, a->origin);
	o->status = (int)status;
	o->robots = robots_answer((int)status, a->text.data ? a->text.data : "", a->text.len, OPTOUT_AGENT);
	o->until = clock_ms() + 1000 * (int64_t)robots_lifetime((int)status, a->max_age);
	j->host->refused_since = 0;
	return true;
}

void
robot_done(struct fetch *f, struct job *j, CURLcode code)
{
	long status = 0;

	curl_easy_getinfo(j->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_multi_remove_handle(f->multi, j->easy);
	curl_easy_cleanup(j->easy);
	j->easy = NULL;
	job_list_cut(&f->http, j);
	host_wait(f, j->host, 0);
	if (note(f, j, code, status))
		j->verdict = (struct verdict){.kind = REDIRECTED}; /* it begins anew with what is known now */
	else
		judge_http(j, code, 0, NULL); /* as if the item itself had been asked for */
	robot_drop(j);
	job_ended(j);
}
