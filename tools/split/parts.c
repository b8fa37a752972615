#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "files/file.h"
#include "split.h"

enum { BUFFERS = 64 << 20, BUFFER_MIN = 4096, BUFFER_MAX = 256 << 10 }; /* bytes of all buffers, and of each */

struct parts {
	char *dir, *temp; /* TEMP is DIR with six characters more; NULL once it was published */
	int fd;           /* TEMP */
	unsigned n;
	char end;
	size_t room;
	struct part {
		struct buf lines;
		uint64_t items;
	} v[];
};

/* "part-" and a number without leading zeros. */
static bool
is_part(const char *name)
{
	const char *digits = name + 5;

	return strncmp(name, "part-", 5) == 0 && *digits && strspn(digits, "0123456789") == strlen(digits) &&
	       (*digits != '0' || !digits[1]);
}

static int
refuse_other(int dir, const struct dirent *entry, void *arg)
{
	const char *path = arg;

	(void)dir;
	if (!is_part(entry->d_name))
		msg_die(EX_CANTCREAT, "the directory '%s' has '%s', which is not part of a list: name another with -d",
			path, entry->d_name);
	return 0;
}

/* Checks that nothing but parts would be replaced. */
static void
check_directory(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0 || file_each(fd, refuse_other, (void *)(size_t)dir) < 0)
		msg_die_errno(EX_CANTCREAT, "cannot use the directory '%s' (name another with -d)", dir);
}

struct parts *
parts_begin(const char *dir, unsigned n, char end)
{
	struct parts *p = buf_alloc(sizeof(*p) + n * sizeof(struct part));
	size_t room = BUFFERS / n;
	struct buf path = {0};

	check_directory(dir);
	*p = (struct parts){.dir = buf_strdup(dir), .n = n, .end = end};
	buf_printf(&path, "%s.XXXXXX", dir);
	p->temp = path.data;
	p->room = room < BUFFER_MIN ? BUFFER_MIN : room > BUFFER_MAX ? BUFFER_MAX : room;
	memset(p->v, 0, n * sizeof(struct part));
	if (!mkdtemp(p->temp) || chmod(p->temp, 0755) < 0 ||
	    (p->fd = open(p->temp, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		msg_die_errno(EX_CANTCREAT, "cannot make a directory beside '%s' (name another with -d)", dir);
	return p;
}

/* Removes what was written and ends the program. WHAT cannot be done to the directory. */
static _Noreturn void
give_up(struct parts *p, int error, int code, const char *what)
{
	char *dir = buf_strdup(p->dir);

	parts_drop(p);
	errno = error;
	msg_die_errno(code, "%s '%s' (name another directory with -d)", what, dir);
}

/* Writes what is kept of the part K. A part has no descriptor between two writes, so there may be any number. */
static void
write_part(struct parts *p, unsigned k, bool sync)
{
	struct part *part = &p->v[k];
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "part-%u", k);
	fd = openat(p->fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0 || file_write(fd, part->lines.data, part->lines.len) < 0 || (sync && fsync(fd) < 0)) {
		int error = errno;

		file_close(fd, -1);
		give_up(p, error, msg_exit_code(error), "cannot write the parts of");
	}
	close(fd);
	buf_clear(&part->lines);
}

void
parts_end(struct parts *p, unsigned k, const char *text, size_t n)
{
	struct part *part = &p->v[k];

	buf_add(&part->lines, text, n);
	buf_add(&part->lines, &p->end, 1);
	if (part->lines.len >= p->room)
		write_part(p, k, false);
}

void
parts_add(struct parts *p, unsigned k, const char *text, size_t n)
{
	parts_end(p, k, text, n);
	p->v[k].items++;
}

uint64_t
parts_count(const struct parts *p, unsigned k)
{
	return p->v[k].items;
}

static int
remove_part(int dir, const struct dirent *entry, void *arg)
{
	(void)arg;
	return is_part(entry->d_name) ? unlinkat(dir, entry->d_name, 0) : 0;
}

/* Removes a directory of parts. 0, or -1 with errno. */
static int
remove_directory(const char *path)
{
	if (file_each(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), remove_part, NULL) < 0)
		return -1;
	return rmdir(path);
}

void
parts_publish(struct parts *p)
{
	int rc;

	for (unsigned k = 0; k < p->n; k++)
		write_part(p, k, true);
	rc = fsync(p->fd);
	if (rc == 0 && renameat2(AT_FDCWD, p->temp, AT_FDCWD, p->dir, RENAME_NOREPLACE) < 0) {
		rc = errno == EEXIST ? renameat2(AT_FDCWD, p->temp, AT_FDCWD, p->dir, RENAME_EXCHANGE) : -1;
		if (rc == 0 && remove_directory(p->temp) < 0)
			msg_warn_errno("cannot remove the parts that were replaced, '%s' (remove them by hand)",
				       p->temp);
	}
	if (rc < 0) {
		give_up(p, errno, EX_CANTCREAT, "cannot replace");
	}
	free(p->temp);
	p->temp = NULL;
}

void
parts_drop(struct parts *p)
{
	if (p->temp && remove_directory(p->temp) < 0)
		msg_warn_errno("cannot remove '%s' (remove it by hand)", p->temp);
	for (unsigned k = 0; k < p->n; k++)
		buf_free(&p->v[k].lines);
	close(p->fd);
	free(p->temp);
	free(p->dir);
	free(p);
}
