/*
 * The targets for libFuzzer read again what once made them fail, tests/fuzz/found/TARGET/, and the seeds that people
 * wrote, tests/fuzz/seeds/TARGET/. The working directory is the top of the tree, or BI_SHARE is below it.
 */
#include "testing.h"

#include <dirent.h>
#include <locale.h>
#include <signal.h>

#include "fuzz.h"

static char reading[4096]; /* the path of the input */

/* Names the input for which the program ends. */
static void
on_end(int signal)
{
	static const char words[] = "\n# the input that was read: ";

	(void)!write(2, words, sizeof(words) - 1);
	(void)!write(2, reading, strlen(reading));
	(void)!write(2, "\n", 1);
	raise(signal);
}

static void
read_input(const struct fuzz_target *t, const char *path)
{
	struct buf bytes = {0};
	FILE *f = fopen(path, "re");
	char *exact;

	assert_non_null(f);
	bytes.len = fread(buf_room(&bytes, 1 << 20), 1, 1 << 20, f);
	fclose(f);
	/* Without room behind it, so that the sanitizers see what reads too far. */
	exact = buf_alloc(bytes.len ? bytes.len : 1);
	memcpy(exact, bytes.data, bytes.len);
	t->read(exact, bytes.len);
	free(exact);
	buf_free(&bytes);
}

/* Calls EACH for the entries of a directory that are no dot files. Returns their number. */
static size_t
each_entry(const char *dir, void (*each)(const char *path, const char *name))
{
	struct buf path = {0};
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d))) {
		if (*e->d_name == '.')
			continue;
		buf_clear(&path);
		buf_printf(&path, "%s/%s", dir, e->d_name);
		each(path.data, e->d_name);
		n++;
	}
	closedir(d);
	buf_free(&path);
	return n;
}

static const struct fuzz_target *target;

static void
on_input(const char *path, const char *name)
{
	(void)name;
	snprintf(reading, sizeof(reading), "%s", path);
	read_input(target, path);
}

static void
on_target(const char *path, const char *name)
{
	target = fuzz_find(name);
	if (!target)
		fail_msg("%s: there is no target of this name in tests/fuzz", path);
	assert_int_not_equal(each_entry(path, on_input), 0);
}

static void
read_all(const char *kind)
{
	const char *share = getenv("BI_SHARE");
	char path[4096];

	snprintf(path, sizeof(path), "%s/../tests/fuzz/%s", share ? share : "share", kind);
	assert_int_not_equal(each_entry(path, on_target), 0);
}

/* cmocka handles signals, too: it would not say for which input. */
static int
handle_ends(void **state)
{
	struct sigaction ends = {.sa_handler = on_end, .sa_flags = (int)SA_RESETHAND};

	(void)state;
	return sigaction(SIGABRT, &ends, NULL) || sigaction(SIGSEGV, &ends, NULL);
}

static void
what_was_found_is_read(void **state)
{
	(void)state;
	read_all("found");
}

static void
seeds_are_read(void **state)
{
	(void)state;
	read_all("seeds");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test_setup(what_was_found_is_read, handle_ends),
						  cmocka_unit_test_setup(seeds_are_read, handle_ends)};
	setlocale(LC_ALL, "C.UTF-8");
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
