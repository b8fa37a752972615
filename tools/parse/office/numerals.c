#include "office/numerals.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { ROMAN_MAX = 3999, LETTERS_MAX = 780 };

static void
add_roman(long number, bool upper, struct buf *out)
{
	static const struct {
		int value;
		const char *numeral;
	} parts[] = {{1000, "m"}, {900, "cm"}, {500, "d"}, {400, "cd"}, {100, "c"}, {90, "xc"}, {50, "l"},
		     {40, "xl"},  {10, "x"},   {9, "ix"},  {5, "v"},    {4, "iv"},  {1, "i"}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (; number >= parts[i].value; number -= parts[i].value)
			for (const char *s = parts[i].numeral; *s; s++)
				buf_add(out, upper ? &(char){(char)toupper((unsigned char)*s)} : s, 1);
}

/* a to z, then aa to zz, as word processors count. */
static void
add_letters(long number, bool upper, struct buf *out)
{
	char letter = (char)((upper ? 'A' : 'a') + (number - 1) % 26);

	for (long i = 0; i <= (number - 1) / 26; i++)
		buf_add(out, &letter, 1);
}

static const char *
ordinal_ending(long number)
{
	long last = number % 10, two = number % 100;

	if (two >= 11 && two <= 13)
		return "th";
	return last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th";
}

void
numeral_add(const char *format, long number, struct buf *out)
{
	bool upper = strncmp(format, "upper", 5) == 0;

	if (strcmp(format, "none") == 0)
		buf_str(out, "");
	else if (strstr(format, "Roman") && number > 0 && number <= ROMAN_MAX)
		add_roman(number, upper, out);
	else if ((strcmp(format, "upperLetter") == 0 || strcmp(format, "lowerLetter") == 0) && number > 0 &&
		 number <= LETTERS_MAX)
		add_letters(number, upper, out);
	else if (strcmp(format, "decimalEnclosedCircle") == 0 && number > 0 && number <= 20)
		buf_add(out, (char[]){'\xe2', '\x91', (char)(0x9f + number)}, 3); /* U+2460 and on */
	else
		buf_printf(out, strcmp(format, "decimalZero") == 0 ? "%02ld" : "%ld", number);
	if (strcmp(format, "ordinal") == 0)
		buf_str(out, ordinal_ending(number));
}
