#include "page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/msg.h"
#include "base/userinfo.h"
#include "html/url.h"
#include "records/rec.h"

enum { BLOCK = 64 }; /* items added at once */

/* --- in the writer's thread --- */

/* Whether the bytes are HTML: libmagic recognises tags, and if it finds only text, the type from the server counts. */
static bool
is_html(const struct job *j)
{
	const char *mime = j->type.mime, *said = j->answer.content_type;

	if (strcmp(mime, "text/html") == 0 || strcmp(mime, "application/xhtml+xml") == 0)
		return true;
	return (strncmp(mime, "text/", 5) == 0 || strcmp(mime, "application/xml") == 0) &&
	       (strncasecmp(said, "text/html", 9) == 0 || strncasecmp(said, "application/xhtml+xml", 21) == 0);
}

/* Returns NULL, or a message that says why yt-dlp names no file. */
static const char *
ask_yt_dlp(struct pages *p, struct job *j)
{
	const char *url = job_url(j);

	if (!j->run->set->yt_dlp)
		return "to have yt-dlp look for a file, fetch the page with --yt-dlp into another batch (-b)";
	if (job_is_public_only(j))
		return "yt-dlp, which might find a file, is not used where only public addresses are allowed "
		       "(--public-only)";
	if (!p->no_yt_dlp && ytdlp_find(url, (size_t)j->run->set->max_media, &p->hurry, j->media) < 0) {
		p->no_yt_dlp = true;
		msg_warn("yt-dlp cannot be started: %s; what only it can find is left out", strerror(errno));
	}
	if (p->no_yt_dlp)
		return "yt-dlp, which might find a file, cannot be started";
	return j->media->count ? NULL : "yt-dlp names no file either";
}

/* The result of a page that shows only a stream says so. */
static void
say_stream(struct pages *p, struct job *j, const char *stream, const char *why)
{
	struct json_object *about = json_object_new_object();
	struct buf text = {0};

	buf_printf(&text, "the page shows a stream in pieces (HLS or DASH), which is no file: %s", why);
	rec_add_string(about, "url", stream);
	rec_add_string(about, "message", text.data);
	j->more = json_object_new_object();
	json_object_object_add(j->more, "stream", about);
	if (!p->stream_said)
		msg_warn("%s: %s (the result of each such page has \"stream\")", job_url(j), text.data);
	p->stream_said = true;
	buf_free(&text);
}

/* A page that shows no media and is not forbidden. */
static void
look_for_streams(struct pages *p, struct job *j)
{
	char *stream = j->media->stream;
	const char *why;

	j->media->stream = NULL; /* the answer of yt-dlp replaces that of the page */
	why = ask_yt_dlp(p, j);
	if (stream && why) {
		userinfo_extract(stream, NULL);
		say_stream(p, j, stream, why);
	}
	free(stream);
}

int
page_look(struct pages *p, struct job *j)
{
	const struct settings *set = j->run->set;
	int rc;

	if (!j->page || j->expanded || j->verdict.kind != GOT || !is_html(j))
		return 0;
	if (!p->media && !(p->media = media_open()))
		return -1;
	j->media = buf_alloc(sizeof(*j->media));
	*j->media = (struct media_found){0};
	rc = media_find(p->media, j->body.part.fd, job_url(j), j->answer.content_type, (size_t)set->max_media,
			j->media);
	if (rc > 0 && j->media->trouble) {
		char what[MEDIA_WHY + 64];

		snprintf(what, sizeof(what), "bi-media cannot find now what the page shows: %s", j->media->why);
		verdict_trouble(j, what);
		job_drop_media(j);
	} else if (rc > 0) {
		verdict_fail(j, false, "bad_page", "its media cannot be found: %s", j->media->why);
		body_drop(&j->body);
		job_drop_media(j);
	}
	if (rc)
		return rc < 0 ? -1 : 0;
	/* Its media are those of the other page, whose rules apply. */
	if (!j->media->count && j->media->refresh) {
		verdict_refresh(j, j->media->refresh);
		body_drop(&j->body);
		if (j->verdict.kind == FAILED)
			job_drop_media(j);
		return 0;
	}
	if (!j->media->rule[0])
		snprintf(j->media->rule, sizeof(j->media->rule), "%s", j->rule);
	if (set->no_opt_out)
		j->media->rule[0] = '\0';
	if (!j->media->count && !j->media->rule[0])
		look_for_streams(p, j);
	return 0;
}

void
pages_close(struct pages *p)
{
	media_close(p->media);
	p->media = NULL;
}

/* --- in the loop --- */

bool
page_was_refreshed(struct job *j)
{
	if (j->verdict.kind != REDIRECTED)
		return false;
	job_drop_media(j);
	j->aside = ASIDE_NONE;
	j->attempts--; /* this is not a separate attempt */
	return true;
}

static void
want_item(struct run *run, struct run_queue *wants, struct target *t, uint32_t item)
{
	if (item <= t->wanted_to)
		return; /* --resume already selected it */
	run_queue_add(wants, t, item);
	run->asked++;
}

