#include "strays.h"

#include <string.h>

#include "records/rec.h"

/* The members of T that were not completed when its first stored archive was met, in the order of their numbers. */
struct strays {
	size_t count, room;
	struct stray {
		uint32_t archive, item;
	} at[];
};

/* Stores in ARCHIVE the archive of which item K is a member; 0: of none. 0, or -1 with errno. */
static int
archive_of(const struct batch *b, uint32_t k, struct buf *line, uint32_t *archive)
{
	struct json_object *o = NULL;

	buf_clear(line);
	*archive = 0;
	if (batch_item(b, k, line) < 0)
		return -1;
	if (memmem(line->data, line->len, "\"archive\":", 10))
		o = rec_parse(line->data, line->len, NULL, 0);
	*archive = job_archive_of(o);
	json_object_put(o);
	return 0;
}

/* Returns S, perhaps elsewhere, with one more. */
static struct strays *
add_stray(struct strays *s, uint32_t archive, uint32_t item)
{
	if (s->count == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s = buf_realloc(s, sizeof(*s) + s->room * sizeof(s->at[0]));
	}
	s->at[s->count++] = (struct stray){archive, item};
	return s;
}

static struct strays *
find_strays(struct run *run, const struct target *t)
{
	int64_t n = batch_length(t->batch);
	struct strays *strays = buf_alloc(sizeof(*strays));
	struct buf line = {0};

	*strays = (struct strays){0};
	if (n < 0)
		run_fail(run, "counting the items");
	for (uint32_t k = 1; k <= n && !run->fatal; k++) {
		int state = batch_state(t->batch, k);
		uint32_t archive = 0;

		if (state < 0)
			run_fail(run, "reading the state of an item");
		else if (state != 'c' && archive_of(t->batch, k, &line, &archive) < 0)
			run_fail(run, "reading an item");
		if (archive > 0 && archive < k)
			strays = add_stray(strays, archive, k);
	}
	buf_free(&line);
	return strays;
}

void
strays_add(struct target *t, uint32_t archive, uint32_t item)
{
	if (t->strays)
		t->strays = add_stray(t->strays, archive, item);
}

/* Whether the stray item K still has to be done: it has no result, or one that is tried again. */
static bool
is_left(struct run *run, struct target *t, uint32_t k)
{
	switch (batch_state(t->batch, k)) {
	case -1:
		run_fail(run, "reading the state of an item");
		return false;
	case 'c':
	case 'x':
		return false;
	case 'f':
		break;
	default:
		return true;
	}
	switch (batch_claim(t->batch, k, run->set->retry)) {
	case CLAIM_OURS:
		batch_release(t->batch, k);
		return true;
	case CLAIM_HELD:
		return true;
	case CLAIM_ERROR:
		run_fail(run, "claiming an item");
		return false;
	default:
		return false;
	}
}

void
strays_want(struct run *run, struct run_queue *wants, struct target *t, uint32_t archive)
{
	if (!t->strays)
		t->strays = find_strays(run, t);
	for (size_t i = 0; i < t->strays->count && !run->fatal; i++) {
		struct stray *s = &t->strays->at[i];

		if (s->archive != archive || target_is_busy(t, s->item) || !is_left(run, t, s->item))
			continue;
		s->archive = 0; /* it is wanted once */
		run->asked++;
		run_queue_add(wants, t, s->item);
	}
}
