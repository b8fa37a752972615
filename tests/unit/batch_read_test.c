/* What batch_read.c does: reading without locks, whatever the indexes say. */
#include "batching.h"

#include "records/rec.h"

/* 6 items: 1 and 4 completed, 2 failed and then completed, 3 failed, 5 and 6 pending. */
static void
make_batch(void **state)
{
	struct batch *b = batching_make(state, 6);

	batching_end(b, 1, COMPLETED);
	batching_end(b, 2, MAY_PASS);
	batching_end(b, 3, PERMANENT);
	batching_end(b, 4, COMPLETED);
	batch_close(b);
	b = batching_open(state, BATCH_WORK);
	batching_end(b, 2, COMPLETED);
	batch_close(b);
}

/* Reads the results of items 1 to 6, in that order or backwards, together. Those that count are the same as each alone.
 * Returns how many these are. */
static int
read_together(const struct batch *b, bool backwards)
{
	struct batch_known_result v[6] = {0};
	struct buf text = {0}, line = {0};
	int count = 0;

	for (uint32_t i = 0; i < 6; i++)
		v[i].item = backwards ? 6 - i : i + 1;
	batch_results_ahead(b, v, 6, &text);
	for (size_t i = 0; i < 6; i++) {
		if (v[i].len == 0 || v[i].says != v[i].state)
			continue;
		assert_int_equal(batch_result(b, v[i].item, &line), 0);
		assert_int_equal(v[i].len, line.len);
		assert_memory_equal(text.data + v[i].at, line.data, line.len);
		count++;
	}
	buf_free(&text);
	buf_free(&line);
	return count;
}

static void
check_reads(void **state, const struct batch *b)
{
	static const char *const results[] = {"completed", "completed", "failed", "completed"};
	struct batch_counts counts;
	struct buf out = {0};
	char part[32];

	(void)state;
	assert_int_equal(batch_length(b), 6);
	for (uint32_t k = 1; k <= 6; k++) {
		snprintf(part, sizeof(part), "\"url\":\"http://a/%u\"}", k);
		batching_assert_item(b, k, part);
	}
	for (uint32_t k = 1; k <= 4; k++)
		batching_assert_result(b, k, results[k - 1]);
	read_together(b, false);
	read_together(b, true);
	for (uint32_t k = 5; k <= 8; k++) {
		assert_int_equal(batch_result(b, k, &out), -1);
		assert_int_equal(errno, ENOENT);
	}
	assert_int_equal(batch_result(b, 0, &out), -1);
	assert_int_equal(batch_item(b, 7, &out), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(batch_item(b, 0, &out), -1);
	assert_int_equal(batch_count(b, &counts), 0);
	assert_int_equal(counts.total, 6);
	assert_int_equal(counts.pending, 2);
	assert_int_equal(counts.completed, 3);
	assert_int_equal(counts.failed, 1);
	buf_free(&out);
}

static void
results_are_read_together(void **state)
{
	static const char newer[] = "{\"item\":3,\"status\":\"completed\",\"path\":\"files/i3_1.jpg\"}\n";
	struct batch *b;
	int fd;

	make_batch(state);
	b = batching_open(state, BATCH_READ);
	assert_int_equal(read_together(b, false), 4);
	assert_int_equal(read_together(b, true), 4);
	/* A result that is not indexed yet may be of any item. */
	fd = open("batches/b/results.ndjson", O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, newer, sizeof(newer) - 1), sizeof(newer) - 1);
	close(fd);
	assert_int_equal(read_together(b, false), 0);
	batching_assert_result(b, 3, "completed");
	batch_close(b);
}

