/* The SHA-256 of the URL names a file, which rename publishes; its modification time is the time of the reply. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/msg.h"
#include "files/atomic_file.h"
#include "files/file.h"
#include "records/rec.h"
#include "source.h"

enum { REPLY_MAX = 64 << 20 };

struct cache {
	int dir, temp;
	long seconds;
	bool failed; /* a write error was reported */
};

static bool
is_fresh(const struct cache *c, const struct stat *st)
{
	time_t now = time(NULL);

	return S_ISREG(st->st_mode) && st->st_mtime <= now && now - st->st_mtime < c->seconds;
}

static int
sweep_entry(int dir, const struct dirent *e, void *arg)
{
	const struct cache *c = arg;
	struct stat st;

	if (strspn(e->d_name, "0123456789abcdef") == HASH_HEX && !e->d_name[HASH_HEX] &&
	    file_stat(dir, e->d_name, &st) > 0 && !is_fresh(c, &st))
		unlinkat(dir, e->d_name, 0);
	return 0;
}

struct cache *
cache_open(const struct root *root, long seconds)
{
	struct cache *c = buf_alloc(sizeof(*c));

	*c = (struct cache){.dir = root_open_dir(root->fd, "cache", true), .seconds = seconds};
	c->temp = root_open_dir(root->fd, "temp", true);
	if (c->dir >= 0 && c->temp >= 0) {
		/* Removes old replies. One that cannot be removed stays, and is not used. */
		(void)file_each(openat(c->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), sweep_entry, c);
		return c;
	}
	msg_warn_errno("cannot store replies in %s/cache: every reply must be requested again", root->path);
	cache_close(c);
	return NULL;
}

void
cache_close(struct cache *c)
{
	if (!c)
		return;
	file_close(c->dir, 0);
	file_close(c->temp, 0);
	free(c);
}

static void
name_of(const char *url, char name[HASH_HEX + 1])
{
	unsigned char digest[HASH_BYTES];

	hash_bytes(url, strlen(url), digest);
	hash_hex(digest, sizeof(digest), name);
}

struct json_object *
cache_get(struct cache *c, const char *url)
{
	char name[HASH_HEX + 1];
	struct json_object *reply = NULL;
	struct buf text = {0};
	struct stat st;
	int fd;

	name_of(url, name);
	fd = openat(c->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && is_fresh(c, &st) && file_read_all(fd, REPLY_MAX, &text) == 0 && text.len)
		reply = rec_parse(text.data, text.len, NULL, 0);
	close(fd);
	buf_free(&text);
	return reply;
}

void
cache_put(struct cache *c, const char *url, struct json_object *reply)
{
	const char *text = rec_print(reply);
	char name[HASH_HEX + 1];

	name_of(url, name);
	/* Not synced: a reply that a power cut damages is requested again. */
	if (atomic_file_replace(c->temp, c->dir, name, text, strlen(text), false) < 0 && !c->failed) {
		msg_warn_errno("cannot store a reply in cache/: it must be requested again next time");
		c->failed = true;
	}
}
