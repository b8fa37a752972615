#include "http/servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/human.h"
#include "records/rec.h"

enum { RULE = 80 };

struct json_object *
servers_record(const struct lease_seen *seen)
{
	struct json_object *known = NULL, *out = json_object_new_object();

	if (seen->record.len)
		known = rec_parse(seen->record.data, seen->record.len, NULL, 0);
	json_object_object_add(out, "port", json_object_new_int(seen->port));
	json_object_object_add(out, "pid", json_object_new_int(seen->holder));
	if (json_object_is_type(known, json_type_object))
		rec_copy_without(out, known, "port", "pid");
	else
		json_object_object_add(out, "starting", json_object_new_boolean(true));
	json_object_put(known);
	return out;
}

/* A member as text that is safe for a terminal. */
static void
add_member(struct buf *out, const char *what, struct json_object *record, const char *key, const char *otherwise)
{
	const char *s = rec_string(record, key);

	buf_printf(out, "  %s: ", what);
	human_text(out, s && *s ? s : otherwise);
	buf_str(out, "\n");
}

static bool
add_server(struct lease_seen *seen, void *arg)
{
	struct servers *all = arg;
	struct json_object *record = servers_record(seen);

	all->v = buf_realloc(all->v, (all->n + 1) * sizeof(*all->v));
	all->v[all->n++] = (struct server){
		.port = seen->port,
		.record = record,
		.batch = rec_string(record, "batch"),
		.url = rec_string(record, "url"),
	};
	return true;
}

int
servers_find(const struct root *root, struct servers *all)
{
	*all = (struct servers){0};
	if (lease_each(root, add_server, all) == 0)
		return 0;
	servers_free(all);
	return -1;
}

void
servers_free(struct servers *all)
{
	for (size_t i = 0; i < all->n; i++)
		json_object_put(all->v[i].record);
	free(all->v);
	*all = (struct servers){0};
}

static void
print_seeds_form(const struct servers *all)
{
	struct buf out = {0};
	char rule[RULE + 1];

	if (all->n == 0) {
		puts("No active servers");
		return;
	}
	memset(rule, '=', RULE);
	rule[RULE] = '\0';
	for (size_t i = 0; i < all->n; i++) {
		const struct server *s = &all->v[i];

		buf_printf(&out, "%sPort %d:\n", i ? "\n" : "", s->port);
		add_member(&out, "Category", s->record, "category", "-");
		add_member(&out, "Batch", s->record, "label", s->batch ? s->batch : "(starting)");
		add_member(&out, "URL", s->record, "url", "-");
	}
	printf("Active HTTP Servers\n%s\n%s", rule, out.data);
	/* The format is for programs too; this name is for people. */
	if (isatty(STDOUT_FILENO))
		puts("\nPages opened by these URLs do not save: `bi-serve BATCH` prints one by which they do.");
	buf_free(&out);
}

int64_t
servers_print(const struct root *root, bool json)
{
	struct servers all;
	int64_t count;

	if (servers_find(root, &all) < 0)
		return -1;
	for (size_t i = 0; json && i < all.n; i++)
		rec_write_json(json_object_get(all.v[i].record));
	if (!json)
		print_seeds_form(&all);
	count = (int64_t)all.n;
	servers_free(&all);
	return count;
}
