/*
 * verify_report: what --verify says about the exports.
 */
#ifndef BI_VERIFY_REPORT_H
#define BI_VERIFY_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct verify_report {
	const char *file; /* the export that is checked */
	bool json;
	uint64_t problems, missing; /* of the problems: named exports that do not exist */
};

/* Reports a problem of the export, or of its MEMBER if that is not NULL. */
void verify_report_problem(struct verify_report *r, const char *member, const char *code, const char *words);

/* Reports that DOING failed for the export, for the reason in errno, which lies in it or in this machine. */
void verify_report_cannot(struct verify_report *r, const char *doing);

/* Reports that the export, which was named (ASKED) or is on a list, cannot be opened, with the reason in errno. */
void verify_report_closed(struct verify_report *r, bool asked);

/* Reports that the export, of so many MEMBERS, is unchanged. */
void verify_report_good(const struct verify_report *r, size_t members);

#endif
