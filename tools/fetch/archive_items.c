/*
 * expansion: archives that were fetched, unpacked so that each member is an item of its own (expand.h).
 *
 * The archive's own item is recorded after its members: where a run ends in between, the next one fetches and unpacks
 * it again, for what is not completed. Members of an archive that is settled, met as pending by --resume, are
 * unpacked again from its file in the batch.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/trouble.h"
#include "confined/expand.h"
#include "confined/helper.h"
#include "fetch.h"
#include "files/file.h"

enum { PAUSE_MS = 100 }; /* before an archive is unpacked again; doubled each time */
enum { AT_ONCE = 4, WAITING_MAX = 16, EVENTS_A_TURN = 256, KEYS_MAX = 16 << 10 };

struct expansion {
	struct job *job;          /* the archive's: claimed, unless it is settled */
	bool again;               /* it is settled: for members that are pending all the same */
	struct json_object *keys; /* what its members have of its item */
	struct expand *expand;    /* NULL: not begun, or over */
	int watched;              /* its descriptor in the loop; -1: none */
	int64_t due;              /* -1: not by time */
	struct job *member;       /* under way; NULL: none, or one whose bytes are of no use */
	bool over;                /* kept only where AGAIN */
	unsigned troubles;        /* of this machine, that kept it from being unpacked */
	int64_t not_before;       /* after one: when it is begun again */
	uint64_t settled_to;      /* and up to which of its entries nothing is to be done */
	char code[32];            /* AGAIN: why it ended early */
	char message[EXPAND_WORDS];
	struct expansion *next;
};

/* --- the items of members --- */

/* What an item says of itself alone does not go to its members. */
static struct json_object *
keys_for_members(const struct job *j)
{
	static const char *const own[] = {"url",   "file",   "media", "archive", "member", "members", "mime",
					  "bytes", "sha256", "sha1",  "code",    "wrong",  "upload",  "size"};
	struct json_object *keys = json_object_new_object();

	json_object_object_foreach(j->asked, key, value)
	{
		json_object_object_add(keys, key, json_object_get(value));
	}
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		json_object_object_del(keys, own[i]);
	if (strlen(rec_print(keys)) <= KEYS_MAX)
		return keys;
	/* Thousands of copies would be too much. */
	json_object_put(keys);
	keys = json_object_new_object();
	if (json_object_object_get_ex(j->asked, "subject", NULL))
		json_object_object_add(keys, "subject", json_object_new_string(j->place.subject));
	return keys;
}

/* Adds the item of a member, or finds it. */
static int
ask_member(struct fetch *f, struct expansion *e, const struct expand_member *m, struct batch_ask *ask)
{
	struct job *a = e->job;
	struct buf where = {0};
	int rc;

	buf_printf(&where, "%s\n%" PRIu64 "\n%s", a->url ? a->url : a->file ? a->file : "", m->index, m->path);
	json_object_object_add(e->keys, "archive", json_object_new_uint64(a->item));
	json_object_object_add(e->keys, "member", json_object_new_string(m->path));
	*ask = (struct batch_ask){
		.kind = "member",
		.where = where.data,
		.subject = json_object_object_get_ex(e->keys, "subject", NULL) ? a->place.subject : NULL,
		.text = rec_print(e->keys),
	};
	rc = batch_add(a->target->batch, ask, 1);
	buf_free(&where);
	if (rc < 0)
		fetch_fail(f, "adding to the batch");
	return rc;
}

