/* What batch_work.c and batch_rebuild.c do: claims, results, rebuilding. */
#include "batching.h"

#include <sys/resource.h>
#include <time.h>

static void
claim_1_and_2(struct batch *b)
{
	NEED(batch_claim(b, 1, NULL) == CLAIM_OURS);
	NEED(batch_claim(b, 2, NULL) == CLAIM_OURS);
}

static void
claims_exclude_and_die_with_their_holder(void **state)
{
	struct batch *b = batching_make(state, 4), *other = batching_open(state, BATCH_WORK);

	assert_int_equal(batch_claim(b, 1, NULL), CLAIM_OURS);
	assert_int_equal(batch_state(other, 1), 'r');
	assert_int_equal(batch_claim(other, 1, NULL), CLAIM_HELD);
	assert_true(batch_is_claimed(other, 1));
	assert_false(batch_is_claimed(other, 2));
	assert_int_equal(batch_claim(other, 2, NULL), CLAIM_OURS);
	assert_int_equal(batch_claim(b, 2, NULL), CLAIM_HELD);
	batch_release(b, 1);
	assert_int_equal(batch_state(other, 1), 'p');
	assert_int_equal(batch_claim(other, 1, NULL), CLAIM_OURS);
	batch_close(other);
	assert_int_equal(batch_state(b, 2), 'r');
	batching_kill_in(state, claim_1_and_2);
	assert_false(batch_is_claimed(b, 1));
	assert_int_equal(batch_state(b, 1), 'r');
	assert_int_equal(batch_claim(b, 1, NULL), CLAIM_OURS);
	assert_int_equal(batch_claim(b, 2, NULL), CLAIM_OURS);
	assert_int_equal(batch_claim(b, 0, NULL), CLAIM_ERROR);
	assert_int_equal(batch_claim(b, 5, NULL), CLAIM_ERROR);
	assert_int_equal(errno, ENOENT);
	testing_assert_file("batches/b/state", "rrpp");
	batch_close(b);
}

static void
neighbours_are_claimed_by_one_lock(void **state)
{
	struct batch *b = batching_make(state, 10), *other = batching_open(state, BATCH_WORK);

	batching_end(b, 1, COMPLETED);
	batching_end(b, 9, PERMANENT);
	assert_int_equal(batch_claim_run(b, 1, 5), 0); /* the first is not pending */
	assert_false(batch_is_claimed(other, 2));
	assert_int_equal(batch_claim_run(b, 2, 3), 3);
	testing_assert_file("batches/b/state", "crrrppppfp");
	for (uint32_t k = 2; k <= 4; k++)
		assert_int_equal(batch_claim(other, k, NULL), CLAIM_HELD);
	assert_int_equal(batch_claim_run(other, 4, 3), 0); /* its first is held, and the others are free again */
	assert_false(batch_is_claimed(b, 5));
	batch_release(b, 3);
	assert_int_equal(batch_claim(other, 3, NULL), CLAIM_OURS);
	assert_int_equal(batch_claim(other, 2, NULL), CLAIM_HELD);
	assert_int_equal(batch_claim(other, 4, NULL), CLAIM_HELD);
	batching_record(b, 4, COMPLETED);
	assert_false(batch_is_claimed(other, 4));
	assert_int_equal(batch_claim_run(other, 7, 4), 2); /* up to one that has a result */
	assert_false(batch_is_claimed(b, 9));
	assert_false(batch_is_claimed(b, 10));
	testing_assert_file("batches/b/state", "crrcpprrfp");
	assert_int_equal(batch_claim_run(b, 10, 2), -1); /* there are not so many */
	assert_int_equal(errno, ENOENT);
	batch_close(other);
	batch_close(b);
}

static void
claim_a_run(struct batch *b)
{
	NEED(batch_claim_run(b, 1, BATCH_RUN_MAX) == BATCH_RUN_MAX);
}

/* Each is free at once, and is claimed one by one, since its byte says that it may have a result. */
static void
a_run_dies_with_its_holder(void **state)
{
	struct batch *b = batching_make(state, BATCH_RUN_MAX + 3);

	batching_kill_in(state, claim_a_run);
	assert_int_equal(batch_claim_run(b, 1, BATCH_RUN_MAX), 0);
	for (uint32_t k = 1; k <= BATCH_RUN_MAX; k++) {
		assert_int_equal(batch_state(b, k), 'r');
		assert_int_equal(batch_claim(b, k, NULL), CLAIM_OURS);
	}
	assert_int_equal(batch_claim_run(b, BATCH_RUN_MAX + 1, 3), 3);
	batch_close(b);
}

