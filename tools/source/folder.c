/* Files of this machine that a source finds by a pattern. */
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/msg.h"
#include "records/rec.h"
#include "source.h"

enum { FILES_MAX = 1000 };

static int unreadable; /* errno of a directory that could not be read */

static int
note_unreadable(const char *path, int error)
{
	(void)path;
	/* A directory that a subject might have is not there for most. */
	if (error == ENOENT || error == ENOTDIR)
		return 0;
	unreadable = error;
	return 1;
}

/* Adds PATH to FILES if it is a regular file. */
static void
add_file(struct json_object *files, const char *path)
{
	char *whole = realpath(path, NULL);
	struct stat st;

	if (whole && stat(whole, &st) == 0 && S_ISREG(st.st_mode)) {
		struct json_object *one = json_object_new_object();

		rec_add_string(one, "file", whole);
		json_object_object_add(one, "bytes", json_object_new_int64(st.st_size));
		json_object_array_add(files, one);
	}
	free(whole);
}

void
folder_check(const char *path)
{
	DIR *dir = opendir(path);

	if (!dir)
		msg_die_errno(EX_NOINPUT, "cannot read the directory '%s'", path);
	closedir(dir);
}

struct json_object *
folder_list(const char *pattern, struct verdict *v)
{
	struct json_object *reply = json_object_new_object(), *files = json_object_new_array();
	glob_t g = {0};
	int rc;

	unreadable = 0;
	rc = glob(pattern, GLOB_BRACE, note_unreadable, &g);
	for (size_t i = 0; rc == 0 && i < g.gl_pathc && i < FILES_MAX; i++)
		add_file(files, g.gl_pathv[i]);
	globfree(&g);
	json_object_object_add(reply, "files", files);
	*v = (struct verdict){.kind = ANSWERED};
	if (rc != 0 && rc != GLOB_NOMATCH)
		verdict_set(v, FAILED, "read_failed", "cannot read the directory of '%.200s': %s", pattern,
			    strerror(unreadable ? unreadable : ENOMEM));
	return reply;
}

bool
folder_has(struct json_object *replies, const char *file)
{
	for (size_t i = 0; i < json_object_array_length(replies); i++) {
		struct json_object *files;

		if (!json_object_object_get_ex(json_object_array_get_idx(replies, i), "files", &files) ||
		    !json_object_is_type(files, json_type_array))
			continue;
		for (size_t k = 0; k < json_object_array_length(files); k++) {
			const char *one = rec_string(json_object_array_get_idx(files, k), "file");

			if (one && strcmp(one, file) == 0)
				return true;
		}
	}
	return false;
}
