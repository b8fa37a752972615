#include "dry_run.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/human.h"
#include "base/msg.h"
#include "base/userinfo.h"
#include "batch/batch_look.h"
#include "hosts/http_policy.h"
#include "item_ask.h"

/* What will happen to the items. */
enum fate { TO_FETCH, COMPLETED, FAILED, CANNOT, FATES };

static const char *const fates[FATES] = {"to_fetch", "completed", "failed", "cannot"};

/* A host of a batch, or a name in its place. */
struct row {
	const char *batch;
	char *host;
	uint64_t counts[FATES];
	uint64_t bytes; /* to fetch, as far as the list or the file system tells */
};

struct plan_batch {
	char name[BATCH_NAME_MAX + 1];
	struct batch *batch; /* NULL: it does not exist */
	struct batch_look *look;
	bool public_only;
	struct plan_batch *next;
};

struct plan {
	const struct settings *set;
	struct root root;
	bool has_root;
	struct host_rules *rules;
	struct plan_batch *batches, *last; /* LAST: that of the record before */
	void *rows;                        /* a tree of tsearch(3) */
	struct row **list;                 /* the same, in the order in which they came */
	size_t count;
	uint64_t sums[FATES];
	bool person;
};

/* --- hosts --- */

static int
compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = strcmp(x->batch, y->batch);

	return order ? order : strcmp(x->host, y->host);
}

static struct row *
row_of(struct plan *p, const struct plan_batch *b, const char *host)
{
	struct row wanted = {.batch = b->name, .host = (char *)(size_t)host};
	struct row **found = tfind(&wanted, &p->rows, compare_rows), *row;

	if (found)
		return *found;
	row = buf_alloc(sizeof(*row));
	*row = (struct row){.batch = b->name, .host = buf_strdup(host)};
	if (!tsearch(row, &p->rows, compare_rows))
		msg_die(EX_OSERR, "out of memory");
	if ((p->count & (p->count - 1)) == 0)
		p->list = buf_realloc(p->list, (p->count ? 2 * p->count : 1) * sizeof(struct row *));
	p->list[p->count++] = row;
	return row;
}

/* --- an item --- */

/* The properties of an item that are known before any request. */
struct outlook {
	const char *host; /* in KEY, or a constant */
	struct buf key;
	const char *code; /* NULL: it can be asked for */
	char why[300];
	uint64_t bytes;
};

static void
foresee_url(const struct plan *p, const char *url, struct outlook *o)
{
	struct host_rule rule;

	if ((strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0) ||
	    !http_policy_host_key(p->rules, url, &o->key, &rule)) {
		o->code = "bad_url";
		snprintf(o->why, sizeof(o->why), "'%.200s' is not a URL of http or https", url);
		return;
	}
	o->host = o->key.data;
	if (rule.contact && !p->set->contact && !p->set->user_agent) {
		o->code = "host_given_up";
		snprintf(o->why, sizeof(o->why), "no requests are sent to this host: %s", http_policy_no_contact);
	}
}

