#include "testing.h"

#include <signal.h>
#include <sys/resource.h>

#include "base/lock.h"
#include "files/append.h"

static int
open_with(const char *text)
{
	int fd;

	testing_write("lines", text, strlen(text));
	fd = open("lines", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void
a_torn_tail_is_cut(void **state)
{
	static const struct {
		const char *text;
		off_t end;
	} cases[] = {
		{"", 0}, {"torn", 0}, {"\n", 1}, {"one\n", 4}, {"one\ntwo", 4}, {"one\ntwo\n\n", 9},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int fd = open_with(cases[i].text);
		struct stat st;

		assert_int_equal(append_end(fd), cases[i].end);
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_size, cases[i].end);
		close(fd);
	}
}

/* Tails around the size of the pieces that the file is looked through in. */
static void
a_long_torn_tail_is_cut(void **state)
{
	static const size_t tails[] = {4094, 4095, 4096, 4097, 8191, 8192, 8193, 1 << 20};

	(void)state;
	for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		char *text = calloc(1, tails[i] + 5);
		int fd;

		assert_non_null(text);
		memcpy(text, "one\n", 4);
		memset(text + 4, 'x', tails[i]);
		fd = open_with(text);
		assert_int_equal(append_end(fd), 4);
		testing_assert_file("lines", "one\n");
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, text + 4, tails[i], 0), tails[i]);
		assert_int_equal(append_end(fd), 0);
		testing_assert_file("lines", "");
		close(fd);
		free(text);
	}
}

static void
lines_are_added_at_the_end(void **state)
{
	int fd = open_with("one\ntorn");

	(void)state;
	assert_int_equal(append_lines(fd, append_end(fd), "two\nthree\n", 10), 0);
	assert_int_equal(append_lines(fd, append_end(fd), "", 0), 0);
	testing_assert_file("lines", "one\ntwo\nthree\n");
	close(fd);
	assert_int_equal(append_lines(fd, 0, "x\n", 2), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(append_end(-1), -1);
}

static void
add_beyond_the_limit(void *arg)
{
	char block[8192];
	struct rlimit limit = {6000, 6000};
	int fd = open("lines", O_RDWR | O_CLOEXEC);

	(void)arg;
	signal(SIGXFSZ, SIG_IGN);
	memset(block, 'y', sizeof(block));
	for (size_t at = 99; at < sizeof(block); at += 100)
		block[at] = '\n';
	block[sizeof(block) - 1] = '\n';
	if (fd < 0 || setrlimit(RLIMIT_FSIZE, &limit) < 0)
		_exit(1);
	if (append_lines(fd, append_end(fd), block, sizeof(block)) == 0 || errno != EFBIG)
		_exit(2);
	if (append_lines(fd, append_end(fd), "two\n", 4) < 0)
		_exit(3);
}

/* The part of a block that fitted is cut back, whole lines too. */
static void
a_short_write_is_cut_back(void **state)
{
	(void)state;
	close(open_with("one\n"));
	assert_int_equal(testing_child(add_beyond_the_limit, NULL, "out"), 0);
	testing_assert_file("lines", "one\ntwo\n");
}

struct seen {
	char text[256];
	int stop_after;
};

static bool
see(off_t at, const char *line, size_t n, void *arg)
{
	struct seen *s = arg;
	size_t used = strlen(s->text);

	snprintf(s->text + used, sizeof(s->text) - used, "%d:%.*s ", (int)at, (int)n, line);
	return --s->stop_after != 0;
}

static void
each_whole_line_is_seen(void **state)
{
	int fd = open_with("one\n\nthree\ntorn");
	struct seen all = {0}, some = {.stop_after = 2}, rest = {0}, none = {0};

	(void)state;
	assert_int_equal(append_each(fd, 0, see, &all), 11);
	assert_string_equal(all.text, "0:one 4: 5:three ");
	assert_int_equal(append_each(fd, 0, see, &some), 5);
	assert_string_equal(some.text, "0:one 4: ");
	assert_int_equal(append_each(fd, 5, see, &rest), 11);
	assert_string_equal(rest.text, "5:three ");
	assert_int_equal(append_each(fd, 11, see, &none), 11);
	assert_int_equal(append_each(fd, 1000, see, &none), 1000);
	assert_string_equal(none.text, "");
	testing_assert_file("lines", "one\n\nthree\ntorn"); /* reading cuts nothing */
	close(fd);
	assert_int_equal(append_each(fd, 0, see, &none), -1);
}

struct measured {
	off_t next;
	size_t n, longest;
	bool right;
};

static bool
measure(off_t at, const char *line, size_t n, void *arg)
{
	struct measured *m = arg;

	m->right =
		m->right && at == m->next && n == (m->n * 7919) % 300000 && (!n || line[n - 1] == 'a' + (char)(n % 26));
	m->next = at + (off_t)n + 1;
	m->longest = n > m->longest ? n : m->longest;
	m->n++;
	return true;
}

/* Lines that end anywhere in the pieces read, and are longer than one. */
static void
long_lines_come_whole(void **state)
{
	struct measured m = {.right = true};
	struct buf line = {0}, want = {0};
	off_t at = 0;
	int fd = open_with("");

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		size_t n = (i * 7919) % 300000;

		buf_clear(&line);
		memset(buf_room(&line, n + 1), 'a' + (int)(n % 26), n);
		line.len = n;
		buf_add(&line, "\n", 1);
		assert_int_equal(append_lines(fd, at, line.data, line.len), 0);
		at += (off_t)line.len;
	}
	assert_int_equal(append_each(fd, 0, measure, &m), at);
	assert_int_equal(m.n, 100);
	assert_true(m.right);
	assert_true(m.longest > 1 << 18);
	assert_int_equal(append_line(fd, at - (off_t)line.len, &want), 0);
	assert_int_equal(want.len + 1, line.len);
	assert_memory_equal(want.data, line.data, want.len);
	buf_free(&line);
	buf_free(&want);
	close(fd);
}

