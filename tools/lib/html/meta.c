#include "html/meta.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "hosts/optout.h"
#include "html/refresh.h"
#include "html/tree.h"
#include "html/url.h"

/* Meta properties that name a file. */
struct property {
	const char *name, *kind, *from;
};

static const struct property properties[] = {
	{"og:image", "image", "og:image"},
	{"og:image:url", "image", "og:image"},
	{"og:image:secure_url", "image", "og:image:secure_url"},
	{"og:video", "video", "og:video"},
	{"og:video:url", "video", "og:video"},
	{"og:video:secure_url", "video", "og:video:secure_url"},
	{"og:audio", "audio", "og:audio"},
	{"og:audio:url", "audio", "og:audio"},
	{"og:audio:secure_url", "audio", "og:audio:secure_url"},
	{"twitter:image", "image", "twitter:image"},
	{"twitter:image:src", "image", "twitter:image"},
};

static bool
begins_with(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* og:image:secure_url repeats og:image if only the scheme differs. */
static void
forget_insecure(struct found *s, const char *kind, const char *secure)
{
	struct find_one *last = s->out->count ? &s->out->media[s->out->count - 1] : NULL;
	char *url = last ? url_resolve(s->base, secure, strlen(secure)) : NULL;

	if (url && begins_with(last->from, "og:") && strcmp(last->kind, kind) == 0 &&
	    begins_with(last->url, "http://") && begins_with(url, "https://") && strcmp(last->url + 7, url + 8) == 0)
		found_drop_last(s);
	free(url);
}

/* Properties that describe the file of the property before them. */
static void
describe_last(struct found *s, const char *name, const char *content)
{
	struct find_one *last = s->out->count ? &s->out->media[s->out->count - 1] : NULL;
	bool alt = (last && strcasecmp(name, "og:image:alt") == 0 && begins_with(last->from, "og:image")) ||
		   (last && strcasecmp(name, "twitter:image:alt") == 0 && begins_with(last->from, "twitter:"));

	if (alt && !*last->title) {
		free(last->title);
		last->title = found_title(content);
	}
	if (strcasecmp(name, "og:video") == 0)
		s->video = s->out->count;
	if (strcasecmp(name, "og:video:type") != 0)
		return;
	/* a page with a player, not a video; or a stream */
	while ((strncasecmp(content, "text/html", 9) == 0 || url_is_stream_type(content)) && s->out->count > s->video &&
	       begins_with(s->out->media[s->out->count - 1].from, "og:video")) {
		if (url_is_stream_type(content))
			found_note_stream(s, buf_strdup(s->out->media[s->out->count - 1].url));
		found_drop_last(s);
	}
	s->video = s->out->count;
}

/* Stores the page that browsers load instead of this one. */
static void
look_at_refresh(struct found *s, const GumboNode *e, const char *content)
{
	const char *text;
	size_t n;
	char *url;

	if (s->refreshes || e->parent->type == GUMBO_NODE_TEMPLATE || !refresh_parse(content, &text, &n))
		return;
	s->refreshes = true;
	url = text ? url_resolve(s->base, text, n) : NULL;
	if (url && !url_is_same(url, s->page))
		s->out->refresh = url;
	else
		free(url);
}

void
meta_look(struct found *s, const GumboNode *e)
{
	const char *content = tree_attribute(e, "content"), *name = tree_attribute(e, "property");
	const char *equiv = tree_attribute(e, "http-equiv");

	if (equiv && content && strcasecmp(equiv, "refresh") == 0)
		look_at_refresh(s, e, content);
	if (!name)
		name = tree_attribute(e, "name");
	if (!name || !content)
		return;
	if (!s->out->rule)
		s->out->rule = optout_meta(name, content, OPTOUT_AGENT);
	describe_last(s, name, content);
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (strcasecmp(name, properties[i].name) == 0) {
			if (strstr(properties[i].from, "secure_url"))
				forget_insecure(s, properties[i].kind, content);
			found_add_text(s, properties[i].kind, properties[i].from, content, NULL);
		}
}
