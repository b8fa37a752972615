#include "save.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "files/atomic_file.h"
#include "files/file.h"
#include "records/rec.h"

enum { AT_ONCE = 1 << 16 };

struct save {
	const char *path; /* as it was given */
	char *name;       /* in DIR, links resolved */
	int dir;          /* -1: it is no regular file */
};

bool
save_is_stdout(const char *path)
{
	return strcmp(path, "-") == 0;
}

/* Opens the directory in which PATH, that has no link, is a name. */
static void
open_dir(struct save *s, const char *path)
{
	char *copy = buf_strdup(path), *other = buf_strdup(path);
	const char *name = basename(copy);

	if (strcmp(name, "/") == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		msg_die(EX_CANTCREAT, "--output '%s' is a directory: name a file in it", s->path);
	s->name = buf_strdup(name);
	s->dir = open(dirname(other), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0)
		msg_die_errno(EX_CANTCREAT, "cannot write --output '%s': its directory cannot be opened", s->path);
	free(copy);
	free(other);
}

struct save *
save_open(const char *path)
{
	struct save *s = buf_alloc(sizeof(*s));
	size_t n = strlen(path);
	struct stat st;
	char *real;

	*s = (struct save){.path = path, .dir = -1};
	if (save_is_stdout(path))
		return s;
	if (n == 0)
		msg_die(EX_WRONG_USE, "--output takes the name of a file, not nothing");
	if (path[n - 1] == '/' || (stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
		msg_die(EX_CANTCREAT, "--output '%s' is a directory: name a file in it", path);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return s;
	real = realpath(path, NULL);
	if (!real && errno == ENOENT && lstat(path, &st) == 0)
		msg_die(EX_CANTCREAT,
			"--output '%s' is a symbolic link to a file that does not exist: remove it, or name "
			"another file",
			path);
	open_dir(s, real ? real : path);
	free(real);
	return s;
}

void
save_close(struct save *s)
{
	if (!s)
		return;
	file_close(s->dir, 0);
	free(s->name);
	free(s);
}

void
save_refuse_root(const struct save *s, const struct root *root)
{
	struct buf path = {0};
	char *below;

	if (s->dir < 0)
		return;
	buf_printf(&path, "/proc/self/fd/%d", s->dir);
	below = root_path_below(root, path.data);
	if (below)
		msg_die(EX_WRONG_USE,
			"--output '%s' is in the directory %s of the root, whose files are the batches' own: name a "
			"file "
			"outside of it",
			s->path, below);
	buf_free(&path);
}

/* Copies the file IN to the stream OUT. 0, or -1 with errno. */
static int
copy_stream(int in, int out)
{
	char piece[AT_ONCE];
	ssize_t n;

	for (off_t at = 0; (n = file_read_at(in, piece, sizeof(piece), at)) > 0; at += n)
		if (file_write(out, piece, (size_t)n) < 0)
			return -1;
	return n < 0 ? -1 : 0;
}

/* All is recorded: a signal may end the program while the reader is slow, or there is none. */
static void
let_signals_end_it(void)
{
	sigset_t none;

	/* Everything is recorded, so a signal may end the program while the reader is slow. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int
write_stdout(int in)
{
	let_signals_end_it();
	if (copy_stream(in, STDOUT_FILENO) == 0)
		return 0;
	if (errno == EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	return -1;
}

static int
write_special(const char *path, int in)
{
	int out;

	let_signals_end_it();
	out = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return out < 0 ? -1 : file_close(out, copy_stream(in, out));
}

/* Whether PATH is a file with the bytes of the result. An unreadable file is replaced. */
static bool
has_bytes(const struct save *s, struct json_object *result)
{
	const char *sha256 = rec_string(result, "sha256");
	char there[HASH_HEX + 1];
	int fd = file_open(s->dir, s->name);
	struct stat st;
	bool same = fd >= 0 && fstat(fd, &st) == 0 && st.st_size == rec_number(result, "bytes", -1) && sha256 &&
		    file_digest(fd, there) >= 0 && strcmp(there, sha256) == 0;

	file_close(fd, 0);
	return same;
}

static int
write_file(const struct save *s, struct json_object *result, int in, bool sync)
{
	if (has_bytes(s, result))
		return 0;
	if (atomic_file_put_copy(s->dir, s->dir, s->name, in, sync ? ATOMIC_FILE_SYNCED : 0) < 0)
		return -1;
	return sync ? fsync(s->dir) : 0;
}

/* The item has no file. */
static int
say_failed(const struct save *s, struct json_object *result)
{
	struct json_object *error = NULL;
	const char *why;

	json_object_object_get_ex(result, "error", &error);
	why = rec_string(error, "message");
	msg_warn("nothing was written to '%s': %s", s->path, why ? why : "the item has no result");
	return EX_ALL_WELL;
}

int
save_item(struct save *s, const struct batch *b, uint32_t item, bool sync)
{
	struct buf line = {0};
	struct json_object *result = NULL;
	const char *status;
	int in = -1, rc, code = EX_ALL_WELL;

	if (item > 0 && batch_result(b, item, &line) == 0)
		result = rec_parse(line.data, line.len, NULL, 0);
	status = rec_string(result, "status");
	if (!status || strcmp(status, "completed") != 0) {
		say_failed(s, result);
	} else if ((in = batch_open_file(b, result)) < 0) {
		msg_warn("nothing was written to '%s': the file in the batch cannot be opened: %s", s->path,
			 file_reason(errno));
		code = msg_exit_code(errno);
	} else {
		rc = save_is_stdout(s->path) ? write_stdout(in)
		     : s->dir < 0            ? write_special(s->path, in)
					     : write_file(s, result, in, sync);
		if (rc < 0) {
			code = msg_exit_code(errno);
			msg_warn_errno("cannot write '%s', but the file is in the batch '%s' as %s", s->path,
				       batch_name(b), rec_string(result, "path"));
		}
	}
	file_close(in, 0);
	json_object_put(result);
	buf_free(&line);
	return code;
}
