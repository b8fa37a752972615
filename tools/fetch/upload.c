#include "upload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch/upload_digests.h"
#include "files/file.h"
#include "records/rec.h"

static const char uploads[] = "uploads";

static int
open_uploads(const struct target *t)
{
	return root_open_dir(batch_dirfd(t->batch), uploads, false);
}

int64_t
upload_open(struct job *j, char sha256[HASH_HEX + 1])
{
	long long size = rec_number(j->asked, "size", -1);
	int dir = open_uploads(j->target);
	struct stat st;
	int fd;

	if (dir < 0)
		return -1;
	fd = openat(dir, j->upload, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0) {
		file_close(dir, 0);
		return fd < 0 ? -1 : file_close(fd, -1);
	}
	if (!upload_digest_find(dir, (uint32_t)strtoul(j->upload, NULL, 10), &st, sha256))
		sha256[0] = '\0';
	close(dir);
	if (!S_ISREG(st.st_mode) || (size >= 0 && st.st_size != size)) {
		errno = ENODATA;
		return file_close(fd, -1);
	}
	j->body.part = (struct atomic_file){.fd = fd, .tempfd = j->run->temp};
	j->body.named = true; /* it needs no name in temp/ */
	return st.st_size;
}

int
upload_publish(struct job *j, int dir, bool sync)
{
	struct atomic_file copy;

	if (atomic_file_publish(&j->body.part, dir, j->name) == 0)
		return 0;
	/* File systems without hard links, or a file with too many of them. */
	if (errno != EPERM && errno != EXDEV && errno != EMLINK && errno != EOPNOTSUPP)
		return -1;
	if (atomic_file_open(&copy, j->run->temp) < 0)
		return -1;
	if (atomic_file_copy(&copy, j->body.part.fd, (off_t)j->body.bytes) < 0 || (sync && fsync(copy.fd) < 0) ||
	    atomic_file_publish(&copy, dir, j->name) < 0) {
		atomic_file_drop(&copy);
		return -1;
	}
	atomic_file_drop(&j->body.part);
	return 0;
}

void
upload_remove(const struct job *j)
{
	int dir = j->upload[0] && (j->verdict.kind == GOT || !j->verdict.retryable) ? open_uploads(j->target) : -1;

	if (dir < 0)
		return;
	unlinkat(dir, j->upload, 0); /* upload_sweep() reports files that cannot be removed */
	close(dir);
}

/* Whether the failure of an item may be temporary. */
static bool
may_pass(const struct batch *b, uint32_t k)
{
	struct json_object *result = batch_result_object(b, k), *error, *may;
	bool yes;

	yes = !json_object_object_get_ex(result, "error", &error) ||
	      (json_object_object_get_ex(error, "retryable", &may) && json_object_get_boolean(may));
	json_object_put(result);
	return yes;
}

/* Removes the upload of item K, if it has one and no longer needs it. */
static int
sweep_item(const struct batch *b, int dir, uint32_t k, struct buf *line)
{
	int state = batch_state(b, k);
	char room[32];
	struct json_object *item;
	const char *name;
	int rc = 0;

	buf_clear(line);
	if (state < 0)
		return -1;
	if (state != 'c' && state != 'f' && state != 'x')
		return 0;
	if (batch_item(b, k, line) < 0)
		return errno == ENOENT ? 0 : -1;
	item = rec_parse(line->data, line->len, NULL, 0);
	/* The upload of a member belongs to its archive. */
	name = rec_string(item, "member") ? NULL : rec_text(item, "upload", room, sizeof(room));
	if (name && *name && !root_subject_check(name) && (state != 'f' || !may_pass(b, k)) &&
	    unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		rc = -1;
	json_object_put(item);
	return rc;
}

int
upload_sweep(const struct target *t)
{
	int64_t n = batch_length(t->batch);
	int dir = open_uploads(t), rc = n < 0 ? -1 : 0;
	struct buf line = {0};

	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	for (uint32_t k = 1; k <= n && rc == 0 && !(k % 64 == 1 && uploads_are_gone(dir)); k++)
		rc = sweep_item(t->batch, dir, k, &line);
	buf_free(&line);
	if (rc == 0)
		upload_digests_remove(dir); /* if they stay, so does the directory */
	if (rc == 0 && unlinkat(batch_dirfd(t->batch), uploads, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY &&
	    errno != EEXIST && errno != ENOENT)
		rc = -1;
	return file_close(dir, rc);
}
