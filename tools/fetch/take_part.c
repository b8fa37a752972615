#include "take_part.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/trouble.h"
#include "confined/expand.h"
#include "files/file.h"
#include "records/rec.h"
#include "take_content.h"
#include "take_found.h"

enum { WAITING_MAX = 128, JOBS_A_TURN = 64, BYTES_A_TURN = 4 << 20, PIECE = 64 << 10 };

struct take_part {
	struct run *run;
	struct from_parts *parts;
	struct job_list *ended, *missed;
	struct job_list waiting; /* the first may be begun */
	struct hash *hash;       /* of the first one's file; NULL: not begun */
	int file;
	int64_t at;         /* bytes of it that are read */
	size_t ended_bytes; /* of jobs that ended in this turn */
	struct loop_timer timer;
};

/* There is more to do, which the next turn does. */
static void
wake(void *arg)
{
	(void)arg;
}

struct take_part *
take_part_new(struct run *run, struct from_parts *parts, struct job_list *ended, struct job_list *missed)
{
	struct take_part *t = buf_alloc(sizeof(*t));

	*t = (struct take_part){
		.run = run, .parts = parts, .ended = ended, .missed = missed, .file = -1, .timer = {.call = wake}};
	return t;
}

static void
forget_file(struct take_part *t)
{
	hash_drop(t->hash);
	t->hash = NULL;
	t->file = file_close(t->file, -1);
	t->at = 0;
}

void
take_part_end(struct take_part *t)
{
	struct job *j;

	if (!t)
		return;
	forget_file(t);
	while ((j = job_list_take(&t->waiting)))
		job_free(j);
	loop_stop_timer(t->run->loop, &t->timer);
	free(t);
}

int
take_part_room(const struct take_part *t)
{
	return t->waiting.count < WAITING_MAX ? (int)(WAITING_MAX - t->waiting.count) : 0;
}

bool
take_part_is_empty(const struct take_part *t)
{
	return t->waiting.count == 0;
}

/* Looks for the item of J in the parts behind the item AFTER. */
static bool
find_behind(struct take_part *t, struct job *j, uint32_t after)
{
	struct taken *taken = buf_alloc(sizeof(*taken));
	int rc = from_parts_find(t->parts, j->place.key, t->run->set->retry, after, taken);

	taken_free(j->taken);
	j->taken = taken;
	if (rc > 0)
		return true;
	if (rc < 0)
		run_fail(t->run, "reading a part of --from");
	taken_free(j->taken);
	j->taken = NULL;
	return false;
}

bool
take_part_find(struct take_part *t, struct job *j)
{
	return find_behind(t, j, 0);
}

void
take_part_begin(struct take_part *t, struct job *j)
{
	job_list_add(&t->waiting, j);
	loop_set_timer(t->run->loop, &t->timer, 0);
}

/* --- the file --- */

/* The file of the first job is not what its record says: another part may have it, else it is fetched. */
static void
refuse_file(struct take_part *t, struct job *j, const char *why)
{
	const char *path = rec_string(j->taken->result, "path");

	msg_warn("the part '%s' is damaged: %s of its item %u %s; the item is taken as if this part did not have it",
		 j->taken->part->name, path ? path : "the file", j->taken->item, why);
	j->taken->part->damaged++;
	forget_file(t);
	if (find_behind(t, j, j->taken->all))
		return;
	job_list_cut(&t->waiting, j);
	if (t->run->fatal)
		job_free(j);
	else
		job_list_add(t->missed, j);
}

/* Opens the file of J. False: it was refused, or the run has failed. */
static bool
open_file(struct take_part *t, struct job *j)
{
	struct buf why = {0};

	t->file = batch_open_file(j->taken->part->batch, j->taken->result);
	if (t->file >= 0) {
		t->hash = hash_begin();
		return true;
	}
	if (trouble_is_local(errno)) {
		run_fail(t->run, "opening a file of a part of --from");
		return false;
	}
	buf_printf(&why, "cannot be opened: %s", file_reason(errno));
	refuse_file(t, j, why.data);
	buf_free(&why);
	return false;
}

