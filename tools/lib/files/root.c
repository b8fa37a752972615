#include "files/root.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/lock.h"
#include "base/msg.h"
#include "base/words.h"
#include "files/file.h"

static const char system_root[] = "/var/lib/bi";

/* The default root: that of the system if this user may write there, otherwise the user's own. */
static void
usual_root(struct buf *out)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (access(system_root, W_OK | X_OK) == 0)
		buf_str(out, system_root);
	else if (state && *state == '/')
		buf_printf(out, "%s/bi", state);
	else if (home && *home == '/')
		buf_printf(out, "%s/.local/state/bi", home);
	else
		msg_die(EX_CONFIG, "no root directory: set BI_ROOT or HOME, or use --root DIR");
}

/* As mkdir -p. */
static int
make_path(char *path)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0777) < 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
			return -1;
		*p = '/';
	}
	return mkdir(path, 0777) < 0 && errno != EEXIST ? -1 : 0;
}

/* Sets the user in the environment, where programs look for a user's rules and caches. */
static int
take_environment(const char *home)
{
	static const char *const own[] = {"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR",
					  "XDG_STATE_HOME"};
	int rc = setenv("HOME", home, 1);

	for (size_t i = 0; i < sizeof(own) / sizeof(*own) && rc == 0; i++)
		rc = unsetenv(own[i]);
	return rc;
}

/* The superuser becomes the owner of the root directory permanently. Otherwise the owner, which may be a service, could
 * not change the files that the superuser made. */
static void
become_owner(const char *path, int fd)
{
	const struct passwd *user;
	struct stat st;
	int rc;

	if (geteuid() != 0 || fstat(fd, &st) < 0 || st.st_uid == 0)
		return;
	user = getpwuid(st.st_uid);
	rc = user ? initgroups(user->pw_name, user->pw_gid) : setgroups(0, NULL);
	if (rc == 0)
		rc = setresgid(user ? user->pw_gid : st.st_gid, user ? user->pw_gid : st.st_gid,
			       user ? user->pw_gid : st.st_gid);
	if (rc == 0)
		rc = setresuid(st.st_uid, st.st_uid, st.st_uid);
	if (rc == 0)
		rc = take_environment(user ? user->pw_dir : "/");
	if (rc < 0)
		msg_die_errno(
			EX_NOPERM,
			"the root directory '%s' belongs to %s (user id %u), and root works there as that user, but "
			"cannot become it here (choose another with --root or BI_ROOT)",
			path, user ? user->pw_name : "another user", (unsigned)st.st_uid);
	(void)prctl(PR_SET_DUMPABLE, 1); /* the owner has /proc/self again; no secrets are in it */
}

