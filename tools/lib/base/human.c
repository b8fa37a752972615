#include "base/human.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

const char *
human_bytes(char *room, double bytes)
{
	static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
	size_t u = 0;

	while (bytes >= 999.5 && u + 1 < sizeof(units) / sizeof(*units)) {
		bytes /= 1000;
		u++;
	}
	snprintf(room, HUMAN_ROOM, bytes < 9.95 && u > 0 ? "%.1f %s" : "%.0f %s", bytes, units[u]);
	return room;
}

const char *
human_span(char *room, double seconds)
{
	uint64_t s = seconds < 0 ? 0 : seconds > 1e12 ? (uint64_t)1e12 : (uint64_t)(seconds + 0.5);

	if (s < MINUTE)
		snprintf(room, HUMAN_ROOM, "%" PRIu64 " s", s);
	else if (s < HOUR)
		snprintf(room, HUMAN_ROOM, "%" PRIu64 ":%02" PRIu64 " min", s / MINUTE, s % MINUTE);
	else if (s < 2 * DAY)
		snprintf(room, HUMAN_ROOM, "%" PRIu64 ":%02" PRIu64 " h", s / HOUR, s / MINUTE % MINUTE);
	else
		snprintf(room, HUMAN_ROOM, "%" PRIu64 " days", (s + DAY / 2) / DAY);
	return room;
}

size_t
human_escape(char *text, size_t n)
{
	size_t from = 0, to = 0;
	uint32_t c;

	while (from < n) {
		size_t len = utf8_decode(text + from, n - from, &c);
		enum utf8_class class = len ? utf8_class_of(c) : UTF8_CONTROL;

		if (class == UTF8_TEXT || class == UTF8_UNSEEN) {
			memmove(text + to, text + from, len);
			to += len;
		} else {
			text[to++] = '?';
		}
		from += len ? len : 1;
	}
	return to;
}

void
human_text(struct buf *out, const char *text)
{
	size_t start = out->len;

	buf_str(out, text);
	out->len = start + human_escape(out->data + start, out->len - start);
	out->data[out->len] = '\0';
}

void
human_lines(struct buf *out, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n\t"), start = out->len;

		buf_add(out, text, n);
		out->len = start + human_escape(out->data + start, n);
		buf_add(out, text + n, text[n] != '\0');
		text += n + (text[n] != '\0');
	}
}

void
human_print(const char *fmt, ...)
{
	struct buf line = {0};
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&line, fmt, ap);
	va_end(ap);
	line.len = human_escape(line.data, line.len);
	buf_str(&line, "\n");
	fwrite(line.data, 1, line.len, stdout); /* msg_finish() sees whether it could be written */
	buf_free(&line);
}
