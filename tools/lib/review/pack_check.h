/*
 * pack_check: compares the members of an archive that pack.h wrote with the list of digests in it.
 *
 * The archive is unpacked by a confined process (expand.h). Only sums of the members are kept, so memory does not grow
 * with them. If the sums differ, the archive is read again with a REPORT to find out where; then each member takes
 * memory.
 */
#ifndef BI_PACK_CHECK_H
#define BI_PACK_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "confined/expand.h"

struct pack_check;

/* Called with a problem of the archive, or of MEMBER if that is not NULL: a code for programs, and words for people. */
typedef void pack_check_report(void *arg, const char *member, const char *code, const char *words);

/* Returns a check, for pack_check_free(). REPORT may be NULL: then nothing is reported. */
struct pack_check *pack_check_new(pack_check_report *report, void *arg);
void pack_check_free(struct pack_check *c); /* NULL is allowed */

/* Takes an event of the archive. Those of all members are to be passed, in their order. */
void pack_check_take(struct pack_check *c, enum expand_event event, const struct expand_member *m);

/* Returns whether the current member is the list of digests. */
bool pack_check_is_list(const struct pack_check *c);

/* Returns how many members were whole, without the list. */
size_t pack_check_count(const struct pack_check *c);

/* At the end: returns whether the members are those of the list. */
bool pack_check_is_good(const struct pack_check *c);

/* At the end: reports the members that are not as the list says. */
void pack_check_compare(struct pack_check *c);

/* Called with each event of an archive, the last one too. Returns false to end the reading. */
typedef bool pack_check_see(void *arg, enum expand_event event, const struct expand_member *m);

/* Most members of an archive. */
enum { PACK_MEMBERS_MAX = 1 << 24 };

/* Reads all members of the archive FD within LIMITS. Returns the last event, or EXPAND_AGAIN with errno if that could
 * not begin. */
enum expand_event pack_check_read(int fd, const struct expand_limits *limits, pack_check_see *see, void *arg);

/* Takes the complete lines off the beginning of TEXT, and calls LINE with each, without its newline. */
struct buf;
void pack_check_lines(struct buf *text, void (*line)(void *arg, char *line, size_t n), void *arg);

#endif
