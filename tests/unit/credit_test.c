#include "testing.h"

#include "records/rec.h"
#include "review/attribution.h"
#include "review/credit.h"
#include "review/licence_table.h"

#define FREE "\"allows\":[\"use\",\"change\",\"commerce\"]"
#define SHARED "\"requires\":[\"attribution\",\"share-alike\"]"

static void
assert_text(const char *html, const char *text)
{
	struct buf out = {0};

	credit_text(&out, html);
	assert_string_equal(out.data ? out.data : "", text);
	buf_free(&out);
}

static void
html_becomes_text(void **state)
{
	(void)state;
	assert_text("", "");
	assert_text("  plain  words ", "plain words");
	assert_text("<a href=\"x>y\">Ann</a>&nbsp;&amp; <b>Bo</b>b", "Ann & Bob");
	assert_text("a<br>b<br/>c<p>d</p><!-- no -->e", "a b c d e");
	assert_text("1 < 2 <3 a<b", "1 < 2 <3 a<b");
	assert_text("<script>x</script>y<STYLE>z</STYLE>", "y");
	assert_text("<span style='display:none'>a<span>b</span>c</span>d", "d");
	assert_text("<div style=\"display: none;\">never ended", "");
	assert_text("<br style=\"display:none\">seen", "seen");
	assert_text("&#65;&#x42;&#0;&#xD800;&#1114112;&#99999999999;&unknown;&amp", "AB???&#99999999999;&unknown;&amp");
	assert_text("&amp;lt;", "&lt;");
	assert_text("a\xe2\x80\xae"
		    "b\xe2\x81\xa6"
		    "c\xe2\x80\xa8"
		    "d\x07"
		    "e\xc2\x85"
		    "f",
		    "abc d e f");
	assert_text("\xf0\x9f\x98\x80 \xd7\x90\xe2\x80\x8f", "\xf0\x9f\x98\x80 \xd7\x90\xe2\x80\x8f");
	assert_text("bad \xff\xfe", "bad ??");
}

struct known {
	const char *text;
	int n;
	const char *id, *name, *url; /* of the first */
};

static void
licences_have_one_name(void **state)
{
	static const struct known all[] = {
		{"CC BY-SA 4.0", 1, "CC-BY-SA-4.0", "CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"},
		{"cc-by-sa-4.0", 1, "CC-BY-SA-4.0", "CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"},
		{"Creative Commons Attribution-ShareAlike 4.0 International License", 1, "CC-BY-SA-4.0", "CC BY-SA 4.0",
		 NULL},
		{"Creative Commons Attribution-Noncommercial-No Derivative Works 3.0 Unported", 1, "CC-BY-NC-ND-3.0",
		 "CC BY-NC-ND 3.0", NULL},
		{"http://creativecommons.org/licenses/by/2.0/deed.de", 1, "CC-BY-2.0", "CC BY 2.0", NULL},
		{"https://www.creativecommons.org/licenses/by-sa/3.0/de/legalcode?x", 1, "CC-BY-SA-3.0-DE",
		 "CC BY-SA 3.0 DE", "https://creativecommons.org/licenses/by-sa/3.0/de/"},
		{"https://creativecommons.org/publicdomain/zero/1.0/", 1, "CC0-1.0", "CC0 1.0", NULL},
		{"https://creativecommons.org/licenses/publicdomain/", 1, "", "Public domain", ""},
		{"CC BY-SA 4.0,3.0,2.5", 3, "CC-BY-SA-4.0", "CC BY-SA 4.0", NULL},
		{"CC BY 4", 1, "CC-BY-4.0", "CC BY 4.0", NULL},
		{"cc by", 1, "", "CC BY", ""},
		{"CC-Zero", 1, "CC0-1.0", "CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"},
		{"Creative Commons Zero, Public Domain Dedication", 1, "CC0-1.0", "CC0 1.0", NULL},
		{"PD-USGov-NASA", 1, "", "Public domain", ""},
		{"Public Domain Mark 1.0", 1, "CC-PDM-1.0", "Public Domain Mark 1.0", NULL},
		{"gfdl-1.3", 1, "GFDL-1.3-only", "GFDL 1.3", NULL},
		{"All rights reserved", 1, "", "All rights reserved", ""},
		{"CC", 0, NULL, NULL, NULL},
		{"CC BY 9.0", 0, NULL, NULL, NULL},
		{"CC BY 4.0 except on Sundays", 0, NULL, NULL, NULL},
		{"https://creativecommons.org.evil.example/licenses/by/4.0/", 0, NULL, NULL, NULL},
		{"https://example.org/creativecommons.org/licenses/by/4.0/", 0, NULL, NULL, NULL},
		{"My licence", 0, NULL, NULL, NULL},
		{"", -1, NULL, NULL, NULL},
		{"unknown", -1, NULL, NULL, NULL},
		{"No license", -1, NULL, NULL, NULL},
		{" - ", -1, NULL, NULL, NULL},
	};
	struct licence v[8];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		int n = licence_parse(all[i].text, v, 8);

		if (n != all[i].n)
			fail_msg("%s: %d", all[i].text, n);
		if (n < 1)
			continue;
		assert_string_equal(v[0].id, all[i].id);
		assert_string_equal(v[0].name, all[i].name);
		if (all[i].url)
			assert_string_equal(v[0].url, all[i].url);
	}
	assert_int_equal(licence_parse("CC BY 4.0, 3.0, 2.0", v, 2), 2);
}

