#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/human.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/when.h"
#include "clean.h"
#include "hosts/held_hosts.h"
#include "hosts/http_policy.h"
#include "records/rec.h"

static void
say_released(const struct clean *c, const struct held_host *h)
{
	char until[WHEN_LOCAL_SIZE], at[WHEN_SIZE];
	struct json_object *record;

	if (!c->json) {
		human_print("%s %s, which was held back until %s", c->only_say ? "would release" : "released", h->key,
			    when_print_local(until, h->until));
		return;
	}
	record = json_object_new_object();
	rec_add_string(record, c->only_say ? "would_release" : "released", h->key);
	rec_add_string(record, "until", when_print(at, h->until));
	rec_write_json(record);
}

/* Whether the host of URL has this key. */
static bool
url_has_key(const char *scheme, const char *rest, const struct host_rules *rules, const char *key)
{
	struct buf url = {0}, found = {0};
	struct host_rule rule = {0};
	bool is;

	buf_printf(&url, "%s%s", scheme, rest);
	is = http_policy_host_key(rules, url.data, &found, &rule) && strcmp(found.data, key) == 0;
	buf_free(&url);
	buf_free(&found);
	return is;
}

/* Whether NAME, which the user gave, means the host H: as its key, its name without a port, a URL, or a host of its
 * group in RULES. */
static bool
is_meant(const struct held_host *h, const char *name, const struct host_rules *rules)
{
	const char *port = strrchr(h->key, ':');
	size_t n = port ? (size_t)(port - h->key) : 0;

	if (strcasecmp(h->key, name) == 0 || (n && strlen(name) == n && strncasecmp(h->key, name, n) == 0))
		return true;
	if (strstr(name, "://"))
		return url_has_key("", name, rules, h->key);
	return url_has_key("http://", name, rules, h->key) || url_has_key("https://", name, rules, h->key);
}

/* Releases each host in ALL that NAME means. Returns how many, or -1 after a message. */
static int
release_name(const struct clean *c, const struct held_hosts *all, const struct host_rules *rules, const char *name)
{
	int n = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct held_host *h = &all->v[i];
		int rc;

		if (!is_meant(h, name, rules))
			continue;
		rc = c->only_say ? 1 : held_hosts_release(&c->root, h);
		if (rc < 0) {
			msg_warn_errno("cannot release %s in %s/hosts", h->key, c->root.path);
			return -1;
		}
		if (rc > 0)
			say_released(c, h);
		n++; /* a host whose time has just ended was held back when the command began */
	}
	if (n == 0)
		msg_warn("no host '%s' is held back in %s: `bi-status` shows those that are", name, c->root.path);
	return n;
}

int
clean_release(const struct clean *c, char **args)
{
	struct host_rules *rules;
	struct held_hosts all;
	size_t released = 0, failed = 0;
	struct json_object *counts;
	int code;

	if (!*args)
		opt_die("release takes hosts, as `bi-status` shows them");
	rules = host_rules_load(c->root.path);
	if (held_hosts_find(&c->root, &all) < 0) {
		msg_warn_errno("cannot read all of %s/hosts, which records the hosts that are held back", c->root.path);
		failed++;
	}
	for (; *args; args++) {
		int n = release_name(c, &all, rules, *args);

		released += n > 0 ? (size_t)n : 0;
		failed += n <= 0;
	}
	held_hosts_free(&all);
	host_rules_free(rules);
	code = failed ? EX_SOME_FAILED : EX_ALL_WELL;
	if (c->json) {
		counts = json_object_new_object();
		json_object_object_add(counts, "released", json_object_new_uint64(c->only_say ? 0 : released));
		json_object_object_add(counts, "failed", json_object_new_uint64(failed));
		rec_write_end(counts, code);
	}
	return code;
}
