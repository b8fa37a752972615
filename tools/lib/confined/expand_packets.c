#include "confined/expand_packets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/member.h"
#include "base/trouble.h"
#include "base/words.h"

static bool
is_mail(const struct expand *e)
{
	return e->helper.mode && strcmp(e->helper.mode, "mail") == 0;
}

/* --- how it ends --- */

enum expand_event
expand_fail(struct expand *e, const char *code, const char *words)
{
	helper_stop(&e->helper);
	e->end = EXPAND_FAILED;
	e->code = code;
	if (words != e->words)
		snprintf(e->words, sizeof(e->words), "%s", words);
	return EXPAND_FAILED;
}

/* Stores the message of bi-expand so that it can be shown, or OTHERWISE if it is empty. */
static const char *
keep_words(struct expand *e, const char *said, const char *otherwise)
{
	snprintf(e->words, sizeof(e->words), "%s", *said ? said : otherwise);
	for (char *c = e->words; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return e->words;
}

enum expand_event
expand_fail_helper(struct expand *e, enum helper_sign sign, const char *code, const char *words)
{
	struct helper_end end = helper_fail(&e->helper, sign);
	char all[EXPAND_WORDS];

	if (end.ours)
		return expand_fail(e, TROUBLE_CODE, "bi-expand, which unpacks it, " HELPER_TROUBLE);
	if (!*end.said)
		return expand_fail(e, code, words);
	snprintf(all, sizeof(all), "%s (%.80s)", words, end.said);
	return expand_fail(e, code, keep_words(e, all, words));
}

static enum expand_event
fail_limit(struct expand *e, const char *code, const char *fmt, uint64_t limit)
{
	char words[EXPAND_WORDS];

	snprintf(words, sizeof(words), "%s %llu", fmt, (unsigned long long)limit);
	return expand_fail(e, code, words);
}

static enum expand_event
fail_nonsense(struct expand *e)
{
	return expand_fail(e, "archive_crashed", "the program that unpacks it gave an invalid answer");
}

static enum expand_event
take_failure(struct expand *e, const char *packet)
{
	static const struct {
		const char *code, *words;
		char letter;
	} known[] = {
		{"archive_damaged", "it is damaged", 'd'},
		{"archive_encrypted", "it needs a password", 'e'},
		{"archive_unsupported", "its method or version is not known here", 'u'},
		{"not_an_archive", "it is not an archive that can be unpacked here", 'n'},
		{"archive_memory", "it takes too much memory", 'm'},
		{TROUBLE_CODE, "it cannot be read", 'i'},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].letter == packet[1])
			return expand_fail(e, known[i].code, keep_words(e, packet + 2, known[i].words));
	return fail_nonsense(e);
}

static enum expand_event
take_end(struct expand *e)
{
	if (e->inside)
		return fail_nonsense(e);
	if (e->entries == 0)
		return expand_fail(e, "archive_empty", is_mail(e) ? "it has no attachments" : "there is nothing in it");
	if (e->files == 0)
		return expand_fail(e, "archive_empty", "there are only directories in it");
	if (e->encrypted == e->files)
		return expand_fail(e, "archive_encrypted", "all that is in it needs a password");
	helper_stop(&e->helper);
	return e->end = EXPAND_END;
}

/* --- the limits --- */

/* EXPAND_AGAIN, or the end if MORE bytes, holes or not, are too many. */
static enum expand_event
check_size(struct expand *e, uint64_t more)
{
	const struct expand_limits *l = &e->limits;

	if (more > l->member_bytes || e->member_bytes > l->member_bytes - more)
		return fail_limit(e, "archive_too_large", "a member has more bytes than the limit of", l->member_bytes);
	if (more > l->bytes || e->totals.bytes > l->bytes - more)
		return fail_limit(e, "archive_too_large", "unpacked it has more bytes than the limit of", l->bytes);
	return EXPAND_AGAIN;
}

