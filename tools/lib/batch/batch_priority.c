#include "batch/batch_priority.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "files/atomic_file.h"
#include "files/file.h"

static const char file_name[] = "priority";

const char priority_words[] = "an integer from 0 to 9, or low (1), normal (4) or high (7)";

int
priority_parse(const char *text)
{
	static const struct {
		const char *name;
		int priority;
	} names[] = {{"low", PRIORITY_LOW}, {"normal", PRIORITY_NORMAL}, {"high", PRIORITY_HIGH}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(text, names[i].name) == 0)
			return names[i].priority;
	return text[0] >= '0' && text[0] <= '0' + PRIORITY_MAX && !text[1] ? text[0] - '0' : -1;
}

int
batch_priority_read(int dir, const char *name)
{
	char path[FILENAME_MAX], text[3] = {0};
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", name, file_name);
	fd = file_open(dir, path);
	if (fd < 0)
		return errno == ENOENT ? PRIORITY_NORMAL : -1;
	n = file_read_at(fd, text, sizeof(text), 0);
	file_close(fd, 0);
	if (n < 0)
		return -1;
	if (n != 2 || text[1] != '\n')
		return file_fail(EBADMSG);
	text[1] = '\0';
	return priority_parse(text) < 0 ? file_fail(EBADMSG) : priority_parse(text);
}

int
batch_priority_write(const struct root *root, int dirfd, int priority, bool sync)
{
	char text[] = {(char)('0' + priority), '\n'};
	int temp = root_open_dir(root->fd, "temp", true);

	return temp < 0 ? -1 : file_close(temp, atomic_file_replace(temp, dirfd, file_name, text, sizeof(text), sync));
}
