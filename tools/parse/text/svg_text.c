#include "text/svg_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/words.h"
#include "xml.h"

enum { SWITCHES = 16 };

struct svg {
	struct doc *d;
	unsigned depth;  /* of open elements */
	unsigned ignore; /* depth below one that is not shown */
	unsigned shown;  /* open elements that have text */
	bool linked;
	struct {
		unsigned depth;
		size_t bytes; /* of text before it */
	} switches[SWITCHES]; /* of their children the first with text is shown */
	unsigned switch_count;
	char *y; /* of the last line of text */
	struct buf title;
	bool in_title, in_description;
};

static bool
is_hidden(const char **attributes)
{
	const char *display = xml_attribute(attributes, "display"), *style = xml_attribute(attributes, "style"),
		   *visibility = xml_attribute(attributes, "visibility");

	return (display && strcmp(display, "none") == 0) || (visibility && strcmp(visibility, "hidden") == 0) ||
	       (style && (strstr(style, "display:none") || strstr(style, "display: none") ||
			  strstr(style, "visibility:hidden")));
}

/* Whether another child of a switch is shown already. */
static bool
is_alternative(const struct svg *x)
{
	unsigned last = x->switch_count;

	return last > 0 && last <= SWITCHES && x->depth == x->switches[last - 1].depth + 1 &&
	       x->d->md.bytes > x->switches[last - 1].bytes;
}

static void
begin_switch(struct svg *x)
{
	if (x->switch_count < SWITCHES) {
		x->switches[x->switch_count].depth = x->depth;
		x->switches[x->switch_count].bytes = x->d->md.bytes;
	}
	x->switch_count++;
}

/* Another line of a text: the place from above has changed. */
static void
begin_span(struct svg *x, const char **attributes)
{
	const char *y = xml_attribute(attributes, "y"), *dy = xml_attribute(attributes, "dy");

	if ((dy && strtod(dy, NULL) != 0) || (y && x->y && strcmp(y, x->y) != 0))
		x->d->md.space = true;
	if (y) {
		free(x->y);
		x->y = buf_strdup(y);
	}
}

static void
begin_text(struct svg *x, const char **attributes)
{
	const char *y = xml_attribute(attributes, "y");

	if (x->shown++ == 0)
		md_block(&x->d->md);
	free(x->y);
	x->y = y ? buf_strdup(y) : NULL;
}

static void
begin_link(struct svg *x, const char **attributes)
{
	const char *href = xml_attribute(attributes, "href");

	if (x->linked || !href || (strncasecmp(href, "http://", 7) != 0 && strncasecmp(href, "https://", 8) != 0))
		return;
	doc_link(x->d, href, NULL);
	md_open(&x->d->md, MD_LINK, href);
	x->linked = true;
}

static bool
has_text(const char *name)
{
	return word_is_one_of(name, "text", "title", "desc", "foreignObject", "flowRoot");
}

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct svg *x = arg;

	x->depth++;
	if (x->ignore || word_is_one_of(name, "style", "script", "metadata") || is_hidden(attributes) ||
	    is_alternative(x)) {
		x->ignore++;
	} else if (has_text(name)) {
		begin_text(x, attributes);
		x->in_title = x->depth == 2 && strcmp(name, "title") == 0;
		x->in_description = x->depth == 2 && strcmp(name, "desc") == 0;
		if (x->in_title)
			md_heading(&x->d->md, 1);
	} else if (strcmp(name, "switch") == 0)
		begin_switch(x);
	else if (strcmp(name, "a") == 0)
		begin_link(x, attributes);
	else if (strcmp(name, "tspan") == 0)
		begin_span(x, attributes);
	else if (x->shown && word_is_one_of(name, "div", "p", "li", "br", "h1", "h2", "h3", "flowPara"))
		md_block(&x->d->md);
}

static void
end_text(struct svg *x)
{
	if (x->in_title)
		doc_set_string(&x->d->title, x->title.data);
	else if (x->in_description)
		doc_set_string(&x->d->description, x->title.data);
	x->in_title = x->in_description = false;
	buf_clear(&x->title);
	x->shown -= x->shown > 0;
	if (x->shown == 0)
		md_block(&x->d->md);
}

static void
on_end(void *arg, const char *name)
{
	struct svg *x = arg;

	x->depth--;
	if (x->ignore)
		x->ignore--;
	else if (has_text(name))
		end_text(x);
	else if (strcmp(name, "switch") == 0)
		x->switch_count -= x->switch_count > 0;
	else if (strcmp(name, "a") == 0 && x->linked) {
		md_close(&x->d->md, MD_LINK);
		x->linked = false;
	} else if (x->shown && word_is_one_of(name, "div", "p", "li"))
		md_block(&x->d->md);
}

static void
on_text(void *arg, const char *s, size_t n)
{
	struct svg *x = arg;

	if (!x->shown || x->ignore)
		return;
	md_text(&x->d->md, s, n);
	if ((x->in_title || x->in_description) && x->title.len < DOC_LINE)
		buf_add(&x->title, s, n);
}

void
svg_text_put(const char *bytes, size_t n, struct doc *d)
{
	struct svg x = {.d = d};

	if (!xml_read(&(struct xml_reader){.begin = on_begin, .end = on_end, .text = on_text, .arg = &x}, bytes, n))
		d->truncated = true;
	md_block(&d->md);
	free(x.y);
	buf_free(&x.title);
}