/* The same for all that was unpacked in relation to the archive. Holes do not count: they cost nothing. */
static enum expand_event
check_ratio(struct expand *e)
{
	uint64_t solid = e->totals.bytes - e->holes;

	if (solid > e->limits.free && solid / e->limits.ratio >= e->packed)
		return fail_limit(e, "archive_ratio", "it unpacks to more than its size times the limit of",
				  e->limits.ratio);
	return EXPAND_AGAIN;
}

/* --- packets --- */

static enum expand_event
refuse_member(struct expand *e, struct expand_member *out, const char *code, const char *words)
{
	e->dropping = true;
	e->totals.refused++;
	out->code = code;
	out->message = words;
	return EXPAND_REFUSED;
}

/* Why entries of this KIND are not returned; NULL for files, and for an unknown kind. */
static const char *
kind_refused(char kind)
{
	switch (kind) {
	case 'h':
		return "it is a hard link";
	case 'l':
		return "it is a symbolic link";
	case 'c':
	case 'b':
		return "it is a device";
	case 'p':
		return "it is a pipe";
	case 's':
		return "it is a socket";
	case '?':
		return "it is not a file";
	default:
		return NULL;
	}
}

/* Reads a number of at most 18 digits and the space after it, and moves AT past both. */
static bool
take_number(const char **at, int64_t *out)
{
	const char *digits = *at + (**at == '-');
	size_t n = strspn(digits, "0123456789");

	if (n < 1 || n > 18 || digits[n] != ' ')
		return false;
	*out = strtoll(*at, NULL, 10);
	*at = digits + n + 1;
	return true;
}

/* The helper sent "R": the entries behind those that it has sent are sent by another mode of it. */
static enum expand_event
take_restart(struct expand *e)
{
	static const char *const modes[] = {"names", "mail"};
	struct helper other = {.program = "bi-expand", .socket = -1};
	char words[32];

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(e->packet + 1, modes[i]) == 0)
			other.mode = modes[i];
	if (!other.mode || e->helper.mode || e->inside || (strcmp(other.mode, "mail") == 0 && e->entries > 0))
		return fail_nonsense(e);
	snprintf(words, sizeof(words), "expand %llu", (unsigned long long)e->entries);
	if (helper_start(&other) < 0 || helper_send(&other, words, strlen(words), &e->fd, 1) < 0) {
		helper_stop(&other);
		return expand_fail(e, TROUBLE_CODE, "what unpacks it cannot be started again");
	}
	helper_stop(&e->helper);
	e->helper = other;
	return EXPAND_AGAIN;
}

/* "N", the character set of the next name, and how many percent of such guesses are right. */
static enum expand_event
take_charset(struct expand *e)
{
	const char *label = e->packet + 1;
	size_t n = strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-_");
	int percent = label[n] == ' ' ? atoi(label + n + 1) : 0;

	if (e->inside || n == 0 || n >= sizeof(e->charset) || percent < 1 || percent > 100)
		return fail_nonsense(e);
	snprintf(e->charset, sizeof(e->charset), "%.*s", (int)n, label);
	e->confidence = percent / 100.0;
	e->converted = true;
	return EXPAND_AGAIN;
}

static enum expand_event
take_entry(struct expand *e, size_t n, struct expand_member *out)
{
	static const char kinds[] = {'f', 'd', 'h', 'l', 'c', 'b', 'p', 's', '?'};
	const char *name = e->packet + 3, *why, *wrong_kind;
	int64_t size, mtime;
	char kind = n > 3 && e->packet[2] == ' ' ? e->packet[1] : 'x';

	if (e->inside || !memchr(kinds, kind, sizeof(kinds)) || !take_number(&name, &size) ||
	    !take_number(&name, &mtime) || size < -1)
		return fail_nonsense(e);
	if (e->entries >= e->limits.members)
		return fail_limit(e, "archive_too_many", "it has more members than the limit of", e->limits.members);
	e->entries++;
	e->inside = true;
	e->member_bytes = 0;
	e->dropping = kind == 'd';
	e->files += kind != 'd';
	why = member_label(&e->path, name, n - (size_t)(name - e->packet));
	wrong_kind = kind_refused(kind);
	out->path = e->path.data;
	out->index = e->entries;
	if (e->dropping)
		return EXPAND_AGAIN;
	if (why)
		return refuse_member(e, out, "member_bad_name", why);
	if (wrong_kind)
		return refuse_member(e, out, "member_not_a_file", wrong_kind);
	if (size > 0 && check_size(e, (uint64_t)size) != EXPAND_AGAIN)
		return EXPAND_FAILED;
	out->size = size;
	out->mtime = mtime;
	return EXPAND_MEMBER;
}

