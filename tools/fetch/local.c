#include "local.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/trouble.h"
#include "base/when.h"
#include "list_hint.h"
#include "resume.h"
#include "update.h"
#include "upload.h"

enum { PIECE = 1 << 16, A_TURN = 256 << 10 };

struct local {
	struct run *run;
	struct job_list *finished;
	struct copy *first, **last;
	struct loop_timer timer; /* set while there are copies */
};

struct copy {
	struct job *job;
	int source;                                   /* the file; -1: an upload */
	int64_t size;                                 /* of it */
	struct timespec changed;                      /* when it was last changed */
	enum { BY_READING, BY_CLONE, BY_KERNEL } way; /* how it is copied */
	char sha256[HASH_HEX + 1];                    /* of an upload, if that is known; else "" */
	struct copy *next;
};

static void copy_pieces(void *arg);

struct local *
local_new(struct run *run, struct job_list *finished)
{
	struct local *l = buf_alloc(sizeof(*l));

	*l = (struct local){
		.run = run, .finished = finished, .last = &l->first, .timer = {.call = copy_pieces, .arg = l}};
	return l;
}

bool
local_is(const struct job *j)
{
	return j->file || j->upload[0];
}

/* Sets the verdict from errno: the file cannot be read. */
static void
note_unreadable(struct job *j, const char *doing)
{
	bool missing = errno == ENOENT || errno == ENOTDIR;
	const char *remedy =
		!missing ? ""
		: list_is_pattern(j->file)
			? " (the lines of a list are no patterns: give patterns as operands, which the shell "
			  "expands, or the names, as find(1) prints them)"
			: " (a URL begins with http:// or https://)";

	if (trouble_is_local(errno))
		verdict_fail(j, true, TROUBLE_CODE, "cannot %s '%.300s' now: %s", doing, j->file, strerror(errno));
	else
		verdict_fail(j, false, missing ? "no_such_file" : "unreadable_file", "cannot %s '%.300s': %s%s", doing,
			     j->file, strerror(errno), remedy);
}

static bool
has_changed(const struct copy *c)
{
	struct stat st;

	return fstat(c->source, &st) < 0 || st.st_size != c->size || st.st_mtim.tv_sec != c->changed.tv_sec ||
	       st.st_mtim.tv_nsec != c->changed.tv_nsec;
}

/* Chooses how to copy it. A clone is a snapshot, which later changes do not affect. */
static int
choose_way(struct copy *c)
{
	struct body *b = &c->job->body;
	struct stat st;

	c->way = BY_READING;
	if (c->size == 0)
		return 0; /* or a file in /proc, which has bytes in spite of its size */
	if (body_open(b) < 0)
		return -1;
	c->way = BY_KERNEL;
	if (ioctl(b->part.fd, FICLONE, c->source) < 0)
		return 0;
	if (fstat(b->part.fd, &st) < 0)
		return -1;
	c->way = BY_CLONE;
	c->size = st.st_size;
	return 0;
}

/* The upload already is the file, and is read at most for its hash. False: the job has its verdict. */
static bool
open_upload(struct copy *c)
{
	struct job *j = c->job;

	c->way = BY_CLONE;
	c->size = upload_open(j, c->sha256);
	if (c->size >= 0)
		return true;
	if (trouble_is_local(errno))
		verdict_fail(j, true, TROUBLE_CODE, "cannot open what was uploaded now: %s", strerror(errno));
	else
		verdict_fail(j, false, "upload_lost", "what was uploaded is not there: %s (upload it again)",
			     strerror(errno));
	return false;
}

