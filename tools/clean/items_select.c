#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/opt.h"
#include "base/userinfo.h"
#include "batch/error_codes.h"
#include "records/rec.h"
#include "remove_items.h"

/* An operand. */
struct wanted {
	const char *given;
	char *text;           /* the URL without name and password, or the absolute path; NULL: numbers */
	uint64_t first, last; /* numbers */
	bool found;
};

struct selecting {
	const struct clean *c;
	const struct batch *b;
	struct selection *out;
	struct wanted *v;
	size_t n;
	bool texts; /* some are */
};

bool
selection_has(const struct selection *s, uint32_t k)
{
	return k >= 1 && k <= s->length && s->bits[k / 8] >> (k % 8) & 1;
}

static void
select_item(struct selection *s, uint32_t k)
{
	if (selection_has(s, k))
		return;
	s->bits[k / 8] |= (unsigned char)(1u << (k % 8));
	s->count++;
}

/* --- operands --- */

/* Reads "7" or "3-9". False: it is a URL or a path. */
static bool
is_numbers(const char *arg, struct wanted *w)
{
	size_t n = strspn(arg, "0123456789"), m = arg[n] == '-' ? strspn(arg + n + 1, "0123456789") : 0;

	if (n == 0 || (arg[n] && (m == 0 || arg[n + 1 + m])))
		return false;
	errno = 0;
	w->first = strtoull(arg, NULL, 10);
	w->last = arg[n] ? strtoull(arg + n + 1, NULL, 10) : w->first;
	if (errno == ERANGE || w->first == 0 || w->last < w->first)
		opt_die("'%s' is neither the number of an item nor a range such as 3-9", arg);
	return true;
}

/* In the form in which bi-fetch stores it. */
static char *
absolute_path(const char *path)
{
	struct buf out = {0};
	char cwd[PATH_MAX];

	if (*path != '/' && getcwd(cwd, sizeof(cwd)))
		buf_printf(&out, "%s/", strcmp(cwd, "/") == 0 ? "" : cwd);
	while (path[0] == '.' && path[1] == '/')
		path += 2;
	buf_str(&out, path);
	return out.data;
}

static void
take_operand(struct selecting *x, const char *arg)
{
	struct wanted *w = &x->v[x->n++];

	*w = (struct wanted){.given = arg};
	if (is_numbers(arg, w))
		return;
	x->texts = true;
	w->text = strstr(arg, "://") ? buf_strdup(arg) : absolute_path(arg);
	if (strstr(arg, "://"))
		userinfo_extract(w->text, NULL);
}

/* --- items --- */

/* Selects item K, which one of the texts names. */
static void
match_texts(struct selecting *x, uint32_t k, struct json_object *item)
{
	static const char *const members[] = {"url", "media", "file"};

	for (size_t m = 0; m < sizeof(members) / sizeof(*members); m++) {
		const char *is = rec_string(item, members[m]);

		for (size_t i = 0; is && i < x->n; i++) {
			if (!x->v[i].text || strcmp(x->v[i].text, is) != 0)
				continue;
			x->v[i].found = true;
			select_item(x->out, k);
		}
	}
}

/* Reads all items, to find those that the texts name, and the members of archives, which come after these. 0 or -1. */
static int
read_items(struct selecting *x)
{
	struct buf line = {0};
	int rc = 0;

	for (uint32_t k = 1; k <= x->out->length && rc == 0; k++) {
		uint32_t archive;

		buf_clear(&line);
		rc = batch_item(x->b, k, &line);
		if (rc < 0)
			break;
		if (x->texts) {
			struct json_object *item = rec_parse(line.data, line.len, NULL, 0);

			match_texts(x, k, item);
			json_object_put(item);
		}
		archive = batch_item_archive(line.data, line.len);
		if (archive && selection_has(x->out, archive))
			select_item(x->out, k);
	}
	buf_free(&line);
	return rc;
}

/* Whether item K failed with one of the codes of --status. 1, 0, or -1. */
static int
has_status(const struct selecting *x, uint32_t k, struct buf *line)
{
	struct json_object *result;
	bool has;

	buf_clear(line);
	if (batch_result(x->b, k, line) < 0)
		return errno == ENOENT ? 0 : -1;
	result = rec_parse(line->data, line->len, NULL, 0);
	has = error_codes_have(x->c->status, rec_string(json_object_object_get(result, "error"), "code"));
	json_object_put(result);
	return has;
}

/* 0 or -1. */
static int
select_failed(struct selecting *x)
{
	struct buf line = {0};
	int64_t k = 0;
	int rc = 0;

	while (rc >= 0 && (k = batch_find_state(x->b, (uint32_t)k + 1, 'f')) > 0 && k <= (int64_t)x->out->length) {
		rc = x->c->failed ? 1 : has_status(x, (uint32_t)k, &line);
		if (rc > 0)
			select_item(x->out, (uint32_t)k);
	}
	buf_free(&line);
	return k < 0 || rc < 0 ? -1 : 0;
}

/* 0 or -1. */
static int
select_all(struct selecting *x)
{
	for (size_t i = 0; i < x->n; i++) {
		struct wanted *w = &x->v[i];

		w->found = !w->text && w->last <= x->out->length;
		for (uint64_t k = w->first; w->found && k <= w->last; k++)
			select_item(x->out, (uint32_t)k);
	}
	if ((x->c->failed || x->c->status) && select_failed(x) < 0)
		return -1;
	return x->texts || x->out->count > 0 ? read_items(x) : 0;
}

/* Reports the operands that the batch does not have. Returns how many. */
static size_t
say_unknown(const struct selecting *x)
{
	size_t unknown = 0;

	for (size_t i = 0; i < x->n; i++) {
		if (x->v[i].found)
			continue;
		unknown++;
		msg_warn("the batch '%s' has no item '%s': it has %" PRIu32
			 ", and bi-status --items %s lists them; nothing is removed",
			 batch_name(x->b), x->v[i].given, x->out->length, batch_name(x->b));
	}
	return unknown;
}

int
items_select(const struct clean *c, const struct batch *b, char **args, struct selection *out)
{
	struct selecting x = {.c = c, .b = b, .out = out};
	int64_t length = batch_length(b);
	int code = 0;

	*out = (struct selection){.length = length > 0 ? (uint32_t)length : 0};
	out->bits = buf_alloc((size_t)out->length / 8 + 1);
	memset(out->bits, 0, (size_t)out->length / 8 + 1);
	while (args[x.n])
		x.n++;
	x.v = buf_alloc((x.n + 1) * sizeof(*x.v));
	x.n = 0;
	for (; *args; args++)
		take_operand(&x, *args);
	if (length < 0 || select_all(&x) < 0) {
		code = msg_exit_code(errno);
		msg_warn_errno("cannot read the items of the batch '%s': nothing is removed", batch_name(b));
	} else if (say_unknown(&x) > 0) {
		code = EX_NOINPUT;
	}
	for (size_t i = 0; i < x.n; i++)
		free(x.v[i].text);
	free(x.v);
	return code;
}
