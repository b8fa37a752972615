/*
 * hasher: digests of what is long, reckoned in a thread of their own while the next bytes come in and are written.
 */
#ifndef BI_HASHER_H
#define BI_HASHER_H

#include <stddef.h>

#include "base/hash.h"

struct hasher;

/* Starts the thread. NULL with errno. For hasher_end(). */
struct hasher *hasher_start(void);

/*
 * Has N bytes added to HASH, behind those given before. BYTES came from malloc and are freed by it. Until
 * hasher_wait() has returned HASH is the thread's. Where several megabytes wait already it waits until some are done.
 */
void hasher_give(struct hasher *h, struct hash *hash, char *bytes, size_t n);

/* Returns when all that was given is done. */
void hasher_wait(struct hasher *h);

/* Does what was given, and ends the thread. NULL does nothing. */
void hasher_end(struct hasher *h);

#endif
