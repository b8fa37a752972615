#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "files/file.h"
#include "tls.h"

enum { DAYS = 397, RENEW_DAYS = 30, DAY = 86400 };

/* --- looking at one --- */

/* Reads the certificate and the key in TEXT. True if both exist and belong together. */
static bool
parse_pem(const struct buf *cert, const struct buf *key, X509 **x, EVP_PKEY **k)
{
	BIO *c = BIO_new_mem_buf(cert->data, (int)cert->len), *p = BIO_new_mem_buf(key->data, (int)key->len);

	*x = c ? PEM_read_bio_X509(c, NULL, NULL, NULL) : NULL;
	*k = p ? PEM_read_bio_PrivateKey(p, NULL, NULL, (void *)(uintptr_t) "") : NULL;
	BIO_free(c);
	BIO_free(p);
	ERR_clear_error();
	return *x && *k && X509_check_private_key(*x, *k) == 1;
}

static int
print_fingerprint(X509 *x, struct buf *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (X509_digest(x, EVP_sha256(), digest, &n) != 1)
		return -1;
	for (unsigned i = 0; i < n; i++)
		buf_printf(out, i ? ":%02X" : "%02X", digest[i]);
	return 0;
}

/* --- the one given --- */

static int
read_file(const char *path, struct buf *out)
{
	FILE *in = fopen(path, "re");
	size_t n = 0;
	bool failed;

	if (!in)
		return -1;
	while (out->len <= TOKEN_SECRET_MAX && (n = fread(buf_room(out, 4096), 1, 4096, in)) > 0)
		out->len += n;
	failed = ferror(in) || out->len == 0;
	fclose(in);
	return failed ? -1 : 0;
}

static int
check_given(const struct serve *s, struct buf *fingerprint)
{
	struct buf cert = {0}, key = {0};
	EVP_PKEY *k = NULL;
	X509 *x = NULL;
	int rc = EX_NOINPUT;

	errno = 0;
	if (read_file(s->cert, &cert) < 0) {
		msg_warn_errno("cannot read the certificate '%s'", s->cert);
	} else if (read_file(s->key, &key) < 0) {
		msg_warn_errno("cannot read the key '%s'", s->key);
	} else {
		rc = EX_DATAERR;
		if (!parse_pem(&cert, &key, &x, &k) || print_fingerprint(x, fingerprint) < 0)
			msg_warn("'%s' and '%s' are not a certificate and its key, as PEM without a passphrase",
				 s->cert, s->key);
		else if (X509_cmp_current_time(X509_get0_notAfter(x)) < 0)
			msg_warn("the certificate '%s' is no longer valid", s->cert);
		else
			rc = 0;
	}
	X509_free(x);
	EVP_PKEY_free(k);
	if (key.data)
		OPENSSL_cleanse(key.data, key.len);
	buf_free(&key);
	buf_free(&cert);
	return rc;
}

/* --- our own --- */

static int
add_extension(X509 *x, int id, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *e;
	int rc;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &context, id, value);
	rc = e ? X509_add_ext(x, e, -1) : 0;
	X509_EXTENSION_free(e);
	return rc;
}

/* Fills in a certificate for KEY and signs it with KEY. */
static bool
sign_certificate(X509 *x, EVP_PKEY *key, const char *names)
{
	ASN1_INTEGER *serial = X509_get_serialNumber(x);
	X509_NAME *name = X509_get_subject_name(x);
	uint64_t number;

	return token_random(&number, sizeof(number)) == 0 && ASN1_INTEGER_set_uint64(serial, number >> 1) == 1 &&
	       X509_set_version(x, 2) == 1 && X509_gmtime_adj(X509_getm_notBefore(x), -DAY) &&
	       X509_gmtime_adj(X509_getm_notAfter(x), (long)DAYS * DAY) && X509_set_pubkey(x, key) == 1 &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"bi-serve", -1, -1, 0) ==
		       1 &&
	       X509_set_issuer_name(x, name) == 1 &&
	       add_extension(x, NID_basic_constraints, "critical,CA:FALSE") == 1 &&
	       add_extension(x, NID_key_usage, "critical,digitalSignature") == 1 &&
	       add_extension(x, NID_ext_key_usage, "serverAuth") == 1 &&
	       add_extension(x, NID_subject_alt_name, names) == 1 && X509_sign(x, key, EVP_sha256()) > 0;
}

