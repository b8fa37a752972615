#include "testing.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/xattr.h>

#include "base/lock.h"
#include "files/atomic_file.h"

/* An empty directory "temp" beside the published files. */
static int
enter(void **state)
{
	return testing_enter(state) < 0 || mkdir("temp", 0777) < 0 ? -1 : 0;
}

static int
open_temp(void)
{
	int fd = open("temp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static int
entries(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

static void
unseen_until_published(void **state)
{
	int temp = open_temp();
	struct atomic_file p;

	assert_int_equal(atomic_file_open(&p, temp), 0);
	assert_true(fcntl(p.fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(atomic_file_write(&p, "half", 4), 0);
	assert_int_equal(access("final", F_OK), -1);
	assert_int_equal(entries("temp"), 0);
	assert_int_equal(atomic_file_write(&p, " whole", 6), 0);
	assert_int_equal(atomic_file_publish(&p, testing_dirfd(state), "final"), 0);
	assert_int_equal(p.fd, -1);
	testing_assert_file("final", "half whole");
	atomic_file_drop(&p);
	testing_assert_file("final", "half whole");
	close(temp);
}

static void
a_copy_has_the_bytes_and_the_offset_stays(void **state)
{
	int temp = open_temp(), in;
	struct atomic_file p;

	testing_write("from", "0123456789", 10);
	in = open("from", O_RDONLY | O_CLOEXEC);
	assert_int_equal(lseek(in, 3, SEEK_SET), 3);
	assert_int_equal(atomic_file_open(&p, temp), 0);
	assert_int_equal(atomic_file_copy(&p, in, 10), 0);
	assert_int_equal(lseek(in, 0, SEEK_CUR), 3);
	assert_int_equal(atomic_file_publish(&p, testing_dirfd(state), "to"), 0);
	testing_assert_file("to", "0123456789");
	assert_int_equal(atomic_file_open(&p, temp), 0);
	assert_int_equal(atomic_file_write(&p, "ab", 2), 0);
	assert_int_equal(part_add(&p, in, 4, 7), 0);
	assert_int_equal(part_add(&p, in, 1, 1), 0);
	assert_int_equal(lseek(in, 0, SEEK_CUR), 3);
	assert_int_equal(atomic_file_publish(&p, testing_dirfd(state), "to"), 0);
	testing_assert_file("to", "ab456");
	assert_int_equal(atomic_file_open(&p, temp), 0);
	assert_int_equal(part_add(&p, in, 8, 11), -1);
	assert_int_equal(errno, EIO);
	close(in);
	assert_int_equal(atomic_file_copy(&p, in, 10), -1);
	close(p.fd);
	errno = EIO;
	atomic_file_drop(&p);
	assert_int_equal(errno, EIO);
	close(temp);
}

static void
published_over_an_older_file(void **state)
{
	int temp = open_temp(), old;
	char text[8] = {0};
	struct atomic_file p;

	testing_write("final", "old", 3);
	old = open("final", O_RDONLY | O_CLOEXEC);
	assert_int_equal(atomic_file_open(&p, temp), 0);
	assert_int_equal(atomic_file_write(&p, "new", 3), 0);
	assert_int_equal(atomic_file_publish(&p, testing_dirfd(state), "final"), 0);
	testing_assert_file("final", "new");
	/* Who has the old one open still reads the old one. */
	assert_int_equal(read(old, text, sizeof(text) - 1), 3);
	assert_string_equal(text, "old");
	assert_int_equal(entries("temp"), 0);
	close(old);
	close(temp);
}

/* A file of the batch's own that is a part, after a kill: it has the name already, and needs no other in between. */
static void
published_over_itself(void **state)
{
	int temp = open_temp();
	struct atomic_file p = {.tempfd = temp};
	struct stat st;

	testing_write("upload", "bytes", 5);
	assert_int_equal(link("upload", "final"), 0);
	p.fd = open("upload", O_RDONLY | O_CLOEXEC);
	assert_int_equal(atomic_file_publish(&p, testing_dirfd(state), "final"), 0);
	assert_int_equal(p.fd, -1);
	assert_int_equal(stat("final", &st), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(entries("temp"), 0);
	close(temp);
}

static void
a_symbolic_link_is_replaced_not_followed(void **state)
{
	int temp = open_temp();
	struct atomic_file p;

	testing_write("elsewhere", "untouched", 9);
	assert_int_equal(symlink("elsewhere", "final"), 0);
	assert_int_equal(atomic_file_open(&p, temp), 0);
	assert_int_equal(atomic_file_write(&p, "new", 3), 0);
	assert_int_equal(atomic_file_publish(&p, testing_dirfd(state), "final"), 0);
	testing_assert_file("elsewhere", "untouched");
	testing_assert_file("final", "new");
	close(temp);
}

static void
not_published_over_a_directory(void **state)
{
	int temp = open_temp();
	struct atomic_file p;

	assert_int_equal(mkdir("final", 0777), 0);
	assert_int_equal(atomic_file_open(&p, temp), 0);
	assert_int_equal(atomic_file_publish(&p, testing_dirfd(state), "final"), -1);
	assert_int_equal(errno, EISDIR);
	assert_true(p.fd >= 0);
	atomic_file_drop(&p);
	assert_int_equal(p.fd, -1);
	assert_int_equal(entries("temp"), 0);
	close(temp);
}

static void
dropped_leaves_nothing(void **state)
{
	int temp = open_temp();
	struct atomic_file p;

	(void)state;
	assert_int_equal(atomic_file_open(&p, temp), 0);
	atomic_file_drop(&p);
	assert_int_equal(atomic_file_open(&p, temp), 0);
	assert_int_equal(atomic_file_keep(&p, "M_batch1.3"), 0);
	assert_int_equal(entries("temp"), 1);
	atomic_file_drop(&p);
	atomic_file_drop(&p);
	assert_int_equal(entries("temp"), 0);
	close(temp);
}

static void
kept_is_locked_named_and_then_published(void **state)
{
	int temp = open_temp(), other;
	struct atomic_file p;

	testing_write("temp/M_batch1.3", "of a killed run", 15);
	assert_int_equal(atomic_file_open(&p, temp), 0);
	assert_int_equal(atomic_file_write(&p, "kept", 4), 0);
	assert_int_equal(atomic_file_keep(&p, "M_batch1.3"), 0);
	testing_assert_file("temp/M_batch1.3", "kept");
	other = open("temp/M_batch1.3", O_RDONLY | O_CLOEXEC);
	assert_int_equal(lock_try(other, LOCK_ALONE), 1);
	assert_int_equal(atomic_file_keep(&p, "M_batch1.4"), 0);
	assert_int_equal(access("temp/M_batch1.3", F_OK), -1);
	assert_int_equal(atomic_file_publish(&p, testing_dirfd(state), "final"), 0);
	testing_assert_file("final", "kept");
	assert_int_equal(entries("temp"), 0);
	assert_int_equal(lock_try(other, LOCK_ALONE), 0);
	close(other);
	close(temp);
}

/* A child that keeps a part, says so, and waits to be killed. */
static pid_t
writer(int temp)
{
	int pipes[2];
	char byte = 'r';
	pid_t pid;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct atomic_file p;

		if (atomic_file_open(&p, temp) < 0 || atomic_file_write(&p, "torn", 4) < 0 ||
		    atomic_file_keep(&p, "torn") < 0 || write(pipes[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	close(pipes[0]);
	return pid;
}

static void
the_part_of_a_killed_writer_is_unlocked(void **state)
{
	int temp = open_temp(), fd;
	pid_t pid = writer(temp);

	(void)state;
	fd = open("temp/torn", O_RDONLY | O_CLOEXEC);
	assert_int_equal(lock_try(fd, LOCK_ALONE), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(lock_try(fd, LOCK_ALONE), 0);
	testing_assert_file("temp/torn", "torn");
	close(fd);
	close(temp);
}

static void
a_note_is_found_again_and_goes_with_the_name(void **state)
{
	int temp = open_temp();
	char note[ATOMIC_FILE_NOTE_MAX + 1], long_note[ATOMIC_FILE_NOTE_MAX + 2];
	struct atomic_file p, q;

	memset(long_note, 'n', sizeof(long_note));
	long_note[ATOMIC_FILE_NOTE_MAX + 1] = '\0';
	assert_int_equal(atomic_file_open(&p, temp), 0);
	assert_int_equal(atomic_file_note(&p, long_note), -1);
	long_note[ATOMIC_FILE_NOTE_MAX] = '\0';
	assert_int_equal(atomic_file_note(&p, long_note), 0);
	assert_int_equal(atomic_file_note(&p, "of \"here\""), 0);
	assert_int_equal(atomic_file_write(&p, "half", 4), 0);
	assert_int_equal(atomic_file_keep(&p, "x.1.part"), 0);
	assert_int_equal(atomic_file_take(&q, temp, "x.1.part", note), -1);
	assert_int_equal(errno, EBUSY);
	assert_int_equal(q.fd, -1);
	atomic_file_leave(&p);
	assert_int_equal(atomic_file_take(&q, temp, "x.1.part", note), 0);
	assert_string_equal(note, "of \"here\"");
	assert_int_equal(atomic_file_take(&p, temp, "x.1.part", note), -1);
	assert_int_equal(errno, EBUSY);
	assert_int_equal(atomic_file_publish(&q, testing_dirfd(state), "final"), 0);
	testing_assert_file("final", "half");
	assert_int_equal(getxattr("final", "user.bi.note", note, sizeof(note)), -1);
	assert_int_equal(errno, ENODATA);
	assert_int_equal(entries("temp"), 0);
	close(temp);
}

static void
a_note_of_before_the_machine_was_started_does_not_hold(void **state)
{
	static const char *const bad[] = {"", "short", "00000000-0000-0000-0000-000000000000 of here"};
	int temp = open_temp();
	char note[ATOMIC_FILE_NOTE_MAX + 1];
	struct atomic_file p;

	(void)state;
	testing_write("temp/x.1.part", "half", 4);
	assert_int_equal(atomic_file_take(&p, temp, "x.1.part", note), 0);
	assert_string_equal(note, "");
	atomic_file_leave(&p);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(setxattr("temp/x.1.part", "user.bi.note", bad[i], strlen(bad[i]), 0), 0);
		assert_int_equal(atomic_file_take(&p, temp, "x.1.part", note), 0);
		assert_string_equal(note, "");
		assert_int_equal(atomic_file_note(&p, NULL), 0);
		atomic_file_leave(&p);
	}
	assert_int_equal(getxattr("temp/x.1.part", "user.bi.note", note, sizeof(note)), -1);
	assert_int_equal(atomic_file_take(&p, temp, "x.1.part", note), 0);
	atomic_file_drop(&p);
	assert_int_equal(entries("temp"), 0);
	close(temp);
}

static void
what_is_no_part_is_not_taken_nor_replaced(void **state)
{
	static const char *const names[] = {"link", "hard", "folder", "pipe", "nothing"};
	int temp = open_temp();
	char note[ATOMIC_FILE_NOTE_MAX + 1];
	struct atomic_file p;

	(void)state;
	testing_write("precious", "precious", 8);
	assert_int_equal(symlink("../precious", "temp/link"), 0);
	assert_int_equal(link("precious", "temp/hard"), 0);
	assert_int_equal(mkdir("temp/folder", 0777), 0);
	assert_int_equal(mkfifo("temp/pipe", 0666), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_int_equal(atomic_file_take(&p, temp, names[i], note), -1);
		assert_int_equal(p.fd, -1);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names) - 1; i++) {
		assert_int_equal(atomic_file_open(&p, temp), 0);
		assert_int_equal(atomic_file_keep(&p, names[i]), -1);
		assert_string_equal(p.name, "");
		/* One that has a name keeps it. */
		assert_int_equal(atomic_file_keep(&p, "other"), 0);
		assert_int_equal(atomic_file_keep(&p, names[i]), -1);
		assert_string_equal(p.name, "other");
		atomic_file_drop(&p);
	}
	assert_int_equal(entries("temp"), 4);
	testing_assert_file("precious", "precious");
	close(temp);
}

static void
replace_is_whole_or_not_at_all(void **state)
{
	int temp = open_temp();
	char *big = calloc(1, 1 << 20);

	memset(big, 'b', (1 << 20) - 1);
	assert_int_equal(atomic_file_replace(temp, testing_dirfd(state), "f", big, (1 << 20) - 1, true), 0);
	testing_assert_file("f", big);
	assert_int_equal(atomic_file_replace(temp, testing_dirfd(state), "f", "", 0, false), 0);
	testing_assert_file("f", "");
	assert_int_equal(mkdir("d", 0777), 0);
	assert_int_equal(atomic_file_replace(temp, testing_dirfd(state), "d", "x", 1, true), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(entries("temp"), 0);
	free(big);
	close(temp);
}

/* Writes past the size that a file may have, as on a full disk. */
static void
write_too_much(void *arg)
{
	char *big = calloc(1, 1 << 20);
	int *fds = arg;

	signal(SIGXFSZ, SIG_IGN);
	if (!big || setrlimit(RLIMIT_FSIZE, &(struct rlimit){1000, 1000}) < 0)
		_exit(90);
	if (atomic_file_replace(fds[0], fds[1], "f", big, 1 << 20, true) != -1)
		_exit(91);
	_exit(errno == EFBIG ? 0 : 92);
}

static void
a_short_write_is_a_failure(void **state)
{
	int fds[2] = {open_temp(), testing_dirfd(state)};

	testing_write("f", "before", 6);
	assert_int_equal(testing_child(write_too_much, fds, "out"), 0);
	testing_assert_file("f", "before");
	assert_int_equal(entries("temp"), 0);
	close(fds[0]);
}

static void
no_place_for_parts_is_an_error(void **state)
{
	struct atomic_file p;

	(void)state;
	assert_int_equal(atomic_file_open(&p, -1), -1);
	assert_int_equal(errno, EBADF);
	atomic_file_drop(&p);
}

#define IN_TEMP(test) cmocka_unit_test_setup_teardown(test, enter, testing_leave)

static void
a_whole_copy_takes_a_name_in_one_step(void **state)
{
	const struct timespec then[] = {{.tv_sec = 1}, {.tv_sec = 1000000000}};
	int temp = open_temp(), here = testing_dirfd(state), in;
	struct stat st;

	testing_write("original", "0123456789", 10);
	testing_write("copy", "before", 6);
	in = open("original", O_RDONLY | O_CLOEXEC);
	assert_int_equal(futimens(in, then), 0);
	assert_int_equal(lseek(in, 5, SEEK_SET), 5); /* where it was read up to does not matter */
	assert_int_equal(atomic_file_put_copy(temp, here, "copy", in, ATOMIC_FILE_SYNCED), 0);
	testing_assert_file("copy", "0123456789");
	assert_int_equal(stat("copy", &st), 0);
	assert_int_not_equal(st.st_mtim.tv_sec, 1000000000);
	assert_int_equal(atomic_file_put_copy(temp, here, "copy", in, ATOMIC_FILE_DATED), 0);
	assert_int_equal(stat("copy", &st), 0);
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	close(in);

	/* What cannot be copied leaves what was there. */
	in = open(".", O_RDONLY | O_CLOEXEC);
	assert_int_equal(atomic_file_put_copy(temp, here, "copy", in, 0), -1);
	assert_int_equal(atomic_file_put_copy(temp, here, "copy", in, ATOMIC_FILE_CLONED), -1);
	testing_assert_file("copy", "0123456789");
	assert_int_equal(entries("temp"), 0);
	close(in);
	close(temp);
}

/* --- a file system without nameless files --- */

static bool no_tmpfile; /* openat(2) fails with O_TMPFILE */
static int cleaner;     /* 0: a cleaner takes the lock of the next part first, which is open as CLEANER then */
static int cleans = -1; /* a directory: a cleaner has removed the next part there before it is locked */

int __wrap_openat(int dir, const char *name, int flags, ...);
int __real_openat(int dir, const char *name, int flags, ...);
int __wrap_lock_try(int fd, enum lock_kind kind);
int __real_lock_try(int fd, enum lock_kind kind);

int
__wrap_openat(int dir, const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	if (no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return __real_openat(dir, name, flags, mode);
}

static void
remove_parts(int dir)
{
	DIR *d = fdopendir(dup(dir));
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)))
		if (strncmp(e->d_name, "part-", 5) == 0)
			assert_int_equal(unlinkat(dir, e->d_name, 0), 0);
	closedir(d);
}

int
__wrap_lock_try(int fd, enum lock_kind kind)
{
	char path[32];

	if (cleans >= 0) {
		assert_int_equal(entries("temp"), 1);
		remove_parts(cleans);
		cleans = -1;
	}
	if (no_tmpfile && cleaner == 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		cleaner = open(path, O_RDWR | O_CLOEXEC);
		assert_true(cleaner > 0);
		assert_int_equal(__real_lock_try(cleaner, LOCK_ALONE), 0);
	}
	return __real_lock_try(fd, kind);
}

static void
a_part_that_a_cleaner_has_locked_is_not_used(void **state)
{
	int temp = open_temp(), other;
	struct stat mine, theirs;
	char path[32];
	struct atomic_file p;

	(void)state;
	no_tmpfile = true;
	cleaner = 0;
	assert_int_equal(atomic_file_open(&p, temp), 0);
	no_tmpfile = false;
	assert_int_equal(fstat(p.fd, &mine), 0);
	assert_int_equal(fstat(cleaner, &theirs), 0);
	assert_int_not_equal(mine.st_ino, theirs.st_ino);
	/* The part that is used is locked. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", p.fd);
	other = open(path, O_RDWR | O_CLOEXEC);
	assert_true(other >= 0);
	assert_int_equal(lock_try(other, LOCK_ALONE), 1);
	atomic_file_drop(&p);
	close(other);
	close(cleaner);
	close(temp);
}

static void
a_part_that_a_cleaner_has_removed_is_not_used(void **state)
{
	int temp = open_temp();
	struct atomic_file p;

	(void)state;
	no_tmpfile = true;
	cleaner = -1;
	cleans = temp;
	assert_int_equal(atomic_file_open(&p, temp), 0);
	no_tmpfile = false;
	assert_int_equal(entries("temp"), 1);
	assert_int_equal(atomic_file_publish(&p, temp, "whole"), 0);
	assert_int_equal(unlinkat(temp, "whole", 0), 0);
	close(temp);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_TEMP(unseen_until_published),
		IN_TEMP(a_copy_has_the_bytes_and_the_offset_stays),
		IN_TEMP(published_over_an_older_file),
		IN_TEMP(published_over_itself),
		IN_TEMP(a_symbolic_link_is_replaced_not_followed),
		IN_TEMP(not_published_over_a_directory),
		IN_TEMP(dropped_leaves_nothing),
		IN_TEMP(kept_is_locked_named_and_then_published),
		IN_TEMP(the_part_of_a_killed_writer_is_unlocked),
		IN_TEMP(a_note_is_found_again_and_goes_with_the_name),
		IN_TEMP(a_note_of_before_the_machine_was_started_does_not_hold),
		IN_TEMP(what_is_no_part_is_not_taken_nor_replaced),
		IN_TEMP(replace_is_whole_or_not_at_all),
		IN_TEMP(a_short_write_is_a_failure),
		IN_TEMP(no_place_for_parts_is_an_error),
		IN_TEMP(a_whole_copy_takes_a_name_in_one_step),
		IN_TEMP(a_part_that_a_cleaner_has_locked_is_not_used),
		IN_TEMP(a_part_that_a_cleaner_has_removed_is_not_used),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("atomic_file", tests, NULL, NULL);
}
