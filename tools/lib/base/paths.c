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

int
path_of_program(struct buf *out, const char *name)
{
	if (own_dir(out) < 0)
		return -1;
	buf_printf(out, "/%s", name);
	return access(out->data, X_OK);
}

int
path_of_helper(struct buf *out, const char *name)
{
	if (own_dir(out) < 0)
		return -1;
	buf_printf(out, "/helpers/%s", name);
	if (access(out->data, X_OK) == 0)
		return 0;
	if (errno != ENOENT || own_dir(out) < 0)
		return -1;
	buf_printf(out, "/../libexec/bi/%s", name);
	return access(out->data, X_OK);
}

int
path_of_share(struct buf *out, const char *name)
{
	const char *given = getenv("BI_SHARE");
	struct buf dir = {0};
	int rc = -1;

	buf_clear(out);
	if (given && *given) {
		buf_printf(out, "%s/%s", given, name);
		return access(out->data, R_OK);
	}
	if (own_dir(&dir) < 0)
		return -1;
	for (int i = 0; i < 2 && rc < 0; i++) {
		buf_clear(out);
		buf_printf(out, "%s/%s/%s", dir.data, i ? "../share/bi" : "../share", name);
		rc = access(out->data, R_OK);
	}
	buf_free(&dir);
	return rc;
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
