#include "review_thumbs.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "files/file.h"
#include "files/root.h"

enum {
	NAME_SIZE = 128,
	SCAN_MAX = 4096, /* files that one call looks at: a batch may have a million */
};

struct found {
	char name[NAME_SIZE]; /* ID_IDX.webp, and what else bi-render adds after IDX */
	unsigned long idx;
	size_t id_len;
};

/* Whether E is a thumbnail; stores it in F. */
static bool
parse_name(const struct dirent *e, struct found *f)
{
	const char *bar = strrchr(e->d_name, '_');
	char *end;

	if (e->d_name[0] == '.' || !bar || strlen(e->d_name) >= sizeof(f->name) || !word_ends_in(e->d_name, ".webp"))
		return false;
	f->idx = strtoul(bar + 1, &end, 10);
	if (end == bar + 1 || *end == '_' || f->idx == 0)
		return false;
	f->id_len = (size_t)(bar - e->d_name);
	snprintf(f->name, sizeof(f->name), "%s", e->d_name);
	return true;
}

/* The order: all first candidates before the second ones, and subjects in the order of their numbers. */
static int
compare(const struct found *a, const struct found *b)
{
	if (a->idx != b->idx)
		return a->idx < b->idx ? -1 : 1;
	return strverscmp(a->name, b->name);
}

/* Adds F to the N first ones, if it is one of them. Returns how many there are then. */
static size_t
add_found(struct found *first, size_t n, const struct found *f)
{
	size_t at = n;

	while (at > 0 && compare(f, &first[at - 1]) < 0)
		at--;
	if (at == REVIEW_THUMBS)
		return n;
	if (n < REVIEW_THUMBS)
		n++;
	memmove(first + at + 1, first + at, (n - at - 1) * sizeof(*first));
	first[at] = *f;
	return n;
}

/* Opens thumbs/ of the pages of the batch NAME. NULL if there is none, or it cannot be opened. */
static DIR *
open_thumbs(int review, const char *name)
{
	int pages = root_open_dir(review, name, false);
	int fd = pages < 0 ? -1 : file_close(pages, root_open_dir(pages, "thumbs", false));
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d)
		file_close(fd, 0);
	return d;
}

void
review_thumbs_print(int review, const char *name, struct buf *out)
{
	struct found first[REVIEW_THUMBS], f;
	DIR *d = open_thumbs(review, name);
	const struct dirent *e;
	size_t n = 0;

	for (size_t i = 0; d && i < SCAN_MAX && (e = readdir(d)); i++)
		if (parse_name(e, &f))
			n = add_found(first, n, &f);
	if (d)
		closedir(d);
	buf_str(out, "[");
	for (size_t i = 0; i < n; i++) {
		buf_str(out, i ? "," : "");
		buf_json(out, first[i].name);
	}
	buf_str(out, "]");
}
