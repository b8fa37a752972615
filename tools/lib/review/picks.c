#include "review/picks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/table.h"
#include "base/when.h"
#include "files/append.h"
#include "files/file.h"
#include "records/rec.h"
#include "review/review_settings.h"

static const char file_name[] = "picks.ndjson";
static const char nobody[] = "anonymous";

/* The hash of Fowler, Noll and Vo, 1a, of 64 bits. */
static const uint64_t fnv_begin = 0xcbf29ce484222325;

struct picks {
	int dir;       /* batches/NAME */
	int fd;        /* picks.ndjson; -1: it does not exist yet */
	off_t read_to; /* bytes of complete lines */
	uint64_t hash; /* of these lines */
	char version[40];
	struct pick *all; /* the last decision of each reviewer about each subject; owns its strings */
	uint32_t n;
	struct table by_who;      /* maps subject and reviewer to 1 + the index in ALL */
	const struct pick **some; /* the valid decisions, sorted */
	size_t some_n;
	size_t bad;
};

static uint64_t
add_to_hash(uint64_t hash, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3;
	return hash;
}

/* --- the decisions in memory --- */

static const char *
reviewer_of(const struct pick *v)
{
	return v->reviewer && *v->reviewer ? v->reviewer : nobody;
}

static uint32_t
print_of(const struct pick *v)
{
	const char *reviewer = reviewer_of(v);
	uint64_t hash = add_to_hash(fnv_begin, v->subject, strlen(v->subject) + 1);

	hash = add_to_hash(hash, reviewer, strlen(reviewer));
	return (uint32_t)(hash ^ hash >> 32);
}

/* The last decision of V's reviewer about V's subject; NULL if there is none. */
static struct pick *
find_last(const struct picks *p, const struct pick *v)
{
	uint32_t print = print_of(v), cursor = 0;
	struct table_slot *slot;

	while ((slot = table_next(&p->by_who, print, &cursor))) {
		struct pick *one = &p->all[slot->item - 1];

		if (strcmp(one->subject, v->subject) == 0 && strcmp(one->reviewer, reviewer_of(v)) == 0)
			return one;
	}
	return NULL;
}

const struct pick *
picks_last(const struct picks *p, const struct pick *v)
{
	return find_last(p, v);
}

static char *
copy_text(const char *text)
{
	return text ? buf_strdup(text) : NULL;
}

/* Frees what differs between two decisions of one reviewer about one subject. */
static void
forget_texts(struct pick *v)
{
	free((void *)(uintptr_t)v->at);
	free((void *)(uintptr_t)v->list);
	free((void *)(uintptr_t)v->note);
	free((void *)(uintptr_t)v->reason);
	free((void *)(uintptr_t)v->licence);
}

static void
store_pick(struct picks *p, const struct pick *v)
{
	struct pick *one = find_last(p, v), was;

	if (!one) {
		p->all = buf_grow(p->all, p->n, sizeof(*p->all));
		one = &p->all[p->n++];
		*one = (struct pick){.subject = buf_strdup(v->subject), .reviewer = buf_strdup(reviewer_of(v))};
		table_add(&p->by_who, print_of(v), p->n);
	}
	was = *one; /* V may have its texts */
	one->choice = v->choice;
	one->removed = v->removed;
	one->unsure = v->unsure;
	one->stars = v->stars;
	one->at = buf_strdup(v->at);
	one->list = copy_text(v->list);
	one->note = copy_text(v->note);
	one->reason = copy_text(v->reason);
	one->licence = copy_text(v->licence);
	forget_texts(&was);
}

static void
forget_picks(struct picks *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		free((void *)(uintptr_t)p->all[i].subject);
		free((void *)(uintptr_t)p->all[i].reviewer);
		forget_texts(&p->all[i]);
	}
	free(p->all);
	free(p->some);
	table_clear(&p->by_who);
	p->all = NULL;
	p->some = NULL;
	p->n = 0;
	p->some_n = p->bad = 0;
	p->read_to = 0;
	p->hash = fnv_begin;
	*p->version = '\0';
}

static int
by_subject(const void *a, const void *b)
{
	const struct pick *x = *(const struct pick *const *)a, *y = *(const struct pick *const *)b;
	int order = strverscmp(x->subject, y->subject);

	return order ? order : strcmp(x->reviewer, y->reviewer);
}

/* Makes the sorted list, and the version, from the decisions that were read. */
static void
sort_standing(struct picks *p)
{
	p->some = buf_realloc(p->some, (p->n + 1) * sizeof(*p->some));
	p->some_n = 0;
	for (uint32_t i = 0; i < p->n; i++)
		if (p->all[i].choice != PICK_BACK)
			p->some[p->some_n++] = &p->all[i];
	qsort(p->some, p->some_n, sizeof(*p->some), by_subject);
	snprintf(p->version, sizeof(p->version), "%llx-%016llx", (unsigned long long)p->read_to,
		 (unsigned long long)p->hash);
}

