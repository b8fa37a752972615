/*
 * two_sides: two processes, on one machine or on two, that ask the same file system the same questions at once.
 *
 * They find each other through files in a directory that the first of them makes. Each side has a record there with the
 * step to which it has come, and a count that grows as long as it lives. Steps keep the two together: what one side did
 * before a step is done when the other returns from it.
 */
#ifndef BI_TWO_SIDES_H
#define BI_TWO_SIDES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { SIDES_QUESTIONS = 9, SIDES_NAME = 128, SIDES_BOOT = 40 };

struct side_record {
	unsigned step, beat;
	char answers[SIDES_QUESTIONS + 1]; /* '+' yes, '-' no, '.' not asked yet */
	char boot[SIDES_BOOT];             /* the kernel's boot_id */
	char host[SIDES_NAME];
};

struct two_sides {
	int parent, dir;  /* the directory that is examined, and that of the test in it */
	bool first;       /* this side made the directory */
	bool alone;       /* nobody came: the second side is a child of this process */
	pid_t child;      /* that child; 0: none */
	int64_t patience; /* ms without a sign of the other, after which it counts as dead */
	int64_t told;     /* when this side last wrote its record, and when the other's last changed: clock_ms() */
	int64_t heard;
	struct side_record own, other;
	const char *ended; /* why the two do not go on; NULL: they do */
};

/* The name of the directory of a test. */
#define SIDES_DIRECTORY "filesystem-test"

/*
 * Meets the other side in the directory PARENT. If nobody comes within PATIENCE milliseconds, a child becomes the other
 * side: then this function returns in both processes. Returns 0, or -1 with errno: EBUSY if two others are there, or
 * were killed there; EEXIST if the name is taken by something else. After 0, sides_part() must be called.
 */
int sides_meet(struct two_sides *s, int parent, int64_t patience);

/* Returns when the other side has come to the same step, or at once if the two do not go on. */
void sides_step(struct two_sides *s);

/* To be called often between steps. Tells the other side that this one lives. Returns whether the two go on. */
bool sides_go_on(struct two_sides *s);

/* Ends the test: removes what was made. The child of a lonely process ends here. */
void sides_part(struct two_sides *s);

#endif