/* A job for a member that begins; NULL where there is nothing to do for it now, or the run has failed. */
static struct job *
begin_member(struct fetch *f, struct expansion *e, const struct expand_member *m)
{
	struct target *t = e->job->target;
	struct batch_ask ask;
	struct job *j;
	bool wanted; /* it is on a list already, from which it is said what became of it */

	if (m->index <= e->settled_to || ask_member(f, e, m, &ask) < 0 || !(j = job_new(f, t, ask.item)))
		return NULL;
	wanted = e->again || (ask.item <= t->wanted_to && !f->set->work);
	f->tally.asked += !wanted;
	switch (target_busy(t, ask.item) ? CLAIM_HELD : batch_claim(t->batch, ask.item, f->set->retry)) {
	case CLAIM_OURS:
		j->claimed = true;
		j->unsaid = wanted;
		j->attempts = 1;
		target_set_busy(t, ask.item, true);
		return j;
	case CLAIM_HELD:
		if (!wanted)
			plan_want(f, t, ask.item);
		break;
	case CLAIM_DONE:
	case CLAIM_FAILED:
		if (!wanted)
			settle_stored(f, t, ask.item);
		break;
	case CLAIM_ERROR:
		fetch_fail(f, "claiming an item");
		break;
	}
	job_free(j);
	return NULL;
}

static void
fail_member(struct fetch *f, struct job *j, const char *code, const char *message)
{
	body_drop(&j->body);
	judge_fail(j, false, code, "%s", message);
	j->verdict.retryable = strcmp(code, TROUBLE_CODE) == 0;
	settle_add(f, j);
}

static void
add_bytes(struct fetch *f, struct expansion *e, const struct expand_member *m)
{
	struct job *j = e->member;
	long most = f->set->max_filesize;

	if (!j)
		return;
	if (most && j->body.bytes + m->len > (uint64_t)most) {
		e->member = NULL;
		judge_fail(j, false, "too_large", "it has more than the %ld bytes that --max-filesize allows", most);
		body_drop(&j->body);
		settle_add(f, j);
	} else if (body_add(&j->body, j, m->bytes, m->len, 0) < 0) {
		fetch_fail(f, "writing a member of an archive");
	}
}

static void
end_member(struct fetch *f, struct expansion *e)
{
	struct job *j = e->member;

	if (!j)
		return;
	if (body_end(&j->body, j) < 0) {
		fetch_fail(f, "writing a member of an archive");
		return;
	}
	e->member = NULL;
	j->verdict = (struct verdict){.kind = GOT};
	settle_add(f, j);
}

/* --- the archive --- */

static struct expansion *
add(struct fetch *f, struct job *j, bool again)
{
	struct expansion **at = &f->expansions, *e = buf_alloc(sizeof(*e));

	while (*at)
		at = &(*at)->next;
	*e = (struct expansion){.job = j, .again = again, .keys = keys_for_members(j), .watched = -1, .due = -1};
	*at = e;
	f->expanding++;
	return e;
}

static struct expansion *
find(const struct fetch *f, const struct target *t, uint32_t archive)
{
	struct expansion *e = f->expansions;

	while (e && (e->job->target != t || e->job->item != archive))
		e = e->next;
	return e;
}

static void
drop(struct expansion *e)
{
	expand_close(e->expand);
	if (e->member)
		job_free(e->member);
	if (e->job)
		job_free(e->job);
	json_object_put(e->keys);
	free(e);
}

/* A compressed file need not be an archive: one that is none is kept as it is. */
static bool
is_plain_file(const struct job *j, const char *code)
{
	static const char *const compressed[] = {"gzip", "bzip2", "compress", "lz4", "lzip", "lzma", "xz", "zstd"};
	const char *kind = strchr(j->type.mime, '/');

	if (!kind || strcmp(code, "not_an_archive") != 0)
		return false;
	kind += strncmp(kind, "/x-", 3) == 0 ? 3 : 1;
	for (size_t i = 0; i < sizeof(compressed) / sizeof(*compressed); i++)
		if (strcmp(kind, compressed[i]) == 0)
			return true;
	return false;
}

static void
settle_archive(struct fetch *f, struct expansion *e, const struct expand_member *failed)
{
	struct job *j = e->job;

	e->job = NULL;
	j->expanded = true;
	if (!failed) {
		j->members = (int64_t)expand_totals(e->expand)->members;
	} else if (!is_plain_file(j, failed->code)) {
		body_drop(&j->body);
		judge_fail(j, false, failed->code, "%s", failed->message);
		j->verdict.retryable = strcmp(failed->code, TROUBLE_CODE) == 0;
	}
	settle_add(f, j);
}

