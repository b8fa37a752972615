/* What is within a line of OpenDocument: spans, links, pictures, text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "office/odf_internal.h"
#include "records/rec.h"
#include "xml.h"

void
odf_begin_span(struct odf *x, const char **attributes)
{
	const char *style = xml_attribute(attributes, "style-name");
	const char *flags = style ? rec_string(x->styles.flags, style) : NULL;

	if (x->spans < ODF_SPANS) {
		snprintf(x->flags[x->spans], sizeof(x->flags[0]), "%s", flags ? flags : "");
		if (flags && strchr(flags, 'b') && !x->md->heading)
			md_open(x->md, MD_STRONG, NULL);
		if (flags && strchr(flags, 'i'))
			md_open(x->md, MD_EMPHASIS, NULL);
		if (flags && strchr(flags, 's'))
			md_open(x->md, MD_DELETED, NULL);
		x->raised += strchr(x->flags[x->spans], '^') != NULL;
		x->lowered += strchr(x->flags[x->spans], '_') != NULL;
	}
	x->spans++;
}

void
odf_end_span(struct odf *x)
{
	const char *flags;

	if (x->spans == 0 || --x->spans >= ODF_SPANS)
		return;
	flags = x->flags[x->spans];
	x->raised -= strchr(flags, '^') != NULL;
	x->lowered -= strchr(flags, '_') != NULL;
	if (strchr(flags, 's'))
		md_close(x->md, MD_DELETED);
	if (strchr(flags, 'i'))
		md_close(x->md, MD_EMPHASIS);
	if (strchr(flags, 'b') && !x->md->heading)
		md_close(x->md, MD_STRONG);
}

void
odf_begin_link(struct odf *x, const char **attributes)
{
	const char *href = xml_attribute(attributes, "href");
	bool web = href && (strncmp(href, "http://", 7) == 0 || strncmp(href, "https://", 8) == 0);

	if (web)
		doc_link(x->d, href, NULL);
	if (web || (href && strncmp(href, "mailto:", 7) == 0))
		md_open(x->md, MD_LINK, href);
}

/* A frame has its picture first, and then the description. */
void
odf_begin_picture(struct odf *x, const char **attributes)
{
	const char *href = xml_attribute(attributes, "href");

	if (!href || x->picture)
		return;
	if (strncmp(href, "./", 2) == 0)
		href += 2;
	if (strncmp(href, "ObjectReplacements/", 19) != 0)
		x->picture = buf_strdup(href);
}

void
odf_end_frame(struct odf *x)
{
	const char *saved =
		x->picture && !x->frame_shown ? members_picture(x->m, x->saved, x->d, x->picture, x->alt.data) : NULL;

	if (saved)
		md_image(x->md, saved, x->alt.data);
	else if (x->picture && !x->frame_shown)
		doc_missing(x->d, "pictures");
	if (x->picture && !saved && x->alt.len > 0)
		md_text(x->md, x->alt.data, x->alt.len);
	free(x->picture);
	x->picture = NULL;
	x->frame_shown = false;
	buf_clear(&x->alt);
}

void
odf_put_blanks(struct odf *x, char blank, const char *count)
{
	long n = count ? strtol(count, NULL, 10) : 1;

	if (!x->code)
		md_text(x->md, " ", 1);
	for (; x->code && n > 0 && n < ODF_SPANS; n--)
		buf_add(&x->lines, &blank, 1);
}

void
odf_put_text(struct odf *x, const char *s, size_t n)
{
	struct buf text = {0};

	if (!x->raised && !x->lowered) {
		md_text(x->md, s, n);
		return;
	}
	buf_add(&text, s, n);
	script_text_put(x->md, x->raised ? SCRIPT_SUPER : SCRIPT_SUB, text.data);
	buf_free(&text);
}