static enum expand_event
take_bytes(struct expand *e, const char *bytes, size_t n, bool hole, struct expand_member *out)
{
	if (!e->inside || n == 0)
		return fail_nonsense(e);
	if (check_size(e, n) != EXPAND_AGAIN)
		return EXPAND_FAILED;
	e->member_bytes += n;
	e->totals.bytes += n;
	e->holes += hole ? n : 0;
	if (check_ratio(e) != EXPAND_AGAIN)
		return EXPAND_FAILED;
	if (e->dropping)
		return EXPAND_AGAIN;
	out->bytes = bytes;
	out->len = n;
	return EXPAND_BYTES;
}

static enum expand_event
take_hole(struct expand *e, struct expand_member *out)
{
	static const char zeros[EXPAND_BLOCK];
	const char *at = e->packet + 1;
	int64_t n;

	if (!take_number(&at, &n) || n < 0 || n > EXPAND_BLOCK)
		return fail_nonsense(e);
	return take_bytes(e, zeros, (size_t)n, true, out);
}

static enum expand_event
take_entry_end(struct expand *e, struct expand_member *out)
{
	static const struct {
		const char *code, *words;
		char letter;
	} faults[] = {
		{"member_damaged", "it is damaged", 'D'},
		{"member_encrypted", "it needs a password", 'X'},
		{"member_unsupported", "its method is not known here", 'U'},
	};

	if (!e->inside)
		return fail_nonsense(e);
	e->inside = false;
	e->encrypted += e->packet[0] == 'X';
	if (e->dropping)
		return EXPAND_AGAIN;
	if (e->packet[0] == 'E') {
		e->totals.members++;
		return EXPAND_MEMBER_END;
	}
	e->totals.damaged++;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i].letter == e->packet[0]) {
			out->code = faults[i].code;
			out->message = keep_words(e, e->packet + 1, faults[i].words);
		}
	return EXPAND_MEMBER_FAILED;
}

static void
note_charset(struct expand *e, struct expand_member *out)
{
	if (e->packet[0] == 'M' && !e->converted)
		*e->charset = '\0';
	e->converted = e->converted && e->packet[0] != 'M';
	if (*e->charset) {
		out->charset = e->charset;
		out->confidence = e->confidence;
	}
}

enum expand_event
expand_handle_packet(struct expand *e, size_t n, struct expand_member *out)
{
	if (n == 0)
		return expand_fail_helper(e, HELPER_GONE, "archive_crashed",
					  "unpacking it crashed the program that does so");
	out->path = e->path.data;
	out->index = e->entries;
	note_charset(e, out);
	switch (e->packet[0]) {
	case 'R':
		return take_restart(e);
	case 'N':
		return take_charset(e);
	case 'M':
		return take_entry(e, n, out);
	case 'B':
		return take_bytes(e, e->packet + 1, n - 1, false, out);
	case 'H':
		return take_hole(e, out);
	case 'E':
	case 'D':
	case 'U':
	case 'X':
		return take_entry_end(e, out);
	case 'W':
		return e->inside ? fail_nonsense(e) : EXPAND_AGAIN;
	case 'Z':
		return take_end(e);
	case 'F':
		return take_failure(e, e->packet);
	default:
		return fail_nonsense(e);
	}
}
