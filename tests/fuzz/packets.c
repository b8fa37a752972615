/* fuzz: tools/lib/confined/expand_packets.c tools/lib/base/member.c */
#include "confined/expand_packets.h"

#include "fuzz.h"

#include "base/utf8.h"

static bool
is_printable(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return !*text;
}

static void
check(const struct expand *e, enum expand_event event, const struct expand_member *m)
{
	const struct expand_totals *t = &e->totals;

	FUZZ_WANT(t->bytes <= e->limits.bytes && e->member_bytes <= e->limits.member_bytes);
	FUZZ_WANT(e->entries <= e->limits.members && t->members + t->damaged + t->refused <= e->entries);
	FUZZ_WANT(event != EXPAND_BYTES || (m->bytes && m->len > 0));
	FUZZ_WANT(event != EXPAND_MEMBER || (*m->path && *m->path != '/' && m->size >= -1));
	if (event == EXPAND_MEMBER || event == EXPAND_REFUSED)
		FUZZ_WANT(utf8_valid_length(m->path, strlen(m->path)) == strlen(m->path));
	if (event == EXPAND_REFUSED || event == EXPAND_MEMBER_FAILED)
		FUZZ_WANT(m->code && is_printable(m->message));
	FUZZ_WANT(event != EXPAND_FAILED || (e->code && *e->words && is_printable(e->words)));
}

/* A line is a packet of what unpacks an archive. A packet that has another process go on is left out. */
FUZZ(packets, NULL)
{
	static struct expand e;
	enum expand_event event = EXPAND_AGAIN;

	e = (struct expand){.helper.socket = -1, .fd = -1, .packed = 20};
	e.limits = (struct expand_limits){.members = 20, .bytes = 1000, .member_bytes = 500, .ratio = 10, .free = 200};
	for (const char *at = bytes, *end = bytes + n, *next; at < end && event < EXPAND_END; at = next + 1) {
		struct expand_member m = {.size = -1};
		size_t len;

		next = memchr(at, '\n', (size_t)(end - at));
		next = next ? next : end;
		len = (size_t)(next - at);
		if (len == 0 || *at == 'R' || len >= sizeof(e.packet))
			continue;
		memcpy(e.packet, at, len);
		e.packet[len] = '\0';
		event = expand_handle_packet(&e, len, &m);
		check(&e, event, &m);
	}
	buf_free(&e.path);
}
