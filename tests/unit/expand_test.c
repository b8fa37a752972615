/*
 * bi-expand and its client, with archives that libarchive makes here.
 */
#include "expanding.h"

#include "base/trouble.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>

/* --- archives --- */

struct entry {
	const char *name;
	const char *bytes; /* of a file; of a link, where it leads */
	size_t n;
	unsigned type; /* 0: a file; AE_IFLNK and so on; HARD */
};

enum { HARD = 1 };

static struct archive *
begin(const char *file, int (*format)(struct archive *), int (*filter)(struct archive *), const char *options)
{
	struct archive *a = archive_write_new();

	assert_non_null(a);
	assert_int_equal(format(a), ARCHIVE_OK);
	assert_int_equal(filter(a), ARCHIVE_OK);
	if (options) {
		assert_int_equal(archive_write_set_options(a, options), ARCHIVE_OK);
		assert_int_equal(archive_write_set_passphrase(a, "secret"), ARCHIVE_OK);
	}
	archive_write_set_bytes_in_last_block(a, 1);
	assert_int_equal(archive_write_open_filename(a, file), ARCHIVE_OK);
	return a;
}

static void
add(struct archive *a, const struct entry *e)
{
	struct archive_entry *entry = archive_entry_new();
	bool has_bytes = e->type == 0;

	archive_entry_set_pathname(entry, e->name);
	archive_entry_set_filetype(entry, e->type > HARD ? e->type : AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_mtime(entry, 1700000000, 0);
	archive_entry_set_size(entry, has_bytes ? (la_int64_t)e->n : 0);
	if (e->type == HARD)
		archive_entry_set_hardlink(entry, e->bytes);
	if (e->type == AE_IFLNK)
		archive_entry_set_symlink(entry, e->bytes);
	assert_true(archive_write_header(a, entry) >= ARCHIVE_WARN);
	if (has_bytes && e->n)
		assert_int_equal(archive_write_data(a, e->bytes, e->n), e->n);
	archive_entry_free(entry);
}

static void
end(struct archive *a)
{
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
}

static void
make(const char *file, int (*format)(struct archive *), int (*filter)(struct archive *), const struct entry *entries,
     size_t n)
{
	struct archive *a = begin(file, format, filter, NULL);

	for (size_t i = 0; i < n; i++)
		add(a, &entries[i]);
	end(a);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- the tests --- */

static const struct entry plain[] = {
	{"a", "hello", 5, 0}, {"dir/empty", "", 0, 0},           {"dir/a", "world", 5, 0},
	{"a", "again", 5, 0}, {"gr\xc3\xbc\xc3\x9f", "x", 1, 0},
};

static void
the_usual_formats_are_unpacked(void **state)
{
	static const struct {
		int (*format)(struct archive *), (*filter)(struct archive *);
	} kinds[] = {
		{archive_write_set_format_zip, archive_write_add_filter_none},
		{archive_write_set_format_pax_restricted, archive_write_add_filter_none},
		{archive_write_set_format_pax_restricted, archive_write_add_filter_gzip},
		{archive_write_set_format_ustar, archive_write_add_filter_bzip2},
		{archive_write_set_format_gnutar, archive_write_add_filter_xz},
		{archive_write_set_format_pax_restricted, archive_write_add_filter_zstd},
		{archive_write_set_format_gnutar, archive_write_add_filter_lzip},
		{archive_write_set_format_cpio, archive_write_add_filter_none},
		{archive_write_set_format_cpio_newc, archive_write_add_filter_gzip},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		make("archive", kinds[i].format, kinds[i].filter, plain, COUNT(plain));
		expanding_unpacks("archive", NULL,
				  "a[hello] dir/empty[] dir/a[world] a[again] gr\xc3\xbc\xc3\x9f[x] .");
	}
}

/* Its writers put what is empty last, or drop what is there twice. */
static void
other_formats_are_unpacked(void **state)
{
	static const struct entry other[] = {{"a", "hello", 5, 0}, {"gr\xc3\xbc\xc3\x9f", "x", 1, 0}, {"z", "", 0, 0}};

	(void)state;
	make("a.7z", archive_write_set_format_7zip, archive_write_add_filter_none, other, 3);
	expanding_unpacks("a.7z", NULL, "a[hello] gr\xc3\xbc\xc3\x9f[x] z[] .");
	make("a.iso", archive_write_set_format_iso9660, archive_write_add_filter_none, other, 1);
	expanding_unpacks("a.iso", NULL, "a[hello] .");
	make("a.ar", archive_write_set_format_ar_svr4, archive_write_add_filter_none, other, 1);
	expanding_unpacks("a.ar", NULL, "a[hello] .");
	make("a.xar", archive_write_set_format_xar, archive_write_add_filter_none, other, 1);
	expanding_unpacks("a.xar", NULL, "a[hello] .");
}

static void
members_are_told_with_size_and_time(void **state)
{
	struct expand *e;
	struct expand_member m;

	(void)state;
	make("a.tar", archive_write_set_format_ustar, archive_write_add_filter_none, plain, 1);
	e = expanding_start("a.tar", NULL);
	assert_int_equal(expand_next(e, -1, &m), EXPAND_MEMBER);
	assert_int_equal(m.size, 5);
	assert_int_equal(m.mtime, 1700000000);
	assert_int_equal(m.index, 1);
	assert_int_equal(expand_next(e, -1, &m), EXPAND_BYTES);
	assert_string_equal(m.path, "a");
	assert_int_equal(expand_next(e, -1, &m), EXPAND_MEMBER_END);
	assert_int_equal(expand_next(e, -1, &m), EXPAND_END);
	assert_int_equal(expand_totals(e)->members, 1);
	assert_int_equal(expand_totals(e)->bytes, 5);
	expand_close(e);
}

static void
links_and_bad_names_are_refused(void **state)
{
	static const struct entry entries[] = {
		{"../evil", "abc", 3, 0},   {"/abs", "abc", 3, 0},
		{"a/../../b", "abc", 3, 0}, {"link", "/etc/passwd", 0, AE_IFLNK},
		{"hard", "ok", 0, HARD},    {"pipe", "", 0, AE_IFIFO},
		{"dev", "", 0, AE_IFCHR},   {"disk", "", 0, AE_IFBLK},
		{"dir", "", 0, AE_IFDIR},   {"./ok", "abc", 3, 0},
	};

	(void)state;
	make("a.tar", archive_write_set_format_pax_restricted, archive_write_add_filter_none, entries, COUNT(entries));
	expanding_unpacks(
		"a.tar", NULL,
		"../evil!member_bad_name /abs!member_bad_name a/../../b!member_bad_name link!member_not_a_file "
		"hard!member_not_a_file pipe!member_not_a_file dev!member_not_a_file disk!member_not_a_file ok[abc] .");
	assert_int_equal(expanding_ends("a.tar", NULL, "").refused, 8);
}

static void
what_is_no_archive_is_refused(void **state)
{
	struct archive *a;

	(void)state;
	testing_write("text", "just words\n", 11);
	expanding_unpacks("text", NULL, "!not_an_archive");
	testing_write("none", "", 0);
	expanding_unpacks("none", NULL, "!not_an_archive");
	testing_write("mtree", "#mtree\n./passwd type=file contents=/etc/passwd\n", 47);
	expanding_unpacks("mtree", NULL, "!not_an_archive");
	a = begin("words.gz", archive_write_set_format_raw, archive_write_add_filter_gzip, NULL);
	add(a, &plain[0]);
	end(a);
	expanding_unpacks("words.gz", NULL, "!not_an_archive");
	end(begin("nothing.zip", archive_write_set_format_zip, archive_write_add_filter_none, NULL));
	expanding_unpacks("nothing.zip", NULL, "!archive_empty");
}

/* One file of N bytes, compressed: zeros, or what hardly compresses. */
static void
make_big(const char *file, int (*format)(struct archive *), int (*filter)(struct archive *), size_t n, bool zeros)
{
	char *bytes = calloc(1, n);
	uint32_t x = 1;

	assert_non_null(bytes);
	for (size_t i = 0; !zeros && i < n; i++)
		bytes[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
	make(file, format, filter, &(struct entry){"big", bytes, n, 0}, 1);
	free(bytes);
}

static void
the_ratio_is_limited(void **state)
{
	static const struct expand_limits strict = {.ratio = 200, .free = 10 << 20},
					  generous = {.ratio = 100000, .free = 10 << 20};
	struct expand_totals t;

	(void)state;
	make_big("bomb.zip", archive_write_set_format_zip, archive_write_add_filter_none, 32 << 20, true);
	t = expanding_ends("bomb.zip", &strict, "archive_ratio");
	assert_true(t.bytes <= 11 << 20);
	make_big("bomb.tgz", archive_write_set_format_ustar, archive_write_add_filter_gzip, 32 << 20, true);
	expanding_ends("bomb.tgz", &strict, "archive_ratio");
	expanding_ends("bomb.tgz", &generous, "");
	/* What may be unpacked of any archive is no bomb, like a log that compresses well. */
	expanding_ends("bomb.tgz", NULL, "");
	make_big("small.zip", archive_write_set_format_zip, archive_write_add_filter_none, 9 << 20, true);
	t = expanding_ends("small.zip", &strict, "");
	assert_int_equal(t.bytes, 9 << 20);
}

/* Of the whole archive, not of one member. */
static void
the_ratio_is_that_of_all_members(void **state)
{
	static const struct expand_limits strict = {.ratio = 20, .free = 1 << 20};
	struct archive *a = begin("two.zip", archive_write_set_format_zip, archive_write_add_filter_none, NULL);
	char *bytes = calloc(1, 2 << 20);
	uint32_t x = 1;

	(void)state;
	assert_non_null(bytes);
	add(a, &(struct entry){"log", bytes, 2 << 20, 0});
	for (size_t i = 0; i < 1 << 20; i++)
		bytes[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
	add(a, &(struct entry){"noise", bytes, 1 << 20, 0});
	end(a);
	free(bytes);
	expanding_ends("two.zip", &strict, "");
}

/* A refused member counts too. */
static void
refused_members_count_for_the_limits(void **state)
{
	static const struct expand_limits strict = {.ratio = 200, .free = 10 << 20};
	char *zeros = calloc(1, 32 << 20);

	(void)state;
	assert_non_null(zeros);
	make("bomb.tgz", archive_write_set_format_ustar, archive_write_add_filter_gzip,
	     &(struct entry){"../big", zeros, 32 << 20, 0}, 1);
	expanding_ends("bomb.tgz", &strict, "archive_ratio");
	free(zeros);
}

/* A hole of 1 TiB, which takes no room in the archive. */
static void
holes_count_for_the_limits(void **state)
{
	struct archive *a = begin("sparse.tar", archive_write_set_format_pax, archive_write_add_filter_none, NULL);
	struct archive_entry *entry = archive_entry_new();

	(void)state;
	archive_entry_set_pathname(entry, "sparse");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, (la_int64_t)1 << 40);
	archive_entry_sparse_add_entry(entry, 0, 4);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, "head", 4), 4);
	archive_entry_free(entry);
	archive_write_close(a);
	archive_write_free(a);
	expanding_ends("sparse.tar", NULL, "archive_too_large");
}

/* A sparse file that is small enough comes with its holes as zeros, the last one too. */
static void
holes_are_filled_with_zeros(void **state)
{
	struct archive *a = begin("sparse.tar", archive_write_set_format_pax, archive_write_add_filter_none, NULL);
	struct archive_entry *entry = archive_entry_new();
	char zeros[5000] = {0};

	(void)state;
	archive_entry_set_pathname(entry, "sparse");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, 15000);
	archive_entry_sparse_add_entry(entry, 5000, 5000);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(archive_write_data(a, zeros, sizeof(zeros)), sizeof(zeros));
	archive_entry_free(entry);
	end(a);
	/* They cost nothing, so that they do not make it a bomb. */
	assert_int_equal(expanding_ends("sparse.tar", NULL, "").bytes, 15000);
	assert_int_equal(expanding_ends("sparse.tar", &(struct expand_limits){.ratio = 1, .free = 1}, "").bytes, 15000);
	assert_int_equal(
		expanding_ends("sparse.tar", &(struct expand_limits){.bytes = 14000}, "archive_too_large").bytes, 0);
}