/* What the freest licence of a text allows: u use, c change, s sell; "-" nothing, "?" nobody knows, "" no licence. */
static const char *
verdict_of(const char *licence)
{
	struct json_object *item = json_object_new_object(), *credit, *all;
	static char words[8];
	unsigned bits;

	json_object_object_add(item, "license", json_object_new_string(licence));
	credit = credit_of(item);
	bits = credit_allows(credit);
	assert_true(json_object_object_get_ex(credit, "licenses", &all));
	snprintf(words, sizeof(words), "%s%s%s%s", bits & LICENCE_USE ? "u" : "", bits & LICENCE_CHANGE ? "c" : "",
		 bits & LICENCE_COMMERCE ? "s" : "", bits & LICENCE_UNKNOWN ? "?" : "");
	if (!bits)
		snprintf(words, sizeof(words), "%s", json_object_array_length(all) ? "-" : "");
	json_object_put(credit);
	json_object_put(item);
	return words;
}

static void
each_licence_allows_what_it_says(void **state)
{
	static const char *const all[][2] = {
		{"CC BY-SA 4.0", "ucs"},
		{"CC BY-NC-ND 4.0", "u"},
		{"cc-by-nc-2.0", "uc"},
		{"CC BY-ND 3.0 DE", "us"},
		{"https://creativecommons.org/licenses/by-nc-sa/4.0/deed.fr", "uc"},
		{"Attribution-NonCommercial-ShareAlike 4.0 International", "?"}, /* whose? */
		{"Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International", "uc"},
		{"Creative Commons Attribution 4.0 (CC BY 4.0)", "ucs"},
		{"Creative Commons Attribution 4.0 (CC BY-NC 4.0)", "?"},
		{"Creative Commons Namensnennung – Weitergabe unter gleichen Bedingungen 3.0 DE", "ucs"},
		{"Creative Commons Namensnennung - Nicht kommerziell - Keine Bearbeitungen 4.0 International", "u"},
		{"Licence Creative Commons Attribution – Partage dans les Mêmes Conditions 4.0", "ucs"},
		{"Creative Commons Atribución-NoComercial-SinDerivadas 4.0 Internacional", "u"},
		{"Creative Commons Attribuzione - Non commerciale 4.0 Internazionale", "uc"},
		{"Creative Commons Atribuição-CompartilhaIgual 4.0 Internacional", "ucs"},
		{"Creative Commons Naamsvermelding-GelijkDelen 3.0", "ucs"},
		{"Creative Commons Uznanie autorstwa – Na tych samych warunkach 4.0", "ucs"},
		{"Creative Commons Атрибуция-Некоммерческая 4.0", "uc"},
		{"Creative Commons 表示-非営利 4.0", "uc"},
		{"Creative Commons 署名-禁止演绎 4.0", "us"},
		{"<a href=\"https://creativecommons.org/licenses/by-nd/2.0/\">Einige Rechte vorbehalten</a>", "us"},
		{"<a rel=license href='//creativecommons.org/publicdomain/zero/1.0/'><img alt=CC0></a>", "ucs"},
		{"<span lang=\"fr\">Domaine public</span>", "ucs"},
		{"Gemeinfrei", "ucs"},
		{"Public Domain Mark 1.0", "ucs"},
		{"PD-old-70", "ucs"},
		{"PD-US", "ucs"},
		{"CC0", "ucs"},
		{"GFDL 1.2 or later", "ucs"},
		{"CC BY-NC 2.0 or GFDL", "ucs"}, /* the freest */
		{"All rights reserved; CC BY 4.0", "ucs"},
		{"CC BY-NC 4.0 and CC BY-ND 4.0", "us"},
		{"My own, CC BY-NC 4.0", "uc"},
		{"Alle Rechte vorbehalten", "-"},
		{"Copyrighted", "-"},
		{"Fair use", "-"},
		{"http://rightsstatements.org/vocab/InC/1.0/", "-"},
		{"https://rightsstatements.org/page/InC-NC/1.0/?language=de", "uc"},
		{"http://rightsstatements.org/vocab/NoC-US/1.0/", "ucs"},
		{"http://rightsstatements.org/vocab/UND/1.0/", "?"},
		{"No Copyright - Other Known Legal Restrictions", "-"},
		{"No known copyright restrictions", "ucs"},
		{"own work", "?"},
		{"|licenseurl=", "?"},
		{"See description", "?"},
		{"Free for personal use", "?"},
		{"unknown", ""},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(verdict_of(all[i][0]), all[i][1]) != 0)
			fail_msg("%s: %s", all[i][0], verdict_of(all[i][0]));
}

