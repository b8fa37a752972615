#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/child.h"
#include "base/msg.h"
#include "base/paths.h"
#include "http/allowed_hosts.h"
#include "lighttpd.h"
#include "supervisor_wait.h"

enum { VERSION_MS = 2000 };

static const int version_min[] = {1, 4, 69}; /* that of Debian 12, as share/serve/lighttpd.conf expects */
enum {
	CLIENTS_MAX = 8192,   /* at once; an idle client costs about 6 KB */
	FILES_PER_CLIENT = 2, /* its connection, and that to bi-api or the file for it */
	FILES_BESIDE = 256,   /* of lighttpd itself */
	FILES_MIN = 512,      /* with fewer than these it could not work */
};

/* lighttpd 1.4.69 takes 65536 for 0, and then overwrites its memory when it opens more than 4096. */
_Static_assert(FILES_PER_CLIENT *CLIENTS_MAX + FILES_BESIDE <= UINT16_MAX, "server.max-fds has 16 bits");

/* How many clients lighttpd accepts at once, and how many files it may open for them. */
struct room {
	rlim_t clients, files;
};

/* lighttpd accepts no clients above nine tenths of FILES, and accepts them again as others end. */
static struct room
room_for_clients(void)
{
	struct room room = {CLIENTS_MAX, FILES_PER_CLIENT * CLIENTS_MAX + FILES_BESIDE};
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0 || l.rlim_max >= room.files)
		return room;
	room.files = l.rlim_max < FILES_MIN ? FILES_MIN : l.rlim_max;
	room.clients = (room.files - FILES_BESIDE) / FILES_PER_CLIENT;
	msg_warn(
		"the server accepts %llu clients at once instead of %d: RLIMIT_NOFILE allows %llu open files; start it "
		"where `ulimit -Hn` says %d or more",
		(unsigned long long)room.clients, CLIENTS_MAX, (unsigned long long)l.rlim_max,
		FILES_PER_CLIENT * CLIENTS_MAX + FILES_BESIDE);
	return room;
}

/* The path of the directory NAME of the root, without symbolic links. -1 with errno. */
static int
real_path(const struct supervisor *k, const char *name, struct buf *out)
{
	int dir = root_open_dir(k->s->root.fd, name, false);
	char self[32], path[4096];
	ssize_t n;

	if (dir < 0)
		return -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", dir);
	n = readlink(self, path, sizeof(path) - 1);
	close(dir);
	if (n <= 0)
		return -1;
	buf_add(out, path, (size_t)n);
	return 0;
}

static int
set_string(const char *name, const char *value)
{
	return setenv(name, value, 1);
}

/* On Debian it is in a package of its own. Without it pages are sent uncompressed. */
static const char mod_deflate[] = "/usr/lib/lighttpd/mod_deflate.so";

/* Sets the environment for share/serve/lighttpd.conf, whose path is CONF; bi-api reads the hosts too. */
static int
set_environment(const struct supervisor *k, const char *conf)
{
	const struct serve *s = k->s;
	struct buf review = {0}, hosts = {0}, text = {0};
	struct room room = room_for_clients();
	int rc = real_path(k, "review", &review);

	allowed_hosts_pattern(&hosts, s->address, s->hosts);
	buf_printf(&text, "%s.conf", serve_access_name(s->access));
	if (rc == 0)
		rc = set_string("BI_REVIEW", review.data) | set_string("BI_HOSTS", hosts.data) |
		     set_string("BI_ACCESS", text.data) |
		     set_string("BI_COMPRESSION",
				access(mod_deflate, R_OK) == 0 ? "compressed.conf" : "uncompressed.conf");
	buf_clear(&text);
	buf_printf(&text, "%.*s/../review", (int)(strrchr(conf, '/') - conf), conf);
	rc |= set_string("BI_PAGES", text.data);
	buf_clear(&text);
	buf_printf(&text, "%.*s/errors/", (int)(strrchr(conf, '/') - conf), conf);
	rc |= set_string("BI_ERRORS", text.data);
	buf_clear(&text);
	buf_printf(&text, "/proc/self/fd/%d/%d", SUPERVISOR_DIR, k->lease.port);
	rc |= set_string("BI_SOCKETS", text.data);
	buf_clear(&text);
	buf_printf(&text, "%s/batches", s->root.path);
	rc |= set_string("BI_BATCHES", text.data);
	buf_clear(&text);
	buf_printf(&text, "%llu", (unsigned long long)(s->bounds.upload + 1023) / 1024);
	rc |= set_string("BI_UPLOAD", text.data) |
	      set_string("BI_SHOWN", s->origins_n ? "cross-origin" : "same-origin");
	buf_clear(&text);
	buf_printf(&text, "%llu", (unsigned long long)room.clients);
	rc |= set_string("BI_CLIENTS", text.data);
	buf_clear(&text);
	buf_printf(&text, "%llu", (unsigned long long)room.files);
	rc |= set_string("BI_FILES", text.data);
	buf_clear(&text);
	buf_printf(&text, "%s/%s", s->root.path, SERVE_PASSWORD_FILE);
	rc |= set_string("BI_PASSWORDS", text.data);
	buf_clear(&text);
	buf_printf(&text, "%s/%s", s->root.path, SERVE_TLS_FILE);
	rc |= set_string("BI_CERT", s->cert ? s->cert : text.data);
	rc |= set_string("BI_KEY", s->key ? s->key : text.data);
	buf_free(&review);
	buf_free(&hosts);
	buf_free(&text);
	return rc ? -1 : 0;
}

