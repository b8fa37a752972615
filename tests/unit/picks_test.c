#include "picking.h"

#include <sys/resource.h>

#include "base/lock.h"
#include "files/append.h"
#include "records/rec.h"

static void
the_last_decision_stands(void **state)
{
	struct batch *b = picking_make(state);
	const struct pick first[] = {PICK("7", 3, "ada", "2026-11-22T15:04:05.123Z"), PICK("10", 0, NULL, NULL),
				     PICK("7", 1, "bob", NULL), PICK("Z", 2, "", NULL)};
	const struct pick then[] = {PICK("7", 2, "ada", NULL), PICK("Z", PICK_BACK, NULL, NULL),
				    PICK("10", 1, "a\"\\ü", NULL)};

	assert_standing(b, "");
	assert_int_equal(access(picks_file, F_OK), -1); /* reading makes nothing */
	assert_int_equal(add_picks(b, first, 4), 0);
	assert_standing(b, "7:ada=3 7:bob=1 10:anonymous=0 Z:anonymous=2 ");
	assert_int_equal(add_picks(b, then, 3), 0);
	assert_standing(b, "7:ada=2 7:bob=1 10:a\"\\ü=1 10:anonymous=0 ");
	assert_int_equal(lines(), 7);
	batch_close(b);
}

static void
a_line_is_as_documented(void **state)
{
	struct batch *b = picking_make(state);
	const struct pick v[] = {PICK("7", 3, "ada", "2026-11-22T15:04:05.123Z")};
	const struct pick back[] = {PICK("7", PICK_BACK, "ada", "2026-11-22T15:04:06Z")};
	struct picks *p;
	char *text;

	assert_int_equal(add_picks(b, v, 1), 0);
	assert_int_equal(add_picks(b, back, 1), 0);
	testing_assert_file(
		picks_file,
		"{\"subject\":\"7\",\"choice\":3,\"reviewer\":\"ada\",\"at\":\"2026-11-22T15:04:05.123Z\"}\n"
		"{\"subject\":\"7\",\"choice\":null,\"reviewer\":\"ada\",\"at\":\"2026-11-22T15:04:06Z\"}\n");
	assert_int_equal(add_picks(b, &(struct pick)PICK("Z", 1, "ada", NULL), 1), 0);
	p = picks_read(b);
	assert_int_equal(picks_count(p), 1);
	assert_int_equal(strlen(picks_get(p, 0)->at), strlen("2026-11-22T15:04:05.123Z"));
	picks_free(p);
	text = testing_read(picks_file);
	assert_non_null(strstr(text, "{\"subject\":\"Z\",\"choice\":1,\"reviewer\":\"ada\",\"at\":\"2"));
	free(text);
	batch_close(b);
}

static void
what_stands_is_not_written_again(void **state)
{
	struct batch *b = picking_make(state);
	const struct pick v[] = {PICK("7", 3, "ada", NULL), PICK("Z", PICK_BACK, "ada", NULL)};

	assert_int_equal(add_picks(b, v, 2), 0);
	assert_int_equal(add_picks(b, v, 2), 0);
	assert_int_equal(lines(), 1);
	assert_int_equal(add_picks(b, &(struct pick)PICK("7", 3, "bob", NULL), 1), 0);
	assert_int_equal(lines(), 2);
	batch_close(b);
}

