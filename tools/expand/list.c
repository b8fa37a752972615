#include "list.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/human.h"
#include "base/msg.h"
#include "base/when.h"
#include "confined/expand.h"
#include "files/file.h"
#include "records/rec.h"

struct listing {
	const struct expand_limits *limits;
	uint64_t members, refused, failed;
	bool json;
};

/* --- what is said --- */

static void
say_member(const struct listing *l, const char *file, const struct expand_member *m, uint64_t bytes, int64_t mtime)
{
	struct json_object *o;
	char date[WHEN_SIZE] = "";

	if (mtime)
		when_print(date, (time_t)mtime);
	if (!l->json) {
		date[*date ? 10 : 0] = '\0';
		human_print("%12" PRIu64 "  %10s %5.5s  %s", bytes, date, *date ? date + 11 : "", m->path);
		return;
	}
	o = json_object_new_object();
	rec_add_string(o, "file", file);
	rec_add_string(o, "member", m->path);
	expand_add_charset(o, m);
	json_object_object_add(o, "bytes", json_object_new_uint64(bytes));
	rec_add_filled(o, "mtime", date);
	rec_write_json(o);
}

/* Prints an archive (MEMBER is NULL) or a member without data, with the STATUS failed or refused. */
static void
say_not(const struct listing *l, const char *file, const char *member, const char *status, const char *code,
	const char *why)
{
	struct json_object *o;

	if (member)
		msg_warn("%s: %s: %s", file, member, why);
	else
		msg_warn("%s: %s", file, why);
	if (!l->json)
		return;
	o = json_object_new_object();
	rec_add_string(o, "file", file);
	rec_add_string(o, "member", member);
	rec_add_string(o, "status", status);
	rec_add_error(o, code, why, false);
	rec_write_json(o);
}

/* --- the archives --- */

static void
list_members(struct listing *l, const char *file, struct expand *e)
{
	struct expand_member m;
	enum expand_event event;
	uint64_t bytes = 0;
	int64_t mtime = 0;

	while ((event = expand_next(e, -1, &m)) != EXPAND_END) {
		switch (event) {
		case EXPAND_MEMBER:
			bytes = 0;
			mtime = m.mtime;
			break;
		case EXPAND_BYTES:
			bytes += m.len;
			break;
		case EXPAND_MEMBER_END:
			say_member(l, file, &m, bytes, mtime);
			break;
		case EXPAND_MEMBER_FAILED:
			say_not(l, file, m.path, "failed", m.code, m.message);
			break;
		case EXPAND_REFUSED:
			say_not(l, file, m.path, "refused", m.code, m.message);
			break;
		case EXPAND_FAILED:
			say_not(l, file, NULL, "failed", m.code, m.message);
			l->failed++;
			return;
		case EXPAND_AGAIN:
		case EXPAND_END:
			break;
		}
	}
}

static void
list_one(struct listing *l, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), error = errno;
	struct stat st;
	struct expand *e;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		l->failed++;
		say_not(l, file, NULL, "failed", fd < 0 && error == ENOENT ? "not_found" : "not_readable",
			fd < 0 ? strerror(error) : "not a regular file");
		file_close(fd, 0);
		return;
	}
	e = expand_open(fd, l->limits);
	if (!e)
		msg_die_errno(EX_OSERR, "cannot start bi-expand --serve, which unpacks the archives");
	close(fd);
	if (!l->json)
		human_print("%s:", file);
	list_members(l, file, e);
	l->members += expand_totals(e)->members;
	l->refused += expand_totals(e)->refused;
	l->failed += expand_totals(e)->damaged;
	expand_close(e);
	rec_flush();
}

static int
say_end(const struct listing *l, bool cut)
{
	int code = l->failed || cut ? EX_SOME_FAILED : EX_ALL_WELL;

	if (l->json)
		rec_write_counts(code, {"members", l->members}, {"refused", l->refused}, {"failed", l->failed});
	return code;
}

int
list_archives(char **operands, const struct expand_limits *limits, bool json)
{
	struct listing l = {.limits = limits, .json = json};
	struct rec_reader *in = rec_open(operands, STDIN_FILENO);
	struct rec r;
	int code;

	while (rec_read(in, &r) != REC_EOF) {
		const char *name = r.kind == REC_PLAIN ? r.text : NULL;

		if (r.kind == REC_JSON && !(name = rec_string(r.json, "path")))
			name = rec_string(r.json, "file");
		if (name) {
			list_one(&l, name);
			continue;
		}
		l.failed++;
		if (r.kind == REC_BAD)
			say_not(&l, r.text ? r.text : "", NULL, "failed", r.code, r.wrong);
		else
			say_not(&l, "", NULL, "failed", "no_file", "the record has neither \"path\" nor \"file\"");
	}
	code = say_end(&l, rec_report_cut(in));
	rec_close(in);
	return code;
}