/* Directories are nothing to unpack, but not nothing to say. */
static void
an_archive_without_files_is_told(void **state)
{
	static const struct entry dirs[] = {{"only", "", 0, AE_IFDIR}, {"only/a", "", 0, AE_IFDIR}};

	(void)state;
	make("dirs.zip", archive_write_set_format_zip, archive_write_add_filter_none, dirs, 2);
	expanding_unpacks("dirs.zip", NULL, "!archive_empty");
	make("dirs.tar", archive_write_set_format_ustar, archive_write_add_filter_none, dirs, 1);
	expanding_unpacks("dirs.tar", NULL, "!archive_empty");
}

static void
sizes_are_limited(void **state)
{
	(void)state;
	make_big("big.tgz", archive_write_set_format_ustar, archive_write_add_filter_gzip, 1 << 20, false);
	expanding_ends("big.tgz", &(struct expand_limits){.bytes = 1 << 20}, "");
	expanding_ends("big.tgz", &(struct expand_limits){.bytes = (1 << 20) - 1}, "archive_too_large");
	expanding_ends("big.tgz", &(struct expand_limits){.member_bytes = (1 << 20) - 1}, "archive_too_large");
	make("two.tar", archive_write_set_format_ustar, archive_write_add_filter_none, plain, 3);
	expanding_unpacks("two.tar", &(struct expand_limits){.bytes = 9}, "a[hello] dir/empty[] !archive_too_large");
	expanding_unpacks("two.tar", &(struct expand_limits){.members = 2}, "a[hello] dir/empty[] !archive_too_many");
}

