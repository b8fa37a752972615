#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "assets.h"
#include "base/msg.h"
#include "base/paths.h"
#include "base/words.h"
#include "files/file.h"
#include "page_file.h"

enum { ASSET_MAX = 16 << 20 };

/* The files that pages at the server's own address need. */
static bool
is_of_server(const char *name)
{
	return strncmp(name, "home", 4) == 0 || strncmp(name, "add", 3) == 0 || strcmp(name, "bi.js") == 0 ||
	       strcmp(name, "show.js") == 0 || strcmp(name, "failure-words.js") == 0;
}

/* The programs, and the files that the pages of a batch need beside them. */
static int
is_wanted(const struct dirent *e)
{
	if (word_ends_in(e->d_name, ".jq"))
		return 1;
	return (word_ends_in(e->d_name, ".css") || word_ends_in(e->d_name, ".js")) && !is_of_server(e->d_name);
}

/* Adds a program to the digest, or copies another file, so that the folder of the batch also works from file://. */
static int
copy_asset(const struct render *r, int dirfd, const char *name, struct hash *programs)
{
	struct buf text = {0};
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : file_close(fd, file_read_all(fd, ASSET_MAX, &text));

	if (rc == 0 && word_ends_in(name, ".jq")) {
		hash_add(programs, name, strlen(name) + 1);
		hash_add(programs, text.data, text.len);
	} else if (rc == 0) {
		rc = page_file_write(r, name, text.data, text.len);
	}
	if (rc < 0)
		msg_warn_errno("cannot copy %s of share/review", name);
	buf_free(&text);
	return rc;
}

int
assets_copy(const struct render *r, char programs[HASH_HEX + 1])
{
	struct hash *digest = hash_begin();
	struct dirent **files = NULL;
	struct buf path = {0};
	int dirfd = -1, n = -1, code = EX_ALL_WELL;

	if (path_of_share(&path, "review") == 0) {
		dirfd = open(path.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		n = dirfd < 0 ? -1 : scandir(path.data, &files, is_wanted, alphasort);
	}
	if (path.len && n < 0) {
		msg_warn_errno("cannot read %s", path.data);
		code = EX_UNAVAILABLE;
	} else if (n < 0) {
		msg_warn("share/review is neither beside this program nor in BI_SHARE");
		code = EX_UNAVAILABLE;
	}
	hash_add(digest, BI_VERSION, sizeof(BI_VERSION));
	for (int i = 0; i < n; i++) {
		if (code == EX_ALL_WELL && copy_asset(r, dirfd, files[i]->d_name, digest) < 0)
			code = EX_IOERR;
		free(files[i]);
	}
	free(files);
	hash_end(digest, programs);
	file_close(dirfd, 0);
	buf_free(&path);
	return code;
}
