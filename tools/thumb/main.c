/* bi-thumb: makes a small WebP of a picture. libvips decodes untrusted files, so it runs in a confined process
 * (confine.h): `bi-thumb --serve`, whose protocol is in thumb.h. For a picture on its command line, bi-thumb starts
 * that process as bi-render does. The process is a program of its own, bi-thumb-decode, since the libraries of libvips
 * take long to load. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/human.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/paths.h"
#include "confined/thumb.h"
#include "files/atomic_file.h"

enum { OPT_SERVE = 256, OPT_EXTRA, THUMB_SIZE_MAX = 16383 }; /* the limit of WebP */

static const struct opt table[] = {
	{'p', "page", "N", "the page of a PDF; 1"},
	{'s', "size", "PIXELS", "the longest side; 512"},
	{OPT_SERVE, "serve", NULL, "make thumbnails of the descriptors that come over standard input"},
	{OPT_EXTRA, "extra", NULL, "with --serve: also of the formats that take longer to load"},
	{0},
};

/* Writes the thumbnail of IN to OUT, which appears when it is complete. Returns the exit code. */
static int
make_one(const char *in, const char *out, int size, int page)
{
	const char *slash = strrchr(out, '/');
	const char *name = slash ? slash + 1 : out;
	char *dir = slash ? strndup(out, (size_t)(slash - out) + 1) : strdup(".");
	struct thumb_job job = {.in = open(in, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
	struct thumber *t;
	struct atomic_file part;
	char pages[32] = "";
	int dirfd;

	if (job.in < 0)
		msg_die_errno(EX_NOINPUT, "cannot open %s", in);
	dirfd = dir && *name ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (dirfd < 0 || atomic_file_open(&part, dirfd) < 0)
		msg_die_errno(EX_CANTCREAT, "cannot write %s", out);
	job.out = part.fd;
	job.size = size;
	job.page = page;
	t = thumb_open(1);
	thumb_start(t, &job);
	thumb_next(t, true);
	thumb_close(t);
	if (job.end == THUMB_UNSTARTED) {
		atomic_file_drop(&part);
		errno = job.error;
		msg_die_errno(EX_OSERR, "cannot start bi-thumb --serve, which decodes the picture");
	}
	if (job.end != THUMB_OK) {
		atomic_file_drop(&part);
		msg_die(job.end == THUMB_UNWRITTEN || job.end == THUMB_UNREAD ? EX_IOERR : EX_SOME_FAILED,
			"no thumbnail of %s: %s", in, job.why);
	}
	if (atomic_file_publish(&part, dirfd, name) < 0) {
		atomic_file_drop(&part);
		msg_die_errno(msg_exit_code(errno), "cannot write %s", out);
	}
	close(job.in);
	close(dirfd);
	free(dir);
	if (job.pages > 1)
		snprintf(pages, sizeof(pages), ", %u pages", job.pages);
	human_print("%s: %d x %d, from %d x %d%s%s%s, hash %016llx, sharpness %u", out, job.width, job.height,
		    job.owidth, job.oheight, job.kind & THUMB_ANIMATED ? ", animated" : "",
		    job.kind & THUMB_VECTOR ? ", drawn" : "", pages, (unsigned long long)job.likeness.hash,
		    job.likeness.sharpness);
	return EX_ALL_WELL;
}

static _Noreturn void
serve(bool extra)
{
	static const char name[] = "bi-thumb-decode";
	char *argv[] = {(char[]){"bi-thumb"}, (char[]){"--serve"}, extra ? (char[]){"--extra"} : NULL, NULL};
	struct buf program = {0};

	if (path_of_helper(&program, name) == 0)
		execv(program.data, argv);
	msg_die_errno(EX_UNAVAILABLE, "cannot start %s, a part of bi-thumb", name);
}

int
main(int argc, char **argv)
{
	struct opts o = opt_begin("bi-thumb", table, argc, argv, "IN OUT",
				  "Makes a small WebP of the picture IN, the right way up and without its metadata.");
	int id, size = THUMB_SIZE, page = 0;
	bool serving = false, extra = false;
	char **rest;

	while ((id = opt_next(&o)) != 0) {
		if (id == 's')
			size = (int)opt_number(&o, 1, THUMB_SIZE_MAX);
		else if (id == 'p')
			page = (int)opt_number(&o, 1, INT_MAX);
		else if (id == OPT_EXTRA)
			extra = true;
		else
			serving = true;
	}
	rest = opt_rest(&o);
	if (serving && *rest)
		opt_die("--serve takes no files");
	if (serving)
		serve(extra);
	if (extra)
		opt_die("--extra goes with --serve");
	if (!rest[0] || !rest[1] || rest[2])
		opt_die("two files are needed: the picture, and where the thumbnail goes");
	msg_finish(make_one(rest[0], rest[1], size, page));
}
