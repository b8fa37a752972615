#include "base/clock.h"

#include <limits.h>
#include <time.h>

int64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int
clock_left(int64_t until)
{
	int64_t left = until - clock_ms();

	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

double
clock_processor_seconds(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
