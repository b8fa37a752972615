#include "batching.h"

#include "batch/job_status.h"
#include "batch/queue.h"
#include "notebook/notebook.h"
#include "records/rec.h"

static const char *const sha[] = {
	"0000000000000000000000000000000000000000000000000000000000000001",
	"0000000000000000000000000000000000000000000000000000000000000002",
	"0000000000000000000000000000000000000000000000000000000000000003",
};

static const char log_path[] = "notebooks/nb/log.ndjson";

/* The job JOB of the notebook nb with N items, handed in. */
static struct batch *
make_job(void **state, uint64_t job, uint32_t n, const char *const *upload_ids)
{
	char name[32], url[64];
	struct batch_metadata about = {.notebook = "nb", .job_id = job, .items = n};
	struct notebook_job line = {
		.id = job, .batch = name, .type = "url_parse", .items = n, .upload_ids = upload_ids};
	struct batch *b;

	snprintf(name, sizeof(name), "job-%llu", (unsigned long long)job);
	b = batch_open(batching_root(state), name, BATCH_WORK, &about);
	assert_non_null(b);
	for (uint32_t k = 1; k <= n; k++) {
		snprintf(url, sizeof(url), "http://a/%llu/%u", (unsigned long long)job, k);
		assert_int_equal(batching_add(b, NULL, url), k);
	}
	assert_int_equal(notebook_add_job(batching_root(state), "nb", &line), 0);
	return b;
}

static void
record(struct batch *b, uint32_t k, const char *sha256, int knowledge, const char *mime)
{
	struct buf line = {0};
	struct batch_outcome v = {.item = k, .completed = sha256 != NULL, .sha256 = sha256};

	if (sha256)
		buf_printf(&line,
			   "{\"item\":%u,\"status\":\"completed\",\"path\":\"files/"
			   "i%u_1.bin\",\"bytes\":5,\"mime\":\"%s\","
			   "\"sha256\":\"%s\",\"knowledge_item_id\":%d,\"title\":\"of "
			   "\\\"%u\\\"\",\"url\":\"http://a/%u\"}",
			   k, k, mime, sha256, knowledge, k, k);
	else
		buf_printf(&line, "{\"item\":%u,\"status\":\"failed\",\"error\":{\"code\":\"e\",\"retryable\":true}}",
			   k);
	v.line = line.data;
	v.len = line.len;
	assert_int_equal(batch_claim_any(b, k), CLAIM_OURS);
	assert_int_equal(batch_record(b, &v, 1, true), 0);
	buf_free(&line);
}

static struct notebook *
look(void **state)
{
	struct notebook *nb = notebook_open(batching_root(state), "nb");

	assert_non_null(nb);
	return nb;
}

static int
count_lines(const char *with)
{
	char *text = testing_read(log_path);
	int n = 0;

	for (char *at = text; (at = strstr(at, with)); at++)
		n++;
	free(text);
	return n;
}

static void
ids_say_which_notebook(void **state)
{
	char a[NOTEBOOK_FILE_ID + 1], b[NOTEBOOK_FILE_ID + 1], upload[33];
	struct notebooks *all = notebooks_open(batching_root(state));
	struct batch *job;
	size_t cursor = 0;

	notebook_file_id("nb", sha[0], a);
	notebook_file_id("other", sha[0], b);
	/* printf nb | sha256sum; printf 'nb\0%s' 00...01 | sha256sum */
	assert_string_equal(a, "f_665077f5f6f81709c748eaa30825bd23");
	assert_string_not_equal(a + 10, b + 10);
	assert_true(notebook_has_file_id("nb", a));
	assert_false(notebook_has_file_id("nb", b));
	assert_false(notebook_has_file_id("nb", "f_"));
	assert_false(notebook_has_file_id("nb", "f_665077F5F6F81709C748EAA30825BD23"));
	assert_null(notebook_of_file_id(all, a, &cursor));
	job = make_job(state, 1, 1, NULL);
	cursor = 0;
	assert_string_equal(notebook_of_file_id(all, a, &cursor), "nb");
	assert_null(notebook_of_file_id(all, a, &cursor));
	cursor = 0;
	assert_null(notebook_of_file_id(all, b, &cursor));
	cursor = 0;
	assert_null(notebook_of_file_id(all, "../x", &cursor));
	notebooks_close(all);
	batch_close(job);
	job_upload_id(42, 7, upload);
	assert_string_equal(upload, "000000000000002a0000000000000007");
	assert_null(notebook_upload_id_check("a.B_c-9"));
	assert_non_null(notebook_upload_id_check(""));
	assert_non_null(notebook_upload_id_check("a/b"));
}

