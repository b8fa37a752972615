#include "hosts/held_hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "files/file.h"
#include "hosts/pace_file.h"

struct search {
	struct held_hosts *all;
	int64_t now;
	int error; /* of the first file that cannot be read */
};

/* The key of a file without a key in it: host.example_80 belongs to host.example:80. */
static void
guess_key(const char *file, struct buf *key)
{
	char *port;

	buf_str(key, file);
	port = strrchr(key->data, '_');
	if (port && port > key->data && port[1] && strlen(port + 1) <= 5 &&
	    strspn(port + 1, "0123456789") == strlen(port + 1))
		*port = ':';
}

static int
see_file(int dir, const struct dirent *e, void *arg)
{
	struct search *s = arg;
	struct pace p = {0};
	struct buf key = {0};
	int fd;

	if (e->d_type == DT_DIR || strcmp(e->d_name, "slots") == 0)
		return 0;
	fd = file_open(dir, e->d_name);
	if ((fd < 0 && errno != ENOENT) || (fd >= 0 && pace_read(fd, s->now, &p, &key) < 0))
		s->error = s->error ? s->error : errno;
	file_close(fd, 0);
	if (p.not_before > s->now) {
		struct held_hosts *all = s->all;

		if (!key.len)
			guess_key(e->d_name, &key);
		all->v = buf_realloc(all->v, (all->n + 1) * sizeof(*all->v));
		all->v[all->n++] = (struct held_host){.key = buf_strdup(key.data),
						      .file = buf_strdup(e->d_name),
						      .until = (time_t)((p.not_before + 999999) / 1000000)};
	}
	buf_free(&key);
	return 0;
}

static int
compare_keys(const void *a, const void *b)
{
	return strcmp(((const struct held_host *)a)->key, ((const struct held_host *)b)->key);
}

int
held_hosts_find(const struct root *root, struct held_hosts *all)
{
	struct search s = {.all = all, .now = pace_now()};
	int dir = root_open_dir(root->fd, "hosts", false);

	*all = (struct held_hosts){0};
	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	if (file_each(dir, see_file, &s) < 0)
		s.error = s.error ? s.error : errno;
	if (all->n)
		qsort(all->v, all->n, sizeof(*all->v), compare_keys);
	errno = s.error;
	return s.error ? -1 : 0;
}

void
held_hosts_free(struct held_hosts *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->v[i].key);
		free(all->v[i].file);
	}
	free(all->v);
	*all = (struct held_hosts){0};
}

int
held_hosts_release(const struct root *root, const struct held_host *h)
{
	int dir = root_open_dir(root->fd, "hosts", false), fd = -1, rc = -1;
	struct pace p;

	if (dir >= 0)
		fd = pace_open(dir, h->file, false, PACE_PATIENCE_MS);
	if (fd < 0) {
		rc = errno == ENOENT ? 0 : -1;
	} else if (pace_read(fd, pace_now(), &p, NULL) == 0) {
		rc = p.not_before > pace_now();
		p.not_before = 0;
		if (rc > 0 && pace_write(fd, &p, h->key) < 0)
			rc = -1;
	}
	rc = file_close(fd, rc);
	return file_close(dir, rc);
}
