#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/child.h"
#include "base/msg.h"
#include "base/paths.h"
#include "files/file.h"
#include "jq.h"

enum { PATIENCE = 60 * 1000, CHUNK = 1 << 16 }; /* milliseconds for which jq may do nothing */

static int
start_jq(struct jq *j)
{
	struct buf program = {0}, dir = {0}, assets = {0};
	int in[2] = {-1, -1}, out[2] = {-1, -1};

	if (path_of_share(&program, "review/render.jq") < 0 || path_of_share(&dir, "review") < 0)
		msg_die(EX_UNAVAILABLE, "share/review is neither beside this program nor in BI_SHARE");
	/* A socket to write to, for MSG_NOSIGNAL: jq may end before it has read everything. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
	    fcntl(out[0], F_SETFL, O_NONBLOCK) < 0)
		msg_die_errno(EX_OSERR, "cannot make a pipe");
	buf_str(&assets, j->assets);
	j->in = in[1];
	j->out = out[0];
	j->pid = child_start(&(struct child){
		.program = "jq",
		.argv = (char *[]){(char[]){"jq"}, (char[]){"-c"}, (char[]){"-L"}, dir.data, (char[]){"--argjson"},
				   (char[]){"assets"}, assets.data, (char[]){"-f"}, program.data, NULL},
		.fds = (struct child_fd[]){{in[0], STDIN_FILENO},
					   {out[1], STDOUT_FILENO},
					   {STDERR_FILENO, STDERR_FILENO}},
		.fd_count = 3,
	});
	if (j->pid < 0) {
		msg_warn_errno("cannot start jq, which makes the pages; install it");
		j->code = EX_UNAVAILABLE;
	}
	close(in[0]);
	close(out[1]);
	buf_free(&program);
	buf_free(&dir);
	buf_free(&assets);
	return j->pid < 0 ? -1 : 0;
}

static void
write_jq(struct jq *j)
{
	ssize_t n = send(j->in, j->to.data, j->to.len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0)
		buf_drop(&j->to, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		buf_clear(&j->to); /* jq ended, and its exit code tells why */
	if (j->to.len == 0 && (j->ended || (n < 0 && errno != EAGAIN && errno != EINTR))) {
		close(j->in);
		j->in = -1;
	}
}

static void
read_jq(struct jq *j)
{
	ssize_t n = read(j->out, buf_room(&j->from, CHUNK), CHUNK);
	char *newline;
	size_t at = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close(j->out);
		j->out = -1;
		return;
	}
	newline = memchr(j->from.data + j->from.len, '\n', (size_t)n); /* there was none before */
	j->from.len += (size_t)n;
	while (j->code == EX_ALL_WELL && newline) {
		j->code = j->take(j->arg, j->from.data + at, (size_t)(newline - j->from.data) - at);
		at = (size_t)(newline - j->from.data) + 1;
		newline = memchr(j->from.data + at, '\n', j->from.len - at);
	}
	buf_drop(&j->from, at);
}

/* Runs until jq closes its output or an error occurs. */
static void
run_loop(struct jq *j)
{
	while (j->out >= 0 && j->code == EX_ALL_WELL) {
		struct pollfd p[2];
		int rc;

		if (j->in >= 0 && j->to.len == 0 && !j->ended)
			j->code = j->give(j->arg, &j->to, &j->ended);
		p[0] = (struct pollfd){.fd = j->out, .events = POLLIN};
		p[1] = (struct pollfd){.fd = j->in, .events = POLLOUT};
		rc = poll(p, 2, PATIENCE);
		if (rc == 0) {
			msg_warn("jq did nothing for %d seconds; the pages are unchanged", PATIENCE / 1000);
			j->code = EX_SOFTWARE;
		}
		if (rc <= 0)
			continue;
		if (p[1].revents)
			write_jq(j);
		if (p[0].revents)
			read_jq(j);
	}
}

int
jq_run(struct jq *j, int *status)
{
	j->in = j->out = -1;
	*status = 0;
	if (start_jq(j) == 0)
		run_loop(j);
	file_close(j->in, 0);
	file_close(j->out, 0);
	if (j->pid > 0) {
		if (j->code != EX_ALL_WELL)
			kill(j->pid, SIGKILL);
		*status = child_wait(j->pid);
	}
	buf_free(&j->to);
	buf_free(&j->from);
	return j->code;
}
