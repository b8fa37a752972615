/* bi-thumb-decode: the part of bi-thumb that decodes pictures, confined (confine.h). It makes thumbnails of what comes
 * over descriptor 0 until its end-of-file (thumb.h). --extra: also of drawings and of the formats of ImageMagick, which
 * take longer to load. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <vips/vips.h>

#include "base/buf.h"
#include "base/msg.h"
#include "confined/confine.h"
#include "confined/helper.h"
#include "confined/thumb.h"
#include "decode.h"
#include "fonts.h"
#include "pictures/picture_file.h"

enum { SECONDS_MAX = 30 }; /* of processor time for one picture */

static struct confine_limits limits = {
	.memory = (size_t)2 << 30,
	.file_size = 16 << 20,
	.files = 64,
};

struct request {
	int in, out, size, page;
};

/* Reads one request. 1, 0 at end-of-file, -1 for an invalid request. */
static int
receive(struct request *r)
{
	char text[32], *end;
	int fds[2];
	ssize_t n = helper_next_request(text, sizeof(text), fds, 2);
	long size, page;

	if (n <= 0)
		return (int)n;
	size = strtol(text, &end, 10);
	page = strtol(end, NULL, 10);
	*r = (struct request){fds[0], fds[1], size > 0 && size <= INT_MAX ? (int)size : 0,
			      page > 0 && page <= INT_MAX ? (int)page : 0};
	return r->size > 0 ? 1 : -1;
}

/* Makes one thumbnail and the answer. Returns the answer's length. */
static int
make(const struct request *r, bool extra, char *answer, size_t room)
{
	struct stat st;
	void *bytes;
	int n;

	if (fstat(r->in, &st) < 0)
		return snprintf(answer, room, "unread %d", errno);
	if (!S_ISREG(st.st_mode))
		return decode_fail(answer, room, "it is no file of bytes");
	if (st.st_size == 0)
		return decode_fail(answer, room, "it is empty");
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, r->in, 0);
	if (bytes == MAP_FAILED && errno != ENOMEM)
		return snprintf(answer, room, "unread %d", errno);
	if (bytes == MAP_FAILED)
		return decode_fail(answer, room, "it is too big");
	n = picture_decode(bytes, (size_t)st.st_size, r->size, r->page, r->out, extra, answer, room);
	munmap(bytes, (size_t)st.st_size);
	return n;
}

/* Loads what only drawings need: their loaders, and the fonts by a round trip of a text in each. A libvips without SVG
 * reports that for the first drawing. */
static void
load_drawings(void)
{
	struct buf svg = {0};
	VipsImage *drawn = NULL, *copy;

	buf_str(&svg, "<svg xmlns='http://www.w3.org/2000/svg' width='90' height='90'>");
	fonts_open(&svg);
	buf_str(&svg, "</svg>");
	if (vips_svgload_buffer(svg.data, svg.len, &drawn, NULL) == 0 && (copy = decode_here(drawn)))
		g_object_unref(copy);
	g_clear_object(&drawn);
	vips_error_clear();
	buf_free(&svg);
}

/* The process ends with _exit: nothing is left to write, and the exit handlers of libvips or a sanitizer make calls
 * that are not allowed here. */
static _Noreturn void
thumb_serve(bool extra)
{
	struct request r = {0};
	char answer[THUMB_ANSWER];
	int n, got;

	helper_require_socket();
	pictures_start("bi-thumb", extra);
	tzset();
	if (extra)
		load_drawings();
	limits.access = extra;
	helper_confine(&limits);
	while ((got = receive(&r)) > 0) {
		helper_limit_seconds(SECONDS_MAX);
		n = make(&r, extra, answer, sizeof(answer));
		helper_limit_seconds(0);
		close(r.in);
		close(r.out);
		if (n <= 0 || !helper_send_answer(answer, (size_t)n, NULL, 0))
			break;
	}
	_exit(got == 0 ? EX_ALL_WELL : EX_OSERR);
}

int
main(int argc, char **argv)
{
	msg_program("bi-thumb");
	if (argc < 2 || strcmp(argv[1], "--serve") != 0)
		msg_die(EX_WRONG_USE, "this program is a part of bi-thumb, which starts it");
	thumb_serve(argc > 2);
}
