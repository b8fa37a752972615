#include "batching.h"

#include <endian.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* Items with long lines, so that few of them are as much as is merged: item K of the list has a subject of its own, or
 * one of five that take turns. */
enum { LONG = 64 << 10, FEW = 24, SUBJECTS = 5 };

static const char table[] = "batches/b/keys.index", items[] = "batches/b/items.ndjson";

static void
describe(uint32_t k, char subject[8], char url[32])
{
	snprintf(url, 32, "http://a/%u", k);
	snprintf(subject, 8, "s%u", k / 2 % SUBJECTS);
}

/* Asks for the items FROM to TO. Each has this number, and NEW says whether it is new. */
static void
ask(struct batch *b, uint32_t from, uint32_t to, bool is_new)
{
	char subject[8], url[32], *text = malloc(LONG + 64);
	struct batch_ask a;

	for (uint32_t k = from; k <= to; k++) {
		describe(k, subject, url);
		snprintf(text, LONG + 64, "{\"url\":\"%s\",\"title\":\"%0*d\"}", url, LONG, 7);
		a = (struct batch_ask){.subject = k % 2 ? subject : NULL, .kind = "url", .where = url, .text = text};
		NEED(batch_add(b, &a, 1) == 0);
		NEED(a.item == k);
		NEED(a.is_new == is_new);
	}
	free(text);
}

/* The line of each item up to N has the idx that it has among the items of its subject. */
static void
check_places(struct batch *b, uint32_t n)
{
	uint32_t count[SUBJECTS] = {0};
	struct batch_place place;
	struct buf line = {0};

	for (uint32_t k = 1; k <= n; k++) {
		assert_int_equal(batch_item(b, k, &line), 0);
		assert_int_equal(batch_place(line.data, line.len, &place), 0);
		assert_int_equal(place.item, k);
		assert_int_equal(place.idx, k % 2 ? ++count[k / 2 % SUBJECTS] : 1);
	}
	buf_free(&line);
	assert_int_equal(batch_length(b), n);
}

/* The N items are found again, MORE are added, and all have their places. */
static void
add_again(void **state, uint32_t n, uint32_t more)
{
	struct batch *b = batching_open(state, BATCH_WORK);

	ask(b, 1, n, false);
	ask(b, n + 1, n + more, true);
	ask(b, 1, n + more, false);
	check_places(b, n + more);
	batch_close(b);
}

static void
make(void **state, uint32_t n)
{
	struct batch *b = batching_open(state, BATCH_WORK);

	ask(b, 1, n, true);
	batch_close(b);
}

/* The offset up to which the table knows the lines; 0: there is none. */
static uint64_t
mark(void)
{
	uint64_t upto = 0;
	int fd = open(table, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	assert_int_equal(pread(fd, &upto, sizeof(upto), 32), sizeof(upto));
	close(fd);
	return le64toh(upto);
}

static uint64_t
size_of(const char *name)
{
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return (uint64_t)st.st_size;
}

static void
a_small_batch_has_no_table(void **state)
{
	make(state, 10);
	assert_int_equal(mark(), 0);
	add_again(state, 10, 2);
	assert_int_equal(mark(), 0);
}

static void
items_are_found_on_both_sides_of_the_mark(void **state)
{
	make(state, FEW);
	assert_int_equal(mark(), size_of(items));
	add_again(state, FEW, 3);
	assert_true(mark() < size_of(items));
	for (uint32_t n = FEW + 3; n < 5 * FEW; n += 7)
		add_again(state, n, 7);
	assert_true(size_of(items) - mark() < 1 << 20);
}

static void
write_at(const char *name, off_t at, const void *bytes, size_t n)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), n);
	close(fd);
}

enum { HEAD = 72 };

/* The offset of the line of item K. */
static uint64_t
offset_of(uint32_t k)
{
	uint64_t at;
	int fd = open("batches/b/items.index", O_RDONLY | O_CLOEXEC);

	assert_int_equal(pread(fd, &at, sizeof(at), ((off_t)k - 1) * 8), sizeof(at));
	close(fd);
	return le64toh(at);
}

