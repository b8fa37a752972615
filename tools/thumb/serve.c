#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <vips/vips.h>

#include "confine.h"
#include "helper.h"
#include "msg.h"
#include "opt.h"
#include "thumb.h"

enum {
	PIXELS_MOST = 200 * 1000 * 1000, /* a picture with more is refused, from its header */
	SECONDS_MOST = 30,               /* of processor time for one picture */
	QUALITY = 80,
};

static const struct confine_limits limits = {
	.memory = (size_t)2 << 30,
	.file_size = 16 << 20,
	.files = 64,
};

/* The loaders that are let near a picture; the others (SVG, PDF, ImageMagick's) are not, whatever libvips was built
 * with. */
static const char *const loaders[] = {"VipsForeignLoadJpeg",  "VipsForeignLoadPng",  "VipsForeignLoadWebp",
				      "VipsForeignLoadNsgif", "VipsForeignLoadTiff", "VipsForeignLoadHeif",
				      "VipsForeignLoadJxl",   "VipsForeignLoadJp2k"};

struct request {
	int in, out, size;
};

/* Reads one request. 1, 0 at end-of-file, -1 for anything else than a request. */
static int
receive(struct request *r)
{
	char text[16];
	struct iovec part = {.iov_base = text, .iov_len = sizeof(text) - 1};
	union {
		char room[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr msg = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c;
	ssize_t n;
	long size;
	int fds[2];

	do
		n = recvmsg(STDIN_FILENO, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return (int)n;
	text[n] = '\0';
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(fds)))
		return -1;
	memcpy(fds, CMSG_DATA(c), sizeof(fds));
	size = strtol(text, NULL, 10);
	*r = (struct request){fds[0], fds[1], size > 0 && size <= INT_MAX ? (int)size : 0};
	return r->size > 0 ? 1 : -1;
}

static int
fail(char *answer, size_t room, const char *why)
{
	return snprintf(answer, room, "failed %.*s", THUMB_WHY - 1, why);
}

/* The last of libvips's messages is nearest to the cause; they end with a newline each, and begin with the part of
 * libvips that says it. */
static int
fail_vips(char *answer, size_t room)
{
	char *text = vips_error_buffer_copy(), *line, *said, why[THUMB_WHY];
	int n;

	while ((line = strrchr(text, '\n')) && !line[1])
		*line = '\0';
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	said = strstr(line, ": ");
	snprintf(why, sizeof(why), *line ? "the picture is cut short or damaged (%.*s)" : "it cannot be decoded%.*s",
		 THUMB_WHY / 2, said ? said + 2 : line);
	n = fail(answer, room, why);
	g_free(text);
	return n;
}

static int
write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, bytes, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0) {
			errno = w < 0 ? errno : ENOSPC;
			return -1;
		}
		bytes += w;
		n -= (size_t)w;
	}
	return 0;
}

/* Width and height the right way up, and whether it is plain sRGB, from the header alone. */
static int
measure(const void *bytes, size_t len, int *width, int *height, bool *is_srgb)
{
	VipsImage *header = vips_image_new_from_buffer(bytes, len, "", NULL);

	if (!header)
		return -1;
	*width = vips_image_get_width(header);
	*height = vips_image_get_page_height(header);
	*is_srgb = vips_image_get_interpretation(header) == VIPS_INTERPRETATION_sRGB &&
		   vips_image_get_typeof(header, VIPS_META_ICC_NAME) == 0;
	if (vips_image_get_orientation_swap(header)) {
		int w = *width;

		*width = *height;
		*height = w;
	}
	g_object_unref(header);
	return 0;
}

static bool
is_let_in(const char *loader)
{
	for (size_t i = 0; loader && i < sizeof(loaders) / sizeof(loaders[0]); i++)
		if (strncmp(loader, loaders[i], strlen(loaders[i])) == 0)
			return true;
	return false;
}

/* Decodes into SMALL. A truncated picture fails: that goes by the option string, since libvips 8.14 does not pass
 * "fail_on" on to the loader here. What is sRGB already is not put through a colour transform, which takes longer than
 * the rest. */
static int
shrink(const void *bytes, size_t len, int size, bool is_srgb, VipsImage **small)
{
	void *in = (void *)(size_t)bytes;

	if (is_srgb)
		return vips_thumbnail_buffer(in, len, small, size, "height", size, "size", VIPS_SIZE_DOWN,
					     "option_string", "[fail_on=truncated]", NULL);
	return vips_thumbnail_buffer(in, len, small, size, "height", size, "size", VIPS_SIZE_DOWN, "option_string",
				     "[fail_on=truncated]", "export_profile", "srgb", NULL);
}

/* Saves SMALL as WebP, without its metadata and, now that it is sRGB, without its profile. "strip" of libvips 8.14 does
 * not keep them out, so they are taken off first; an EXIF block that says only how big it is, libvips adds then. 0 or
 * -1. */
static int
save(VipsImage *small, void **webp, size_t *len)
{
	VipsImage *bare;
	char **fields;
	int rc;

	if (vips_copy(small, &bare, NULL) < 0)
		return -1;
	fields = vips_image_get_fields(bare);
	for (size_t i = 0; fields[i]; i++)
		vips_image_remove(bare, fields[i]); /* but for width, height and so on, which it keeps */
	g_strfreev(fields);
	rc = vips_webpsave_buffer(bare, webp, len, "Q", QUALITY, "strip", TRUE, NULL);
	g_object_unref(bare);
	return rc;
}

