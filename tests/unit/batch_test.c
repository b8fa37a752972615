/* What batch.c and batch_add.c do; batch_claim_test.c, batch_record_test.c and others have the rest. */
#include "batching.h"

#include <sys/resource.h>

#include "records/rec.h"

static void
modes_make_or_need_a_batch(void **state)
{
	struct root *root = batching_root(state);
	const struct batch_metadata about = {
		.category = "M",
		.label = "Batch 1 (chars 1-5)",
		.notebook = "nb",
	};
	struct buf text = {0};
	struct json_object *o;
	struct batch *b;

	assert_null(batch_open(root, "b", BATCH_READ, NULL));
	assert_int_equal(errno, ENOENT);
	assert_null(batch_open(root, "b", BATCH_ALONE, NULL));
	assert_int_equal(errno, ENOENT);
	assert_int_not_equal(access("batches", F_OK), 0);
	b = batch_open(root, "b", BATCH_WORK, &about);
	assert_non_null(b);
	assert_string_equal(batch_name(b), "b");
	assert_true(batch_filesfd(b) >= 0);
	batch_close(b);
	b = batch_open(root, "b", BATCH_READ,
		       &(struct batch_metadata){.category = "P", .label = "other", .job_type = "file_upload"});
	assert_non_null(b);
	assert_int_equal(batch_metadata(b, &text), 0);
	o = rec_parse(text.data, text.len, NULL, 0);
	assert_non_null(o);
	assert_string_equal(rec_string(o, "name"), "b");
	assert_string_equal(rec_string(o, "category"), "M");
	assert_string_equal(rec_string(o, "label"), "Batch 1 (chars 1-5)");
	assert_string_equal(rec_string(o, "notebook"), "nb");
	assert_string_equal(rec_string(o, "job_type"), "url_parse");
	assert_int_equal(rec_number(o, "job_id", 0), 1);
	assert_int_equal(strlen(rec_string(o, "created_at")), 20);
	assert_false(json_object_object_get_ex(o, "public_only", NULL));
	assert_false(json_object_object_get_ex(o, "items", NULL));
	json_object_put(o);
	buf_free(&text);
	batch_close(b);
}

static void
a_job_brings_its_own_number(void **state)
{
	const struct batch_metadata about = {.job_id = 42, .items = 3, .public_only = true};
	struct batch *b = batch_open(batching_root(state), "job-42", BATCH_WORK, &about);
	struct buf text = {0};
	struct json_object *o, *only;

	assert_non_null(b);
	assert_int_equal(batch_metadata(b, &text), 0);
	assert_int_equal(batch_sync(b), 0);
	o = rec_parse(text.data, text.len, NULL, 0);
	assert_int_equal(rec_number(o, "job_id", 0), 42);
	assert_int_equal(rec_number(o, "items", 0), 3);
	assert_true(json_object_object_get_ex(o, "public_only", &only) && json_object_get_boolean(only));
	assert_int_equal(root_next_number(batching_root(state), "jobs"), 1);
	json_object_put(o);
	buf_free(&text);
	batch_close(b);
}

