#include "media_helper.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/msg.h"
#include "charsets/charset.h"
#include "confined/confine.h"
#include "confined/helper.h"
#include "confined/media.h"
#include "files/file.h"
#include "html/find.h"
#include "html/tree.h"

enum {
	REQUEST = MEDIA_URL + MEDIA_TITLE + 64,
	SECONDS_MAX = 20, /* of processor time for one page; tree.c has a lower limit, at which the process continues */
};

static const struct confine_limits limits = {.memory = 768 << 20, .files = 64};

struct request {
	int page;
	size_t most;
	const char *url, *type; /* in text */
	char text[REQUEST + 1];
};

struct server {
	struct charsets *charsets;
	struct tree *tree;
	struct buf raw, utf8; /* the page, and its conversion to UTF-8 if it has another character set */
};

/* Reads one request. 1, 0 at end-of-file, -1 for an invalid request. */
static int
receive(struct request *r)
{
	char *at = r->text, *most, *url, *type;
	ssize_t n = helper_next_request(r->text, sizeof(r->text), &r->page, 1);

	if (n <= 0)
		return (int)n;
	most = strsep(&at, "\n");
	url = strsep(&at, "\n");
	type = strsep(&at, "\n");
	if (!url || !type || !at)
		return -1;
	r->most = strtoul(most, NULL, 10);
	r->url = url;
	r->type = type;
	return 1;
}

static const char unread[] = "unread it cannot be read";

/* Reads the page from its beginning, at most MEDIA_PAGE bytes. NULL, or a message if it cannot be read; UNREAD has
 * errno. */
static const char *
read_page(int fd, struct buf *page, bool *cut)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return unread;
	if (!S_ISREG(st.st_mode))
		return "failed it is no file of bytes";
	buf_clear(page);
	n = file_read_at(fd, buf_room(page, MEDIA_PAGE + 1), MEDIA_PAGE + 1, 0);
	if (n < 0)
		return unread;
	*cut = n > MEDIA_PAGE;
	page->len = *cut ? MEDIA_PAGE : (size_t)n;
	page->data[page->len] = '\0';
	return page->len ? NULL : "failed it is empty";
}

/* The page as UTF-8. */
static const struct buf *
decode(struct server *s, const char *type)
{
	size_t mark;
	int charset = tree_charset(s->tree, s->charsets, &s->raw, type, &mark);

	if (charset < 0) {
		buf_drop(&s->raw, mark);
		return &s->raw;
	}
	charset_convert(s->charsets, charset, s->raw.data + mark, s->raw.len - mark, &s->utf8);
	return &s->utf8;
}

/* Sends one line about the page. False if the other end is closed. */
static bool
say_line(const char *name, const char *text)
{
	struct buf packet = {0};
	bool heard;

	if (!text)
		return true;
	buf_printf(&packet, "%s\n%s", name, text);
	heard = helper_send_answer(packet.data, packet.len, NULL, 0);
	buf_free(&packet);
	return heard;
}

/* Sends all packets of one answer. False if the other end is closed. */
static bool
say_found(const struct find *f, bool cut)
{
	struct buf packet = {0};
	bool heard = true;

	for (size_t i = 0; i < f->count && heard; i++) {
		const struct find_one *one = &f->media[i];

		buf_clear(&packet);
		buf_printf(&packet, "media\n%s\n%s\n%s\n%s", one->kind, one->from, one->url, one->title);
		heard = helper_send_answer(packet.data, packet.len, NULL, 0);
	}
	buf_free(&packet);
	heard = heard && say_line("rule", f->rule) && say_line("stream", f->stream) && say_line("refresh", f->refresh);
	return heard && (cut ? helper_send_answer("done cut", 8, NULL, 0) : helper_send_answer("done", 4, NULL, 0));
}

/* Handles one page. False if the other end is closed. */
static bool
answer(struct server *s, const struct request *r)
{
	struct find found = {0};
	const GumboNode *document;
	const struct buf *text;
	bool long_page = false, cut = false, heard;
	const char *wrong = read_page(r->page, &s->raw, &long_page);

	if (wrong) {
		char packet[MEDIA_WHY];
		int n = wrong == unread ? snprintf(packet, sizeof(packet), "%s: %s", wrong, strerror(errno))
					: snprintf(packet, sizeof(packet), "%s", wrong);

		return n > 0 && helper_send_answer(packet, (size_t)n, NULL, 0);
	}
	text = decode(s, r->type);
	document = tree_parse(s->tree, text->data, text->len, &cut);
	if (document)
		find_media(document, r->url, r->most, &found);
	heard = say_found(&found, long_page || cut);
	find_free(&found);
	tree_drop(s->tree);
	buf_free(&s->raw);
	buf_free(&s->utf8);
	return heard;
}

/* The process ends with _exit: nothing is left to write, and the exit handlers of a sanitizer make calls that are not
 * allowed here. */
_Noreturn void
media_serve(void)
{
	struct server s = {0};
	struct request r;
	int got;

	helper_require_socket();
	/* libcurl reads host names in the character set of the locale, to make their ASCII form. */
	msg_use_utf8();
	s.charsets = charset_open();
	s.tree = tree_new();
	helper_confine(&limits);
	while ((got = receive(&r)) > 0) {
		bool heard;

		helper_limit_seconds(SECONDS_MAX);
		heard = answer(&s, &r);
		helper_limit_seconds(0);
		close(r.page);
		if (!heard)
			break;
	}
	_exit(got == 0 ? EX_ALL_WELL : EX_OSERR);
}
