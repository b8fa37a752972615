#include "testing.h"

#include <json-c/json.h>
#include <signal.h>

#include "base/buf.h"
#include "base/msg.h"
#include "records/rec.h"

/* A reader of these bytes, as a file on descriptor *FD. */
static struct rec_reader *
reader_of(const char *bytes, size_t n, int *fd)
{
	testing_write("in", bytes, n);
	*fd = open("in", O_RDONLY | O_CLOEXEC);
	assert_true(*fd >= 0);
	return rec_open(NULL, *fd);
}

static void
assert_plain(struct rec_reader *r, unsigned long long line, const char *text)
{
	struct rec rec;

	assert_int_equal(rec_read(r, &rec), REC_PLAIN);
	assert_int_equal(rec.kind, REC_PLAIN);
	assert_int_equal(rec.line, line);
	assert_string_equal(rec.text, text);
	assert_int_equal(rec.len, strlen(text));
}

static void
assert_bad(struct rec_reader *r, unsigned long long line, const char *code)
{
	struct rec rec;
	char prefix[32];

	assert_int_equal(rec_read(r, &rec), REC_BAD);
	assert_int_equal(rec.line, line);
	assert_string_equal(rec.code, code);
	snprintf(prefix, sizeof(prefix), "line %llu ", line);
	assert_memory_equal(rec.wrong, prefix, strlen(prefix));
	for (const char *c = rec.text; *c; c++)
		assert_true(*c >= 0x20 && *c < 0x7f);
	assert_true(rec.len < 1000);
}

static void
assert_eof(struct rec_reader *r, bool cut)
{
	struct rec rec;

	assert_int_equal(rec_read(r, &rec), REC_EOF);
	assert_int_equal(rec_read(r, &rec), REC_EOF);
	assert_int_equal(rec_was_cut(r), cut);
}

static void
plain_lines_of_all_kinds_are_read(void **state)
{
	static const char in[] = "one\n\r\n\ntwo\r\n  {three} \n\xef\xbf\xbd\r\r\nlast";
	int fd;
	struct rec_reader *r = reader_of(in, sizeof(in) - 1, &fd);

	(void)state;
	assert_plain(r, 1, "one");
	assert_plain(r, 4, "two");
	assert_plain(r, 5, "  {three} ");
	assert_plain(r, 6, "\xef\xbf\xbd\r");
	assert_plain(r, 7, "last");
	assert_eof(r, false);
	rec_close(r);
	close(fd);
}

static void
lists_are_cleaned(void **state)
{
	static const char in[] = "\xef\xbb\xbfhttp://a/ \r\n# no\n \t\n {\"url\":\"u\"} \n\"#x\"\n\n\xff\xfe\n";
	struct rec rec;
	int fd;
	struct rec_reader *r = reader_of(in, sizeof(in) - 1, &fd);

	(void)state;
	rec_set_form(r, REC_FORM_LIST);
	assert_plain(r, 1, "http://a/");
	assert_int_equal(rec_read(r, &rec), REC_JSON);
	assert_int_equal(rec.line, 4);
	assert_plain(r, 5, "#x");
	assert_bad(r, 7, "not_utf8");
	assert_eof(r, false);
	rec_close(r);
	close(fd);
}

static void
lists_in_utf16_are_one_bad_line(void **state)
{
	static const char in[] = "\xff\xfeh\0t\0\n\0a\0\n\0";
	int fd;
	struct rec_reader *r = reader_of(in, sizeof(in) - 1, &fd);

	(void)state;
	rec_set_form(r, REC_FORM_LIST);
	assert_bad(r, 1, "not_utf8");
	assert_eof(r, false);
	rec_close(r);
	close(fd);
}

static void
texts_that_end_in_nul_are_as_they_are(void **state)
{
	static const char in[] = " a\n#b \0{\"url\":\"u\"}\0\0#\r\0last";
	int fd;
	struct rec_reader *r = reader_of(in, sizeof(in) - 1, &fd);

	(void)state;
	rec_set_form(r, REC_FORM_NUL);
	assert_plain(r, 1, " a\n#b ");
	assert_plain(r, 2, "{\"url\":\"u\"}");
	assert_plain(r, 4, "#\r");
	assert_plain(r, 5, "last");
	assert_eof(r, false);
	rec_close(r);
	close(fd);
}

