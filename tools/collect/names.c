#include "names.h"

#include <ctype.h>
#include <locale.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wctype.h>

#include "base/file_name.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "records/rec.h"
#include "review/credit.h"
#include "store.h"

enum word { SUBJECT, NUMBER, FILENAME, TITLE, EXT, WORDS };

static const char *const words[WORDS] = {"{subject}", "{n}", "{filename}", "{title}", "{ext}"};

/* The word that AT begins with; WORDS: none. */
static enum word
find_word(const char *at)
{
	for (enum word w = 0; w < WORDS; w++)
		if (strncmp(at, words[w], strlen(words[w])) == 0)
			return w;
	return WORDS;
}

const char *
names_check(const char *template)
{
	bool any = false;

	for (const char *p = template; *p; p++) {
		enum word w = *p == '{' ? find_word(p) : WORDS;

		if ((*p == '{' && w == WORDS) || *p == '}')
			return "in braces it can have {subject}, {n}, {filename}, {title} and {ext}";
		if (*p == '/' || *p == '\\')
			return "it names a file in the directory of its subject, and has no / or \\";
		any = any || w < EXT;
		p += w < WORDS ? strlen(words[w]) - 1 : 0;
	}
	return any ? NULL : "it needs {subject}, {n}, {filename} or {title}";
}

/* --- a name --- */

/* The last part of the path of URL, decoded. */
static void
add_url_name(struct buf *out, const char *url)
{
	const char *host = strstr(url, "://"), *path = host ? strchrnul(host + 3, '/') : url;
	size_t n = strcspn(path, "?#");
	struct buf text = {0};

	while (n > 0 && path[n - 1] == '/')
		n--;
	for (size_t i = 0; i < n; i++) {
		int octet = hex_octet(path + i, n - i);
		char c = octet >= 0 ? (char)octet : path[i];

		i += octet >= 0 ? 2 : 0;
		if (c == '/' && octet < 0)
			buf_clear(&text);
		else
			buf_add(&text, &c, 1);
	}
	if (text.len)
		file_name_clean(out, text.data, text.len);
	buf_free(&text);
}

/* Whether two extensions are of the same type. */
static bool
is_same_extension(const char *a, const char *b)
{
	static const char *const same[][2] = {{"jpeg", "jpg"}, {"jpe", "jpg"}, {"tiff", "tif"}, {"htm", "html"}};

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		a = strcasecmp(a, same[i][0]) == 0 ? same[i][1] : a;
	return strcasecmp(a, b) == 0;
}

/* The name that the file had where it came from, without its extension. */
static void
add_filename(struct buf *out, struct json_object *choice, struct json_object *item, const char *ext)
{
	const char *given = rec_string(choice, "filename"), *url = rec_string(item, "url");
	struct buf name = {0};
	size_t dot;

	given = given ? given : rec_string(item, "filename");
	given = given ? given : rec_string(item, "member");
	given = given ? given : rec_string(item, "file");
	if (given)
		file_name_clean(&name, given, strlen(given));
	if (!name.len)
		add_url_name(&name, url ? url : "");
	dot = name.len ? file_name_extension(name.data) : 0;
	if (dot < name.len && is_same_extension(name.data + dot + 1, ext))
		name.data[name.len = dot] = '\0';
	if (name.len)
		buf_add(out, name.data, name.len);
	buf_free(&name);
}

void
names_print(struct buf *out, const char *template, const char *id, struct json_object *choice, const char *ext)
{
	struct json_object *item = NULL;
	struct buf text = {0};
	const char *s;

	json_object_object_get_ex(choice, "item", &item);
	buf_str(&text, "");
	for (const char *p = template; *p; p++) {
		enum word w = *p == '{' ? find_word(p) : WORDS;

		switch (w) {
		case SUBJECT:
			buf_str(&text, id);
			break;
		case NUMBER:
			buf_printf(&text, "%lld", rec_number(choice, "idx", 0));
			break;
		case FILENAME:
			add_filename(&text, choice, item, ext);
			break;
		case TITLE:
			if ((s = rec_string(item, "title")))
				credit_text(&text, s);
			break;
		case EXT:
			buf_str(&text, ext);
			break;
		default:
			buf_add(&text, p, 1);
			break;
		}
		p += w < WORDS ? strlen(words[w]) - 1 : 0;
	}
	/* A name without an extension, or with another, gets it. */
	if (text.len <= strlen(ext) || text.data[text.len - strlen(ext) - 1] != '.' ||
	    strcmp(text.data + text.len - strlen(ext), ext) != 0)
		buf_printf(&text, ".%s", ext);
	if (!file_name_portable(out, text.data) || strcmp(out->data, ext) == 0) {
		/* Nothing was known of what the template asks for. */
		buf_clear(&text);
		buf_printf(&text, "%s_%lld.%s", id, rec_number(choice, "idx", 0), ext);
		file_name_portable(out, text.data);
	}
	buf_free(&text);
}

/* --- names that are taken --- */

static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* NAME in small letters: systems that ignore case do so in all scripts. */
static char *
fold_case(const char *name)
{
	static locale_t unicode;
	struct buf out = {0};
	size_t n = strlen(name);
	uint32_t c;

	if (!unicode)
		unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	for (size_t len; n > 0 && (len = utf8_decode(name, n, &c)) > 0; name += len, n -= len) {
		wint_t small = unicode    ? towlower_l((wint_t)c, unicode)
			       : c < 0x80 ? (wint_t)tolower((int)c)
					  : (wint_t)c;

		buf_printf(&out, "%x,", (unsigned)small);
	}
	return out.data ? out.data : buf_strdup("");
}

/* Whether the name was free, and is taken now. */
static bool
take(struct names *t, const char *name)
{
	char *key = fold_case(name);
	char **at = tsearch(key, &t->tree, compare_names);

	if (!at) {
		free(key);
		return true; /* no memory: buf.h ends the program at the next allocation */
	}
	if (*at == key)
		return true;
	free(key);
	return false;
}

void
names_take(struct names *t, struct buf *name)
{
	size_t dot = file_name_extension(name->data);
	struct buf other = {0};

	if (take(t, name->data))
		return;
	for (unsigned k = 2;; k++) {
		buf_clear(&other);
		buf_printf(&other, "%.*s_%u%s", (int)dot, name->data, k, name->data + dot);
		if (take(t, other.data))
			break;
	}
	buf_free(name);
	*name = other;
}

void
names_free(struct names *t)
{
	tdestroy(t->tree, free);
	t->tree = NULL;
}
