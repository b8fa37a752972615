#include "batch/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/scan.h"
#include "base/table.h"
#include "files/append.h"
#include "files/file.h"
#include "records/rec.h"

static const char file_name[] = "secrets";

enum { KEY_DIGITS = 32, SWEEP_MAX = 1024 };

struct secrets {
	pthread_mutex_t mutex; /* for all members below; the file's lock excludes other processes */
	int dir, fd;           /* FD is -1 if the file does not exist, as far as is known */
	off_t read_to;         /* TABLE has the lines of the file up to this offset */
	struct table table;    /* maps an item to 1 + the offset of each of its lines */
};

struct secrets *
secrets_open(int dirfd)
{
	struct secrets *s = buf_alloc(sizeof(*s));

	*s = (struct secrets){.dir = dirfd, .fd = -1};
	pthread_mutex_init(&s->mutex, NULL);
	return s;
}

static void
close_file(struct secrets *s)
{
	file_close(s->fd, 0);
	s->fd = -1;
	s->read_to = 0;
	table_clear(&s->table);
}

void
secrets_close(struct secrets *s)
{
	if (!s)
		return;
	close_file(s);
	pthread_mutex_destroy(&s->mutex);
	free(s);
}

/* --- lines --- */

/* Reads the item and its identity from a line; false for a line that was overwritten. */
static bool
scan_line(const char **at, const char *end, uint32_t *item, char key[KEY_DIGITS + 1])
{
	return scan_text(at, end, "{\"item\":") && scan_item(at, end, item) && scan_text(at, end, ",\"key\":\"") &&
	       scan_word(at, end, key, KEY_DIGITS);
}

/* Spreads consecutive numbers over all 32 bits; different numbers stay different. */
static uint32_t
print_of(uint32_t item)
{
	return item * 2654435769u;
}

static bool
note_line(off_t at, const char *line, size_t n, void *arg)
{
	struct secrets *s = arg;
	const char *p = line;
	char key[KEY_DIGITS + 1];
	uint32_t item;

	if (at < UINT32_MAX && scan_line(&p, line + n, &item, key))
		table_add(&s->table, print_of(item), (uint32_t)at + 1);
	return true;
}

/* --- the file --- */

/* Whether the open file still has its name: a process that finds all of it overwritten removes it. */
static bool
has_name(const struct secrets *s)
{
	struct stat st;

	return fstat(s->fd, &st) == 0 && st.st_nlink > 0;
}

/* Opens the file that has the name now. 0; 1 if there is none and it must not be made; -1 with errno. */
static int
open_file(struct secrets *s, bool make)
{
	struct stat st;

	if (s->fd >= 0 && !has_name(s))
		close_file(s);
	if (s->fd >= 0)
		return 0;
	s->fd = openat(s->dir, file_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (make ? O_CREAT : 0), 0600);
	if (s->fd < 0)
		return errno == ENOENT && !make ? 1 : -1;
	if (fstat(s->fd, &st) == 0) {
		if (S_ISREG(st.st_mode))
			return 0;
		errno = EBADMSG;
	}
	close_file(s);
	return -1;
}

/* Reads the lines that were added since. 0, 1 and -1 as open_file(). */
static int
catch_up(struct secrets *s)
{
	int rc = open_file(s, false);
	off_t upto;

	if (rc)
		return rc;
	upto = append_each(s->fd, s->read_to, note_line, s);
	if (upto < 0)
		return -1;
	s->read_to = upto;
	return 0;
}

/* Opens and locks the file that has the name. 0, 1 and -1 as open_file(). */
static int
lock_file(struct secrets *s, bool make)
{
	for (;;) {
		int rc = open_file(s, make);

		if (rc)
			return rc;
		if (lock_wait(s->fd, LOCK_ALONE) < 0)
			return -1;
		if (has_name(s))
			return 0;
		lock_drop(s->fd); /* it was removed while this process waited */
	}
}