/* Asks for an item with a line as long as that of K. */
static void
ask_other(struct batch *b, uint32_t k, bool is_new)
{
	char *text = malloc(LONG + 64);
	struct batch_ask a = {.kind = "url", .where = "http://b/00", .text = text};

	snprintf(text, LONG + 64, "{\"url\":\"%s\",\"title\":\"%0*d\"}", a.where, LONG, 7);
	NEED(batch_add(b, &a, 1) == 0);
	NEED(a.item == k);
	NEED(a.is_new == is_new);
	free(text);
}

/* A table is not believed after any of these. */
static void
damage(int kind, uint32_t n)
{
	static const off_t at[] = {0, 7, 8, 16, 24, 31, 32, 40, 48, 56, 64};
	enum { BYTES = sizeof(at) / sizeof(*at) };
	char garbage[16384], *there;
	struct stat st;

	memset(garbage, 0xee, sizeof(garbage));
	if (kind < BYTES) {
		write_at(table, at[kind], garbage, 1);
		return;
	}
	switch (kind - BYTES) {
	case 0:
		write_at(table, HEAD, garbage, sizeof(garbage));
		break;
	case 1: /* every second entry, and one byte of it */
		for (off_t i = HEAD + 5; i < (off_t)size_of(table); i += 32)
			write_at(table, i, garbage, 1);
		break;
	case 2:
		assert_int_equal(truncate(table, 0), 0);
		break;
	case 3:
		assert_int_equal(truncate(table, (off_t)size_of(table) - 1), 0);
		break;
	case 4:
		assert_int_equal(truncate(table, (off_t)size_of(table) + 16), 0);
		break;
	case 5:
		assert_int_equal(unlink(table), 0);
		break;
	case 6:
		assert_int_equal(unlink(table), 0);
		assert_int_equal(symlink("/dev/zero", table), 0);
		break;
	case 7:
		assert_int_equal(unlink(table), 0);
		assert_int_equal(mkfifo(table, 0666), 0);
		break;
	case 8:
		assert_int_equal(unlink(table), 0);
		assert_int_equal(mkdir(table, 0777), 0);
		break;
	case 9: /* items.ndjson is a copy, as after cp -a */
		assert_int_equal(stat(items, &st), 0);
		there = testing_read(items);
		assert_int_equal(rename(items, "away"), 0);
		testing_write(items, there, (size_t)st.st_size);
		free(there);
		break;
	case 10: /* the index of lines is lost, or a part of it */
		assert_int_equal(unlink("batches/b/items.index"), 0);
		break;
	case 11:
		assert_int_equal(truncate("batches/b/items.index", (off_t)n * 8 - 8), 0);
		break;
	default:
		fail();
	}
}

static void
a_table_that_is_wrong_is_not_believed(void **state)
{
	enum { KINDS = 23 };
	uint32_t n = FEW;

	make(state, n);
	for (int kind = 0; kind < KINDS; kind++) {
		damage(kind, n);
		add_again(state, n, 1);
		n++;
		if (kind == 19) /* a directory is not replaced */
			assert_int_equal(rmdir(table), 0);
		batch_close(batching_open(state, BATCH_WORK));
		add_again(state, n, 1);
		n++;
		assert_true(mark() > 0 && mark() <= size_of(items));
	}
	add_again(state, n, FEW);
}

/* What a file has, for put_back(). */
struct content {
	char *bytes;
	size_t n;
};

static struct content
keep(const char *name)
{
	return (struct content){testing_read(name), (size_t)size_of(name)};
}

/* Writes the bytes over those of the file, which stays the same file. */
static void
put_back(const char *name, struct content c)
{
	write_at(name, 0, c.bytes, c.n);
	assert_int_equal(truncate(name, (off_t)c.n), 0);
	free(c.bytes);
}

