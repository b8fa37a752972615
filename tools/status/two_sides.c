#include "two_sides.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "files/file.h"

enum { RECORD = 256, TELL_MS = 200, PAUSE_NS = 2000000, RECORD_MS = 5000, SILENCE_MS = 20000 };

static volatile sig_atomic_t interrupted;

static void
on_signal(int number)
{
	interrupted = number;
}

static void
pause_briefly(void)
{
	nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

/* --- the records --- */

static const char *
own_name(const struct two_sides *s)
{
	return s->first ? "first" : "second";
}

/* The first line of a file of the kernel, or nothing. */
static void
read_word(const char *path, char *word, int room)
{
	FILE *f = fopen(path, "re");

	if (f && !fgets(word, room, f))
		*word = '\0';
	if (f)
		fclose(f);
	word[strcspn(word, " \n")] = '\0';
}

/* Writes the record again. It always has the same length, so that another that reads it sees all of it. The file is
 * closed each time: that is when network file systems send it. */
static int
tell(struct two_sides *s)
{
	const struct side_record *r = &s->own;
	char text[RECORD + 1];
	int fd = openat(s->dir, own_name(s), O_WRONLY | O_NOFOLLOW | O_CLOEXEC), n;

	s->own.beat++;
	s->told = clock_ms();
	n = snprintf(text, sizeof(text), "%010u %010u %s %s %s", r->step, r->beat, r->answers, r->boot, r->host);
	memset(text + n, ' ', (size_t)(RECORD - n));
	text[RECORD - 1] = '\n';
	return file_close(fd, fd < 0 ? -1 : file_write_at(fd, text, RECORD, 0));
}

/* Reads the other's record. Whatever the file is, nothing but short words are taken from it. */
static void
hear(struct two_sides *s)
{
	struct side_record r = {0};
	char text[RECORD + 1] = "";
	int fd = openat(s->dir, s->first ? "second" : "first", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool whole = fd >= 0 && file_read_exactly(fd, text, RECORD, 0) == 0 &&
		     sscanf(text, "%10u %10u %9s %39s %127s", &r.step, &r.beat, r.answers, r.boot, r.host) == 5;

	file_close(fd, 0);
	if (!whole || r.beat == s->other.beat)
		return;
	s->other = r;
	s->heard = clock_ms();
}

/* --- going on --- */

static bool
is_silent(const struct two_sides *s)
{
	return clock_ms() - s->heard > s->patience;
}

bool
sides_go_on(struct two_sides *s)
{
	if (s->ended)
		return false;
	if (interrupted)
		s->ended = "this side was interrupted";
	else if (clock_ms() - s->told < TELL_MS)
		return true;
	else if (hear(s), is_silent(s))
		s->ended = "the other side was killed, or does not see what this one writes";
	else if (tell(s) < 0)
		s->ended = "what was made for the test was removed: the other side has ended it";
	return s->ended == NULL;
}

void
sides_step(struct two_sides *s)
{
	if (s->ended)
		return;
	s->own.step++;
	s->told = 0;
	while (sides_go_on(s)) {
		hear(s);
		if (s->other.step >= s->own.step)
			return;
		pause_briefly();
	}
}

/* --- meeting and parting --- */

/* Makes the record NAME. 0 or -1. */
static int
make_record(struct two_sides *s)
{
	int fd = openat(s->dir, own_name(s), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	s->own.step = s->own.beat = 0;
	if (fd < 0)
		return -1;
	close(fd);
	return tell(s);
}

/* The second side: the directory is there. The first makes its record a moment after the directory. */
static int
join(struct two_sides *s)
{
	struct stat st;
	int64_t until = clock_ms() + (s->patience < RECORD_MS ? s->patience : RECORD_MS);

	while (fstatat(s->dir, "first", &st, AT_SYMLINK_NOFOLLOW) < 0 && clock_ms() < until)
		pause_briefly();
	if (fstatat(s->dir, "first", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return file_fail(EEXIST);
	if (make_record(s) == 0)
		return 0;
	return errno == EEXIST ? file_fail(EBUSY) : -1;
}

/* The first side: waits for the second, or makes one. */
static int
await(struct two_sides *s)
{
	int64_t until = clock_ms() + s->patience;

	if (make_record(s) < 0)
		return -1;
	while (!s->other.beat && clock_ms() < until && !interrupted) {
		(void)tell(s);
		pause_briefly();
		hear(s);
	}
	if (s->other.beat || interrupted)
		return 0;
	s->alone = true;
	s->child = fork();
	if (s->child != 0)
		return s->child < 0 ? -1 : 0;
	s->first = false;
	return make_record(s);
}

int
sides_meet(struct two_sides *s, int parent, int64_t patience)
{
	const struct sigaction act = {.sa_handler = on_signal};
	int rc;

	*s = (struct two_sides){.parent = parent, .dir = -1, .patience = patience, .heard = clock_ms()};
	memset(s->own.answers, '.', SIDES_QUESTIONS);
	read_word("/proc/sys/kernel/random/boot_id", s->own.boot, sizeof(s->own.boot));
	read_word("/proc/sys/kernel/hostname", s->own.host, sizeof(s->own.host));
	if (!*s->own.boot || !*s->own.host)
		return file_fail(ENOSYS);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	s->first = mkdirat(parent, SIDES_DIRECTORY, 0700) == 0;
	if (!s->first && errno != EEXIST)
		return -1;
	s->dir = openat(parent, SIDES_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->dir < 0)
		return errno == ENOTDIR || errno == ELOOP ? file_fail(EEXIST) : -1;
	rc = s->first ? await(s) : join(s);
	s->heard = clock_ms();
	s->patience = patience < SILENCE_MS ? patience : SILENCE_MS;
	return rc < 0 ? file_close(s->dir, rc) : 0;
}

/* Every name that a test makes. Nothing else is removed. */
static void
remove_all(struct two_sides *s)
{
	static const char *const names[] = {"lock-0",        "lock-1", "counter-0", "counter-1",     "lines",
					    "size-0",        "size-1", "renamed-0", "renamed-0.new", "renamed-1",
					    "renamed-1.new", "linked", "map",       "second",        "first"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		(void)unlinkat(s->dir, names[i], 0);
	(void)unlinkat(s->parent, SIDES_DIRECTORY, AT_REMOVEDIR);
}

/* The second side leaves the removal to the first, unless that does not come to it. */
static void
await_removal(struct two_sides *s)
{
	int64_t until = clock_ms() + s->patience;
	struct stat st;

	while (clock_ms() < until && fstatat(s->dir, "first", &st, AT_SYMLINK_NOFOLLOW) == 0)
		pause_briefly();
}

void
sides_part(struct two_sides *s)
{
	const char *ended = s->ended;

	if (s->first) {
		sides_step(s); /* the other has seen the last step */
	} else if (!s->ended) {
		s->own.step++;
		(void)tell(s);
	}
	if (s->alone && !s->first)
		_exit(0);
	if (s->child > 0) {
		if (s->ended)
			(void)kill(s->child, SIGTERM);
		(void)waitpid(s->child, NULL, 0);
	}
	if (!s->first && !s->ended)
		await_removal(s);
	s->ended = ended;
	remove_all(s);
	file_close(s->dir, 0);
}
