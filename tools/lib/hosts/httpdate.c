#include "hosts/httpdate.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* A date being read: each step moves AT on, or ends in false. */
struct reading {
	const char *at;
	struct tm tm;
};

static bool
number(struct reading *r, int digits, int least, int most, int *out)
{
	int n = 0;

	for (int i = 0; i < digits; i++, r->at++) {
		if (*r->at < '0' || *r->at > '9')
			return false;
		n = n * 10 + (*r->at - '0');
	}
	*out = n;
	return n >= least && n <= most;
}

static bool
text(struct reading *r, const char *word)
{
	size_t n = strlen(word);

	if (strncasecmp(r->at, word, n) != 0)
		return false;
	r->at += n;
	return true;
}

static bool
month(struct reading *r)
{
	static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

	for (r->tm.tm_mon = 0; r->tm.tm_mon < 12; r->tm.tm_mon++)
		if (text(r, names[r->tm.tm_mon]))
			return true;
	return false;
}

static bool
year(struct reading *r)
{
	if (!number(r, 4, 1601, 9999, &r->tm.tm_year))
		return false;
	r->tm.tm_year -= 1900;
	return true;
}

/* More than 50 years ahead means the latest such year in the past. */
static bool
short_year(struct reading *r, time_t now)
{
	struct tm today;
	int y;

	if (!number(r, 2, 0, 99, &y) || !gmtime_r(&now, &today))
		return false;
	y += today.tm_year / 100 * 100;
	if (y > today.tm_year + 50)
		y -= 100;
	else if (y <= today.tm_year - 50)
		y += 100;
	r->tm.tm_year = y;
	return true;
}

static bool
day(struct reading *r)
{
	return number(r, 2, 1, 31, &r->tm.tm_mday);
}

static bool
padded_day(struct reading *r)
{
	return *r->at == ' ' ? text(r, " ") && number(r, 1, 1, 9, &r->tm.tm_mday) : day(r);
}

static bool
hour(struct reading *r)
{
	return number(r, 2, 0, 23, &r->tm.tm_hour) && text(r, ":") && number(r, 2, 0, 59, &r->tm.tm_min) &&
	       text(r, ":") && number(r, 2, 0, 60, &r->tm.tm_sec);
}

/* Behind the name of the day, short or long, as its form asks for. */
static bool
rest(struct reading *r, bool is_long, time_t now)
{
	if (is_long)
		return text(r, ", ") && day(r) && text(r, "-") && month(r) && text(r, "-") && short_year(r, now) &&
		       text(r, " ") && hour(r) && text(r, " GMT");
	if (*r->at == ',')
		return text(r, ", ") && day(r) && text(r, " ") && month(r) && text(r, " ") && year(r) && text(r, " ") &&
		       hour(r) && text(r, " GMT");
	return text(r, " ") && month(r) && text(r, " ") && padded_day(r) && text(r, " ") && hour(r) && text(r, " ") &&
	       year(r);
}

static const char *
skip_spaces(const char *s)
{
	return s + strspn(s, " \t");
}

/* The 31st of a month that has none is no day. */
static bool
day_exists(const struct tm *tm)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int y = tm->tm_year + 1900;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	return tm->tm_mday <= days[tm->tm_mon] && (tm->tm_mon != 1 || leap || tm->tm_mday <= 28);
}

time_t
httpdate_parse(const char *value, time_t now)
{
	static const char *const names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
					    "Thursday", "Friday", "Saturday"};
	time_t moment;

	value = skip_spaces(value);
	for (int i = 0; i < 7; i++) {
		struct reading r = {.at = value};
		bool is_long = text(&r, names[i]);
		char brief[4] = {names[i][0], names[i][1], names[i][2], '\0'};

		if (!is_long && !text(&r, brief))
			continue;
		if (!rest(&r, is_long, now) || *skip_spaces(r.at) || !day_exists(&r.tm))
			return -1;
		moment = timegm(&r.tm);
		return moment < 0 ? 0 : moment;
	}
	return -1;
}

int64_t
httpdate_retry_after(const char *value, time_t now)
{
	const char *p = value = skip_spaces(value);
	int64_t seconds = 0;
	time_t moment;

	for (; *p >= '0' && *p <= '9'; p++)
		if (seconds <= HTTPDATE_RETRY_MAX)
			seconds = seconds * 10 + (*p - '0');
	if (p == value) {
		moment = httpdate_parse(value, now);
		if (moment < 0)
			return -1;
		seconds = moment > now ? (int64_t)(moment - now) : 0;
	} else if (*skip_spaces(p)) {
		return -1;
	}
	return seconds < HTTPDATE_RETRY_MAX ? seconds : HTTPDATE_RETRY_MAX;
}