/* Items that are asked for more than once, whose results have userinfo, as old ones may. */
static void
results_are_read_together_more_than_once(void **state)
{
	static const char lines[] =
		"{\"item\":3,\"status\":\"completed\",\"final_url\":\"http://me:secret@h/3\"}\n"
		"{\"item\":1,\"status\":\"completed\",\"final_url\":\"http://me:longersecret@h/\"}\n";
	static const uint32_t asked[][5] = {{3, 3, 3, 3, 3}, {1, 3, 1, 3, 1}, {3, 1, 1, 2, 3}, {1, 1, 4, 3, 3}};
	struct buf text = {0}, line = {0};
	struct batch *b;
	int fd;

	make_batch(state);
	fd = open("batches/b/results.ndjson", O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, lines, sizeof(lines) - 1), sizeof(lines) - 1);
	close(fd);
	batch_close(batching_open(state, BATCH_WORK)); /* indexes them */
	b = batching_open(state, BATCH_READ);
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		struct batch_known_result v[5] = {{0}};

		for (size_t k = 0; k < 5; k++)
			v[k].item = asked[i][k];
		batch_results_ahead(b, v, 5, &text);
		for (size_t k = 0; k < 5; k++) {
			assert_int_equal(batch_result(b, v[k].item, &line), 0);
			assert_null(strstr(line.data, "secret"));
			assert_int_equal(v[k].len, line.len);
			assert_memory_equal(text.data + v[k].at, line.data, line.len);
			assert_int_equal(v[k].says, v[k].item == 3 ? 'c' : v[k].state);
		}
	}
	buf_free(&text);
	buf_free(&line);
	batch_close(b);
}

static void
reads_are_right_whatever_the_indexes_say(void **state)
{
	static const char *const names[] = {"batches/b/items.index", "batches/b/results.index"};
	char bytes[128];
	unsigned seed = 11;
	struct batch *b;

	make_batch(state);
	for (int round = 0; round < 90; round++) {
		const char *name = names[round % 2];

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)(round % 3 == 0 ? rand_r(&seed) : i % 8 < 2 ? rand_r(&seed) : 0);
		if (round < 2)
			assert_int_equal(unlink(name), 0);
		else if (round < 4)
			testing_write(name, bytes, 0);
		else
			testing_write(name, bytes, (size_t)rand_r(&seed) % sizeof(bytes));
		b = batching_open(state, BATCH_READ);
		check_reads(state, b);
		batch_close(b);
	}
	/* Who adds and works writes them anew. */
	b = batching_open(state, BATCH_WORK);
	assert_int_equal(batching_add(b, NULL, "http://a/1"), 1);
	check_reads(state, b);
	batch_close(b);
}

static void
an_index_cut_anywhere_is_made_longer(void **state)
{
	make_batch(state);
	for (off_t size = 47; size >= 0; size--) {
		struct batch *b = batching_open(state, BATCH_WORK);
		struct stat st;

		assert_int_equal(truncate("batches/b/items.index", size), 0);
		check_reads(state, b);
		assert_int_equal(batching_add(b, NULL, "http://a/6"), 6);
		assert_int_equal(stat("batches/b/items.index", &st), 0);
		assert_int_equal(st.st_size, 48);
		batch_close(b);
	}
}

static void
counts_need_no_more_than_state(void **state)
{
	struct batch_counts counts;
	struct batch *reader, *b;

	batch_close(batching_make(state, 9));
	testing_write("batches/b/state", "cfr\0pyr", 7); /* and two bytes that are missing */
	reader = batching_open(state, BATCH_READ);
	assert_int_equal(batch_count(reader, &counts), 0);
	assert_false(counts.held);
	assert_int_equal(counts.total, 9);
	assert_int_equal(counts.completed, 1);
	assert_int_equal(counts.failed, 1);
	assert_int_equal(counts.processing, 0);
	assert_int_equal(counts.pending, 7);
	b = batching_open(state, BATCH_WORK);
	testing_write("batches/b/state", "cfr\0pyr", 7);
	assert_int_equal(batch_count(reader, &counts), 0);
	assert_true(counts.held);
	assert_int_equal(counts.processing, 2);
	assert_int_equal(counts.pending, 5);
	assert_int_equal(batch_state(reader, 3), 'r');
	assert_int_equal(batch_state(reader, 4), 'p');
	assert_int_equal(batch_state(reader, 9), 'p');
	batch_close(b);
	testing_write("batches/b/state", "cccccccccffffff", 15); /* more than there are */
	assert_int_equal(batch_count(reader, &counts), 0);
	assert_false(counts.held);
	assert_int_equal(counts.completed, 9);
	assert_int_equal(counts.failed, 0);
	batch_close(reader);
}

