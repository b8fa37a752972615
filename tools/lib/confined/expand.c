#include "confined/expand.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/words.h"
#include "confined/expand_packets.h"
#include "confined/helper.h"
#include "files/file.h"
#include "records/rec.h"

static const struct expand_limits usual = {
	.members = 10000,
	.bytes = (uint64_t)4 << 30,
	.member_bytes = (uint64_t)2 << 30,
	.ratio = 1000, /* deflate reaches 1,030 with zeros */
	.free = (uint64_t)1 << 30,
	.stall = 30 * 1000,
};

/* --- waiting --- */

/* When the time is over if nothing arrives. */
static int64_t
wait_deadline(const struct expand *e, int64_t now)
{
	int64_t since = e->waiting ? e->waiting : now, left = (int64_t)EXPAND_SECONDS * 1000 - e->waited;

	return since + (left < e->limits.stall ? left : e->limits.stall);
}

/* Nothing has arrived. EXPAND_AGAIN after a wait, at most until UNTIL, or the end. */
static enum expand_event
wait_more(struct expand *e, int64_t until)
{
	struct pollfd p = {.fd = e->helper.socket, .events = POLLIN};
	int64_t now = clock_ms(), over;

	if (!e->waiting)
		e->waiting = now;
	over = wait_deadline(e, now);
	if (now >= over)
		return expand_fail_helper(e, HELPER_LATE, "archive_timeout",
					  "unpacking it came to no end in the time that an archive may take");
	if (now < until && poll(&p, 1, clock_left(over < until ? over : until)) < 0 && errno != EINTR)
		return expand_fail(e, "archive_crashed", "what unpacks it cannot be waited for");
	return EXPAND_AGAIN;
}

static enum expand_event
report_end(const struct expand *e, enum expand_event end, struct expand_member *out)
{
	*out = (struct expand_member){0};
	if (end == EXPAND_FAILED) {
		out->code = e->code;
		out->message = e->words;
	}
	return end;
}

enum expand_event
expand_next(struct expand *e, int ms, struct expand_member *out)
{
	int64_t until = ms < 0 ? INT64_MAX : clock_ms() + ms;
	enum expand_event event = e->end;

	while (event == EXPAND_AGAIN) {
		ssize_t n = helper_receive(&e->helper, e->packet, sizeof(e->packet));

		*out = (struct expand_member){.size = -1};
		if (n < 0 && errno == EAGAIN) {
			event = wait_more(e, until);
		} else {
			int64_t idle = e->waiting ? clock_ms() - e->waiting : 0;

			/* A caller that calls late has not waited for bi-expand all that time. */
			e->waited += idle < e->limits.stall ? idle : e->limits.stall;
			e->waiting = 0;
			event = expand_handle_packet(e, n > 0 ? (size_t)n : 0, out);
		}
		if (event == EXPAND_AGAIN && clock_ms() >= until)
			return report_end(e, EXPAND_AGAIN, out);
	}
	return event == EXPAND_END || event == EXPAND_FAILED ? report_end(e, event, out) : event;
}

int
expand_fd(const struct expand *e)
{
	return e->helper.socket;
}

int
expand_wait(const struct expand *e)
{
	return e->end == EXPAND_AGAIN ? clock_left(wait_deadline(e, clock_ms())) : 0;
}

const struct expand_totals *
expand_totals(const struct expand *e)
{
	return &e->totals;
}

/* --- the interface --- */

/* A descriptor of the same file that can only be read, and has its own offset, which libgmime moves. -1 with errno. */
static int
read_only(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

static void
set_limits(struct expand *e, const struct expand_limits *given)
{
	struct expand_limits *l = &e->limits;

	*l = given ? *given : usual;
	l->members = l->members ? l->members : usual.members;
	l->bytes = l->bytes ? l->bytes : usual.bytes;
	l->member_bytes = l->member_bytes ? l->member_bytes : usual.member_bytes;
	l->ratio = l->ratio ? l->ratio : usual.ratio;
	l->free = l->free ? l->free : usual.free;
	l->stall = l->stall > 0 ? l->stall : usual.stall;
}

struct expand *
expand_open(int archive_fd, const struct expand_limits *limits)
{
	struct expand *e;
	struct stat st;
	int fd;

	if (fstat(archive_fd, &st) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return NULL;
	}
	fd = read_only(archive_fd);
	if (fd < 0)
		return NULL;
	e = buf_alloc(sizeof(*e));
	e->helper = (struct helper){.program = "bi-expand", .socket = -1};
	e->fd = fd;
	e->packed = (uint64_t)st.st_size;
	set_limits(e, limits);
	if (helper_start(&e->helper) < 0 || helper_send(&e->helper, "expand 0", 8, &fd, 1) < 0) {
		expand_close(e);
		return NULL;
	}
	return e;
}

void
expand_close(struct expand *e)
{
	if (!e)
		return;
	helper_stop(&e->helper);
	file_close(e->fd, 0);
	buf_free(&e->path);
	free(e);
}

bool
expand_is_archive(const char *mime)
{
	return expand_is_mail(mime) ||
	       word_is_one_of(mime, "application/gzip", "application/vnd.ms-cab-compressed", "application/vnd.rar",
			      "application/x-7z-compressed", "application/x-archive", "application/x-bzip2",
			      "application/x-compress", "application/x-cpio", "application/x-iso9660-image",
			      "application/x-lha", "application/x-lz4", "application/x-lzh-compressed",
			      "application/x-lzip", "application/x-lzma", "application/x-rar", "application/x-tar",
			      "application/x-xar", "application/x-xz", "application/zip", "application/zstd");
}

void
expand_add_charset(struct json_object *o, const struct expand_member *m)
{
	char digits[16];

	json_object_object_del(o, "member_charset");
	json_object_object_del(o, "member_charset_confidence");
	if (!m->charset)
		return;
	snprintf(digits, sizeof(digits), "%.2f", m->confidence);
	rec_add_string(o, "member_charset", m->charset);
	json_object_object_add(o, "member_charset_confidence", json_object_new_double_s(m->confidence, digits));
}

bool
expand_is_mail(const char *mime)
{
	return word_is_one_of(mime, "application/mbox", "message/rfc822", "message/news");
}
