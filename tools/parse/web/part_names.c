#include "web/part_names.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

enum { HEADING = 80, SLUG = 120 };

/* Words of classes and ids; in lists between blanks. */
static const char apart[] =
	" cookie cookies cookiebanner cookiebar consent gdpr ccpa onetrust cmp share shares sharing sharebar addthis "
	"sharethis social socials related relatedposts recommend recommended recommendation recommendations recirc "
	"outbrain taboola trending popular mostread sidebar sidebars rail newsletter subscribe subscription signup "
	"optin "
	"promo promos promotion advert adverts advertisement advertising ads ad adslot adbox sponsor sponsored banner "
	"breadcrumb breadcrumbs crumbs pagination pager paging nav navbar navigation menu navmenu footer masthead "
	"modal "
	"overlay popup lightbox widget widgets toolbar skip skiplink skipnav paywall upsell teaser teasers cta "
	"tagcloud "
	"printonly noprint editsection navbox toc siteheader sitefooter topbar bottombar backtotop feedback survey "
	"login "
	"signin account cart minicart rating helpful crosssell upsells recently toast snackbar alertbar announcement "
	"shareline prevnext postnav reactions actionbar werbung anzeige teilen abo verwandte partage publicite "
	"compartir "
	"publicidad relacionados donate donation membership jumplinks readmore morefrom more next previous infobox "
	"flyout drawer ";
static const char label[] =
	" byline author dateline meta postmeta entrymeta timestamp posted published date time readtime readingtime "
	"tags taglist categories category credits copyright avatar userinfo poster vote votes score "
	"actions controls permalink profile postprofile hidden srt sr visuallyhidden screenreader kicker "
	"eyebrow ";
static const char comment[] =
	" comment comments commentlist commentarea commentthread disqus respond replies reply responses discussion "
	"usercomments guestbook reviews customerreviews reviews customerreviews kommentare commentaires comentarios "
	"talkback ";
static const char author[] =
	" author authorbox authorbio authorinfo bio biography byline contributor writer aboutauthor ";

static const char *const lists[] = {apart, label, comment, author};

/* The words of all lists by their hashes, with a bit for each list that has the word. */
enum { PLACES = 1024, WORD = 24 };
static struct place {
	char word[WORD];
	unsigned kinds;
} places[PLACES];

/* The place of a word, or the empty one where it would be. */
static struct place *
find_place(const char *word, size_t n)
{
	uint32_t hash = UINT32_C(0x811c9dc5); /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (unsigned char)word[i]) * UINT32_C(0x01000193);
	for (uint32_t i = hash % PLACES;; i = (i + 1) % PLACES)
		if (places[i].kinds == 0 || (strncmp(places[i].word, word, n) == 0 && places[i].word[n] == '\0'))
			return &places[i];
}

static void
load_words(void)
{
	for (size_t list = 0; list < sizeof(lists) / sizeof(lists[0]); list++)
		for (const char *at = lists[list] + 1; *at;) {
			size_t n = strcspn(at, " ");
			struct place *place = find_place(at, n);

			if (n > 0 && n < WORD) {
				memcpy(place->word, at, n);
				place->kinds |= 1U << list;
			}
			at += n + (at[n] == ' ');
		}
}

static unsigned
kinds_of_word(const char *word, size_t n)
{
	return n < WORD ? find_place(word, n)->kinds : 0;
}

/* The lists that have a word of NAMES, as bits: relatedPosts has the words related and Posts, side-bar has side, bar
 * and sidebar. */