/* Blocks of any length, counted otherwise. */
static void
states_of_any_length_are_counted(void **state)
{
	static const char kinds[] = {'p', 'r', 'c', 'f', 'c', '\0', 'x', 'y'};
	enum { ITEMS_MAX = 140000 };
	char *states = calloc(1, ITEMS_MAX), *lines = calloc(1, 3 * ITEMS_MAX);
	struct batch *b = batching_open(state, BATCH_WORK), *reader = batching_open(state, BATCH_READ);
	struct batch_counts counts;
	unsigned seed = 7;

	for (size_t i = 0; i < ITEMS_MAX; i++) {
		seed = seed * 1103515245 + 12345;
		states[i] = i < 70000 ? kinds[(seed >> 16) % sizeof(kinds)] : 'c';
		memcpy(lines + 3 * i, "{}\n", 3);
	}
	for (size_t n = 1; n <= ITEMS_MAX; n = n * 3 / 2 + 1) {
		uint64_t seen[256] = {0};

		for (size_t i = 0; i < n; i++)
			seen[(unsigned char)states[i]]++;
		testing_write("batches/b/items.ndjson", lines, 3 * n);
		testing_write("batches/b/state", states, n);
		assert_int_equal(batch_count(reader, &counts), 0);
		assert_int_equal(counts.length, n);
		assert_int_equal(counts.removed, seen['x']);
		assert_int_equal(counts.total, n - seen['x']);
		assert_int_equal(counts.completed, seen['c']);
		assert_int_equal(counts.failed, seen['f']);
		assert_int_equal(counts.processing, seen['r']);
		assert_int_equal(counts.pending, n - seen['c'] - seen['f'] - seen['r'] - seen['x']);
	}
	free(states);
	free(lines);
	batch_close(reader);
	batch_close(b);
}

static void
a_reader_sees_what_comes(void **state)
{
	struct batch *b = batching_make(state, 1), *reader = batching_open(state, BATCH_READ);
	static const char late[] = "{\"item\":2,\"status\":\"completed\"}\n{\"item\":2,\"status\":\"failed\"";
	int fd;

	assert_int_equal(batching_add(b, NULL, "http://a/2"), 2);
	assert_int_equal(batch_length(reader), 2);
	batching_assert_item(reader, 2, "http://a/2");
	batching_end(b, 2, MAY_PASS);
	batching_assert_result(reader, 2, "failed");
	/* A result that is not indexed yet counts more than one that is; half a line does not. */
	fd = openat(batch_dirfd(b), "results.ndjson", O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, late, strlen(late)), strlen(late));
	batching_assert_result(reader, 2, "completed");
	close(fd);
	batch_close(b);
	batch_close(reader);
}

