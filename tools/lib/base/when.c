#include "base/when.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char format[] = "%Y-%m-%dT%H:%M:%SZ";

const char *
when_print(char room[WHEN_SIZE], time_t t)
{
	struct tm utc;

	room[0] = '\0';
	if (gmtime_r(&t, &utc) && utc.tm_year >= 0 && utc.tm_year <= 9999 - 1900)
		(void)strftime(room, WHEN_SIZE, format, &utc); /* it fits */
	return room;
}

const char *
when_print_local(char room[WHEN_LOCAL_SIZE], time_t t)
{
	struct tm then, now;
	time_t at = time(NULL);
	bool today;

	room[0] = '\0';
	if (!localtime_r(&t, &then) || !localtime_r(&at, &now))
		return room;
	today = then.tm_yday == now.tm_yday && then.tm_year == now.tm_year;
	(void)strftime(room, WHEN_LOCAL_SIZE, today ? "%H:%M" : "%Y-%m-%d %H:%M", &then); /* it fits */
	return room;
}

const char *
when_now(char room[WHEN_SIZE])
{
	return when_print(room, time(NULL));
}

const char *
when_now_ms(char room[WHEN_MS_SIZE])
{
	struct timespec now;
	char seconds[WHEN_SIZE];

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(room, WHEN_MS_SIZE, "%.19s.%03uZ", when_print(seconds, now.tv_sec),
		 (unsigned)(now.tv_nsec / 1000000) % 1000);
	return room;
}

const char *
when_print_exactly(char room[WHEN_EXACT_SIZE], const struct timespec *t)
{
	char seconds[WHEN_SIZE], fraction[12];
	int digits = 9;

	when_print(seconds, t->tv_sec);
	snprintf(fraction, sizeof(fraction), "%09ld", t->tv_nsec);
	while (digits > 0 && fraction[digits - 1] == '0')
		digits--;
	if (!*seconds)
		room[0] = '\0';
	else
		snprintf(room, WHEN_EXACT_SIZE, "%.19s%s%.*sZ", seconds, digits ? "." : "", digits, fraction);
	return room;
}

time_t
when_parse(const char *at, const char *end)
{
	char text[WHEN_SIZE] = "";
	struct tm utc = {0};
	const char *rest;

	if (!at || end - at < WHEN_SIZE - 1)
		return 0;
	memcpy(text, at, WHEN_SIZE - 1);
	rest = strptime(text, format, &utc);
	return rest && !*rest ? timegm(&utc) : 0;
}
