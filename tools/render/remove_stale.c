#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "assets.h"
#include "files/file.h"
#include "index_pages.h"
#include "remove_stale.h"

enum { GRACE = 3600 }; /* seconds for which a stale asset stays */

/* Whether ID_IDX_PAGE.webp is stale: the picture of a page of an item that has no such picture. */
static bool
is_foreign_page(const struct render *r, const char *name)
{
	const char *line = strrchr(name, '_'), *first = strchr(name, '_');
	char id[SUBJECT_MAX + 1];
	uint32_t k;

	if (!line || line == first || (size_t)(first - name) > SUBJECT_MAX)
		return false;
	memcpy(id, name, (size_t)(first - name));
	id[first - name] = '\0';
	if (root_subject_check(id))
		return false;
	k = subject_index_item(&r->plan, id, strtoul(first + 1, NULL, 10));
	return k == 0 || strtoul(line + 1, NULL, 10) > r->items[k - 1].pages;
}

/* Whether NAME is a page of the subject ID after its first. */
static bool
is_further(const char *name, const char *id)
{
	char first[SUBJECT_MAX + FURTHER_NAME];

	snprintf(first, sizeof(first), "%s_review.html", id);
	return further_page_number(name, first) > 1;
}

/* Whether NAME is stale: ID_review.html of a subject that the batch does not have, or ID_IDX.EXT of an item that has no
 * such copy or, with THUMBS, no thumbnail. */
static bool
is_foreign(const struct render *r, const char *name, bool thumbs)
{
	const char *line = strrchr(name, '_');
	char id[SUBJECT_MAX + 1];
	unsigned long idx;
	uint32_t k;
	char *end;

	if (!line || line == name || (size_t)(line - name) > SUBJECT_MAX)
		return false;
	memcpy(id, name, (size_t)(line - name));
	id[line - name] = '\0';
	if (root_subject_check(id))
		return false;
	if (strcmp(line, "_review.html") == 0)
		return r->sheet || subject_index_item(&r->plan, id, 1) == 0;
	if (strncmp(line, "_review-", 8) == 0 && is_further(name, id))
		return r->sheet || subject_index_item(&r->plan, id, 1) == 0;
	if (line[1] < '1' || line[1] > '9')
		return false;
	idx = strtoul(line + 1, &end, 10);
	if (*end != '.' || strchr(end + 1, '.'))
		return false;
	k = subject_index_item(&r->plan, id, idx);
	if (thumbs)
		return k == 0 || !r->items[k - 1].thumb;
	return k == 0 || !r->items[k - 1].ext || strcmp(end + 1, r->items[k - 1].ext) != 0;
}

/* Handles a stale asset: at first it is kept and gets the time, and later it is removed. 0, or -1 with errno. */
static int
remove_old_asset(const struct render *r, int dir, const char *name)
{
	struct stat st;

	if (r->assets_changed)
		return utimensat(dir, name, NULL, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT ? -1 : 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (time(NULL) - st.st_mtim.tv_sec < GRACE && st.st_mtim.tv_sec <= time(NULL))
		return 0;
	return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -1 : 0;
}

struct stale_scan {
	const struct render *r;
	int dir; /* one of the three of R */
};

static int
remove_if_foreign(int dir, const struct dirent *e, void *arg)
{
	const struct stale_scan *s = arg;

	bool foreign = s->dir == s->r->pages ? is_foreign_page(s->r, e->d_name)
					     : is_foreign(s->r, e->d_name, s->dir == s->r->thumbs);

	if (s->dir == s->r->dir && asset_is_stale(s->r, e->d_name))
		return remove_old_asset(s->r, dir, e->d_name);
	if (!foreign && (s->dir != s->r->dir || !index_page_is_stale(e->d_name, s->r->plan.count)))
		return 0;
	return unlinkat(dir, e->d_name, 0) < 0 && errno != ENOENT ? -1 : 0;
}

static int
remove_foreign(const struct render *r, int dirfd)
{
	struct stale_scan s = {r, dirfd};

	return file_each(openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), remove_if_foreign, &s);
}

int
remove_stale_files(const struct render *r)
{
	if (remove_foreign(r, r->dir) < 0 || remove_foreign(r, r->thumbs) < 0)
		return -1;
	return r->pages < 0 ? 0 : remove_foreign(r, r->pages);
}
