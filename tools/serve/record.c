#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/human.h"
#include "base/msg.h"
#include "batch/batch.h"
#include "record.h"
#include "records/rec.h"

enum { RECORD_MAX = 16384 }; /* less than a pipe accepts at once */

/* The category and label from batch.json; a batch may have only pages, and no directory. */
static void
add_about(struct json_object *record, const struct supervisor *k)
{
	static const char *const keys[] = {"category", "label"};
	struct batch *b = batch_open(&k->s->root, k->batch, BATCH_READ, NULL);
	struct json_object *about = NULL;
	struct buf text = {0};

	if (b && batch_metadata(b, &text) == 0 && text.len < RECORD_MAX / 2)
		about = rec_parse(text.data, text.len, NULL, 0);
	for (size_t i = 0; json_object_is_type(about, json_type_object) && i < sizeof(keys) / sizeof(*keys); i++)
		rec_add_string(record, keys[i], rec_string(about, keys[i]));
	json_object_put(about);
	buf_free(&text);
	batch_close(b);
}

/* The first address by which others reach this machine, of the family of ADDRESS, which is the unspecified address. */
static bool
first_address(const char *address, char out[INET6_ADDRSTRLEN])
{
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;
	struct ifaddrs *all = NULL;
	bool found = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
		const void *at;

		if (!i->ifa_addr || i->ifa_addr->sa_family != family || i->ifa_flags & IFF_LOOPBACK)
			continue;
		at = family == AF_INET
			     ? (const void *)&((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr
			     : &((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr;
		if (family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)at))
			continue;
		found = inet_ntop(family, at, out, INET6_ADDRSTRLEN) != NULL;
	}
	freeifaddrs(all);
	return found;
}

/* The URL of the server for other machines. */
static void
add_url(struct buf *out, const struct supervisor *k)
{
	const struct serve *s = k->s;
	bool share = s->access == SERVE_SHARE,
	     any = strcmp(s->address, "0.0.0.0") == 0 || strcmp(s->address, "::") == 0;
	char address[INET6_ADDRSTRLEN];
	const char *host = s->address;

	if (share && s->hosts_n)
		host = s->hosts[0];
	else if (share && any && first_address(s->address, address))
		host = address;
	else if (any || strcmp(s->address, "127.0.0.1") == 0)
		host = "localhost";
	buf_printf(out, strchr(host, ':') ? "%s://[%s]:%d/" : "%s://%s:%d/", share ? "https" : "http", host,
		   k->lease.port);
	if (!serve_is_home(k->batch))
		buf_printf(out, "%s/index.html", k->batch);
}

static struct json_object *
make_record(const struct supervisor *k)
{
	struct json_object *record = json_object_new_object();
	struct buf url = {0};

	add_url(&url, k);
	json_object_object_add(record, "port", json_object_new_int(k->lease.port));
	json_object_object_add(record, "pid", json_object_new_int(getpid()));
	rec_add_string(record, "batch", k->batch);
	add_about(record, k);
	rec_add_string(record, "url", url.data);
	rec_add_string(record, "address", k->s->address);
	if (k->s->access != SERVE_OPEN)
		rec_add_string(record, "access", serve_access_name(k->s->access));
	buf_free(&url);
	return record;
}

/* The URL for people: its fragment, which browsers do not send, has the token. */
static void
add_token(const struct serve *s, struct json_object *record)
{
	const char *url = rec_string(record, "url");
	struct buf with = {0};

	if (!url || !*s->token)
		return;
	buf_printf(&with, "%s#token=%s", url, s->token);
	rec_add_string(record, "url", with.data);
	buf_free(&with);
}

void
record_print(const struct serve *s, struct json_object *record, const char *already)
{
	add_token(s, record);
	if (s->json) {
		rec_write_json(json_object_get(record));
	} else {
		human_print("%s is served%s at %s",
			    serve_is_home(rec_string(record, "batch")) ? "The root" : rec_string(record, "batch"),
			    already, rec_string(record, "url"));
		human_print("(`bi-clean stop %lld` ends it)", rec_number(record, "port", 0));
	}
	rec_flush();
}

/* The state is written first, to the lease, and then the event: the record and the byte. */
int
record_announce(struct supervisor *k)
{
	struct json_object *record = make_record(k);
	const char *line = rec_print(record);
	int rc = lease_write(&k->lease, line, strlen(line));

	if (rc < 0) {
		rc = msg_exit_code(errno);
		msg_warn_errno("cannot write %s/leases/%d", k->s->root.path, k->lease.port);
	} else {
		record_print(k->s, record, "");
	}
	json_object_put(record);
	return rc;
}