/* Makes a key and its certificate as PEM. False if OpenSSL fails. */
static bool
make_pem(const struct serve *s, struct buf *out)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *pem = BIO_new(BIO_s_secmem());
	struct buf names = {0};
	X509 *x = X509_new();
	bool made = false;
	char *bytes;
	long n;
	char host[256] = "";

	/* The names in the certificate: those that browsers may use. */
	buf_str(&names, "DNS:localhost,IP:127.0.0.1,IP:::1");
	if (strcmp(s->address, "0.0.0.0") != 0 && strcmp(s->address, "::") != 0)
		buf_printf(&names, ",IP:%s", s->address);
	if (gethostname(host, sizeof(host) - 1) == 0 && *host &&
	    strspn(host, "abcdefghijklmnopqrstuvwxyz"
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == strlen(host))
		buf_printf(&names, ",DNS:%s", host);
	for (size_t i = 0; i < s->hosts_n; i++)
		buf_printf(&names, ",DNS:%s", s->hosts[i]);
	if (key && pem && x && sign_certificate(x, key, names.data) &&
	    PEM_write_bio_PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL) == 1 && PEM_write_bio_X509(pem, x) == 1 &&
	    (n = BIO_get_mem_data(pem, &bytes)) > 0) {
		buf_add(out, bytes, (size_t)n);
		made = true;
	}
	X509_free(x);
	BIO_free(pem);
	EVP_PKEY_free(key);
	buf_free(&names);
	ERR_clear_error();
	return made;
}

/* Whether TEXT is a certificate with its key that is valid for some time, and for the required names. */
static bool
is_usable(const struct serve *s, const struct buf *text, struct buf *fingerprint)
{
	time_t later = time(NULL) + (time_t)RENEW_DAYS * DAY;
	EVP_PKEY *key = NULL;
	X509 *x = NULL;
	bool good = text->len && parse_pem(text, text, &x, &key) && X509_cmp_time(X509_get0_notAfter(x), &later) > 0;

	for (size_t i = 0; good && i < s->hosts_n; i++)
		good = X509_check_host(x, s->hosts[i], 0, 0, NULL) == 1;
	if (good && strcmp(s->address, "0.0.0.0") != 0 && strcmp(s->address, "::") != 0)
		good = X509_check_ip_asc(x, s->address, 0) == 1;
	good = good && print_fingerprint(x, fingerprint) == 0;
	X509_free(x);
	EVP_PKEY_free(key);
	return good;
}

/* With the lock. */
static int
prepare_own(const struct serve *s, int dir, struct buf *fingerprint)
{
	const char *name = strrchr(SERVE_TLS_FILE, '/') + 1;
	struct buf text = {0};
	int rc = 0;

	if (token_secret_read(dir, name, &text) < 0 || !is_usable(s, &text, fingerprint)) {
		buf_clear(&text);
		buf_clear(fingerprint);
		errno = 0;
		if (!make_pem(s, &text) || !is_usable(s, &text, fingerprint))
			rc = -1;
		else
			rc = token_secret_write(&s->root, dir, name, text.data, text.len);
	}
	if (rc < 0)
		msg_warn_errno("cannot make a certificate in %s/%s", s->root.path, SERVE_TLS_FILE);
	if (text.data)
		OPENSSL_cleanse(text.data, text.len);
	buf_free(&text);
	return rc < 0 ? EX_CANTCREAT : 0;
}

int
tls_prepare(const struct serve *s, struct buf *fingerprint)
{
	int dir, lock, rc = EX_CANTCREAT;

	if (s->cert)
		return check_given(s, fingerprint);
	dir = root_open_dir(s->root.fd, "tls", true);
	lock = dir < 0 ? -1 : token_lock(&s->root);
	if (lock >= 0)
		rc = prepare_own(s, dir, fingerprint);
	else
		msg_warn_errno("cannot make %s/tls", s->root.path);
	file_close(lock, 0);
	return file_close(dir, rc);
}
