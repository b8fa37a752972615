#include "files/machines.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/when.h"
#include "files/atomic_file.h"
#include "files/file.h"

enum { NOTE_SECONDS = 60 }; /* a start this soon after the last one is not noted */

/* Reads the first word of a small file of the system. False if there is none. */
static bool
read_word(const char *path, char *room, size_t n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, room, n - 1);

	file_close(fd, 0);
	room[got > 0 ? got : 0] = '\0';
	room[strcspn(room, " \n")] = '\0';
	return *room != '\0';
}

/* The name of this machine's file: its machine-id (machine-id(5)), or its host name where there is none, as in
 * containers. */
static void
find_id(char id[MACHINE_NAME])
{
	if (!read_word("/etc/machine-id", id, MACHINE_NAME) && gethostname(id, MACHINE_NAME) < 0)
		snprintf(id, MACHINE_NAME, "unknown");
	id[MACHINE_NAME - 1] = '\0';
	for (char *p = id; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '-')
			*p = '_';
}

static void
find_machine(struct machine *m)
{
	*m = (struct machine){.started = time(NULL)};
	read_word("/proc/sys/kernel/random/boot_id", m->boot, sizeof(m->boot));
	if (gethostname(m->name, sizeof(m->name) - 1) < 0 || !*m->name)
		snprintf(m->name, sizeof(m->name), "unknown");
}

/* Reads the file ID: "host boot_id time". Returns 1, 0 if it is not there or is no such file, or -1 with errno. */
static int
read_machine(int dir, const char *id, struct machine *m)
{
	char text[MACHINE_NAME + MACHINE_BOOT + WHEN_SIZE + 8], at[WHEN_SIZE + 1];
	int fd = file_open(dir, id);
	ssize_t n = fd < 0 ? -1 : file_read_at(fd, text, sizeof(text) - 1, 0);

	if (file_close(fd, (int)n) < 0)
		return errno == ENOENT ? 0 : -1;
	text[n] = '\0';
	if (sscanf(text, "%127s %39s %21s", m->name, m->boot, at) != 3)
		return 0;
	m->started = when_parse(at, at + strlen(at));
	return m->started != 0;
}

void
machines_note(const struct root *root, bool create)
{
	char id[MACHINE_NAME], text[MACHINE_NAME + MACHINE_BOOT + WHEN_SIZE + 8], at[WHEN_SIZE];
	struct machine was, now;
	int dir = root_open_dir(root->fd, "machines", create), temp = -1, n;

	find_id(id);
	find_machine(&now);
	if (dir < 0 || (read_machine(dir, id, &was) > 0 && strcmp(was.boot, now.boot) == 0 &&
			now.started - was.started < NOTE_SECONDS && now.started >= was.started)) {
		file_close(dir, 0);
		return;
	}
	n = snprintf(text, sizeof(text), "%s %s %s\n", now.name, *now.boot ? now.boot : "-",
		     when_print(at, now.started));
	temp = root_open_dir(root->fd, "temp", create);
	/* Not synced: after a power cut a note that is not whole counts as none. */
	if (temp >= 0)
		(void)atomic_file_replace(temp, dir, id, text, (size_t)n, false);
	file_close(temp, 0);
	file_close(dir, 0);
}

struct looked {
	char id[MACHINE_NAME];
	char boot[MACHINE_BOOT];
	time_t booted;
	void (*see)(const char *id, const struct machine *m, void *arg);
	void *arg;
};

static int
see_machine(int dir, const struct dirent *entry, void *arg)
{
	const struct looked *l = arg;
	struct machine m;
	int is = read_machine(dir, entry->d_name, &m);

	if (is <= 0)
		return is;
	if (strcmp(entry->d_name, l->id) != 0 || (strcmp(m.boot, l->boot) != 0 && m.started > l->booted))
		l->see(entry->d_name, &m, l->arg);
	return 0;
}

int
machines_each_other(const struct root *root, void (*see)(const char *id, const struct machine *m, void *arg), void *arg)
{
	struct looked l = {.see = see, .arg = arg};
	struct timespec up;
	struct machine now;
	int dir = root_open_dir(root->fd, "machines", false);

	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	find_id(l.id);
	find_machine(&now);
	snprintf(l.boot, sizeof(l.boot), "%s", now.boot);
	clock_gettime(CLOCK_BOOTTIME, &up);
	l.booted = now.started - up.tv_sec;
	return file_each(dir, see_machine, &l);
}