static void
what_is_not_there_is_an_error(void **state)
{
	struct notebook_seen_job job;
	struct notebook_file f;
	struct notebook *nb;
	uint32_t item;

	assert_null(notebook_open(batching_root(state), "nb"));
	assert_int_equal(errno, ENOENT);
	assert_null(notebook_open(batching_root(state), "../x"));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mkdir("notebooks", 0777), 0);
	assert_int_equal(symlink("/etc", "notebooks/nb"), 0);
	assert_null(notebook_open(batching_root(state), "nb"));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(unlink("notebooks/nb"), 0);
	batch_close(make_job(state, 7, 1, NULL));
	nb = look(state);
	assert_false(notebook_find_job(nb, 8, &job));
	assert_false(notebook_find_upload(nb, "", &job, &item));
	assert_false(notebook_find_upload(nb, "00000000000000080000000000000001", &job, &item));
	assert_false(notebook_find_upload(nb, "00000000000000070000000000000000", &job, &item));
	assert_false(notebook_find_item(nb, 7, 1, &f));
	assert_false(notebook_find_item(nb, 7, 0, &f));
	assert_false(notebook_find_knowledge(nb, 0, &f));
	assert_false(notebook_find_knowledge(nb, 1, &f));
	assert_false(notebook_find_file(nb, "f_665077f5f6f81709c748eaa30825bd23", &f));
	assert_int_equal(notebook_files(nb, NULL), 0);
	notebook_close(nb);
}

static void
jobs_come_newest_first(void **state)
{
	static const char *const given[] = {"mine-1", "mine-2"};
	struct notebook_seen_job job;
	struct notebook *nb;
	uint32_t item = 0;

	batch_close(make_job(state, 3, 2, given));
	batch_close(make_job(state, 5, 1, NULL));
	nb = look(state);
	assert_int_equal(notebook_jobs(nb), 2);
	assert_true(notebook_job(nb, 0, &job));
	assert_int_equal(job.id, 5);
	assert_string_equal(job.batch, "job-5");
	assert_true(notebook_job(nb, 1, &job));
	assert_int_equal(job.items, 2);
	assert_false(notebook_job(nb, 2, &job));
	assert_true(notebook_find_upload(nb, "mine-2", &job, &item));
	assert_int_equal(job.id, 3);
	assert_int_equal(item, 2);
	assert_true(notebook_find_upload(nb, "00000000000000050000000000000001", &job, &item));
	assert_int_equal(job.id, 5);
	/* One that comes while it is open. */
	batch_close(make_job(state, 9, 1, given));
	assert_int_equal(notebook_refresh(nb), 0);
	assert_true(notebook_find_upload(nb, "mine-1", &job, &item));
	assert_int_equal(job.id, 9);
	notebook_close(nb);
}

static void
what_is_completed_is_imported_once(void **state)
{
	struct batch *b = make_job(state, 1, 4, NULL);
	struct notebook *nb = look(state);
	char id[NOTEBOOK_FILE_ID + 1];
	struct notebook_file f;
	struct json_object *line;
	struct notebook_cursor cursor = {0};

	assert_int_equal(notebook_import_results(batching_root(state), b), 0);
	record(b, 2, sha[0], 11, "text/html");
	record(b, 1, NULL, 0, NULL);
	assert_int_equal(notebook_import_results(batching_root(state), b), 0);
	assert_int_equal(notebook_import_results(batching_root(state), b), 0);
	assert_int_equal(count_lines("{\"file\":"), 1);
	record(b, 3, sha[1], 12, "image/png");
	assert_int_equal(notebook_catch_up(batching_root(state), nb), 0);
	assert_int_equal(count_lines("{\"file\":"), 2);
	assert_int_equal(notebook_files(nb, NULL), 2);
	assert_int_equal(notebook_files(nb, "image/"), 1);
	assert_int_equal(notebook_files(nb, "image/*"), 1);
	assert_int_equal(notebook_files(nb, "image"), 1);
	assert_int_equal(notebook_files(nb, "imag"), 0);
	assert_int_equal(notebook_files(nb, ""), 0);
	assert_int_equal(notebook_files(nb, "text/html"), 1);
	assert_true(notebook_next_file(nb, NULL, &cursor, &f));
	assert_int_equal(f.item, 3);
	assert_int_equal(f.knowledge, 12);
	assert_true(f.linked);
	assert_true(notebook_next_file(nb, NULL, &cursor, &f));
	assert_int_equal(f.item, 2);
	notebook_file_id("nb", sha[0], id);
	assert_string_equal(f.id, id);
	assert_false(notebook_next_file(nb, NULL, &cursor, &f));
	line = notebook_line(nb, &f);
	assert_string_equal(rec_string(line, "upload_id"), "00000000000000010000000000000002");
	assert_string_equal(rec_string(line, "title"), "of \"2\"");
	assert_string_equal(rec_string(line, "url"), "http://a/2");
	/* Without the note, and with one that lies, the log itself is asked. */
	assert_int_equal(unlink("batches/job-1/noted"), 0);
	assert_int_equal(notebook_import_results(batching_root(state), b), 0);
	testing_write("batches/job-1/noted", "\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0", 16);
	record(b, 4, sha[2], 13, "image/png");
	assert_int_equal(notebook_import_results(batching_root(state), b), 0);
	assert_int_equal(count_lines("{\"file\":"), 3);
	json_object_put(line);
	notebook_close(nb);
	batch_close(b);
}