static void
an_empty_stream_has_no_record(void **state)
{
	int fd;
	struct rec_reader *r = reader_of("", 0, &fd);

	(void)state;
	assert_eof(r, false);
	rec_close(r);
	close(fd);
}

static void
objects_keep_what_we_do_not_know(void **state)
{
	static const char in[] = "{\"url\":\"u\",\"n\":9007199254740993,\"strange\":[1,{\"a\":null}],\"id\":1}\r\n"
				 "{ \"s\" : \"/\\u00e9\" } \n";
	struct rec rec;
	int fd;
	struct rec_reader *r = reader_of(in, sizeof(in) - 1, &fd);
	char room[64];

	(void)state;
	assert_int_equal(rec_read(r, &rec), REC_JSON);
	assert_string_equal(rec_string(rec.json, "url"), "u");
	assert_null(rec_string(rec.json, "n"));
	assert_null(rec_string(rec.json, "none"));
	assert_int_equal(rec_number(rec.json, "n", -1), 9007199254740993LL);
	assert_int_equal(rec_number(rec.json, "url", -1), -1);
	assert_string_equal(rec_text(rec.json, "id", room, sizeof(room)), "1");
	assert_string_equal(rec_text(rec.json, "url", room, sizeof(room)), "u");
	assert_null(rec_text(rec.json, "strange", room, sizeof(room)));
	assert_string_equal(rec_print(rec.json),
			    "{\"url\":\"u\",\"n\":9007199254740993,\"strange\":[1,{\"a\":null}],\"id\":1}");
	assert_int_equal(rec_read(r, &rec), REC_JSON);
	assert_string_equal(rec_print(rec.json), "{\"s\":\"/\xc3\xa9\"}");
	assert_eof(r, false);
	rec_close(r);
	close(fd);
}

static void
lines_that_look_like_json_and_are_not_are_bad(void **state)
{
	static const char in[] =
		"{\n{}x\n{\"a\":1}{\"b\":2}\n{\"a\":NaN}\n{\"a\":[-Infinity]}\n{\"a\":1e999}\n{'a':1}\n"
		"{\"a\":1,}\n{\"a\":01}\n{\"a\" "
		"1}\n{\"a\":\"tab\there\"}\n{/**/}\n{\"a\":tru}\n{\"a\":1.}\ngood\n{\"a\":1";
	int fd;
	struct rec_reader *r = reader_of(in, sizeof(in) - 1, &fd);

	(void)state;
	for (unsigned long long line = 1; line <= 14; line++) {
		struct rec rec;

		if (rec_read(r, &rec) != REC_BAD || strcmp(rec.code, "bad_json") != 0 || rec.line != line)
			fail_msg("line %llu is taken: %s", line, rec.text);
	}
	assert_plain(r, 15, "good");
	assert_bad(r, 16, "bad_json");
	assert_eof(r, false);
	rec_close(r);
	close(fd);
}

static void
deep_nesting_is_bad(void **state)
{
	struct buf in = {0};
	struct rec_reader *r;
	int fd;

	(void)state;
	buf_str(&in, "{\"a\":");
	for (int i = 0; i < 100000; i++)
		buf_str(&in, "[");
	buf_str(&in, "\nnext\n");
	r = reader_of(in.data, in.len, &fd);
	assert_bad(r, 1, "bad_json");
	assert_plain(r, 2, "next");
	rec_close(r);
	buf_free(&in);
	close(fd);
}

