#include "html/srcset.h"

#include <stdlib.h>
#include <string.h>

#define SPACE " \t\n\f\r"

enum { DESCRIPTOR = 32 };

/* Parses one descriptor, "640w" or "1.5x". False if it is invalid; a height is accepted and ignored. */
static bool
take_descriptor(struct srcset *s, const char *text, size_t n)
{
	char number[DESCRIPTOR];
	char unit, *end;

	if (n < 2 || n > sizeof(number))
		return false;
	memcpy(number, text, n - 1);
	number[n - 1] = '\0';
	unit = text[n - 1];
	if (number[strspn(number, unit == 'x' ? "0123456789.eE+-" : "0123456789")] != '\0')
		return false;
	if (unit == 'h')
		return true;
	if (unit != 'w' && unit != 'x')
		return false;
	s->size = strtod(number, &end);
	s->width = unit == 'w';
	return *end == '\0' && s->size >= 0;
}

/* Parses the descriptors up to the comma that ends the candidate; commas in parentheses do not end it. */
static bool
take_descriptors(struct srcset *s)
{
	bool good = true;

	while (*s->at && *s->at != ',') {
		size_t n = 0;
		int inside = 0;

		while (s->at[n] && (inside > 0 || !strchr("," SPACE, s->at[n]))) {
			inside += s->at[n] == '(' ? 1 : s->at[n] == ')' && inside > 0 ? -1 : 0;
			n++;
		}
		if (n > 0 && !take_descriptor(s, s->at, n))
			good = false;
		s->at += n;
		s->at += strspn(s->at, SPACE);
	}
	return good;
}

bool
srcset_next(struct srcset *s)
{
	for (;;) {
		bool good = true;

		s->at += strspn(s->at, SPACE ",");
		s->url = s->at;
		s->len = strcspn(s->at, SPACE);
		if (s->len == 0)
			return false;
		s->at += s->len;
		s->size = 1;
		s->width = false;
		if (s->url[s->len - 1] == ',') {
			while (s->len > 0 && s->url[s->len - 1] == ',')
				s->len--;
		} else {
			s->at += strspn(s->at, SPACE);
			good = take_descriptors(s);
		}
		if (good)
			return true;
	}
}
