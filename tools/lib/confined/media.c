#include "confined/media.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "confined/helper.h"

enum { PATIENCE = 30 * 1000, PACKET = MEDIA_URL + MEDIA_TITLE + 128 };

struct media {
	struct helper helper;
};

static const char *const kinds[] = {"image", "video", "audio", NULL};
static const char *const sources[] = {"og:image",      "og:image:secure_url",
				      "og:video",      "og:video:secure_url",
				      "og:audio",      "og:audio:secure_url",
				      "twitter:image", "image_src",
				      "json-ld",       "img",
				      "srcset",        "data-src",
				      "data-srcset",   "picture",
				      "video",         "audio",
				      "source",        "poster",
				      "link",          "css",
				      "object",        "embed",
				      "input",         "amp-img",
				      "amp-video",     "amp-audio",
				      "svg",           NULL};

struct media *
media_open(void)
{
	struct media *m = buf_alloc(sizeof(*m));

	m->helper = (struct helper){.program = "bi-media", .socket = -1};
	if (helper_start(&m->helper) == 0)
		return m;
	free(m);
	return NULL;
}

void
media_close(struct media *m)
{
	if (!m)
		return;
	helper_stop(&m->helper);
	free(m);
}

void
media_free(struct media_found *out)
{
	for (size_t i = 0; i < out->count; i++) {
		free(out->media[i].url);
		free(out->media[i].title);
	}
	free(out->media);
	free(out->stream);
	free(out->refresh);
	out->stream = out->refresh = NULL;
	out->media = NULL;
	out->count = 0;
}

/* Appends TEXT as one line of the request. */
static void
add_line(struct buf *b, const char *text)
{
	for (; text && *text; text++)
		if (*text != '\n' && *text != '\r')
			buf_add(b, text, 1);
	buf_str(b, "\n");
}

static const char *
one_of(const char *const *list, const char *word)
{
	while (*list && strcmp(*list, word) != 0)
		list++;
	return *list;
}

