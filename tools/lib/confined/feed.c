#include "confined/feed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/utf8.h"
#include "confined/helper.h"
#include "files/file.h"
#include "records/rec.h"

enum { PATIENCE = 60 * 1000, ANSWER = 256 };

struct feed {
	struct helper helper;
	int in, out; /* the document, and the result of parsing it */
	int64_t until;
	unsigned tries;
	struct buf text;
	size_t at; /* where in TEXT the next line begins */
};

const char *const feed_from[] = {"loc", "image:loc", "video:content_loc", "link", "enclosure", "media:content", NULL};

static int
ask_helper(struct feed *f)
{
	static const char request[] = "\n\n\n";
	int fds[2];

	file_close(f->out, 0);
	f->out = memfd_create("feed", MFD_CLOEXEC);
	if (f->out < 0 || helper_start(&f->helper) < 0)
		return -1;
	fds[0] = f->in;
	fds[1] = f->out;
	f->until = clock_ms() + PATIENCE;
	return helper_send(&f->helper, request, sizeof(request) - 1, fds, 2);
}

struct feed *
feed_open(int fd)
{
	struct feed *f = buf_alloc(sizeof(*f));

	*f = (struct feed){.helper = {.program = "bi-parse", .mode = "feed", .socket = -1}, .in = fd, .out = -1};
	if (ask_helper(f) == 0)
		return f;
	feed_close(f);
	return NULL;
}

void
feed_close(struct feed *f)
{
	if (!f)
		return;
	helper_stop(&f->helper);
	file_close(f->out, 0);
	buf_free(&f->text);
	free(f);
}

int
feed_fd(const struct feed *f)
{
	return f->helper.socket;
}

/* Reads the result, whose length is in the answer. */
static int
take_text(struct feed *f, const char *answer)
{
	unsigned long long images, n, meta;
	struct stat st;
	char end;

	if (sscanf(answer, "done %llu %llu %llu%c", &images, &n, &meta, &end) != 3 || images != 0 ||
	    n > 2 * FEED_TEXT || fstat(f->out, &st) < 0 || (unsigned long long)st.st_size < n)
		return -1;
	if (file_read_exactly(f->out, buf_room(&f->text, (size_t)n), (size_t)n, 0) < 0)
		return -1;
	f->text.len = (size_t)n;
	f->text.data[n] = '\0';
	return strlen(f->text.data) == n ? 1 : -1;
}

/* Handles a missing or invalid answer. 0: the request is sent again. */
static int
fail(struct feed *f, enum helper_sign sign, char why[FEED_WHY])
{
	struct helper_end end = helper_fail(&f->helper, sign);

	if (end.ours && ++f->tries < HELPER_TRIES && ask_helper(f) == 0)
		return 0;
	snprintf(why, FEED_WHY, "%s",
		 end.ours               ? "bi-parse, which reads it, " HELPER_TROUBLE ", again and again"
		 : sign == HELPER_LATE  ? "reading it took more than a minute"
		 : end.code == EX_OSERR ? "reading it took too much memory"
		 : sign == HELPER_GONE  ? "reading it ended the process that did so"
					: "the process that reads it gave an answer that makes no sense");
	return end.ours ? FEED_TROUBLE : -1;
}

int
feed_go_on(struct feed *f, char why[FEED_WHY])
{
	char answer[ANSWER];
	ssize_t n = helper_receive(&f->helper, answer, sizeof(answer));
	const char *words;

	if (n < 0 && errno == EAGAIN)
		return clock_ms() > f->until ? fail(f, HELPER_LATE, why) : 0;
	if (n <= 0)
		return fail(f, HELPER_GONE, why);
	if (strncmp(answer, "failed ", 7) == 0 && (words = strchr(answer + 7, ' '))) {
		snprintf(why, FEED_WHY, "%s", words + 1);
		utf8_make_line(why);
		return strncmp(answer + 7, "unread ", 7) == 0 ? FEED_TROUBLE : -1;
	}
	return strlen(answer) == (size_t)n && take_text(f, answer) > 0 ? 1 : fail(f, HELPER_NONSENSE, why);
}

/* Copies the valid members of an entry, which is untrusted because it was made from hostile bytes. */
static struct json_object *
check_entry(struct json_object *o)
{
	static const char *const keys[] = {"from", "url", "title", "page", "license_url", "author"};
	struct json_object *entry = json_object_new_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (rec_string(o, keys[i]))
			rec_add_string(entry, keys[i], rec_string(o, keys[i]));
	if (json_object_get_boolean(json_object_object_get(o, "others")))
		json_object_object_add(entry, "others", json_object_new_boolean(1));
	json_object_put(o);
	return entry;
}

struct json_object *
feed_next(struct feed *f)
{
	while (f->at < f->text.len) {
		const char *line = f->text.data + f->at;
		size_t n = strcspn(line, "\n");
		struct json_object *o = rec_parse(line, n, NULL, 0);

		f->at += n + 1;
		if (json_object_is_type(o, json_type_object))
			return check_entry(o);
		json_object_put(o);
	}
	return NULL;
}