static void
what_the_log_lost_is_taken_again(void **state)
{
	struct batch *b = make_job(state, 1, 2, NULL);
	struct notebook *nb = look(state);
	struct stat st;

	record(b, 1, sha[0], 11, "text/html");
	record(b, 2, sha[1], 12, "text/html");
	assert_int_equal(notebook_import_results(batching_root(state), b), 0);
	assert_int_equal(notebook_refresh(nb), 0);
	assert_int_equal(notebook_files(nb, NULL), 2);
	assert_int_equal(stat(log_path, &st), 0);
	assert_int_equal(truncate(log_path, st.st_size - 30), 0);
	assert_int_equal(notebook_refresh(nb), 0);
	assert_int_equal(notebook_files(nb, NULL), 1);
	assert_int_equal(notebook_import_results(batching_root(state), b), 0);
	assert_int_equal(notebook_refresh(nb), 0);
	assert_int_equal(notebook_files(nb, NULL), 2);
	assert_int_equal(count_lines("{\"file\":"), 2);
	notebook_close(nb);
	batch_close(b);
}

static void
only_completed_items_that_count_are_files(void **state)
{
	struct batch *b = make_job(state, 1, 2, NULL);
	struct notebook *nb = look(state);
	int fd;

	record(b, 1, sha[0], 11, "text/html");
	record(b, 2, sha[1], 12, "text/html");
	/* Its state byte is not there yet. */
	fd = open("batches/job-1/state", O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "r", 1, 0), 1);
	assert_int_equal(notebook_import_results(batching_root(state), b), 0);
	assert_int_equal(count_lines("{\"file\":"), 0);
	/* It is failed by now, whatever it was before. */
	assert_int_equal(pwrite(fd, "f", 1, 0), 1);
	close(fd);
	record(b, 1, NULL, 0, NULL);
	assert_int_equal(notebook_catch_up(batching_root(state), nb), 0);
	assert_int_equal(count_lines("{\"file\":"), 1);
	assert_int_equal(notebook_files(nb, NULL), 1);
	notebook_close(nb);
	batch_close(b);
}