static void
subjects_are_agreed_or_not(void **state)
{
	struct batch *b = picking_make(state);
	const struct pick v[] = {PICK("7", 3, "ada", NULL),         PICK("7", 3, "bob", NULL),
				 PICK("10", 0, "ada", NULL),        PICK("10", 1, "bob", NULL),
				 PICK("Z", 0, "ada", NULL),         PICK("Z", 1, "bob", NULL),
				 PICK("Z", PICK_BACK, "bob", NULL), PICK("Z", PICK_BACK, "eve", NULL)};
	struct picks_subject s = {0};
	struct picks *p;

	assert_int_equal(add_picks(b, v, 8), 0);
	p = picks_read(b);
	assert_true(picks_subject(p, 0, &s));
	assert_string_equal(s.id, "7");
	assert_true(s.agreed && s.choice == 3 && s.count == 2);
	assert_true(picks_subject(p, s.first + s.count, &s));
	assert_string_equal(s.id, "10");
	assert_true(!s.agreed && s.count == 2);
	assert_true(picks_subject(p, s.first + s.count, &s));
	assert_string_equal(s.id, "Z");
	assert_true(s.agreed && s.choice == PICK_NONE && s.count == 1);
	assert_false(picks_subject(p, s.first + s.count, &s));
	picks_free(p);
	batch_close(b);
}

static void
a_version_is_of_the_file(void **state)
{
	struct batch *b = picking_make(state);
	struct picks *p = picks_read(b), *q = picks_read(b);
	char empty[40], one[40];

	snprintf(empty, sizeof(empty), "%s", picks_version(p));
	assert_int_equal(picks_put(p, &(struct pick)PICK("7", 3, "ada", NULL), 1, empty), 0);
	snprintf(one, sizeof(one), "%s", picks_version(p));
	assert_string_not_equal(one, empty);
	/* Somebody else's was the older one. */
	assert_int_equal(picks_put(q, &(struct pick)PICK("7", 2, "ada", NULL), 1, empty), 1);
	assert_string_equal(picks_version(q), one);
	assert_string_equal(standing(q), "7:ada=3 ");
	assert_int_equal(lines(), 1);
	assert_int_equal(picks_put(q, &(struct pick)PICK("7", 2, "ada", NULL), 1, one), 0);
	assert_int_equal(picks_refresh(p), 0);
	assert_string_equal(picks_version(p), picks_version(q));
	assert_string_equal(standing(p), "7:ada=2 ");
	picks_free(p);
	p = picks_read(b); /* read whole, not by pieces */
	assert_string_equal(picks_version(p), picks_version(q));
	picks_free(p);
	picks_free(q);
	batch_close(b);
}

static void
other_files_of_that_name_are_noticed(void **state)
{
	struct batch *b = picking_make(state);
	struct picks *p;

	assert_int_equal(add_picks(b, (struct pick[]){PICK("7", 3, "ada", NULL), PICK("Z", 1, "ada", NULL)}, 2), 0);
	p = picks_read(b);
	assert_int_equal(rename(picks_file, "old"), 0);
	assert_int_equal(unlink("old"), 0);
	assert_int_equal(picks_refresh(p), 0);
	assert_string_equal(standing(p), "");
	assert_int_equal(picks_put(p, &(struct pick)PICK("10", 1, "ada", NULL), 1, NULL), 0);
	assert_string_equal(standing(p), "10:ada=1 ");
	assert_int_equal(truncate(picks_file, 0), 0);
	assert_int_equal(picks_refresh(p), 0);
	assert_string_equal(standing(p), "");
	assert_int_equal(rename(picks_file, "old"), 0);
	assert_int_equal(picks_put(p, &(struct pick)PICK("10", 0, "ada", NULL), 1, NULL), 0);
	assert_string_equal(standing(p), "10:ada=0 ");
	picks_free(p);
	assert_int_equal(rename(picks_file, "old"), 0);
	assert_int_equal(symlink("../../old", picks_file), 0);
	assert_int_equal(add_picks(b, &(struct pick)PICK("7", 1, "ada", NULL), 1), -1);
	assert_null(picks_read(b));
	batch_close(b);
}

