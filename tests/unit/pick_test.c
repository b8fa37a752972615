/* Lists of candidates, and what else a decision says. */
#include "picking.h"

static void
set_many(void)
{
	static const char text[] = "{\"picks\":\"many\",\"of a later version\":[1]}\n";

	testing_write("batches/b/review.json", text, sizeof(text) - 1);
}

static void
a_list_and_remarks_are_as_documented(void **state)
{
	struct batch *b = picking_make(state);
	const struct pick first[] = {
		{.subject = "7", .choice = 3, .list = "[3,1]", .reviewer = "ada", .at = "2026-11-22T15:04:05Z"},
		{.subject = "10",
		 .choice = 1,
		 .reviewer = "ada",
		 .at = "2026-11-22T15:04:05Z",
		 .unsure = true,
		 .stars = 4,
		 .note = "two\nlines \"…\""},
		{.subject = "Z",
		 .choice = PICK_NONE,
		 .reviewer = "ada",
		 .at = "2026-11-22T15:04:05Z",
		 .reason = "blurred"},
		{.subject = "Z", .choice = PICK_BACK, .reviewer = "bob", .at = "2026-11-22T15:04:05Z", .note = "ask"}};
	const struct pick *v;
	struct picks *p;
	size_t cursor = 0;

	set_many();
	assert_int_equal(add_picks(b, first, 4), 0);
	assert_int_equal(add_picks(b, first, 4), 0); /* nothing is new */
	testing_assert_file(
		picks_file,
		"{\"subject\":\"7\",\"choice\":[3,1],\"reviewer\":\"ada\",\"at\":\"2026-11-22T15:04:05Z\"}\n"
		"{\"subject\":\"10\",\"choice\":[1],\"reviewer\":\"ada\",\"at\":\"2026-11-22T15:04:05Z\","
		"\"unsure\":true,"
		"\"stars\":4,\"note\":\"two\\u000alines \\\"…\\\"\"}\n"
		"{\"subject\":\"Z\",\"choice\":0,\"reviewer\":\"ada\",\"at\":\"2026-11-22T15:04:05Z\",\"reason\":"
		"\"blurred\"}\n"
		"{\"subject\":\"Z\",\"choice\":null,\"reviewer\":\"bob\",\"at\":\"2026-11-22T15:04:05Z\","
		"\"note\":\"ask\"}\n");
	p = picks_read(b);
	assert_int_equal(picks_bad_lines(p), 0);
	assert_string_equal(standing(p), "7:ada=3 10:ada=1 Z:ada=0 ");
	v = picks_get(p, 0);
	assert_int_equal(pick_candidates(v), 2);
	assert_int_equal(pick_rank(v, 1), 2);
	assert_int_equal(pick_rank(v, 2), 0);
	v = picks_get(p, 1);
	assert_true(v->unsure && v->stars == 4);
	assert_string_equal(v->note, "two\nlines \"…\"");
	assert_string_equal(picks_get(p, 2)->reason, "blurred");
	v = picks_next_undecided(p, &cursor);
	assert_string_equal(v->reviewer, "bob");
	assert_null(picks_next_undecided(p, &cursor));
	picks_free(p);
	batch_close(b);
}

/* A request of a client that does not know remarks keeps them where it decides the same, and drops them where not. */
static void
remarks_stay_with_the_same_choice(void **state)
{
	struct batch *b = picking_make(state);
	const struct pick noted[] = {{.subject = "7", .choice = 3, .reviewer = "ada", .note = "look"}};
	struct pick bare[] = {PICK("7", 3, "ada", NULL)};
	struct picks *p;

	bare->bare = true;
	assert_int_equal(add_picks(b, noted, 1), 0);
	assert_int_equal(add_picks(b, bare, 1), 0);
	assert_int_equal(lines(), 1);
	usleep(2000);
	bare->at = "2999-01-01T00:00:00Z"; /* looked at again, now */
	assert_int_equal(add_picks(b, bare, 1), 0);
	assert_int_equal(lines(), 2);
	p = picks_read(b);
	assert_string_equal(picks_get(p, 0)->note, "look");
	bare->choice = 2;
	assert_int_equal(picks_put(p, bare, 1, NULL), 0);
	assert_null(picks_get(p, 0)->note);
	bare->bare = false;
	assert_int_equal(picks_put(p, noted, 1, NULL), 0);
	bare->choice = 3;
	bare->at = NULL;
	assert_int_equal(picks_put(p, bare, 1, NULL), 0); /* says that there is no note any more */
	assert_null(picks_get(p, 0)->note);
	picks_free(p);
	batch_close(b);
}

/* A candidate that was chosen and then removed: a note that comes later, with or without a word on the choice, does not
 * hide that. A new choice does. */