static void
a_reader_makes_nothing(void **state)
{
	struct batch_counts counts;
	struct buf out = {0};
	struct batch *b;

	assert_int_equal(mkdir("batches", 0777), 0);
	assert_int_equal(mkdir("batches/b", 0777), 0);
	b = batching_open(state, BATCH_READ);
	assert_int_equal(batch_count(b, &counts), 0);
	assert_int_equal(counts.total, 0);
	assert_int_equal(batch_length(b), 0);
	assert_int_equal(batch_state(b, 1), 'p');
	assert_false(batch_is_claimed(b, 1));
	assert_int_equal(batch_item(b, 1, &out), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(batch_result(b, 1, &out), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(batch_metadata(b, &out), -1);
	assert_int_equal(batch_filesfd(b), -1);
	batch_close(b);
	buf_free(&out);
	assert_int_equal(rmdir("batches/b"), 0);
}

static void
a_link_is_no_batch(void **state)
{
	assert_int_equal(mkdir("batches", 0777), 0);
	assert_int_equal(mkdir("elsewhere", 0777), 0);
	assert_int_equal(symlink("../elsewhere", "batches/b"), 0);
	assert_null(batch_open(batching_root(state), "b", BATCH_WORK, NULL));
	assert_int_equal(rmdir("elsewhere"), 0);
	assert_int_equal(unlink("batches/b"), 0);
	assert_int_equal(mkdir("batches/b", 0777), 0);
	assert_int_equal(symlink("../../state", "batches/b/state"), 0);
	assert_null(batch_open(batching_root(state), "b", BATCH_WORK, NULL));
	assert_int_not_equal(access("state", F_OK), 0);
}

static void
many_may_create_it_at_once(void **state)
{
	enum { PROCESSES = 12 };
	struct root *root = batching_root(state);
	pid_t pids[PROCESSES];
	int start[2], status;
	char *text;

	assert_int_equal(pipe2(start, O_CLOEXEC), 0);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			char label[16], byte;
			struct batch *b;

			snprintf(label, sizeof(label), "%d", i);
			close(start[1]);
			NEED(read(start[0], &byte, 1) == 0);
			b = batch_open(root, "b", BATCH_WORK, &(struct batch_metadata){.label = label});
			NEED(b);
			NEED(faccessat(batch_dirfd(b), "batch.json", F_OK, 0) == 0);
			batch_close(b);
			_exit(0);
		}
	}
	close(start[0]);
	close(start[1]);
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	testing_assert_file("seq/jobs", "1\n");
	text = testing_read("batches/b/batch.json");
	assert_non_null(strstr(text, "\"job_id\":1,"));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
	assert_int_equal(rmdir("temp"), 0); /* nothing was left in it */
}

static void
alone_is_refused_while_held(void **state)
{
	struct batch *work = batching_make(state, 1), *other = batching_open(state, BATCH_WORK), *alone;

	assert_null(batch_open(batching_root(state), "b", BATCH_ALONE, NULL));
	assert_int_equal(errno, EBUSY);
	batch_close(work);
	assert_null(batch_open(batching_root(state), "b", BATCH_ALONE, NULL));
	assert_int_equal(errno, EBUSY);
	batch_close(other);
	alone = batching_open(state, BATCH_ALONE);
	assert_null(batch_open(batching_root(state), "b", BATCH_ALONE, NULL));
	assert_int_equal(errno, EBUSY);
	work = batching_open(state, BATCH_READ); /* a reader is never kept out */
	assert_int_equal(batch_length(work), 1);
	batch_close(work);
	batch_close(alone);
}

/* Whether the process PID has the lock of the batch b open. */
static bool
has_lock_open(pid_t pid)
{
	char link[64], target[4096];

	for (int fd = 3; fd < 64; fd++) {
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, fd);
		n = readlink(link, target, sizeof(target) - 1);
		if (n > 0 && (target[n] = '\0', strstr(target, "/batches/b/lock")))
			return true;
	}
	return false;
}

/* Opens the batch b in a child, and when that has found it, before it gets its lock, moves it away, as who retires it
 * does. With ANOTHER, a batch of that name is made then. The child's exit code. */
static int
open_while_it_goes(void **state, enum batch_mode mode, bool another)
{
	struct root *root = batching_root(state);
	struct batch *alone;
	int status, tries = 0, go[2];
	char byte = 'g';
	pid_t pid;

	batch_close(batching_make(state, 2));
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	pid = fork(); /* before the lock is taken, of which it would have a share */
	assert_true(pid >= 0);
	if (pid == 0) {
		struct batch *b;

		NEED(read(go[0], &byte, 1) == 1);
		b = batch_open(root, "b", mode, NULL);
		if (!b)
			_exit(errno == ENOENT ? 10 : 11);
		_exit((int)batch_length(b));
	}
	alone = batching_open(state, BATCH_ALONE);
	assert_int_equal(write(go[1], &byte, 1), 1);
	close(go[0]);
	close(go[1]);
	while (!has_lock_open(pid) && tries++ < 10000)
		usleep(1000);
	assert_true(has_lock_open(pid));
	assert_int_equal(rename("batches/b", "old"), 0);
	if (another)
		batch_close(batching_make(state, 5));
	batch_close(alone);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(system("rm -rf old"), 0);
	return WEXITSTATUS(status);
}

