#include "expand_helper.h"

#include <archive_entry.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/msg.h"
#include "confined/confine.h"
#include "confined/expand.h"
#include "confined/helper.h"
#include "confined/unpack.h"

enum { NAME_LENGTH_MAX = 32 << 10, TRIES = 100 };

/* The process has only the socket, /dev/null, the pipe of its messages, and the archive open, and writes to no file. */
static const struct confine_limits limits = {
	.memory = EXPAND_MEMORY,
	.seconds = EXPAND_SECONDS,
	.file_size = 1,
	.files = 4,
};

static struct unpack source;

/* --- what is said --- */

static void
say(const char *head, size_t n, const void *bytes, size_t len)
{
	if (!helper_send_answer(head, n, bytes, len))
		_exit(EX_OSERR); /* the other end is closed */
}

static size_t
words_length(struct archive *a)
{
	const char *words = archive_error_string(a);

	return words ? strnlen(words, EXPAND_WORDS - 1) : 0;
}

/* Reports that the archive could not be read; libarchive's message may only describe the consequences. */
static _Noreturn void
end_unread(int error)
{
	char words[EXPAND_WORDS];
	int n = snprintf(words, sizeof(words), "it cannot be read: %s", strerror(error));

	say("Fi", 2, words, (size_t)n);
	_exit(EX_ALL_WELL);
}

static _Noreturn void
end_failed(struct archive *a)
{
	char head[2] = {'F', (char)unpack_fault(a, &source)};

	if (head[1] == UNPACK_UNREAD)
		end_unread(source.failed);
	if (head[1] == UNPACK_NOT)
		archive_clear_error(a); /* the parent has a better message */
	say(head, 2, archive_error_string(a), words_length(a));
	_exit(EX_ALL_WELL);
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

static void
say_bytes(const char *bytes, size_t n)
{
	for (size_t some; n > 0; bytes += some, n -= some) {
		some = n < EXPAND_BLOCK ? n : EXPAND_BLOCK;
		say("B", 1, bytes, some);
	}
}

/* The parent ends this if it is too long. */
static void
say_hole(int64_t n)
{
	for (int64_t some; n > 0; n -= some) {
		char head[16];

		some = n < EXPAND_BLOCK ? n : EXPAND_BLOCK;
		say(head, (size_t)snprintf(head, sizeof(head), "H%lld ", (long long)some), NULL, 0);
	}
}

/* Says why the member is not whole. */
static void
say_fault(struct archive *a)
{
	enum unpack_fault fault = unpack_fault(a, &source);
	const char *head = fault == UNPACK_ENCRYPTED ? "X" : fault == UNPACK_UNSUPPORTED ? "U" : "D";

	say(head, 1, archive_error_string(a), words_length(a));
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
		say_bytes(bytes, n);
		said += (int64_t)n;
		if (rc == ARCHIVE_EOF) {
			say("E", 1, NULL, 0);
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
	int len = snprintf(words, sizeof(words), "%llu members of it overlap with others and were not unpacked",
			   (unsigned long long)n);

	say("Fd", 2, words, (size_t)len);
	_exit(EX_ALL_WELL);
}

static _Noreturn void
say_all(struct archive *a)
{
	struct archive_entry *entry;
	uint64_t count = 0;
	int rc, tries = 0;

	while ((rc = archive_read_next_header(a, &entry)) != ARCHIVE_EOF) {
		long long size;
		long long mtime;
		const char *name;
		char head[64];
		int n;

		if (rc == ARCHIVE_RETRY && tries++ < TRIES)
			continue;
		if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
			end_failed(a);
		size = archive_entry_size_is_set(entry) ? within(archive_entry_size(entry), -1) : -1;
		mtime = archive_entry_mtime_is_set(entry) ? within(archive_entry_mtime(entry), 0) : 0;
		name = archive_entry_pathname(entry);
		if (!name && !(name = archive_entry_pathname_utf8(entry)))
			name = "";
		n = snprintf(head, sizeof(head), "M%c %lld %lld ", kind_of(entry), size < 0 ? -1 : size, mtime);
		say(head, (size_t)n, name, strnlen(name, NAME_LENGTH_MAX));
		if (archive_entry_is_encrypted(entry))
			say("X", 1, NULL, 0);
		else
			say_member(a);
		count++;
	}
	if (unpack_overlaps(a, &source, count) > 0)
		end_overlapping(unpack_overlaps(a, &source, count));
	say("Z", 1, NULL, 0);
	_exit(EX_ALL_WELL);
}

/* --- getting there --- */

/* Receives the descriptor of the only request; ends the process if there is none. */
static int
receive(void)
{
	char text[16];
	int fd;
	ssize_t n = helper_next_request(text, sizeof(text), &fd, 1);

	if (n <= 0)
		_exit(n == 0 ? EX_ALL_WELL : EX_OSERR);
	return fd;
}

/* The process ends with _exit: nothing is left to write, and the exit handlers of a sanitizer make calls that are not
 * allowed here. */
_Noreturn void
expand_serve(void)
{
	struct archive *a;

	helper_require_socket();
	/* Names are returned as UTF-8 if the archive names their character set; times without a zone are UTC. */
	msg_use_utf8();
	if (setenv("TZ", "UTC0", 1) < 0)
		msg_die_errno(EX_OSERR, "cannot set the time zone");
	tzset();
	unpack_load();
	helper_confine(&limits);
	a = unpack_new(&source, receive());
	if (!a)
		end_unread(errno);
	if (archive_read_open1(a) != ARCHIVE_OK)
		end_failed(a);
	say_all(a);
}