/* Reads up to MOST bytes of the file. Returns how many, 0 at its end, or -1. */
static int64_t
read_some(struct take_part *t, int64_t most)
{
	char piece[PIECE];
	int64_t sum = 0;
	ssize_t n = 1;

	while (n > 0 && sum < most) {
		n = file_read_at(t->file, piece, sizeof(piece), t->at);
		if (n < 0)
			return -1;
		hash_add(t->hash, piece, (size_t)n);
		t->at += n;
		sum += n;
	}
	return sum;
}

/* All of the file was read: gives it to the body of J. False: it is not what its record says. */
static bool
adopt_file(struct take_part *t, struct job *j)
{
	char sha256[HASH_HEX + 1];

	hash_end(t->hash, sha256);
	t->hash = NULL;
	if (strcmp(sha256, rec_string(j->taken->result, "sha256")) != 0 ||
	    t->at != rec_number(j->taken->result, "bytes", -1)) {
		refuse_file(t, j, "has other bytes than its record says");
		return false;
	}
	j->body.part = (struct atomic_file){.fd = t->file, .tempfd = t->run->temp};
	j->body.named = true; /* it needs no name in temp/ */
	t->file = -1;
	if (body_adopt(&j->body, (uint64_t)t->at, sha256) < 0)
		run_fail(t->run, "reading a file of a part of --from");
	t->run->bytes += (uint64_t)t->at;
	t->at = 0;
	return !t->run->fatal;
}

/* --- the job --- */

/* Sets what the stages of a transfer would have set. An archive that the part did not unpack may be unpacked now. */
static void
note_type(struct job *j)
{
	struct json_object *result = j->taken->result;
	const char *mime = rec_string(result, "mime"), *path = rec_string(result, "path"), *dot = strrchr(path, '.');

	snprintf(j->type.mime, sizeof(j->type.mime), "%s", mime ? mime : "application/octet-stream");
	snprintf(j->type.ext, sizeof(j->type.ext), "%s", dot ? dot + 1 : "bin");
	j->expanded = !expand_is_archive(j->type.mime) || json_object_object_get_ex(result, "members", NULL) ||
		      j->archive > 0;
}

static void
set_verdict(struct job *j)
{
	struct json_object *error = NULL;
	const char *code;

	if (j->taken->completed) {
		j->verdict = (struct verdict){.kind = GOT};
		note_type(j);
		return;
	}
	json_object_object_get_ex(j->taken->result, "error", &error);
	code = rec_string(error, "code");
	verdict_fail(j, false, code, "%s", "it failed permanently in a part");
}

/* The first job is complete but for what comes with it. */
static void
hand_on(struct take_part *t, struct job *j)
{
	bool completed = j->taken->completed;

	if (completed && (take_found_add(t->parts, j) < 0 || take_part_content(j) < 0)) {
		run_fail(t->run, "taking what comes with an item of a part");
		return;
	}
	set_verdict(j);
	*(completed ? &j->taken->part->taken : &j->taken->part->failed) += 1;
	job_list_cut(&t->waiting, j);
	job_list_add(t->ended, j);
	t->ended_bytes += job_unwritten(j);
}

/* Goes on with the first job. Returns how many bytes were read. */
static int64_t
take_some(struct take_part *t, int64_t most)
{
	struct job *j = t->waiting.first;
	int64_t n;

	if (!j->taken->completed) {
		hand_on(t, j);
		return 0;
	}
	if (!t->hash && !open_file(t, j))
		return 0;
	n = read_some(t, most);
	if (n < 0)
		run_fail(t->run, "reading a file of a part of --from");
	if (n >= 0 && n < most && adopt_file(t, j))
		hand_on(t, j);
	return n;
}

void
take_part_turn(struct take_part *t, const struct room *room)
{
	int64_t left = BYTES_A_TURN;
	size_t before = t->ended->count;
	bool full = false;

	t->ended_bytes = 0;
	for (int i = 0; i < JOBS_A_TURN && left > 0 && t->waiting.first && !t->run->fatal; i++) {
		full = room_is_full(room, t->ended->count - before, t->ended_bytes);
		if (full)
			break;
		left -= take_some(t, left);
	}
	/* While there is no room, the stages that make some wake the loop. */
	if (t->waiting.first && !full)
		loop_set_timer(t->run->loop, &t->timer, 0);
	else
		loop_stop_timer(t->run->loop, &t->timer);
}
