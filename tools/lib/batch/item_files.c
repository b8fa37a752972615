#include "batch/item_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "batch/upload_digests.h"
#include "files/atomic_file.h"
#include "files/file.h"
#include "files/trash.h"
#include "records/rec.h"

enum { STEM_MAX = SUBJECT_MAX + 16 };

/* --- names --- */

static uint32_t
print_of(const char *stem)
{
	unsigned char digest[HASH_BYTES];
	uint32_t print;

	hash_bytes(stem, strlen(stem), digest);
	memcpy(&print, digest, sizeof(print));
	return print;
}

/* The stem of item K: its subject's id and its place. 0, or -1 with errno. */
static int
stem_of(const struct batch *b, uint32_t k, char stem[STEM_MAX])
{
	struct batch_place place;
	struct buf line = {0};
	int rc = batch_item(b, k, &line);

	if (rc == 0 && (rc = batch_place(line.data, line.len, &place)) < 0)
		errno = EBADMSG;
	if (rc == 0)
		snprintf(stem, STEM_MAX, "%s_%lu", place.subject, (unsigned long)place.idx);
	buf_free(&line);
	return rc;
}

int
item_stems_add(struct item_stems *s, uint32_t k)
{
	char stem[STEM_MAX];

	if (stem_of(s->batch, k, stem) < 0)
		return -1;
	table_add(&s->prints, print_of(stem), k);
	return 0;
}

/* Whether the files of the removed item K were kept. 1, 0, or -1 with errno. */
static int
is_kept(const struct batch *b, uint32_t k)
{
	struct buf line = {0};
	int rc = batch_result(b, k, &line);

	if (rc == 0)
		rc = batch_result_is_kept(line.data, line.len);
	buf_free(&line);
	return rc;
}

int
item_stems_add_removed(struct item_stems *s, bool kept)
{
	int64_t k = 0;

	while ((k = batch_find_state(s->batch, (uint32_t)k + 1, 'x')) > 0) {
		int rc = kept ? 0 : is_kept(s->batch, (uint32_t)k);

		if (rc < 0 || (rc == 0 && item_stems_add(s, (uint32_t)k) < 0))
			return -1;
	}
	return (int)k;
}

void
item_stems_free(struct item_stems *s)
{
	table_clear(&s->prints);
}

int
item_stems_find(const struct item_stems *s, const char *name, uint32_t *k)
{
	/* An id has dots, but no line. Behind the place are a dot, or the line before the version of a replaced file.
	 */
	const char *line = strchr(name, '_');
	size_t n = line ? (size_t)(line - name) + 1 + strcspn(line + 1, "._") : 0;
	char stem[STEM_MAX], other[STEM_MAX];
	const struct table_slot *slot;
	uint32_t cursor = 0;

	*k = 0;
	if (n == 0 || n >= sizeof(stem))
		return 0;
	memcpy(stem, name, n);
	stem[n] = '\0';
	while ((slot = table_next(&s->prints, print_of(stem), &cursor))) {
		if (stem_of(s->batch, slot->item, other) < 0)
			return -1;
		if (strcmp(stem, other) != 0)
			continue;
		*k = slot->item;
		return 0;
	}
	return 0;
}

/* --- removing --- */

int
item_files_unlink(int dir, const char *name)
{
	int rc = 0;

	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		rc = -1;
	return file_close(dir, rc);
}

int
item_files_remove_content(const struct root *root, const struct batch *b, const char *path)
{
	const char *name = path && strncmp(path, "content/", 8) == 0 ? path + 8 : NULL;
	size_t n = name ? strlen(name) : 0;
	char stem[SUBJECT_MAX + 32];
	int dir, rc;

	if (n <= strlen(".json") || n >= sizeof(stem) || strchr(name, '/') || *name == '.')
		return 0;
	snprintf(stem, sizeof(stem), "%.*s", (int)(n - strlen(".json")), name);
	dir = root_open_dir(batch_dirfd(b), "content", false);
	rc = dir < 0 ? -1 : trash_dir(root, dir, stem);
	if (file_close(dir, rc) < 0 && errno != ENOENT && errno != ENOTDIR)
		return -1;
	return item_files_unlink(root_open_dir(batch_dirfd(b), "content", false), name);
}

int
item_files_remove_begun(const struct root *root, const struct batch *b, uint32_t k, struct json_object *asked)
{
	char note[ATOMIC_FILE_NOTE_MAX + 1], name[BATCH_NAME_MAX + 32], room[32];
	/* A member belongs to the upload of its archive. */
	const char *upload = rec_string(asked, "member") ? NULL : rec_text(asked, "upload", room, sizeof(room));
	int temp = root_open_dir(root->fd, "temp", false), dir, rc;
	struct atomic_file p;

	snprintf(name, sizeof(name), "%s.%lu.part", batch_name(b), (unsigned long)k);
	if (temp >= 0 && atomic_file_take(&p, temp, name, note) == 0)
		atomic_file_drop(&p);
	file_close(temp, 0);
	if (!upload || strchr(upload, '/') || *upload == '.' || !*upload)
		return 0;
	dir = root_open_dir(batch_dirfd(b), "uploads", false);
	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	rc = unlinkat(dir, upload, 0) < 0 && errno != ENOENT ? -1 : 0;
	if (rc == 0)
		upload_digests_remove(dir);
	return file_close(dir, rc);
}
