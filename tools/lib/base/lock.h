/*
 * lock: file locks, which the kernel drops when their holder dies.
 *
 * There are three kinds. flock(2) guards a whole file: appends, part files, leases. Open-file-description locks
 * (fcntl(2), F_OFD_*) guard bytes and can be queried without being taken: items and batches. Classic fcntl locks name
 * the process id of their holder: the server of a port. Each lock has its own descriptor, close-on-exec. Lock files are
 * never unlinked.
 */
#ifndef BI_LOCK_H
#define BI_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

enum lock_kind { LOCK_SHARED, LOCK_ALONE };

/*
 * Sets a function that ends waits for locks. A program that reads its signals from a descriptor has them blocked, so
 * they cannot interrupt a wait. With ASKED, a wait tries the lock, sleeps for 0.1 to 5 ms and calls ASKED in turn; it
 * fails with EINTR once ASKED returns true. ASKED must be quick and safe to call from any thread. Without ASKED the
 * kernel waits, and signals do not end a wait.
 */
void lock_interruptible(bool (*asked)(void *arg), void *arg);

/* flock: waits for the lock. Returns 0, or -1 with errno (EINTR: see lock_interruptible()). */
int lock_wait(int fd, enum lock_kind kind);

/* flock: returns 0 when taken, 1 when another holds it, -1 with errno. */
int lock_try(int fd, enum lock_kind kind);

/* flock: releases the lock. Keeps errno. */
void lock_drop(int fd);

/* The same for the bytes FROM to FROM+LEN-1 by an open-file-description lock. With LEN 0 the lock has no end. The file
 * may be shorter. To drop one keeps errno. */
int lock_bytes_wait(int fd, enum lock_kind kind, off_t from, off_t len);
int lock_bytes_try(int fd, enum lock_kind kind, off_t from, off_t len);
void lock_bytes_drop(int fd, off_t from, off_t len);

/* Tells whether another open file description holds a lock on any of these bytes, without taking one. Stores the first
 * such byte of one such lock in HELD, if given. Returns 1, 0, or -1 with errno. */
int lock_bytes_held(int fd, off_t from, off_t len, off_t *held);

/* The same for a caller that wants to know all of one such lock: stores its first byte in BEGIN, and the byte after its
 * last in END. Of several locks it is any. */
int lock_bytes_find(int fd, off_t from, off_t len, off_t *begin, off_t *end);

/* Takes a classic lock on byte 0, which lock_owner() sees. Returns 0, 1 or -1 as lock_try(). The lock is lost when the
 * process closes any descriptor of that file. */
int lock_mark_owner(int fd);

/* Releases the lock of lock_mark_owner(). */
void lock_unmark_owner(int fd);

/* Returns the id of the process that holds the lock of lock_mark_owner(), 0 if none does, or -1 with errno. */
pid_t lock_owner(int fd);

#endif
