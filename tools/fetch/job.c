#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch.h"

void
job_list_add(struct job_list *l, struct job *j)
{
	j->next = NULL;
	j->prev = l->last;
	*(l->last ? &l->last->next : &l->first) = j;
	l->last = j;
	l->count++;
}

void
job_list_push(struct job_list *l, struct job *j)
{
	j->prev = NULL;
	j->next = l->first;
	*(l->first ? &l->first->prev : &l->last) = j;
	l->first = j;
	l->count++;
}

void
job_list_cut(struct job_list *l, struct job *j)
{
	*(j->prev ? &j->prev->next : &l->first) = j->next;
	*(j->next ? &j->next->prev : &l->last) = j->prev;
	j->next = j->prev = NULL;
	l->count--;
}

struct job *
job_new(struct fetch *f, struct target *t, uint32_t item)
{
	struct job *j = buf_alloc(sizeof(*j));
	struct buf line = {0};

	*j = (struct job){.fetch = f, .target = t, .item = item, .source = -1, .body.part.fd = -1};
	if (batch_item(t->batch, item, &line) < 0) {
		fetch_fail(f, "reading items.ndjson");
	} else {
		j->weight = sizeof(*j) + 2 * line.len;
		j->asked = rec_parse(line.data, line.len, NULL, 0);
		if (!json_object_is_type(j->asked, json_type_object)) {
			json_object_put(j->asked);
			j->asked = json_object_new_object(); /* a line that was edited: it fails as one without url */
		}
		if (batch_place(line.data, line.len, &j->place) < 0) {
			snprintf(j->place.subject, sizeof(j->place.subject), "i%u", item);
			j->place.idx = 1;
		}
		json_object_object_del(j->asked, "bi");
		j->url = rec_string(j->asked, "url");
		j->file = j->url ? NULL : rec_string(j->asked, "file");
	}
	buf_free(&line);
	if (j->asked)
		return j;
	job_free(j);
	return NULL;
}

void
job_free(struct job *j)
{
	if (j->claimed) {
		batch_release(j->target->batch, j->item);
		target_set_busy(j->target, j->item, false);
	}
	body_drop(&j->body);
	if (j->source >= 0)
		close(j->source);
	free(j->at);
	free(j->line);
	json_object_put(j->asked);
	free(j);
}

/* The wait before the next attempt: doubled each time, at most a minute, by up to a half longer at random. */
static long
backoff(const struct job *j)
{
	unsigned doublings = j->attempts > 0 ? j->attempts - 1 : 0;
	long ms = j->fetch->set->backoff_ms << (doublings < 10 ? doublings : 10);

	if (ms > 60000 && ms > j->fetch->set->backoff_ms)
		ms = 60000;
	if (j->verdict.wait_ms > ms)
		ms = j->verdict.wait_ms;
	return ms + (ms > 1 ? random() % (ms / 2 + 1) : 0);
}

void
job_ended(struct job *j)
{
	struct fetch *f = j->fetch;

	plan_left(f, j);
	if (f->fatal) {
		job_free(j);
		return;
	}
	if (j->verdict.kind == REDIRECTED) {
		body_drop(&j->body);
		j->attempts--; /* not an attempt of its own */
		plan_requeue(f, j);
		return;
	}
	if (j->verdict.kind == AGAIN && j->attempts < (unsigned)f->set->tries) {
		body_drop(&j->body);
		free(j->at);
		j->at = NULL;
		j->redirects = 0;
		plan_again(f, j, backoff(j));
		return;
	}
	if (j->verdict.kind == AGAIN)
		j->verdict.kind = FAILED;
	if (j->verdict.kind == FAILED)
		body_drop(&j->body);
	settle_add(f, j);
}