static void
foresee_file(const struct plan *p, const struct plan_batch *b, const char *file, struct outlook *o)
{
	struct stat st;

	o->host = "files";
	if (p->set->public_only || b->public_only) {
		o->code = "blocked_address";
		snprintf(o->why, sizeof(o->why), "'%.200s' is a file of this machine, which --public-only forbids",
			 file);
	} else if (stat(file, &st) < 0) {
		o->code = errno == ENOENT || errno == ENOTDIR ? "no_such_file" : "unreadable_file";
		snprintf(o->why, sizeof(o->why), "cannot open '%.200s': %s", file, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		o->code = "not_a_file";
		snprintf(o->why, sizeof(o->why), "'%.200s' is not a file", file);
	} else {
		o->bytes = (uint64_t)st.st_size;
	}
}

/* Whether a failed item would be tried again. */
static bool
is_tried_again(const struct plan *p, const struct plan_batch *b, uint32_t item)
{
	struct json_object *result, *error = NULL, *may = NULL;
	struct buf line = {0};
	bool yes;

	if (batch_result(b->batch, item, &line) < 0) {
		buf_free(&line);
		if (errno != ENOENT)
			msg_die_errno(msg_exit_code(errno), "cannot read results.ndjson of the batch '%s'", b->name);
		return true;
	}
	result = rec_parse(line.data, line.len, NULL, 0);
	yes = json_object_object_get_ex(result, "error", &error) &&
	      ((json_object_object_get_ex(error, "retryable", &may) && json_object_get_boolean(may)) ||
	       (p->set->retry && p->set->retry->too(error, p->set->retry->arg)));
	json_object_put(result);
	buf_free(&line);
	return yes;
}

/* Reports an item that cannot be requested. */
static void
say_cannot(const struct plan *p, const struct plan_batch *b, const char *what, const char *code, const char *why)
{
	struct buf line = {0};

	if (p->person) {
		msg_warn("cannot be fetched: %s", why);
		return;
	}
	buf_str(&line, "{\"batch\":");
	buf_json(&line, b->name);
	buf_str(&line, ",\"cannot\":");
	buf_json(&line, what);
	buf_printf(&line, ",\"error\":{\"code\":\"%s\",\"message\":", code);
	buf_json(&line, why);
	buf_str(&line, "}}");
	rec_write(line.data, line.len);
	buf_free(&line);
}

/* Counts the item O; STATE is its state in the batch, 'p' if it is new. */
static void
count_item(struct plan *p, const struct plan_batch *b, struct json_object *o, uint32_t item, char state)
{
	struct outlook out = {.host = "other"};
	const char *url = rec_string(o, "url"), *file = rec_string(o, "file"), *bad = rec_string(o, "bad");
	const char *code = rec_string(o, "code"), *wrong = rec_string(o, "wrong"), *what;
	enum fate fate = TO_FETCH;
	struct row *row;

	url = url ? url : file ? NULL : rec_string(o, "media");
	what = url ? url : file ? file : bad ? bad : "";
	if (url)
		foresee_url(p, url, &out);
	else if (file && state != 'c')
		foresee_file(p, b, file, &out);
	else if (file)
		out.host = "files";
	else if (wrong) {
		out.code = code ? code : "bad";
		snprintf(out.why, sizeof(out.why), "%.290s", wrong);
	}
	if (state == 'c')
		fate = COMPLETED;
	else if (state == 'f' && !is_tried_again(p, b, item))
		fate = FAILED;
	else if (out.code)
		fate = CANNOT;
	row = row_of(p, b, out.host);
	row->counts[fate]++;
	p->sums[fate]++;
	if (fate == TO_FETCH)
		row->bytes += out.bytes ? out.bytes : (uint64_t)rec_number(o, "bytes", 0);
	if (fate == CANNOT)
		say_cannot(p, b, what, out.code, out.why);
	buf_free(&out.key);
}

/* --- batches --- */

static struct plan_batch *
batch_of(struct plan *p, const char *name)
{
	struct plan_batch *b = p->batches;
	struct buf about = {0};

	while (b && strcmp(b->name, name) != 0)
		b = b->next;
	if (b)
		return b;
	b = buf_alloc(sizeof(*b));
	snprintf(b->name, sizeof(b->name), "%s", name);
	b->batch = p->has_root ? batch_open(&p->root, name, BATCH_READ, NULL) : NULL;
	if (!b->batch && p->has_root && errno != ENOENT)
		msg_die_errno(msg_exit_code(errno), "cannot open the batch '%s' of %s", name, p->root.path);
	b->look = batch_look_open(b->batch);
	if (!b->look)
		msg_die_errno(msg_exit_code(errno), "cannot read items.ndjson of the batch '%s'", name);
	if (b->batch && batch_metadata(b->batch, &about) == 0) {
		struct json_object *o = rec_parse(about.data, about.len, NULL, 0);

		b->public_only = json_object_get_boolean(json_object_object_get(o, "public_only"));
		json_object_put(o);
	}
	buf_free(&about);
	b->next = p->batches;
	p->batches = b;
	return b;
}

static void
close_all(struct plan *p)
{
	struct plan_batch *b;

	for (size_t i = 0; i < p->count; i++) {
		tdelete(p->list[i], &p->rows, compare_rows);
		free(p->list[i]->host);
		free(p->list[i]);
	}
	free(p->list);
	while ((b = p->batches)) {
		p->batches = b->next;
		batch_look_close(b->look);
		if (b->batch)
			batch_close(b->batch);
		free(b);
	}
	host_rules_free(p->rules);
	if (p->has_root)
		root_close(&p->root);
}

/* --- reading --- */

static void
take_record(struct plan *p, const struct rec *rec)
{
	const struct settings *set = p->set;
	const char *own = rec->kind == REC_JSON && !set->batch ? rec_string(rec->json, "batch") : NULL;
	bool named = own && !root_name_check(own) && !set->public_only;
	struct batch_ask ask = {0};
	struct plan_batch *b;
	struct json_object *o;

	b = set->batch                        ? batch_of(p, set->batch)
	    : named                           ? batch_of(p, own)
	    : p->last && !p->set->public_only ? p->last
					      : batch_of(p, item_usual_batch);
	p->last = b;
	item_ask(&ask, set, rec, own, b->public_only);
	switch (batch_look(b->look, &ask)) {
	case LOOK_ERROR:
		msg_die_errno(msg_exit_code(errno), "cannot read the batch '%s'", b->name);
	case LOOK_NEW:
		ask.state = 'p';
		break;
	case LOOK_AGAIN:
		ask.state = '\0';
		break;
	case LOOK_THERE:
		break;
	}
	o = ask.state ? rec_parse(ask.text, strlen(ask.text), NULL, 0) : NULL;
	if (o)
		count_item(p, b, o, ask.item, ask.state);
	json_object_put(o);
	item_ask_free(&ask);
}

static void
take_lists(struct plan *p, struct lists *lists)
{
	enum rec_kind kind;
	struct rec rec;

	while ((kind = lists_next(lists, &rec)) != REC_EOF) {
		if (kind != REC_MORE)
			take_record(p, &rec);
		else if (lists_wait(lists) < 0 || lists_fill(lists) < 0)
			msg_die_errno(EX_IOERR, "cannot read a list");
	}
}

/* --resume: all items of the batch. */
static void
take_batch(struct plan *p)
{
	struct plan_batch *b = batch_of(p, p->set->batch ? p->set->batch : item_usual_batch);
	struct buf line = {0};
	int64_t n = b->batch ? batch_length(b->batch) : -1;

	if (!b->batch)
		msg_die(EX_NOINPUT, "there is no batch '%s' (bi-status lists the batches)", b->name);
	for (uint32_t k = 1; k <= n; k++) {
		int state = batch_state(b->batch, k);
		struct json_object *o;

		buf_clear(&line);
		if (state < 0 || batch_item(b->batch, k, &line) < 0)
			msg_die_errno(msg_exit_code(errno), "cannot read the batch '%s'", b->name);
		o = rec_parse(line.data, line.len, NULL, 0);
		count_item(p, b, o, k, (char)state);
		json_object_put(o);
	}
	if (n < 0)
		msg_die_errno(msg_exit_code(errno), "cannot count the items of the batch '%s'", b->name);
	buf_free(&line);
}

/* --- the answer --- */

static void
print_row(const struct row *row)
{
	struct json_object *o = json_object_new_object();
	const char *line;

	rec_add_string(o, "batch", row->batch);
	rec_add_string(o, "host", row->host);
	for (size_t i = 0; i < FATES; i++)
		json_object_object_add(o, fates[i], json_object_new_uint64(row->counts[i]));
	if (row->bytes)
		json_object_object_add(o, "known_bytes", json_object_new_uint64(row->bytes));
	line = rec_print(o);
	rec_write(line, strlen(line));
	json_object_put(o);
}

static void
show_row(const char *batch, const char *host, const uint64_t counts[FATES], uint64_t bytes)
{
	char size[HUMAN_ROOM] = "";

	if (bytes)
		human_bytes(size, (double)bytes);
	human_print("%10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "  %-20s %s%s%s", counts[TO_FETCH],
		    counts[COMPLETED], counts[FAILED], counts[CANNOT], batch, host, *size ? ", " : "", size);
}

static void
show_plan(const struct plan *p)
{
	human_print("%10s %10s %10s %10s  %-20s %s", "to fetch", "completed", "failed", "cannot be", "batch", "host");
	for (size_t i = 0; i < p->count; i++)
		show_row(p->list[i]->batch, p->list[i]->host, p->list[i]->counts, p->list[i]->bytes);
	if (p->count != 1)
		show_row("all", "", p->sums, 0);
	if (p->sums[FAILED])
		human_print("Failed items are not tried again: --retry failed would try them.");
	human_print("This was a dry run: nothing was requested or stored.");
}

static void
print_end(const struct plan *p, int code)
{
	struct json_object *counts = json_object_new_object();

	for (size_t i = 0; i < FATES; i++)
		json_object_object_add(counts, fates[i], json_object_new_uint64(p->sums[i]));
	rec_write_end(counts, code);
}

int
dry_run(const struct settings *set, struct lists *lists)
{
	struct plan p = {.set = set, .person = !set->json && isatty(STDOUT_FILENO)};
	int code = EX_ALL_WELL;

	p.has_root = root_open_existing(&p.root, set->root);
	p.rules = host_rules_load(p.has_root ? p.root.path : NULL);
	if (lists)
		take_lists(&p, lists);
	else
		take_batch(&p);
	if (lists && lists_trouble(lists))
		code = lists_trouble(lists);
	else if (p.sums[CANNOT] || (lists && (lists_were_cut(lists) || lists_upstream_exit(lists))))
		code = EX_SOME_FAILED;
	if (p.person) {
		show_plan(&p);
	} else {
		for (size_t i = 0; i < p.count; i++)
			print_row(p.list[i]);
		print_end(&p, code);
	}
	close_all(&p);
	return code;
}
