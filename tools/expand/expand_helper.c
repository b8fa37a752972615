#include "expand_helper.h"

#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "confined/confine.h"
#include "confined/expand.h"
#include "confined/helper.h"
#include "confined/type.h"
#include "confined/unpack.h"
#include "files/file.h"
#include "mail/mail_head.h"
#include "names_decode.h"
#include "packets.h"

enum { TRIES = 100 };

/* The process has only the socket, /dev/null, the pipe of its messages, and the archive open, and writes to no file. */
static const struct confine_limits limits = {
	.memory = EXPAND_MEMORY,
	.seconds = EXPAND_SECONDS,
	.file_size = 1,
	.files = 4,
};

static struct unpack source;

/* Whether the file, which is not an archive, begins as a mail does. */
static bool
is_mail(void)
{
	char head[TYPE_HEAD];
	ssize_t n = file_read_at(source.fd, head, sizeof(head), 0);

	return n > 0 && (mail_head_from_line(head, (size_t)n) > 0 || mail_head_is_mail(head, (size_t)n));
}

static _Noreturn void
end_failed(struct archive *a)
{
	char letter = (char)unpack_fault(a, &source);

	if (letter == UNPACK_UNREAD)
		packets_end_unread(source.failed);
	if (letter == UNPACK_NOT && is_mail())
		packets_end_restart("mail");
	packets_end_failed(letter,
			   letter == UNPACK_NOT ? "" : archive_error_string(a)); /* the parent has better words */
}

/* --- the members --- */

static char
kind_of(struct archive_entry *entry)
{
	if (archive_entry_hardlink(entry))
		return 'h';
	switch (archive_entry_filetype(entry)) {
	case AE_IFREG:
		return 'f';
	case AE_IFDIR:
		return 'd';
	case AE_IFLNK:
		return 'l';
	case AE_IFCHR:
		return 'c';
	case AE_IFBLK:
		return 'b';
	case AE_IFIFO:
		return 'p';
	case AE_IFSOCK:
		return 's';
	default:
		return '?';
	}
}

/* A text that is not a number of at most 17 digits counts as unknown. */
static long long
within(la_int64_t value, long long otherwise)
{
	const long long most = 10000000000000000LL;

	return value > most || value < -most ? otherwise : (long long)value;
}

/* The parent ends this if it is too long. */
static void
say_hole(int64_t n)
{
	for (int64_t some; n > 0; n -= some) {
		char head[16];

		some = n < EXPAND_BLOCK ? n : EXPAND_BLOCK;
		packets_say(head, (size_t)snprintf(head, sizeof(head), "H%lld ", (long long)some), NULL, 0);
	}
}

/* Says why the member is not whole. */
static void
say_fault(struct archive *a)
{
	enum unpack_fault fault = unpack_fault(a, &source);
	char letter = fault == UNPACK_ENCRYPTED ? 'X' : fault == UNPACK_UNSUPPORTED ? 'U' : 'D';

	packets_fail_member(letter, archive_error_string(a));
}

/* Sends the bytes of the entry, of any kind, since the parent counts all unpacked bytes. */
static void
say_member(struct archive *a)
{
	int64_t said = 0;
	int rc, tries = 0;

	for (;;) {
		const void *bytes = NULL;
		size_t n = 0;
		la_int64_t offset = said;

		rc = archive_read_data_block(a, &bytes, &n, &offset);
		if (rc == ARCHIVE_RETRY && tries++ < TRIES)
			continue;
		if (rc == ARCHIVE_FATAL)
			end_failed(a);
		if (rc == ARCHIVE_EOF)
			n = 0;
		else if (rc != ARCHIVE_OK)
			break;
		if (offset < said && n > 0) {
			archive_set_error(a, EILSEQ, "its parts overlap");
			break;
		}
		say_hole(offset - said);
		said = offset > said ? offset : said;
		packets_say_bytes(bytes, n);
		said += (int64_t)n;
		if (rc == ARCHIVE_EOF) {
			packets_say("E", 1, NULL, 0);
			return;
		}
	}
	say_fault(a); /* also a warning, since libarchive reports wrong checksums as warnings */
}

/* Reports that N members in the directory of a ZIP were not read. */
static _Noreturn void
end_overlapping(uint64_t n)
{
	char words[EXPAND_WORDS];

	snprintf(words, sizeof(words), "%llu members of it overlap with others and were not unpacked",
		 (unsigned long long)n);
	packets_end_failed(UNPACK_DAMAGED, words);
}

static void
say_entry(struct archive *a, struct archive_entry *entry)
{
	long long size = archive_entry_size_is_set(entry) ? within(archive_entry_size(entry), -1) : -1;
	long long mtime = archive_entry_mtime_is_set(entry) ? within(archive_entry_mtime(entry), 0) : 0;
	const char *name = archive_entry_pathname(entry);

	if (!name && !(name = archive_entry_pathname_utf8(entry)))
		name = "";
	name = names_decode(source.fd, name);
	packets_begin_member(kind_of(entry), size, mtime, name, strlen(name));
	if (archive_entry_is_encrypted(entry))
		packets_fail_member('X', NULL);
	else
		say_member(a);
}

static _Noreturn void
say_all(struct archive *a, uint64_t skip)
{
	struct archive_entry *entry;
	uint64_t count = 0;
	int rc, tries = 0;

	while ((rc = archive_read_next_header(a, &entry)) != ARCHIVE_EOF) {
		if (rc == ARCHIVE_RETRY && tries++ < TRIES)
			continue;
		if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
			end_failed(a);
		if (count++ >= skip)
			say_entry(a, entry);
	}
	if (unpack_overlaps(a, &source, count) > 0)
		end_overlapping(unpack_overlaps(a, &source, count));
	packets_end();
}

_Noreturn void
expand_serve(bool names)
{
	struct archive *a;
	uint64_t skip;

	packets_prepare();
	unpack_load();
	if (names)
		names_load();
	helper_confine(&limits);
	a = unpack_new(&source, packets_receive(&skip));
	if (!a)
		packets_end_unread(errno);
	if (archive_read_open1(a) != ARCHIVE_OK)
		end_failed(a);
	say_all(a, skip);
}