/* Where it FAILED for this machine's trouble, it is unpacked once more from its beginning, after a pause. False: it
 * failed for another reason, or often enough. */
static bool
begin_again(struct fetch *f, struct expansion *e, const struct expand_member *failed)
{
	if (strcmp(failed->code, TROUBLE_CODE) != 0 || ++e->troubles == HELPER_TRIES)
		return false;
	if (e->member) {
		f->tally.asked -= !e->member->unsaid;
		job_free(e->member);
	}
	e->member = NULL;
	expand_close(e->expand);
	e->expand = NULL;
	e->watched = -1;
	e->not_before = clock_ms() + ((int64_t)PAUSE_MS << e->troubles);
	return true;
}

/* FAILED: why it ends early; NULL: all was there. */
static void
end(struct fetch *f, struct expansion *e, const struct expand_member *failed)
{
	if (e->member && failed)
		fail_member(f, e->member, failed->code, failed->message);
	e->member = NULL;
	if (failed && e->again) {
		snprintf(e->code, sizeof(e->code), "%s", failed->code);
		snprintf(e->message, sizeof(e->message), "%s", failed->message);
	}
	if (!e->again)
		settle_archive(f, e, failed);
	expand_close(e->expand);
	e->expand = NULL;
	e->watched = -1;
	e->due = -1;
	e->over = true;
	f->expanding--;
}

/* The file of an archive that is settled. -1 with errno: ENOENT where there is none. */
static int
open_stored(const struct job *j)
{
	struct buf line = {0};
	struct json_object *result;
	int fd = -1, error;

	if (batch_result(j->target->batch, j->item, &line) == 0) {
		result = rec_parse(line.data, line.len, NULL, 0);
		fd = batch_open_file(j->target->batch, result);
		error = errno;
		json_object_put(result);
		errno = error;
	}
	error = errno;
	buf_free(&line);
	errno = error;
	return fd;
}

static void
start(struct fetch *f, struct expansion *e)
{
	int fd = e->again ? e->job->source : e->job->body.part.fd;

	if (e->again && fd < 0)
		fd = e->job->source = open_stored(e->job);
	if (fd < 0) {
		bool gone = errno == ENOENT;
		char why[EXPAND_WORDS] = "the archive that it is a member of is not in the batch any more";
		struct expand_member failed = {.code = gone ? "archive_gone" : TROUBLE_CODE, .message = why};

		if (!gone)
			snprintf(why, sizeof(why), "the archive that it is a member of cannot be opened: %s",
				 file_reason(errno));

		if (!begin_again(f, e, &failed))
			end(f, e, &failed);
		return;
	}
	e->expand = expand_open(fd, NULL);
	if (!e->expand)
		fetch_fail(f, "starting bi-expand, which unpacks archives");
}

static void
watch(struct fetch *f, struct expansion *e, bool on)
{
	int fd = expand_fd(e->expand);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (on == (e->watched >= 0))
		return;
	if (epoll_ctl(f->epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, fd, on ? &event : NULL) < 0)
		fetch_fail(f, "watching bi-expand");
	e->watched = on ? fd : -1;
}

static void
take(struct fetch *f, struct expansion *e, enum expand_event event, const struct expand_member *m)
{
	struct job *j;

	switch (event) {
	case EXPAND_AGAIN:
		break;
	case EXPAND_MEMBER:
		e->member = begin_member(f, e, m);
		break;
	case EXPAND_BYTES:
		add_bytes(f, e, m);
		break;
	case EXPAND_MEMBER_END:
		end_member(f, e);
		e->settled_to = m->index > e->settled_to ? m->index : e->settled_to;
		break;
	case EXPAND_MEMBER_FAILED:
		j = e->member;
		e->member = NULL;
		e->settled_to = m->index > e->settled_to ? m->index : e->settled_to;
		if (j)
			fail_member(f, j, m->code, m->message);
		break;
	case EXPAND_REFUSED:
		j = begin_member(f, e, m);
		e->settled_to = m->index > e->settled_to ? m->index : e->settled_to;
		if (j)
			fail_member(f, j, m->code, m->message);
		break;
	case EXPAND_END:
		end(f, e, NULL);
		break;
	case EXPAND_FAILED:
		if (!begin_again(f, e, m))
			end(f, e, m);
		break;
	}
}

