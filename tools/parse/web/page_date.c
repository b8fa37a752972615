#include "web/page_date.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { TEXT = 400, GAP = 6 };

/* Beginnings of the names of months; longer ones first where one begins with another. */
static const struct {
	const char *name;
	unsigned month;
} months[] = {{"jan", 1},
	      {"j\xc3\xa4n", 1},
	      {"ene", 1},
	      {"gen", 1},
	      {"sty", 1},
	      {"feb", 2},
	      {"f\xc3\xa9v", 2},
	      {"fev", 2},
	      {"lut", 2},
	      {"mar", 3},
	      {"m\xc3\xa4r", 3},
	      {"mrt", 3},
	      {"maa", 3},
	      {"apr", 4},
	      {"avr", 4},
	      {"abr", 4},
	      {"kwi", 4},
	      {"may", 5},
	      {"mai", 5},
	      {"mei", 5},
	      {"mag", 5},
	      {"maj", 5},
	      {"juin", 6},
	      {"jun", 6},
	      {"giu", 6},
	      {"cze", 6},
	      {"juil", 7},
	      {"jul", 7},
	      {"lug", 7},
	      {"lip", 7},
	      {"aug", 8},
	      {"ao\xc3\xbb", 8},
	      {"ago", 8},
	      {"sie", 8},
	      {"sep", 9},
	      {"set", 9},
	      {"wrz", 9},
	      {"oct", 10},
	      {"okt", 10},
	      {"ott", 10},
	      {"out", 10},
	      {"pa\xc5\xba", 10},
	      {"nov", 11},
	      {"lis", 11},
	      {"dec", 12},
	      {"dez", 12},
	      {"d\xc3\xa9"
	       "c",
	       12},
	      {"dic", 12},
	      {"gru", 12},
	      {"\xd1\x8f\xd0\xbd\xd0\xb2", 1},
	      {"\xd1\x84\xd0\xb5\xd0\xb2", 2},
	      {"\xd0\xbc\xd0\xb0\xd1\x80", 3},
	      {"\xd0\xb0\xd0\xbf\xd1\x80", 4},
	      {"\xd0\xbc\xd0\xb0", 5},
	      {"\xd0\xb8\xd1\x8e\xd0\xbd", 6},
	      {"\xd0\xb8\xd1\x8e\xd0\xbb", 7},
	      {"\xd0\xb0\xd0\xb2\xd0\xb3", 8},
	      {"\xd1\x81\xd0\xb5\xd0\xbd", 9},
	      {"\xd0\xbe\xd0\xba\xd1\x82", 10},
	      {"\xd0\xbd\xd0\xbe\xd1\x8f", 11},
	      {"\xd0\xb4\xd0\xb5\xd0\xba", 12},
	      {"\xd1\x81\xd1\x96\xd1\x87", 1},
	      {"\xd0\xbb\xd1\x8e\xd1\x82", 2},
	      {"\xd0\xb1\xd0\xb5\xd1\x80", 3},
	      {"\xd0\xba\xd0\xb2\xd1\x96", 4},
	      {"\xd1\x82\xd1\x80\xd0\xb0", 5},
	      {"\xd1\x87\xd0\xb5\xd1\x80", 6},
	      {"\xd0\xbb\xd0\xb8\xd0\xbf", 7},
	      {"\xd1\x81\xd0\xb5\xd1\x80", 8},
	      {"\xd0\xb2\xd0\xb5\xd1\x80", 9},
	      {"\xd0\xb6\xd0\xbe\xd0\xb2", 10},
	      {"\xd0\xbb\xd0\xb8\xd1\x81", 11},
	      {"\xd0\xb3\xd1\x80\xd1\x83", 12}};

