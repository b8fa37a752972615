#include "archive_items.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/trouble.h"
#include "base/words.h"
#include "confined/expand.h"
#include "confined/helper.h"
#include "files/file.h"
#include "records/rec.h"
#include "resume.h"
#include "strays.h"

enum { PAUSE_MS = 100 }; /* before an archive is unpacked again; doubled each time */
enum { AT_ONCE = 4, WAITING_MAX = 16, EVENTS_A_TURN = 256, KEYS_MAX = 16 << 10 };

struct archives {
	struct run *run;
	struct run_queue *wants, *stored;
	struct job_list *ended;
	size_t ended_bytes;   /* of jobs that ended in this turn */
	struct archive *list; /* in the order in which they came */
	size_t count;         /* those that are not finished */
	struct loop_timer timer;
};

struct archive {
	struct target *target;
	uint32_t item;
	struct job *job;          /* the archive's: claimed, unless AGAIN; NULL: over */
	bool again;               /* it already has a result, but some members are pending */
	struct json_object *keys; /* the members of its item that its members inherit */
	struct expand *expand;    /* NULL: not begun, or over */
	struct loop_watcher watcher;
	int64_t due;         /* -1: not by time */
	struct job *member;  /* the current member; NULL: none, or its bytes are not needed */
	bool over;           /* stored only if AGAIN */
	unsigned troubles;   /* errors of this machine that interrupted the unpacking */
	int64_t not_before;  /* after an error: when it is tried again */
	uint64_t settled_to; /* and the entries that are already done */
	char code[32];       /* AGAIN: why it ended early */
	char message[EXPAND_WORDS];
	struct archive *next;
};

struct archives *
archives_new(struct run *run, struct run_queue *wants, struct run_queue *stored, struct job_list *ended)
{
	struct archives *a = buf_alloc(sizeof(*a));

	*a = (struct archives){.run = run, .wants = wants, .stored = stored, .ended = ended};
	return a;
}

/* --- the items of members --- */

/* Members that describe only the archive are not inherited. */
static struct json_object *
keys_for_members(const struct job *j)
{
	struct json_object *keys = json_object_new_object();

	rec_copy_without(keys, j->asked, "url", "file", "media", "archive", "member", "members", "mime", "bytes",
			 "sha256", "sha1", "code", "wrong", "upload", "size");
	if (strlen(rec_print(keys)) <= KEYS_MAX)
		return keys;
	/* Thousands of copies would be too large. */
	json_object_put(keys);
	keys = json_object_new_object();
	if (json_object_object_get_ex(j->asked, "subject", NULL))
		rec_add_string(keys, "subject", j->place.subject);
	return keys;
}

/* Adds the item of a member, or finds it. */
static int
ask_member(struct archive *e, const struct expand_member *m, struct batch_ask *ask)
{
	const struct job *j = e->job;
	struct buf where = {0};
	int rc;

	buf_printf(&where, "%s\n%" PRIu64 "\n%s", j->url ? j->url : j->file ? j->file : "", m->index, m->path);
	json_object_object_add(e->keys, "archive", json_object_new_uint64(j->item));
	rec_add_string(e->keys, "member", m->path);
	expand_add_charset(e->keys, m);
	*ask = (struct batch_ask){
		.kind = "member",
		.where = where.data,
		.subject = json_object_object_get_ex(e->keys, "subject", NULL) ? j->place.subject : NULL,
		.text = rec_print(e->keys),
	};
	rc = batch_add(j->target->batch, ask, 1);
	buf_free(&where);
	if (rc < 0)
		run_fail(j->run, "adding to the batch");
	return rc;
}

/* Makes a job for the next member; NULL if it needs none now, or the run has failed. */
static struct job *
begin_member(struct archives *a, struct archive *e, const struct expand_member *m)
{
	struct target *t = e->target;
	struct batch_ask ask;
	struct job *j;
	bool wanted; /* it is already on a list, from which its result is reported */

	if (m->index <= e->settled_to || ask_member(e, m, &ask) < 0 || !(j = job_new(a->run, t, ask.item)))
		return NULL;
	wanted = e->again || (ask.item <= t->wanted_to && !a->run->set->work);
	a->run->asked += !wanted;
	switch (job_claim(j)) {
	case CLAIM_OURS:
		j->unsaid = wanted;
		j->attempts = 1;
		return j;
	case CLAIM_HELD:
		if (!wanted)
			run_queue_add(a->wants, t, ask.item);
		break;
	case CLAIM_DONE:
	case CLAIM_FAILED:
		if (!wanted)
			run_queue_add(a->stored, t, ask.item);
		break;
	case CLAIM_REMOVED:
		a->run->asked -= !wanted;
		break;
	case CLAIM_ERROR:
		break;
	}
	job_free(j);
	return NULL;
}

