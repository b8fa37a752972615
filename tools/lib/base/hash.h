/*
 * hash: SHA-256 (FIPS 180-4), by OpenSSL's EVP.
 */
#ifndef BI_HASH_H
#define BI_HASH_H

#include <stddef.h>

enum { HASH_BYTES = 32, HASH_HEX = 2 * HASH_BYTES };

struct hash; /* a digest being computed */

struct hash *hash_begin(void);
void hash_add(struct hash *h, const void *bytes, size_t n);

/* Ends the digest, frees H, and writes 64 lower-case hexadecimal digits and a NUL to HEX. */
void hash_end(struct hash *h, char hex[HASH_HEX + 1]);

/* Frees H without a result. NULL is allowed. */
void hash_drop(struct hash *h);

/* Stores the digest of N bytes in OUT. */
void hash_bytes(const void *bytes, size_t n, unsigned char out[HASH_BYTES]);

/* Writes N bytes as lower-case hexadecimal digits and a NUL to HEX. */
void hash_hex(const unsigned char *bytes, size_t n, char *hex);

#endif
