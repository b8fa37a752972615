#include "waits.h"

#include <time.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/when.h"

enum {
	SHOWN_MS = 1000,       /* shorter waits are not shown */
	SAID_MS = 30 * 1000,   /* or said */
	SILENT_MS = 30 * 1000, /* after a line */
	SAME_MS = 2000,        /* two ends that differ by less are of one wait */
};

static const char *
print_end(const struct host *h, char room[WHEN_LOCAL_SIZE])
{
	int64_t left = h->held_until - clock_ms();

	return when_print_local(room, time(NULL) + (time_t)((left > 0 ? left : 0) + 999) / 1000);
}

void
waits_describe(const struct host_table *hosts, struct buf *out)
{
	struct host_waits waits = host_table_waits(hosts, SHOWN_MS);
	char until[WHEN_LOCAL_SIZE];
	unsigned others = waits.count - 1;

	if (waits.count == 0)
		return;
	if (!waits.held) {
		buf_printf(out, "%u host%s waiting", waits.count, waits.count == 1 ? "" : "s");
		return;
	}
	buf_printf(out, "waiting for %.80s until %s", waits.held->name, print_end(waits.held, until));
	if (others)
		buf_printf(out, " and %u other%s", others, others == 1 ? "" : "s");
}

void
waits_say(struct waits *w, const struct host_table *hosts)
{
	const struct host *h = host_table_waits(hosts, SAID_MS).held;
	int64_t now = clock_ms(), change;
	struct buf line = {0};

	if (!h || (w->said && now - w->said < SILENT_MS))
		return;
	change = h->held_until - w->until;
	if (w->said && change < SAME_MS && change > -SAME_MS)
		return;
	w->said = now;
	w->until = h->held_until;
	waits_describe(hosts, &line);
	msg_warn("%s, as %s: `bi-clean release %s` ends this wait", line.data,
		 h->retry_after[0] ? "it asks by Retry-After" : "it is held back", h->name);
	buf_free(&line);
}