/* --- the file --- */

/* Parses one line into V, whose strings belong to O. False if it is not a decision. */
static bool
parse_pick(struct json_object *o, struct pick *v)
{
	struct json_object *choice, *removed;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, "choice", &choice))
		return false;
	*v = (struct pick){
		.subject = rec_string(o, "subject"), .reviewer = rec_string(o, "reviewer"), .at = rec_string(o, "at")};
	if (!pick_parse_choice(choice, v))
		return false;
	(void)pick_parse_remarks(o, v); /* a remark of another version does not make the decision invalid */
	if (v->choice == PICK_BACK && json_object_object_get_ex(o, "removed", &removed) &&
	    json_object_is_type(removed, json_type_int))
		v->removed = json_object_get_int64(removed);
	return v->subject && v->at && !root_subject_check(v->subject) && v->reviewer &&
	       !pick_reviewer_check(v->reviewer);
}

static bool
take_line(off_t at, const char *line, size_t n, void *arg)
{
	struct json_object *o = rec_parse(line, n, NULL, 0);
	struct picks *p = arg;
	struct pick v;

	(void)at;
	if (parse_pick(o, &v))
		store_pick(p, &v);
	else
		p->bad++;
	json_object_put(o);
	p->hash = add_to_hash(p->hash, line, n);
	p->hash = add_to_hash(p->hash, "\n", 1);
	return true;
}

/* Opens the file if it is a regular file; -1 with errno. */
static int
open_file(const struct picks *p, int flags)
{
	int fd = openat(p->dir, file_name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) < 0)
		return file_close(fd, -1);
	if (fd >= 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		fd = -1;
		errno = EINVAL;
	}
	if (fd < 0 && errno == ELOOP) /* a symbolic link is not a regular file, and the batch does exist */
		errno = EINVAL;
	return fd;
}

/* Replaces the descriptor by FD, which is the file that has the name now. */
static void
take_file(struct picks *p, int fd)
{
	struct stat old, now;

	if (p->fd >= 0 && (fstat(p->fd, &old) < 0 || fd < 0 || fstat(fd, &now) < 0 || old.st_dev != now.st_dev ||
			   old.st_ino != now.st_ino))
		forget_picks(p);
	file_close(p->fd, 0);
	p->fd = fd;
}

int
picks_refresh(struct picks *p)
{
	struct stat st;
	off_t end;

	if (p->fd >= 0 && fstat(p->fd, &st) == 0 && st.st_nlink == 0)
		take_file(p, -1);
	if (p->fd < 0 && (p->fd = open_file(p, O_RDONLY)) < 0 && errno != ENOENT)
		return -1;
	if (p->fd < 0) {
		sort_standing(p);
		return 0;
	}
	if (fstat(p->fd, &st) < 0)
		return -1;
	if (st.st_size < p->read_to) /* the file became shorter */
		forget_picks(p);
	if (st.st_size == p->read_to && *p->version)
		return 0;
	end = append_each(p->fd, p->read_to, take_line, p);
	if (end < 0) {
		int error = errno;

		forget_picks(p); /* a part of it was read */
		sort_standing(p);
		return file_fail(error);
	}
	p->read_to = end;
	sort_standing(p);
	return 0;
}

struct picks *
picks_read(const struct batch *b)
{
	struct picks *p = buf_alloc(sizeof(*p));

	*p = (struct picks){.fd = -1, .hash = fnv_begin};
	p->dir = fcntl(batch_dirfd(b), F_DUPFD_CLOEXEC, 3);
	if (p->dir >= 0 && picks_refresh(p) == 0)
		return p;
	picks_free(p);
	return NULL;
}

void
picks_free(struct picks *p)
{
	if (!p)
		return;
	forget_picks(p);
	file_close(p->fd, 0);
	file_close(p->dir, 0);
	free(p);
}

const char *
picks_version(const struct picks *p)
{
	return p->version;
}

size_t
picks_count(const struct picks *p)
{
	return p->some_n;
}

const struct pick *
picks_get(const struct picks *p, size_t i)
{
	return p->some[i];
}

const struct pick *
picks_next_removed(const struct picks *p, size_t *cursor)
{
	while (*cursor < p->n) {
		const struct pick *one = &p->all[(*cursor)++];

		if (one->choice == PICK_BACK && one->removed)
			return one;
	}
	return NULL;
}

const struct pick *
picks_next_undecided(const struct picks *p, size_t *cursor)
{
	while (*cursor < p->n) {
		const struct pick *one = &p->all[(*cursor)++];

		if (one->choice == PICK_BACK && pick_has_remarks(one))
			return one;
	}
	return NULL;
}

size_t
picks_bad_lines(const struct picks *p)
{
	return p->bad;
}