static unsigned
kinds_of(const char *names)
{
	char words[2 * WORD];
	size_t before = 0, n = 0; /* the lengths of the word before and of this one, which stand beside each other */
	unsigned kinds = 0;

	for (const char *c = names;; c++) {
		bool letter = isalpha((unsigned char)*c);
		bool hump = letter && c > names && isupper((unsigned char)*c) && islower((unsigned char)c[-1]);

		if (n > 0 && (!letter || hump)) {
			kinds |= kinds_of_word(words + before, n);
			if (before > 0)
				kinds |= kinds_of_word(words, before + n);
			memmove(words, words + before, n);
			before = n < WORD ? n : 0;
			n = 0;
		}
		if (*c == '\0')
			return kinds;
		if (isspace((unsigned char)*c))
			before = 0;
		if (letter && before + n < sizeof(words))
			words[before + n++] = (char)tolower((unsigned char)*c);
	}
}

/* Letters and digits of a heading in lower case, other characters as one hyphen: as most generators make ids. */
static void
slug_of(const struct dom *d, uint32_t i, char out[SLUG])
{
	struct buf text = {0};
	size_t n = 0;

	dom_collect(d, i, &text, false);
	for (size_t k = 0; k < text.len && n + 1 < SLUG; k++)
		if (isalnum((unsigned char)text.data[k]))
			out[n++] = (char)tolower((unsigned char)text.data[k]);
		else if (n > 0 && out[n - 1] != '-')
			out[n++] = '-';
	while (n > 0 && out[n - 1] == '-')
		n--;
	out[n] = '\0';
	buf_free(&text);
}

/* Whether the id is made of the words of the part's first heading. */
static bool
is_slug(const struct dom *d, uint32_t i, const char *id)
{
	char slug[SLUG];
	size_t words = 0, found = 0;

	for (uint32_t k = i; k < d->nodes[i].end && k < i + 12; k++)
		if (dom_is_heading(dom_tag(d, k))) {
			slug_of(d, k, slug);
			for (char *rest = slug, *word; (word = strsep(&rest, "-"));) {
				words += strlen(word) > 2;
				found += strlen(word) > 2 && strcasestr(id, word);
			}
			return words > 0 && found * 2 >= words;
		}
	return false;
}

bool
part_is_named(const struct dom *d, uint32_t i, enum part_name name)
{
	const char *class = dom_attribute(d, i, "class"), *id = dom_attribute(d, i, "id");

	static bool loaded;

	if (!loaded)
		load_words();
	loaded = true;
	if (class && (kinds_of(class) & 1U << name))
		return true;
	return id && (kinds_of(id) & 1U << name) && (name != NAME_APART || !is_slug(d, i, id));
}

/* Phrases that a heading begins with, or (after '*') has anywhere. */
static const char *const talk[] = {"customer reviews",
				   "user reviews",
				   "*reviews for",
				   "*guest book",
				   "*guestbook",
				   "reviews (",
				   "ratings and reviews",
				   "ratings & reviews",
				   "kundenbewertungen",
				   "kundenrezensionen",
				   "avis clients",
				   "opiniones de",
				   "leave a comment",
				   "leave a reply",
				   "leave your",
				   "add a comment",
				   "add your comment",
				   "post a comment",
				   "*responses to",
				   "*thoughts on",
				   "join the conversation",
				   "join the discussion",
				   "schreibe einen kommentar",
				   "laisser un commentaire",
				   "deja un",
				   "deja una",
				   "lascia un commento"};
