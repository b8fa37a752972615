/*
 * stall: preloaded into bi-api --take, it is a disk that stands still.
 *
 * As long as the file $BI_STALL exists, a sync, and a write of 4 KiB or more to a file, does not return. A thread that
 * waits so appends a line to $BI_STALL.waits. Other programs, and other modes of bi-api, are not affected.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *path; /* NULL: nothing stands still */

__attribute__((constructor)) static void
prepare(void)
{
	char command[4096];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, command, sizeof(command) - 1);

	close(fd);
	for (ssize_t i = 0; i < n; i += (ssize_t)strlen(command + i) + 1) {
		command[n] = '\0';
		if (strcmp(command + i, "--take") == 0)
			path = getenv("BI_STALL");
	}
}

static void
stand_still(const char *doing)
{
	char name[4096];
	int fd;

	if (!path || access(path, F_OK) < 0)
		return;
	snprintf(name, sizeof(name), "%s.waits", path);
	fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	dprintf(fd, "%s\n", doing);
	close(fd);
	while (access(path, F_OK) == 0)
		usleep(5000);
}

ssize_t
write(int fd, const void *bytes, size_t n)
{
	struct stat st;

	if (path && n >= 4096 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		stand_still("write");
	return syscall(SYS_write, fd, bytes, n);
}

int
fsync(int fd)
{
	stand_still("sync");
	return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	stand_still("sync");
	return (int)syscall(SYS_fdatasync, fd);
}
