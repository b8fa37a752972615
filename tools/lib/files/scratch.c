#include "files/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "files/file.h"
#include "files/trash.h"

enum { TRIES = 100 };

static const char suffix[] = ".scratch";

bool
scratch_is_name(const char *name)
{
	size_t n = strlen(name);

	return n > sizeof(suffix) - 1 && strcmp(name + n - (sizeof(suffix) - 1), suffix) == 0;
}

int
scratch_remove(const struct root *root, int temp, const char *name)
{
	return trash_dir(root, temp, name);
}

int
scratch_remove_left(const struct root *root, int temp, const char *name, bool only_look)
{
	int fd = root_open_dir(temp, name, false), rc;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	rc = lock_try(fd, LOCK_ALONE);
	if (rc == 0)
		rc = file_is_named(temp, name, fd);
	else if (rc == 1)
		return file_close(fd, 0);
	if (rc == 1 && !only_look && scratch_remove(root, temp, name) < 0)
		rc = -1;
	return file_close(fd, rc);
}

static int
remove_left(int dir, const struct dirent *e, void *arg)
{
	if (scratch_is_name(e->d_name))
		scratch_remove_left(arg, dir, e->d_name, false); /* what cannot be removed harms nobody */
	return 0;
}

int
scratch_open(const struct root *root, int temp, const char *word, char name[SCRATCH_NAME])
{
	struct root copy = *root;

	if (file_each(openat(temp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), remove_left, &copy) < 0)
		return -1;
	for (int i = 0; i < TRIES; i++) {
		unsigned long long random = 0;
		int fd, rc;

		if (getrandom(&random, sizeof(random), 0) < 0)
			return -1;
		snprintf(name, SCRATCH_NAME, "%.32s-%016llx%s", word, random, suffix);
		if (mkdirat(temp, name, 0777) < 0) {
			*name = '\0';
			if (errno == EEXIST)
				continue;
			return -1;
		}
		fd = root_open_dir(temp, name, false);
		rc = fd < 0 ? -1 : lock_try(fd, LOCK_ALONE);
		/* A cleaner may have removed it before it was locked. */
		if (rc == 0 && file_is_named(temp, name, fd) == 1)
			return fd;
		if (rc < 0 && errno != ENOENT)
			return file_close(fd, -1);
		file_close(fd, 0);
		*name = '\0';
	}
	return file_fail(EBUSY);
}