bool
picks_subject(const struct picks *p, size_t i, struct picks_subject *out)
{
	size_t end = i;

	if (i >= p->some_n)
		return false;
	*out = (struct picks_subject){.id = p->some[i]->subject, .first = i, .agreed = true};
	out->choice = p->some[i]->choice;
	for (; end < p->some_n && strcmp(p->some[end]->subject, out->id) == 0; end++)
		out->agreed = out->agreed && pick_same_choice(p->some[end], p->some[i]);
	out->count = end - i;
	return true;
}

/* --- adding --- */

int
picks_compare_times(const char *a, const char *b)
{
	int order = strncmp(a, b, 19);

	if (order != 0 || strlen(a) < 19 || strlen(b) < 19)
		return order;
	for (a += 19, b += 19; *a == *b && *a; a++, b++)
		continue;
	return (*a == 'Z' || !*a ? 0 : *a) - (*b == 'Z' || !*b ? 0 : *b);
}

/* Whether ONE says nothing new: the same choice and remarks, not at a later time that its reviewer states. A later one
 * is a choice that was looked at again, which matters where the file has changed meanwhile. */
static bool
is_known(const struct pick *stands, const struct pick *one)
{
	return pick_same_choice(stands, one) && (one->bare || pick_same_remarks(stands, one)) &&
	       (one->choice == PICK_BACK || !one->at || picks_compare_times(one->at, stands->at) <= 0);
}

static void
print_line(struct buf *out, const struct pick *v, bool many)
{
	buf_str(out, "{\"subject\":");
	buf_json(out, v->subject);
	buf_str(out, ",\"choice\":");
	pick_print_choice(out, v, many);
	buf_str(out, ",\"reviewer\":");
	buf_json(out, reviewer_of(v));
	buf_str(out, ",\"at\":");
	buf_json(out, v->at);
	if (v->removed)
		buf_printf(out, ",\"removed\":%ld", v->removed);
	pick_print_remarks(out, v);
	buf_str(out, "}\n");
}

/* Makes lines of the decisions in V that are new, and stores them in P, which later continues to read its file. MANY:
 * the batch allows several candidates in one. */
static void
write_lines(struct buf *out, struct picks *p, const struct pick *v, size_t n, bool many)
{
	char now[WHEN_MS_SIZE];

	when_now_ms(now);
	for (size_t i = 0; i < n; i++) {
		const struct pick *stands = find_last(p, &v[i]);
		struct pick one = v[i];

		if (stands ? is_known(stands, &one) : one.choice == PICK_BACK && !pick_has_remarks(&one))
			continue;
		if (stands && one.bare && pick_same_choice(stands, &one)) {
			one.unsure = stands->unsure;
			one.stars = stands->stars;
			one.note = stands->note;
			one.reason = stands->reason;
			one.licence = stands->licence;
		}
		/* Remarks that come later do not change that the chosen candidate was removed. */
		if (stands && one.choice == PICK_BACK && stands->choice == PICK_BACK && !one.removed)
			one.removed = stands->removed;
		/* A clock that is fast must not override all later decisions. */
		one.at = one.at && picks_compare_times(one.at, now) <= 0 ? one.at : now;
		print_line(out, &one, many);
		store_pick(p, &one);
	}
}

/* With the lock: refreshes P, compares the version, appends. 0, 1 if the version differs, or -1. */
static int
append_if_same(struct picks *p, const struct pick *v, size_t n, const char *expect)
{
	struct review_settings settings;
	struct buf lines = {0};
	off_t end = append_end(p->fd);
	int rc = 0;

	if (end < 0 || picks_refresh(p) < 0 || review_settings_read(p->dir, &settings) < 0)
		return -1;
	json_object_put(settings.all);
	if (expect && strcmp(expect, p->version) != 0)
		return 1;
	write_lines(&lines, p, v, n, settings.many);
	/* The name of the file is synced before its first line is written, so that a process that finds a line need not
	 * sync it. */
	if (end == 0 && lines.len > 0)
		rc = fsync(p->dir);
	if (rc == 0 && lines.len > 0)
		rc = append_lines(p->fd, end, lines.data, lines.len);
	buf_free(&lines);
	if (rc < 0) {
		int error = errno;

		forget_picks(p); /* P has decisions that are not in the file */
		sort_standing(p);
		errno = error;
	}
	return rc;
}

int
picks_put(struct picks *p, const struct pick *v, size_t n, const char *expect)
{
	int fd = open_file(p, O_RDWR | O_CREAT), rc;

	if (fd < 0)
		return -1;
	take_file(p, fd);
	if (lock_wait(p->fd, LOCK_ALONE) < 0)
		return -1;
	rc = append_if_same(p, v, n, expect);
	lock_drop(p->fd);
	/* Even if nothing was new: the process that wrote the lines may not have synced them. */
	if (rc == 0 && fdatasync(p->fd) < 0) {
		errno = EIO;
		rc = -1;
	}
	return rc == 0 ? picks_refresh(p) : rc;
}