static void
hand_on(struct archives *a, struct job *j)
{
	job_list_add(a->ended, j);
	a->ended_bytes += job_unwritten(j);
}

static void
fail_member(struct archives *a, struct job *j, const char *code, const char *message)
{
	body_drop(&j->body);
	verdict_fail(j, false, code, "%s", message);
	j->verdict.retryable = strcmp(code, TROUBLE_CODE) == 0;
	hand_on(a, j);
}

static void
add_bytes(struct archives *a, struct archive *e, const struct expand_member *m)
{
	struct job *j = e->member;
	long most = a->run->set->max_filesize;
	int rc;

	if (!j)
		return;
	if (most && j->body.bytes + m->len > (uint64_t)most) {
		e->member = NULL;
		verdict_fail(j, false, "too_large", "it has more than the %ld bytes that --max-filesize allows", most);
		body_drop(&j->body);
		hand_on(a, j);
		return;
	}
	if (!stop_allows(j, m->len, m->len, 0)) {
		e->member = NULL;
		if (!j->over_total) {
			a->run->stops.archive_cut = true;
			job_free(j);
			return;
		}
		verdict_over_total(j);
		body_drop(&j->body);
		hand_on(a, j);
		return;
	}
	rc = body_add(&j->body, m->bytes, m->len, 0);
	if (rc < 0)
		run_fail(a->run, "writing a member of an archive");
	else if (rc > 0)
		resume_name_part(j);
}

static void
end_member(struct archives *a, struct archive *e)
{
	struct job *j = e->member;

	if (!j)
		return;
	if (body_end(&j->body) < 0) {
		run_fail(a->run, "writing a member of an archive");
		return;
	}
	e->member = NULL;
	j->verdict = (struct verdict){.kind = GOT};
	hand_on(a, j);
}

/* --- the archive --- */

static struct archive *
add_archive(struct archives *a, struct job *j, bool again)
{
	struct archive **at = &a->list, *e = buf_alloc(sizeof(*e));

	while (*at)
		at = &(*at)->next;
	*e = (struct archive){
		.target = j->target,
		.item = j->item,
		.job = j,
		.again = again,
		.keys = keys_for_members(j),
		.due = -1,
	};
	*at = e;
	a->count++;
	loop_set_timer(a->run->loop, &a->timer, 0);
	return e;
}

static struct archive *
find_archive(const struct archives *a, const struct target *t, uint32_t item)
{
	struct archive *e = a->list;

	while (e && (e->target != t || e->item != item))
		e = e->next;
	return e;
}

/* Ends bi-expand. */
static void
close_expand(struct archives *a, struct archive *e)
{
	loop_unwatch(a->run->loop, &e->watcher);
	expand_close(e->expand);
	e->expand = NULL;
}

/* Removes the archive to which AT refers, and frees it. */
static void
remove_archive(struct archives *a, struct archive **at)
{
	struct archive *e = *at;

	*at = e->next;
	close_expand(a, e);
	if (e->member)
		job_free(e->member);
	if (e->job)
		job_free(e->job);
	json_object_put(e->keys);
	free(e);
}

/* A compressed file need not be an archive, and what looks like a mail need not be one: another file is kept unchanged.
 */
static bool
is_plain_file(const struct job *j, const char *code)
{
	const char *kind = strchr(j->type.mime, '/');

	if (expand_is_mail(j->type.mime) && strcmp(code, "not_an_archive") == 0)
		return true;

	if (!kind || strcmp(code, "not_an_archive") != 0)
		return false;
	kind += strncmp(kind, "/x-", 3) == 0 ? 3 : 1;
	return word_is_one_of(kind, "gzip", "bzip2", "compress", "lz4", "lzip", "lzma", "xz", "zstd");
}

static void
settle_archive(struct archives *a, struct archive *e, const struct expand_member *failed)
{
	struct job *j = e->job;

	j->expanded = true;
	if (!failed || (expand_is_mail(j->type.mime) && strcmp(failed->code, "archive_empty") == 0)) {
		j->members = e->expand ? (int64_t)expand_totals(e->expand)->members : 0;
	} else if (!is_plain_file(j, failed->code)) {
		body_drop(&j->body);
		verdict_fail(j, false, failed->code, "%s", failed->message);
		j->verdict.retryable = strcmp(failed->code, TROUBLE_CODE) == 0;
	}
	hand_on(a, j);
}