static int
unlock_file(struct secrets *s, int rc)
{
	if (s->fd >= 0)
		lock_drop(s->fd);
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

/* --- finding --- */

static void
store_text(struct buf *out, const char *text)
{
	buf_clear(out);
	buf_str(out, text ? text : "");
}

/* Stores the secret in the line at AT, if that is of this item. 0, 1 or -1. */
static int
read_secret(const struct secrets *s, off_t at, uint32_t item, const char *key, struct buf *userinfo,
	    struct buf *headers)
{
	struct buf line = {0};
	struct json_object *o = NULL;
	const char *p;
	char its[KEY_DIGITS + 1];
	uint32_t k;
	int rc = append_line(s->fd, at, &line);

	if (rc < 0) {
		rc = errno == ENOENT ? 1 : -1;
	} else {
		p = line.data;
		rc = !(scan_line(&p, line.data + line.len, &k, its) && k == item && strcmp(its, key) == 0);
	}
	if (rc == 0)
		o = rec_parse(line.data, line.len, NULL, 0);
	if (rc == 0 && !rec_string(o, "userinfo") && !rec_string(o, "headers"))
		rc = 1;
	if (rc == 0) {
		store_text(userinfo, rec_string(o, "userinfo"));
		store_text(headers, rec_string(o, "headers"));
	}
	json_object_put(o);
	buf_free(&line);
	return rc;
}

/* After all lines were read: finds the last secret of the item. 0, 1 or -1. */
static int
find_latest(const struct secrets *s, uint32_t item, const char *key, struct buf *userinfo, struct buf *headers)
{
	uint32_t cursor = 0, latest = 0;
	int rc = 1;

	for (const struct table_slot *t; (t = table_next(&s->table, print_of(item), &cursor));) {
		int one = t->item < latest ? 1 : read_secret(s, (off_t)t->item - 1, item, key, userinfo, headers);

		if (one < 0)
			return -1;
		if (one == 0) {
			latest = t->item;
			rc = 0;
		}
	}
	return rc;
}

int
secrets_find(struct secrets *s, uint32_t item, const char *key, struct buf *userinfo, struct buf *headers)
{
	int rc;

	pthread_mutex_lock(&s->mutex);
	rc = catch_up(s);
	if (rc == 0)
		rc = find_latest(s, item, key, userinfo, headers);
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

bool
secrets_are_there(struct secrets *s)
{
	bool are;

	pthread_mutex_lock(&s->mutex);
	are = s->fd >= 0;
	pthread_mutex_unlock(&s->mutex);
	return are;
}

/* --- adding --- */

/* Whether the item already has exactly this secret. */
static bool
is_there(const struct secrets *s, const struct secret *v)
{
	struct buf userinfo = {0}, headers = {0};
	bool is = find_latest(s, v->item, v->key, &userinfo, &headers) == 0 &&
		  strcmp(userinfo.data, v->userinfo ? v->userinfo : "") == 0 &&
		  strcmp(headers.data, v->headers ? v->headers : "") == 0;

	buf_free(&userinfo);
	buf_free(&headers);
	return is;
}

static void
print_member(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(out, ",\"%s\":", name);
	buf_json(out, value);
}

/* With the lock held. */
static int
append_secrets(struct secrets *s, const struct secret *v, size_t n)
{
	off_t end = append_end(s->fd);
	struct buf lines = {0};
	int rc = end < 0 || catch_up(s) < 0 ? -1 : 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (is_there(s, &v[i]))
			continue;
		buf_printf(&lines, "{\"item\":%u,\"key\":\"%s\"", v[i].item, v[i].key);
		print_member(&lines, "userinfo", v[i].userinfo);
		print_member(&lines, "headers", v[i].headers);
		buf_str(&lines, "}\n");
	}
	if (rc == 0 && end + (off_t)lines.len >= UINT32_MAX) {
		errno = EFBIG; /* TABLE has 32 bits for an offset */
		rc = -1;
	}
	if (rc == 0 && lines.len && (append_lines(s->fd, end, lines.data, lines.len) < 0 || fdatasync(s->fd) < 0))
		rc = -1;
	if (rc == 0 && lines.len && end == 0)
		rc = fsync(s->dir);
	buf_free(&lines);
	return rc;
}

int
secrets_add(struct secrets *s, const struct secret *v, size_t n)
{
	int rc;

	if (n == 0)
		return 0;
	pthread_mutex_lock(&s->mutex);
	rc = lock_file(s, true);
	if (rc == 0)
		rc = append_secrets(s, v, n);
	return unlock_file(s, rc);
}

/* --- removing --- */

/* With the lock held: overwrites the line at AT, if it belongs to this item. 0 or -1. */
static int
overwrite_line(const struct secrets *s, off_t at, uint32_t item)
{
	struct buf line = {0};
	const char *p;
	char key[KEY_DIGITS + 1];
	uint32_t k;
	int rc = append_line(s->fd, at, &line);

	if (rc < 0)
		rc = errno == ENOENT ? 0 : -1;
	p = line.data;
	if (rc == 0 && line.len && scan_line(&p, line.data + line.len, &k, key) && k == item) {
		memset(line.data, ' ', line.len);
		rc = file_write_at(s->fd, line.data, line.len, at);
	}
	buf_free(&line);
	return rc;
}

static bool
has_any(const struct secrets *s, const uint32_t *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t cursor = 0;

		if (table_next(&s->table, print_of(items[i]), &cursor))
			return true;
	}
	return false;
}

