/*
 * local: files of this machine, copied a piece a turn, so that transfers go on beside them.
 *
 * A file is cloned (FICLONE, where the file system shares blocks until one of the two is written to), else copied by
 * the kernel (copy_file_range), else read and written. It is never linked: what a user still writes to is not ours. In
 * the first two ways the hash is of what the copy has, read back. What was uploaded is ours (upload.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/trouble.h"
#include "fetch.h"

enum { PIECE = 1 << 16, A_TURN = 256 << 10 };

bool
local_is(const struct job *j)
{
	return j->file || j->upload[0];
}

static void
cannot(struct job *j, const char *doing)
{
	bool missing = errno == ENOENT || errno == ENOTDIR;

	if (trouble_is_local(errno))
		judge_fail(j, true, TROUBLE_CODE, "cannot %s '%.300s' now: %s", doing, j->file, strerror(errno));
	else
		judge_fail(j, false, missing ? "no_such_file" : "unreadable_file", "cannot %s '%.300s': %s%s", doing,
			   j->file, strerror(errno), missing ? " (a URL begins with http:// or https://)" : "");
	job_ended(j);
}

static bool
has_changed(const struct job *j)
{
	struct stat st;

	return fstat(j->source, &st) < 0 || st.st_size != j->source_size ||
	       st.st_mtim.tv_sec != j->source_time.tv_sec || st.st_mtim.tv_nsec != j->source_time.tv_nsec;
}

/* How it is copied. A clone is what the file was at one moment, whatever becomes of it then. */
static int
choose_way(struct job *j)
{
	struct stat st;

	j->way = BY_READING;
	if (j->source_size == 0)
		return 0; /* or one of /proc, that has bytes all the same */
	if (body_open(&j->body, j) < 0)
		return -1;
	j->way = BY_KERNEL;
	if (ioctl(j->body.part.fd, FICLONE, j->source) < 0)
		return 0;
	if (fstat(j->body.part.fd, &st) < 0)
		return -1;
	j->way = BY_CLONE;
	j->source_size = st.st_size;
	return 0;
}

/* The file is the part already: it is read for its hash. */
static void
begin_upload(struct job *j)
{
	if (upload_open(j) < 0) {
		if (trouble_is_local(errno))
			judge_fail(j, true, TROUBLE_CODE, "cannot open what was uploaded now: %s", strerror(errno));
		else
			judge_fail(j, false, "upload_lost", "what was uploaded is not there: %s (upload it again)",
				   strerror(errno));
		job_ended(j);
		return;
	}
	j->way = BY_CLONE;
	job_list_add(&j->fetch->local, j);
}

void
local_begin(struct job *j)
{
	struct stat st;

	if (j->upload[0]) {
		begin_upload(j);
		return;
	}
	if (job_is_public_only(j)) {
		judge_fail(j, false, "blocked_address", "'%.300s' is a file of this machine, and %s", j->file,
			   j->target->public_only ? "its batch is fetched from public addresses alone"
						  : "--public-only allows public addresses alone");
		job_ended(j);
		return;
	}
	/* Without O_NONBLOCK the open of a FIFO would wait for a writer. */
	j->source = open(j->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (j->source < 0 || fstat(j->source, &st) < 0) {
		cannot(j, "open");
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		judge_fail(j, false, "not_a_file", "'%.300s' is %s, not a file", j->file,
			   S_ISDIR(st.st_mode) ? "a directory" : "a device, pipe or socket");
		job_ended(j);
		return;
	}
	j->source_size = st.st_size;
	j->source_time = st.st_mtim;
	job_list_add(&j->fetch->local, j);
	if (choose_way(j) < 0)
		fetch_fail(j->fetch, "writing a copy");
}

static void
end(struct job *j)
{
	struct fetch *f = j->fetch;
	bool changed = j->body.bytes != (uint64_t)j->source_size || (j->way != BY_CLONE && has_changed(j));

	job_list_cut(&f->local, j);
	if (j->source >= 0)
		close(j->source);
	j->source = -1;
	if (changed)
		judge_fail(j, true, "file_changed", "'%.300s' changed while it was copied", j->file);
	else if (body_end(&j->body, j) < 0)
		fetch_fail(f, "writing a copy");
	else
		j->verdict = (struct verdict){.kind = GOT};
	job_ended(j);
}

/*
 * Each of these takes in up to A_TURN bytes. 1: there may be more; 0: that was all; -1: the source cannot be read;
 * -1 after fetch_fail(): the copy cannot be written.
 */

static int
read_some(struct job *j)
{
	char piece[PIECE];

	for (int sum = 0; sum < A_TURN; sum += PIECE) {
		ssize_t n = read(j->source, piece, sizeof(piece));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0 || j->body.bytes > (uint64_t)j->source_size)
			return 0;
		if (body_add(&j->body, j, piece, (size_t)n, (size_t)j->source_size) < 0) {
			fetch_fail(j->fetch, "writing a copy");
			return -1;
		}
	}
	return 1;
}

static int
read_copy(struct job *j, uint64_t end)
{
	if (body_read(&j->body, j, end, A_TURN) == 0)
		return j->body.bytes < (uint64_t)j->source_size;
	fetch_fail(j->fetch, "reading a copy");
	return -1;
}

/* What the kernel cannot copy, such as from one file system to another, is read, from there on. */
static int
copy_in_kernel(struct job *j)
{
	off_t from = (off_t)j->body.bytes, to = from;
	ssize_t n = copy_file_range(j->source, &from, j->body.part.fd, &to, A_TURN, 0);

	if (n > 0)
		return read_copy(j, (uint64_t)to);
	if (n < 0 && errno == EINTR)
		return 1;
	if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
		fetch_fail(j->fetch, "writing a copy");
		return -1;
	}
	j->way = BY_READING;
	if (body_seek(&j->body) < 0) {
		fetch_fail(j->fetch, "writing a copy");
		return -1;
	}
	return lseek(j->source, (off_t)j->body.bytes, SEEK_SET) < 0 ? -1 : 1;
}

static void
copy_some(struct job *j)
{
	uint64_t before = j->body.bytes;
	int rc = j->way == BY_CLONE    ? read_copy(j, (uint64_t)j->source_size)
		 : j->way == BY_KERNEL ? copy_in_kernel(j)
				       : read_some(j);

	j->fetch->tally.bytes += j->body.bytes - before;
	if (rc == 0) {
		end(j);
	} else if (rc < 0 && !j->fetch->fatal) {
		job_list_cut(&j->fetch->local, j);
		cannot(j, "read");
	}
}

void
local_turn(struct fetch *f)
{
	for (struct job *j = f->local.first, *next; j && !f->fatal; j = next) {
		next = j->next;
		if (local_is(j))
			copy_some(j);
		else
			left_turn(j);
	}
}