/* What is read ahead is not believed when it is older than the file. */
static void
lines_are_read_ahead(void **state)
{
	struct batch *b = batching_make(state, 200), *other = batching_open(state, BATCH_WORK);
	struct buf line = {0}, userinfo = {0}, headers = {0};
	const char *ahead;
	size_t n;
	int fd;

	for (uint32_t k = 1; k <= 200; k++) {
		assert_int_equal(batch_item(b, k, &line), 0);
		assert_int_equal(batch_item_ahead(b, k, &ahead, &n), 1);
		assert_int_equal(n, line.len);
		assert_memory_equal(ahead, line.data, n);
	}
	assert_int_equal(batch_item_ahead(b, 201, &ahead, &n), 0);
	assert_int_equal(batch_item_ahead(b, 0, &ahead, &n), 0);
	assert_int_equal(batch_item_ahead(b, 100, &ahead, &n), 0); /* far from the others: for itself alone */
	/* One that was added since. */
	assert_int_equal(batching_add(other, NULL, "http://h/new"), 201);
	assert_int_equal(batch_item_to_fetch(b, 201, &line, &userinfo, &headers), 0);
	assert_non_null(strstr(line.data, "http://h/new"));
	/* An entry that leads into another line. */
	fd = open("batches/b/items.index", O_WRONLY);
	assert_int_equal(pwrite(fd, "\5\0\0\0\0\0\0\0", 8, (off_t)49 * 8), 8);
	close(fd);
	batch_close(b);
	b = batching_open(state, BATCH_WORK);
	for (uint32_t k = 45; k <= 60; k++) {
		assert_int_equal(batch_item_to_fetch(b, k, &line, &userinfo, &headers), 0);
		assert_int_equal(batch_item(other, k, &userinfo), 0);
		assert_string_equal(line.data, userinfo.data);
		buf_clear(&userinfo);
	}
	buf_free(&line);
	buf_free(&userinfo);
	buf_free(&headers);
	batch_close(other);
	batch_close(b);
}

/* Asks again for item K of batching_make(), with a secret. */
static void
ask_with_secret(struct batch *b, uint32_t k, const char *userinfo, const char *headers)
{
	char url[32], text[64];
	struct batch_ask ask = {.kind = "url", .where = url, .text = text, .userinfo = userinfo, .headers = headers};

	snprintf(url, sizeof(url), "http://a/%u", k);
	snprintf(text, sizeof(text), "{\"url\":\"%s\"}", url);
	assert_int_equal(batch_add(b, &ask, 1), 0);
	assert_int_equal(ask.item, k);
	assert_false(ask.is_new);
}

/* Whether item K is found to have this secret, as batch_item_to_fetch() or, when it is claimed, batch_secret() says. */
static bool
has_secret(struct batch *b, uint32_t k, bool claimed, const char *userinfo, const char *headers)
{
	struct buf line = {0}, u = {0}, h = {0};
	struct batch_place place;
	bool is;

	if (claimed)
		assert_int_equal(batch_item(b, k, &line), 0);
	else
		assert_int_equal(batch_item_to_fetch(b, k, &line, &u, &h), 0);
	assert_int_equal(batch_place(line.data, line.len, &place), 0);
	if (claimed)
		assert_true(batch_secret(b, k, place.key, &u, &h) >= 0);
	is = strcmp(u.len ? u.data : "", userinfo) == 0 && strcmp(h.len ? h.data : "", headers) == 0;
	buf_free(&line);
	buf_free(&u);
	buf_free(&h);
	return is;
}

/* That the batch had no secrets a moment ago is not believed of an item that was asked for with one since. */
static void
find_new_secrets(void **state, const char *userinfo, const char *headers)
{
	struct batch *b = batching_make(state, 6), *other = batching_open(state, BATCH_WORK);
	const char *u = userinfo ? userinfo : "", *h = headers ? headers : "";

	/* By this process. */
	assert_true(has_secret(b, 1, false, "", ""));
	ask_with_secret(b, 2, userinfo, headers);
	assert_true(has_secret(b, 2, false, u, h));
	/* By another process, before this one has claimed the item: alone, with neighbours, or again. */
	for (uint32_t k = 3; k <= 6; k += k == 4 ? 2 : 1) {
		assert_int_equal(unlink("batches/b/secrets"), 0);
		assert_true(has_secret(b, 1, false, "", ""));
		ask_with_secret(other, k, userinfo, headers);
		if (k == 3)
			assert_int_equal(batch_claim(b, k, NULL), CLAIM_OURS);
		else if (k == 4)
			assert_int_equal(batch_claim_run(b, k, 2), 2);
		else
			assert_int_equal(batch_claim_any(b, k), CLAIM_OURS);
		assert_true(has_secret(b, k, true, u, h));
	}
	batch_close(other);
	batch_close(b);
}

static void
new_passwords_of_old_items_are_found(void **state)
{
	find_new_secrets(state, "me:secret", NULL);
}

static void
new_headers_of_old_items_are_found(void **state)
{
	find_new_secrets(state, NULL, "X-Key: abc");
}