static void
only_utf8_as_rfc_3629_has_it_is_read(void **state)
{
	static const char *const good[] = {"\x7f",         "\xc2\x80",         "\xdf\xbf",
					   "\xe0\xa0\x80", "\xed\x9f\xbf",     "\xee\x80\x80",
					   "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\x80",
					  "\xbf",
					  "\xc0\x80",
					  "\xc1\xbf",
					  "\xc2",
					  "\xc2x",
					  "\xe0\x9f\xbf",
					  "\xe2\x82",
					  "\xed\xa0\x80",
					  "\xed\xbf\xbf",
					  "\xf0\x8f\xbf\xbf",
					  "\xf0\x9f\x90",
					  "\xf4\x90\x80\x80",
					  "\xf5\x80\x80\x80",
					  "\xff",
					  "\xfe"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		int fd;
		struct rec_reader *r = reader_of(good[i], strlen(good[i]), &fd);

		assert_plain(r, 1, good[i]);
		rec_close(r);
		close(fd);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct buf in = {0};
		struct rec_reader *r;
		struct rec rec;
		int fd;

		buf_printf(&in, "ok\nhttp://%s\n{\"a\":\"%s\"}\nok\n", bad[i], bad[i]);
		r = reader_of(in.data, in.len, &fd);
		assert_plain(r, 1, "ok");
		if (rec_read(r, &rec) != REC_BAD)
			fail_msg("bad UTF-8 %zu is taken", i);
		assert_string_equal(rec.code, "not_utf8");
		assert_string_equal(rec.wrong, "line 2 is not UTF-8 text (byte 8)");
		assert_bad(r, 3, "not_utf8");
		assert_plain(r, 4, "ok");
		rec_close(r);
		buf_free(&in);
		close(fd);
	}
}

static void
a_line_with_a_nul_is_bad(void **state)
{
	int fd;
	struct rec_reader *r = reader_of("a\0b\n{\"a\":1}\0\nc\n", 16, &fd);

	(void)state;
	assert_bad(r, 1, "not_utf8");
	assert_bad(r, 2, "not_utf8");
	assert_plain(r, 3, "c");
	rec_close(r);
	close(fd);
}

/* A line of N bytes, "next" behind it. */
static struct rec_reader *
long_line(size_t n, const char *end, int *fd)
{
	struct buf in = {0};
	struct rec_reader *r;

	memset(buf_room(&in, n), 'x', n);
	in.len = n;
	buf_str(&in, end);
	r = reader_of(in.data, in.len, fd);
	buf_free(&in);
	return r;
}

static void
one_mebibyte_is_the_longest_line(void **state)
{
	static const char *const ends[] = {"\nnext\n", "\nnext"};
	struct rec rec;
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct rec_reader *r = long_line(REC_MAX, ends[i], &fd);

		assert_int_equal(rec_read(r, &rec), REC_PLAIN);
		assert_int_equal(rec.len, REC_MAX);
		assert_plain(r, 2, "next");
		assert_eof(r, false);
		rec_close(r);
		close(fd);
		r = long_line(REC_MAX + 1, ends[i], &fd);
		assert_bad(r, 1, "line_too_long");
		assert_plain(r, 2, "next");
		assert_eof(r, false);
		rec_close(r);
		close(fd);
	}
}

static void
a_last_line_that_is_too_long_is_bad(void **state)
{
	static const size_t lengths[] = {REC_MAX + 1, 2 * REC_MAX, 5 * REC_MAX + 7};
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct rec_reader *r = long_line(lengths[i], "", &fd);

		assert_bad(r, 1, "line_too_long");
		assert_eof(r, false);
		rec_close(r);
		close(fd);
		r = long_line(lengths[i], "\n{\"url\":\"u\"}\n", &fd);
		assert_bad(r, 1, "line_too_long");
		assert_int_equal(rec_read(r, &(struct rec){0}), REC_JSON);
		assert_eof(r, false);
		rec_close(r);
		close(fd);
	}
}

/* What is whole can be had before the rest arrives. */
static void
torn_lines_wait_for_their_end(void **state)
{
	int pipes[2];
	struct rec_reader *r;
	struct rec rec;

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	r = rec_open(NULL, pipes[0]);
	assert_int_equal(rec_next(r, &rec), REC_MORE);
	assert_int_equal(write(pipes[1], "one\ntw", 6), 6);
	assert_int_equal(rec_fill(r), 1);
	assert_int_equal(rec_next(r, &rec), REC_PLAIN);
	assert_string_equal(rec.text, "one");
	assert_int_equal(rec_next(r, &rec), REC_MORE);
	assert_int_equal(write(pipes[1], "o\xe2\x82", 3), 3);
	assert_int_equal(rec_fill(r), 1);
	assert_int_equal(rec_next(r, &rec), REC_MORE);
	assert_int_equal(write(pipes[1], "\xac\n", 2), 2);
	assert_int_equal(rec_fill(r), 1);
	assert_plain(r, 2, "two\xe2\x82\xac");
	assert_int_equal(write(pipes[1], "tail", 4), 4);
	close(pipes[1]);
	assert_int_equal(rec_fill(r), 1);
	assert_int_equal(rec_next(r, &rec), REC_MORE);
	assert_int_equal(rec_fill(r), 0);
	assert_int_equal(rec_next(r, &rec), REC_PLAIN);
	assert_string_equal(rec.text, "tail");
	assert_int_equal(rec_fill(r), 0);
	assert_int_equal(rec_next(r, &rec), REC_EOF);
	rec_close(r);
	close(pipes[0]);
}