bool
media_is_url(const char *s)
{
	if (strlen(s) >= MEDIA_URL || (strncmp(s, "http://", 7) != 0 && strncmp(s, "https://", 8) != 0))
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

/* Text that can be shown: UTF-8, without control characters, at most MEDIA_TITLE bytes. */
static void
tidy_title(char *text)
{
	if (strlen(text) >= MEDIA_TITLE)
		text[MEDIA_TITLE - 1] = '\0';
	utf8_make_line(text);
}

/* Parses the lines after "media\n". False: bi-media sends no such answer. */
static bool
take_media(struct media_found *out, char *lines, size_t most)
{
	char *part[4];
	struct media_one one = {0};

	for (size_t i = 0; i < 4; i++)
		if (!(part[i] = strsep(&lines, "\n")))
			return false;
	one.kind = one_of(kinds, part[0]);
	one.from = one_of(sources, part[1]);
	if (lines || !one.kind || !one.from || !media_is_url(part[2]) || out->count >= most)
		return false;
	tidy_title(part[3]);
	one.url = buf_strdup(part[2]);
	one.title = buf_strdup(part[3]);
	if ((out->count & (out->count - 1)) == 0)
		out->media = buf_realloc(out->media, (out->count ? out->count * 2 : 1) * sizeof(*out->media));
	out->media[out->count++] = one;
	return true;
}

/* Stores a URL about the whole page. False: it is invalid, or the second one. */
static bool
take_url(char **out, const char *url)
{
	if (*out || !media_is_url(url))
		return false;
	*out = buf_strdup(url);
	return true;
}

/* Handles a packet, which is checked because bi-media read hostile bytes. 1: it was the last one, 0: more will come,
 * -1: it is invalid. */
static int
take_packet(struct media_found *out, char *packet, size_t n, size_t most)
{
	if (strlen(packet) != n)
		return -1;
	if (strncmp(packet, "media\n", 6) == 0)
		return take_media(out, packet + 6, most) ? 0 : -1;
	if (strncmp(packet, "rule\n", 5) == 0) {
		if (n - 5 >= sizeof(out->rule))
			return -1;
		memcpy(out->rule, packet + 5, n - 5 + 1);
		tidy_title(out->rule);
		return 0;
	}
	if (strncmp(packet, "stream\n", 7) == 0)
		return take_url(&out->stream, packet + 7) ? 0 : -1;
	if (strncmp(packet, "refresh\n", 8) == 0)
		return take_url(&out->refresh, packet + 8) ? 0 : -1;
	if (strncmp(packet, "failed ", 7) == 0 || strncmp(packet, "unread ", 7) == 0) {
		out->trouble = *packet == 'u';
		snprintf(out->why, sizeof(out->why), "%.*s", MEDIA_WHY - 1, packet + 7);
		tidy_title(out->why);
		return 1;
	}
	out->cut = strcmp(packet, "done cut") == 0;
	return out->cut || strcmp(packet, "done") == 0 ? 1 : -1;
}

/* Receives all packets of an answer. NULL, or why there is no answer. */
static const char *
take_all(struct helper *h, struct media_found *out, size_t most, enum helper_sign *sign)
{
	int64_t until = clock_ms() + PATIENCE;
	char packet[PACKET];

	for (;;) {
		struct pollfd p = {.fd = h->socket, .events = POLLIN};
		int left = clock_left(until);
		ssize_t n;
		int rc;

		n = helper_receive(h, packet, sizeof(packet));
		*sign = HELPER_LATE;
		if (n < 0 && errno == EAGAIN) {
			if (left == 0)
				return "looking for its media took longer than a page may";
			if (poll(&p, 1, left) < 0 && errno != EINTR)
				return "the program that looks for its media cannot be waited for";
			continue;
		}
		*sign = HELPER_GONE;
		if (n <= 0)
			return "looking for its media ended the program that did so";
		*sign = HELPER_NONSENSE;
		rc = take_packet(out, packet, (size_t)n, most);
		if (rc < 0)
			return "the program that looks for its media said what makes no sense";
		if (rc > 0)
			return NULL;
	}
}

static int
ask_helper(struct media *m, const struct buf *request, int page_fd)
{
	for (int i = 0; i < 2; i++) {
		if (m->helper.socket < 0 && helper_start(&m->helper) < 0)
			return -1;
		if (helper_send(&m->helper, request->data, request->len, &page_fd, 1) == 0)
			return 0;
		helper_stop(&m->helper); /* it ended while it was idle */
	}
	errno = EAGAIN;
	return -1;
}

int
media_find(struct media *m, int page_fd, const char *url, const char *content_type, size_t most,
	   struct media_found *out)
{
	struct buf request = {0};
	enum helper_sign sign;
	const char *wrong;
	int rc, tries = 0;

	*out = (struct media_found){0};
	most = most > MEDIA_MAX ? MEDIA_MAX : most;
	buf_printf(&request, "%zu\n", most);
	add_line(&request, url && strlen(url) < MEDIA_URL ? url : "");
	add_line(&request, content_type && strlen(content_type) < MEDIA_TITLE ? content_type : "");
	do {
		media_free(out);
		*out = (struct media_found){0};
		rc = ask_helper(m, &request, page_fd);
		wrong = rc == 0 ? take_all(&m->helper, out, most, &sign) : NULL;
		if (wrong)
			out->trouble = helper_fail(&m->helper, sign).ours;
	} while (out->trouble && ++tries < HELPER_TRIES);
	buf_free(&request);
	if (rc < 0)
		return -1;
	if (wrong)
		snprintf(out->why, sizeof(out->why), "%s",
			 out->trouble ? "the program that looks for its media " HELPER_TROUBLE ", again and again"
				      : wrong);
	if (out->why[0] == '\0')
		return 0;
	media_free(out);
	return 1;
}