/* What is there, as long as the disk and the reader of our records keep up. */
static void
take_some(struct fetch *f, struct expansion *e)
{
	enum expand_event event = EXPAND_END;
	struct expand_member m;
	int taken = 0;
	bool full = false;

	while (e->expand && !e->over && !f->fatal && event != EXPAND_AGAIN && taken++ < EVENTS_A_TURN &&
	       !(full = settle_is_full(f) || out_is_full(f))) {
		event = expand_next(e->expand, 0, &m);
		take(f, e, event, &m);
	}
	if (!e->expand || e->over || f->fatal)
		return;
	watch(f, e, !full);
	e->due = full ? -1 : event == EXPAND_AGAIN ? clock_ms() + expand_wait(e->expand) : 0;
}

/* Those of archives that have been settled by it are of no further use. */
static void
sweep(struct fetch *f)
{
	for (struct expansion **at = &f->expansions; *at;) {
		struct expansion *e = *at;

		if (!e->over || e->again) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		drop(e);
	}
}

void
expansion_turn(struct fetch *f)
{
	int running = 0;

	for (struct expansion *e = f->expansions; e && running < AT_ONCE && !f->fatal; e = e->next) {
		if (e->over)
			continue;
		running++;
		if (!e->expand && clock_ms() >= e->not_before)
			start(f, e);
		if (e->expand)
			take_some(f, e);
	}
	sweep(f);
}

void
expansion_begin(struct fetch *f, struct job *j)
{
	if (f->fatal)
		job_free(j);
	else
		add(f, j, false);
}

/* An archive that failed and is claimed is tried again, for a member that waits for it. */
static void
try_archive(struct fetch *f, struct target *t, uint32_t archive)
{
	struct job *a = job_new(f, t, archive);

	if (!a) {
		batch_release(t->batch, archive);
		return;
	}
	a->claimed = a->unsaid = true;
	target_set_busy(t, archive, true);
	plan_begin(f, a);
}

bool
expansion_awaited(struct fetch *f, const struct job *j)
{
	struct batch *b = j->target->batch;
	const struct expansion *e = find(f, j->target, j->archive);

	if (target_busy(j->target, j->archive) || (e && !e->over))
		return true;
	if (j->archive >= j->item) /* a line that was edited: archives come before their members */
		return false;
	switch (batch_state(b, j->archive)) {
	case -1:
		fetch_fail(f, "reading the state of an item");
		return true;
	case 'c':
		return false;
	case 'f':
		break;
	default:
		return true;
	}
	switch (batch_claim(b, j->archive, f->set->retry)) {
	case CLAIM_OURS:
		try_archive(f, j->target, j->archive);
		return true;
	case CLAIM_HELD:
		return true;
	case CLAIM_ERROR:
		fetch_fail(f, "claiming an item");
		return true;
	default:
		return false;
	}
}

/* The archive that item K is a member of into ARCHIVE; 0: of none. 0, or -1 with errno. */
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
	*archive = job_archive(o);
	json_object_put(o);
	return 0;
}