/* If it FAILED because of this machine, it is unpacked again from its beginning, after a pause. False: it failed for
 * another reason, or too often. */
static bool
begin_again(struct archives *a, struct archive *e, const struct expand_member *failed)
{
	if (strcmp(failed->code, TROUBLE_CODE) != 0 || ++e->troubles == HELPER_TRIES)
		return false;
	if (e->member) {
		a->run->asked -= !e->member->unsaid;
		job_free(e->member);
	}
	e->member = NULL;
	close_expand(a, e);
	e->not_before = clock_ms() + ((int64_t)PAUSE_MS << e->troubles);
	return true;
}

/* FAILED: why it ends early; NULL: it is complete. */
static void
end_archive(struct archives *a, struct archive *e, const struct expand_member *failed)
{
	if (e->member && failed)
		fail_member(a, e->member, failed->code, failed->message);
	e->member = NULL;
	if (failed && e->again) {
		snprintf(e->code, sizeof(e->code), "%s", failed->code);
		snprintf(e->message, sizeof(e->message), "%s", failed->message);
	}
	if (e->again)
		job_free(e->job);
	else
		settle_archive(a, e, failed);
	e->job = NULL;
	close_expand(a, e);
	e->due = -1;
	e->over = true;
	a->count--;
}

/* Opens the file of a finished archive. -1 with errno: ENOENT if there is none. */
static int
open_stored(const struct job *j)
{
	struct json_object *result = batch_result_object(j->target->batch, j->item);
	int fd = result ? batch_open_file(j->target->batch, result) : -1;

	json_object_put(result);
	return fd;
}

static void
start_archive(struct archives *a, struct archive *e)
{
	const struct settings *set = a->run->set;
	struct expand_limits limits = {
		.members = (uint64_t)set->archive_members,
		.bytes = (uint64_t)set->archive_bytes,
		.member_bytes = (uint64_t)set->archive_member,
		.ratio = (uint64_t)set->archive_ratio,
		.free = (uint64_t)set->archive_free,
	};
	int fd = e->again ? open_stored(e->job) : e->job->body.part.fd;

	if (fd < 0) {
		bool gone = errno == ENOENT;
		char why[EXPAND_WORDS] = "the archive that it is a member of is not in the batch any more";
		struct expand_member failed = {.code = gone ? "archive_gone" : TROUBLE_CODE, .message = why};

		if (!gone)
			snprintf(why, sizeof(why), "the archive that it is a member of cannot be opened: %s",
				 file_reason(errno));
		if (!begin_again(a, e, &failed))
			end_archive(a, e, &failed);
		return;
	}
	e->expand = expand_open(fd, &limits);
	if (!e->expand)
		run_fail(a->run, "starting bi-expand, which unpacks archives");
	if (e->again)
		close(fd);
}

static void
take_event(struct archives *a, struct archive *e, enum expand_event event, const struct expand_member *m)
{
	struct job *j;

	switch (event) {
	case EXPAND_AGAIN:
		break;
	case EXPAND_MEMBER:
		e->member = begin_member(a, e, m);
		break;
	case EXPAND_BYTES:
		add_bytes(a, e, m);
		break;
	case EXPAND_MEMBER_END:
		end_member(a, e);
		e->settled_to = m->index > e->settled_to ? m->index : e->settled_to;
		break;
	case EXPAND_MEMBER_FAILED:
		j = e->member;
		e->member = NULL;
		e->settled_to = m->index > e->settled_to ? m->index : e->settled_to;
		if (j)
			fail_member(a, j, m->code, m->message);
		break;
	case EXPAND_REFUSED:
		j = begin_member(a, e, m);
		e->settled_to = m->index > e->settled_to ? m->index : e->settled_to;
		if (j)
			fail_member(a, j, m->code, m->message);
		break;
	case EXPAND_END:
		end_archive(a, e, NULL);
		break;
	case EXPAND_FAILED:
		if (!begin_again(a, e, m))
			end_archive(a, e, m);
		break;
	}
}