static void
one_line_is_read_by_its_offset(void **state)
{
	int fd = open_with("one\n\nthree\ntorn");
	struct buf out = {0};

	(void)state;
	assert_int_equal(append_line(fd, 0, &out), 0);
	assert_string_equal(out.data, "one");
	assert_int_equal(append_line(fd, 5, &out), 0);
	assert_string_equal(out.data, "three");
	assert_int_equal(out.len, 5);
	assert_int_equal(append_line(fd, 4, &out), 0);
	assert_int_equal(out.len, 0);
	assert_int_equal(append_line(fd, 11, &out), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(append_line(fd, 999, &out), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(append_line(fd, -1, &out), -1);
	assert_int_equal(errno, EINVAL);
	buf_free(&out);
	close(fd);
}

enum { WRITERS = 4, LINES = 200 };

/* Lines of different lengths, some left torn. */
static void
write_lines(int writer)
{
	int fd = open("lines", O_RDWR | O_CLOEXEC);
	char line[4096];

	for (int i = 0; i < LINES; i++) {
		int n = snprintf(line, sizeof(line), "%d %d %0*d\n", writer, i, 1 + (i * 37) % 3000, 0);
		off_t end;

		if (lock_wait(fd, LOCK_ALONE) < 0 || (end = append_end(fd)) < 0 ||
		    append_lines(fd, end, line, (size_t)n) < 0)
			_exit(1);
		if (i % 10 == 0 && pwrite(fd, line, (size_t)n / 2, end + n) != n / 2)
			_exit(2);
		lock_drop(fd);
	}
	_exit(0);
}

struct counted {
	int next[WRITERS];
	bool right;
};

static bool
count(off_t at, const char *line, size_t n, void *arg)
{
	struct counted *c = arg;
	int writer = -1, i = -1;

	(void)at;
	(void)n;
	c->right = c->right && sscanf(line, "%d %d ", &writer, &i) == 2 && writer >= 0 && writer < WRITERS &&
		   c->next[writer]++ == i;
	return true;
}

static void
several_writers_lose_no_line(void **state)
{
	struct counted c = {.right = true};
	int fd = open_with("");
	pid_t pids[WRITERS];

	(void)state;
	for (int w = 0; w < WRITERS; w++) {
		pids[w] = fork();
		assert_true(pids[w] >= 0);
		if (pids[w] == 0)
			write_lines(w);
	}
	for (int w = 0; w < WRITERS; w++) {
		int status;

		assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
		assert_int_equal(status, 0);
	}
	assert_true(append_each(fd, 0, count, &c) > 0);
	assert_true(c.right);
	for (int w = 0; w < WRITERS; w++)
		assert_int_equal(c.next[w], LINES);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_torn_tail_is_cut, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_long_torn_tail_is_cut, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(lines_are_added_at_the_end, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_short_write_is_cut_back, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(each_whole_line_is_seen, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(long_lines_come_whole, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(one_line_is_read_by_its_offset, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(several_writers_lose_no_line, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("append", tests, NULL, NULL);
}
