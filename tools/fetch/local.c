/*
 * local: files of this machine, copied a piece a turn, so that transfers go on beside them.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetch.h"

enum { PIECE = 1 << 16, PIECES_A_TURN = 4 };

static void
cannot(struct job *j, const char *doing)
{
	bool missing = errno == ENOENT || errno == ENOTDIR;

	judge_fail(j, false, missing ? "no_such_file" : "unreadable_file", "cannot %s '%.300s': %s%s", doing, j->file,
		   strerror(errno), missing ? " (a URL begins with http:// or https://)" : "");
	job_ended(j);
}

void
local_begin(struct job *j)
{
	struct stat st;

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
	job_list_add(&j->fetch->local, j);
}

static void
end(struct job *j)
{
	struct fetch *f = j->fetch;

	job_list_cut(&f->local, j);
	close(j->source);
	j->source = -1;
	if (j->body.bytes != (uint64_t)j->source_size)
		judge_fail(j, true, "file_changed", "'%.300s' changed while it was copied", j->file);
	else if (body_end(&j->body, j) < 0)
		fetch_fail(f, "writing a copy");
	else
		j->verdict = (struct verdict){.kind = GOT};
	job_ended(j);
}

static void
copy_some(struct job *j)
{
	char piece[PIECE];

	for (int i = 0; i < PIECES_A_TURN; i++) {
		ssize_t n = read(j->source, piece, sizeof(piece));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			job_list_cut(&j->fetch->local, j);
			cannot(j, "read");
			return;
		}
		if (n == 0 || j->body.bytes > (uint64_t)j->source_size) {
			end(j);
			return;
		}
		if (body_add(&j->body, j, piece, (size_t)n) < 0) {
			fetch_fail(j->fetch, "writing a copy");
			return;
		}
		j->fetch->tally.bytes += (uint64_t)n;
	}
}

void
local_turn(struct fetch *f)
{
	for (struct job *j = f->local.first, *next; j && !f->fatal; j = next) {
		next = j->next;
		if (j->file)
			copy_some(j);
		else
			left_turn(j);
	}
}