/* False: it does not exist, and MAY_MISS allows that. */
static bool
open_root(struct root *root, const char *dir, bool create, bool may_miss)
{
	const char *env = getenv("BI_ROOT");
	struct buf path = {0};
	int error;

	if (dir && !*dir)
		msg_die(EX_WRONG_USE, "--root takes a directory, not an empty name");
	if (dir)
		buf_str(&path, dir);
	else if (env && *env)
		buf_str(&path, env);
	else
		usual_root(&path);
	while (path.len > 1 && path.data[path.len - 1] == '/')
		path.data[--path.len] = '\0';
	if (create && make_path(path.data) < 0)
		msg_die_errno(errno == EACCES || errno == EPERM ? EX_NOPERM : EX_CANTCREAT,
			      "cannot make the root directory '%s' (choose another with --root or BI_ROOT)", path.data);
	root->fd = open(path.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root->fd < 0 && errno == ENOENT && may_miss) {
		buf_free(&path);
		return false;
	}
	if (root->fd < 0)
		msg_die_errno(errno == EACCES ? EX_NOPERM : EX_NOINPUT,
			      "cannot open the root directory '%s' (choose another with --root or BI_ROOT)", path.data);
	/* The owner may be unable to follow a path that the superuser could follow. */
	root->path = realpath(path.data, NULL);
	error = errno;
	become_owner(path.data, root->fd);
	if (create && faccessat(root->fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
		msg_die_errno(errno == EROFS ? EX_IOERR : EX_NOPERM,
			      "cannot write in the root directory '%s' (choose another with --root or BI_ROOT)",
			      path.data);
	errno = error;
	if (!root->path)
		msg_die_errno(errno == EACCES ? EX_NOPERM : EX_OSERR, "cannot resolve the root directory '%s'",
			      path.data);
	buf_free(&path);
	if (create)
		root_make_spare(root);
	return true;
}

void
root_open(struct root *root, const char *dir, bool create)
{
	open_root(root, dir, create, false);
}

bool
root_open_existing(struct root *root, const char *dir)
{
	return open_root(root, dir, false, true);
}

void
root_close(struct root *root)
{
	close(root->fd);
	free(root->path);
	*root = (struct root){.fd = -1};
}

int
root_open_dir(int dirfd, const char *name, bool create)
{
	if (strchr(name, '/') || word_is_one_of(name, "", ".", ".."))
		return file_fail(EINVAL);
	/* A power cut must not lose the directory in which records follow. */
	if (create && (mkdirat(dirfd, name, 0777) == 0 ? fsync(dirfd) < 0 : errno != EEXIST))
		return -1;
	return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

void
root_make_spare(const struct root *root)
{
	/* Without it there are two other ways (trash.h). */
	(void)mkdirat(root->fd, ROOT_SPARE, 0777);
}

char *
root_path_below(const struct root *root, const char *path)
{
	char *real = realpath(path, NULL), *below = NULL;
	size_t n = strlen(root->path);

	if (real && strncmp(real, root->path, n) == 0 && real[n] == '/')
		below = buf_strdup(real + n + 1);
	free(real);
	return below;
}

static const char *
wrong_characters(const char *s, const char *also)
{
	if (!isalnum((unsigned char)*s) || *s & 0x80)
		return "must begin with a letter or digit of ASCII";
	for (; *s; s++)
		if (*s & 0x80 || (!isalnum((unsigned char)*s) && !strchr(also, *s)))
			return *also == '.' && also[1] == '_' ? "may have only ASCII letters, digits and . _ -"
							      : "may have only ASCII letters, digits and . -";
	return NULL;
}

const char *
root_name_check(const char *name)
{
	/* The paths that the server routes, and the files beside batches in review/. */
	static const char *const reserved[] = {"add", "api", "assets", "health", "home", "thumbs"};

	if (!*name)
		return "is empty";
	if (strlen(name) > BATCH_NAME_MAX)
		return "is longer than 128 bytes";
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (strcasecmp(name, reserved[i]) == 0)
			return "is reserved for the server's own pages";
	return wrong_characters(name, "._-");
}

const char *
root_subject_check(const char *id)
{
	if (!*id)
		return "is empty";
	if (strlen(id) > SUBJECT_MAX)
		return "is longer than 64 bytes";
	return wrong_characters(id, ".-");
}

/* Reads, adds one and writes back, under the counter's lock. */
static unsigned long long
count_up(int fd)
{
	char text[32] = {0};
	unsigned long long n;
	int len;

	if (lock_wait(fd, LOCK_ALONE) < 0 || pread(fd, text, sizeof(text) - 1, 0) < 0)
		return 0;
	n = strtoull(text, NULL, 10) + 1;
	len = snprintf(text, sizeof(text), "%llu\n", n);
	if (file_write_at(fd, text, (size_t)len, 0) < 0 || fdatasync(fd) < 0)
		return 0;
	return n;
}

unsigned long long
root_next_number(const struct root *root, const char *name)
{
	unsigned long long n = 0;
	int dir = root_open_dir(root->fd, "seq", true);
	int fd;

	if (dir < 0)
		return 0;
	fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd >= 0) {
		n = count_up(fd);
		close(fd);
	}
	close(dir);
	return n;
}