static void
torn_and_bad_lines_are_passed_over(void **state)
{
	static const char text[] = "{\"subject\":\"7\",\"choice\":3,\"reviewer\":\"ada\",\"at\":\"2026\"}\n"
				   "rubbish\n"
				   "{\"subject\":\"../7\",\"choice\":3,\"reviewer\":\"ada\",\"at\":\"2026\"}\n"
				   "{\"subject\":\"7\",\"choice\":\"3\",\"reviewer\":\"ada\",\"at\":\"2026\"}\n"
				   "{\"subject\":\"7\",\"choice\":-3,\"reviewer\":\"ada\",\"at\":\"2026\"}\n"
				   "{\"subject\":\"7\",\"reviewer\":\"ada\",\"at\":\"2026\"}\n"
				   "{\"subject\":\"7\",\"choice\":1,\"reviewer\":\"a\\nb\",\"at\":\"2026\"}\n"
				   "{\"subject\":\"7\",\"choice\":[],\"reviewer\":\"ada\",\"at\":\"2026\"}\n"
				   "{\"subject\":\"7\",\"choice\":3,\"reviewer\":\"ada\",\"at\":\"2026\",\"stars\":99,"
				   "\"note\":{},\"of a later version\":[]}\n"
				   "[]\n"
				   "{\"subject\":\"7\",\"choice\":1,\"reviewer\":\"ada\",\"at\":\"2";
	struct batch *b = picking_make(state);
	struct picks *p;

	testing_write(picks_file, text, sizeof(text) - 1);
	p = picks_read(b);
	assert_string_equal(standing(p), "7:ada=3 ");
	assert_int_equal(picks_bad_lines(p), 8);
	assert_int_equal(picks_put(p, &(struct pick)PICK("Z", 1, "ada", NULL), 1, picks_version(p)), 0);
	assert_string_equal(standing(p), "7:ada=3 Z:ada=1 ");
	picks_free(p);
	assert_standing(b, "7:ada=3 Z:ada=1 ");
	assert_int_equal(lines(), 11); /* only the torn tail went */
	batch_close(b);
}

static void
a_wrong_set_is_refused(void **state)
{
	static const struct {
		struct pick v;
		const char *wrong; /* NULL: it is right */
	} cases[] = {
		{PICK("7", 3, "ada", NULL), NULL},
		{PICK("7", 1, NULL, "2026-11-22T15:04:05Z"), NULL},
		{PICK("Z", 0, "", "2026-11-22T15:04:05.123456789Z"), NULL},
		{PICK("10", PICK_BACK, "\xf0\x9f\x90\xa6 żółw", NULL), NULL},
		{PICK("8", 1, "ada", NULL), "subject '8' is not in the batch"},
		{PICK("z", 1, "ada", NULL), "subject 'z' is not in the batch"},
		{PICK("../7", 1, "ada", NULL), "a subject's id must begin with a letter or digit of ASCII"},
		{PICK("7", 4, "ada", NULL), "subject '7' has the candidates 1 to 3, not 4"},
		{PICK("10", 2, "ada", NULL), "subject '10' has the candidates 1 to 1, not 2"},
		{PICK("7", -2, "ada", NULL), "subject '7' has the candidates 1 to 3, not -2"},
		{PICK("7", 1, "a\x1b[1m", NULL), "the reviewer's name has a control character in it"},
		{PICK("7", 1, "a\xc2\x85", NULL), "the reviewer's name has a control character in it"},
		{PICK("7", 1, "a\xe2\x80\xae", NULL), "the reviewer's name has a control character in it"},
		{PICK("7", 1, "a\xe2\x80\x8f", NULL), "the reviewer's name has a control character in it"},
		{PICK("7", 1, "a\xd8\x9c", NULL), "the reviewer's name has a control character in it"},
		{PICK("7", 1, "a\xe2\x80\x8b", NULL), "the reviewer's name has a control character in it"},
		{PICK("7", 1, "a\xef\xbb\xbf", NULL), "the reviewer's name has a control character in it"},
		{PICK("7", 1, "a\xff", NULL), "the reviewer's name is not UTF-8"},
		{PICK("7", 1, "\xc0\xaf", NULL), "the reviewer's name is not UTF-8"},
		{PICK("7", 1, "\xed\xa0\x80", NULL), "the reviewer's name is not UTF-8"},
		{PICK("7", 1, "ada", "yesterday"),
		 "the time of subject '7' is not written as 2026-11-22T15:04:05.123Z"},
		{PICK("7", 1, "ada", "2026-13-22T15:04:05Z"),
		 "the time of subject '7' is not written as 2026-11-22T15:04:05.123Z"},
		{PICK("7", 1, "ada", "2026-11-22T15:04:05+01:00"),
		 "the time of subject '7' is not written as 2026-11-22T15:04:05.123Z"},
		{PICK("7", 1, "ada", ""), "the time of subject '7' is not written as 2026-11-22T15:04:05.123Z"},
	};
	struct batch *b = picking_make(state);
	struct picks_subjects *s = picks_subjects_read(b);
	struct pick all[sizeof(cases) / sizeof(*cases)];
	char wrong[256], sixty_four[129] = "", sixty_five[131] = "";

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		all[i] = cases[i].v;
		*wrong = '\0';
		assert_int_equal(picks_check(s, &all[i], 1, wrong, sizeof(wrong)), cases[i].wrong == NULL);
		assert_string_equal(wrong, cases[i].wrong ? cases[i].wrong : "");
	}
	assert_false(picks_check(s, all, sizeof(cases) / sizeof(*cases), wrong, sizeof(wrong)));
	assert_string_equal(wrong, "subject '8' is not in the batch (and 19 more are wrong)");
	for (size_t i = 0; i < 65; i++) {
		memcpy(sixty_five + 2 * i, "\xc3\xbc", 2);
		memcpy(sixty_four + 2 * i, "\xc3\xbc", i < 64 ? 2 : 1);
	}
	sixty_four[128] = '\0';
	assert_null(pick_reviewer_check(sixty_four));
	assert_string_equal(pick_reviewer_check(sixty_five), "is longer than 64 characters");
	picks_subjects_free(s);
	batch_close(b);
}

