#include "base/hash.h"

#include <openssl/evp.h>
#include <pthread.h>

#include "base/msg.h"

/* struct hash is OpenSSL's context under another name, since it needs no other members. */
static EVP_MD_CTX *
hash_context(struct hash *h)
{
	return (EVP_MD_CTX *)(void *)h;
}

static void
die_unless_ok(int ok)
{
	if (ok != 1)
		msg_die(EX_SOFTWARE, "SHA-256 failed in libcrypto; is its installation complete?");
}

/* The digest is fetched once: OpenSSL would look up the result of EVP_sha256() at each use. */
static EVP_MD *sha256;

static void
fetch_algorithm(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	die_unless_ok(sha256 != NULL);
}

static const EVP_MD *
hash_algorithm(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fetch_algorithm);
	return sha256;
}

struct hash *
hash_begin(void)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	die_unless_ok(c && EVP_DigestInit_ex(c, hash_algorithm(), NULL) == 1);
	return (struct hash *)(void *)c;
}

void
hash_add(struct hash *h, const void *bytes, size_t n)
{
	die_unless_ok(EVP_DigestUpdate(hash_context(h), bytes, n));
}

void
hash_end(struct hash *h, char hex[HASH_HEX + 1])
{
	unsigned char digest[HASH_BYTES];

	die_unless_ok(EVP_DigestFinal_ex(hash_context(h), digest, NULL));
	hash_drop(h);
	hash_hex(digest, sizeof(digest), hex);
}

void
hash_drop(struct hash *h)
{
	EVP_MD_CTX_free(hash_context(h));
}

void
hash_bytes(const void *bytes, size_t n, unsigned char out[HASH_BYTES])
{
	die_unless_ok(EVP_Digest(bytes, n, out, NULL, hash_algorithm(), NULL));
}

void
hash_hex(const unsigned char *bytes, size_t n, char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*hex++ = digits[bytes[i] >> 4];
		*hex++ = digits[bytes[i] & 15];
	}
	*hex = '\0';
}