static void
the_number_of_members_is_limited(void **state)
{
	struct archive *a = begin("many.zip", archive_write_set_format_zip, archive_write_add_filter_none, NULL);
	struct expand_totals t;
	char name[16];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		add(a, &(struct entry){name, "x", 1, 0});
	}
	end(a);
	t = expanding_ends("many.zip", NULL, "archive_too_many");
	assert_int_equal(t.members, 10000);
	t = expanding_ends("many.zip", &(struct expand_limits){.members = 20000}, "");
	assert_int_equal(t.members, 20000);
}

static void
a_truncated_archive_is_told(void **state)
{
	static const struct {
		int (*format)(struct archive *), (*filter)(struct archive *);
	} kinds[] = {
		{archive_write_set_format_zip, archive_write_add_filter_none},
		{archive_write_set_format_7zip, archive_write_add_filter_none},
		{archive_write_set_format_ustar, archive_write_add_filter_none},
		{archive_write_set_format_ustar, archive_write_add_filter_gzip},
		{archive_write_set_format_ustar, archive_write_add_filter_xz},
		{archive_write_set_format_ustar, archive_write_add_filter_bzip2},
		{archive_write_set_format_ustar, archive_write_add_filter_zstd},
		{archive_write_set_format_cpio_newc, archive_write_add_filter_none},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		make_big("cut", kinds[i].format, kinds[i].filter, 1 << 20, false);
		assert_int_equal(truncate("cut", 600000), 0);
		assert_int_equal(expanding_ends("cut", NULL, "archive_damaged").members, 0);
	}
}