/* A table that knows lines which items.ndjson does not have, or others in their place. */
static void
a_table_ahead_is_not_believed(void **state)
{
	struct content was;
	struct batch *b;

	make(state, FEW - 1);
	was = keep(items);
	add_again(state, FEW - 1, 1);
	assert_int_equal(unlink(table), 0);
	batch_close(batching_open(state, BATCH_WORK));
	b = batching_open(state, BATCH_WORK);
	ask(b, 1, FEW, false); /* merges */
	batch_close(b);
	assert_int_equal(mark(), size_of(items));
	put_back(items, was);
	add_again(state, FEW - 1, 1);
	/* Another line of the same length has the place of the last one. */
	b = batching_open(state, BATCH_WORK);
	ask(b, FEW + 1, 2 * FEW, true);
	batch_close(b);
	assert_int_equal(mark(), size_of(items));
	was = keep(table);
	assert_int_equal(unlink(table), 0);
	assert_int_equal(truncate(items, (off_t)(offset_of(2 * FEW))), 0);
	b = batching_open(state, BATCH_WORK);
	ask(b, 1, 2 * FEW - 1, false);
	ask_other(b, 2 * FEW, true);
	batch_close(b);
	testing_write(table, was.bytes, was.n);
	free(was.bytes);
	assert_int_equal(mark(), size_of(items));
	b = batching_open(state, BATCH_WORK);
	ask_other(b, 2 * FEW, false);
	batch_close(b);
}

/* The lines 3 and 13, of one subject, have each other's identity in a file that replaces items.ndjson. */
static void
a_table_of_another_file_is_not_believed(void **state)
{
	struct content was;
	char *a, *b, key[33] = "";
	struct batch *batch;
	struct batch_ask asked = {.kind = "url", .text = "{}"};
	char subject[8], url[32];

	make(state, FEW);
	was = keep(items);
	a = was.bytes + offset_of(3) + strlen("{\"bi\":{\"n\":3,\"key\":\"");
	b = was.bytes + offset_of(13) + strlen("{\"bi\":{\"n\":13,\"key\":\"");
	memcpy(key, a, 32);
	memcpy(a, b, 32);
	memcpy(b, key, 32);
	assert_int_equal(rename(items, "away"), 0);
	testing_write(items, was.bytes, was.n);
	free(was.bytes);
	batch = batching_open(state, BATCH_WORK);
	describe(3, subject, url);
	asked.subject = subject;
	asked.where = url;
	assert_int_equal(batch_add(batch, &asked, 1), 0);
	assert_int_equal(asked.item, 13);
	batch_close(batch);
}

/* A process was killed after it merged some entries, before it wrote the mark. */
static void
entries_of_a_killed_process_do_no_harm(void **state)
{
	struct batch *b;
	char head[HEAD];
	int fd;

	make(state, FEW);
	fd = open(table, O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, head, sizeof(head), 0), sizeof(head));
	close(fd);
	add_again(state, FEW, FEW);
	assert_int_equal(mark(), size_of(items));
	for (uint32_t i = 2; i < 5; i++) {
		/* The head changes under the hands of one that goes on to add. */
		b = batching_open(state, BATCH_WORK);
		ask(b, i * FEW + 1, i * FEW + 11, true);
		write_at(table, 0, head, sizeof(head));
		ask(b, i * FEW + 12, (i + 1) * FEW, true);
		batch_close(b);
		add_again(state, (i + 1) * FEW, 0);
	}
	for (uint32_t i = 5; i < 8; i++) {
		write_at(table, 0, head, sizeof(head));
		add_again(state, i * FEW, FEW);
	}
	assert_int_equal(mark(), size_of(items));
	add_again(state, 8 * FEW, 1);
}

