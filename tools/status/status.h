/*
 * status: the options that several files of bi-status need.
 */
#ifndef BI_STATUS_H
#define BI_STATUS_H

#include <stdbool.h>
#include <stdint.h>

struct settings {
	bool json, wait, strict, failed, removed, from_start;
	uint64_t limit, offset;
	long timeout; /* ms; -1: none */
};

#endif