static void
copy_member(struct json_object *to, struct json_object *from, const char *key)
{
	struct json_object *value;

	if (json_object_object_get_ex(from, key, &value))
		json_object_object_add(to, key, json_object_get(value));
}

/* A medium on the host of the page in the list gets the name and password of that page, its headers, and the settings
 * of the command line for hosts. A name and password that the page gives with a medium are not used. */
static void
lend_userinfo(const struct job *j, const char *url, struct json_object *item, struct batch_ask *ask)
{
	if (!j->named || j->elsewhere || !url_is_same_host(job_url(j), url))
		return;
	json_object_object_add(item, "same_host", json_object_new_boolean(true));
	if (j->userinfo)
		batch_mark_userinfo(item);
	if (j->headers)
		json_object_object_add(item, "headers", json_object_new_boolean(true));
	ask->userinfo = j->userinfo;
	ask->headers = j->headers;
	ask->userinfo_is = USERINFO_LENT;
}

/* Makes the item of one medium, with the author and licence of the page's item. */
static void
make_ask(struct batch_ask *ask, const struct job *j, const struct media_one *one)
{
	struct json_object *item = json_object_new_object(), *page = json_object_new_string(job_url(j));
	char *text;

	userinfo_extract(one->url, NULL);
	copy_member(item, j->asked, "subject");
	rec_add_string(item, "url", one->url);
	copy_member(item, j->asked, "title");
	if (one->title[0])
		rec_add_string(item, "title", one->title);
	copy_member(item, j->asked, "license");
	copy_member(item, j->asked, "credit");
	json_object_object_add(item, "page", page);
	json_object_object_add(item, "found_on", json_object_get(page));
	rec_add_string(item, "kind", one->kind);
	*ask = (struct batch_ask){
		.kind = "url",
		.where = one->url,
		.subject = json_object_object_get_ex(item, "subject", NULL) ? j->place.subject : NULL,
	};
	lend_userinfo(j, one->url, item, ask);
	/* The line of a page may be nearly as long as a line may be; its items then have only the subject's id. */
	if (strlen(rec_print(item)) > BATCH_ITEM_MAX)
		rec_add_string(item, "subject", j->place.subject);
	if (strlen(rec_print(item)) > BATCH_ITEM_MAX) {
		json_object_object_del(item, "title");
		json_object_object_del(item, "license");
		json_object_object_del(item, "credit");
	}
	text = buf_strdup(rec_print(item));
	userinfo_strip(text, strlen(text));
	ask->text = text;
	json_object_put(item);
}

/* Adds N of the page's media from AT on, and records their numbers. */
static void
add_block(struct job *j, size_t at, size_t n, struct run_queue *wants, struct json_object *numbers)
{
	struct batch_ask asks[BLOCK];

	for (size_t i = 0; i < n; i++)
		make_ask(&asks[i], j, &j->media->media[at + i]);
	if (batch_add(j->target->batch, asks, n) < 0)
		run_fail(j->run, "adding the media of a page to the batch");
	for (size_t i = 0; i < n; i++) {
		if (!j->run->fatal) {
			json_object_array_add(numbers, json_object_new_uint64(asks[i].item));
			want_item(j->run, wants, j->target, asks[i].item);
		}
		free((char *)asks[i].text);
	}
}

bool
page_add_items(struct job *j, struct run_queue *wants)
{
	size_t count = j->media->rule[0] ? 0 : j->media->count;
	struct json_object *numbers = json_object_new_array();

	for (size_t at = 0; at < count && !j->run->fatal; at += BLOCK)
		add_block(j, at, count - at < BLOCK ? count - at : BLOCK, wants, numbers);
	if (!j->more)
		j->more = json_object_new_object();
	json_object_object_add(j->more, "found", json_object_new_uint64(count));
	if (j->media->rule[0])
		rec_add_string(j->more, "opted_out", j->media->rule);
	json_object_object_add(j->more, "found_items", numbers);
	job_drop_media(j);
	j->aside = ASIDE_NONE;
	j->expanded = true;
	return !j->run->fatal;
}

void
page_want_stored(struct run *run, struct run_queue *wants, struct target *t, const char *line, size_t n)
{
	struct json_object *o, *numbers;
	int64_t length;

	/* Most results have no array at all, which is quicker to see. */
	if (!memchr(line, '[', n) || !memmem(line, n, "\"found_items\":[", 15))
		return;
	length = batch_length(t->batch);
	if (length < 0) {
		run_fail(run, "counting the items");
		return;
	}
	o = rec_parse(line, n, NULL, 0);
	if (o && json_object_object_get_ex(o, "found_items", &numbers) && json_object_is_type(numbers, json_type_array))
		for (size_t i = 0; i < json_object_array_length(numbers); i++) {
			uint64_t item = json_object_get_uint64(json_object_array_get_idx(numbers, i));

			if (item > 0 && item <= (uint64_t)length)
				want_item(run, wants, t, (uint32_t)item);
		}
	json_object_put(o);
}