static const char *const comments[] = {"comment",
				       "*comments",
				       "responses",
				       "*replies",
				       "discussion",
				       "what do you think",
				       "kommentar",
				       "*kommentare",
				       "commentaire",
				       "*commentaires",
				       "comentario",
				       "*comentarios",
				       "coment\xc3\xa1rio",
				       "*coment\xc3\xa1rios",
				       "commenti",
				       "*commenti",
				       "reacties",
				       "*reacties",
				       "*komentarz",
				       "*komentarze",
				       "\xd0\xba\xd0\xbe\xd0\xbc\xd0\xbc\xd0\xb5\xd0\xbd\xd1\x82\xd0\xb0\xd1\x80",
				       "\xd0\x9a\xd0\xbe\xd0\xbc\xd0\xbc\xd0\xb5\xd0\xbd\xd1\x82\xd0\xb0\xd1\x80",
				       "*\xe8\xaf\x84\xe8\xae\xba",
				       "*\xe8\xa9\x95\xe8\xab\x96",
				       "*\xe3\x82\xb3\xe3\x83\xa1\xe3\x83\xb3\xe3\x83\x88",
				       "*\xeb\x8c\x93\xea\xb8\x80",
				       "*\xd7\xaa\xd7\x92\xd7\x95\xd7\x91\xd7\x95\xd7\xaa",
				       "*\xd8\xaa\xd8\xb9\xd9\x84\xd9\x8a\xd9\x82\xd8\xa7\xd8\xaa",
				       "*\u0e04\u0e27\u0e32\u0e21\u0e04\u0e34\u0e14\u0e40\u0e2b\u0e47\u0e19",
				       "*b\xc3\xacnh lu\xe1\xba\xadn",
				       "*yorumlar",
				       "*\xcf\x83\xcf\x87\xcf\x8c\xce\xbb\xce\xb9\xce\xb1",
				       "*\xd0\xba\xd0\xbe\xd0\xbc\xd0\xb5\xd0\xbd\xd1\x82\xd0\xb0\xd1\x80",
				       "kommentit",
				       "*komment",
				       "*koment"};
