#include "render_state.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/msg.h"

enum { PROGRESS_MS = 100 };

void
render_show_progress(struct render *r, const char *what, uint32_t done, uint32_t of)
{
	char line[BATCH_NAME_MAX + 80];
	int64_t now;

	if (!r->terminal || (now = clock_ms()) < r->next_progress)
		return;
	r->next_progress = now + PROGRESS_MS;
	snprintf(line, sizeof(line), "%s: %u of %u %s", batch_name(r->batch), done, of, what);
	msg_progress(line);
}