/* Lines that a process merged while another one had the batch open. */
static void
a_table_that_another_process_changed_is_used(void **state)
{
	struct batch *a = batching_open(state, BATCH_WORK), *b = batching_open(state, BATCH_WORK);

	ask(a, 1, FEW, true);
	ask(b, FEW - 1, FEW, false);
	ask(b, FEW + 1, 2 * FEW, true);
	batch_close(b);
	assert_int_equal(mark(), size_of(items));
	ask(a, 1, 2 * FEW, false);
	ask(a, 2 * FEW + 1, 3 * FEW, true);
	assert_int_equal(unlink(table), 0); /* under our hands */
	ask(a, 1, 3 * FEW, false);
	ask(a, 3 * FEW + 1, 3 * FEW + 1, true);
	check_places(a, 3 * FEW + 1);
	batch_close(a);
	add_again(state, 3 * FEW + 1, 1);
}

/* All add the same list at once, in blocks of some lines. */
static void
processes_that_add_at_once_agree(void **state)
{
	enum { PROCESSES = 4, MANY = 20000, BLOCK = 100, TEXT = 100 };
	pid_t pids[PROCESSES];
	struct batch *b;
	int status;

	fflush(stdout);
	for (int p = 0; p < PROCESSES; p++) {
		pids[p] = fork();
		assert_true(pids[p] >= 0);
		if (pids[p] > 0)
			continue;
		for (int i = 0; i < MANY; i += BLOCK) {
			struct batch_ask asks[BLOCK];
			char where[BLOCK][32], text[BLOCK][TEXT + 32], subject[BLOCK][8];

			if (i % (MANY / 10) == 0) {
				if (i > 0)
					batch_close(b);
				b = batch_open(batching_root(state), "b", BATCH_WORK, NULL);
				NEED(b);
			}
			for (int j = 0; j < BLOCK; j++) {
				snprintf(where[j], sizeof(where[j]), "http://a/%d", i + j);
				snprintf(text[j], sizeof(text[j]), "{\"url\":\"%0*d\"}", TEXT, i + j);
				snprintf(subject[j], sizeof(subject[j]), "i%d", (i + j) % 1000 + 1);
				asks[j] = (struct batch_ask){.subject = j % 3 ? NULL : subject[j],
							     .kind = "url",
							     .where = where[j],
							     .text = text[j]};
			}
			NEED(batch_add(b, asks, BLOCK) == 0);
			for (int j = 0; j < BLOCK; j++)
				NEED(asks[j].item == (uint32_t)(i + j) + 1);
		}
		batch_close(b);
		_exit(0);
	}
	for (int p = 0; p < PROCESSES; p++) {
		assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
		assert_int_equal(status, 0);
	}
	assert_true(mark() > 1 << 20);
	b = batching_open(state, BATCH_WORK);
	assert_int_equal(batch_length(b), MANY);
	batch_close(b);
}

/* No file can be made in temp/: all lines are read, as before there was a table. */
static void
a_table_that_cannot_be_written_is_done_without(void **state)
{
	struct rlimit was, small;
	struct batch *b;

	make(state, FEW);
	assert_int_equal(unlink(table), 0);
	b = batching_open(state, BATCH_WORK);
	assert_int_equal(rmdir("temp"), 0);
	ask(b, 1, FEW, false);
	ask(b, FEW + 1, 2 * FEW, true);
	check_places(b, 2 * FEW);
	batch_close(b);
	assert_int_equal(mark(), 0);
	/* A file system that is full for everything but a few lines. */
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = 8192;
	b = batching_open(state, BATCH_WORK);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	ask(b, 1, 2 * FEW, false);
	batch_close(b);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(mark(), 0);
	add_again(state, 2 * FEW, 1);
	assert_true(mark() > 0);
}

/* The opening of the table that fails, from 1, for want of a descriptor; 0: none. */
static int opening_that_fails;
static bool heads_fail; /* each write at the beginning of a file */

int __real_openat(int dir, const char *name, int flags, mode_t mode);
int __wrap_openat(int dir, const char *name, int flags, mode_t mode);
ssize_t __real_pwrite(int fd, const void *bytes, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t n, off_t at);

