#include <crypt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "files/file.h"
#include "secret.h"
#include "tls.h"

enum { PASSWORD_MIN = 12, PASSWORD_MAX = 128, PASSWORD_MADE = 20, HASH_ROUNDS = 1000 };

/* --- the password --- */

/* PASSWORD_MADE characters that are easy to tell apart, 100 bits. */
static int
make_password(char out[PASSWORD_MAX + 1])
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	unsigned char bytes[PASSWORD_MADE];

	_Static_assert(sizeof(letters) - 1 == 32, "a byte chooses evenly among 32");
	if (token_random(bytes, sizeof(bytes)) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(bytes); i++)
		out[i] = letters[bytes[i] % 32];
	out[PASSWORD_MADE] = '\0';
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return 0;
}

/* The first line of PATH. 0, or the exit code after a message. */
static int
read_password(const char *path, char out[PASSWORD_MAX + 1])
{
	char line[PASSWORD_MAX + 3] = "";
	FILE *in = fopen(path, "re");
	size_t n;

	if (!in || (!fgets(line, sizeof(line), in) && ferror(in))) {
		msg_warn_errno("cannot read the password from '%s'", path);
		if (in)
			fclose(in);
		return EX_NOINPUT;
	}
	fclose(in);
	n = strcspn(line, "\r\n");
	line[n] = '\0';
	if (n < PASSWORD_MIN || n > PASSWORD_MAX) {
		msg_warn("the password in '%s' must have %d to %d bytes", path, PASSWORD_MIN, PASSWORD_MAX);
		n = 0;
	}
	memcpy(out, line, n);
	out[n] = '\0';
	OPENSSL_cleanse(line, sizeof(line));
	return n ? 0 : EX_DATAERR;
}

/* Writes the htpasswd file of PASSWORD. 0, or -1 with errno. */
static int
write_password(const struct serve *s, const char *password)
{
	struct crypt_data *data = buf_alloc(sizeof(*data));
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];
	struct buf line = {0};
	const char *hash = NULL;
	int rc = -1;

	/* SHA-512, not a slower hash, because lighttpd computes it for each request, one at a time; its cache would
	 * refuse a new password for a while. Only the owner can read the file, and the password is long. */
	if (crypt_gensalt_rn("$6$", HASH_ROUNDS, NULL, 0, salt, sizeof(salt)))
		hash = crypt_r(password, salt, data);
	if (hash && *hash == '$') {
		buf_printf(&line, "%s:%s\n", SERVE_USER, hash);
		rc = token_secret_write(&s->root, s->root.fd, SERVE_PASSWORD_FILE, line.data, line.len);
	}
	OPENSSL_cleanse(data, sizeof(*data));
	free(data);
	buf_free(&line);
	return rc;
}

/* With the lock: whether there already is a password, which stays. */
static bool
has_password(const struct serve *s)
{
	static const char hashed[] = SERVE_USER ":$";
	struct buf text = {0};
	bool has = !s->new_password && !s->password_file &&
		   token_secret_read(s->root.fd, SERVE_PASSWORD_FILE, &text) == 0 &&
		   strncmp(text.data, hashed, sizeof(hashed) - 1) == 0;

	buf_free(&text);
	return has;
}

static int
prepare_password(const struct serve *s)
{
	char password[PASSWORD_MAX + 1] = "";
	int rc = s->password_file ? read_password(s->password_file, password) : 0, lock;

	if (rc)
		return rc;
	lock = token_lock(&s->root);
	if (lock >= 0 && has_password(s)) {
		close(lock);
		return 0;
	}
	if (lock < 0 || (!*password && make_password(password) < 0) || write_password(s, password) < 0) {
		msg_warn_errno("cannot write %s/%s", s->root.path, SERVE_PASSWORD_FILE);
		rc = EX_CANTCREAT;
	} else if (!s->password_file) {
		msg_warn("the pages ask for a name and a password, which is shown only now: %s %s", SERVE_USER,
			 password);
	}
	file_close(lock, 0);
	OPENSSL_cleanse(password, sizeof(password));
	return rc;
}

/* --- all --- */

int
secrets_prepare(struct serve *s)
{
	int made = token_make(&s->root, s->new_token, s->token), rc = 0;
	struct buf fingerprint = {0};

	if (made < 0) {
		msg_warn_errno("cannot make %s/token, which pages need to write", s->root.path);
		return EX_CANTCREAT;
	}
	if (made && s->new_token)
		msg_warn("pages that are open must be opened again with the new token: run bi-serve, which prints "
			 "their URL");
	if (s->access != SERVE_OPEN)
		rc = prepare_password(s);
	if (rc == 0 && s->access == SERVE_SHARE) {
		rc = tls_prepare(s, &fingerprint);
		if (rc == 0)
			msg_warn("the certificate's SHA-256 fingerprint, to compare with what browsers show: %s",
				 fingerprint.data);
	}
	buf_free(&fingerprint);
	return rc;
}