static void
what_is_opened_is_not_what_was_retired(void **state)
{
	assert_int_equal(open_while_it_goes(state, BATCH_WORK, true), 5);
	assert_int_equal(system("rm -rf batches/b"), 0);
	assert_int_equal(open_while_it_goes(state, BATCH_JOIN, true), 5);
	assert_int_equal(system("rm -rf batches/b"), 0);
	assert_int_equal(open_while_it_goes(state, BATCH_JOIN, false), 10);
	assert_int_equal(access("batches/b", F_OK), -1);
	assert_int_equal(open_while_it_goes(state, BATCH_WORK, false), 0); /* made anew */
	assert_int_equal(access("batches/b/batch.json", F_OK), 0);
}

static bool
note_name(const char *name, void *arg)
{
	buf_printf(arg, "%s ", name);
	return strcmp(name, "c") != 0;
}

static void
batches_come_sorted_and_without_strangers(void **state)
{
	static const char *const there[] = {"batches",         "batches/b",          "batches/a.10",
					    "batches/B",       "batches/a-1",        "batches/api",
					    "batches/.hidden", "batches/with space", "batches/_x"};
	struct root *root = batching_root(state);
	struct buf seen = {0};

	assert_int_equal(batch_each(root, note_name, &seen), 0);
	assert_int_equal(seen.len, 0);
	for (size_t i = 0; i < sizeof(there) / sizeof(*there); i++)
		assert_int_equal(mkdir(there[i], 0777), 0);
	testing_write("batches/file", "", 0);
	assert_int_equal(symlink("b", "batches/link"), 0);
	assert_int_equal(batch_each(root, note_name, &seen), 0);
	assert_string_equal(seen.data, "B a-1 a.10 b ");
	assert_int_equal(mkdir("batches/c", 0777), 0);
	assert_int_equal(mkdir("batches/d", 0777), 0);
	buf_clear(&seen);
	assert_int_equal(batch_each(root, note_name, &seen), 0); /* stops at c */
	assert_string_equal(seen.data, "B a-1 a.10 b c ");
	buf_free(&seen);
}

static void
the_same_ask_is_the_same_item(void **state)
{
	struct batch *b = batching_open(state, BATCH_WORK), *other = batching_open(state, BATCH_WORK);
	struct batch_ask asks[] = {
		{"1", "url", "http://a/", "{\"url\":\"http://a/\"}", NULL, NULL, NULL, false, 0, 0, false},
		{"2", "url", "http://a/", "{\"url\":\"http://a/\"}", NULL, NULL, NULL, false, 0, 0, false},
		{NULL, "url", "http://a/", "{\"url\":\"http://a/\",\"x\":1}", NULL, NULL, NULL, false, 0, 0, false},
		{"1", "file", "http://a/", "{ }", NULL, NULL, NULL, false, 0, 0, false},
		{"1", "url", "http://a/", "{\"title\":\"again\"}", NULL, NULL, NULL, false, 0, 0, false},
		{"1", "url", "http://a/b", "{}", NULL, NULL, NULL, false, 0, 0, false},
	};
	static const uint32_t numbers[] = {1, 2, 3, 4, 1, 5};

	for (int round = 0; round < 2; round++) {
		assert_int_equal(batch_add(round ? other : b, asks, 6), 0);
		for (int i = 0; i < 6; i++) {
			assert_int_equal(asks[i].item, numbers[i]);
			assert_int_equal(asks[i].is_new, round == 0 && i != 4);
			assert_int_equal(asks[i].state, 'p');
		}
	}
	assert_int_equal(batch_length(b), 5);
	batching_assert_item(b, 1, "\"id\":\"1\",\"idx\":1},\"url\":\"http://a/\"}");
	batching_assert_item(b, 3, "\"id\":\"i3\",\"idx\":1},\"url\":\"http://a/\",\"x\":1}");
	batching_assert_item(b, 4, "\"id\":\"1\",\"idx\":2} }");
	batching_assert_item(b, 5, "\"id\":\"1\",\"idx\":3}}");
	batching_end(b, 2, COMPLETED);
	assert_int_equal(batch_add(other, asks, 2), 0);
	assert_int_equal(asks[0].state, 'p');
	assert_int_equal(asks[1].state, 'c');
	assert_int_equal(batch_add(b, NULL, 0), 0);
	batch_close(b);
	batch_close(other);
}

