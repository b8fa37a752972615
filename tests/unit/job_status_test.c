#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch/job_status.h"
#include "records/rec.h"

struct judged {
	struct batch_counts counts; /* total, pending, processing, completed, failed, held, length, removed */
	bool queued;
	const char *status;
	unsigned tenths;
	bool done, stale;
};

static void
the_status_follows_from_the_counts(void **state)
{
	static const struct judged all[] = {
		{{0, 0, 0, 0, 0, false, 0, 0}, false, "pending", 0, true, false},
		{{0, 0, 0, 0, 0, true, 0, 0}, false, "pending", 0, false, false},
		{{3, 3, 0, 0, 0, false, 0, 0}, false, "pending", 0, false, true},
		{{3, 3, 0, 0, 0, true, 0, 0}, false, "pending", 0, false, false},
		{{3, 3, 0, 0, 0, false, 0, 0}, true, "pending", 0, false, false},
		{{3, 1, 1, 1, 0, true, 0, 0}, false, "processing", 333, false, false},
		{{3, 2, 0, 1, 0, false, 0, 0}, false, "processing", 333, false, true},
		{{3, 2, 0, 0, 1, true, 0, 0}, false, "processing", 333, false, false},
		{{3, 2, 1, 0, 0, true, 0, 0}, false, "processing", 0, false, false},
		{{3, 0, 0, 3, 0, true, 0, 0}, false, "processing", 1000, false, false},
		{{3, 0, 0, 3, 0, false, 0, 0}, true, "processing", 1000, false, false},
		{{3, 0, 0, 3, 0, false, 0, 0}, false, "completed", 1000, true, false},
		{{3, 0, 0, 0, 3, false, 0, 0}, false, "failed", 1000, true, false},
		{{3, 0, 0, 1, 2, false, 0, 0}, false, "partially_completed", 1000, true, false},
		{{3, 1, 0, 2, 0, true, 0, 0}, false, "processing", 667, false, false},
		{{1000000, 1, 0, 999999, 0, true, 0, 0}, false, "processing", 999, false, false},
		{{8, 7, 0, 1, 0, true, 0, 0}, false, "processing", 125, false, false},
		{{4294967295u, 4294967294u, 0, 1, 0, true, 0, 0}, false, "processing", 0, false, false},
		{{0, 0, 0, 0, 0, false, 3, 3}, false, "completed", 1000, true, false},
		{{0, 0, 0, 0, 0, true, 3, 3}, false, "processing", 1000, false, false},
		{{1, 1, 0, 0, 0, false, 3, 2}, false, "pending", 0, false, true},
		{{1, 0, 0, 0, 1, false, 3, 2}, false, "failed", 1000, true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct job_status p = {.counts = all[i].counts, .queued = all[i].queued};

		job_status_derive(&p);
		assert_string_equal(p.status, all[i].status);
		assert_int_equal(p.tenths, all[i].tenths);
		assert_int_equal(p.done, all[i].done);
		assert_int_equal(p.stale, all[i].stale);
	}
}

/* --- a root with one batch, made by hand --- */

struct fixture {
	char dir[256];
	struct root root;
};

static void
put(const struct fixture *f, const char *name, const char *text)
{
	char path[320];
	FILE *file;

	snprintf(path, sizeof(path), "%s/batches/b/%s", f->dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
make_dir(const struct fixture *f, const char *name)
{
	char path[320];

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	assert_int_equal(mkdir(path, 0777), 0);
}

static int
setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	snprintf(f->dir, sizeof(f->dir), "%s/bi-progress.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->dir));
	make_dir(f, "batches");
	make_dir(f, "batches/b");
	put(f, "batch.json",
	    "{\"name\":\"b\",\"job_id\":42,\"job_type\":\"url_parse_media\",\"label\":\"Batch 1 \\\"x\\\"\","
	    "\"created_at\":\"2026-11-22T10:30:00Z\"}\n");
	put(f, "items.ndjson",
	    "{\"bi\":{\"n\":1,\"key\":\"00000000000000000000000000000001\",\"id\":\"1\",\"idx\":1},\"url\":\"https://a/"
	    "\\u00e9\"}\n"
	    "{\"bi\":{\"n\":2,\"key\":\"00000000000000000000000000000002\",\"id\":\"1\",\"idx\":2},\"media\":\"https://"
	    "b/\",\"upload_url_id\":\"abc123\"}\n"
	    "{\"bi\":{\"n\":3,\"key\":\"00000000000000000000000000000003\",\"id\":\"2\",\"idx\":1},\"file\":\"/f\"}\n"
	    "{\"bi\":{\"n\":4,\"key\":\"00000000000000000000000000000004\",\"id\":\"3\",\"idx\":1},\"url\":\"https://d/"
	    "\"}\n");
	put(f, "state", "cffr");
	put(f, "results.ndjson",
	    "{\"item\":2,\"status\":\"failed\",\"error\":{\"code\":\"http_404\",\"message\":\"not \\\"there\\\"\"}}\n"
	    "{\"item\":1,\"status\":\"failed\",\"error\":{\"code\":\"timeout\",\"message\":\"late\"}}\n"
	    "{\"item\":1,\"status\":\"completed\",\"path\":\"files/1_1.jpg\",\"file_id\":\"f_1\",\"bytes\":9}\n");
	root_open(&f->root, f->dir, false);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	static const char *const files[] = {"batch.json", "items.ndjson", "state", "results.ndjson", "lock"};
	struct fixture *f = *state;
	char path[320];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "%s/batches/b/%s", f->dir, files[i]);
		unlink(path);
	}
	unlinkat(f->root.fd, "queue/b", 0);
	unlinkat(f->root.fd, "queue", AT_REMOVEDIR);
	unlinkat(f->root.fd, "batches/b", AT_REMOVEDIR);
	unlinkat(f->root.fd, "batches", AT_REMOVEDIR);
	close(f->root.fd);
	free(f->root.path);
	rmdir(f->dir);
	free(f);
	return 0;
}

static void
into_buf(const char *bytes, size_t n, void *arg)
{
	buf_add(arg, bytes, n);
}

/* The document of the batch, parsed. */
static struct json_object *
document(const struct fixture *f, uint64_t offset, uint64_t limit)
{
	struct batch *b = batch_open(&f->root, "b", BATCH_READ, NULL);
	struct job_status p;
	struct buf out = {0};
	struct json_object *o;

	assert_non_null(b);
	assert_int_equal(job_status_read(&f->root, b, &p), 0);
	job_status_print(b, &p, offset, limit, into_buf, &out);
	assert_null(strchr(out.data, '\n'));
	o = rec_parse(out.data, out.len, NULL, 0);
	assert_non_null(o);
	batch_close(b);
	buf_free(&out);
	return o;
}

static void
assert_at(struct json_object *o, const char *path, const char *expected)
{
	struct json_object *value = NULL;

	assert_int_equal(json_pointer_get(o, path, &value), 0);
	assert_string_equal(value ? rec_print(value) : "null", expected);
}

static void
the_document_has_each_key(void **state)
{
	struct json_object *o = document(*state, 0, JOB_STATUS_ITEMS);

	assert_at(o, "/batch_job/id", "42");
	assert_at(o, "/batch_job/job_type", "\"url_parse_media\"");
	assert_at(o, "/batch_job/status", "\"processing\"");
	assert_at(o, "/batch_job/total_items", "4");
	assert_at(o, "/batch_job/completed_items", "1");
	assert_at(o, "/batch_job/failed_items", "2");
	assert_at(o, "/batch_job/processing_items", "0");
	assert_at(o, "/batch_job/pending_items", "1");
	assert_at(o, "/batch_job/progress_percentage", "75.0");
	assert_at(o, "/batch_job/created_at", "\"2026-11-22T10:30:00Z\"");
	assert_at(o, "/batch_job/name", "\"b\"");
	assert_at(o, "/batch_job/label", "\"Batch 1 \\\"x\\\"\"");
	assert_at(o, "/batch_job/stale", "true");
	assert_at(o, "/items/0",
		  "{\"id\":1,\"status\":\"completed\",\"item_data\":{\"url\":\"https://a/é\"},"
		  "\"upload_id\":\"00000000000000000000000000000001\",\"result\":{\"file_id\":\"f_1\","
		  "\"knowledge_item_id\":null,\"path\":\"files/1_1.jpg\",\"bytes\":9}}");
	assert_at(o, "/items/1",
		  "{\"id\":2,\"status\":\"failed\",\"item_data\":{\"url\":\"https://b/\"},\"upload_id\":\"abc123\","
		  "\"error_code\":\"http_404\",\"error_message\":\"not \\\"there\\\"\"}");
	assert_at(o, "/items/2/item_data", "{\"file\":\"/f\"}");
	assert_at(o, "/items/2/error_message",
		  "\"failed without a result record; bi-status --rebuild repairs the state\"");
	/* Its owner died: nobody holds the batch. */
	assert_at(o, "/items/3",
		  "{\"id\":4,\"status\":\"pending\",\"item_data\":{\"url\":\"https://d/\"},"
		  "\"upload_id\":\"00000000000000000000000000000004\"}");
	json_object_put(o);
}

static void
assert_items(const struct fixture *f, uint64_t offset, uint64_t limit, size_t n, const char *first)
{
	struct json_object *o = document(f, offset, limit);

	assert_int_equal(json_object_array_length(json_object_object_get(o, "items")), n);
	assert_at(o, "/batch_job/total_items", "4");
	if (first)
		assert_at(o, "/items/0/id", first);
	json_object_put(o);
}

static void
limit_and_offset_choose_the_items(void **state)
{
	assert_items(*state, 0, 0, 0, NULL);
	assert_items(*state, 0, 2, 2, "1");
	assert_items(*state, 2, 1, 1, "3");
	assert_items(*state, 3, UINT64_MAX, 1, "4");
	assert_items(*state, 4, 10, 0, NULL);
	assert_items(*state, UINT64_MAX, UINT64_MAX, 0, NULL);
}

static void
the_latest_change_is_known(void **state)
{
	const struct fixture *f = *state;
	struct batch *b;
	struct job_status p;
	const struct timespec old[2] = {{1000, 0}, {1000, 0}}, later[2] = {{2000, 0}, {2000, 0}};

	b = batch_open(&f->root, "b", BATCH_READ, NULL);
	assert_non_null(b);
	assert_int_equal(utimensat(batch_dirfd(b), "results.ndjson", later, 0), 0);
	assert_int_equal(utimensat(batch_dirfd(b), "state", old, 0), 0);
	assert_int_equal(job_status_read(&f->root, b, &p), 0);
	assert_int_equal(p.updated, 2000);
	assert_int_equal(unlinkat(batch_dirfd(b), "results.ndjson", 0), 0);
	assert_int_equal(job_status_read(&f->root, b, &p), 0);
	assert_int_equal(p.updated, 1000);
	batch_close(b);
}

static void
a_batch_in_the_queue_is_queued(void **state)
{
	const struct fixture *f = *state;
	struct batch *b = batch_open(&f->root, "b", BATCH_READ, NULL);
	struct job_status p;
	int fd;

	assert_non_null(b);
	make_dir(f, "queue");
	assert_int_equal(job_status_read(&f->root, b, &p), 0);
	assert_false(p.queued);
	fd = openat(f->root.fd, "queue/b", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(job_status_read(&f->root, b, &p), 0);
	assert_true(p.queued);
	assert_false(p.stale);
	batch_close(b);
}

/* Nothing of what a batch should have but its directory. */
static void
a_batch_without_its_files_has_a_document(void **state)
{
	const struct fixture *f = *state;
	struct batch *b = batch_open(&f->root, "b", BATCH_READ, NULL);
	struct json_object *o;

	assert_non_null(b);
	assert_int_equal(unlinkat(batch_dirfd(b), "batch.json", 0), 0);
	assert_int_equal(unlinkat(batch_dirfd(b), "items.ndjson", 0), 0);
	assert_int_equal(unlinkat(batch_dirfd(b), "state", 0), 0);
	assert_int_equal(unlinkat(batch_dirfd(b), "results.ndjson", 0), 0);
	batch_close(b);
	o = document(f, 0, 10);
	assert_at(o, "/batch_job/id", "null");
	assert_at(o, "/batch_job/job_type", "\"url_parse\"");
	assert_at(o, "/batch_job/status", "\"pending\"");
	assert_at(o, "/batch_job/progress_percentage", "0.0");
	assert_at(o, "/batch_job/created_at", "null");
	assert_at(o, "/batch_job/updated_at", "null");
	assert_at(o, "/items", "[]");
	json_object_put(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_status_follows_from_the_counts),
		cmocka_unit_test_setup_teardown(the_document_has_each_key, setup, teardown),
		cmocka_unit_test_setup_teardown(limit_and_offset_choose_the_items, setup, teardown),
		cmocka_unit_test_setup_teardown(the_latest_change_is_known, setup, teardown),
		cmocka_unit_test_setup_teardown(a_batch_in_the_queue_is_queued, setup, teardown),
		cmocka_unit_test_setup_teardown(a_batch_without_its_files_has_a_document, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
