#include "job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "confined/media.h"
#include "from_parts.h"
#include "html/url.h"
#include "recorded.h"
#include "records/rec.h"

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
job_list_take(struct job_list *l)
{
	struct job *j = l->first;

	if (j)
		job_list_cut(l, j);
	return j;
}

bool
room_is_full(const struct room *r, size_t jobs, size_t bytes)
{
	return !r->output || jobs >= r->jobs || bytes >= r->bytes;
}

bool
job_is_public_only(const struct job *j)
{
	return j->run->set->public_only || j->target->public_only;
}

void
job_forget_redirects(struct job *j)
{
	free(j->at);
	j->at = NULL;
	j->elsewhere = false;
	j->redirects = 0;
	curl_slist_free_all(j->cookies);
	j->cookies = NULL;
}

size_t
job_unwritten(const struct job *j)
{
	return body_unwritten(&j->body) + (j->line ? strlen(j->line) : 0);
}

uint32_t
job_archive_of(struct json_object *asked)
{
	long long archive = rec_number(asked, "archive", 0);

	if (!rec_string(asked, "member") || rec_string(asked, "url") || rec_string(asked, "file") ||
	    rec_string(asked, "media") || archive < 1 || archive > UINT32_MAX)
		return 0;
	return (uint32_t)archive;
}

/* Takes what LINE asks for. */
static void
read_asked(struct job *j, const struct buf *line)
{
	const char *upload = NULL;
	char room[32];

	j->weight = sizeof(*j) + 2 * line->len;
	j->asked = rec_parse(line->data, line->len, NULL, 0);
	if (!json_object_is_type(j->asked, json_type_object)) {
		json_object_put(j->asked);
		j->asked = json_object_new_object(); /* a line that was edited: it fails as one without url */
	}
	if (batch_place(line->data, line->len, &j->place) < 0) {
		snprintf(j->place.subject, sizeof(j->place.subject), "i%u", j->item);
		j->place.idx = 1;
	}
	json_object_object_del(j->asked, "bi");
	json_object_object_del(j->asked, "replaced_file"); /* lists could name one in earlier versions */
	j->url = rec_string(j->asked, "url");
	if (!j->url && !rec_string(j->asked, "file")) {
		j->url = rec_string(j->asked, "media");
		j->page = j->url != NULL;
	}
	j->ascii = j->url ? url_to_ascii(j->url) : NULL;
	j->found = rec_string(j->asked, "found_on");
	j->named = !j->found || json_object_get_boolean(json_object_object_get(j->asked, "same_host"));
	j->file = j->url ? NULL : rec_string(j->asked, "file");
	j->archive = job_archive_of(j->asked);
	if (!j->archive && !j->url && !j->file)
		upload = rec_text(j->asked, "upload", room, sizeof(room));
	/* Uploads are numbered, and other names are invalid. */
	if (upload && *upload && strlen(upload) < sizeof(j->upload) && strspn(upload, "0123456789") == strlen(upload))
		snprintf(j->upload, sizeof(j->upload), "%s", upload);
	j->expanded = j->archive > 0;
}

struct job *
job_new(struct run *run, struct target *t, uint32_t item)
{
	struct job *j = buf_alloc(sizeof(*j));
	struct buf line = {0}, userinfo = {0}, headers = {0};

	*j = (struct job){
		.run = run,
		.target = t,
		.item = item,
		.members = -1,
		.total = -1,
		.slot = -1,
		.body = body_new(run->bodies),
	};
	t->jobs++;
	if (batch_item_to_fetch(t->batch, item, &line, &userinfo, &headers) < 0) {
		run_fail(run, "reading items.ndjson or secrets");
	} else {
		read_asked(j, &line);
		if (j->url && userinfo.len)
			j->userinfo = buf_strdup(userinfo.data);
		if (j->url && headers.len)
			j->headers = buf_strdup(headers.data);
	}
	buf_free(&line);
	buf_free(&userinfo);
	buf_free(&headers);
	if (j->asked)
		return j;
	job_free(j);
	return NULL;
}

void
job_release_claim(struct job *j)
{
	if (!j->claimed)
		return;
	batch_release(j->target->batch, j->item);
	target_set_busy(j->target, j->item, false);
	j->claimed = j->ahead = false;
}

void
job_free(struct job *j)
{
	if (j->stays_pending || run_keeps_parts(j->run))
		body_leave(&j->body);
	else
		body_drop(&j->body);
	stop_forget(j);
	job_release_claim(j);
	j->target->jobs--;
	answer_reset(&j->answer);
	update_free(j);
	taken_free(j->taken);
	job_drop_media(j);
	json_object_put(j->more);
	job_forget_redirects(j);
	free(j->ascii);
	free(j->userinfo);
	free(j->headers);
	free(j->line);
	json_object_put(j->asked);
	free(j);
}

void
job_drop_media(struct job *j)
{
	if (j->media)
		media_free(j->media);
	free(j->media);
	j->media = NULL;
}

/* The item may have been asked for with another secret since the job was made. */
static void
refresh_secret(struct job *j)
{
	struct buf userinfo = {0}, headers = {0};
	int rc = j->url ? batch_secret(j->target->batch, j->item, j->place.key, &userinfo, &headers) : 1;

	if (rc < 0)
		run_fail(j->run, "reading secrets");
	if (rc == 0) {
		free(j->userinfo);
		free(j->headers);
		j->userinfo = userinfo.len ? buf_strdup(userinfo.data) : NULL;
		j->headers = headers.len ? buf_strdup(headers.data) : NULL;
	}
	buf_free(&userinfo);
	buf_free(&headers);
}

void
job_note_claimed(struct job *j)
{
	refresh_secret(j);
	j->claimed = true;
	target_set_busy(j->target, j->item, true);
}

enum batch_claim
job_claim(struct job *j)
{
	enum batch_claim claim = CLAIM_HELD;

	if (!target_is_busy(j->target, j->item))
		claim = j->update ? update_claim(j) : batch_claim(j->target->batch, j->item, j->run->set->retry);
	if (claim == CLAIM_OURS) {
		job_note_claimed(j);
		if (j->update)
			target_set_renewed(j->target, j->item);
	} else if (claim == CLAIM_ERROR) {
		run_fail(j->run, "claiming an item");
	}
	return claim;
}
