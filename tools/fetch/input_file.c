#include "input_file.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"

void
input_file_check(const char *path, const char *what)
{
	struct stat st;

	if (path && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		errno = EISDIR;
	else if (!path || access(path, R_OK) == 0)
		return;
	msg_die_errno(errno == EACCES ? EX_NOPERM : EX_NOINPUT, "cannot read the %s in '%s'", what, path);
}

void
input_file_check_private(const char *path, const char *what)
{
	struct stat st;

	if (!path)
		return;
	input_file_check(path, what);
	/* Opening a pipe would wait for its writer, and a device may never end. */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		msg_die(EX_CONFIG, "the %s in '%s', which hosts.conf names, cannot be read: it is not a regular file",
			what, path);
	if (stat(path, &st) == 0 && st.st_mode & (S_IRWXG | S_IRWXO))
		msg_die(EX_CONFIG, "the %s in '%s', which hosts.conf names, can be read by others: chmod 600 '%s'",
			what, path, path);
}
