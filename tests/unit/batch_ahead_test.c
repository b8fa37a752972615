/* What batch_ahead.c and batch_look.c do: lines and states that are read ahead. */
#include "batching.h"

#include <time.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_are_read_ahead, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(new_passwords_of_old_items_are_found, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(new_headers_of_old_items_are_found, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(states_are_read_ahead, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("batch_ahead", tests, NULL, NULL);
}
