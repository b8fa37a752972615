/*
 * archive: writes an archive for the tests.
 *
 *	archive FORMAT FILE ENTRY...
 *
 * FORMAT is one of libarchive's (zip, ustar, 7zip, cpio), or "locked", a zip with a password. ENTRY is NAME=TEXT, a
 * file; NAME@TARGET, a symbolic link; NAME*BYTES, a file of zeros; NAME#COUNT, that many files of 100 bytes, numbered;
 * or NAME/, a directory.
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct archive *to;

static void
check(int rc)
{
	if (rc >= ARCHIVE_WARN)
		return;
	fprintf(stderr, "archive: %s\n", archive_error_string(to));
	exit(1);
}

static void
put(const char *name, unsigned kind, const char *target, const void *bytes, size_t n)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, kind);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_mtime(e, 1700000000, 0);
	if (target)
		archive_entry_set_symlink(e, target);
	archive_entry_set_size(e, (la_int64_t)n);
	check(archive_write_header(to, e));
	while (n > 0) {
		static const char zeros[1 << 16];
		size_t some = bytes || n < sizeof(zeros) ? n : sizeof(zeros);

		if (archive_write_data(to, bytes ? bytes : zeros, some) < 0)
			check(ARCHIVE_FATAL);
		n -= some;
	}
	archive_entry_free(e);
}

static void
put_many(const char *name, long count)
{
	char numbered[256], text[100];

	for (long i = 1; i <= count; i++) {
		memset(text, ' ', sizeof(text));
		snprintf(text, sizeof(text), "%s %ld", name, i);
		snprintf(numbered, sizeof(numbered), "%s%ld.txt", name, i);
		put(numbered, AE_IFREG, NULL, text, sizeof(text));
	}
}

static void
put_entry(char *entry)
{
	char *mark = entry + strcspn(entry, "=@*#"), kind = *mark;

	*mark = '\0';
	if (kind == '=')
		put(entry, AE_IFREG, NULL, mark + 1, strlen(mark + 1));
	else if (kind == '@')
		put(entry, AE_IFLNK, mark + 1, NULL, 0);
	else if (kind == '*')
		put(entry, AE_IFREG, NULL, NULL, (size_t)strtoul(mark + 1, NULL, 10));
	else if (kind == '#')
		put_many(entry, strtol(mark + 1, NULL, 10));
	else
		put(entry, AE_IFDIR, NULL, NULL, 0);
}

int
main(int argc, char **argv)
{
	bool locked = argc > 3 && strcmp(argv[1], "locked") == 0;

	if (argc < 4) {
		fprintf(stderr, "usage: archive FORMAT FILE ENTRY...\n");
		return 2;
	}
	to = archive_write_new();
	if (!to)
		return 1;
	check(archive_write_set_format_by_name(to, locked ? "zip" : argv[1]));
	if (locked) {
		check(archive_write_set_options(to, "zip:encryption=traditional"));
		check(archive_write_set_passphrase(to, "secret"));
	}
	check(archive_write_open_filename(to, argv[2]));
	for (int i = 3; i < argc; i++)
		put_entry(argv[i]);
	check(archive_write_close(to));
	archive_write_free(to);
	return 0;
}