static void
a_set_is_taken_from_json(void **state)
{
	static const struct {
		const char *json, *wrong; /* NULL: it is right */
	} cases[] = {
		{"{\"selections\":{}}", NULL},
		{"{\"batch\":\"b\",\"reviewer\":\"ada\",\"selections\":{\"7\":3,\"8\":0,\"9\":null},"
		 "\"at\":{\"7\":\"2026-11-22T15:04:05.123Z\"},\"remarks\":{\"8\":{\"reason\":\"blurred\",\"x\":1}},"
		 "\"more\":[]}",
		 NULL},
		{"[]", "it is no JSON object"},
		{"{}", "it has no object \"selections\""},
		{"{\"selections\":[3]}", "it has no object \"selections\""},
		{"{\"selections\":{},\"reviewer\":7}", "its \"reviewer\" is no string"},
		{"{\"selections\":{},\"at\":\"x\"}", "its \"at\" is no object"},
		{"{\"selections\":{},\"batch\":\"c\"}", "it is of another batch"},
		{"{\"selections\":{},\"batch\":1}", "its \"batch\" is no string"},
		{"{\"selections\":{\"7\":\"3\"}}", "the choice for subject '7' is no candidate's number, 0 or null"},
		{"{\"selections\":{\"7\":-1}}", "the choice for subject '7' is no candidate's number, 0 or null"},
		{"{\"selections\":{\"7\":1.5}}", "the choice for subject '7' is no candidate's number, 0 or null"},
		{"{\"selections\":{\"7\":[]}}",
		 "the choice for subject '7' is no candidate's number, nor a list of such numbers, each once"},
		{"{\"selections\":{\"7\":[3,3]}}",
		 "the choice for subject '7' is no candidate's number, nor a list of such numbers, each once"},
		{"{\"selections\":{\"7\":[0]}}",
		 "the choice for subject '7' is no candidate's number, nor a list of such numbers, each once"},
		{"{\"selections\":{\"7\":[3,null]}}",
		 "the choice for subject '7' is no candidate's number, nor a list of such numbers, each once"},
		{"{\"selections\":{\"7\":3},\"remarks\":[]}", "its \"remarks\" is no object"},
		{"{\"selections\":{\"7\":3},\"remarks\":{\"7\":true}}", "the remarks on subject '7' are no object"},
		{"{\"selections\":{\"7\":3},\"remarks\":{\"7\":{\"stars\":6}}}",
		 "subject '7': its stars is no number from 0 to 5"},
		{"{\"selections\":{\"7\":3},\"remarks\":{\"7\":{\"note\":3}}}", "subject '7': its note is no text"},
		{"{\"selections\":{\"7\":3},\"remarks\":{\"7\":{\"unsure\":\"yes\"}}}",
		 "subject '7': its unsure is neither true nor false"},
		{"{\"selections\":{\"7\":3},\"remarks\":{\"8\":{\"note\":\"x\"}}}",
		 "the remarks on subject '8' are without its choice in \"selections\""},
		{"{\"selections\":{},\"remarks\":{\"7\":{}}}",
		 "the remarks on subject '7' are without its choice in \"selections\""},
		{"{\"selections\":{\"7\":[3,1,2,1]}}",
		 "the choice for subject '7' is no candidate's number, nor a list of such numbers, each once"},
		{"{\"selections\":{\"7\":[3,2147483648]}}",
		 "the choice for subject '7' is no candidate's number, nor a list of such numbers, each once"},
		{"{\"selections\":{\"7\":true}}", "the choice for subject '7' is no candidate's number, 0 or null"},
	};
	struct picks_set set;
	char wrong[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct json_object *o = rec_parse(cases[i].json, strlen(cases[i].json), NULL, 0);

		*wrong = '\0';
		assert_non_null(o);
		assert_int_equal(picks_parse(o, "b", &set, wrong, sizeof(wrong)), cases[i].wrong == NULL);
		assert_string_equal(wrong, cases[i].wrong ? cases[i].wrong : "");
		assert_int_equal(set.n, i == 1 ? 3 : 0);
		if (i == 1) {
			assert_string_equal(set.v[0].subject, "7");
			assert_string_equal(set.v[0].reviewer, "ada");
			assert_string_equal(set.v[0].at, "2026-11-22T15:04:05.123Z");
			assert_int_equal(set.v[0].choice, 3);
			assert_int_equal(set.v[1].choice, PICK_NONE);
			assert_int_equal(set.v[2].choice, PICK_BACK);
			assert_null(set.v[2].at);
			assert_string_equal(set.v[1].reason, "blurred");
			assert_true(set.v[0].bare && !set.v[1].bare);
		}
		free(set.v);
		json_object_put(o);
	}
}

