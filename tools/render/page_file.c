#include "page_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "files/atomic_file.h"
#include "files/file.h"

bool
page_file_is_written(int dirfd, const char *name, const char *bytes, size_t n)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct buf there = {0};
	struct stat st;
	bool same;

	same = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size == n &&
	       file_read_exactly(fd, buf_room(&there, n), n, 0) == 0 && memcmp(there.data, bytes, n) == 0;
	file_close(fd, 0);
	buf_free(&there);
	return same;
}

int
page_file_write(const struct render *r, const char *name, const char *bytes, size_t n)
{
	return page_file_is_written(r->dir, name, bytes, n)
		       ? 0
		       : atomic_file_replace(r->temp, r->dir, name, bytes, n, false);
}
