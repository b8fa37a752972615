/*
 * token: what a request over HTTP must know to write, and the other small files of a root that are for its owner
 * alone (htpasswd, tls/).
 *
 * BI_ROOT/token has 32 random bytes as 64 hexadecimal digits and a newline, mode 0600. It is made once, under a lock of
 * the root's directory, and replaced by rename: a reader sees the old one or the new one.
 */
#ifndef BI_TOKEN_H
#define BI_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "files/root.h"

enum { TOKEN_HEX = 64, TOKEN_SECRET_MAX = 1 << 16 };

/* The root's token, as a string. 0, or -1 with errno: ENOENT where there is none or what is there is no token, EPERM
 * where others than its owner may read or write it, or its owner is neither we nor the root's. */
int token_read(const struct root *root, char token[TOKEN_HEX + 1]);

/* The same, after making one where there is none or it was open to others; with ANEW always. 1 where it
 * made one, 0 where it was there, or -1 with errno. */
int token_make(const struct root *root, bool anew, char token[TOKEN_HEX + 1]);

/* Whether the N bytes GIVEN are TOKEN, in a time that does not tell where they differ. */
bool token_equal(const char *given, size_t n, const char *token);

/* --- small files for their owner alone --- */

/* Locks the root against others that make such files; close() of the descriptor lets go. -1 with errno. */
int token_lock(const struct root *root);

/* The whole text of the file NAME in the directory DIRFD into OUT. 0, or -1 with errno: ENOENT, EPERM as
 * token_read(), EFBIG for more than TOKEN_SECRET_MAX bytes. */
int token_secret_read(int dirfd, const char *name, struct buf *out);

/* Replaces the file NAME in the directory DIRFD by these bytes, mode 0600, synced. 0, or -1 with errno. */
int token_secret_write(const struct root *root, int dirfd, const char *name, const void *bytes, size_t n);

/* N random bytes. 0, or -1 with errno. */
int token_random(void *bytes, size_t n);

#endif