/* Adds items of these subjects, each by a batch opened anew where ANEW, and looks at their idx. */
static void
check_idx(void **state, bool anew)
{
	static const struct {
		const char *subject;
		unsigned idx;
	} cases[] = {
		{NULL, 1},  {"a", 1},  {"i3", 1},   {"i6", 1},          {"a", 2},
		{NULL, 2},  {"i1", 2}, {"i1", 3},   {NULL, 1},          {"i9", 2},
		{"i6", 3},  {"i3", 2}, {"i013", 1}, {"a", 3},           {"i9", 3},
		{"i16", 1}, {NULL, 1}, {"i16", 2},  {"i4294967297", 1}, {"i99999999999999999999999", 1},
	};
	struct batch *b = batching_open(state, BATCH_WORK);
	char url[32], want[64];

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(url, sizeof(url), "http://a/%u", i);
		assert_int_equal(batching_add(b, cases[i].subject, url), i + 1);
		if (cases[i].subject)
			snprintf(want, sizeof(want), "\"id\":\"%s\",\"idx\":%u}", cases[i].subject, cases[i].idx);
		else
			snprintf(want, sizeof(want), "\"id\":\"i%u\",\"idx\":%u}", i + 1, cases[i].idx);
		batching_assert_item(b, i + 1, want);
		if (anew) {
			batch_close(b);
			b = batching_open(state, BATCH_WORK);
		}
	}
	batch_close(b);
}

static void
idx_counts_a_subjects_items(void **state)
{
	check_idx(state, false);
}

static void
idx_goes_on_after_an_open(void **state)
{
	check_idx(state, true);
}

static void
idx_goes_on_within_a_block(void **state)
{
	struct batch_ask asks[30];
	char where[30][16];
	struct batch *b = batching_open(state, BATCH_WORK);
	struct batch_place place;
	struct buf line = {0};

	for (int i = 0; i < 30; i++) {
		snprintf(where[i], sizeof(where[i]), "%d", i);
		/* Item 7 is its own subject, i7, and others call theirs so before and after. */
		asks[i] = (struct batch_ask){i == 6 ? NULL : i % 3 == 0 ? "i7" : "s",
					     "url",
					     where[i],
					     "{}",
					     NULL,
					     NULL,
					     NULL,
					     false,
					     0,
					     0,
					     false};
	}
	assert_int_equal(batch_add(b, asks, 30), 0);
	for (uint32_t k = 1; k <= 30; k++) {
		assert_int_equal(batch_item(b, k, &line), 0);
		assert_int_equal(batch_place(line.data, line.len, &place), 0);
		assert_string_equal(place.subject, k % 3 == 1 ? "i7" : "s");
		assert_int_equal(place.idx, k % 3 == 1 ? (k + 2) / 3 : k - (k + 2) / 3);
	}
	buf_free(&line);
	batch_close(b);
}

enum { MANY = 100000, MANY_BLOCK = 1000 };

/* Asks for item FROM+1 and those after it, by blocks; every third has a subject. */
static void
ask_many(struct batch *b, uint32_t from, bool is_new)
{
	struct batch_ask *asks = calloc(MANY_BLOCK, sizeof(*asks));
	char(*where)[32] = calloc(MANY_BLOCK, sizeof(*where)), (*id)[16] = calloc(MANY_BLOCK, sizeof(*id));

	assert_true(asks && where && id);
	for (uint32_t i = 0; i < MANY_BLOCK; i++) {
		snprintf(where[i], sizeof(where[i]), "http://a/%u", from + i);
		snprintf(id[i], sizeof(id[i]), "%u", (from + i) % 5000);
		asks[i] = (struct batch_ask){
			i % 3 == 0 ? id[i] : NULL, "url", where[i], "{\"x\":1}", NULL, NULL, NULL, false, 0, 0, false};
	}
	assert_int_equal(batch_add(b, asks, MANY_BLOCK), 0);
	for (uint32_t i = 0; i < MANY_BLOCK; i++) {
		assert_int_equal(asks[i].item, from + i + 1);
		assert_int_equal(asks[i].is_new, is_new);
	}
	free(asks);
	free(where);
	free(id);
}