/* Decodes the picture of LEN bytes and makes the answer. Returns the answer's length. */
static int
decode(const struct request *r, const void *bytes, size_t len, char *answer, size_t room)
{
	VipsImage *small = NULL;
	void *webp = NULL;
	size_t webp_len = 0;
	int width, height, n;
	bool is_srgb;

	if (!is_let_in(vips_foreign_find_load_buffer(bytes, len))) {
		n = fail(answer, room, "pictures of this kind are not decoded here");
	} else if (measure(bytes, len, &width, &height, &is_srgb) < 0) {
		n = fail_vips(answer, room);
	} else if ((long long)width * height > PIXELS_MOST) {
		char why[THUMB_WHY];

		snprintf(why, sizeof(why), "%d x %d pixels are more than a picture may have here (%d million)", width,
			 height, PIXELS_MOST / 1000000);
		n = fail(answer, room, why);
	} else if (shrink(bytes, len, r->size, is_srgb, &small) < 0 || save(small, &webp, &webp_len) < 0) {
		n = fail_vips(answer, room);
	} else if (write_all(r->out, webp, webp_len) < 0) {
		n = snprintf(answer, room, "unwritten %d", errno);
	} else {
		n = snprintf(answer, room, "ok %d %d %d %d", vips_image_get_width(small), vips_image_get_height(small),
			     width, height);
	}
	g_free(webp);
	g_clear_object(&small);
	vips_error_clear();
	return n;
}

/* Makes one thumbnail and the answer. Returns the answer's length. */
static int
make(const struct request *r, char *answer, size_t room)
{
	struct stat st;
	void *bytes;
	int n;

	if (fstat(r->in, &st) < 0 || !S_ISREG(st.st_mode))
		return fail(answer, room, "it is no file of bytes");
	if (st.st_size == 0)
		return fail(answer, room, "it is empty");
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, r->in, 0);
	if (bytes == MAP_FAILED)
		return fail(answer, room, "it is too big");
	n = decode(r, bytes, (size_t)st.st_size, answer, room);
	munmap(bytes, (size_t)st.st_size);
	return n;
}

/* Processor time for what comes next; none, and the process ends by SIGPROF. 0: no limit. */
static void
allow_seconds(int seconds)
{
	struct itimerval t = {.it_value = {.tv_sec = seconds}};

	if (setitimer(ITIMER_PROF, &t, NULL) < 0)
		_exit(EX_OSERR);
}

static void
quiet(const char *domain, GLogLevelFlags level, const char *text, void *arg)
{
	(void)domain, (void)level, (void)text, (void)arg;
}

/*
 * Everything that is opened or loaded later is here already: libvips with its modules, the codecs by a round trip
 * of one picture, the time zone. Code made at run time (liborc) is not allowed later, so it is off.
 */
static void
load(void)
{
	VipsImage *black = NULL, *again = NULL;
	void *bytes = NULL;
	size_t len = 0;

	if (setenv("VIPS_NOVECTOR", "1", 1) < 0 || setenv("ORC_CODE", "backup", 1) < 0 ||
	    setenv("VIPS_DISC_THRESHOLD", "4g", 1) < 0 || VIPS_INIT("bi-thumb"))
		msg_die(EX_UNAVAILABLE, "cannot start libvips: %s", vips_error_buffer());
	g_log_set_default_handler(quiet, NULL);
	vips_concurrency_set(1);
	vips_cache_set_max(0);
	tzset();
	if (vips_black(&black, 8, 8, "bands", 3, NULL) < 0 ||
	    vips_webpsave_buffer(black, &bytes, &len, "strip", TRUE, NULL) < 0 ||
	    vips_thumbnail_buffer(bytes, len, &again, 4, "export_profile", "srgb", NULL) < 0)
		msg_die(EX_UNAVAILABLE, "libvips cannot make a WebP: %s", vips_error_buffer());
	g_free(bytes);
	g_object_unref(again);
	g_object_unref(black);
}

/*
 * It ends by _exit: nothing is left to write, and what libvips or a sanitizer would do at the exit is
 * not allowed here.
 */
_Noreturn void
serve(void)
{
	struct request r = {0};
	char answer[256];
	int n, got;

	if (!helper_serves())
		opt_wrong("--serve needs a SOCK_SEQPACKET socket as standard input");
	load();
	if (confine(&limits, NULL) < 0)
		msg_die_errno(EX_OSERR, "this kernel does not let the process confine itself (seccomp)");
	if (send(STDIN_FILENO, "ready", 5, MSG_NOSIGNAL) != 5)
		_exit(EX_OSERR);
	while ((got = receive(&r)) > 0) {
		allow_seconds(SECONDS_MOST);
		n = make(&r, answer, sizeof(answer));
		allow_seconds(0);
		close(r.in);
		close(r.out);
		if (n <= 0 || send(STDIN_FILENO, answer, (size_t)n, MSG_NOSIGNAL) != n)
			break;
	}
	_exit(got == 0 ? EX_ALL_WELL : EX_OSERR);
}
