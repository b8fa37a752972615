#include "web/part_signs.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/words.h"

enum { ADDRESS = 160 };

/* Parts of the addresses that links lead to. */
static const char *const shares[] = {
	"facebook.com/sharer", "facebook.com/dialog", "facebook.com/share", "twitter.com/intent",
	"twitter.com/share",   "x.com/intent",        "linkedin.com/share", "pinterest.com/pin/create",
	"reddit.com/submit",   "t.me/share",          "telegram.me/share",  "wa.me/",
	"api.whatsapp.com",    "whatsapp://",         "mailto:?",           "getpocket.com",
	"vk.com/share",        "tumblr.com/",         "share.flipboard",    "ycombinator.com/submitlink",
	"bsky.app/intent",     "threads.net/intent",  "line.me/r/",         "weibo.com/share",
	"b.hatena.ne.jp",      "xing.com/",           "connect.ok.ru",      "plus.google.com/share"};
static const char *const authors[] = {
	"/author/", "/authors/", "/by/",     "/staff/",    "/contributor", "/profile", "/people/",
	"/autor/",  "/autoren/", "/auteur/", "/columnist", "/writers/",    "/writer/", "/journalist/",
	"/user/",   "/users/",   "/member",  "/u/",        "?author=",     "/@",       "/team/",
	"?u=",      "?user=",    "user?id=", "member.php", "profile.php"};
static const char *const tags[] = {"/tag/",     "/tags/",  "/category/",  "/categories/",   "/topic/",
				   "/topics/",  "?tag=",   "/kategorie/", "/label/",        "/labels/",
				   "/keyword/", "/thema/", "/themen/",    "/search/label/", "/taxonomy/"};
static const char *const replies[] = {"replytocom", "#respond", "/reply", "?reply"};

static bool
has_one(const char *href, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(href, list[i]))
			return true;
	return false;
}

#define HAS(href, list) has_one(href, list, sizeof(list) / sizeof((list)[0]))

/* Whether the value of an attribute has the word, alone or in a list between blanks. */
static bool
has_word(const char *value, const char *word)
{
	const char *at = value ? strcasestr(value, word) : NULL;
	size_t n = strlen(word);

	return at && (at == value || at[-1] == ' ') && (at[n] == '\0' || at[n] == ' ');
}

/* Whether the text of a link or button begins with the word for a reply. */
static bool
says_reply(const struct dom *d, uint32_t i)
{
	static const char *const words[] = {"Reply",
					    "Antworten",
					    "R\xc3\xa9pondre",
					    "Responder",
					    "Rispondi",
					    "Odpowiedz",
					    "\xd0\x9e\xd1\x82\xd0\xb2\xd0\xb5\xd1\x82\xd0\xb8\xd1\x82\xd1\x8c",
					    "\xe5\x9b\x9e\xe5\xa4\x8d",
					    "\xe8\xbf\x94\xe4\xbf\xa1"};

	for (uint32_t k = i + 1; k < d->nodes[i].end && k < i + 8; k++) {
		const char *text = dom_text(d, k);

		while (text && (*text == ' ' || *text == '\n' || *text == '\t'))
			text++;
		for (size_t w = 0; text && w < sizeof(words) / sizeof(words[0]); w++)
			if (strncasecmp(text, words[w], strlen(words[w])) == 0)
				return true;
	}
	return false;
}

bool
part_leads_elsewhere(const struct dom *d, uint32_t i)
{
	bool any = false;

	for (uint32_t k = i; k < d->nodes[i].end; k++) {
		const char *href = dom_tag(d, k) == GUMBO_TAG_A ? dom_attribute(d, k, "href") : NULL;

		any = any || href;
		if (href && *href != '#')
			return true;
	}
	return !any && d->nodes[i].in_link;
}

/* The last two labels of the host of an address, which begin a site's own name in most countries; N is their length. ""
 * if it has no host. */
