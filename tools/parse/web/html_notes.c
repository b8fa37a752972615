#include "web/html_notes.h"

#include <string.h>
#include <strings.h>

/* Whether one of the words of an attribute is one of LIST, " word word ". */
static bool
has_word(const struct dom *d, uint32_t i, const char *attribute, const char *list)
{
	const char *at = dom_attribute(d, i, attribute);
	char word[40];

	while (at && *at) {
		size_t n = strcspn(at, " \t\n");

		if (n > 0 && n + 3 < sizeof(word)) {
			word[0] = ' ';
			memcpy(word + 1, at, n);
			memcpy(word + 1 + n, " ", 2);
			if (strcasestr(list, word))
				return true;
		}
		at += n + (at[n] != '\0');
	}
	return false;
}

bool
html_note_refers(const struct dom *d, uint32_t i)
{
	return dom_tag(d, i) == GUMBO_TAG_A && dom_attribute(d, i, "href") &&
	       (has_word(d, i, "epub:type", " noteref ") || has_word(d, i, "role", " doc-noteref "));
}

bool
html_note_is(const struct dom *d, uint32_t i)
{
	return dom_attribute(d, i, "id") && (has_word(d, i, "epub:type", " footnote endnote rearnote note ") ||
					     has_word(d, i, "role", " doc-footnote doc-endnote "));
}

bool
html_note_returns(const struct dom *d, uint32_t i)
{
	return dom_tag(d, i) == GUMBO_TAG_A &&
	       (has_word(d, i, "epub:type", " backlink ") || has_word(d, i, "role", " doc-backlink "));
}

bool
html_note_below(const struct dom *d, uint32_t i)
{
	for (uint32_t k = i; k < d->nodes[i].end; k++)
		if (html_note_refers(d, k))
			return true;
	return false;
}

void
html_notes_show(struct dom *d)
{
	for (uint32_t i = 1; i < d->count; i++) {
		if (!d->nodes[i].hidden || d->nodes[d->nodes[i].parent].hidden || !html_note_is(d, i))
			continue;
		for (uint32_t k = i; k < d->nodes[i].end; k++)
			d->nodes[k].hidden = false;
	}
}
