#include "base/paths.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The directory of this executable, as the kernel names it. */
static int
own_dir(struct buf *out)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (n < 0)
		return -1;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	buf_clear(out);
	buf_str(out, path);
	return 0;
}

/* Sets OUT to the path of NAME in the first of two directories, relative to that of this executable, where it can be
 * accessed so. */
static int
path_in_either(struct buf *out, const char *const dirs[2], const char *name, int access_mode)
{
	struct buf own = {0};
	int rc = own_dir(&own);

	for (int i = 0; i < 2 && rc == 0; i++) {
		buf_clear(out);
		buf_printf(out, "%s/%s/%s", own.data, dirs[i], name);
		if (access(out->data, access_mode) == 0)
			break;
		rc = i ? -1 : 0;
	}
	buf_free(&own);
	return rc;
}

int
path_of_libexec(struct buf *out, const char *name)
{
	static const char *const dirs[2] = {"libexec", "../libexec/bi"};

	return path_in_either(out, dirs, name, X_OK);
}

int
path_of_program(struct buf *out, const char *name)
{
	if (own_dir(out) < 0)
		return -1;
	buf_printf(out, "/%s", name);
	return access(out->data, X_OK);
}

int
path_of_share(struct buf *out, const char *name)
{
	static const char *const dirs[2] = {"../share", "../share/bi"};
	const char *given = getenv("BI_SHARE");

	buf_clear(out);
	if (given && *given) {
		buf_printf(out, "%s/%s", given, name);
		return access(out->data, R_OK);
	}
	return path_in_either(out, dirs, name, R_OK);
}

int
path_of_manual(struct buf *out, const char *name, char section)
{
	char *tree;

	if (own_dir(out) < 0)
		return -1;
	tree = strrchr(out->data, '/');
	if (!tree || strcmp(tree, "/bin") != 0) {
		errno = ENOENT;
		return -1;
	}
	out->len = (size_t)(tree - out->data);
	buf_printf(out, "/man/%s.%c", name, section);
	return access(out->data, R_OK);
}

unsigned
count_processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}

void
raise_file_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}
