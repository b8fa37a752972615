#include "verify_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/trouble.h"
#include "files/file.h"

enum { DEPTH_MAX = 32 }; /* directories, each of which is open */

struct walk {
	verify_folder_event *see;
	void *arg;
	struct buf path; /* from the export */
	int depth;
};

/* Calls SEE for the file FD, which is closed. 0, or -1 with errno. */
static int
see_file(struct walk *w, int fd)
{
	char block[EXPAND_BLOCK];
	struct expand_member m = {.path = w->path.data, .bytes = block};
	off_t at = 0;
	ssize_t n;

	w->see(w->arg, EXPAND_MEMBER, &m);
	while ((n = file_read_at(fd, block, sizeof(block), at)) > 0) {
		m.len = (size_t)n;
		w->see(w->arg, EXPAND_BYTES, &m);
		at += n;
	}
	if (n == 0)
		w->see(w->arg, EXPAND_MEMBER_END, &m);
	return file_close(fd, n < 0 ? -1 : 0);
}

static void
refuse(struct walk *w)
{
	struct expand_member m = {.path = w->path.data, .code = "member_not_a_file", .message = "it is not a file"};

	w->see(w->arg, EXPAND_REFUSED, &m);
}

/* A descriptor of the directory FD whose entries are read from the first. */
static int
open_again(int fd)
{
	return openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int see_folder(struct walk *w, int fd);

/* Calls SEE for the entry NAME of DIR, whose path is set. 0, or -1 with errno. */
static int
see_entry(struct walk *w, int dir, const char *name)
{
	struct stat st;
	int there = file_stat(dir, name, &st), fd;

	if (there <= 0)
		return there;
	if (S_ISDIR(st.st_mode)) {
		fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		return fd < 0 ? -1 : see_folder(w, fd);
	}
	if (!S_ISREG(st.st_mode)) {
		refuse(w);
		return 0;
	}
	fd = file_open(dir, name);
	return fd < 0 ? -1 : see_file(w, fd);
}

/* Calls SEE for what is below the directory FD, which is closed. 0, or -1 with errno. */
static int
see_folder(struct walk *w, int fd)
{
	struct file_names names = {0};
	size_t length = w->path.len;
	int rc = ++w->depth > DEPTH_MAX ? file_fail(ELOOP) : file_list(open_again(fd), NULL, &names);

	for (size_t i = 0; i < names.n && rc == 0; i++) {
		buf_printf(&w->path, "%s%s", length ? "/" : "", names.v[i]);
		rc = see_entry(w, fd, names.v[i]);
		if (rc == 0) {
			w->path.len = length;
			w->path.data[length] = '\0';
		}
	}
	file_names_free(&names);
	w->depth--;
	return file_close(fd, rc);
}

void
verify_folder(int fd, verify_folder_event *see, void *arg)
{
	struct walk w = {.see = see, .arg = arg};
	char words[EXPAND_WORDS];
	struct expand_member m = {.code = TROUBLE_CODE, .message = words};
	int rc;

	buf_str(&w.path, "");
	rc = see_folder(&w, open_again(fd));
	if (rc < 0)
		snprintf(words, sizeof(words), "%s cannot be read: %s", w.path.data, strerror(errno));
	see(arg, rc < 0 ? EXPAND_FAILED : EXPAND_END, &m);
	buf_free(&w.path);
}