static void
lines_may_come_in_pieces_of_seven_bytes(void **state)
{
	struct buf in = {0};
	int pipes[2];
	struct rec_reader *r;
	struct rec rec;
	unsigned long long seen = 0;

	(void)state;
	for (int i = 1; i <= 1000; i++)
		buf_printf(&in, "{\"n\":%d}\n", i);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	r = rec_open(NULL, pipes[0]);
	for (size_t at = 0; at < in.len; at += 7) {
		size_t n = in.len - at < 7 ? in.len - at : 7;

		assert_int_equal(write(pipes[1], in.data + at, n), n);
		assert_int_equal(rec_fill(r), 1);
		while (rec_next(r, &rec) == REC_JSON)
			assert_int_equal(rec_number(rec.json, "n", 0), ++seen);
		assert_int_equal(rec.kind, REC_MORE);
	}
	assert_int_equal(seen, 1000);
	rec_close(r);
	buf_free(&in);
	close(pipes[0]);
	close(pipes[1]);
}

static void
operands_are_read_instead_of_stdin(void **state)
{
	char *args[] = {"http://a/", "{\"url\":\"u\"}", "", "\xff", "two\nlines", NULL};
	struct rec_reader *r = rec_open(args, -1);
	struct rec rec;

	(void)state;
	assert_plain(r, 1, "http://a/");
	assert_int_equal(rec_read(r, &rec), REC_JSON);
	assert_int_equal(rec.line, 2);
	assert_plain(r, 3, "");
	assert_bad(r, 4, "not_utf8");
	assert_plain(r, 5, "two\nlines");
	assert_eof(r, false);
	rec_close(r);
}

static void
an_end_record_ends_a_stream_of_ours(void **state)
{
	static const struct {
		const char *in;
		bool cut;
	} streams[] = {
		{"http://a/\n{\"url\":\"u\"}\n", false},
		{"{\"end\":\"bi-fetch\",\"exit\":0}\n", false},
		{"{\"item\":1,\"status\":\"completed\"}\n", true},
		{"{\"item\":1,\"status\":\"completed\"}\n{\"end\":\"bi-fetch\",\"exit\":0}\n", false},
		{"{\"item\":1,\"status\":\"completed\"}\n{\"end\":\"bi-fetch\",\"exit\":0}", false},
		{"{\"item\":1,\"status\":\"completed\"}\n{\"end\":\"bi-fe", true},
		{"{\"batch\":\"M\",\"review\":\"/r\",\"candidates\":1}\n", true},
		{"{\"port\":8000,\"pid\":7}\n", true},
		{"{\"end\":\"bi-fetch\",\"exit\":0}\n{\"batch\":\"M\",\"review\":\"/r\",\"candidates\":1}\n", true},
		{"{\"end\":7}\n", false},
		{"{\"url\":\"u\",\"review\":\"good\",\"source\":\"flickr\"}\n", false}, /* keys of the user's own */
		{"{\"url\":\"u\",\"source\":\"wikimedia\",\"rank\":1}\n", true},
		{"{\"subject\":1,\"source\":\"wikimedia\",\"status\":\"failed\",\"error\":{}}\n", true},
		{"{\"url\":\"u\",\"source\":\"wikimedia\",\"rank\":1}\n{\"end\":\"bi-source\",\"exit\":0}\n", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(streams) / sizeof(*streams); i++) {
		int fd;
		struct rec_reader *r = reader_of(streams[i].in, strlen(streams[i].in), &fd);
		struct rec rec;

		while (rec_read(r, &rec) != REC_EOF)
			if (rec.kind == REC_JSON)
				assert_null(rec_string(rec.json, "end"));
		if (rec_was_cut(r) != streams[i].cut)
			fail_msg("stream %zu: cut is %d", i, rec_was_cut(r));
		rec_close(r);
		close(fd);
	}
}

static void
parse_takes_one_value(void **state)
{
	static const char *const bad[] = {"", " ", "{", "1 2", "nul", "[1,]", "NaN", "\"\xff\"", "1e400"};
	char wrong[128];
	struct json_object *o = rec_parse("[1,2]garbage", 5, NULL, 0);

	(void)state;
	assert_int_equal(json_object_array_length(o), 2);
	json_object_put(o);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		wrong[0] = '\0';
		if (rec_parse(bad[i], strlen(bad[i]), wrong, sizeof(wrong)))
			fail_msg("'%s' is taken", bad[i]);
		assert_true(wrong[0] != '\0');
	}
	assert_null(rec_parse("{}\0{}", 5, wrong, sizeof(wrong)));
	assert_null(rec_parse("{}\0", 3, wrong, sizeof(wrong)));
	assert_non_null(strstr(wrong, "NUL"));
}