/* The same of a file. */
static bool
open_source(struct copy *c)
{
	struct job *j = c->job;
	struct stat st;

	if (job_is_public_only(j)) {
		verdict_fail(j, false, "blocked_address", "'%.300s' is a file of this machine, and %s", j->file,
			     j->target->public_only ? "its batch is fetched from public addresses alone"
						    : "--public-only allows public addresses alone");
		return false;
	}
	/* Without O_NONBLOCK the open of a FIFO would wait for a writer. */
	c->source = open(j->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (c->source < 0 || fstat(c->source, &st) < 0) {
		note_unreadable(j, "open");
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		verdict_fail(j, false, "not_a_file", "'%.300s' is %s, not a file", j->file,
			     S_ISDIR(st.st_mode) ? "a directory" : "a device, pipe or socket");
		return false;
	}
	if (update_take_file(j, &st))
		return false;
	c->size = st.st_size;
	c->changed = st.st_mtim;
	when_print_exactly(j->answer.last_modified, &st.st_mtim);
	if (choose_way(c) < 0)
		run_fail(j->run, "writing a copy");
	return true;
}

static void
free_copy(struct copy *c)
{
	if (c->source >= 0)
		close(c->source);
	free(c);
}

void
local_begin(struct local *l, struct job *j)
{
	struct copy *c = buf_alloc(sizeof(*c));

	*c = (struct copy){.job = j, .source = -1};
	if (j->upload[0] ? open_upload(c) : open_source(c)) {
		*l->last = c;
		l->last = &c->next;
		loop_set_timer(l->run->loop, &l->timer, 0);
		return;
	}
	free_copy(c);
	job_list_add(l->finished, j);
}

/* Each of these copies up to A_TURN bytes. 1: there may be more; 0: it is complete; -1: the source cannot be read; -1
 * after run_fail(): the copy cannot be written. */

static int
fail_copy(struct copy *c, const char *doing)
{
	run_fail(c->job->run, doing);
	return -1;
}

static int
read_some(struct copy *c)
{
	struct body *b = &c->job->body;
	char piece[PIECE];

	for (int sum = 0; sum < A_TURN; sum += PIECE) {
		ssize_t n = read(c->source, piece, sizeof(piece));
		int rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0 || b->bytes > (uint64_t)c->size)
			return 0;
		rc = body_add(b, piece, (size_t)n, (size_t)c->size);
		if (rc < 0)
			return fail_copy(c, "writing a copy");
		if (rc > 0)
			resume_name_part(c->job);
	}
	return 1;
}

static int
read_copy(struct copy *c, uint64_t end)
{
	struct body *b = &c->job->body;
	int rc = c->sha256[0] ? body_adopt(b, end, c->sha256) : body_read(b, end, A_TURN);

	if (rc < 0)
		return fail_copy(c, "reading a copy");
	if (rc > 0)
		resume_name_part(c->job);
	return c->job->body.bytes < (uint64_t)c->size;
}

/* If the kernel cannot copy, such as between some file systems, the rest is read and written. */
static int
copy_in_kernel(struct copy *c)
{
	struct body *b = &c->job->body;
	off_t from = (off_t)b->bytes, to = from;
	ssize_t n = copy_file_range(c->source, &from, b->part.fd, &to, A_TURN, 0);

	if (n > 0)
		return read_copy(c, (uint64_t)to);
	if (n < 0 && errno == EINTR)
		return 1;
	if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
		return fail_copy(c, "writing a copy");
	c->way = BY_READING;
	if (body_seek(b) < 0)
		return fail_copy(c, "writing a copy");
	return lseek(c->source, (off_t)b->bytes, SEEK_SET) < 0 ? -1 : 1;
}

/* Copies a piece of it. True: the job has its verdict. */
static bool
copy_some(struct copy *c)
{
	struct job *j = c->job;
	uint64_t before = j->body.bytes, rest = (uint64_t)c->size > before ? (uint64_t)c->size - before : 0;
	int rc;

	rest = rest < A_TURN || c->sha256[0] ? rest : A_TURN;
	if (!stop_allows(j, rest, c->way == BY_CLONE ? 0 : rest, (uint64_t)c->size))
		return true;
	rc = c->way == BY_CLONE    ? read_copy(c, (uint64_t)c->size)
	     : c->way == BY_KERNEL ? copy_in_kernel(c)
				   : read_some(c);

	j->run->bytes += j->body.bytes - before;
	if (rc > 0 || (rc < 0 && j->run->fatal))
		return false;
	if (rc < 0)
		note_unreadable(j, "read");
	else if (j->body.bytes != (uint64_t)c->size || (c->way != BY_CLONE && has_changed(c)))
		verdict_fail(j, true, "file_changed", "'%.300s' changed while it was copied", j->file);
	else
		j->verdict = (struct verdict){.kind = GOT};
	return true;
}

/* Removes the copy to which AT refers. Its job remains. */
static struct job *
remove_copy(struct local *l, struct copy **at)
{
	struct copy *c = *at;
	struct job *j = c->job;

	*at = c->next;
	if (l->last == &c->next)
		l->last = at;
	free_copy(c);
	return j;
}

/* A piece of each. */
static void
copy_pieces(void *arg)
{
	struct local *l = arg;

	for (struct copy **at = &l->first; *at && !l->run->fatal;) {
		if (copy_some(*at))
			job_list_add(l->finished, remove_copy(l, at));
		else
			at = &(*at)->next;
	}
	if (l->first)
		loop_set_timer(l->run->loop, &l->timer, 0);
}

void
local_end(struct local *l)
{
	loop_stop_timer(l->run->loop, &l->timer);
	while (l->first)
		job_free(remove_copy(l, &l->first));
	free(l);
}