int
secrets_remove(struct secrets *s, const uint32_t *items, size_t n)
{
	int rc;

	pthread_mutex_lock(&s->mutex);
	rc = catch_up(s);
	if (rc || !has_any(s, items, n)) {
		pthread_mutex_unlock(&s->mutex);
		return rc < 0 ? -1 : 0;
	}
	rc = lock_file(s, false);
	if (rc == 0 && (rc = catch_up(s)) == 0) {
		for (size_t i = 0; i < n; i++) {
			uint32_t cursor = 0;

			for (const struct table_slot *t; (t = table_next(&s->table, print_of(items[i]), &cursor));)
				if (overwrite_line(s, (off_t)t->item - 1, items[i]) < 0)
					rc = -1;
		}
	}
	return unlock_file(s, rc < 0 ? -1 : 0);
}

struct sweep {
	bool (*is_over)(uint32_t item, const char *key, void *arg);
	void *arg;
	uint32_t over[SWEEP_MAX];
	off_t at[SWEEP_MAX];
	size_t n;
	bool any; /* a line is still in use */
};

static bool
look_at_line(off_t at, const char *line, size_t n, void *arg)
{
	struct sweep *w = arg;
	const char *p = line;
	char key[KEY_DIGITS + 1];
	uint32_t item;

	if (!scan_line(&p, line + n, &item, key))
		return true;
	if (!w->is_over(item, key, w->arg)) {
		w->any = true;
		return true;
	}
	w->over[w->n] = item;
	w->at[w->n++] = at;
	return w->n < SWEEP_MAX;
}

/* With the lock held: reads all lines, and overwrites those that are no longer needed. 0 or -1. */
static int
sweep_lines(const struct secrets *s, struct sweep *w)
{
	off_t from = 0, upto;

	do {
		w->n = 0;
		upto = append_each(s->fd, from, look_at_line, w);
		for (size_t i = 0; i < w->n; i++)
			if (overwrite_line(s, w->at[i], w->over[i]) < 0)
				return -1;
		from = upto;
	} while (upto >= 0 && w->n == SWEEP_MAX);
	return upto < 0 ? -1 : 0;
}

int
secrets_sweep(struct secrets *s, bool (*is_over)(uint32_t item, const char *key, void *arg), void *arg)
{
	struct sweep w = {.is_over = is_over, .arg = arg};
	int rc;

	pthread_mutex_lock(&s->mutex);
	rc = lock_file(s, false);
	if (rc == 0 && (rc = sweep_lines(s, &w)) == 0 && !w.any)
		rc = unlinkat(s->dir, file_name, 0);
	return unlock_file(s, rc < 0 ? -1 : 0);
}
