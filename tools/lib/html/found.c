#include "html/found.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "confined/media.h"
#include "html/url.h"

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

char *
found_title(const char *text)
{
	return utf8_copy_line(text ? text : "", text ? strlen(text) : 0, MEDIA_TITLE - 1);
}

void
found_note_stream(struct found *s, char *url)
{
	if (s->out->stream)
		free(url);
	else
		s->out->stream = url;
}

void
found_add_url(struct found *s, const char *kind, const char *from, char *url, const char *title)
{
	struct find *f = s->out;

	if (url && url_is_stream(url)) {
		found_note_stream(s, url);
		return;
	}
	if (!url || f->count >= s->most || tfind(url, &s->seen, by_text)) {
		free(url);
		return;
	}
	if ((f->count & (f->count - 1)) == 0)
		f->media = buf_realloc(f->media, (f->count ? f->count * 2 : 1) * sizeof(*f->media));
	f->media[f->count++] = (struct find_one){.url = url, .title = found_title(title), .kind = kind, .from = from};
	tsearch(url, &s->seen, by_text);
}

void
found_add_text(struct found *s, const char *kind, const char *from, const char *text, const char *title)
{
	if (text)
		found_add_url(s, kind, from, url_resolve(s->base, text, strlen(text)), title);
}

void
found_drop_last(struct found *s)
{
	struct find_one *one = &s->out->media[--s->out->count];

	tdelete(one->url, &s->seen, by_text);
	free(one->url);
	free(one->title);
}

static void
keep_url(void *url)
{
	(void)url;
}

void
found_end(struct found *s)
{
	tdestroy(s->seen, keep_url);
	curl_url_cleanup(s->base);
}
