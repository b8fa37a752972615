/*
 * expanding: what the tests of the client of bi-expand share. A test program is copied to a directory of its own and
 * run from there, beside a symbolic link to the bi-expand that it is to talk to.
 */
#ifndef EXPANDING_H
#define EXPANDING_H

#include "testing.h"

#include "base/buf.h"
#include "confined/expand.h"

/* Runs this program again beside the bi-expand of $BI_BIN, with an argument. Returns its exit code. */
static inline int
expanding_run_again(void)
{
	const char *bin = getenv("BI_BIN");
	char path[4096];

	snprintf(path, sizeof(path), "%s/bi-expand", bin ? bin : "");
	if (access(path, X_OK) == 0)
		return testing_run_beside("bi-expand", path);
	fprintf(stderr, "BI_BIN must be the directory of bi-expand\n");
	return 1;
}

/* Adds an event to LOG: "a[", its bytes or how many they are, "] "; "!" and a code for what is not given. */
static inline void
expanding_note(struct buf *log, enum expand_event event, const struct expand_member *m)
{
	switch (event) {
	case EXPAND_AGAIN:
		break;
	case EXPAND_MEMBER:
		buf_printf(log, "%s[", m->path);
		break;
	case EXPAND_BYTES:
		if (m->len <= 16)
			buf_add(log, m->bytes, m->len);
		else
			buf_printf(log, "%zu,", m->len);
		break;
	case EXPAND_MEMBER_END:
		buf_str(log, "] ");
		break;
	case EXPAND_MEMBER_FAILED:
		buf_printf(log, "!%s] ", m->code);
		break;
	case EXPAND_REFUSED:
		buf_printf(log, "%s!%s ", m->path, m->code);
		break;
	case EXPAND_END:
		buf_str(log, ".");
		break;
	case EXPAND_FAILED:
		assert_true(*m->message);
		buf_printf(log, "!%s", m->code);
		break;
	}
}

static inline struct expand *
expanding_start(const char *file, const struct expand_limits *limits)
{
	int fd = open(file, O_RDWR | O_CLOEXEC);
	struct expand *e;

	assert_true(fd >= 0);
	e = expand_open(fd, limits);
	assert_non_null(e);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	close(fd);
	return e;
}

static inline void
expanding_unpacks(const char *file, const struct expand_limits *limits, const char *want)
{
	struct expand *e = expanding_start(file, limits);
	struct expand_member m;
	enum expand_event event;
	struct buf log = {0};

	do {
		event = expand_next(e, -1, &m);
		expanding_note(&log, event, &m);
	} while (event != EXPAND_END && event != EXPAND_FAILED);
	assert_string_equal(log.data, want);
	assert_int_equal(expand_next(e, -1, &m), event);
	assert_int_equal(expand_fd(e), -1);
	expand_close(e);
	buf_free(&log);
}

/* The last part of what came of FILE, and the totals. */
static inline struct expand_totals
expanding_ends(const char *file, const struct expand_limits *limits, const char *code)
{
	struct expand *e = expanding_start(file, limits);
	struct expand_totals totals;
	struct expand_member m;
	enum expand_event event;

	while ((event = expand_next(e, -1, &m)) != EXPAND_END && event != EXPAND_FAILED)
		continue;
	assert_string_equal(event == EXPAND_FAILED ? m.code : "", code);
	totals = *expand_totals(e);
	expand_close(e);
	return totals;
}

#endif
