#include "stream_source.h"

#include <string.h>

void
stream_source_set(struct stream_source *s, struct buf *text)
{
	if (s->version && s->text.len == text->len && memcmp(s->text.data, text->data, text->len) == 0) {
		buf_free(text);
		return;
	}
	buf_free(&s->text);
	s->text = *text;
	*text = (struct buf){0};
	s->version++;
}
