/*
 * hash: SHA-256 (FIPS 180-4), by OpenSSL's EVP.
 */
#ifndef BI_HASH_H
#define BI_HASH_H

#include <stddef.h>

enum { HASH_BYTES = 32, HASH_HEX = 2 * HASH_BYTES };

struct hash; /* one under way */

struct hash *hash_begin(void);
void hash_add(struct hash *h, const void *bytes, size_t n);

/* Ends it, frees H, and writes 64 lower-case hexadecimal digits and a NUL to HEX. */
void hash_end(struct hash *h, char hex[HASH_HEX + 1]);

/* Frees H without a result. NULL does nothing. */
void hash_drop(struct hash *h);

/* The digest of N bytes at once. */
void hash_bytes(const void *bytes, size_t n, unsigned char out[HASH_BYTES]);

/* N bytes as lower-case hexadecimal digits and a NUL. */
void hash_hex(const unsigned char *bytes, size_t n, char *hex);

#endif