static void
find_strays(struct fetch *f, struct target *t)
{
	int64_t n = batch_length(t->batch);
	struct buf line = {0};
	size_t room = 0;

	if (n < 0)
		fetch_fail(f, "counting the items");
	t->strays_found = true;
	for (uint32_t k = 1; k <= n && !f->fatal; k++) {
		int state = batch_state(t->batch, k);
		uint32_t archive = 0;

		if (state < 0)
			fetch_fail(f, "reading the state of an item");
		else if (state != 'c' && archive_of(t->batch, k, &line, &archive) < 0)
			fetch_fail(f, "reading an item");
		if (archive == 0 || archive >= k)
			continue;
		if (t->stray_count == room) {
			room = room ? 2 * room : 64;
			t->strays = buf_realloc(t->strays, room * sizeof(*t->strays));
		}
		t->strays[t->stray_count++] = (struct stray){archive, k};
	}
	buf_free(&line);
}

/* Whether the stray item K is left to be done: it has no result, or one that is tried again. */
static bool
is_left(struct fetch *f, struct target *t, uint32_t k)
{
	switch (batch_state(t->batch, k)) {
	case -1:
		fetch_fail(f, "reading the state of an item");
		return false;
	case 'c':
		return false;
	case 'f':
		break;
	default:
		return true;
	}
	switch (batch_claim(t->batch, k, f->set->retry)) {
	case CLAIM_OURS:
		batch_release(t->batch, k);
		return true;
	case CLAIM_HELD:
		return true;
	case CLAIM_ERROR:
		fetch_fail(f, "claiming an item");
		return false;
	default:
		return false;
	}
}

void
expansion_stored(struct fetch *f, struct target *t, uint32_t item, const char *line, size_t n)
{
	if (!f->set->expand || item <= t->wanted_to || !memmem(line, n, "\"members\":", 10))
		return;
	if (!t->strays_found)
		find_strays(f, t);
	for (size_t i = 0; i < t->stray_count && !f->fatal; i++) {
		struct stray s = t->strays[i];

		if (s.archive != item || target_busy(t, s.item) || !is_left(f, t, s.item))
			continue;
		t->strays[i].archive = 0; /* it is wanted once */
		f->tally.asked++;
		plan_want(f, t, s.item);
	}
}

void
expansion_again(struct fetch *f, struct job *j)
{
	struct expansion *e = find(f, j->target, j->archive);
	struct target *t = j->target;
	uint32_t archive = j->archive, item = j->item;
	struct job *a;

	if (e) {
		j->attempts = 1;
		judge_fail(j, false, e->code[0] ? e->code : "archive_gone", "%s",
			   e->code[0] ? e->message : "the archive in the batch has no such member");
		j->verdict.retryable = true; /* the archive's item may yet be fetched again */
		settle_add(f, j);
		return;
	}
	job_free(j);
	a = job_new(f, t, archive);
	if (!a)
		return;
	add(f, a, true);
	plan_want(f, t, item);
}

bool
expansion_is_empty(const struct fetch *f)
{
	return f->expanding == 0;
}

bool
expansion_is_full(const struct fetch *f)
{
	return f->expanding >= WAITING_MAX;
}

int64_t
expansion_due(const struct fetch *f)
{
	int running = 0;
	int64_t due = -1;

	for (const struct expansion *e = f->expansions; e && running < AT_ONCE; e = e->next) {
		int64_t its = e->expand ? e->due : e->not_before;

		if (e->over)
			continue;
		running++;
		if (its >= 0 && (due < 0 || its < due))
			due = its;
	}
	return due;
}

bool
expansion_has(const struct fetch *f, int fd)
{
	const struct expansion *e = f->expansions;

	while (e && e->watched != fd)
		e = e->next;
	return e;
}

size_t
expansion_kept(const struct fetch *f, const struct target *t)
{
	size_t n = 0;

	for (const struct expansion *e = f->expansions; e; e = e->next)
		n += e->over && e->job && e->job->target == t;
	return n;
}

void
expansion_forget(struct fetch *f, const struct target *t)
{
	for (struct expansion **at = &f->expansions; *at;) {
		struct expansion *e = *at;

		if (!e->over || !e->job || e->job->target != t) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		drop(e);
	}
}

void
expansion_drop_all(struct fetch *f)
{
	while (f->expansions) {
		struct expansion *e = f->expansions;

		f->expansions = e->next;
		drop(e);
	}
}