static void
the_same_bytes_are_one_file(void **state)
{
	int queued = queue_make(batching_root(state), "job-1");
	struct batch *b = make_job(state, 1, 3, NULL);
	struct notebook *nb = look(state);
	char id[NOTEBOOK_FILE_ID + 1];
	struct notebook_file f, g;
	struct notebook_cursor cursor = {0}, first = {0};

	notebook_file_id("nb", sha[0], id);
	record(b, 1, sha[0], 11, "text/html");
	record(b, 2, sha[1], 12, "text/html");
	record(b, 3, sha[0], 13, "text/html");
	assert_int_equal(notebook_catch_up(batching_root(state), nb), 0);
	assert_int_equal(notebook_files(nb, NULL), 2);
	assert_int_equal(notebook_files(nb, "text/html"), 2);
	assert_int_equal(notebook_knowledge(nb, false, NULL), 2);
	assert_int_equal(notebook_knowledge(nb, false, "text"), 2);
	assert_int_equal(notebook_knowledge(nb, false, "text/plain"), 0);
	assert_true(notebook_next_knowledge(nb, false, "text/*", &first, &g));
	assert_int_equal(g.knowledge, 13);
	/* Unlinked by any of its items, the file is out of the list; linked by one, it is in the list with that. */
	assert_int_equal(notebook_unlink(nb, 11), 0);
	assert_int_equal(notebook_knowledge(nb, false, NULL), 1);
	assert_int_equal(notebook_knowledge(nb, true, NULL), 2);
	assert_int_equal(notebook_link(nb, 11, NULL), 0);
	first = (struct notebook_cursor){.skip = 1};
	assert_true(notebook_next_knowledge(nb, false, NULL, &first, &g));
	assert_int_equal(g.knowledge, 11);
	assert_false(notebook_next_knowledge(nb, true, NULL, &first, &g));
	assert_true(notebook_find_file(nb, id, &f));
	assert_int_equal(f.item, 3);
	assert_true(notebook_find_same(nb, &f, &g));
	assert_int_equal(g.item, 1);
	assert_false(notebook_find_same(nb, &g, &g));
	assert_true(notebook_find_knowledge(nb, 11, &g));
	assert_int_equal(g.item, 1);
	/* An item that is another file now leaves the old one to who else has it. */
	assert_true(notebook_find_item(nb, 1, 3, &f));
	record(b, 3, sha[2], 14, "image/png");
	assert_int_equal(notebook_catch_up(batching_root(state), nb), 0);
	assert_int_equal(notebook_files(nb, NULL), 3);
	assert_int_equal(notebook_files(nb, "text/html"), 2);
	assert_true(notebook_find_file(nb, id, &f));
	assert_int_equal(f.item, 1);
	assert_false(notebook_find_knowledge(nb, 13, &f));
	assert_int_equal(notebook_knowledge(nb, true, NULL), 3);
	/* Deleted, it is gone with all its items. */
	assert_true(notebook_find_file(nb, id, &f));
	assert_int_equal(notebook_delete(nb, &f), 0);
	assert_false(notebook_find_file(nb, id, &f));
	assert_false(notebook_find_item(nb, 1, 1, &f));
	assert_false(notebook_find_knowledge(nb, 11, &f));
	assert_int_equal(notebook_files(nb, NULL), 2);
	assert_int_equal(notebook_knowledge(nb, false, NULL), 2);
	while (notebook_next_file(nb, NULL, &cursor, &f))
		assert_string_not_equal(f.id, id);
	/* Got again, it is there again. */
	batch_close(b);
	queue_hand_in(queued);
	b = make_job(state, 2, 1, NULL);
	record(b, 1, sha[0], 15, "text/html");
	assert_int_equal(notebook_catch_up(batching_root(state), nb), 0);
	assert_true(notebook_find_file(nb, id, &f));
	assert_int_equal(f.job, 2);
	assert_false(notebook_find_same(nb, &f, &g));
	/* An item that became the file since it was looked at is not deleted unseen. */
	batch_close(b);
	b = make_job(state, 3, 1, NULL);
	record(b, 1, sha[0], 16, "text/html");
	assert_int_equal(notebook_import_results(batching_root(state), b), 0);
	assert_int_equal(notebook_delete(nb, &f), 1);
	assert_true(notebook_find_file(nb, id, &f));
	assert_int_equal(f.job, 3);
	assert_int_equal(notebook_delete(nb, &f), 0);
	assert_false(notebook_find_file(nb, id, &f));
	notebook_close(nb);
	batch_close(b);
}

static void
knowledge_items_are_linked_and_unlinked(void **state)
{
	struct batch *b = make_job(state, 1, 2, NULL);
	struct notebook *nb = look(state), *other = look(state);
	struct notebook_file f;
	struct json_object *notes;
	struct notebook_cursor cursor = {0};

	record(b, 1, sha[0], 11, "text/html");
	record(b, 2, sha[1], 12, "text/html");
	assert_int_equal(notebook_catch_up(batching_root(state), nb), 0);
	assert_int_equal(notebook_unlink(nb, 11), 0);
	assert_int_equal(notebook_knowledge(nb, false, NULL), 1);
	assert_int_equal(notebook_knowledge(nb, true, NULL), 2);
	assert_true(notebook_next_knowledge(nb, false, NULL, &cursor, &f));
	assert_int_equal(f.knowledge, 12);
	assert_false(notebook_next_knowledge(nb, false, NULL, &cursor, &f));
	cursor = (struct notebook_cursor){0};
	assert_true(notebook_next_knowledge(nb, true, NULL, &cursor, &f));
	assert_true(notebook_next_knowledge(nb, true, NULL, &cursor, &f));
	assert_int_equal(f.knowledge, 11);
	assert_false(f.linked);
	/* Taken again, what is not linked stays so. */
	assert_int_equal(truncate("batches/job-1/noted", 0), 0);
	assert_int_equal(notebook_refresh(other), 0);
	assert_int_equal(notebook_link(other, 11, "a \"note\""), 0);
	assert_int_equal(notebook_unlink(other, 12), 0);
	assert_int_equal(notebook_refresh(nb), 0);
	assert_true(notebook_find_knowledge(nb, 11, &f));
	assert_true(f.linked);
	notes = notebook_notes(nb, &f);
	assert_string_equal(rec_string(notes, "notes"), "a \"note\"");
	assert_true(notebook_find_knowledge(nb, 12, &f));
	assert_null(notebook_notes(nb, &f));
	assert_false(f.linked);
	json_object_put(notes);
	notebook_close(nb);
	notebook_close(other);
	batch_close(b);
}