int
__wrap_openat(int dir, const char *name, int flags, mode_t mode)
{
	if (strcmp(name, "keys.index") != 0 || opening_that_fails == 0 || --opening_that_fails > 0)
		return __real_openat(dir, name, flags, mode);
	errno = EMFILE;
	return -1;
}

ssize_t
__wrap_pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	if (!heads_fail || at > 0)
		return __real_pwrite(fd, bytes, n, at);
	errno = EIO;
	return -1;
}

/* A killed process leaves lines that it has not merged. */
static void
add_long_ones(struct batch *b)
{
	ask(b, FEW + 1, 2 * FEW, true);
}

enum { MANY = 1000 };

static void
add_long_ones_and_many(struct batch *b)
{
	char url[32], text[64];
	struct batch_ask a = {.kind = "url", .where = url, .text = text};

	add_long_ones(b);
	for (int i = 1; i <= MANY; i++) {
		snprintf(url, sizeof(url), "http://b/%d", i);
		snprintf(text, sizeof(text), "{\"url\":\"%s\"}", url);
		NEED(batch_add(b, &a, 1) == 0);
	}
}

/* After a head could not be written, and then lines could not, the items have the numbers that they would have had. */
static void
a_head_that_cannot_be_written_changes_nothing(void **state)
{
	struct batch_ask a = {.kind = "url", .where = "http://b/1", .text = "{\"url\":\"http://b/1\"}"};
	struct rlimit was, small;
	struct batch *b;
	uint64_t upto;

	make(state, FEW);
	upto = mark();
	batching_kill_in(state, add_long_ones);
	assert_int_equal(mark(), upto);
	b = batching_open(state, BATCH_WORK);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = size_of(items);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	heads_fail = true;
	assert_int_equal(batch_add(b, &a, 1), -1);
	heads_fail = false;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(mark(), upto);
	ask(b, 1, 2 * FEW, false);
	ask(b, 2 * FEW + 1, 2 * FEW + 2, true);
	check_places(b, 2 * FEW + 2);
	batch_close(b);
	add_again(state, 2 * FEW + 2, 1);
	assert_true(mark() > upto);
}

/* A new table that replaces one that is full is there, but this process cannot open it: it reads the lines. */
static void
a_new_table_that_cannot_be_opened_hides_no_item(void **state)
{
	struct batch *b;
	uint64_t size;

	make(state, FEW);
	size = size_of(table);
	batching_kill_in(state, add_long_ones_and_many);
	assert_int_equal(size_of(table), size);
	b = batching_open(state, BATCH_WORK);
	opening_that_fails = 2;
	ask(b, 1, 2 * FEW, false);
	assert_int_equal(opening_that_fails, 0);
	assert_true(size_of(table) > size);
	assert_int_equal(batching_add(b, NULL, "http://b/1"), 2 * FEW + 1);
	assert_int_equal(batching_add(b, NULL, "http://b/new"), 2 * FEW + MANY + 1);
	batch_close(b);
}

static void
a_rebuild_makes_the_table_anew(void **state)
{
	struct buf where = {0};
	struct batch *b;

	make(state, FEW);
	b = batching_open(state, BATCH_ALONE);
	assert_int_equal(batch_rebuild(b, NULL, &where), 0);
	batch_close(b);
	assert_int_equal(mark(), 0);
	add_again(state, FEW, 1);
	assert_true(mark() > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_small_batch_has_no_table, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(items_are_found_on_both_sides_of_the_mark, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(a_table_that_is_wrong_is_not_believed, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_table_ahead_is_not_believed, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_table_of_another_file_is_not_believed, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(entries_of_a_killed_process_do_no_harm, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_table_that_another_process_changed_is_used, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(processes_that_add_at_once_agree, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_table_that_cannot_be_written_is_done_without, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(a_head_that_cannot_be_written_changes_nothing, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(a_new_table_that_cannot_be_opened_hides_no_item, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(a_rebuild_makes_the_table_anew, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("batch_keys", tests, NULL, NULL);
}