/* Starts lighttpd as C: from $BI_LIGHTTPD, from PATH, or from Debian's directory, which is not in every user's PATH. */
static pid_t
start_program(struct child *c)
{
	const char *given = getenv("BI_LIGHTTPD");
	bool chosen = given && *given;
	pid_t pid;

	c->program = chosen ? given : "lighttpd";
	pid = child_start(c);
	if (pid >= 0 || errno != ENOENT || chosen)
		return pid;
	c->program = "/usr/sbin/lighttpd";
	return child_start(c);
}

static pid_t
start_lighttpd(const struct supervisor *k, char *conf)
{
	const struct child_fd fds[] = {{k->lease.socket, STDIN_FILENO},
				       {k->voice, STDOUT_FILENO},
				       {k->voice, STDERR_FILENO},
				       {k->dir, SUPERVISOR_DIR}};
	char *argv[] = {"lighttpd", "-D", "-f", conf, NULL};
	struct child c = {.argv = argv, .fds = fds};

	c.fd_count = sizeof(fds) / sizeof(*fds);
	return start_program(&c);
}

bool
lighttpd_is_old(char *version, size_t room)
{
	int says[2], number[3] = {0};
	char *argv[] = {"lighttpd", "-v", NULL};
	struct child c = {.argv = argv, .fd_count = 1};
	struct pollfd p = {.events = POLLIN};
	ssize_t n = 0;
	pid_t pid;

	if (pipe2(says, O_CLOEXEC) < 0)
		return false;
	c.fds = (struct child_fd[]){{says[1], STDOUT_FILENO}};
	pid = start_program(&c);
	close(says[1]);
	p.fd = says[0];
	if (pid > 0 && poll(&p, 1, VERSION_MS) == 1)
		n = read(says[0], version, room - 1);
	close(says[0]);
	if (pid > 0) {
		kill(pid, SIGKILL);
		(void)child_wait(pid);
	}
	version[n > 0 ? n : 0] = '\0';
	version[strcspn(version, " \n")] = '\0';
	if (sscanf(version, "lighttpd/%d.%d.%d", &number[0], &number[1], &number[2]) != 3)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (number[i] != version_min[i])
			return number[i] < version_min[i];
	return false;
}

/* The absolute path of the configuration, which the caller frees. NULL with errno. */
static char *
find_configuration(void)
{
	struct buf path = {0};
	char *conf = path_of_share(&path, "serve/lighttpd.conf") == 0 ? realpath(path.data, NULL) : NULL;

	if (!conf)
		msg_warn_errno("cannot find %s (BI_SHARE names the folder of the programs' data)", path.data);
	buf_free(&path);
	return conf;
}

int
lighttpd_start(struct supervisor *k)
{
	char *conf = find_configuration();

	if (!conf)
		return EX_UNAVAILABLE;
	k->lighttpd = start_lighttpd(k, conf);
	free(conf);
	if (k->lighttpd > 0 && (k->pidfd = pidfd_open(k->lighttpd, 0)) >= 0) {
		/* From now on the port belongs to lighttpd: no client must connect to a socket without a server. */
		close(k->lease.socket);
		k->lease.socket = -1;
		return 0;
	}
	if (k->lighttpd < 0) {
		k->lighttpd = 0;
		msg_warn_errno(
			"cannot start lighttpd, which serves the pages: install it (apt-get install lighttpd), or "
			"set BI_LIGHTTPD to its path");
		return EX_UNAVAILABLE;
	}
	kill(k->lighttpd, SIGKILL);
	supervisor_reap_lighttpd(k);
	msg_warn("cannot supervise lighttpd: this kernel has no pidfd_open");
	return EX_OSERR;
}

int
lighttpd_prepare(struct supervisor *k)
{
	char *conf = find_configuration();
	int rc;

	if (!conf)
		return EX_UNAVAILABLE;
	rc = set_environment(k, conf);
	if (rc < 0)
		msg_warn_errno("cannot prepare the server of batch %s", k->batch);
	free(conf);
	return rc < 0 ? EX_OSERR : 0;
}
