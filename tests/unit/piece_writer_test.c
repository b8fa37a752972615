#include "testing.h"

#include <pthread.h>
#include <semaphore.h>

#include "base/hash.h"
#include "files/file.h"
#include "piece_writer.h"

/* The Makefile has the linker call these. No thread of the piece writer can be started. The write of a file that is
 * stalled tells that it began, and goes on once a thread waits for another one, which it does without tasks to do. */
static int stalled = -1;
static sem_t begun, waits;

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg);
int __wrap_pthread_cond_wait(pthread_cond_t *changed, pthread_mutex_t *mutex);
int __real_pthread_cond_wait(pthread_cond_t *changed, pthread_mutex_t *mutex);
int __wrap_file_write_at(int fd, const void *bytes, size_t n, off_t at);
int __real_file_write_at(int fd, const void *bytes, size_t n, off_t at);

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg)
{
	(void)thread;
	(void)attributes;
	(void)run;
	(void)arg;
	return EAGAIN;
}

int
__wrap_pthread_cond_wait(pthread_cond_t *changed, pthread_mutex_t *mutex)
{
	sem_post(&waits);
	return __real_pthread_cond_wait(changed, mutex);
}

int
__wrap_file_write_at(int fd, const void *bytes, size_t n, off_t at)
{
	if (fd == stalled) {
		sem_post(&begun);
		sem_wait(&waits);
	}
	return __real_file_write_at(fd, bytes, n, at);
}

/* A file of some bytes, which are one piece. */
struct written {
	struct piece_writer *writer;
	const char *name, *bytes;
	int fd, rc;
	struct hash *hash;
	struct piece_stream *stream;
};

static struct written
begin(struct piece_writer *w, const char *name, const char *bytes)
{
	struct written f = {.writer = w, .name = name, .bytes = bytes, .rc = -1};

	f.fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	assert_true(f.fd >= 0);
	f.hash = hash_begin();
	f.stream = piece_stream_new(w, f.fd, f.hash);
	return f;
}

static int
give(const struct written *f)
{
	struct piece *p = piece_new(f->writer, 0);

	piece_add(f->writer, p, f->bytes, strlen(f->bytes));
	return piece_stream_give(f->stream, p, false);
}

static void *
give_and_wait(void *arg)
{
	struct written *f = arg;

	f->rc = give(f) < 0 ? -1 : piece_stream_wait(f->stream);
	return NULL;
}

static void
assert_written(struct written *f)
{
	unsigned char digest[HASH_BYTES];
	char hex[HASH_HEX + 1], expected[HASH_HEX + 1];

	assert_int_equal(f->rc, 0);
	piece_stream_free(f->stream);
	close(f->fd);
	testing_assert_file(f->name, f->bytes);
	hash_end(f->hash, hex);
	hash_bytes(f->bytes, strlen(f->bytes), digest);
	hash_hex(digest, sizeof(digest), expected);
	assert_string_equal(hex, expected);
}

/* Two threads give pieces of PIECE bytes, and one of them does the task that the other one waits for. */
static void
assert_two_wait(size_t piece)
{
	struct piece_writer *w = piece_writer_new(piece, false);
	struct written a = begin(w, "a", "the first file"), b = begin(w, "b", "another");
	pthread_t thread;

	sem_init(&begun, 0, 0);
	sem_init(&waits, 0, 0);
	stalled = a.fd;
	assert_int_equal(give(&a), 0);
	assert_int_equal(__real_pthread_create(&thread, NULL, give_and_wait, &b), 0);
	sem_wait(&begun);
	a.rc = piece_stream_wait(a.stream);
	pthread_join(thread, NULL);
	stalled = -1;
	assert_written(&a);
	assert_written(&b);
	assert_int_equal(piece_writer_unwritten(w), 0);
	piece_writer_end(w);
}

static void
without_threads_one_waits_for_the_task_of_another(void **state)
{
	(void)state;
	assert_two_wait(64 << 10);
}

/* No second piece may be under way before the first is done. */
static void
without_threads_one_waits_for_room_and_another_for_it(void **state)
{
	(void)state;
	assert_two_wait(16 << 20);
}

static void
without_threads_one_does_all_tasks(void **state)
{
	struct piece_writer *w = piece_writer_new(64 << 10, false);
	struct written a = begin(w, "a", "the first file"), b = begin(w, "b", "another");

	(void)state;
	assert_int_equal(give(&a), 0);
	give_and_wait(&b);
	a.rc = piece_stream_wait(a.stream);
	assert_written(&a);
	assert_written(&b);
	piece_writer_end(w);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_threads_one_waits_for_the_task_of_another, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(without_threads_one_waits_for_room_and_another_for_it, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(without_threads_one_does_all_tasks, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
