/* Where an export goes. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "export_form.h"
#include "export_internal.h"
#include "files/file.h"

enum { DEPTH = 8 }; /* descriptors for nftw() */

/* Opens the directory of OUTPUT, whose last part is NAME. Returns 0, or an exit code. */
static int
open_parent(struct export *x, const char *output, const char *name)
{
	char *parent = name > output ? strndup(output, (size_t)(name - output)) : strdup(".");
	char *below;

	x->path = parent ? realpath(parent, NULL) : NULL;
	free(parent);
	x->dir = x->path ? open(x->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (x->dir < 0)
		return msg_report_errno("cannot open the directory of %s", output);
	below = root_path_below(x->c->root, x->path);
	if (!below)
		return EX_ALL_WELL;
	msg_warn("--output '%s' is in the directory %s of the root, whose files are the batches' own: name a file "
		 "outside "
		 "of it",
		 output, below);
	free(below);
	return EX_WRONG_USE;
}

void
export_target_archive_name(const struct export *x, struct buf *out, unsigned number)
{
	buf_clear(out);
	buf_str(out, x->base);
	if (x->shards)
		buf_printf(out, "-%06u", number);
	buf_str(out, x->suffix);
}

void
export_target_digests_name(const struct export *x, struct buf *out)
{
	buf_clear(out);
	buf_str(out, x->base);
	buf_str(out, x->shards ? "" : x->suffix);
	buf_str(out, ".sha256");
}

/* Whether NAME may be replaced: it does not exist, or is a file. */
static bool
is_free(const struct export *x, const char *name)
{
	struct stat st;

	if (fstatat(x->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return true;
		msg_warn_errno("cannot examine %s/%s", x->path, name);
		return false;
	}
	if (S_ISREG(st.st_mode))
		return true;
	msg_warn("%s/%s exists and is not a file: move it away, or give --output another name", x->path, name);
	return false;
}

static int
stop_at_once(int dir, const struct dirent *entry, void *arg)
{
	(void)dir;
	(void)entry;
	(void)arg;
	return 1;
}

/* Whether a directory may get the name of the export: nothing has it, or an empty directory, which rename(2) replaces.
 */
static bool
is_free_for_tree(const struct export *x)
{
	int rc =
		file_each(openat(x->dir, x->base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), stop_at_once, NULL);

	if (rc == 0 || (rc < 0 && errno == ENOENT))
		return true;
	if (rc > 0 || errno == ENOTDIR || errno == ELOOP)
		msg_warn("%s/%s exists, and is not an empty directory: move it away, or give --output another name",
			 x->path, x->base);
	else
		msg_warn_errno("cannot examine %s/%s", x->path, x->base);
	return false;
}

static size_t
length_without_slashes(const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	return n;
}

int
export_target_open(struct export *x)
{
	const char *output = x->c->set->output;
	size_t length = length_without_slashes(output);
	const char *slash = memrchr(output, '/', length), *name = slash ? slash + 1 : output;
	const struct pack_kind *named = export_is_tree(x->c->set) ? NULL : pack_kind_of(name);
	size_t n = length - (size_t)(name - output) - (named ? strlen(named->suffix) : 0);
	struct buf text = {0};
	int code = open_parent(x, output, name);
	bool is_good;

	x->base = strndup(name, n);
	x->suffix = buf_strdup(named ? name + n : x->shards ? x->kind->suffix : "");
	if (code != EX_ALL_WELL)
		return code;
	if (export_is_tree(x->c->set))
		return is_free_for_tree(x) ? EX_ALL_WELL : EX_CANTCREAT;
	export_target_archive_name(x, &text, 0);
	is_good = is_free(x, text.data);
	export_target_digests_name(x, &text);
	is_good = is_good && (export_is_document(x->c->set) || is_free(x, text.data));
	buf_free(&text);
	return is_good ? EX_ALL_WELL : EX_CANTCREAT;
}

/* --- a directory --- */

int
export_target_make_tree(struct export *x)
{
	buf_printf(&x->tree, "%s/.%s.XXXXXX", x->path, x->base);
	if (!mkdtemp(x->tree.data)) {
		buf_clear(&x->tree);
		return -1;
	}
	return chmod(x->tree.data, 0755);
}

int
export_target_publish_tree(struct export *x)
{
	int fd = open(x->tree.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || file_close(fd, syncfs(fd)) < 0 || renameat(AT_FDCWD, x->tree.data, x->dir, x->base) < 0)
		return -1;
	buf_clear(&x->tree);
	return fsync(x->dir);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void
export_target_drop_tree(struct export *x)
{
	if (x->tree.len && nftw(x->tree.data, remove_one, DEPTH, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0)
		msg_warn_errno("cannot remove %s, which is not complete", x->tree.data);
	buf_free(&x->tree);
}
