#include "doctor_filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/human.h"
#include "base/msg.h"
#include "base/utf8.h"
#include "files/file.h"
#include "files/file_system.h"
#include "records/rec.h"
#include "side_questions.h"
#include "two_sides.h"

struct findings {
	const char *dir;
	char type[FILE_SYSTEM_NAME];
	const struct two_sides *s;
	struct buf seen[SIDES_QUESTIONS];
	size_t bad; /* needed ones whose answer is no */
};

static bool
is_yes(const struct two_sides *s, int i)
{
	return s->own.answers[i] == '+' && s->other.answers[i] == '+';
}

static bool
is_one_machine(const struct two_sides *s)
{
	return strcmp(s->own.boot, s->other.boot) == 0;
}

/* What was seen here, or else there. */
static const char *
what_was_seen(const struct findings *f, int i)
{
	if (is_yes(f->s, i))
		return "";
	return f->seen[i].len ? f->seen[i].data : "the other side saw it";
}

/* --- for programs --- */

static void
print_records(const struct findings *f)
{
	struct json_object *o = json_object_new_object();

	rec_add_string(o, "directory", f->dir);
	rec_add_string(o, "type", f->type);
	rec_add_string(o, "other", f->s->alone ? NULL : f->s->other.host);
	json_object_object_add(o, "one_machine", json_object_new_boolean(is_one_machine(f->s)));
	rec_write_json(o);
	for (int i = 0; i < SIDES_QUESTIONS; i++) {
		o = json_object_new_object();
		rec_add_string(o, "question", side_questions[i].name);
		json_object_object_add(o, "answer", json_object_new_boolean(is_yes(f->s, i)));
		json_object_object_add(o, "needed", json_object_new_boolean(side_questions[i].needed));
		if (!is_yes(f->s, i))
			rec_add_string(o, "seen", what_was_seen(f, i));
		rec_write_json(o);
	}
	rec_write_counts(f->bad ? EX_SOME_FAILED : EX_ALL_WELL, {"problems", f->bad});
}

/* --- for people --- */

static const char *
verdict(const struct findings *f)
{
	if (f->bad)
		return "bad: programs on both sides would lose records in a root here; give each machine a root on a "
		       "disk of its own (bi-cluster(7))";
	if (f->s->alone)
		return "good for the processes of this machine; nothing is known of another: run the same command on "
		       "two machines at once";
	if (is_one_machine(f->s))
		return "good for the processes of this machine; nothing is known of another: run the second command on "
		       "another machine";
	return "good: two machines can use a root here (--shared-root allows one on a network file system)";
}

static void
print_table(const struct findings *f)
{
	const char *type = *f->type ? f->type : "a local file system";

	if (f->s->alone)
		human_print("%s (%s): nobody else came, so two processes of this machine ask", f->dir, type);
	else if (is_one_machine(f->s))
		human_print("%s (%s): two processes of this machine ask", f->dir, type);
	else
		human_print("%s (%s): this machine and %s ask", f->dir, type, f->s->other.host);
	human_print("%-39s %-7s %s", "QUESTION", "ANSWER", "WHAT WAS SEEN");
	for (int i = 0; i < SIDES_QUESTIONS; i++)
		human_print(*what_was_seen(f, i) ? "%-39s %-7s %s" : "%-39s %s%s", side_questions[i].title,
			    is_yes(f->s, i)            ? "yes"
			    : side_questions[i].needed ? "no"
						       : "no (*)",
			    what_was_seen(f, i));
	for (int i = 0; i < SIDES_QUESTIONS; i++)
		if (!is_yes(f->s, i) && !side_questions[i].needed) {
			human_print("(*) roots do not need this");
			break;
		}
	human_print("%s", verdict(f));
}

/* --- both --- */

static int
report_no_meeting(const char *dir)
{
	if (errno == EBUSY) {
		msg_warn("two others test '%s', or were killed: if nobody does, remove '%s/%s' and run this again", dir,
			 dir, SIDES_DIRECTORY);
		return EX_TEMPFAIL;
	}
	if (errno == EEXIST) {
		msg_warn("'%s/%s' is not of a test: rename or remove it, and run this again", dir, SIDES_DIRECTORY);
		return EX_CANTCREAT;
	}
	return msg_report_errno("cannot test the directory '%s'", dir);
}

static int
report(struct findings *f, bool json)
{
	if (f->s->ended) {
		msg_warn("%s: %s; what the test made was removed: run the command on both sides again", f->dir,
			 f->s->ended);
		return EX_TEMPFAIL;
	}
	for (int i = 0; i < SIDES_QUESTIONS; i++)
		f->bad += side_questions[i].needed && !is_yes(f->s, i);
	if (json)
		print_records(f);
	else
		print_table(f);
	return f->bad ? EX_SOME_FAILED : EX_ALL_WELL;
}

int
doctor_filesystem(const char *dir, long ms, bool json)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code;
	struct two_sides s;
	struct findings f = {.dir = dir, .s = &s};

	if (fd < 0) {
		code = errno == ENOENT || errno == ENOTDIR ? EX_NOINPUT : msg_exit_code(errno);
		msg_warn_errno("cannot open the directory '%s'", dir);
		return code;
	}
	(void)file_system_locks(fd, f.type);
	if (sides_meet(&s, fd, ms) < 0) {
		code = report_no_meeting(dir);
		file_close(fd, 0);
		return code;
	}
	sides_ask(&s, f.seen);
	sides_part(&s);
	code = report(&f, json);
	for (int i = 0; i < SIDES_QUESTIONS; i++)
		buf_free(&f.seen[i]);
	file_close(fd, 0);
	return code;
}