/* Old bytes may say p or c for a moment, and r where a claim is known. */
static void
states_are_read_ahead(void **state)
{
	struct batch *b = batching_make(state, 5), *other = batching_open(state, BATCH_WORK);

	assert_int_equal(batch_state_lately(b, 1), 'p');
	batching_end(other, 2, PERMANENT);
	batching_end(other, 3, COMPLETED);
	assert_int_equal(batch_state(b, 2), 'f');
	nanosleep(&(struct timespec){.tv_nsec = 120000000}, NULL);
	for (uint32_t k = 1; k <= 5; k++)
		assert_int_equal(batch_state_lately(b, k), batch_state(b, k));
	assert_int_equal(batch_claim(other, 5, NULL), CLAIM_OURS);
	nanosleep(&(struct timespec){.tv_nsec = 120000000}, NULL);
	assert_int_equal(batch_state_lately(b, 4), 'p');
	assert_int_equal(batch_state_lately(b, 5), 'r');
	batch_release(other, 5);
	assert_int_equal(batch_state_lately(b, 5), 'p'); /* an old r is not believed */
	assert_int_equal(batch_state_lately(b, 6), 'p'); /* there is no such byte */
	assert_false(batch_is_claimed_lately(b, 4));
	assert_int_equal(batch_claim_run(other, 4, 2), 2);
	assert_true(batch_is_claimed_lately(b, 4));
	assert_true(batch_is_claimed_lately(b, 5));
	assert_false(batch_is_claimed_lately(b, 3));
	batch_release(other, 5);
	batch_look_anew(b);
	assert_false(batch_is_claimed_lately(b, 5));
	assert_true(batch_is_claimed_lately(b, 4));
	assert_int_equal(batch_state_lately(b, 4), 'r');
	assert_int_equal(batch_state_lately(b, 5), 'p');
	batch_close(other);
	batch_close(b);
}

static void
a_completed_item_can_be_claimed(void **state)
{
	struct batch *b = batching_make(state, 2), *other = batching_open(state, BATCH_WORK);

	batching_end(b, 1, COMPLETED);
	assert_int_equal(batch_claim(b, 1, &all_failed), CLAIM_DONE);
	assert_int_equal(batch_claim_any(b, 1), CLAIM_OURS);
	assert_int_equal(batch_state(other, 1), 'c');
	assert_int_equal(batch_claim_any(other, 1), CLAIM_HELD);
	assert_int_equal(batch_claim(other, 1, NULL), CLAIM_HELD);
	batch_unclaim(b, 1);
	assert_int_equal(batch_claim_any(other, 1), CLAIM_OURS);
	batching_record(other, 1, PERMANENT);
	assert_int_equal(batch_state(b, 1), 'f');
	assert_int_equal(batch_claim_any(b, 1), CLAIM_OURS);
	assert_int_equal(batch_claim_any(b, 2), CLAIM_OURS);
	assert_int_equal(batch_claim_any(b, 3), CLAIM_ERROR);
	assert_int_equal(batch_claim_any(b, 0), CLAIM_ERROR);
	testing_assert_file("batches/b/state", "fp");
	batch_close(b);
	batch_close(other);
}

/* Every item has one result, and the index leads to it. */
static void
check_results(void **state, uint32_t n)
{
	struct batch *b = batching_open(state, BATCH_READ);
	char *results = testing_read("batches/b/results.ndjson"), *at = results, line[128];

	for (uint32_t k = 1; k <= n; k++) {
		batching_line(k, COMPLETED, line);
		assert_int_equal(batch_state(b, k), 'c');
		batching_assert_result(b, k, line);
		at = strchr(at, '\n');
		assert_non_null(at++);
	}
	assert_string_equal(at, "");
	free(results);
	batch_close(b);
}

static void
a_claim_is_one_among_many_processes(void **state)
{
	enum { PROCESSES = 6, ITEMS = 400 };
	pid_t pids[PROCESSES];
	int status, out;
	char *who;

	batch_close(batching_make(state, ITEMS));
	testing_write("who", "", 0);
	out = open("who", O_WRONLY | O_APPEND | O_CLOEXEC);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			struct batch *b = batch_open(batching_root(state), "b", BATCH_WORK, NULL);
			char line[128];

			NEED(b);
			for (uint32_t k = 1; k <= ITEMS; k++) {
				enum batch_claim claim = batch_claim(b, k, NULL);

				NEED(claim == CLAIM_OURS || claim == CLAIM_HELD || claim == CLAIM_DONE);
				if (claim != CLAIM_OURS)
					continue;
				batching_line(k, COMPLETED, line);
				NEED(batch_record(b, &(struct batch_outcome){k, true, line, strlen(line), NULL}, 1,
						  false) == 0);
				NEED(write(out, "x", 1) == 1);
			}
			batch_close(b);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	who = testing_read("who");
	assert_int_equal(strlen(who), ITEMS);
	free(who);
	check_results(state, ITEMS);
	close(out);
}

enum { MANY = 4000, REMAKES = 40 };

/* Opens the batch again and again, each time after a power cut that left a byte and took its result: the index of
 * results is made anew. */