/* A wrong byte in one member of a zip is that member's loss only. */
static void
a_damaged_member_is_told_and_the_rest_goes_on(void **state)
{
	char *text;
	struct stat st;
	struct archive *a =
		begin("a.zip", archive_write_set_format_zip, archive_write_add_filter_none, "zip:compression=store");

	(void)state;
	for (size_t i = 0; i < 3; i++)
		add(a, &plain[i]);
	end(a);
	text = testing_read("a.zip");
	assert_int_equal(stat("a.zip", &st), 0);
	for (char *c = text; c < text + st.st_size - 5; c++)
		if (memcmp(c, "hello", 5) == 0)
			*c = 'j';
	testing_write("a.zip", text, (size_t)st.st_size);
	free(text);
	expanding_unpacks("a.zip", NULL, "a[jello!member_damaged] dir/empty[] dir/a[world] .");
}

static void
an_encrypted_archive_is_told(void **state)
{
	static const char *const ways[] = {"zip:encryption=zipcrypt", "zip:encryption=aes256"};

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct archive *a =
			begin("a.zip", archive_write_set_format_zip, archive_write_add_filter_none, ways[i]);

		add(a, &plain[0]);
		end(a);
		expanding_unpacks("a.zip", NULL, "a[!member_encrypted] !archive_encrypted");
	}
}

static void
media_types_of_archives_are_known(void **state)
{
	(void)state;
	assert_true(expand_is_archive("application/zip"));
	assert_true(expand_is_archive("application/gzip"));
	assert_false(expand_is_archive("application/epub+zip"));
	assert_false(expand_is_archive("image/jpeg"));
	assert_null(expand_open(-1, NULL));
	assert_int_equal(errno, EBADF);
}

/* --- the confinement of the real one --- */

/* The only child of this process. */
static pid_t
child(void)
{
	char path[64], text[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	return (pid_t)atoi(text);
}

static void
has_line(pid_t pid, const char *want)
{
	char path[64], line[256];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	assert_non_null(f);
	while (!found && fgets(line, sizeof(line), f))
		found = strcmp(line, want) == 0;
	fclose(f);
	assert_true(found);
}

/* An archive that it cannot have finished: more than the socket holds. */
static struct expand *
start_big(struct expand_member *m)
{
	struct expand *e;

	make_big("big.tar", archive_write_set_format_ustar, archive_write_add_filter_none, 4 << 20, false);
	e = expanding_start("big.tar", NULL);
	assert_int_equal(expand_next(e, -1, m), EXPAND_MEMBER);
	assert_int_equal(expand_next(e, -1, m), EXPAND_BYTES);
	return e;
}

static void
the_helper_is_confined(void **state)
{
	struct expand_member m;
	struct expand *e = start_big(&m);
	char path[64], target[4096];
	pid_t pid = child();
	unsigned flags = 0;
	FILE *f;

	(void)state;
	has_line(pid, "Seccomp:\t2\n");
	has_line(pid, "NoNewPrivs:\t1\n");
	for (int fd = 0; fd < 20; fd++) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		if (fd == 0)
			assert_memory_equal(target, "socket:", 7);
		else if (fd == 1)
			assert_string_equal(target, "/dev/null");
		else if (fd == 2)
			assert_memory_equal(target, "pipe:", 5);
		else if (fd == 3)
			assert_non_null(strstr(target, "/big.tar"));
		else
			assert_int_equal(n, -1);
	}
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/3", (int)pid);
	f = fopen(path, "re");
	assert_true(f && fscanf(f, "pos: %*d flags: %o", &flags) == 1);
	assert_int_equal(flags & O_ACCMODE, O_RDONLY);
	fclose(f);
	expand_close(e);
}

