#include "human.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

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

void
human_text(struct buf *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f;

		buf_add(out, *p < 0x20 || *p == 0x7f || c1 ? "?" : (const char *)p, 1);
		p += c1;
	}
}
