#include "part_archive.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/trouble.h"
#include "base/words.h"
#include "batch/batch.h"
#include "files/file.h"
#include "review/pack_check.h"

/* The ratio is the usual one, so that a small archive cannot fill the disk. */
static const struct expand_limits limits = {
	.members = PACK_MEMBERS_MAX, .bytes = UINT64_MAX, .member_bytes = UINT64_MAX};

struct unpacking {
	struct pack_check *check;
	int batches; /* the directory batches/ of the part's root; -1: nothing is written */
	char batch[BATCH_NAME_MAX + 1];
	int file;                /* of the current member; -1: it is not written */
	int error;               /* errno of writing */
	bool foreign;            /* a member is not of the batch, or twice */
	char code[EXPAND_WORDS]; /* of EXPAND_FAILED; "": it did not */
	char words[EXPAND_WORDS];
	struct buf problem; /* the first that was reported */
	uint64_t problems;
};

/* --- a member --- */

/* Makes the file PATH, a label (member.h), below DIR. Returns a descriptor, or -1 with errno. */
static int
make_file(int dir, const char *path)
{
	int at = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *slash;

	for (; at >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
		char *name = strndup(path, (size_t)(slash - path));
		int next = name ? root_open_dir(at, name, true) : file_fail(ENOMEM);

		free(name);
		at = file_close(at, next);
	}
	return file_close(at,
			  at < 0 ? -1 : openat(at, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
}

/* Whether the first N bytes of PATH are the name of the batch, which the first member gives. */
static bool
is_of_batch(struct unpacking *u, const char *path, size_t n)
{
	if (!*u->batch && n < sizeof(u->batch)) {
		memcpy(u->batch, path, n);
		u->batch[n] = '\0';
		if (root_name_check(u->batch))
			*u->batch = '\0';
	}
	return *u->batch && strlen(u->batch) == n && memcmp(path, u->batch, n) == 0;
}

static void
begin_member(struct unpacking *u, const char *path)
{
	const char *slash = strchr(path, '/');

	if (!slash || !is_of_batch(u, path, (size_t)(slash - path))) {
		u->foreign = true;
		return;
	}
	/* Indexes are made anew, and files that no result names are not taken. */
	if (!batch_archives_file(slash + 1) || strncmp(slash + 1, "orphans/", 8) == 0)
		return;
	u->file = make_file(u->batches, path);
	if (u->file >= 0)
		return;
	u->foreign = errno == EEXIST || errno == ENOTDIR || errno == EISDIR || errno == ENAMETOOLONG;
	u->error = u->foreign ? 0 : errno;
}

static bool
on_event(void *arg, enum expand_event event, const struct expand_member *m)
{
	struct unpacking *u = arg;

	pack_check_take(u->check, event, m);
	if (event == EXPAND_FAILED) {
		snprintf(u->code, sizeof(u->code), "%s", m->code);
		snprintf(u->words, sizeof(u->words), "%s", m->message);
	}
	if (u->batches < 0)
		return true;
	if (event == EXPAND_MEMBER && !pack_check_is_list(u->check))
		begin_member(u, m->path);
	else if (event == EXPAND_BYTES && u->file >= 0 && file_write(u->file, m->bytes, m->len) < 0)
		u->error = errno;
	else if (event == EXPAND_MEMBER_END)
		u->file = file_close(u->file, -1);
	return !u->error && !u->foreign && event != EXPAND_MEMBER_FAILED && event != EXPAND_REFUSED;
}

/* --- what is wrong with it --- */

static void
note_problem(void *arg, const char *member, const char *code, const char *words)
{
	struct unpacking *u = arg;

	(void)code;
	if (u->problems++ == 0)
		buf_printf(&u->problem, "%s%s%s", member ? member : "", member ? ": " : "", words);
}

/* Reads the archive again to find out what is wrong with it, and refuses it. Returns the exit code. */
static int
refuse(const char *part, int fd)
{
	struct unpacking u = {.batches = -1, .file = -1};
	bool is_archive;

	u.check = pack_check_new(note_problem, &u);
	pack_check_read(fd, &limits, on_event, &u);
	pack_check_compare(u.check);
	pack_check_free(u.check);
	is_archive = !word_is_one_of(u.code, "not_an_archive", "archive_empty");
	if (!is_archive)
		msg_warn("'%s' is neither a batch nor an archive of one: --from takes ROOT/batches/NAME, the directory "
			 "of a batch in any root, or what `bi-clean pack` wrote",
			 part);
	else if (word_is_one_of(u.code, "archive_too_many", "archive_ratio", "archive_memory", "archive_timeout"))
		msg_warn("the archive '%s' is not used: %s; unpack it by other means and give --from the directory of "
			 "the batch, in ROOT/batches/",
			 part, u.words);
	else
		msg_warn("the archive '%s' is not used, and nothing was taken: %s%s; `bi-collect --verify %s` names "
			 "all that is wrong; copy or pack it again, or leave it out, and its items are fetched",
			 part,
			 u.problems ? u.problem.data : "it has a file that is not of one batch, or is there twice",
			 u.problems > 1 ? ", and more" : "", part);
	buf_free(&u.problem);
	return EX_DATAERR;
}

/* Reports that PART was not unpacked because of this machine, with errno. Returns the exit code. */
static int
cannot_unpack(const struct part_archives *a, const char *part)
{
	int error = errno;

	msg_warn("cannot unpack the archive '%s' in %s/temp: %s; nothing was taken: %s and run the same command again",
		 part, a->root->path, strerror(error),
		 error == ENOSPC || error == EDQUOT ? "make room for its files" : "mend that");
	return msg_exit_code(error);
}

/* --- the archive --- */

/* Makes the root for the next archive. Returns 0, or -1 with errno. */
static int
make_root(struct part_archives *a, struct root *out)
{
	struct buf path = {0};
	char number[16];

	if (!*a->name && (a->dir = scratch_open(a->root, a->temp, "parts", a->name)) < 0)
		return -1;
	snprintf(number, sizeof(number), "%u", ++a->count);
	buf_printf(&path, "%s/temp/%s/%s", a->root->path, a->name, number);
	out->path = path.data;
	out->fd = root_open_dir(a->dir, number, true);
	return out->fd < 0 ? -1 : 0;
}

/* Unpacks FD into BATCHES. Returns 0, or an exit code after a message. */
static int
unpack(const struct part_archives *a, const char *part, int fd, struct unpacking *u)
{
	enum expand_event end;
	bool good;

	u->check = pack_check_new(NULL, NULL);
	end = pack_check_read(fd, &limits, on_event, u);
	good = pack_check_is_good(u->check) && !u->foreign;
	pack_check_free(u->check);
	u->file = file_close(u->file, -1);
	if (end != EXPAND_AGAIN && u->error)
		errno = u->error;
	if (end == EXPAND_AGAIN || u->error)
		return cannot_unpack(a, part);
	if (strcmp(u->code, TROUBLE_CODE) == 0) {
		msg_warn("cannot unpack the archive '%s': %s; nothing was taken: run the same command again", part,
			 u->words);
		return EX_TEMPFAIL;
	}
	return good ? EX_ALL_WELL : refuse(part, fd);
}

/* Makes the files that an archive does not have. The batch is opened as by a worker. Returns 0, or an exit code after a
 * message. */
static int
complete_batch(const struct part_archives *a, const char *part, const struct root *root, const struct unpacking *u)
{
	int dir = *u->batch ? root_open_dir(u->batches, u->batch, false) : file_fail(ENOENT);
	int record = dir < 0 ? (errno == ENOENT ? 0 : -1) : file_stat(dir, "batch.json", NULL);
	int items = record == 1 ? file_stat(dir, "items.ndjson", NULL) : record;
	int files = items == 1 ? root_open_dir(dir, "files", true) : -1;
	struct batch *b = NULL;

	file_close(dir, file_close(files, 0));
	if (items == 0) {
		msg_warn("the archive '%s' is not one of a batch: --from takes what `bi-clean pack` wrote", part);
		return EX_DATAERR;
	}
	if (files >= 0)
		b = batch_open(root, u->batch, BATCH_JOIN, NULL);
	batch_close(b);
	if (b)
		return EX_ALL_WELL;
	return errno == BATCH_NEWER ? msg_report_errno("cannot open the part '%s'", part) : cannot_unpack(a, part);
}

int
part_archive_open(struct part_archives *a, const char *part, int fd, struct root *out, char batch[BATCH_NAME_MAX + 1])
{
	struct unpacking u = {.file = -1, .batches = -1};
	int code;

	if (make_root(a, out) < 0 || (u.batches = root_open_dir(out->fd, "batches", true)) < 0)
		return cannot_unpack(a, part);
	code = unpack(a, part, fd, &u);
	if (code == EX_ALL_WELL)
		code = complete_batch(a, part, out, &u);
	snprintf(batch, BATCH_NAME_MAX + 1, "%s", u.batch);
	return file_close(u.batches, code);
}

void
part_archives_close(struct part_archives *a)
{
	if (!*a->name)
		return;
	if (scratch_remove(a->root, a->temp, a->name) < 0)
		msg_warn_errno("cannot remove %s/temp/%s; `bi-clean temp` removes it", a->root->path, a->name);
	close(a->dir);
	*a->name = '\0';
}
