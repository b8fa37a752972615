#include <endian.h>
#include <time.h>

#include "base/hash.h"
#include "batch/batch_stats.h"
#include "files/root.h"
#include "testing.h"

static struct root root;

static void
write_file(const char *name, const char *text, const char *mode)
{
	FILE *f = fopen(name, mode);

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Appends the result of item K, finished AGO seconds before now; CODE: how it failed. */
static void
add_result(int k, const char *code, int ago)
{
	time_t at = time(NULL) - ago;
	char line[300], finished[32];
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(finished, sizeof(finished), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (code)
		snprintf(line, sizeof(line),
			 "{\"item\":%d,\"status\":\"failed\",\"error\":{\"code\":\"%s\"},\"finished_at\":\"%s\"}\n", k,
			 code, finished);
	else
		snprintf(line, sizeof(line),
			 "{\"item\":%d,\"status\":\"completed\",\"bytes\":1000,\"finished_at\":\"%s\"}\n", k, finished);
	write_file("root/batches/b/results.ndjson", line, "a");
}

static int
setup(void **state)
{
	if (testing_enter(state) < 0 || mkdir("root", 0700) < 0 || mkdir("root/batches", 0700) < 0 ||
	    mkdir("root/batches/b", 0700) < 0)
		return -1;
	root_open(&root, "root", false);
	write_file("root/batches/b/items.ndjson", "", "w");
	return 0;
}

static int
teardown(void **state)
{
	root_close(&root);
	return testing_leave(state);
}

static uint64_t
count_of(const struct batch_stats *h, const char *code)
{
	for (size_t i = 0; i < h->kinds_n; i++)
		if (strcmp(h->kinds[i].code, code) == 0)
			return h->kinds[i].count;
	return 0;
}

static int
glance(struct batch_stats *h)
{
	struct batch *b = batch_open(&root, "b", BATCH_READ, NULL);
	int rc;

	assert_non_null(b);
	rc = batch_stats_refresh_brief(h, b);
	batch_close(b);
	batch_stats_close_file(h);
	return rc;
}

static void
last_result_counts(void **state)
{
	struct batch_stats h = {.fd = -1};

	(void)state;
	assert_int_equal(glance(&h), 0);
	add_result(1, "http_404", 100);
	add_result(2, "timeout", 100);
	assert_int_equal(glance(&h), 0);
	assert_int_equal(count_of(&h, "http_404"), 1);
	add_result(1, "timeout", 90);
	add_result(2, NULL, 90);
	add_result(3, "http_404", 90);
	assert_int_equal(glance(&h), 0);
	assert_int_equal(count_of(&h, "http_404"), 1);
	assert_int_equal(count_of(&h, "timeout"), 1);
	/* Another file by that name. */
	assert_int_equal(rename("root/batches/b/results.ndjson", "root/old"), 0);
	for (int i = 0; i < 50; i++)
		add_result(9, "reset", 80);
	assert_int_equal(glance(&h), 0);
	assert_int_equal(count_of(&h, "timeout"), 0);
	assert_int_equal(count_of(&h, "reset"), 1);
	batch_stats_free(&h);
}

static void
rate_and_pace_are_of_the_last_seconds(void **state)
{
	struct batch_stats h = {.fd = -1};
	int64_t now;
	double items, bytes;

	(void)state;
	for (int i = 0; i < 40; i++)
		add_result(i + 1, NULL, 9 - i / 5);
	assert_int_equal(glance(&h), 0);
	now = time(NULL) + 1;
	batch_stats_rate(&h, now, &items, &bytes);
	assert_true(items > 2.9 && items < 4.1 && bytes > 2900 && bytes < 4100);
	batch_stats_pace(&h, now, &items, &bytes);
	assert_true(items > 3 && items < 6);
	/* A minute later nothing of it counts. */
	batch_stats_pace(&h, now + 62, &items, &bytes);
	assert_true(items < 0.01 && bytes < 0.01);
	/* Where little happens the whole minute counts, from its first item on. */
	batch_stats_pace(&h, now + 30, &items, &bytes);
	assert_true(items > 0.9 && items < 1.2);
	batch_stats_free(&h);
}

static void
long_files_are_read_by_index_and_end(void **state)
{
	struct batch_stats whole = {.fd = -1}, h = {.fd = -1};
	double items, bytes, all, all_bytes;
	char states[3001];
	uint64_t *index = calloc(3001, sizeof(*index));
	uint64_t at = 0;
	int64_t now;
	struct stat st;
	FILE *f;
	int dir;

	(void)state;
	assert_non_null(index);
	for (int i = 1; i <= 3000; i++) {
		index[i] = at + 1;
		add_result(i, i % 100 ? NULL : i % 200 ? "http_404" : "timeout", 4000 - i);
		assert_int_equal(stat("root/batches/b/results.ndjson", &st), 0);
		at = (uint64_t)st.st_size;
		states[i - 1] = i % 100 ? 'c' : 'f';
	}
	for (int i = 0; i < 20; i++)
		add_result(2999, NULL, 5);
	index[0] = at;
	states[3000] = '\0';
	write_file("root/batches/b/state", states, "w");
	f = fopen("root/batches/b/results.index", "w");
	assert_non_null(f);
	assert_int_equal(fwrite(index, sizeof(*index), 3001, f), 3001);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(glance(&h), 0);
	assert_int_equal(count_of(&h, "http_404"), 15);
	assert_int_equal(count_of(&h, "timeout"), 15);
	dir = open("root/batches/b", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(batch_stats_refresh(&whole, dir, 0), 0);
	assert_int_equal(whole.read_to, h.read_to);
	now = time(NULL) + 1;
	batch_stats_pace(&whole, now, &all, &all_bytes);
	batch_stats_pace(&h, now, &items, &bytes);
	assert_true(items > 0 && items > all - 0.01 && items < all + 0.01);
	assert_true(h.bytes < whole.bytes); /* it has read less */
	close(dir);
	free(index);
	batch_stats_free(&whole);
	batch_stats_free(&h);
}

/* --- stats.index --- */

static off_t
size_of(const char *name)
{
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return st.st_size;
}

static void
keep(void)
{
	struct batch *b = batch_open(&root, "b", BATCH_READ, NULL);

	assert_non_null(b);
	batch_stats_keep(b);
	batch_close(b);
}

/* What all results together say, as batch_stats_print() prints it. */
static char *
printed(int64_t now)
{
	struct batch_stats h = {.fd = -1};
	struct batch *b = batch_open(&root, "b", BATCH_READ, NULL);
	struct buf out = {0};

	assert_non_null(b);
	assert_int_equal(batch_stats_refresh(&h, batch_dirfd(b), 0), 0);
	batch_stats_print(&h, now, &out);
	batch_stats_free(&h);
	batch_close(b);
	return out.data;
}

static void
assert_printed(const char *right, int64_t now)
{
	char *is = printed(now);

	assert_string_equal(is, right);
	free(is);
}

/* Adds N results, of which some are of items that have one. */
static void
add_some(int n)
{
	static const char *const codes[] = {NULL, "http_404", NULL, "timeout", "quote\\\"d"};
	static unsigned seed;

	for (int i = 0; i < n; i++)
		add_result(rand_r(&seed) % 3000 + 1, codes[rand_r(&seed) % 5], 3000 - i);
}

static void
kept_statistics_are_those_of_all_results(void **state)
{
	static const char file[] = "root/batches/b/stats.index";
	int64_t now = time(NULL) + 1;
	char *right;
	struct stat st;

	(void)state;
	keep();
	assert_int_equal(stat(file, &st), -1);
	add_some(2900);
	right = printed(now);
	keep();
	assert_int_equal(stat(file, &st), 0);
	assert_printed(right, now);
	free(right);
	/* They are not made anew for a few more results, and these count. */
	add_some(50);
	add_result(3001, "late", 1);
	right = printed(now);
	assert_non_null(strstr(right, "\"late\":1"));
	assert_int_equal(stat(file, &st), 0);
	keep();
	assert_int_equal(st.st_size, size_of(file));
	assert_int_equal(rename(file, "kept"), 0);
	assert_printed(right, now);
	free(right);
}

/* Appends N rounds of results of the items 1 to 3000, all finished long ago: the last results of 30 items are failures.
 * Writes results.index and state. */
static void
add_rounds(int n)
{
	static const char results[] = "root/batches/b/results.ndjson";
	const struct timespec old[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};
	uint64_t *index = calloc(3001, sizeof(*index)), at = (uint64_t)size_of(results);
	char states[3001];
	FILE *f = fopen(results, "a");

	assert_non_null(index);
	assert_non_null(f);
	for (int i = 0; i < n * 3000; i++) {
		int k = i % 3000 + 1, bytes;

		index[k] = at + 1;
		states[k - 1] = k % 100 ? 'c' : 'f';
		bytes = fprintf(f, "{\"item\":%d,\"status\":\"%s\",%s,\"finished_at\":\"2023-11-14T22:13:20Z\"}\n", k,
				k % 100 ? "completed" : "failed",
				k % 100 ? "\"bytes\":1000" : "\"error\":{\"code\":\"http_404\"}");
		assert_true(bytes > 0);
		at += (uint64_t)bytes;
	}
	assert_int_equal(fclose(f), 0);
	index[0] = at;
	testing_write("root/batches/b/state", states, 3000);
	testing_write("root/batches/b/results.index", (const char *)index, 3001 * sizeof(*index));
	assert_int_equal(utimensat(AT_FDCWD, results, old, 0), 0);
	free(index);
}

/* What a glance reads first: what was kept and what is behind it, or, if that is much, failures and the end alone. */
static void
a_glance_reads_little_behind_what_was_kept(void **state)
{
	struct batch_stats h = {.fd = -1};

	(void)state;
	add_some(2900);
	keep();
	assert_true(size_of("root/batches/b/stats.index") > 0);
	add_result(1, "late", 100);
	assert_int_equal(glance(&h), 0);
	assert_true(h.bytes > 0);
	assert_int_equal(count_of(&h, "late"), 1);
	batch_stats_free(&h);
	add_rounds(20); /* more than 4 MiB */
	h = (struct batch_stats){.fd = -1};
	assert_int_equal(glance(&h), 0);
	assert_int_equal(h.bytes, 0);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(count_of(&h, "http_404"), 30);
		assert_int_equal(count_of(&h, "timeout"), again);
		assert_int_equal(count_of(&h, "late"), 0);
		add_result(1, "timeout", 10);
		assert_int_equal(glance(&h), 0);
	}
	assert_int_equal(h.bytes, 0);
	batch_stats_free(&h);
}

static void
statistics_that_are_damaged_or_of_other_results_are_not_believed(void **state)
{
	static const char file[] = "root/batches/b/stats.index", results[] = "root/batches/b/results.ndjson";
	int64_t now = time(NULL) + 1;
	char *right, *text;
	size_t n;

	(void)state;
	add_some(2900);
	right = printed(now);
	keep();
	n = (size_t)size_of(file);
	text = testing_read(file);
	for (size_t at = 0; at < n; at += at < 200 ? 1 : 97) {
		text[at] ^= 1;
		testing_write(file, text, n);
		text[at] ^= 1;
		assert_printed(right, now);
	}
	for (size_t cut = 0; cut < n; cut += 61) {
		testing_write(file, text, cut);
		assert_printed(right, now);
	}
	free(right);
	/* Other results, of which fewer, as many or more bytes are there. */
	for (int i = 0; i < 3; i++) {
		testing_write(file, text, n);
		assert_int_equal(unlink(results), 0);
		add_some(i == 0 ? 100 : i == 1 ? 2900 : 5000);
		assert_int_equal(rename(file, "kept"), 0);
		right = printed(now);
		assert_int_equal(rename("kept", file), 0);
		assert_printed(right, now);
		free(right);
	}
	free(text);
}

/* Numbers that nothing can be calculated with, in a file whose digests are right. */
static void
numbers_that_are_impossible_are_not_believed(void **state)
{
	static const char file[] = "root/batches/b/stats.index";
	enum { REST = 8 + HASH_BYTES, NUMBERS = REST + HASH_BYTES };
	static const struct {
		size_t place;
		uint64_t number;
	} bad[] = {{0, UINT64_C(1) << 63},
		   {2, UINT64_C(1) << 63},
		   {3, 0},
		   {3, 3},
		   {3, UINT64_C(1) << 32},
		   {4, 121},
		   {4, UINT64_MAX},
		   {5, 256},
		   {5, UINT64_MAX},
		   {6, UINT64_MAX}};
	int64_t now = time(NULL) + 1;
	unsigned char digest[HASH_BYTES];
	char *right, *text, *changed;
	size_t n;

	(void)state;
	add_some(2900);
	keep();
	n = (size_t)size_of(file);
	text = testing_read(file);
	changed = malloc(n);
	assert_non_null(changed);
	add_some(10);
	assert_int_equal(unlink(file), 0);
	right = printed(now);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint64_t number = htole64(bad[i].number);

		memcpy(changed, text, n);
		memcpy(changed + NUMBERS + bad[i].place * sizeof(number), &number, sizeof(number));
		hash_bytes(changed + REST, n - REST, digest);
		memcpy(changed + 8, digest, sizeof(digest));
		testing_write(file, changed, n);
		assert_printed(right, now);
	}
	free(changed);
	free(right);
	free(text);
}

static void
parts_give_what_the_whole_gives(void **state)
{
	struct batch_stats whole = {.fd = -1}, parts = {.fd = -1};
	struct buf of_whole = {0}, of_parts = {0};
	int dir, rc, n = 0;

	(void)state;
	for (int i = 1; i <= 500; i++)
		add_result(i, i % 7 ? NULL : "http_404", 1000 - i);
	add_result(7, NULL, 1);
	dir = open("root/batches/b", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(batch_stats_refresh(&whole, dir, 0), 0);
	while ((rc = batch_stats_refresh(&parts, dir, 1000)) == 1) {
		batch_stats_close_file(&parts);
		n++;
	}
	assert_int_equal(rc, 0);
	assert_true(n > 20);
	assert_int_equal(count_of(&parts, "http_404"), 70);
	batch_stats_print(&whole, 1, &of_whole);
	batch_stats_print(&parts, 1, &of_parts);
	assert_string_equal(of_parts.data, of_whole.data);
	/* Nothing more is read until there is more. */
	assert_int_equal(batch_stats_refresh(&parts, dir, 1), 0);
	close(dir);
	buf_free(&of_whole);
	buf_free(&of_parts);
	batch_stats_free(&whole);
	batch_stats_free(&parts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(last_result_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(rate_and_pace_are_of_the_last_seconds, setup, teardown),
		cmocka_unit_test_setup_teardown(long_files_are_read_by_index_and_end, setup, teardown),
		cmocka_unit_test_setup_teardown(kept_statistics_are_those_of_all_results, setup, teardown),
		cmocka_unit_test_setup_teardown(a_glance_reads_little_behind_what_was_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(statistics_that_are_damaged_or_of_other_results_are_not_believed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(numbers_that_are_impossible_are_not_believed, setup, teardown),
		cmocka_unit_test_setup_teardown(parts_give_what_the_whole_gives, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
