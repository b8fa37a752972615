/*
 * The note in a batch's directory about how far its results are in its notebook's log: the file `noted`. It has 8 bytes
 * "to", the length of the results that were taken, and 8 bytes the offset of the log's line that says so,
 * little-endian.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "files/file.h"
#include "notebook/notebook_internal.h"

void
notebook_store_note(int batch_dir, off_t to, off_t at)
{
	uint64_t noted[2] = {htole64((uint64_t)to), htole64((uint64_t)at)};
	int fd = openat(batch_dir, "noted", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);

	if (fd < 0)
		return;
	/* If this fails, the log is searched next time. */
	if (file_write_at(fd, noted, sizeof(noted), 0) < 0 && ftruncate(fd, 0) < 0)
		msg_warn_errno("cannot store how much of a batch is in its notebook");
	close(fd);
}

bool
notebook_load_note(int batch_dir, off_t *to, off_t *at)
{
	int fd = openat(batch_dir, "noted", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	uint64_t noted[2];
	bool good;

	if (fd < 0)
		return false;
	good = file_read_at(fd, noted, sizeof(noted), 0) == sizeof(noted) && le64toh(noted[1]) <= INT64_MAX / 2;
	close(fd);
	if (good) {
		*to = (off_t)le64toh(noted[0]);
		*at = (off_t)le64toh(noted[1]);
	}
	return good;
}

bool
notebook_may_have_more(const struct root *root, const char *batch)
{
	int batches = root_open_dir(root->fd, "batches", false),
	    dir = batches < 0 ? -1 : root_open_dir(batches, batch, false);
	struct stat st;
	int there = dir >= 0 ? file_stat(dir, "results.ndjson", &st) : errno == ENOENT ? 0 : -1;
	off_t to, at;
	bool may = there < 0; /* the import then reports why it cannot be read */

	if (there > 0)
		may = !notebook_load_note(dir, &to, &at) || to != st.st_size;
	file_close(dir, 0);
	return file_close(batches, may);
}
