/*
 * host_rules: what is known beforehand of remote hosts, bi-hosts(5): how many transfers at once, how fast, who asks.
 */
#ifndef BI_HOST_RULES_H
#define BI_HOST_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hosts;

/* What the rules say of one host. The strings are the hosts', to be used until hosts_free(). */
struct hosts_rule {
	unsigned slots;       /* transfers at once, up to HOST_RULES_SLOTS_MAX; 0: not said */
	double rate;          /* starts a second; 0: any number; -1: not said */
	int64_t bandwidth;    /* bytes a second; 0: any number; -1: not said */
	bool contact;         /* nothing may be asked of it without a contact in the User-Agent */
	bool private_allowed; /* its addresses may be others than public ones, whatever --public-only says */
	const char *group;    /* the hosts of one group count as one; NULL: by itself. Lower case, without a colon */
	const char *accept;   /* the Accept field to send; NULL: not said */
	const char *exempt;   /* for hosts_robots_exempt() */
};

enum { HOST_RULES_SLOTS_MAX = 1024 };

/*
 * Reads hosts.conf of share/, /etc/bi, $XDG_CONFIG_HOME/bi or ~/.config/bi, and the directory ROOT (NULL: none), then
 * the file $BI_HOSTS_CONF, which must be there. A line that is wrong or a file that cannot be read ends the program
 * with one message (EX_CONFIG). For hosts_free().
 */
struct hosts *hosts_load(const char *root);

/* The same of N files alone, in order; those that are not there count as empty. */
struct hosts *hosts_read(const char *const *paths, size_t n);

void hosts_free(struct hosts *hosts); /* NULL does nothing */

/* What the rules say of the host as a URL has it (any case, a final dot and the brackets of IPv6 or not) and its port.
 */
void hosts_find(const struct hosts *hosts, const char *host, unsigned port, struct hosts_rule *out);

/* Whether robots.txt is not asked about PATH, the URL's from its first slash on. */
bool hosts_robots_exempt(const struct hosts_rule *rule, const char *path);

#endif
