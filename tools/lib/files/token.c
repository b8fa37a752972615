#include "files/token.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/lock.h"
#include "files/atomic_file.h"
#include "files/file.h"

static const char file_name[] = "token";

int
token_random(void *bytes, size_t n)
{
	unsigned char *at = bytes;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		at += got;
		n -= (size_t)got;
	}
	return 0;
}

int
token_lock(const struct root *root)
{
	int fd = openat(root->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || lock_wait(fd, LOCK_ALONE) == 0)
		return fd;
	file_close(fd, 0);
	return -1;
}

/* --- files --- */

/* Whether the owner ITS is this user or the owner of the directory DIRFD. */
static bool
is_ours(const struct stat *its, int dirfd)
{
	struct stat dir;

	return its->st_uid == geteuid() || (fstat(dirfd, &dir) == 0 && its->st_uid == dir.st_uid);
}

static int
read_all(int dirfd, int fd, struct buf *out)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode))
		return file_fail(ENOENT);
	if (st.st_mode & 077 || !is_ours(&st, dirfd))
		return file_fail(EPERM);
	return file_read_all(fd, TOKEN_SECRET_MAX, out);
}

int
token_secret_read(int dirfd, const char *name, struct buf *out)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), rc;

	buf_clear(out);
	if (fd < 0)
		return -1;
	rc = read_all(dirfd, fd, out);
	return file_close(fd, rc);
}

int
token_secret_write(const struct root *root, int dirfd, const char *name, const void *bytes, size_t n)
{
	int temp = root_open_dir(root->fd, "temp", true), rc = -1;
	struct atomic_file p = {.fd = -1};

	if (temp < 0)
		return -1;
	if (atomic_file_open(&p, temp) == 0) {
		if (fchmod(p.fd, 0600) == 0 && atomic_file_write(&p, bytes, n) == 0 && fsync(p.fd) == 0)
			rc = atomic_file_publish(&p, dirfd, name);
		if (rc < 0)
			atomic_file_drop(&p);
	}
	if (rc == 0)
		rc = fsync(dirfd);
	return file_close(temp, rc);
}

/* --- the token --- */

int
token_read(const struct root *root, char token[TOKEN_HEX + 1])
{
	struct buf text = {0};
	int rc = token_secret_read(root->fd, file_name, &text), error = errno;

	if (rc == 0 && (text.len < TOKEN_HEX || strspn(text.data, "0123456789abcdef") != TOKEN_HEX ||
			text.data[TOKEN_HEX] != '\n')) {
		rc = -1;
		error = ENOENT;
	}
	if (rc == 0) {
		memcpy(token, text.data, TOKEN_HEX);
		token[TOKEN_HEX] = '\0';
	}
	if (text.data)
		OPENSSL_cleanse(text.data, text.len);
	buf_free(&text);
	errno = error;
	return rc;
}

/* With the lock. */
static int
write_new_token(const struct root *root, char token[TOKEN_HEX + 1])
{
	unsigned char bytes[TOKEN_HEX / 2];
	char line[TOKEN_HEX + 2];

	if (token_random(bytes, sizeof(bytes)) < 0)
		return -1;
	hash_hex(bytes, sizeof(bytes), token);
	memcpy(line, token, TOKEN_HEX);
	memcpy(line + TOKEN_HEX, "\n", 2);
	return token_secret_write(root, root->fd, file_name, line, TOKEN_HEX + 1) < 0 ? -1 : 1;
}

int
token_make(const struct root *root, bool anew, char token[TOKEN_HEX + 1])
{
	int lock, rc;

	if (!anew && token_read(root, token) == 0)
		return 0;
	lock = token_lock(root);
	if (lock < 0)
		return -1;
	rc = anew ? -1 : token_read(root, token);
	if (rc < 0)
		rc = anew || errno == ENOENT || errno == EPERM ? write_new_token(root, token) : -1;
	return file_close(lock, rc);
}

bool
token_equal(const char *given, size_t n, const char *token)
{
	return n == TOKEN_HEX && strlen(token) == TOKEN_HEX && CRYPTO_memcmp(given, token, TOKEN_HEX) == 0;
}
