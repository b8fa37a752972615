/*
 * lock: claims that the kernel drops when their holder dies.
 *
 * Three kinds, each for its purpose. flock(2) guards a whole file: appends, part files,
 * leases. Open-file-description locks (fcntl(2), F_OFD_*) guard bytes and can be asked
 * about without being taken: items and batches. Classic fcntl locks name their holder's
 * process id: who serves a port.
 * A lock is on a descriptor of its own, close-on-exec; lock files are never unlinked.
 */
#ifndef BI_LOCK_H
#define BI_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

enum lock_kind { LOCK_SHARED, LOCK_ALONE };

/*
 * A program that takes its signals from a descriptor has them blocked while it waits for a lock. It gives a function
 * here that says whether it should stop waiting. Waits of this process then attempt the lock, sleep for 0.1 to 2 ms
 * and call ASKED, which must be quick, in turn; they fail with EINTR once it returns true. A wait may be in any
 * thread, so ASKED must be safe to call from each. Without ASKED the kernel waits, and signals do not end a wait.
 */
void lock_interruptible(bool (*asked)(void *arg), void *arg);

/* flock: waits for the lock. 0, or -1 with errno (EINTR: see lock_interruptible()). */
int lock_wait(int fd, enum lock_kind kind);

/* flock: 0 when taken, 1 when another holds it, -1 with errno. */
int lock_try(int fd, enum lock_kind kind);

/* flock: lets go. Keeps errno. */
void lock_drop(int fd);

/* The same for bytes FROM to FROM+LEN-1 (LEN 0: to the end of any file) by an
 * open-file-description lock; a file need not be that long. To drop one keeps errno. */
int lock_bytes_wait(int fd, enum lock_kind kind, off_t from, off_t len);
int lock_bytes_try(int fd, enum lock_kind kind, off_t from, off_t len);
void lock_bytes_drop(int fd, off_t from, off_t len);

/* Whether another open file description holds any lock on these bytes; takes nothing.
 * Fills HELD, if given, with the first held byte. 1, 0, or -1 with errno. */
int lock_bytes_held(int fd, off_t from, off_t len, off_t *held);

/* A classic lock on byte 0, for lock_owner() to see. 0, 1 or -1 as lock_try(). It is lost
 * when the process closes any descriptor of that file. */
int lock_mark_owner(int fd);

/* Ends lock_mark_owner(). */
void lock_unmark_owner(int fd);

/* The process that holds lock_mark_owner(), as the kernel knows it; 0 for none; -1 with errno. */
pid_t lock_owner(int fd);

#endif
