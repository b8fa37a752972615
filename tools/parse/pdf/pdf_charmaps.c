#include "pdf/pdf_charmaps.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define DIRECTORY "/usr/share/poppler" /* which is compiled into poppler */

enum { MAPS_MAX = 2000, DEPTH = 8 /* descriptors for nftw() */ };

static struct map {
	char *path;
	void *bytes;
	size_t n;
} * maps;
static size_t count;

static int
map_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
	int fd;
	void *bytes;

	(void)at;
	if (type != FTW_F || st->st_size <= 0 || count == MAPS_MAX)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	bytes = mmap(NULL, (size_t)st->st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (bytes == MAP_FAILED)
		return 0;
	maps = buf_grow(maps, count, sizeof(*maps));
	maps[count++] = (struct map){buf_strdup(path), bytes, (size_t)st->st_size};
	return 0;
}

void
pdf_charmaps_load(void)
{
	nftw(DIRECTORY, map_file, DEPTH, FTW_PHYS);
}

/* Replaces the function of the C library for this program and its libraries: poppler has no other way to get a table
 * than by its name. Files that are not in memory are opened as usual. */
FILE *
fopen(const char *path, const char *mode)
{
	FILE *(*next)(const char *, const char *) = NULL;

	for (size_t i = 0; i < count; i++)
		if (strcmp(maps[i].path, path) == 0)
			return fmemopen(maps[i].bytes, maps[i].n, "r");
	*(void **)&next = dlsym(RTLD_NEXT, "fopen");
	if (next)
		return next(path, mode);
	errno = ENOSYS;
	return NULL;
}
