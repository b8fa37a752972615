#include "side_questions.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "files/file.h"

enum {
	TIMES = 500, /* that each side counts and appends */
	ROUNDS = 20, /* of what is looked at after each change */
	PIECE = 1000,
	LINE = 256,
	MAP = 4096,
	BY_FLOCK = 0,
	BY_BYTES = 1,
};

enum { ASK_FLOCK, ASK_BYTES, ASK_FRESH_FLOCK, ASK_FRESH_BYTES, ASK_LINES, ASK_SIZES, ASK_RENAMES, ASK_LINK, ASK_MAP };

const struct side_question side_questions[SIDES_QUESTIONS] = {
	[ASK_FLOCK] = {"flock", "locks of files (flock) exclude", true},
	[ASK_BYTES] = {"ofd_lock", "locks of bytes (F_OFD_SETLK) exclude", true},
	[ASK_FRESH_FLOCK] = {"fresh_flock", "a byte is fresh under flock", true},
	[ASK_FRESH_BYTES] = {"fresh_ofd_lock", "a byte is fresh under F_OFD_SETLK", true},
	[ASK_LINES] = {"lines", "lines appended under a lock stay whole", true},
	[ASK_SIZES] = {"sizes", "sizes are seen at once", true},
	[ASK_RENAMES] = {"renames", "renames are seen at once", true},
	[ASK_LINK] = {"tmpfile", "O_TMPFILE and linkat", false},
	[ASK_MAP] = {"mmap", "a shared mmap shows what others write", false},
};

struct asking {
	struct two_sides *s;
	struct buf *seen; /* of the question under way */
	char *answer;
	int turn; /* 0: the first side acts, and the second looks; 1: the other way */
};

static bool
acts(const struct asking *a)
{
	return a->s->first == (a->turn == 0);
}

static void __attribute__((format(printf, 2, 3))) say_no(struct asking *a, const char *fmt, ...)
{
	va_list args;

	if (*a->answer == '-')
		return;
	*a->answer = '-';
	va_start(args, fmt);
	buf_vprintf(a->seen, fmt, args);
	va_end(args);
}

