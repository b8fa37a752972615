#include "packets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "base/msg.h"
#include "confined/expand.h"
#include "confined/helper.h"

enum { NAME_LENGTH_MAX = 32 << 10 };

void
packets_prepare(void)
{
	helper_require_socket();
	/* Names are returned as UTF-8 if the archive names their character set. */
	msg_use_utf8();
	if (setenv("TZ", "UTC0", 1) < 0)
		msg_die_errno(EX_OSERR, "cannot set the time zone");
	tzset();
}

int
packets_receive(uint64_t *skip)
{
	char text[32];
	int fd;
	ssize_t n = helper_next_request(text, sizeof(text), &fd, 1);

	if (n <= 0)
		_exit(n == 0 ? EX_ALL_WELL : EX_OSERR);
	*skip = strtoull(text + strcspn(text, " "), NULL, 10);
	return fd;
}

void
packets_say(const char *head, size_t n, const void *bytes, size_t len)
{
	if (!helper_send_answer(head, n, bytes, len))
		_exit(EX_OSERR);
}

void
packets_begin_member(char kind, long long size, long long mtime, const char *name, size_t n)
{
	char head[64];
	int len = snprintf(head, sizeof(head), "M%c %lld %lld ", kind, size < 0 ? -1 : size, mtime);

	packets_say(head, (size_t)len, name, n < NAME_LENGTH_MAX ? n : NAME_LENGTH_MAX);
}

void
packets_say_bytes(const char *bytes, size_t n)
{
	for (size_t some; n > 0; bytes += some, n -= some) {
		some = n < EXPAND_BLOCK ? n : EXPAND_BLOCK;
		packets_say("B", 1, bytes, some);
	}
}

static size_t
words_length(const char *words)
{
	return words ? strnlen(words, EXPAND_WORDS - 1) : 0;
}

void
packets_fail_member(char letter, const char *words)
{
	packets_say(&letter, 1, words, words_length(words));
}

void
packets_end(void)
{
	packets_say("Z", 1, NULL, 0);
	_exit(EX_ALL_WELL);
}

void
packets_end_failed(char letter, const char *words)
{
	char head[2] = {'F', letter};

	packets_say(head, 2, words, words_length(words));
	_exit(EX_ALL_WELL);
}

void
packets_end_unread(int error)
{
	char words[EXPAND_WORDS];

	snprintf(words, sizeof(words), "it cannot be read: %s", strerror(error));
	packets_end_failed('i', words);
}

void
packets_end_restart(const char *mode)
{
	packets_say("R", 1, mode, strlen(mode));
	_exit(EX_ALL_WELL);
}