static void
remake_the_index(void *arg)
{
	void **state = arg;
	int fd = open("batches/b/state", O_RDWR | O_CLOEXEC);
	char s = 'f';

	for (int i = 0; i < REMAKES; i++) {
		struct batch *b;

		NEED(pwrite(fd, &s, 1, MANY - 1) == 1);
		b = batch_open(batching_root(state), "b", BATCH_JOIN, NULL);
		NEED(b);
		/* The parent may be at it, too: then it brings the byte up. */
		for (int tries = 0; batch_state(b, MANY) != 'p'; tries++) {
			NEED(tries < 10000);
			usleep(1000);
		}
		batch_close(b);
	}
}

/* In a child, as the index is made anew by another: what has a result is never taken for what has none. */
static void
look_while_it_is_made(void **state, bool is_release)
{
	struct batch *b;
	uint32_t k = MANY / 2;
	int status, fd, tries;
	pid_t pid;

	b = batching_make(state, MANY);
	batching_end(b, k, is_release ? MAY_PASS : COMPLETED);
	batch_close(b);
	b = batching_open(state, BATCH_JOIN);
	fd = open("batches/b/state", O_RDWR | O_CLOEXEC);
	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		remake_the_index(state);
		_exit(0);
	}
	for (tries = 0; waitpid(pid, &status, WNOHANG) == 0; tries++) {
		enum batch_claim claim;

		if (!is_release)
			assert_int_equal(pwrite(fd, "p", 1, k - 1), 1); /* as a power cut may leave it */
		claim = batch_claim(b, k, NULL);
		if (claim == CLAIM_HELD)
			continue;
		assert_int_equal(claim, is_release ? CLAIM_OURS : CLAIM_DONE);
		if (is_release)
			batch_release(b, k);
		assert_int_equal(batch_state(b, k), is_release ? 'f' : 'c');
	}
	assert_int_equal(status, 0);
	assert_true(tries > 1);
	close(fd);
	batch_close(b);
}

static void
a_release_while_the_index_is_made_anew_keeps_the_result(void **state)
{
	look_while_it_is_made(state, true);
}

static void
a_claim_while_the_index_is_made_anew_sees_the_result(void **state)
{
	look_while_it_is_made(state, false);
}

/* The owner was killed after its result, before the byte. */
static void
a_result_left_by_a_dead_owner_counts(void **state)
{
	struct batch *b = batching_make(state, 3);

	batching_end(b, 1, COMPLETED);
	batching_end(b, 2, MAY_PASS);
	batch_close(b);
	for (int damage = 0; damage < 12; damage++) {
		/* A power cut can also leave bytes that are older. */
		testing_write("batches/b/state", damage < 4 ? "rrr" : damage < 8 ? "ppp" : "frp", 3);
		switch (damage % 4) {
		case 1: /* nor was it indexed */
			assert_int_equal(truncate("batches/b/results.index", 0), 0);
			break;
		case 2: /* the index knows lines that are not there */
			testing_write("batches/b/results.index",
				      "\377\377\0\0\0\0\0\0\377\177\0\0\0\0\0\0\1\0\0\0\0\0\0\0"
				      "\377\177\0\0\0\0\0",
				      32);
			break;
		case 3: /* as much as there is, but entries of other lines */
			testing_write(
				"batches/b/results.index",
				"\210\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\377\377\377\377\377\377\377\377",
				32);
			break;
		}
		b = batching_open(state, BATCH_WORK);
		assert_int_equal(batch_claim(b, 1, NULL), CLAIM_DONE);
		assert_int_equal(batch_state(b, 1), 'c');
		assert_false(batch_is_claimed(b, 1));
		assert_int_equal(batch_claim(b, 2, NULL), CLAIM_OURS);
		assert_int_equal(batch_claim(b, 3, NULL), CLAIM_OURS);
		batch_close(b);
	}
}

/* What a process that was killed, or a power cut, left of `state` does not count against the results: whoever opens the
 * batch for work brings it up, for items too that nobody asks about. */
static void
states_are_brought_up_to_results(void **state)
{
	static const struct {
		const char *left, *want;
	} cases[] = {
		{"rrrrrr", "cffrcr"}, {"pppppp", "cffpcp"}, {"rprprp", "cffpcp"}, {"", "cffpcp"},
		{"crf", "cffpcp"},    {"cffccf", "cffpcp"}, {"fffppp", "fffpcp"}, {"xxxxxx", "cffpcp"},
	};
	struct batch *b = batching_make(state, 6);
	int index;

	batching_end(b, 1, COMPLETED);
	batching_end(b, 2, MAY_PASS);
	batching_end(b, 3, PERMANENT);
	batching_end(b, 5, COMPLETED);
	batch_close(b);
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
		const char *left = cases[i / 2].left;

		testing_write("batches/b/state", left, strlen(left));
		if (i % 2)
			assert_int_equal(truncate("batches/b/results.index", 0), 0);
		batch_close(batching_open(state, i % 2 ? BATCH_WORK : BATCH_JOIN));
		testing_assert_file("batches/b/state", cases[i / 2].want);
	}
	/* Entries that the disk lost, though the index says how far it goes: what is done stays done. */
	testing_write("batches/b/state", "cffpcc", 6);
	index = open("batches/b/results.index", O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(index, (char[48]){0}, 48, 8), 48);
	close(index);
	batch_close(batching_open(state, BATCH_WORK));
	testing_assert_file("batches/b/state", "cffpcp");
}