/* Handles the available entries, as long as there is room. */
static void
take_some(struct archives *a, struct archive *e, const struct room *room)
{
	enum expand_event event = EXPAND_END;
	struct expand_member m;
	int taken = 0;
	bool full = false;

	while (e->expand && !e->over && !a->run->fatal && event != EXPAND_AGAIN && taken++ < EVENTS_A_TURN &&
	       !(full = room_is_full(room, a->ended->count, a->ended_bytes))) {
		event = expand_next(e->expand, 0, &m);
		take_event(a, e, event, &m);
	}
	if (!e->expand || e->over || a->run->fatal)
		return;
	if (full || (e->watcher.events && e->watcher.fd != expand_fd(e->expand)))
		loop_unwatch(a->run->loop, &e->watcher);
	if (!full && !e->watcher.events && loop_watch(a->run->loop, &e->watcher, expand_fd(e->expand), EPOLLIN) < 0)
		run_fail(a->run, "watching bi-expand");
	e->due = full ? -1 : event == EXPAND_AGAIN ? clock_ms() + expand_wait(e->expand) : 0;
}

void
archives_turn(struct archives *a, const struct room *room)
{
	int64_t due = -1;
	int running = 0;

	a->ended_bytes = 0;
	for (struct archive *e = a->list; e && running < AT_ONCE && !a->run->fatal && !a->run->stops.archive_cut;
	     e = e->next) {
		if (e->over)
			continue;
		running++;
		if (!e->expand && clock_ms() >= e->not_before)
			start_archive(a, e);
		if (e->expand)
			take_some(a, e, room);
	}
	/* Removes archives that have their result by now. */
	for (struct archive **at = &a->list; *at;)
		if ((*at)->over && !(*at)->again)
			remove_archive(a, at);
		else
			at = &(*at)->next;
	running = 0;
	for (const struct archive *e = a->list; e && running < AT_ONCE; e = e->next) {
		int64_t its = e->expand ? e->due : e->not_before;

		if (e->over)
			continue;
		running++;
		if (its >= 0 && (due < 0 || its < due))
			due = its;
	}
	if (due >= 0)
		loop_set_timer(a->run->loop, &a->timer, due);
	else
		loop_stop_timer(a->run->loop, &a->timer);
}

void
archives_begin(struct archives *a, struct job *j)
{
	add_archive(a, j, false);
}

/* --- members whose archive has its result --- */

bool
archives_are_awaited(struct archives *a, const struct job *j, struct job **retry)
{
	struct target *t = j->target;
	const struct archive *e = find_archive(a, t, j->archive);
	struct job *archive;

	*retry = NULL;
	if (target_is_busy(t, j->archive) || (e && !e->over))
		return true;
	if (j->archive >= j->item) /* a line that was edited: archives come before their members */
		return false;
	switch (batch_state(t->batch, j->archive)) {
	case -1:
		run_fail(a->run, "reading the state of an item");
		return true;
	case 'c':
	case 'x':
		return false;
	case 'f':
		break;
	default:
		return true;
	}
	archive = job_new(a->run, t, j->archive);
	if (!archive)
		return true;
	switch (job_claim(archive)) {
	case CLAIM_OURS:
		archive->unsaid = true;
		*retry = archive;
		return true;
	case CLAIM_HELD:
	case CLAIM_ERROR:
		job_free(archive);
		return true;
	default:
		job_free(archive);
		return false;
	}
}

void
archives_want_stored(struct archives *a, struct target *t, uint32_t item, const char *line, size_t n)
{
	if (a->run->set->expand && item > t->wanted_to && memmem(line, n, "\"members\":", 10))
		strays_want(a->run, a->wants, t, item);
}

void
archives_unpack_again(struct archives *a, struct job *j)
{
	const struct archive *e = find_archive(a, j->target, j->archive);
	struct target *t = j->target;
	uint32_t archive = j->archive, item = j->item;
	struct job *again;

	if (e) {
		j->attempts = 1;
		verdict_fail(j, false, e->code[0] ? e->code : "archive_gone", "%s",
			     e->code[0] ? e->message : "the archive in the batch has no such member");
		j->verdict.retryable = true; /* the archive's item may yet be fetched again */
		hand_on(a, j);
		return;
	}
	job_free(j);
	again = job_new(a->run, t, archive);
	if (!again)
		return;
	add_archive(a, again, true);
	run_queue_add(a->wants, t, item);
}

bool
archives_are_empty(const struct archives *a)
{
	return a->count == 0;
}

bool
archives_are_full(const struct archives *a)
{
	return a->count >= WAITING_MAX;
}

void
archives_forget(struct archives *a, const struct target *t)
{
	for (struct archive **at = &a->list; *at;)
		if ((*at)->over && (*at)->target == t)
			remove_archive(a, at);
		else
			at = &(*at)->next;
}

void
archives_end(struct archives *a)
{
	while (a->list)
		remove_archive(a, &a->list);
	loop_stop_timer(a->run->loop, &a->timer);
	free(a);
}