static const char *
site_of(const char *url, size_t *n)
{
	const char *host = strstr(url, "//"), *end, *at;

	*n = 0;
	if (!host)
		return "";
	host += 2;
	end = host + strcspn(host, "/?#:");
	at = end;
	for (int dots = 0; at > host; at--)
		if (at[-1] == '.' && ++dots == 2)
			break;
	*n = (size_t)(end - at);
	return at;
}

static bool
is_outside(const char *href, const char *url)
{
	size_t n, k;
	const char *to = site_of(href, &n), *from = site_of(url, &k);

	return n > 0 && k > 0 && (n != k || strncasecmp(to, from, n) != 0);
}

static void
count_link(const struct dom *d, uint32_t i, const char *url, struct part_signs *s)
{
	const char *address = dom_attribute(d, i, "href"), *rel = dom_attribute(d, i, "rel");
	char href[ADDRESS];
	size_t n = 0;

	if (!address)
		return;
	for (; address[n] && n + 1 < sizeof(href); n++)
		href[n] = (char)tolower((unsigned char)address[n]);
	href[n] = '\0';
	s->outside += is_outside(href, url);
	s->share += n > 8 && HAS(href, shares);
	s->author += has_word(rel, "author") || HAS(href, authors);
	s->tag += has_word(rel, "tag") || HAS(href, tags);
	s->reply += HAS(href, replies) || says_reply(d, i);
}

static void
count_own(const struct dom *d, uint32_t i, const char *url, struct part_signs *s)
{
	const struct dom_node *n = &d->nodes[i];
	const char *property;

	switch (dom_tag(d, i)) {
	case GUMBO_TAG_A:
		count_link(d, i, url, s);
		break;
	case GUMBO_TAG_BUTTON:
		s->reply += says_reply(d, i);
		s->field += n->hidden; /* what is shown is the title of an accordion */
		break;
	case GUMBO_TAG_INPUT:
	case GUMBO_TAG_SELECT:
		s->field += !has_word(dom_attribute(d, i, "type"), "hidden");
		break;
	case GUMBO_TAG_TEXTAREA:
		s->field++;
		s->area++;
		break;
	case GUMBO_TAG_IMG:
		s->image++;
		break;
	case GUMBO_TAG_H1:
	case GUMBO_TAG_H2:
	case GUMBO_TAG_H3:
	case GUMBO_TAG_H4:
	case GUMBO_TAG_H5:
	case GUMBO_TAG_H6:
		if (!n->hidden && n->text > 0) {
			s->heading++;
			s->linked += n->linked * 5 > n->text * 4 && part_leads_elsewhere(d, i);
		}
		break;
	default:
		break;
	}
	property = dom_attribute(d, i, "itemprop");
	s->time += dom_tag(d, i) == GUMBO_TAG_TIME ||
		   (property && word_is_one_of(property, "datePublished", "dateCreated"));
	s->author += property && dom_tag(d, i) != GUMBO_TAG_META && has_word(property, "author");
	s->action += !dom_is_heading(dom_tag(d, i)) && n->own > 0 && n->own <= 60 && n->own_linked * 10 >= n->own * 9;
	s->prose += !n->hidden && n->own >= 80 && n->own_linked * 3 < n->own;
}

struct part_signs *
part_signs_count(const struct dom *d, const char *url)
{
	struct part_signs *all = buf_alloc(d->count * sizeof(*all));

	for (uint32_t i = d->count; i-- > 0;) {
		struct part_signs *s = &all[i], *up = &all[d->nodes[i].parent];

		if (d->nodes[i].node->type == GUMBO_NODE_ELEMENT)
			count_own(d, i, url, s);
		if (i == 0)
			break;
		up->outside += s->outside;
		up->share += s->share;
		up->author += s->author;
		up->tag += s->tag;
		up->time += s->time;
		up->field += s->field;
		up->area += s->area;
		up->reply += s->reply;
		up->image += s->image;
		up->heading += s->heading;
		up->linked += s->linked;
		up->prose += s->prose;
		up->action += s->action;
	}
	return all;
}