static void
subjects_that_come_later_are_known(void **state)
{
	struct batch *b = picking_make(state);
	struct picks_subjects *s = picks_subjects_read(b);

	assert_int_equal(picks_subjects_items(s, "7"), 3);
	assert_int_equal(picks_subjects_items(s, "10"), 1);
	assert_int_equal(picks_subjects_items(s, "8"), 0);
	batching_add(b, "8", "http://a/new");
	batching_add(b, "7", "http://a/new");
	assert_int_equal(picks_subjects_items(s, "8"), 0);
	assert_int_equal(picks_subjects_refresh(s), 0);
	assert_int_equal(picks_subjects_items(s, "8"), 1);
	assert_int_equal(picks_subjects_items(s, "7"), 4);
	picks_subjects_free(s);
	batch_close(b);
}

/* Subjects with nothing to choose are no part of the work, but a decision about one is. */
static void
subjects_that_failed_do_not_count(void **state)
{
	struct batch *b = picking_make(state);
	struct picks_subjects *s = picks_subjects_read(b);
	const struct pick none = PICK("10", 0, "ada", NULL);
	struct picks *p = picks_read(b);
	const uint32_t third = 3;

	assert_int_equal(picks_subjects_count(s, b, p), 3);
	batching_end(b, 3, PERMANENT); /* the only item of 10 */
	batching_end(b, 1, PERMANENT);
	assert_int_equal(picks_subjects_count(s, b, p), 2);
	assert_int_equal(picks_subjects_count(s, b, NULL), 2);
	assert_int_equal(add_picks(b, &none, 1), 0);
	assert_int_equal(picks_refresh(p), 0);
	assert_int_equal(picks_subjects_count(s, b, p), 3);
	assert_int_equal(batch_claim_any(b, third), CLAIM_OURS);
	assert_int_equal(batch_remove(b, &third, 1, false), 0);
	batch_unclaim(b, third);
	assert_int_equal(picks_subjects_count(s, b, p), 2);
	batching_end(b, 4, PERMANENT);
	assert_int_equal(picks_subjects_count(s, b, p), 2); /* Z has another item, which may yet come */
	batching_end(b, 6, MAY_PASS);
	assert_int_equal(picks_subjects_count(s, b, p), 1);
	picks_free(p);
	picks_subjects_free(s);
	batch_close(b);
}

