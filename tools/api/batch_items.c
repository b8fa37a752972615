#include <errno.h>
#include <string.h>

#include "batch/job_status.h"
#include "handlers.h"
#include "query.h"
#include "resolve.h"

/* The items that a request wants. */
struct wanted {
	char state; /* '\0': all that are not removed */
	uint64_t limit, offset, count;
};

/* False after making R the error. */
static bool
take_state(const struct request *q, char *state, struct reply *r)
{
	struct buf text = {0};
	bool is_right = true;

	*state = '\0';
	if (query_text(q, "status", &text)) {
		*state = strcmp(text.data, "failed") == 0 ? 'f' : strcmp(text.data, "completed") == 0 ? 'c' : '\0';
		is_right = *state != '\0';
	}
	buf_free(&text);
	return is_right || reply_error(r, 400, "bad_parameter", "status must be failed or completed");
}

/* The first item after K that is wanted; 0: there is none. -1 with errno. */
static int64_t
next_item(const struct batch *b, const struct batch_counts *c, char state, int64_t k)
{
	if (state)
		return k < (int64_t)c->length ? batch_find_state(b, (uint32_t)k + 1, state) : 0;
	while (++k <= (int64_t)c->length) {
		int is = c->removed ? batch_state(b, (uint32_t)k) : 'p';

		if (is != 'x')
			return is < 0 ? -1 : k;
	}
	return 0;
}

/* Appends the document. 0, or -1 with errno. */
static int
print_items(const struct batch *b, const struct batch_counts *c, const struct wanted *w, struct buf *out)
{
	struct buf line = {0};
	int64_t k = 0;
	int error = 0;

	buf_printf(out, "{\"count\":%llu,\"items\":[", (unsigned long long)w->count);
	if (w->limit > 0 && w->offset < w->count)
		for (uint64_t i = 0; i < w->offset + w->limit && (k = next_item(b, c, w->state, k)) > 0; i++) {
			if (i < w->offset)
				continue;
			buf_str(out, i > w->offset ? "," : "");
			if (job_status_print_item(b, (uint32_t)k, c->held, out, &line) < 0)
				error = errno;
		}
	if (k < 0)
		error = errno;
	buf_str(out, "]}\n");
	buf_free(&line);
	errno = error;
	return error ? -1 : 0;
}

void
batch_items_list(struct api *api, const struct request *q, struct reply *r)
{
	struct cached_batch *b = resolve_batch(api, q->words[1], r);
	struct batch_counts counts;
	struct wanted w;

	if (!b || !query_page(q, QUERY_LIMIT, &w.limit, &w.offset, r) || !take_state(q, &w.state, r))
		return;
	if (batch_count(b->batch, &counts) == 0) {
		w.count = w.state == 'f' ? counts.failed : w.state == 'c' ? counts.completed : counts.total;
		if (print_items(b->batch, &counts, &w, &r->body) == 0) {
			reply_tag(r, q->scgi);
			return;
		}
	}
	resolve_fail(b->name, r);
}