/* Lines that nobody of ours wrote, and a torn one, are no news and no harm. */
static void
strange_lines_of_the_log_are_passed_over(void **state)
{
	static const char strange[] =
		"\n{}\nrubbish\n[1,2]\n{\"file\":\"f_665077f5\"}\n{\"file\":\"f_00000000000000000000000000000000\","
		"\"knowledge_item_id\":1,\"job\":1,\"batch\":\"job-1\",\"item\":1,\"to\":1,\"mime\":\"a/b\"}\n"
		"{\"job\":99999999999999999999,\"batch\":\"x\"}\n{\"job\":4,\"batch\":\"../x\"}\n{\"delete\":\"f_\"}\n"
		"{\"link\":}\n{\"link\":5}\n{\"job\":2,\"batch\":\"job-2\",\"items\":1,\"upload_ids\":[1,null,\"a\"";
	struct batch *b = make_job(state, 1, 1, NULL);
	int fd = open(log_path, O_WRONLY | O_APPEND | O_CLOEXEC);
	struct notebook *nb;

	assert_int_equal(write(fd, strange, sizeof(strange) - 1), sizeof(strange) - 1);
	nb = look(state);
	assert_int_equal(notebook_jobs(nb), 1);
	assert_int_equal(notebook_files(nb, NULL), 0);
	record(b, 1, sha[0], 11, "text/html");
	assert_int_equal(notebook_catch_up(batching_root(state), nb), 0);
	assert_int_equal(notebook_jobs(nb), 1);
	assert_int_equal(notebook_files(nb, NULL), 1);
	close(fd);
	notebook_close(nb);
	batch_close(b);
}

static void
another_notebook_of_that_name_is_noticed(void **state)
{
	struct notebook *nb;

	batch_close(make_job(state, 1, 1, NULL));
	nb = look(state);
	assert_int_equal(unlink(log_path), 0);
	assert_int_equal(notebook_refresh(nb), -1);
	assert_int_equal(errno, ESTALE);
	notebook_close(nb);
}

static void
two_importers_at_once_add_each_file_once(void **state)
{
	enum { TAKERS = 4, ITEMS = 60 };
	struct batch *b = make_job(state, 1, ITEMS, NULL);
	struct notebook *nb;
	pid_t pids[TAKERS];
	int status;
	char hex[65];

	for (int i = 0; i < TAKERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			struct batch *reader = batch_open(batching_root(state), "job-1", BATCH_READ, NULL);

			NEED(reader);
			while (batch_state(reader, ITEMS) != 'c')
				NEED(notebook_import_results(batching_root(state), reader) == 0);
			_exit(notebook_import_results(batching_root(state), reader) == 0 ? 0 : 1);
		}
	}
	for (uint32_t k = 1; k <= ITEMS; k++) {
		snprintf(hex, sizeof(hex), "%064x", k);
		record(b, k, hex, (int)k, "text/html");
	}
	for (int i = 0; i < TAKERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(count_lines("{\"file\":"), ITEMS);
	nb = look(state);
	assert_int_equal(notebook_files(nb, NULL), ITEMS);
	notebook_close(nb);
	batch_close(b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, testing_enter, testing_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ids_say_which_notebook),
		TEST(what_is_not_there_is_an_error),
		TEST(jobs_come_newest_first),
		TEST(what_is_completed_is_imported_once),
		TEST(what_the_log_lost_is_taken_again),
		TEST(only_completed_items_that_count_are_files),
		TEST(the_same_bytes_are_one_file),
		TEST(knowledge_items_are_linked_and_unlinked),
		TEST(strange_lines_of_the_log_are_passed_over),
		TEST(another_notebook_of_that_name_is_noticed),
		TEST(two_importers_at_once_add_each_file_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("notebook", tests, NULL, NULL);
}
