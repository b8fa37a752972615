#include "confined/run_program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/paths.h"
#include "base/utf8.h"
#include "files/file.h"

enum { BLOCK = 64 << 10, NOTE_MAX = 4 << 10 };

bool
run_find(const char *name, struct buf *out)
{
	static const char *const folders[] = {"/usr/local/bin/", "/usr/bin/"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		struct stat st;

		buf_clear(out);
		buf_printf(out, "%s%s", *name == '/' ? "" : folders[i], name);
		if (stat(out->data, &st) == 0 && S_ISREG(st.st_mode) && access(out->data, X_OK) == 0)
			return true;
	}
	return false;
}

/* --- what it writes --- */

struct running {
	const struct run *r;
	struct buf *out, notes;
	struct pollfd pipes[2]; /* its output and its messages; -1: ended */
	bool full;
};

/* Reads from pipe I. */
static void
read_pipe(struct running *s, int i)
{
	struct buf *to = i == 0 ? s->out : &s->notes;
	size_t most = i == 0 ? s->r->most : NOTE_MAX;
	ssize_t n;

	n = read(s->pipes[i].fd, buf_room(to, BLOCK), BLOCK);
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		close(s->pipes[i].fd);
		s->pipes[i].fd = -1;
		return;
	}
	to->len += (size_t)n;
	s->full = s->full || (i == 0 && to->len > most);
	if (to->len > most)
		to->len = most;
}

/* Reads until both pipes are at their end, there is too much, or the time is over. Returns whether it is over. */
static bool
read_all(struct running *s)
{
	int64_t until = clock_ms() + s->r->ms;

	while (!s->full && (s->pipes[0].fd >= 0 || s->pipes[1].fd >= 0)) {
		int left = clock_left(until);

		if (left == 0)
			return true;
		if (poll(s->pipes, 2, left) <= 0)
			continue;
		for (int i = 0; i < 2; i++)
			if (s->pipes[i].fd >= 0 && s->pipes[i].revents)
				read_pipe(s, i);
	}
	return false;
}

/* Waits for its end until the time is over. Returns whether it is. */
static bool
await_end(pid_t pid, int64_t until)
{
	siginfo_t info = {0};

	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_pid == 0) {
		if (clock_left(until) == 0)
			return true;
		poll(NULL, 0, 5);
	}
	return false;
}

/* --- how it ended --- */

static bool
lacked_memory(const struct rusage *used, const char *said)
{
	static const char *const words[] = {"heap exhausted", "out of memory", "bad_alloc", "annot allocate memory",
					    "memory exhausted"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(said, words[i]))
			return true;
	return used->ru_maxrss > RUN_MEMORY * 1024L / 4 * 3;
}

static enum run_end
judge(const struct running *s, int status, const struct rusage *used, bool late, const char *said)
{
	int64_t cpu = (int64_t)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) * 1000 +
		      (used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1000;

	if (s->full)
		return RUN_FULL;
	if (late)
		return 4 * cpu < s->r->ms ? RUN_WAITED : RUN_NO_CPU;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return RUN_DONE;
	/* The program may ignore SIGXCPU; the kernel's count of the time is coarse. */
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || cpu >= RUN_CPU * 1000 / 5 * 4))
		return RUN_NO_CPU;
	return lacked_memory(used, said) ? RUN_NO_ROOM : RUN_FAILED;
}

/* The first line of NOTES that has words, as one line of UTF-8. */
static void
take_note(struct buf *notes, char said[RUN_SAID])
{
	const char *line;

	buf_str(notes, "");
	line = notes->data;
	line += strspn(line, " \t\r\n");
	snprintf(said, RUN_SAID, "%.*s", (int)strcspn(line, "\r\n"), line);
	utf8_replace_invalid(said);
	utf8_make_line(said);
}

static pid_t
start(const struct run *r, int in, int out, int notes)
{
	struct child_fd fds[] = {{in, STDIN_FILENO}, {out, STDOUT_FILENO}, {notes, STDERR_FILENO}};
	char *argv[RUN_ARGS + 4] = {(char *)(size_t)r->launcher, (char *)(size_t) "--run", (char *)(size_t) "--"};
	struct buf path = {0};
	pid_t pid = -1;
	size_t n = 3;

	for (char *const *a = r->argv; *a && n < RUN_ARGS + 3; a++)
		argv[n++] = *a;
	if (path_of_program(&path, r->launcher) == 0)
		pid = child_start(&(struct child){.program = path.data, .argv = argv, .fds = fds, .fd_count = 3});
	buf_free(&path);
	return pid;
}

/* A copy of the file FD in memory that nobody can change, at its beginning. -1 with errno. */
static int
copy_file(int fd)
{
	int copy = memfd_create("bi-run", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char *block = buf_alloc(BLOCK);
	off_t at = 0;
	ssize_t n = copy < 0 ? -1 : 1;

	while (n > 0 && (n = file_read_at(fd, block, BLOCK, at)) > 0) {
		at += n;
		if (at > (off_t)RUN_IN << 20)
			n = file_fail(EFBIG);
		else if (file_write(copy, block, (size_t)n) < 0)
			n = -1;
	}
	free(block);
	if (n < 0 || lseek(copy, 0, SEEK_SET) < 0 ||
	    fcntl(copy, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return file_close(copy, -1);
	return copy;
}

enum run_end
run_confined(const struct run *r, struct buf *out, char said[RUN_SAID])
{
	struct running s = {.r = r, .out = out};
	int pipes[2][2] = {{-1, -1}, {-1, -1}}, in = copy_file(r->in), status = 0;
	int64_t until = clock_ms() + r->ms;
	struct rusage used = {0};
	pid_t pid = -1, got;
	bool late;

	buf_clear(out);
	*said = '\0';
	if (in >= 0 && pipe2(pipes[0], O_CLOEXEC) == 0 && pipe2(pipes[1], O_CLOEXEC) == 0)
		pid = start(r, in, pipes[0][1], pipes[1][1]);
	file_close(in, -1);
	file_close(pipes[0][1], -1);
	file_close(pipes[1][1], -1);
	if (pid < 0) {
		file_close(pipes[0][0], -1);
		file_close(pipes[1][0], -1);
		return in < 0 && errno == EFBIG ? RUN_TOO_BIG : RUN_NOT;
	}
	s.pipes[0] = (struct pollfd){.fd = pipes[0][0], .events = POLLIN};
	s.pipes[1] = (struct pollfd){.fd = pipes[1][0], .events = POLLIN};
	late = read_all(&s) || (!s.full && await_end(pid, until));
	if (late || s.full)
		kill(pid, SIGKILL);
	for (int i = 0; i < 2; i++)
		file_close(s.pipes[i].fd, 0);
	do
		got = wait4(pid, &status, 0, &used);
	while (got < 0 && errno == EINTR);
	buf_str(out, "");
	take_note(&s.notes, said);
	buf_free(&s.notes);
	return judge(&s, status, &used, late, said);
}
