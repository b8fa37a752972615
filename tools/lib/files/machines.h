/*
 * machines: which machines have used a root. Locks do not exclude the processes of two machines unless the file system
 * makes them do so, so two machines in one root are a problem.
 *
 * The root's directory machines/ has a file for each machine, bi-batch(5).
 */
#ifndef BI_MACHINES_H
#define BI_MACHINES_H

#include <stdbool.h>
#include <time.h>

#include "files/root.h"

enum { MACHINE_NAME = 128, MACHINE_BOOT = 40 };

struct machine {
	char name[MACHINE_NAME]; /* the host's, as it was at the last start */
	char boot[MACHINE_BOOT]; /* the kernel's boot_id */
	time_t started;          /* when a program was last started there */
};

/* Notes that a program starts on this machine. With CREATE the root's temp/ is made if it is missing; without, nothing
 * is noted in a root that has none. A failure is of no consequence: a root that cannot be written is reported by what
 * writes there. */
void machines_note(const struct root *root, bool create);

/*
 * Calls SEE with each other machine that used the root while this one was running: its machine-id is another one, or
 * its kernel is another and a program started there after this kernel did. ID is its file's name. Returns 0, or -1 with
 * errno if the directory or a file of it cannot be read.
 */
int machines_each_other(const struct root *root, void (*see)(const char *id, const struct machine *m, void *arg),
			void *arg);

#endif