static const char *const others[] = {
	"related",
	"*related stories",
	"*related articles",
	"*related posts",
	"more from",
	"more on this",
	"more in ",
	"more stories",
	"more news",
	"more articles",
	"more like this",
	"read more",
	"read next",
	"read also",
	"up next",
	"next up",
	"you may also",
	"you might also",
	"you may like",
	"you might like",
	"also on",
	"also read",
	"recommended",
	"recommendations",
	"most read",
	"most popular",
	"most viewed",
	"popular posts",
	"popular articles",
	"popular stories",
	"popular now",
	"popular pages",
	"popular in",
	"trending",
	"latest news",
	"latest stories",
	"latest posts",
	"latest from",
	"recent posts",
	"recent articles",
	"recent comments",
	"top stories",
	"editors' picks",
	"editor's picks",
	"don't miss",
	"keep reading",
	"continue reading",
	"about the author",
	"about author",
	"written by",
	"meet the author",
	"share this",
	"share on",
	"share:",
	"share article",
	"share story",
	"follow us",
	"follow me",
	"follow @",
	"sign up",
	"subscribe",
	"newsletter",
	"get the newsletter",
	"stay informed",
	"tags",
	"tagged",
	"topics:",
	"filed under",
	"categories",
	"archives",
	"explore more",
	"from around the web",
	"sponsored",
	"promoted",
	"advertisement",
	"people also",
	"customers also",
	"customers who",
	"similar articles",
	"similar stories",
	"similar posts",
	"similar jobs",
	"similar threads",
	"similar topics",
	"similar products",
	"similar content",
	"other stories",
	"what to read next",
	"support our",
	"support us",
	"was this page helpful",
	"was this article helpful",
	"rate this",
	"mehr zum thema",
	"mehr zu",
	"das k\xc3\xb6nnte",
	"auch interessant",
	"meistgelesen",
	"\xc3\xa4hnliche",
	"weitere artikel",
	"verwandte",
	"teilen",
	"schlagw",
	"\u00fcber den autor",
	"\u00dcber den autor",
	"lire aussi",
	"\xc3\xa0 lire aussi",
	"\xc3\x80 lire aussi",
	"sur le m\xc3\xaame sujet",
	"articles li\xc3\xa9s",
	"les plus lus",
	"partager",
	"art\u00edculos relacionados",
	"noticias relacionadas",
	"te puede interesar",
	"m\xc3\xa1s informaci\xc3\xb3n",
	"sobre la firma",
	"archivado en",
	"lo m\xc3\xa1s",
	"compartir",
	"leia tamb\xc3\xa9m",
	"mais lidas",
	"veja tamb\xc3\xa9m",
	"leggi anche",
	"articoli correlati",
	"potrebbe interessarti",
	"lees ook",
	"meest gelezen",
	"czytaj tak",
	"\xd1\x87\xd0\xb8\xd1\x82\xd0\xb0\xd0\xb9\xd1\x82\xd0\xb5 \xd1\x82\xd0\xb0\xd0\xba\xd0\xb6\xd0\xb5",
	"\xd0\xa7\xd0\xb8\xd1\x82\xd0\xb0\xd0\xb9\xd1\x82\xd0\xb5",
	"\u041c\u0430\u0442\u0435\u0440\u0438\u0430\u043b\u044b \u043f\u043e \u0442\u0435\u043c\u0435",
	"\xd0\x9f\xd0\xbe\xd1\x85\xd0\xbe\xd0\xb6\xd0\xb8\xd0\xb5",
	"\xd8\xa7\xd9\x82\xd8\xb1\xd8\xa3",
	"\xd8\xa7\xd9\x84\xd9\x85\xd8\xb2\xd9\x8a\xd8\xaf \xd9\x85\xd9\x86",
	"*\xe7\x9b\xb8\xe5\x85\xb3",
	"*\xe9\x96\xa2\xe9\x80\xa3\xe8\xa8\x98\xe4\xba\x8b",
	"*\xe4\xba\xba\xe6\xb0\x97\xe8\xa8\x98\xe4\xba\x8b",
	"*\xea\xb4\x80\xeb\xa0\xa8\xea\xb8\xb0\xec\x82\xac",
	"*\xea\xb4\x80\xeb\xa0\xa8 \xea\xb8\xb0\xec\x82\xac",
	"*\xea\xb4\x80\xeb\xa0\xa8\xeb\x89\xb4\xec\x8a\xa4",
	"*\xeb\xa7\x8e\xec\x9d\xb4 \xeb\xb3\xb8",
	"*\xec\xa3\xbc\xec\x9a\x94\xeb\x89\xb4\xec\x8a\xa4",
	"*\xec\xb6\x94\xec\xb2\x9c\xea\xb8\xb0\xec\x82\xac",
	"*\xd7\x90\xd7\x95\xd7\x9c\xd7\x99 \xd7\x99\xd7\xa2\xd7\xa0\xd7\x99\xd7\x99\xd7\x9f",
	"*\xd7\x9b\xd7\xaa\xd7\x91\xd7\x95\xd7\xaa \xd7\xa0\xd7\x95\xd7\xa1\xd7\xa4\xd7\x95\xd7\xaa",
	"*\xd7\xa7\xd7\xa8\xd7\x90\xd7\x95 \xd7\xa2\xd7\x95\xd7\x93",
	"*\xd7\xa2\xd7\x95\xd7\x93 \xd7\x91\xd7\xa0\xd7\x95\xd7\xa9\xd7\x90",
	"\xd8\xa7\xd9\x82\xd8\xb1\xd8\xa6\xd9\x8a",
	"\xd8\xa7\xd9\x84\xd9\x85\xd8\xb2\xd9\x8a\xd8\xaf \xd9\x85\xd9\x86",
	"\xd9\x85\xd9\x88\xd8\xa7\xd8\xb6\xd9\x8a\xd8\xb9 \xd8\xb0\xd8\xa7\xd8\xaa \xd8\xb5\xd9\x84\xd8\xa9",
	"\xd8\xa7\xd9\x84\xd8\xa3\xd9\x83\xd8\xab\xd8\xb1 \xd9\x82\xd8\xb1\xd8\xa7\xd8\xa1\xd8\xa9",
	"\xd8\xa8\xdb\x8c\xd8\xb4\xd8\xaa\xd8\xb1 \xd8\xa8\xd8\xae\xd9\x88\xd8\xa7\xd9\x86\xdb\x8c\xd8\xaf",
	"*\u0e17\u0e35\u0e48\u0e40\u0e01\u0e35\u0e48\u0e22\u0e27\u0e02\u0e49\u0e2d\u0e07",
	"tin li\xc3\xaan quan",
	"xem th\xc3\xaam",
	"\u0111\u1ecdc th\u00eam",
	"baca juga",
	"berita terkait",
	"ilgili haberler",
	"\u092f\u0947 \u092d\u0940 \u092a\u0922\u093c\u0947\u0902",
	"\u092f\u0939 \u092d\u0940 \u092a\u0922\u093c\u0947\u0902",
	"\xcf\x83\xcf\x87\xce\xb5\xcf\x84\xce\xb9\xce\xba\xce\xac",
	"\xce\xb4\xce\xb9\xce\xb1\xce\xb2\xce\xac\xcf\x83\xcf\x84\xce\xb5",
	"l\xc3\xa4s mer",
	"l\xc3\xa4s ocks\xc3\xa5",
	"l\xc3\xa6s ogs\xc3\xa5",
	"les ogs\xc3\xa5",
	"lue my\xc3\xb6s",
	"souvisej\u00edc\u00ed",
	"mohlo by",
	"kapcsol\u00f3d\u00f3",
	"cite\xc8\x99te \xc8\x99i",
	"\xd0\xbf\xd1\x80\xd0\xbe\xd1\x87\xd0\xb5\xd1\x82\xd0\xb5\xd1\x82\xd0\xb5",
	"\xd1\x87\xd0\xb8\xd1\x82\xd0\xb0\xd0\xb9\xd1\x82\xd0\xb5",
	"*\xe6\x8e\xa8\xe8\x8d\x90\xe9\x98\x85\xe8\xaf\xbb",
	"*\xe5\xbb\xb6\xe4\xbc\xb8\xe9\x98\x85\xe8\xaf\xbb",
	"*\xe5\xbb\xb6\xe4\xbc\xb8\xe9\x96\xb1\xe8\xae\x80",
	"\xe7\x83\xad\xe9\x97\xa8",
	"\xe7\x82\xb9\xe5\x87\xbb\xe6\x8e\x92\xe8\xa1\x8c",
	"*\xe3\x81\x8a\xe3\x81\x99\xe3\x81\x99\xe3\x82\x81\xe8\xa8\x98\xe4\xba\x8b",
	"*\xe3\x81\x82\xe3\x82\x8f\xe3\x81\x9b\xe3\x81\xa6\xe8\xaa\xad\xe3\x81\xbf\xe3\x81\x9f\xe3\x81\x84",
	"*\xe3\x82\xa2\xe3\x82\xaf\xe3\x82\xbb\xe3\x82\xb9\xe3\x83\xa9\xe3\x83\xb3\xe3\x82\xad\xe3\x83\xb3\xe3\x82\xb0",
	"*\xe9\x96\xa2\xe9\x80\xa3\xe3\x83\x8b\xe3\x83\xa5\xe3\x83\xbc\xe3\x82\xb9"};

static bool
has_phrase(const char *text, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (*list[i] == '*' ? strcasestr(text, list[i] + 1) != NULL
				    : strncasecmp(text, list[i], strlen(list[i])) == 0)
			return true;
	return false;
}

enum part_heading
part_heading_of(const char *text)
{
	bool number = text[strcspn(text, "0123456789")] != '\0';

	while (*text && (isspace((unsigned char)*text) || isdigit((unsigned char)*text) || strchr("(#+,.-", *text)))
		text++;
	if (!*text || strlen(text) > HEADING)
		return HEADING_OTHER;
	if (has_phrase(text, talk, sizeof(talk) / sizeof(talk[0])))
		return HEADING_TALK;
	if (has_phrase(text, comments, sizeof(comments) / sizeof(comments[0])))
		return number ? HEADING_TALK : HEADING_COMMENTS;
	return has_phrase(text, others, sizeof(others) / sizeof(others[0])) ? HEADING_APART : HEADING_OTHER;
}
