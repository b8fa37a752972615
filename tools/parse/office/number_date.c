#include "office/number_date.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { DAY = 86400, LAST = 2958466, LEAP = 60, DAYS_1904 = 1462 };

struct moment {
	int year, month, day, weekday; /* weekday 0 is Sunday */
	int64_t seconds;               /* since day 0 */
	int hour, minute, second, milli;
};

bool
number_is_date(double value)
{
	return value >= 0 && value < LAST;
}

/* The civil date of a day, whose number 0 is 1970-01-01 (Howard Hinnant, days and civil dates). */
static void
take_civil(struct moment *t, int64_t day)
{
	int64_t z = day + 719468, era = z / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	t->day = (int)(doy - (153 * mp + 2) / 5 + 1);
	t->month = (int)(mp < 10 ? mp + 3 : mp - 9);
	t->year = (int)(yoe + era * 400 + (t->month <= 2));
}

/* The calendar of 1900 has a day that never was, 1900-02-29: Lotus 1-2-3 had it. */
static void
take_moment(struct moment *t, double value, bool from_1904, unsigned digits)
{
	static const int64_t units[] = {1, 10, 100, 1000};
	int64_t unit = units[digits], ticks = (int64_t)floor(value * DAY * (double)unit + 0.5 + 1e-6), day;

	t->seconds = ticks / unit;
	t->milli = (int)(ticks % unit * (1000 / unit));
	t->second = (int)(t->seconds % 60);
	t->minute = (int)(t->seconds / 60 % 60);
	t->hour = (int)(t->seconds / 3600 % 24);
	day = t->seconds / DAY + (from_1904 ? DAYS_1904 : 0);
	t->weekday = (int)((day + 6) % 7);
	if (day == LEAP) {
		t->year = 1900, t->month = 2, t->day = 29;
		return;
	}
	take_civil(t, day - 25569 + (day < LEAP));
}

static void
put_name(struct buf *out, const char *const *names, int i, unsigned letters)
{
	if (letters == 3)
		buf_add(out, names[i], 3);
	else if (letters == 5)
		buf_add(out, names[i], 1);
	else
		buf_str(out, names[i]);
}

static void
put_padded(struct buf *out, int64_t number, unsigned letters)
{
	buf_printf(out, "%0*lld", letters < 2 ? 1 : (int)(letters < 4 ? letters : 4), (long long)number);
}

static void
put_part(struct buf *out, const struct number_token *t, const struct moment *m, bool noon)
{
	static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
					     "July",    "August",   "September", "October", "November", "December"};
	static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
					   "Thursday", "Friday", "Saturday"};

	switch (t->letter) {
	case 'y':
		buf_printf(out, t->n < 3 ? "%02d" : "%04d", t->n < 3 ? m->year % 100 : m->year);
		break;
	case 'e':
		buf_printf(out, "%d", m->year);
		break;
	case 'm':
		if (t->n > 2)
			put_name(out, months, m->month - 1, t->n);
		else
			put_padded(out, m->month, t->n);
		break;
	case 'd':
		if (t->n > 2)
			put_name(out, days, m->weekday, t->n);
		else
			put_padded(out, m->day, t->n);
		break;
	case 'h':
		put_padded(out, t->elapsed ? m->seconds / 3600 : noon ? (m->hour + 11) % 12 + 1 : m->hour, t->n);
		break;
	case 'n':
		put_padded(out, t->elapsed ? m->seconds / 60 : m->minute, t->n);
		break;
	case 's':
		put_padded(out, t->elapsed ? m->seconds : m->second, t->n);
	}
}

void
number_date_put(const struct number_section *x, double value, bool from_1904, struct buf *out)
{
	struct moment m;
	unsigned digits = 0;
	bool noon = false;

	for (size_t i = 0; i < x->count; i++) {
		noon = noon || x->tokens[i].type == TOKEN_NOON;
		if (x->tokens[i].type == TOKEN_FRACTION && x->tokens[i].n > digits)
			digits = x->tokens[i].n;
	}
	take_moment(&m, value, from_1904, digits);
	for (size_t i = 0; i < x->count; i++) {
		const struct number_token *t = &x->tokens[i];

		if (t->type == TOKEN_DATE)
			put_part(out, t, &m, noon);
		else if (t->type == TOKEN_NOON)
			buf_str(out, t->n == 2 ? (m.hour < 12 ? "AM" : "PM") : m.hour < 12 ? "A" : "P");
		else if (t->type == TOKEN_FRACTION)
			buf_printf(out, ".%0*d", (int)t->n, m.milli / (t->n == 1 ? 100 : t->n == 2 ? 10 : 1));
		else
			number_sign_put(t, out);
	}
}
