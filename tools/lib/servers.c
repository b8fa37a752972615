#include "servers.h"

#include <stdio.h>
#include <string.h>

#include "rec.h"

enum { RULE = 80 };

struct json_object *
servers_record(const struct lease_seen *seen)
{
	struct json_object *known = NULL, *out = json_object_new_object();

	if (seen->record.len)
		known = rec_parse(seen->record.data, seen->record.len, NULL, 0);
	json_object_object_add(out, "port", json_object_new_int(seen->port));
	json_object_object_add(out, "pid", json_object_new_int(seen->keeper));
	if (known && json_object_is_type(known, json_type_object)) {
		json_object_object_foreach(known, key, value)
		{
			if (strcmp(key, "port") != 0 && strcmp(key, "pid") != 0)
				json_object_object_add(out, key, json_object_get(value));
		}
	} else {
		json_object_object_add(out, "starting", json_object_new_boolean(true));
	}
	json_object_put(known);
	return out;
}

/* A member as text that does a terminal no harm: control characters (C0, DEL, and C1 in UTF-8) are shown as ?. */
static void
add_member(struct buf *out, const char *what, struct json_object *record, const char *key, const char *otherwise)
{
	const char *s = rec_string(record, key);

	buf_printf(out, "  %s: ", what);
	for (s = s && *s ? s : otherwise; *s; s++) {
		const unsigned char *u = (const unsigned char *)s;

		if (u[0] < 0x20 || u[0] == 0x7f || (u[0] == 0xc2 && u[1] >= 0x80 && u[1] < 0xa0)) {
			buf_str(out, "?");
			s += u[0] == 0xc2;
		} else {
			buf_add(out, s, 1);
		}
	}
	buf_str(out, "\n");
}

struct printing {
	struct buf out;
	int64_t count;
	bool json;
};

static bool
print_server(struct lease_seen *seen, void *arg)
{
	struct printing *p = arg;
	struct json_object *record = servers_record(seen);
	const char *batch = rec_string(record, "batch");

	if (p->json) {
		rec_out_json(record);
	} else {
		buf_printf(&p->out, "%sPort %d:\n", p->count ? "\n" : "", seen->port);
		add_member(&p->out, "Category", record, "category", "-");
		add_member(&p->out, "Batch", record, "label", batch ? batch : "(starting)");
		add_member(&p->out, "URL", record, "url", "-");
	}
	p->count++;
	json_object_put(record);
	return true;
}

static void
print_seeds_form(const struct printing *p)
{
	char rule[RULE + 1];

	if (p->count == 0) {
		puts("No active servers");
		return;
	}
	memset(rule, '=', RULE);
	rule[RULE] = '\0';
	printf("Active HTTP Servers\n%s\n%s", rule, p->out.data);
}

int64_t
servers_print(const struct root *root, bool json)
{
	struct printing p = {.json = json};
	int64_t count = lease_each(root, print_server, &p) < 0 ? -1 : 0;

	if (count == 0) {
		count = p.count;
		if (!json)
			print_seeds_form(&p);
	}
	buf_free(&p.out);
	return count;
}