/* The same in a longer batch, where most items are as usual. */
static void
states_among_many_are_brought_up(void **state)
{
	enum { N = 300 };
	static const uint32_t ended[] = {1, 64, 65, 128, 200, 300}, unended[] = {2, 63, 129, 256, 299};
	struct batch *b = batching_make(state, N);
	char left[N], want[N + 1];

	memset(left, 'p', N);
	memset(want, 'p', N);
	want[N] = '\0';
	for (size_t i = 0; i < sizeof(ended) / sizeof(*ended); i++) {
		batching_end(b, ended[i], i % 2 ? MAY_PASS : COMPLETED);
		want[ended[i] - 1] = i % 2 ? 'f' : 'c';
	}
	for (size_t i = 0; i < sizeof(unended) / sizeof(*unended); i++)
		left[unended[i] - 1] = i % 2 ? 'f' : 'c';
	batch_close(b);
	testing_write("batches/b/state", left, N);
	batch_close(batching_open(state, BATCH_JOIN));
	testing_assert_file("batches/b/state", want);
}

/* Who only adds does not read them all, but learns the true state of what it asks for. */
static void
an_adder_brings_states_up_when_it_asks_for_old_items(void **state)
{
	static const char *const left[] = {"rrr", "ppp", "xxp"};
	struct batch *b = batching_make(state, 3);
	struct batch_ask ask = {.kind = "url", .where = "http://a/1", .text = "{\"url\":\"http://a/1\"}"};

	batching_end(b, 1, COMPLETED);
	batching_end(b, 2, MAY_PASS);
	batch_close(b);
	for (size_t i = 0; i < sizeof(left) / sizeof(*left); i++) {
		char url[32];

		testing_write("batches/b/state", left[i], 3);
		b = batching_open(state, BATCH_ADD);
		snprintf(url, sizeof(url), "http://b/%zu", i);
		assert_int_equal(batching_add(b, NULL, url), 4 + i);
		for (uint32_t k = 1; k <= 3; k++)
			assert_int_equal(batch_state(b, k), left[i][k - 1]);
		assert_int_equal(batch_add(b, &ask, 1), 0);
		assert_int_equal(ask.item, 1);
		assert_int_equal(ask.state, 'c');
		assert_int_equal(batch_state(b, 2), 'f');
		batch_close(b);
	}
}

/* He was killed after his group was recorded, and before its states were written. */
static void
a_dead_owners_group_is_brought_up_by_who_meets_one(void **state)
{
	struct batch *b = batching_make(state, 5), *later;
	char line[128];
	int results;

	batching_end(b, 4, MAY_PASS);
	later = batching_open(state, BATCH_WORK);
	assert_int_equal(batch_claim(later, 4, NULL), CLAIM_OURS);
	assert_int_equal(batch_claim(later, 5, NULL), CLAIM_OURS);
	results = openat(batch_dirfd(b), "results.ndjson", O_WRONLY | O_APPEND | O_CLOEXEC);
	for (uint32_t k = 1; k <= 3; k++) {
		batching_line(k, k == 2 ? MAY_PASS : COMPLETED, line);
		strcat(line, "\n");
		assert_int_equal(write(results, line, strlen(line)), strlen(line));
	}
	close(results);
	testing_write("batches/b/state", "rrrrr", 5);
	assert_int_equal(batch_claim(later, 3, NULL), CLAIM_DONE);
	testing_assert_file("batches/b/state", "cfcrr");
	/* Its own claims are what they were, and what failed meanwhile is not tried again. */
	assert_int_equal(batch_claim(b, 4, NULL), CLAIM_HELD);
	assert_int_equal(batch_claim(b, 5, NULL), CLAIM_HELD);
	assert_int_equal(batch_claim(later, 2, NULL), CLAIM_FAILED);
	batch_release(later, 4);
	batch_release(later, 5);
	testing_assert_file("batches/b/state", "cfcfp");
	batch_close(b);
	batch_close(later);
}

static void
one_state_is_recovered_from_its_result(void **state)
{
	struct batch *b = batching_make(state, 3), *other;

	batching_end(b, 1, COMPLETED);
	batching_end(b, 2, MAY_PASS);
	other = batching_open(state, BATCH_WORK);
	testing_write("batches/b/state", "fcc", 3);
	for (uint32_t k = 1; k <= 3; k++)
		assert_int_equal(batch_recover(b, k), 1);
	testing_assert_file("batches/b/state", "cfp");
	for (uint32_t k = 1; k <= 3; k++)
		assert_int_equal(batch_recover(b, k), 0);
	assert_int_equal(batch_recover(b, 4), -1);
	assert_int_equal(errno, ENOENT);
	/* Not what somebody works on. */
	assert_int_equal(batch_claim(other, 2, NULL), CLAIM_OURS);
	assert_int_equal(batch_recover(b, 2), 0);
	assert_int_equal(batch_recover(other, 2), 0);
	testing_assert_file("batches/b/state", "crp");
	batch_close(b);
	batch_close(other);
}