static bool
is_letter(char c)
{
	return isalpha((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Reads a number of MIN to MAX digits, no more. Moves *AT behind it. */
static bool
read_number(const char **at, size_t min, size_t max, unsigned *n)
{
	size_t k = 0;

	for (*n = 0; isdigit((unsigned char)(*at)[k]) && k <= max; k++)
		*n = *n * 10 + (unsigned)((*at)[k] - '0');
	if (k < min || k > max)
		return false;
	*at += k;
	return true;
}

static bool
is_date(unsigned y, unsigned m, unsigned day)
{
	static const unsigned days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return y >= 1900 && y < 2200 && m >= 1 && m <= 12 && day >= 1 && day <= days[m - 1];
}

static void
set_date(struct page_date *d, unsigned y, unsigned m, unsigned day)
{
	snprintf(d->iso, sizeof(d->iso), "%04u-%02u-%02u", y, m, day);
}

/* A time behind a date of ISO 8601, as it is: T06:00:00Z, " 06:00:00+01:00". Returns its end. */
static const char *
read_time(const char *at, struct page_date *d)
{
	const char *from = at, *end;
	unsigned h, m, s;

	if (*at != 'T' && *at != 't' && *at != ' ')
		return at;
	end = at + 1;
	if (!read_number(&end, 2, 2, &h) || *end++ != ':' || !read_number(&end, 2, 2, &m) || h > 24 || m > 59)
		return from;
	snprintf(d->iso + strlen(d->iso), sizeof(d->iso) - strlen(d->iso), "T%02u:%02u", h, m);
	if (*end == ':' && isdigit((unsigned char)end[1])) {
		end++;
		if (read_number(&end, 2, 2, &s) && s < 61)
			snprintf(d->iso + strlen(d->iso), sizeof(d->iso) - strlen(d->iso), ":%02u", s);
		if (*end == '.')
			end += 1 + strspn(end + 1, "0123456789");
	}
	if (*end == 'Z' || *end == 'z') {
		strcat(d->iso, "Z");
		return end + 1;
	}
	if (*end == '+' || *end == '-') {
		const char *zone = end + 1;
		size_t hours = strspn(zone, "0123456789") >= 2 ? 2 : 0, minutes = hours + (zone[hours] == ':');

		if (hours && strspn(zone + minutes, "0123456789") == 2) {
			snprintf(d->iso + strlen(d->iso), sizeof(d->iso) - strlen(d->iso), "%c%.2s:%.2s", *end, zone,
				 zone + minutes);
			return zone + minutes + 2;
		}
	}
	return end;
}

/* A date of numbers, the year first: 2026-03-04, 2026/3/4, 20260304. Returns its end, NULL if it is none. */
static const char *
read_year_first(const char *at, struct page_date *d)
{
	unsigned y, m, day;
	const char *end = at;
	char mark;

	if (read_number(&end, 8, 8, &y)) {
		if (!is_date(y / 10000, y / 100 % 100, y % 100))
			return NULL;
		set_date(d, y / 10000, y / 100 % 100, y % 100);
		return end;
	}
	end = at;
	if (!read_number(&end, 4, 4, &y) || !*end || !strchr("-/.", *end))
		return NULL;
	mark = *end++;
	if (!read_number(&end, 1, 2, &m) || *end++ != mark || !read_number(&end, 1, 2, &day) || !is_date(y, m, day))
		return NULL;
	set_date(d, y, m, day);
	return read_time(end, d);
}

/* 2026年3月4日, also with 년, 월 and 일. */
static const char *
read_east_asian(const char *at, struct page_date *d)
{
	static const char *const units[][2] = {
		{"\xe5\xb9\xb4", "\xeb\x85\x84"}, {"\xe6\x9c\x88", "\xec\x9b\x94"}, {"\xe6\x97\xa5", "\xec\x9d\xbc"}};
	unsigned part[3];

	for (size_t i = 0; i < 3; i++) {
		at += strspn(at, " ");
		if (!read_number(&at, i ? 1 : 4, i ? 2 : 4, &part[i]))
			return NULL;
		at += strspn(at, " ");
		if (strncmp(at, units[i][0], 3) != 0 && strncmp(at, units[i][1], 3) != 0)
			return NULL;
		at += 3;
	}
	if (!is_date(part[0], part[1], part[2]))
		return NULL;
	set_date(d, part[0], part[1], part[2]);
	return at;
}

/* The day first: 4.3.2026, 13/3/2026. */
static const char *
read_day_first(const char *at, struct page_date *d)
{
	unsigned day, m, y;
	char mark;

	if (!read_number(&at, 1, 2, &day) || !strchr("./-", *at) || !*at)
		return NULL;
	mark = *at++;
	at += mark == '.' && *at == ' ';
	if (!read_number(&at, 1, 2, &m) || *at++ != mark)
		return NULL;
	at += mark == '.' && *at == ' ';
	if (!read_number(&at, 4, 4, &y))
		return NULL;
	if (mark != '.' && day <= 12 && m <= 12 && day != m)
		return NULL;
	if (m > 12 && day <= 12) {
		unsigned swap = m;

		m = day;
		day = swap;
	}
	if (!is_date(y, m, day))
		return NULL;
	set_date(d, y, m, day);
	return at;
}

/* The month that AT begins with, 0 if none; *AT is moved behind its name. */
static unsigned
read_month(const char **at)
{
	char low[8];
	size_t n = 0;

	for (; n < sizeof(low) - 1 && (*at)[n]; n++) {
		unsigned char c = (unsigned char)(*at)[n];

		low[n] = (char)tolower(c);
		/* Cyrillic capitals */
		if (n > 0 && (unsigned char)low[n - 1] == 0xd0 && c >= 0x90 && c <= 0x9f)
			low[n] = (char)(c + 0x20);
		else if (n > 0 && (unsigned char)low[n - 1] == 0xd0 && c >= 0xa0 && c <= 0xaf) {
			low[n - 1] = (char)0xd1;
			low[n] = (char)(c - 0x20);
		}
	}
	low[n] = '\0';
	for (size_t i = 0; i < sizeof(months) / sizeof(months[0]); i++)
		if (strncmp(low, months[i].name, strlen(months[i].name)) == 0) {
			while (is_letter(**at))
				(*at)++;
			*at += **at == '.';
			return months[i].month;
		}
	return 0;
}

/* What stands between the parts of a date: blanks, commas, "th", "de". Moves *AT; false if it is more than that. */
static bool
skip_between(const char **at)
{
	static const char *const words[] = {"de ", "del ", "st", "nd", "rd", "th", "er", "do ", "of "};
	const char *from = *at;

	for (bool more = true; more && *at - from < GAP;) {
		more = false;
		for (; **at == ' ' || **at == ',' || **at == '.'; (*at)++)
			more = true;
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strncasecmp(*at, words[i], strlen(words[i])) == 0 &&
			    (strchr(words[i], ' ') || !is_letter((*at)[strlen(words[i])]))) {
				*at += strlen(words[i]);
				more = true;
			}
	}
	return *at > from;
}

/* With the name of a month: "4 March 2026" or "March 4, 2026". */
static const char *
read_named(const char *at, struct page_date *d)
{
	bool first = isdigit((unsigned char)*at);
	unsigned day = 0, m, y;

	if (first && (!read_number(&at, 1, 2, &day) || !skip_between(&at)))
		return NULL;
	m = read_month(&at);
	if (m == 0 || !skip_between(&at))
		return NULL;
	if (!first && (!read_number(&at, 1, 2, &day) || !skip_between(&at)))
		return NULL;
	if (!read_number(&at, 4, 4, &y) || !is_date(y, m, day))
		return NULL;
	set_date(d, y, m, day);
	return at;
}

bool
page_date_find(const char *text, struct page_date *d)
{
	static const char *(*const forms[])(const char *at, struct page_date *d) = {read_year_first, read_east_asian,
										    read_day_first, read_named};

	for (const char *at = text; *at && at - text < TEXT; at++) {
		bool digit = isdigit((unsigned char)*at);

		if (at > text && (digit ? isdigit((unsigned char)at[-1]) : is_letter(at[-1])))
			continue;
		if (!digit && !is_letter(*at))
			continue;
		for (size_t i = digit ? 0 : 3; i < sizeof(forms) / sizeof(forms[0]); i++) {
			const char *end = forms[i](at, d);

			if (end) {
				d->from = (size_t)(at - text);
				d->n = (size_t)(end - at);
				return true;
			}
		}
	}
	return false;
}