enum { WRITERS = 4, SETS = 40 };

/* Sets of two decisions, some torn lines in between. */
static void
review(void **state, int writer)
{
	struct batch *b = batch_open(batching_root(state), "b", BATCH_READ, NULL);
	char name[16];

	snprintf(name, sizeof(name), "r%d", writer);
	for (int i = 0; b && i < SETS; i++) {
		const struct pick v[] = {PICK("7", 1 + i % 3, name, NULL), PICK("Z", 1 + i % 2, name, NULL)};

		if (add_picks(b, v, 2) < 0)
			_exit(1);
		if (i % 10 == 0) {
			int fd = open(picks_file, O_RDWR | O_CLOEXEC);
			off_t end;

			if (fd < 0 || lock_wait(fd, LOCK_ALONE) < 0 || (end = append_end(fd)) < 0 ||
			    pwrite(fd, "{\"subject\":", 11, end) != 11)
				_exit(2);
			close(fd);
		}
	}
	_exit(b ? 0 : 3);
}

static void
several_reviewers_lose_no_line(void **state)
{
	struct batch *b = picking_make(state);
	struct picks *p;
	pid_t pids[WRITERS];

	for (int w = 0; w < WRITERS; w++) {
		pids[w] = fork();
		assert_true(pids[w] >= 0);
		if (pids[w] == 0)
			review(state, w);
	}
	for (int w = 0; w < WRITERS; w++) {
		int status;

		assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
		assert_int_equal(status, 0);
	}
	p = picks_read(b);
	assert_int_equal(picks_bad_lines(p), 0);
	assert_int_equal(picks_count(p), 2 * WRITERS);
	assert_int_equal(lines(), 2 * WRITERS * SETS);
	picks_free(p);
	batch_close(b);
}

static void
add_beyond_the_limit(void *arg)
{
	struct batch *b = arg;
	struct rlimit limit = {300, 300};
	struct pick v[20];
	static char names[20][8];

	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 20; i++) {
		snprintf(names[i], sizeof(names[i]), "r%d", i);
		v[i] = (struct pick)PICK("7", 1, names[i], NULL);
	}
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
		_exit(1);
	if (add_picks(b, v, 20) == 0 || errno != EFBIG)
		_exit(2);
	if (add_picks(b, v, 2) < 0)
		_exit(3);
}

static void
a_set_is_added_whole_or_not(void **state)
{
	struct batch *b = picking_make(state);

	assert_int_equal(testing_child(add_beyond_the_limit, b, "out"), 0);
	assert_standing(b, "7:r0=1 7:r1=1 ");
	batch_close(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_last_decision_stands, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_line_is_as_documented, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(what_stands_is_not_written_again, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(subjects_are_agreed_or_not, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_version_is_of_the_file, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(other_files_of_that_name_are_noticed, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(torn_and_bad_lines_are_passed_over, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_wrong_set_is_refused, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_set_is_taken_from_json, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(subjects_that_come_later_are_known, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(subjects_that_failed_do_not_count, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(several_reviewers_lose_no_line, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_set_is_added_whole_or_not, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("picks", tests, NULL, NULL);
}
