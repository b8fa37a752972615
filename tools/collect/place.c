#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_name.h"
#include "files/file.h"
#include "files/root.h"

const char *const place_tree[PLACE_KINDS] = {"by_subject_id", "by_category", "by_batch"};

enum place_kind
place_parse(const char *word)
{
	static const char *const words[PLACE_KINDS] = {"id", "category", "batch"};
	enum place_kind kind = 0;

	while (kind < PLACE_KINDS && strcmp(word, words[kind]) != 0)
		kind++;
	return kind;
}

void
place_print(struct buf *out, enum place_kind kind, const char *batch, const char *category, const char *id)
{
	struct buf group = {0};

	buf_clear(out);
	if (kind == PLACE_BY_CATEGORY && (!category || *category == '.' || !file_name_portable(&group, category)))
		buf_str(&group, "_");
	if (kind == PLACE_BY_BATCH)
		buf_str(&group, batch);
	buf_printf(out, "%s%s%s", group.len ? group.data : "", group.len ? "/" : "", id);
	buf_free(&group);
}

/* Opens the directory NAME in DIR, and makes it if it is missing and CREATE is set. The caller later syncs all new
 * names at once. */
static int
open_one(int dir, const char *name, bool create)
{
	int fd = root_open_dir(dir, name, false);

	if (fd >= 0 || !create || errno != ENOENT)
		return fd;
	return mkdirat(dir, name, 0777) < 0 && errno != EEXIST ? -1 : root_open_dir(dir, name, false);
}

int
place_open(int tree, const char *place, bool create)
{
	const char *slash = strchr(place, '/');
	char group[NAME_MAX + 1] = "";
	int dir, fd;

	if (!slash)
		return open_one(tree, place, create);
	memcpy(group, place, (size_t)(slash - place));
	dir = open_one(tree, group, create);
	if (dir < 0)
		return -1;
	fd = open_one(dir, slash + 1, create);
	file_close(dir, 0);
	return fd;
}

static int
remove_empty(int tree, const char *name)
{
	return unlinkat(tree, name, AT_REMOVEDIR) < 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST ? -1
														  : 0;
}

int
place_remove(int tree, const char *place)
{
	const char *slash = strchr(place, '/');
	char group[NAME_MAX + 1] = "";

	if (remove_empty(tree, place) < 0)
		return -1;
	if (slash)
		memcpy(group, place, (size_t)(slash - place));
	return slash ? remove_empty(tree, group) : 0;
}

static bool
is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* The directories in the directory NAME of TREE; none if it is not one. 0, or -1 with errno. */
static int
list(int tree, const char *name, struct file_names *names)
{
	int fd = openat(tree, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return 0;
	return file_list(fd, is_visible, names);
}

int
place_each(int tree, enum place_kind kind, int (*see)(const char *place, void *arg), void *arg)
{
	struct file_names groups = {0};
	int rc = list(tree, ".", &groups);

	for (size_t i = 0; i < groups.n && rc == 0; i++) {
		struct file_names ids = {0};
		struct buf place = {0};

		if (kind == PLACE_BY_ID)
			rc = see(groups.v[i], arg);
		else
			rc = list(tree, groups.v[i], &ids);
		for (size_t k = 0; k < ids.n && rc == 0; k++) {
			buf_clear(&place);
			buf_printf(&place, "%s/%s", groups.v[i], ids.v[k]);
			rc = see(place.data, arg);
		}
		buf_free(&place);
		file_names_free(&ids);
	}
	file_names_free(&groups);
	return rc;
}