static void
a_note_keeps_what_was_removed(void **state)
{
	struct batch *b = picking_make(state);
	const struct pick chosen[] = {PICK("7", 3, "ada", NULL), PICK("8", 1, "ada", NULL)};
	const struct pick removed[] = {{.subject = "7", .choice = PICK_BACK, .reviewer = "ada", .removed = 3},
				       {.subject = "8", .choice = PICK_BACK, .reviewer = "ada", .removed = 1}};
	const struct pick noted[] = {{.subject = "7", .choice = PICK_BACK, .reviewer = "ada", .note = "a pity"},
				     {.subject = "8", .choice = PICK_BACK, .reviewer = "ada", .unsure = true}};
	const struct pick *one;
	size_t cursor = 0;
	struct picks *p;

	assert_int_equal(add_picks(b, chosen, 2), 0);
	assert_int_equal(add_picks(b, removed, 2), 0);
	assert_int_equal(add_picks(b, noted, 2), 0);
	assert_int_equal(lines(), 6);
	p = picks_read(b);
	one = picks_next_removed(p, &cursor);
	assert_non_null(one);
	assert_int_equal(one->removed, 3);
	assert_string_equal(one->note, "a pity");
	one = picks_next_removed(p, &cursor);
	assert_non_null(one);
	assert_int_equal(one->removed, 1);
	picks_free(p);
	assert_int_equal(add_picks(b, (const struct pick[]){PICK("7", 2, "ada", NULL)}, 1), 0);
	assert_int_equal(add_picks(b, (const struct pick[]){PICK("7", PICK_BACK, "ada", NULL)}, 1), 0);
	p = picks_read(b);
	cursor = 0;
	one = picks_next_removed(p, &cursor);
	assert_non_null(one);
	assert_string_equal(one->subject, "8");
	assert_null(picks_next_removed(p, &cursor));
	picks_free(p);
	batch_close(b);
}

static void
lists_agree_in_their_order(void **state)
{
	static const struct {
		const char *x, *y; /* lists; NULL: 3 alone */
		bool agreed;
	} cases[] = {{"[3,1]", "[3,1]", true}, {"[3,1]", "[3,2]", false}, {"[3,1]", "[3]", false},
		     {"[3]", NULL, true},      {NULL, "[3,1]", false},    {"[3,1,2]", "[3,2,1]", false}};
	struct batch *b = picking_make(state);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct pick v[] = {{.subject = "7", .choice = 3, .list = cases[i].x, .reviewer = "ada"},
					 {.subject = "7", .choice = 3, .list = cases[i].y, .reviewer = "bob"}};
		struct picks_subject s;
		struct picks *p;

		assert_int_equal(add_picks(b, v, 2), 0);
		p = picks_read(b);
		assert_true(picks_subject(p, 0, &s));
		assert_int_equal(s.agreed, cases[i].agreed);
		picks_free(p);
	}
	batch_close(b);
}

static void
a_list_is_refused_where_one_is_picked(void **state)
{
	char note[2003];
	const struct {
		struct pick v;
		const char *one, *many; /* what is wrong where the batch allows one and many; NULL: nothing */
	} cases[] = {
		{{.subject = "7", .choice = 3, .list = "[3,1]"},
		 "the choice for subject '7' is a list, and the batch has one pick a subject (bi-render --picks many "
		 "allows "
		 "several)",
		 NULL},
		{{.subject = "7", .choice = 3, .list = "[3]"},
		 "the choice for subject '7' is a list, and the batch has one pick a subject (bi-render --picks many "
		 "allows "
		 "several)",
		 NULL},
		{{.subject = "7", .choice = 3}, NULL, NULL},
		{{.subject = "7", .choice = 3, .list = "[3,4]"}, "", "subject '7' has the candidates 1 to 3, not 4"},
		{{.subject = "7", .choice = 3, .note = note}, "subject '7': its note is longer than 2000 bytes", ""},
		{{.subject = "7", .choice = 3, .note = note + 2}, NULL, NULL},
		{{.subject = "7", .choice = 3, .note = "a\x1b[1m"},
		 "subject '7': its note has a control character in it",
		 ""},
		{{.subject = "7", .choice = 0, .reason = "a\nb"},
		 "subject '7': its reason is not one line of at most 200 bytes",
		 ""},
		{{.subject = "7", .choice = 3, .reason = "blurred"},
		 "subject '7': its reason needs the choice 0, none of the candidates",
		 ""},
		{{.subject = "7", .choice = 0, .reason = "blurred", .stars = 1, .unsure = true}, NULL, NULL},
	};
	struct batch *b = picking_make(state);
	struct picks_subjects *s = picks_subjects_read(b);
	char wrong[256];

	memset(note, 'n', sizeof(note) - 1);
	note[sizeof(note) - 1] = '\0';
	for (int many = 0; many < 2; many++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			const char *is = many ? cases[i].many : cases[i].one;

			*wrong = '\0';
			assert_int_equal(picks_check(s, &cases[i].v, 1, wrong, sizeof(wrong)), is == NULL);
			if (is && *is)
				assert_string_equal(wrong, is);
		}
		set_many();
		assert_int_equal(picks_subjects_refresh(s), 0);
	}
	testing_write("batches/b/review.json", "[", 1);
	assert_int_equal(picks_subjects_refresh(s), -1); /* it is not known what the batch allows */
	assert_int_equal(add_picks(b, &cases[2].v, 1), -1);
	assert_int_equal(access(picks_file, F_OK) == 0 ? lines() : 0, 0);
	picks_subjects_free(s);
	batch_close(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_list_and_remarks_are_as_documented, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(remarks_stay_with_the_same_choice, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_note_keeps_what_was_removed, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(lists_agree_in_their_order, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_list_is_refused_where_one_is_picked, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("pick", tests, NULL, NULL);
}