static void
places_are_read_from_lines_of_ours_only(void **state)
{
	static const char head[] = "{\"bi\":{\"n\":12,\"key\":\"0f\",\"id\":\"M1\",\"idx\":2},\"url\":1}";
	static const char *const bad[] = {
		"",
		"{}",
		"{\"url\":1}",
		"{\"bi\":{\"n\":0,\"key\":\"0f\",\"id\":\"M1\",\"idx\":2}}",
		"{\"bi\":{\"n\":4294967296,\"key\":\"0f\",\"id\":\"M1\",\"idx\":2}}",
		"{\"bi\":{\"n\":99999999999999999999999,\"key\":\"0f\",\"id\":\"M1\",\"idx\":2}}",
		"{\"bi\":{\"n\":-1,\"key\":\"0f\",\"id\":\"M1\",\"idx\":2}}",
		"{\"bi\":{\"n\":1,\"key\":\"0123456789abcdef0123456789abcdef0\",\"id\":\"M1\",\"idx\":2}}",
		"{\"bi\":{\"n\":1,\"key\":\"0f\",\"id\":\"../x\",\"idx\":2}}",
		"{\"bi\":{\"n\":1,\"key\":\"0f\",\"id\":\"\",\"idx\":2}}",
		"{\"bi\":{\"n\":1,\"key\":\"0f\",\"id\":\"M1\",\"idx\":}}",
		"{\"bi\":{\"n\":1,\"key\":\"0f\",\"id\":\"M1\",\"idx\":2,\"x\":1}}",
	};
	struct batch_place place;

	(void)state;
	assert_int_equal(batch_place(head, strlen(head), &place), 0);
	assert_int_equal(place.item, 12);
	assert_string_equal(place.key, "0f");
	assert_string_equal(place.subject, "M1");
	assert_int_equal(place.idx, 2);
	/* Cut anywhere before the end of the member, in memory of just that size. */
	for (size_t n = 0; n < strlen(head); n++) {
		char *cut = malloc(n + 1);

		memcpy(cut, head, n);
		assert_int_equal(batch_place(cut, n, &place), n >= 43 ? 0 : -1);
		free(cut);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(batch_place(bad[i], strlen(bad[i]), &place), -1);
}

static void
result_numbers_are_read(void **state)
{
	static const struct {
		const char *line;
		uint32_t k;
		bool completed;
	} cases[] = {
		{"{\"item\":3,\"status\":\"completed\",\"path\":1}", 3, true},
		{"{\"item\":4294967295,\"status\":\"failed\"}", 4294967295, false},
		{"{\"item\":4294967296,\"status\":\"failed\"}", 0, false},
		{"{\"item\":0,\"status\":\"failed\"}", 0, false},
		{"{\"item\":3,\"status\":\"processing\"}", 0, false},
		{"{\"item\":3}", 0, false},
		/* As other programs may write it anew. */
		{"{\"status\":\"failed\",\"item\":3}", 3, false},
		{"{\"item\": 3, \"status\": \"completed\"}", 3, true},
		{"{\"status\":\"failed\",\"item\":4294967296}", 0, false},
		{"{\"status\":\"failed\",\"item\":-1}", 0, false},
		{"{\"status\":\"failed\",\"item\":\"3\"}", 0, false},
		{"{\"status\":\"failed\",\"item\":3", 0, false},
		{"[3]", 0, false},
		{"", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool completed = false;

		assert_int_equal(batch_result_number(cases[i].line, strlen(cases[i].line), &completed), cases[i].k);
		if (cases[i].k)
			assert_int_equal(completed, cases[i].completed);
	}
}

/* A root whose path must be escaped in JSON. */
static void
records_have_whole_paths(void **state)
{
	static const char odd[] = "a \"root\\ with\tall";
	static const struct {
		const char *line, *want; /* %s in WANT is the path of the batch, escaped */
	} cases[] = {
		{"{\"item\":3,\"status\":\"completed\",\"path\":\"files/M1_2.jpg\",\"url\":\"http://a/\"}",
		 "{\"batch\":\"b\",\"item\":3,\"status\":\"completed\",\"path\":\"%s/files/M1_2.jpg\",\"url\":\"http://"
		 "a/\"}"},
		{"{\"item\":3,\"status\":\"failed\",\"error\":{\"message\":\",\\\"path\\\":\\\"files/\"}}",
		 "{\"batch\":\"b\",\"item\":3,\"status\":\"failed\",\"error\":{\"message\":\",\\\"path\\\":\\\"files/"
		 "\"}}"},
		{"{\"item\":3,\"status\":\"completed\"}", "{\"batch\":\"b\",\"item\":3,\"status\":\"completed\"}"},
	};
	struct root root = *batching_root(state);
	struct buf escaped = {0}, path = {0};
	struct batch *b;

	buf_printf(&path, "%s/%s", root.path, odd);
	assert_int_equal(mkdir(odd, 0777), 0);
	root = (struct root){open(odd, O_RDONLY | O_DIRECTORY | O_CLOEXEC), path.data};
	b = batch_open(&root, "b", BATCH_WORK, NULL);
	assert_non_null(b);
	buf_str(&path, "/batches/b");
	root.path = path.data;
	buf_json(&escaped, path.data);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out = {0}, want = {0};
		const char *hole = strstr(cases[i].want, "%s");
		struct json_object *o;

		buf_str(&out, "before ");
		batch_result_record(b, cases[i].line, strlen(cases[i].line), &out);
		buf_add(&want, cases[i].want, hole ? (size_t)(hole - cases[i].want) : strlen(cases[i].want));
		if (hole) {
			buf_add(&want, escaped.data + 1, escaped.len - 2);
			buf_str(&want, hole + 2);
		}
		assert_string_equal(out.data + 7, want.data);
		o = rec_parse(out.data + 7, out.len - 7, NULL, 0);
		assert_non_null(o);
		if (hole) {
			buf_str(&path, "/files/M1_2.jpg");
			assert_string_equal(rec_string(o, "path"), path.data);
		}
		json_object_put(o);
		buf_free(&out);
		buf_free(&want);
	}
	close(root.fd);
	batch_close(b);
	buf_free(&path);
	buf_free(&escaped);
}

/* A directory can be opened to be read, and no read of it succeeds: as with a disk that fails. */
static void
fail_reads_of(const char *name)
{
	assert_int_equal(rename(name, "aside"), 0);
	assert_int_equal(mkdir(name, 0777), 0);
}

static void
mend(const char *name)
{
	assert_int_equal(rmdir(name), 0);
	assert_int_equal(rename("aside", name), 0);
}

/* With NAME unreadable: what depends on it fails with the errno of the read, and does not say that it is not there. */
static void
check_failing(void **state, const char *name, bool items, bool states, bool results)
{
	struct batch_counts counts;
	struct buf out = {0};
	struct batch *b;

	fail_reads_of(name);
	b = batching_open(state, BATCH_READ);
	assert_int_equal(batch_length(b), items ? -1 : 6);
	assert_int_equal(batch_count(b, &counts), items || states ? -1 : 0);
	assert_int_equal(batch_item(b, 5, &out), items ? -1 : 0);
	if (items)
		assert_int_equal(errno, EISDIR);
	assert_int_equal(batch_state(b, 1), states ? -1 : 'c');
	assert_int_equal(batch_find_state(b, 1, 'f'), states ? -1 : 3);
	assert_int_equal(batch_result(b, 1, &out), results ? -1 : 0);
	if (results)
		assert_int_equal(errno, EISDIR);
	batch_close(b);
	mend(name);
	buf_free(&out);
}

static void
what_cannot_be_read_is_an_error(void **state)
{
	struct batch *b;

	make_batch(state);
	check_failing(state, "batches/b/items.ndjson", true, false, false);
	check_failing(state, "batches/b/state", false, true, false);
	check_failing(state, "batches/b/results.ndjson", false, false, true);
	check_failing(state, "batches/b/results.index", false, false, true);
	b = batching_open(state, BATCH_READ);
	check_reads(state, b);
	batch_close(b);
}

/* An item whose line cannot be compared with is not taken for a new one. */
static void
what_cannot_be_compared_is_not_added(void **state)
{
	struct batch_ask ask = {.kind = "url", .where = "http://a/1", .text = "{\"url\":\"http://a/1\"}"};
	struct batch *b;
	int index;

	make_batch(state);
	b = batching_open(state, BATCH_WORK);
	assert_int_equal(batch_add(b, &ask, 1), 0);
	assert_int_equal(ask.item, 1);
	/* The index of items, as B has it open, cannot be read any more. */
	index = open("batches/b/items.index", O_WRONLY | O_CLOEXEC);
	assert_true(index >= 0);
	for (int n = 3; n < 64; n++) {
		char path[64], target[4096];
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", n);
		len = readlink(path, target, sizeof(target) - 1);
		if (n != index && len > 0 && (target[len] = '\0', strstr(target, "/items.index")))
			assert_int_equal(dup3(index, n, O_CLOEXEC), n);
	}
	ask.item = 0;
	assert_int_equal(batch_add(b, &ask, 1), -1);
	assert_int_equal(errno, EBADF);
	batch_close(b);
	close(index);
	b = batching_open(state, BATCH_WORK);
	assert_int_equal(batch_length(b), 6);
	assert_int_equal(batch_add(b, &ask, 1), 0);
	assert_int_equal(ask.item, 1);
	batch_close(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(results_are_read_together, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(results_are_read_together_more_than_once, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(reads_are_right_whatever_the_indexes_say, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(an_index_cut_anywhere_is_made_longer, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(counts_need_no_more_than_state, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(states_of_any_length_are_counted, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_reader_sees_what_comes, testing_enter, testing_leave),
		cmocka_unit_test(places_are_read_from_lines_of_ours_only),
		cmocka_unit_test(result_numbers_are_read),
		cmocka_unit_test_setup_teardown(records_have_whole_paths, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_an_error, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(what_cannot_be_compared_is_not_added, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("batch_read", tests, NULL, NULL);
}
