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

static bool
is_wanted(const struct wanted *w, char state)
{
	return w->state ? state == w->state : state != 'x';
}

/* Appends the document. 0, or -1 with errno. */
static int
print_items(const struct cached_batch *b, const struct batch_counts *c, const struct buf *states,
	    const struct wanted *w, struct buf *out)
{
	struct buf line = {0};
	const char *before = "";
	uint64_t at = 0;
	int error = 0;

	buf_printf(out, "{\"count\":%llu,\"items\":[", (unsigned long long)w->count);
	for (size_t k = 1; k <= states->len && (at < w->offset || at - w->offset < w->limit); k++) {
		if (!is_wanted(w, states->data[k - 1]) || at++ < w->offset)
			continue;
		buf_str(out, before);
		before = ",";
		if (job_status_print_item(b->batch, b->about, (uint32_t)k, states->data[k - 1], c->held, out, &line) <
		    0)
			error = errno;
	}
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
	struct buf states = {0};
	struct wanted w;
	bool well = false;

	if (!b || !query_page(q, QUERY_LIMIT, &w.limit, &w.offset, r) || !take_state(q, &w.state, r))
		return;
	if (batch_count_states(b->batch, &counts, &states) == 0) {
		w.count = w.state == 'f' ? counts.failed : w.state == 'c' ? counts.completed : counts.total;
		well = print_items(b, &counts, &states, &w, &r->body) == 0;
	}
	if (well)
		reply_tag(r, q->scgi);
	else
		resolve_fail(b->name, r);
	buf_free(&states);
}