static void
assert_refused(const char *item, unsigned wanted, const char *why)
{
	struct json_object *o = rec_parse(item, strlen(item), NULL, 0), *credit = credit_of(o);
	const char *found = credit_check(credit, wanted);

	assert_string_equal(found ? found : "free", why);
	json_object_put(credit);
	json_object_put(o);
}

static void
what_is_wanted_decides(void **state)
{
	const unsigned all = LICENCE_ANY_USE, nc = all & ~(unsigned)LICENCE_COMMERCE,
		       nd = all & ~(unsigned)LICENCE_CHANGE;

	(void)state;
	assert_refused("{\"license\":\"CC BY 4.0\"}", all, "free");
	assert_refused("{\"license\":\"CC BY-NC 4.0\"}", all, "may not be used commercially (NC)");
	assert_refused("{\"license\":\"CC BY-NC 4.0\"}", nc, "free");
	assert_refused("{\"license\":\"CC BY-NC 4.0\"}", nd, "may not be used commercially (NC)");
	assert_refused("{\"license\":\"CC BY-ND 4.0\"}", all, "may not be changed (ND)");
	assert_refused("{\"license\":\"CC BY-ND 4.0\"}", nd, "free");
	assert_refused("{\"license\":\"CC BY-NC-ND 4.0\"}", all, "may not be changed or sold (NC, ND)");
	assert_refused("{\"license\":\"CC BY-NC-ND 4.0\"}", nc, "may not be changed (ND)");
	assert_refused("{\"license\":\"CC BY-NC-ND 4.0\"}", nc & nd, "free");
	assert_refused("{\"license\":[\"CC BY-NC 4.0\",\"CC BY-ND 4.0\"]}", nc, "free");
	assert_refused("{\"license\":[\"CC BY-NC 4.0\",\"mine\"]}", all, "may not be used commercially (NC)");
	assert_refused("{\"license\":\"mine\"}", nc & nd, "has a licence that is not known");
	assert_refused("{\"license\":\"CC BY 4.0\",\"non_free\":true}", all, "is not free to use");
	assert_refused("{\"license\":\"fair use\"}", nc & nd, "is not free to use");
	assert_refused("{}", all, "has no licence");
}

static void
a_long_name_is_no_harm(void **state)
{
	struct licence v[2];
	char *text = malloc(100001);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 100000; i++)
		text[i] = "cc-by "[i % 6];
	text[100000] = '\0';
	assert_int_equal(licence_parse(text, v, 2), 0);
	memset(text, '<', 50000);
	assert_int_equal(licence_parse(text, v, 2), 0);
	free(text);
}

/* What credit_of() makes of the item is JSON. */
static void
assert_credit(const char *item, const char *json)
{
	struct json_object *o = rec_parse(item, strlen(item), NULL, 0), *credit;

	assert_non_null(o);
	credit = credit_of(o);
	assert_string_equal(rec_print(credit), json);
	json_object_put(credit);
	json_object_put(o);
}