/* The tables grow; all is found again by the one who added, and by one who opens. An alarm ends what is not linear. */
static void
very_many_items_are_found_again(void **state)
{
	struct batch *b = batching_open(state, BATCH_WORK);
	struct stat st;

	alarm(60);
	for (int round = 0; round < 3; round++) {
		for (uint32_t from = 0; from < MANY; from += MANY_BLOCK)
			ask_many(b, from, round == 0);
		assert_int_equal(batch_length(b), MANY);
		if (round == 1) {
			batch_close(b);
			b = batching_open(state, BATCH_WORK);
		}
	}
	assert_int_equal(fstatat(batch_dirfd(b), "state", &st, 0), 0);
	assert_int_equal(st.st_size, MANY);
	assert_int_equal(fstatat(batch_dirfd(b), "items.index", &st, 0), 0);
	assert_int_equal(st.st_size, MANY * 8);
	batch_close(b);
	alarm(0);
}

static void
a_torn_item_is_cut_and_its_number_given_anew(void **state)
{
	struct batch *b = batching_make(state, 3);
	struct stat st;
	int fd = openat(batch_dirfd(b), "items.ndjson", O_WRONLY | O_APPEND | O_CLOEXEC);

	assert_int_equal(write(fd, "{\"bi\":{\"n\":4,\"key\":\"", 20), 20);
	assert_int_equal(batch_length(b), 3);
	assert_int_equal(batching_add(b, NULL, "http://a/new"), 4);
	assert_int_equal(write(fd, "torn", 4), 4);
	batch_close(b);
	b = batching_open(state, BATCH_WORK);
	assert_int_equal(batching_add(b, NULL, "http://a/newer"), 5);
	assert_int_equal(batching_add(b, NULL, "http://a/new"), 4);
	batching_assert_item(b, 4, "http://a/new\"");
	batching_assert_item(b, 5, "http://a/newer\"");
	assert_int_equal(fstatat(batch_dirfd(b), "state", &st, 0), 0);
	assert_int_equal(st.st_size, 5);
	close(fd);
	batch_close(b);
}

static void
what_others_add_is_taken_in(void **state)
{
	struct batch *a = batching_make(state, 2), *b = batching_open(state, BATCH_WORK);
	char url[32];

	for (uint32_t k = 3; k <= 40; k++) {
		snprintf(url, sizeof(url), "http://a/%u", k);
		assert_int_equal(batching_add(k % 2 ? a : b, k % 4 ? "s" : NULL, url), k);
		assert_int_equal(batching_add(k % 2 ? b : a, k % 4 ? "s" : NULL, url), k);
	}
	assert_int_equal(batch_length(a), 40);
	batching_assert_item(a, 39, "\"id\":\"s\",\"idx\":28}");
	batch_close(a);
	batch_close(b);
}

static void
add_one_after(struct batch *b)
{
	struct batch_ask ask = {
		NULL, "url", "http://a/killed", "{\"url\":\"http://a/killed\"}", NULL, NULL, NULL, false, 0, 0, false};

	NEED(batch_add(b, &ask, 1) == 0 && ask.item == 4);
}