static void
a_failed_item_is_tried_again_by_who_comes_later(void **state)
{
	struct batch *b = batching_make(state, 3), *later;

	batching_end(b, 1, MAY_PASS);
	batching_end(b, 2, PERMANENT);
	batching_end(b, 3, COMPLETED);
	/* Not by those who were there when it failed, whoever worked on it. */
	assert_int_equal(batch_claim(b, 1, NULL), CLAIM_FAILED);
	assert_int_equal(batch_claim(b, 1, &all_failed), CLAIM_FAILED);
	assert_int_equal(batch_claim(b, 2, &all_failed), CLAIM_FAILED);
	later = batching_open(state, BATCH_WORK);
	assert_int_equal(batch_claim(later, 2, NULL), CLAIM_FAILED);
	assert_int_equal(batch_claim(later, 2, &all_failed), CLAIM_OURS);
	assert_int_equal(batch_claim(later, 1, NULL), CLAIM_OURS);
	assert_int_equal(batch_claim(later, 3, &all_failed), CLAIM_DONE);
	batching_record(later, 1, MAY_PASS);
	batching_record(later, 2, COMPLETED);
	assert_int_equal(batch_claim(later, 1, &all_failed), CLAIM_FAILED);
	assert_false(batch_is_claimed(b, 1));
	batching_assert_result(b, 2, "completed");
	testing_assert_file("batches/b/state", "fcc");
	batch_close(b);
	batch_close(later);
	/* A failure without a result line is none. */
	testing_write("batches/b/state", "fff", 3);
	assert_int_equal(truncate("batches/b/results.ndjson", 0), 0);
	b = batching_open(state, BATCH_WORK);
	assert_int_equal(batch_claim(b, 1, NULL), CLAIM_OURS);
	batch_close(b);
}

static void
a_group_is_recorded_in_its_order(void **state)
{
	struct batch *b = batching_make(state, 5), *other = batching_open(state, BATCH_WORK);
	struct batch_outcome v[3];
	static const uint32_t items[] = {5, 1, 3};
	char lines[3][128], want[512];

	for (int i = 0; i < 3; i++) {
		assert_int_equal(batch_claim(b, items[i], NULL), CLAIM_OURS);
		batching_line(items[i], i == 1 ? PERMANENT : COMPLETED, lines[i]);
		v[i] = (struct batch_outcome){items[i], i != 1, lines[i], strlen(lines[i]), NULL};
	}
	assert_int_equal(batch_record(b, v, 0, true), 0);
	testing_assert_file("batches/b/results.ndjson", "");
	assert_int_equal(batch_record(b, v, 3, true), 0);
	snprintf(want, sizeof(want), "%s\n%s\n%s\n", lines[0], lines[1], lines[2]);
	testing_assert_file("batches/b/results.ndjson", want);
	testing_assert_file("batches/b/state", "fpcpc");
	for (int i = 0; i < 3; i++) {
		struct buf out = {0};

		assert_int_equal(batch_result(other, items[i], &out), 0);
		assert_string_equal(out.data, lines[i]);
		assert_false(batch_is_claimed(other, items[i]));
		buf_free(&out);
	}
	/* The last line counts, also where others recorded in between. */
	batching_end(other, 2, COMPLETED);
	batch_close(b);
	b = batching_open(state, BATCH_WORK);
	batching_end(b, 1, COMPLETED);
	batching_assert_result(other, 1, "completed");
	batching_assert_result(other, 2, "completed");
	batch_close(b);
	batch_close(other);
}

/* For a process that removes the files of an item after its result says so. */
static void
a_claim_may_outlast_the_record(void **state)
{
	struct batch *b = batching_make(state, 2), *other = batching_open(state, BATCH_WORK);
	char line[128];

	assert_int_equal(batch_claim_any(b, 2), CLAIM_OURS);
	batching_line(2, MAY_PASS, line);
	assert_int_equal(batch_record_held(b, &(struct batch_outcome){2, false, line, strlen(line), NULL}, 1, true), 0);
	testing_assert_file("batches/b/state", "pf");
	assert_int_equal(batch_claim_any(other, 2), CLAIM_HELD);
	batch_unclaim(b, 2);
	assert_int_equal(batch_claim_any(other, 2), CLAIM_OURS);
	batch_close(b);
	batch_close(other);
}

static void
a_torn_result_is_cut(void **state)
{
	struct batch *b = batching_make(state, 2);
	int fd = openat(batch_dirfd(b), "results.ndjson", O_WRONLY | O_APPEND | O_CLOEXEC);
	struct buf out = {0};

	batching_end(b, 1, COMPLETED);
	assert_int_equal(write(fd, "{\"item\":2,\"status\":\"completed\"", 30), 30);
	assert_int_equal(batch_result(b, 2, &out), -1);
	assert_int_equal(errno, ENOENT);
	batching_end(b, 2, MAY_PASS);
	batching_assert_result(b, 1, "completed");
	batching_assert_result(b, 2, "failed");
	close(fd);
	buf_free(&out);
	batch_close(b);
}