static void
items_of_any_shape_give_a_credit(void **state)
{
	(void)state;
	assert_credit("{}", "{\"licenses\":[],\"notes\":[\"it has no licence\",\"its author is not known\"]}");
	assert_credit(
		"{\"title\":[],\"author\":{\"a\":1},\"license\":{},\"page\":7,\"restrictions\":{},\"extmetadata\":[]}",
		"{\"licenses\":[],\"notes\":[\"its page is not an http URL: 7\",\"it has no licence\",\"its author is "
		"not "
		"known\"]}");
	assert_credit("{\"author\":\"A\",\"license\":\"CC0\",\"license_url\":null,\"title\":null}",
		      "{\"author\":\"A\",\"licenses\":[{\"id\":\"CC0-1.0\",\"name\":\"CC0 1.0\",\"url\":\"https://"
		      "creativecommons.org/publicdomain/zero/1.0/\"," FREE ",\"requires\":[]}]}");
	assert_credit("{\"author\":\"A\",\"license\":[[],1,null,\"X\"],\"non_free\":false}",
		      "{\"author\":\"A\",\"licenses\":[{\"name\":\"1\"},{\"name\":\"X\"}]}");
	assert_credit("{\"author\":\"A\",\"license\":\"GFDL or CC BY 9 / or None\"}",
		      "{\"author\":\"A\",\"licenses\":[{\"name\":\"GFDL\",\"url\":\"https://www.gnu.org/licenses/"
		      "fdl-1.3.html\"," FREE "," SHARED "},"
		      "{\"name\":\"CC BY 9 / or None\"}]}");
	assert_credit("{\"author\":\"A\",\"license\":\"My own, GFDL or MIT\"}",
		      "{\"author\":\"A\",\"licenses\":[{\"name\":\"My own\"},"
		      "{\"name\":\"GFDL\",\"url\":\"https://www.gnu.org/licenses/fdl-1.3.html\"," FREE "," SHARED "},"
		      "{\"id\":\"MIT\",\"name\":\"MIT License\",\"url\":\"https://opensource.org/license/mit\"," FREE
		      ",\"requires\":[\"attribution\"]}]}");
}

static void
assert_cell(const char *text, const char *cell)
{
	struct buf out = {0};

	attribution_cell(&out, text);
	assert_string_equal(out.data, cell);
	buf_free(&out);
}

static void
no_cell_is_a_formula(void **state)
{
	(void)state;
	assert_cell("", "\"\"");
	assert_cell("plain", "\"plain\"");
	assert_cell("a \"b\", c\nd", "\"a \"\"b\"\", c\nd\"");
	assert_cell("=1+1", "\"'=1+1\"");
	assert_cell("+1", "\"'+1\"");
	assert_cell("-1", "\"'-1\"");
	assert_cell("@A1", "\"'@A1\"");
	assert_cell("  =1", "\"'  =1\"");
	assert_cell("\t=1", "\"'\t=1\"");
	assert_cell("\"=1\"", "\"'\"\"=1\"\"\"");
	assert_cell("\xef\xbc\x9d"
		    "1",
		    "\"'\xef\xbc\x9d"
		    "1\"");
	assert_cell("a=1", "\"a=1\"");
}

static void
markdown_has_text_only(void **state)
{
	struct buf out = {0};

	(void)state;
	attribution_escape(&out, "[a](b) <i> `c` *d* _e_ &amp; www.x.org http://y A|B C:D x@y \\");
	assert_string_equal(
		out.data,
		"\\[a\\](b) \\<i\\> \\`c\\` \\*d\\* \\_e\\_ \\&amp; www\\.x.org http\\://y A\\|B C:D x\\@y \\\\");
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(html_becomes_text),
		cmocka_unit_test(licences_have_one_name),
		cmocka_unit_test(a_long_name_is_no_harm),
		cmocka_unit_test(items_of_any_shape_give_a_credit),
		cmocka_unit_test(each_licence_allows_what_it_says),
		cmocka_unit_test(what_is_wanted_decides),
		cmocka_unit_test(no_cell_is_a_formula),
		cmocka_unit_test(markdown_has_text_only),
	};

	setenv("BI_SHARE", "share", 0);
	if (licence_table_load()) {
		printf("Bail out! %s\n", licence_table_load());
		return 1;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("credit", tests, NULL, NULL);
}
