#include "argv.h"

#include <stdint.h>
#include <stdio.h>

void
argv_add(struct argv *w, const char *option, const char *value)
{
	w->v[w->n++] = (char *)(uintptr_t)option;
	if (value)
		w->v[w->n++] = (char *)(uintptr_t)value;
}

void
argv_add_api(struct argv *w, const struct serve *s)
{
	snprintf(w->batch, sizeof(w->batch), "%zu", s->bounds.batch);
	snprintf(w->upload, sizeof(w->upload), "%llu", (unsigned long long)s->bounds.upload);
	snprintf(w->sync, sizeof(w->sync), "%.3f", (double)s->bounds.sync_ms / 1000);
	argv_add(w, "--max-batch", w->batch);
	argv_add(w, "--max-upload", w->upload);
	argv_add(w, "--sync-timeout", w->sync);
	for (size_t i = 0; i < s->origins_n; i++)
		argv_add(w, "--allow-origin", s->origins[i]);
	if (s->csrf_cookie)
		argv_add(w, "--csrf-cookie", NULL);
}
