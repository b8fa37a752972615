/*
 * host_rules: what is known beforehand of remote hosts, bi-hosts(5): how many transfers at once, how fast, who asks.
 */
#ifndef BI_HOST_RULES_H
#define BI_HOST_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_rules;

/* What the rules say of one host. The strings are the hosts', to be used until host_rules_free(). */
struct host_rule {
	unsigned slots;       /* transfers at once, up to HOST_RULES_SLOTS_MAX; 0: not said */
	double rate;          /* starts a second; 0: any number; -1: not said */
	int64_t bandwidth;    /* bytes a second; 0: any number; -1: not said */
	bool contact;         /* nothing may be asked of it without a contact in the User-Agent */
	bool private_allowed; /* its addresses may be others than public ones, whatever --public-only says */
	const char *group;    /* the hosts of one group count as one; NULL: by itself. Lower case, without a colon */
	const char *accept;   /* the Accept field to send; NULL: not said */
	const char *exempt;   /* for host_rules_exempt_path() */
};

enum { HOST_RULES_SLOTS_MAX = 1024 };

/*
 * Reads hosts.conf of share/, /etc/bi, $XDG_CONFIG_HOME/bi or ~/.config/bi, and the directory ROOT (NULL: none), then
 * the file $BI_HOSTS_CONF, which must be there. A line that is wrong or a file that cannot be read ends the program
 * with one message (EX_CONFIG). For host_rules_free().
 */
struct host_rules *host_rules_load(const char *root);

/* The same of N files alone, in order; those that are not there count as empty. */
struct host_rules *host_rules_read(const char *const *paths, size_t n);

void host_rules_free(struct host_rules *hosts); /* NULL does nothing */

/* What the rules say of the host as a URL has it (any case, a final dot and the brackets of IPv6 or not) and its port.
 */
void host_rules_find(const struct host_rules *hosts, const char *host, unsigned port, struct host_rule *out);

/* Whether robots.txt is not asked about PATH, the URL's from its first slash on. */
bool host_rules_exempt_path(const struct host_rule *rule, const char *path);

#endif
