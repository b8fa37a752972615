#include "argv.h"

#include <stdint.h>
#include <stdio.h>

void
words_add(struct words *w, const char *option, const char *value)
{
	w->v[w->n++] = (char *)(uintptr_t)option;
	if (value)
		w->v[w->n++] = (char *)(uintptr_t)value;
}

void
words_add_api(struct words *w, const struct serve *s)
{
	snprintf(w->batch, sizeof(w->batch), "%zu", s->bounds.batch);
	snprintf(w->upload, sizeof(w->upload), "%llu", (unsigned long long)s->bounds.upload);
	snprintf(w->sync, sizeof(w->sync), "%.3f", (double)s->bounds.sync_ms / 1000);
	words_add(w, "--max-batch", w->batch);
	words_add(w, "--max-upload", w->upload);
	words_add(w, "--sync-timeout", w->sync);
	for (size_t i = 0; i < s->origins_n; i++)
		words_add(w, "--allow-origin", s->origins[i]);
	if (s->csrf_cookie)
		words_add(w, "--csrf-cookie", NULL);
}
