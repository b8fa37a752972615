/*
 * verify_members: reads an export, and compares what is in it with the lists of digests and of subjects that it has.
 *
 * An archive is read once, and only the sums of its members and subjects are kept, so that memory does not grow with
 * them. If the sums differ, it is read again to find out where.
 */
#ifndef BI_VERIFY_MEMBERS_H
#define BI_VERIFY_MEMBERS_H

#include "review/digests.h"
#include "review/set_sum.h"
#include "verify_report.h"

/* How many choices the subjects have, or should have. */
struct counts {
	struct count *v;
	size_t n;
};

/* The subjects of the archives, each as often as it has choices: by their metadata, and by CONTENTS. */
struct subjects {
	struct set_sum has_sum, should_sum;
	struct counts has, should; /* only of a further reading that finds out which differ */
};

struct verifying {
	struct verify_report report;
	bool listed; /* all archives of a list are read, and their subjects then checked together */
	struct subjects subjects;
};

/* Checks the archive FD, and unless it is one of a list its subjects. Reports problems. Returns how many members there
 * are. */
size_t verify_members(struct verifying *v, int fd);

/* Reports the subjects of which all archives of LIST, which are beside the file PATH, together do not have enough. */
void verify_subjects(struct verifying *v, const char *path, const struct digests *list);

/* Adds the path of the archive NAME beside the file PATH to FILE. */
struct buf;
void verify_name_beside(const char *path, const char *name, struct buf *file);

#endif