/* The adder was killed after its line, before the index and state had it. */
static void
an_adder_killed_between_its_steps_loses_nothing(void **state)
{
	static const struct {
		off_t index, state;
	} left[] = {{24, 3}, {32, 3}, {24, 4}, {28, 3}, {0, 0}};

	batch_close(batching_make(state, 3));
	batching_kill_in(state, add_one_after);
	for (size_t i = 0; i < sizeof(left) / sizeof(*left); i++) {
		struct batch *b = batching_open(state, BATCH_WORK), *reader = batching_open(state, BATCH_READ);
		struct batch_counts counts;
		struct stat st;

		assert_int_equal(truncate("batches/b/items.index", left[i].index), 0);
		assert_int_equal(truncate("batches/b/state", left[i].state), 0);
		assert_int_equal(batch_length(reader), 4);
		assert_int_equal(batch_count(reader, &counts), 0);
		assert_int_equal(counts.total, 4);
		assert_int_equal(counts.pending, 4);
		batching_assert_item(reader, 4, "http://a/killed");
		assert_int_equal(batch_claim(b, 4, NULL), CLAIM_OURS);
		batch_release(b, 4);
		assert_int_equal(batch_claim(b, 5, NULL), CLAIM_ERROR);
		assert_int_equal(errno, ENOENT);
		assert_int_equal(batching_add(b, NULL, "http://a/killed"), 4);
		assert_int_equal(stat("batches/b/state", &st), 0);
		assert_int_equal(st.st_size, 4);
		assert_int_equal(stat("batches/b/items.index", &st), 0);
		assert_int_equal(st.st_size, 32);
		batch_close(reader);
		batch_close(b);
	}
}

/* A power cut can keep state and index, and lose the items that they were for. */
static void
what_is_too_long_is_cut(void **state)
{
	struct batch *b = batching_make(state, 3);
	struct batch_ask ask = {NULL, "url", "http://a/new", "{}", NULL, NULL, NULL, false, 0, 0, false};
	struct stat st;

	batching_end(b, 1, COMPLETED);
	batch_close(b);
	testing_write("batches/b/state", "cpprcfc", 7);
	assert_int_equal(truncate("batches/b/items.index", 800), 0);
	b = batching_open(state, BATCH_WORK);
	assert_int_equal(batch_length(b), 3);
	assert_int_equal(batch_add(b, &ask, 1), 0);
	assert_int_equal(ask.item, 4);
	assert_int_equal(batch_state(b, 4), 'p');
	testing_assert_file("batches/b/state", "cppp");
	assert_int_equal(stat("batches/b/items.index", &st), 0);
	assert_int_equal(st.st_size, 32);
	batch_close(b);
}

static void
add_on_a_full_disk(void *arg)
{
	struct batch_ask asks[50];
	struct batch *b = arg;
	struct rlimit limit = {4000, 4000};
	char where[50][16];

	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 50; i++) {
		snprintf(where[i], sizeof(where[i]), "big%d", i);
		asks[i] = (struct batch_ask){"s", "url", where[i], "{}", NULL, NULL, NULL, false, 0, 0, false};
	}
	NEED(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	errno = 0;
	NEED(batch_add(b, asks, 50) < 0 && errno == EFBIG);
	NEED(batch_length(b) == 3);
	NEED(batch_add(b, asks, 2) == 0);
	NEED(asks[0].is_new && asks[0].item == 4 && asks[1].item == 5);
	NEED(batch_add(b, asks, 1) == 0 && !asks[0].is_new && asks[0].item == 4);
}

static void
a_full_disk_adds_nothing_and_the_next_add_is_right(void **state)
{
	struct batch *b = batching_make(state, 3);

	assert_int_equal(testing_child(add_on_a_full_disk, b, "out"), 0);
	assert_int_equal(batching_add(b, "s", "big1"), 5);
	assert_int_equal(batching_add(b, "s", "big2"), 6);
	batching_assert_item(b, 6, "\"id\":\"s\",\"idx\":3}");
	assert_int_equal(batch_length(b), 6);
	testing_assert_file("batches/b/state", "pppppp");
	batch_close(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(modes_make_or_need_a_batch, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_job_brings_its_own_number, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_reader_makes_nothing, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_link_is_no_batch, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(many_may_create_it_at_once, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(alone_is_refused_while_held, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(what_is_opened_is_not_what_was_retired, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(batches_come_sorted_and_without_strangers, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(the_same_ask_is_the_same_item, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(idx_counts_a_subjects_items, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(idx_goes_on_after_an_open, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(idx_goes_on_within_a_block, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(very_many_items_are_found_again, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_torn_item_is_cut_and_its_number_given_anew, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(what_others_add_is_taken_in, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(an_adder_killed_between_its_steps_loses_nothing, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(what_is_too_long_is_cut, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_full_disk_adds_nothing_and_the_next_add_is_right, testing_enter,
						testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