/* Killed half-way, the real one. */
static void
a_helper_that_is_killed_fails_the_archive(void **state)
{
	struct expand_member m;
	struct expand *e = start_big(&m);
	enum expand_event event;

	(void)state;
	assert_int_equal(kill(child(), SIGKILL), 0);
	while ((event = expand_next(e, -1, &m)) == EXPAND_BYTES)
		continue;
	assert_int_equal(event, EXPAND_FAILED);
	assert_string_equal(m.code, TROUBLE_CODE); /* not the archive's fault */
	expand_close(e);
}

/* Stopped half-way: its deadline passes. */
static void
a_helper_that_is_stopped_is_not_waited_for(void **state)
{
	struct expand_limits limits = {.stall = 200};
	struct expand_member m;
	struct expand *e;
	enum expand_event event;

	(void)state;
	make_big("big.tar", archive_write_set_format_ustar, archive_write_add_filter_none, 4 << 20, false);
	e = expanding_start("big.tar", &limits);
	assert_int_equal(kill(child(), SIGSTOP), 0);
	while ((event = expand_next(e, -1, &m)) == EXPAND_BYTES || event == EXPAND_MEMBER)
		continue;
	assert_int_equal(event, EXPAND_FAILED);
	assert_string_equal(m.code, TROUBLE_CODE);
	expand_close(e);
}

/* Driven from a loop, and one that leaves half-way. */
static void
its_descriptor_can_be_polled(void **state)
{
	struct expand_member m;
	struct expand *e;
	enum expand_event event;
	struct buf log = {0};

	(void)state;
	make("a.tar", archive_write_set_format_ustar, archive_write_add_filter_none, plain, 3);
	e = expanding_start("a.tar", NULL);
	do {
		struct pollfd p = {.fd = expand_fd(e), .events = POLLIN};

		assert_true(expand_wait(e) > 0);
		assert_int_equal(poll(&p, 1, expand_wait(e)), 1);
		event = expand_next(e, 0, &m);
		expanding_note(&log, event, &m);
	} while (event != EXPAND_END && event != EXPAND_FAILED);
	assert_string_equal(log.data, "a[hello] dir/empty[] dir/a[world] .");
	assert_int_equal(expand_fd(e), -1);
	expand_close(e);
	buf_free(&log);
	expand_close(start_big(&m));
	expand_close(NULL);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, testing_enter, testing_leave)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(the_usual_formats_are_unpacked),
		TEST(other_formats_are_unpacked),
		TEST(members_are_told_with_size_and_time),
		TEST(links_and_bad_names_are_refused),
		TEST(what_is_no_archive_is_refused),
		TEST(the_ratio_is_limited),
		TEST(refused_members_count_for_the_limits),
		TEST(holes_count_for_the_limits),
		TEST(holes_are_filled_with_zeros),
		TEST(sizes_are_limited),
		TEST(the_number_of_members_is_limited),
		TEST(a_truncated_archive_is_told),
		TEST(a_damaged_member_is_told_and_the_rest_goes_on),
		TEST(an_encrypted_archive_is_told),
		TEST(an_archive_without_files_is_told),
		TEST(the_ratio_is_that_of_all_members),
		TEST(media_types_of_archives_are_known),
		TEST(the_helper_is_confined),
		TEST(a_helper_that_is_killed_fails_the_archive),
		TEST(a_helper_that_is_stopped_is_not_waited_for),
		TEST(its_descriptor_can_be_polled),
	};

	(void)argv;
	if (argc < 2)
		return expanding_run_again();
	if (!setlocale(LC_CTYPE, "C.UTF-8")) /* for libarchive, which writes names as UTF-16 */
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
