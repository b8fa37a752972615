#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch.h"
#include "hosts/http_policy.h"
#include "page.h"
#include "robots_gate.h"

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

/* Uploads are numbered: nothing else is a name there. */
static void
take_upload(struct job *j)
{
	char room[32];
	const char *k = rec_text(j->asked, "upload", room, sizeof(room));

	if (k && *k && strlen(k) < sizeof(j->upload) && strspn(k, "0123456789") == strlen(k))
		snprintf(j->upload, sizeof(j->upload), "%s", k);
}

bool
job_is_public_only(const struct job *j)
{
	return j->fetch->set->public_only || j->target->public_only;
}

uint32_t
job_archive(struct json_object *asked)
{
	long long archive = rec_number(asked, "archive", 0);

	if (!rec_string(asked, "member") || rec_string(asked, "url") || rec_string(asked, "file") ||
	    rec_string(asked, "media") || archive < 1 || archive > UINT32_MAX)
		return 0;
	return (uint32_t)archive;
}

struct job *
job_new(struct fetch *f, struct target *t, uint32_t item)
{
	struct job *j = buf_alloc(sizeof(*j));
	struct buf line = {0}, userinfo = {0};

	*j = (struct job){.fetch = f, .target = t, .item = item, .source = -1, .members = -1, .body.part.fd = -1};
	t->jobs++;
	if (batch_item_to_fetch(t->batch, item, &line, &userinfo) < 0) {
		fetch_fail(f, "reading items.ndjson or secrets");
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
		if (!j->url && !rec_string(j->asked, "file")) {
			j->url = rec_string(j->asked, "media");
			j->page = j->url != NULL;
		}
		j->found = rec_string(j->asked, "found_on");
		j->named = !j->found || json_object_get_boolean(json_object_object_get(j->asked, "same_host"));
		if (j->url && userinfo.len)
			j->userinfo = buf_strdup(userinfo.data);
		j->file = j->url ? NULL : rec_string(j->asked, "file");
		j->archive = job_archive(j->asked);
		if (!j->archive && !j->url && !j->file)
			take_upload(j);
		j->expanded = j->archive > 0;
	}
	buf_free(&line);
	buf_free(&userinfo);
	if (j->asked)
		return j;
	job_free(j);
	return NULL;
}

void
job_free(struct job *j)
{
	if (j->fetch->stop_signal)
		body_leave(&j->body, j->fetch);
	else
		body_drop(&j->body);
	if (j->claimed) {
		batch_release(j->target->batch, j->item);
		target_set_busy(j->target, j->item, false);
	}
	j->target->jobs--;
	if (j->source >= 0)
		close(j->source);
	buf_free(&j->answer.error);
	curl_slist_free_all(j->headers);
	robot_drop(j);
	page_drop(j);
	json_object_put(j->more);
	free(j->at);
	free(j->userinfo);
	free(j->line);
	json_object_put(j->asked);
	free(j);
}

/* The wait before the next attempt; not before the moment that the server named. */
static long
backoff(const struct job *j)
{
	long ms = http_policy_backoff(j->attempts, j->fetch->set->backoff_ms);

	return j->verdict.wait_ms > 0 ? j->verdict.wait_ms + ms / 4 : ms;
}

/* Sleeps until its next attempt; with it, where the server asked for that, everything else of the host. */
static void
try_again(struct job *j, struct host *h)
{
	struct fetch *f = j->fetch;
	long wait = backoff(j);

	/* The host's time is the server's own, the item's a little longer: they do not all come back at once. */
	if (j->verdict.hold)
		host_hold(f, h, j->verdict.wait_ms > 0 ? j->verdict.wait_ms : wait);
	if (!j->validator[0])
		body_drop(&j->body);
	else if (body_flush(&j->body, f) < 0)
		fetch_fail(f, "writing a download");
	free(j->at);
	j->at = NULL;
	j->elsewhere = false;
	j->redirects = 0;
	plan_left(f, j);
	plan_again(f, j, wait);
}

void
job_ended(struct job *j)
{
	struct fetch *f = j->fetch;
	struct host *h = j->host;

	if (j->verdict.kind != GOT)
		cancel_judge(j);
	if (!f->fatal && j->verdict.kind == AGAIN && j->attempts < (unsigned)f->set->tries) {
		try_again(j, h);
		return;
	}
	if (!f->fatal && j->verdict.kind == AGAIN && j->verdict.hold)
		host_hold(f, h, j->verdict.wait_ms > 0 ? j->verdict.wait_ms : backoff(j));
	plan_left(f, j);
	if (f->fatal) {
		job_free(j);
		return;
	}
	if (j->verdict.kind == REDIRECTED) {
		if (!j->validator[0])
			body_drop(&j->body);
		j->attempts--; /* not an attempt of its own */
		plan_requeue(f, j);
		return;
	}
	if (j->verdict.kind == AGAIN)
		j->verdict.kind = FAILED;
	if (j->verdict.kind == FAILED)
		body_drop(&j->body);
	settle_add(f, j);
}
