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

enum { ASSET_MAX = 16 << 20, DIGEST = 4 }; /* bytes; bytes of the digest in a name */

/* The files that pages at the server's own address need. */
static bool
is_of_server(const char *name)
{
	return strncmp(name, "home", 4) == 0 || strncmp(name, "add", 3) == 0 || strcmp(name, "bi.js") == 0 ||
	       strcmp(name, "show.js") == 0 || strcmp(name, "failure-words.js") == 0;
}

/* The programs, and the table that they read. */
static bool
is_of_jq(const char *name)
{
	return word_ends_in(name, ".jq") || strcmp(name, "failures.json") == 0;
}

/* The programs, and the files that the pages of a batch need beside them. */
static int
is_wanted(const struct dirent *e)
{
	if (is_of_jq(e->d_name))
		return 1;
	return (word_ends_in(e->d_name, ".css") || word_ends_in(e->d_name, ".js")) && !is_of_server(e->d_name);
}

/* Stores the name that the asset NAME with these bytes has in the review directory. */
static void
versioned_name(struct buf *out, const char *name, const struct buf *text)
{
	const char *dot = strrchr(name, '.');
	unsigned char digest[HASH_BYTES];
	char hex[2 * DIGEST + 1];

	hash_bytes(text->data, text->len, digest);
	hash_hex(digest, DIGEST, hex);
	buf_printf(out, "%.*s-%s%s", (int)(dot - name), name, hex, dot);
}

/* Adds the file to the digest and, unless it is a program, copies it, so that the folder of the batch also works from
 * file://. */
static int
copy_asset(const struct render *r, int dirfd, const char *name, struct hash *programs)
{
	struct buf text = {0}, versioned = {0};
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : file_close(fd, file_read_all(fd, ASSET_MAX, &text));

	if (rc == 0) {
		hash_add(programs, name, strlen(name) + 1);
		hash_add(programs, text.data, text.len);
	}
	if (rc == 0 && !is_of_jq(name)) {
		versioned_name(&versioned, name, &text);
		json_object_object_add(r->assets, name, json_object_new_string(versioned.data));
		rc = page_file_write(r, versioned.data, text.data, text.len);
	}
	buf_free(&versioned);
	if (rc < 0)
		msg_warn_errno("cannot copy %s of share/review", name);
	buf_free(&text);
	return rc;
}

int
assets_copy(struct render *r, char programs[HASH_HEX + 1])
{
	struct hash *digest = hash_begin();
	struct dirent **files = NULL;
	struct buf path = {0};
	int dirfd = -1, n = -1, code = EX_ALL_WELL;

	r->assets = json_object_new_object();
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

/* The length of the name without its version, "-" and the digits before the last dot; 0 if it has none. */
static size_t
unversioned_length(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t n = dot ? (size_t)(dot - name) : 0;

	if (n < 2 * DIGEST + 2 || name[n - 2 * DIGEST - 1] != '-' ||
	    strspn(dot - 2 * DIGEST, "0123456789abcdef") != 2 * DIGEST)
		return 0;
	return n - 2 * DIGEST - 1;
}

bool
asset_is_stale(const struct render *r, const char *name)
{
	if (!word_ends_in(name, ".css") && !word_ends_in(name, ".js"))
		return false;
	if (unversioned_length(name) == 0)
		return json_object_object_get_ex(r->assets, name, NULL);
	json_object_object_foreach(r->assets, key, value)
	{
		(void)key;
		if (strcmp(json_object_get_string(value), name) == 0)
			return false;
	}
	return true;
}