/* Opens the file NAME, which both sides make. -1 after the answer no. */
static int
open_file(struct asking *a, const char *name, int flags)
{
	int fd = openat(a->s->dir, name, flags | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		say_no(a, "%s cannot be opened: %s", name, strerror(errno));
	return fd;
}

/* --- locks --- */

static int
try_lock(int fd, int kind)
{
	return kind == BY_FLOCK ? lock_try(fd, LOCK_ALONE) : lock_bytes_try(fd, LOCK_ALONE, 0, 1);
}

static int
wait_lock(int fd, int kind)
{
	return kind == BY_FLOCK ? lock_wait(fd, LOCK_ALONE) : lock_bytes_wait(fd, LOCK_ALONE, 0, 1);
}

static void
drop_lock(int fd, int kind)
{
	if (kind == BY_FLOCK)
		lock_drop(fd);
	else
		lock_bytes_drop(fd, 0, 1);
}

/* Tries the lock, which should be free or HELD. */
static void
expect_lock(struct asking *a, int fd, int kind, bool held)
{
	int rc = try_lock(fd, kind);

	if (rc < 0)
		say_no(a, "the lock cannot be tried: %s", strerror(errno));
	else if (held && rc == 0)
		say_no(a, "both sides had the lock at once");
	else if (!held && rc == 1)
		say_no(a, "a lock still holds after it was dropped");
	if (rc == 0 && (held || !acts(a)))
		drop_lock(fd, kind);
}

static void
ask_lock(struct asking *a, int kind)
{
	int fd = open_file(a, kind == BY_FLOCK ? "lock-0" : "lock-1", O_RDWR);

	for (a->turn = 0; a->turn < 2; a->turn++) {
		sides_step(a->s);
		if (acts(a))
			expect_lock(a, fd, kind, false); /* and keep it */
		sides_step(a->s);
		if (!acts(a))
			expect_lock(a, fd, kind, true);
		sides_step(a->s);
		if (acts(a))
			drop_lock(fd, kind);
		sides_step(a->s);
		if (!acts(a))
			expect_lock(a, fd, kind, false);
	}
	sides_step(a->s);
	file_close(fd, 0);
}

/* --- what is read and written under a lock --- */

/* Adds one to the number in the file, under the lock. 0 or -1. */
static int
count_once(int fd, int kind)
{
	uint64_t n = 0;
	int rc;

	if (wait_lock(fd, kind) < 0)
		return -1;
	rc = file_read_exactly(fd, &n, sizeof(n), 0);
	n++;
	if (rc == 0)
		rc = file_write_at(fd, &n, sizeof(n), 0);
	drop_lock(fd, kind);
	return rc;
}

static void
ask_fresh(struct asking *a, int kind)
{
	const char *name = kind == BY_FLOCK ? "counter-0" : "counter-1";
	int fd = open_file(a, name, O_RDWR), again;
	uint64_t n = 0;

	if (a->s->first && fd >= 0 && file_write_at(fd, &n, sizeof(n), 0) < 0)
		say_no(a, "the counter cannot be written: %s", strerror(errno));
	sides_step(a->s);
	for (int i = 0; fd >= 0 && i < TIMES && sides_go_on(a->s); i++)
		if (count_once(fd, kind) < 0)
			say_no(a, "the counter cannot be changed under the lock: %s", strerror(errno));
	file_close(fd, 0);
	sides_step(a->s);
	again = open_file(a, name, O_RDONLY);
	if (again >= 0 && (file_read_exactly(again, &n, sizeof(n), 0) < 0 || n != 2 * TIMES))
		say_no(a, "both sides counted to %" PRIu64 " instead of %d", n, 2 * TIMES);
	file_close(again, 0);
	sides_step(a->s);
}

/* Line I of a side: their lengths differ, so that a piece of one does not look like another. */
static int
make_line(char line[LINE], char side, int i)
{
	int n = snprintf(line, LINE, "%c %03d ", side, i), dots = i % 150;

	memset(line + n, '.', (size_t)dots);
	line[n + dots] = '\n';
	return n + dots + 1;
}

/* How many of the lines of both sides are in the text, whole and once. */
static int
count_lines(const struct buf *text)
{
	bool found[2][TIMES] = {{false}};
	const char *end = text->data + text->len, *next;
	char line[LINE], side;
	int whole = 0, i, n;

	for (const char *at = text->data; at && at < end; at = next) {
		next = memchr(at, '\n', (size_t)(end - at));
		next = next ? next + 1 : end;
		if (sscanf(at, "%c %3d ", &side, &i) != 2 || (side != 'a' && side != 'b') || i < 0 || i >= TIMES)
			continue;
		n = make_line(line, side, i);
		if (n != next - at || memcmp(line, at, (size_t)n) != 0 || found[side == 'b'][i])
			continue;
		found[side == 'b'][i] = true;
		whole++;
	}
	return whole;
}

static void
ask_lines(struct asking *a)
{
	int fd = open_file(a, "lines", O_RDWR | O_APPEND), again;
	struct buf text = {0};
	char line[LINE];

	sides_step(a->s);
	for (int i = 0; fd >= 0 && i < TIMES && sides_go_on(a->s); i++) {
		int n = make_line(line, a->s->first ? 'a' : 'b', i);

		if (wait_lock(fd, BY_FLOCK) < 0 || file_write(fd, line, (size_t)n) < 0)
			say_no(a, "a line cannot be appended under the lock: %s", strerror(errno));
		drop_lock(fd, BY_FLOCK);
	}
	file_close(fd, 0);
	sides_step(a->s);
	again = open_file(a, "lines", O_RDONLY);
	if (again >= 0 && file_read_all(again, 2 * TIMES * LINE, &text) < 0)
		say_no(a, "the lines cannot be read: %s", strerror(errno));
	if (count_lines(&text) != 2 * TIMES)
		say_no(a, "%d of %d lines are whole", count_lines(&text), 2 * TIMES);
	buf_free(&text);
	file_close(again, 0);
	sides_step(a->s);
}

/* --- what one side sees of the other's changes --- */

/* Whether the file, open before, has the size and its last byte, by descriptor and by name. */
static bool
has_size(const struct asking *a, int fd, const char *name, off_t size)
{
	struct stat open_one, named;
	char last = 0;

	return fstat(fd, &open_one) == 0 && fstatat(a->s->dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       open_one.st_size == size && named.st_size == size && file_read_exactly(fd, &last, 1, size - 1) == 0 &&
	       last == 'x';
}

static void
ask_sizes(struct asking *a)
{
	char piece[PIECE];

	memset(piece, 'x', sizeof(piece));
	for (a->turn = 0; a->turn < 2; a->turn++) {
		const char *name = a->turn ? "size-1" : "size-0";
		int fd = open_file(a, name, O_RDWR), old = 0;

		for (int i = 1; i <= ROUNDS; i++) {
			sides_step(a->s);
			if (acts(a) && file_write_at(fd, piece, PIECE, (i - 1) * PIECE) < 0)
				say_no(a, "the file cannot be written: %s", strerror(errno));
			sides_step(a->s);
			old += !acts(a) && !has_size(a, fd, name, i * PIECE);
		}
		if (old)
			say_no(a, "%d of %d sizes were old", old, ROUNDS);
		file_close(fd, 0);
	}
	sides_step(a->s);
}

/* Makes the file NEW with the number I and renames it to NAME. */
static void
rename_file(struct asking *a, const char *new, const char *name, int i)
{
	int fd = open_file(a, new, O_WRONLY | O_TRUNC), rc = fd < 0 ? -1 : file_write(fd, &i, sizeof(i));

	rc = file_close(fd, rc);
	if (rc < 0 || renameat(a->s->dir, new, a->s->dir, name) < 0)
		say_no(a, "the file cannot be written and renamed: %s", strerror(errno));
}

/* Whether NAME has the number I, and NEW is gone. */
static bool
has_renamed(const struct asking *a, const char *new, const char *name, int i)
{
	int fd = openat(a->s->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), n = -1;
	bool has = fd >= 0 && file_read_exactly(fd, &n, sizeof(n), 0) == 0 && n == i;
	struct stat st;

	file_close(fd, 0);
	return has && fstatat(a->s->dir, new, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

static void
ask_renames(struct asking *a)
{
	for (a->turn = 0; a->turn < 2; a->turn++) {
		const char *name = a->turn ? "renamed-1" : "renamed-0",
			   *new = a->turn ? "renamed-1.new" : "renamed-0.new";
		int old = 0;

		/* The kernel of the side that looks may keep that there is no such name. */
		(void)has_renamed(a, new, name, 0);
		for (int i = 1; i <= ROUNDS; i++) {
			sides_step(a->s);
			if (acts(a))
				rename_file(a, new, name, i);
			sides_step(a->s);
			old += !acts(a) && !has_renamed(a, new, name, i);
		}
		if (old)
			say_no(a, "%d of %d renames were not seen", old, ROUNDS);
	}
	sides_step(a->s);
}

static void
make_link(struct asking *a)
{
	int fd = openat(a->s->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (fd < 0)
		say_no(a, "O_TMPFILE fails: %s", strerror(errno));
	else if (linkat(AT_FDCWD, self, a->s->dir, "linked", AT_SYMLINK_FOLLOW) < 0)
		say_no(a, "linkat fails: %s", strerror(errno));
	file_close(fd, 0);
}

static void
ask_link(struct asking *a)
{
	struct stat st;

	a->turn = 0;
	if (acts(a))
		make_link(a);
	sides_step(a->s);
	if (!acts(a) && fstatat(a->s->dir, "linked", &st, AT_SYMLINK_NOFOLLOW) < 0)
		say_no(a, "the file is not there after linkat");
	sides_step(a->s);
}

static void
ask_map(struct asking *a)
{
	int fd = open_file(a, "map", O_RDWR), rc = ftruncate(fd, MAP), old = 0;
	char *map = rc < 0 ? MAP_FAILED : mmap(NULL, MAP, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		say_no(a, "the file cannot be mapped: %s", strerror(errno));
	a->turn = 0;
	for (int i = 1; i <= ROUNDS; i++) {
		sides_step(a->s);
		if (acts(a) && map != MAP_FAILED) {
			map[i] = (char)i;
			(void)msync(map, MAP, MS_SYNC);
		}
		sides_step(a->s);
		old += !acts(a) && map != MAP_FAILED && *(volatile char *)&map[i] != (char)i;
	}
	if (old)
		say_no(a, "%d of %d bytes were old", old, ROUNDS);
	sides_step(a->s);
	if (map != MAP_FAILED)
		munmap(map, MAP);
	file_close(fd, 0);
}

/* --- all of them --- */

static void
ask(struct asking *a, int which)
{
	switch (which) {
	case ASK_FLOCK:
	case ASK_BYTES:
		ask_lock(a, which == ASK_FLOCK ? BY_FLOCK : BY_BYTES);
		break;
	case ASK_FRESH_FLOCK:
	case ASK_FRESH_BYTES:
		ask_fresh(a, which == ASK_FRESH_FLOCK ? BY_FLOCK : BY_BYTES);
		break;
	case ASK_LINES:
		ask_lines(a);
		break;
	case ASK_SIZES:
		ask_sizes(a);
		break;
	case ASK_RENAMES:
		ask_renames(a);
		break;
	case ASK_LINK:
		ask_link(a);
		break;
	default:
		ask_map(a);
	}
}

static bool
must_stop(void *arg)
{
	return !sides_go_on(arg);
}

void
sides_ask(struct two_sides *s, struct buf seen[SIDES_QUESTIONS])
{
	lock_interruptible(must_stop, s);
	for (int i = 0; i < SIDES_QUESTIONS && !s->ended; i++) {
		struct asking a = {.s = s, .seen = &seen[i], .answer = &s->own.answers[i]};

		*a.answer = '+';
		ask(&a, i);
		if (s->ended)
			*a.answer = '.';
	}
	sides_step(s); /* now each side has the answers of the other */
}