static void
put_out(void *arg)
{
	struct json_object *counts = json_object_new_object();

	(void)arg;
	msg_program("bi-test");
	rec_write("a line", 6);
	json_object_object_add(counts, "completed", json_object_new_int(3));
	rec_write_end(counts, EX_SOME_FAILED);
	rec_write_end(NULL, EX_ALL_WELL);
	rec_flush();
}

static void
records_go_out_a_line_each(void **state)
{
	(void)state;
	assert_int_equal(testing_child(put_out, NULL, "out"), 0);
	testing_assert_file("out", "a line\n{\"end\":\"bi-test\",\"completed\":3,\"exit\":1}\n"
				   "{\"end\":\"bi-test\",\"exit\":0}\n");
}

static void
a_full_disk_ends_the_program(void **state)
{
	char *err;

	(void)state;
	assert_int_equal(testing_child(put_out, NULL, "/dev/full"), 74);
	err = testing_read("err");
	assert_non_null(strstr(err, "No space left on device"));
	free(err);
}

static void
put_into_a_closed_pipe(void *arg)
{
	int pipes[2];

	signal(SIGPIPE, SIG_IGN);
	if (pipe2(pipes, O_CLOEXEC) < 0 || close(pipes[0]) < 0 || dup2(pipes[1], STDOUT_FILENO) < 0)
		_exit(90);
	put_out(arg);
}

static void
a_reader_that_has_gone_ends_it_as_sigpipe_would(void **state)
{
	(void)state;
	assert_int_equal(testing_child(put_into_a_closed_pipe, NULL, "out"), 128 + SIGPIPE);
	testing_assert_file("err", "");
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, testing_enter, testing_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(plain_lines_of_all_kinds_are_read),
		IN_DIR(lists_are_cleaned),
		IN_DIR(lists_in_utf16_are_one_bad_line),
		IN_DIR(texts_that_end_in_nul_are_as_they_are),
		IN_DIR(an_empty_stream_has_no_record),
		IN_DIR(objects_keep_what_we_do_not_know),
		IN_DIR(lines_that_look_like_json_and_are_not_are_bad),
		IN_DIR(deep_nesting_is_bad),
		IN_DIR(only_utf8_as_rfc_3629_has_it_is_read),
		IN_DIR(a_line_with_a_nul_is_bad),
		IN_DIR(one_mebibyte_is_the_longest_line),
		IN_DIR(a_last_line_that_is_too_long_is_bad),
		IN_DIR(torn_lines_wait_for_their_end),
		IN_DIR(lines_may_come_in_pieces_of_seven_bytes),
		IN_DIR(operands_are_read_instead_of_stdin),
		IN_DIR(an_end_record_ends_a_stream_of_ours),
		IN_DIR(parse_takes_one_value),
		IN_DIR(records_go_out_a_line_each),
		IN_DIR(a_full_disk_ends_the_program),
		IN_DIR(a_reader_that_has_gone_ends_it_as_sigpipe_would),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("rec", tests, NULL, NULL);
}