static void
record_on_a_full_disk(void *arg)
{
	struct batch *b = arg;
	struct batch_outcome v[40];
	char lines[40][128];
	struct rlimit limit = {1024, 1024};

	signal(SIGXFSZ, SIG_IGN);
	for (uint32_t i = 0; i < 40; i++) {
		NEED(batch_claim(b, i + 1, NULL) == CLAIM_OURS);
		batching_line(i + 1, COMPLETED, lines[i]);
		v[i] = (struct batch_outcome){i + 1, true, lines[i], strlen(lines[i]), NULL};
	}
	NEED(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	errno = 0;
	NEED(batch_record(b, v, 40, false) < 0 && errno == EFBIG);
	NEED(batch_state(b, 1) == 'r');
	NEED(batch_record(b, v + 1, 2, false) == 0);
	NEED(batch_state(b, 2) == 'c' && batch_state(b, 3) == 'c');
}

static void
a_full_disk_records_nothing_of_the_group(void **state)
{
	struct batch *b;

	batch_close(batching_make(state, 40));
	b = batching_open(state, BATCH_WORK);
	assert_int_equal(testing_child(record_on_a_full_disk, b, "out"), 0);
	batch_close(b);
	b = batching_open(state, BATCH_WORK);
	for (uint32_t k = 1; k <= 40; k++)
		assert_int_equal(batch_claim(b, k, NULL), k == 2 || k == 3 ? CLAIM_DONE : CLAIM_OURS);
	batching_assert_result(b, 3, "completed");
	batch_close(b);
}

/* The truth of rebuilding: 20 items, of three kinds and some with several results. */
static void
make_results(void **state)
{
	struct batch *b = batching_make(state, 20);
	char name[64];

	for (uint32_t k = 1; k <= 20; k++) {
		snprintf(name, sizeof(name), "batches/b/files/i%u_1.jpg", k);
		testing_write(name, "", 0);
	}

	for (uint32_t k = 1; k <= 15; k++)
		batching_end(b, k, k % 3 == 0 ? MAY_PASS : k % 5 == 0 ? PERMANENT : COMPLETED);
	batch_close(b);
	b = batching_open(state, BATCH_WORK);
	for (uint32_t k = 6; k <= 12; k += 3)
		batching_end(b, k, k == 9 ? PERMANENT : COMPLETED);
	assert_int_equal(batch_claim(b, 18, NULL), CLAIM_OURS);
	batch_release(b, 18);
	batch_close(b);
}

static void
rebuilding_gives_the_truth_after_any_damage(void **state)
{
	static const char *const names[] = {"batches/b/state", "batches/b/items.index", "batches/b/results.index"};
	static const char truth[] = "ccfcfcccffccccfppppp";
	char rubbish[512];
	char *right[3];
	size_t sizes[3];
	unsigned seed = 7;

	make_results(state);
	for (int i = 0; i < 3; i++) {
		struct stat st;

		right[i] = testing_read(names[i]);
		assert_int_equal(stat(names[i], &st), 0);
		sizes[i] = (size_t)st.st_size;
	}
	assert_string_equal(right[0], truth);
	for (int round = 0; round < 60; round++) {
		size_t n = (size_t)rand_r(&seed) % sizeof(rubbish);
		struct batch *b;
		struct buf where = {0};
		uint64_t changed = 99;

		for (size_t i = 0; i < n; i++)
			rubbish[i] = (char)(round % 2 ? rand_r(&seed) : "\0pcfrx"[rand_r(&seed) % 6]);
		if (round % 5 == 4)
			assert_int_equal(unlink(names[round % 3]), 0);
		else if (round % 5 == 3)
			assert_int_equal(truncate(names[round % 3], rand_r(&seed) % 30), 0);
		else if (round)
			testing_write(names[round % 3], rubbish, n);
		b = batching_open(state, BATCH_ALONE);
		assert_int_equal(batch_rebuild(b, &changed, &where), 0);
		if (round == 0 || round % 3)
			assert_int_equal(changed, 0);
		for (uint32_t k = 1; k <= 15; k++)
			batching_assert_result(b, k, truth[k - 1] == 'c' ? "completed" : "failed");
		for (int i = 0; i < 3; i++) {
			char *now = testing_read(names[i]);
			struct stat st;

			assert_int_equal(stat(names[i], &st), 0);
			assert_int_equal(st.st_size, sizes[i]);
			assert_memory_equal(now, right[i], sizes[i]);
			free(now);
		}
		batch_close(b);
	}
	for (int i = 0; i < 3; i++)
		free(right[i]);
}

static void
rebuilding_counts_what_it_changed(void **state)
{
	struct batch *b;
	struct buf where = {0};
	uint64_t changed;

	make_results(state);
	testing_write("batches/b/state", "cccccccccfccccfrp\0p", 19);
	b = batching_open(state, BATCH_ALONE);
	assert_int_equal(batch_rebuild(b, &changed, &where), 0);
	assert_int_equal(changed, 4); /* 3, 5, 9 and the r; a NUL or a missing byte is as good as p */
	testing_assert_file("batches/b/state", "ccfcfcccffccccfppppp");
	assert_int_equal(batch_rebuild(b, NULL, &where), 0);
	batch_close(b);
}

static void
rebuilding_has_lost_files_tried_again(void **state)
{
	struct batch *b;
	struct buf where = {0};
	uint64_t changed;

	make_results(state);
	assert_int_equal(unlink("batches/b/files/i1_1.jpg"), 0);
	assert_int_equal(unlink("batches/b/files/i3_1.jpg"), 0); /* of one that failed: nobody misses it */
	b = batching_open(state, BATCH_ALONE);
	assert_int_equal(batch_rebuild(b, &changed, &where), 0);
	assert_int_equal(changed, 1);
	batch_close(b);
	testing_assert_file("batches/b/state", "fcfcfcccffccccfppppp");
	for (int i = 0; i < 2; i++) { /* what was said once stays so, and is not said again */
		b = batching_open(state, BATCH_ALONE);
		batching_assert_result(b, 1, "failed");
		assert_int_equal(batch_rebuild(b, &changed, &where), 0);
		assert_int_equal(changed, 0);
		batch_close(b);
	}
	b = batching_open(state, BATCH_WORK);
	assert_int_equal(batch_claim(b, 1, false), CLAIM_OURS);
	assert_int_equal(batch_claim(b, 2, false), CLAIM_DONE);
	batching_record(b, 1, COMPLETED);
	batch_close(b);
	testing_assert_file("batches/b/state", "ccfcfcccffccccfppppp");
}

/* Where a file cannot be looked at, nothing is said of any: not of those that are gone either. */
static void
rebuilding_stops_at_what_it_cannot_look_at(void **state)
{
	struct batch *b;
	struct buf where = {0};
	char *before;

	make_results(state);
	before = testing_read("batches/b/results.ndjson");
	assert_int_equal(unlink("batches/b/files/i1_1.jpg"), 0);
	assert_int_equal(unlink("batches/b/files/i7_1.jpg"), 0);
	assert_int_equal(symlink("i7_1.jpg", "batches/b/files/i7_1.jpg"), 0); /* ELOOP, as root too */
	b = batching_open(state, BATCH_ALONE);
	assert_int_equal(batch_rebuild(b, NULL, &where), -1);
	assert_int_equal(errno, ELOOP);
	assert_string_equal(where.data, "files/i7_1.jpg");
	batch_close(b);
	testing_assert_file("batches/b/results.ndjson", before);
	testing_assert_file("batches/b/state", "ccfcfcccffccccfppppp");

	assert_int_equal(rename("batches/b/files", "batches/b/else"), 0);
	assert_int_equal(symlink("files", "batches/b/files"), 0);
	b = batching_open(state, BATCH_ALONE);
	assert_int_equal(batch_filesfd(b), -1);
	assert_int_not_equal(errno, ENOENT);
	assert_int_equal(batch_rebuild(b, NULL, &where), -1);
	assert_string_equal(where.data, "files/");
	batch_close(b);
	testing_assert_file("batches/b/results.ndjson", before);

	/* That it is not there is an answer. */
	assert_int_equal(unlink("batches/b/files"), 0);
	b = batching_open(state, BATCH_ALONE);
	assert_int_equal(batch_rebuild(b, NULL, &where), 0);
	batch_close(b);
	testing_assert_file("batches/b/state", "fffffffffffffffppppp");
	buf_free(&where);
	free(before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(claims_exclude_and_die_with_their_holder, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(neighbours_are_claimed_by_one_lock, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_run_dies_with_its_holder, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(lines_are_read_ahead, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(new_passwords_of_old_items_are_found, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(new_headers_of_old_items_are_found, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(states_are_read_ahead, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_completed_item_can_be_claimed, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_claim_is_one_among_many_processes, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_release_while_the_index_is_made_anew_keeps_the_result, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(a_claim_while_the_index_is_made_anew_sees_the_result, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(a_result_left_by_a_dead_owner_counts, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(states_are_brought_up_to_results, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(states_among_many_are_brought_up, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_dead_owners_group_is_brought_up_by_who_meets_one, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(an_adder_brings_states_up_when_it_asks_for_old_items, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(one_state_is_recovered_from_its_result, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_failed_item_is_tried_again_by_who_comes_later, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(a_claim_may_outlast_the_record, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_group_is_recorded_in_its_order, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_torn_result_is_cut, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_full_disk_records_nothing_of_the_group, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(rebuilding_gives_the_truth_after_any_damage, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(rebuilding_counts_what_it_changed, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(rebuilding_has_lost_files_tried_again, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(rebuilding_stops_at_what_it_cannot_look_at, testing_enter,
						testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("batch_work", tests, NULL, NULL);
}
