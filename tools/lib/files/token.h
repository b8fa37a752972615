/*
 * token: the secret that a writing request over HTTP must have, and the other small files of a root that only its owner
 * may read (htpasswd, tls/).
 *
 * BI_ROOT/token has 32 random bytes as 64 hexadecimal digits and a newline, mode 0600. It is made once, under a lock of
 * the root's directory, and replaced by rename, so a reader sees the old token or the new one.
 */
#ifndef BI_TOKEN_H
#define BI_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "files/root.h"

enum { TOKEN_HEX = 64, TOKEN_SECRET_MAX = 1 << 16 };

/* Stores the root's token in TOKEN as a string. Returns 0, or -1 with errno: ENOENT if there is no valid token, EPERM
 * if others than its owner may read or write it, or if its owner is neither this user nor the root's owner. */
int token_read(const struct root *root, char token[TOKEN_HEX + 1]);

/* The same, but makes a token if there is none or if others could read it; with ANEW always. Returns 1 if it made one,
 * 0 if the token was there, or -1 with errno. */
int token_make(const struct root *root, bool anew, char token[TOKEN_HEX + 1]);

/* Returns whether the N bytes GIVEN are TOKEN. The time does not depend on where they differ. */
bool token_equal(const char *given, size_t n, const char *token);

/* --- small files that only their owner may read --- */

/* Locks the root against other processes that make such files. Returns a descriptor, whose close() releases the lock,
 * or -1 with errno. */
int token_lock(const struct root *root);

/* Stores the whole text of the file NAME in the directory DIRFD in OUT. Returns 0, or -1 with errno: ENOENT, EPERM as
 * token_read(), EFBIG for more than TOKEN_SECRET_MAX bytes. */
int token_secret_read(int dirfd, const char *name, struct buf *out);

/* Replaces the file NAME in the directory DIRFD by N bytes, mode 0600, synced. Returns 0, or -1 with errno. */
int token_secret_write(const struct root *root, int dirfd, const char *name, const void *bytes, size_t n);

/* Fills BYTES with N random bytes. Returns 0, or -1 with errno. */
int token_random(void *bytes, size_t n);

#endif
