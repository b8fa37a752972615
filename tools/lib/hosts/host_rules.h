/*
 * host_rules: the rules of hosts.conf for remote hosts, bi-hosts(5): transfers at once, pace, contact.
 */
#ifndef BI_HOST_RULES_H
#define BI_HOST_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_rules;

/* The rules for one host. The strings are valid until host_rules_free(). */
struct host_rule {
	unsigned slots;       /* transfers at once, up to HOST_RULES_SLOTS_MAX; 0: not set */
	double rate;          /* starts a second; 0: any number; -1: not set */
	int64_t bandwidth;    /* bytes a second; 0: any number; -1: not set */
	bool contact;         /* requests to it must have a contact in the User-Agent */
	bool private_allowed; /* its addresses need not be public, even with --public-only */
	const char *group;    /* the hosts of one group count as one; NULL: none. Lower case, without a colon */
	const char *accept;   /* the Accept field to send; NULL: not set */
	const char *exempt;   /* for host_rules_exempt_path() */
	/* Files with secrets for it, absolute; NULL: none. They were not looked at. */
	const char *headers, *cookies, *netrc;
};

enum { HOST_RULES_SLOTS_MAX = 1024 };

/* Reads hosts.conf of share/, /etc/bi, $XDG_CONFIG_HOME/bi or ~/.config/bi, and the directory ROOT (NULL: none), then
 * the file $BI_HOSTS_CONF, which must exist. An invalid line or an unreadable file ends the program with one message
 * (EX_CONFIG). host_rules_free() frees it. */
struct host_rules *host_rules_load(const char *root);

/* The same for the N files PATHS alone, in order. A missing file counts as empty. */
struct host_rules *host_rules_read(const char *const *paths, size_t n);

void host_rules_free(struct host_rules *hosts); /* NULL is allowed */

/* Stores the rules for a host in OUT. HOST is as in a URL (any case, with or without a final dot and the brackets of
 * IPv6). */
void host_rules_find(const struct host_rules *hosts, const char *host, unsigned port, struct host_rule *out);

/* Calls SEE with each line's files of secrets; the rest of the rule is of no use. */
void host_rules_each(const struct host_rules *hosts, void (*see)(const struct host_rule *rule, void *arg), void *arg);

/* Returns whether robots.txt is not asked about PATH, the part of the URL from its first slash on. */
bool host_rules_exempt_path(const struct host_rule *rule, const char *path);

#endif
