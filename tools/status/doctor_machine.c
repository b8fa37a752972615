/* Checks of the machine: programs, the kernel, limits. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/child.h"
#include "base/human.h"
#include "base/msg.h"
#include "base/paths.h"
#include "doctor_checks.h"
#include "held.h"

enum { FILE_LIMIT_MIN = 256, FILE_MIN = 1 << 30 };

/* Whether a directory of PATH has the program NAME. */
static bool
in_path(const char *name)
{
	const char *at = getenv("PATH"), *end;
	struct buf path = {0};
	bool there = false;

	for (; at && !there; at = *end ? end + 1 : NULL) {
		end = strchrnul(at, ':');
		buf_clear(&path);
		buf_add(&path, at, (size_t)(end - at));
		buf_printf(&path, "%s%s", path.len ? "/" : "", name);
		there = access(path.data, X_OK) == 0;
	}
	buf_free(&path);
	return there;
}

/* Looks for lighttpd where bi-serve does (tools/serve/lighttpd.c). */
static void
look_for_lighttpd(struct doctor *d)
{
	const char *given = getenv("BI_LIGHTTPD");

	if (given && *given) {
		if (strchr(given, '/') ? access(given, X_OK) == 0 : in_path(given))
			return;
		doctor_find(d, DOCTOR_PROBLEM, NULL,
			    "BI_LIGHTTPD names '%s', which cannot be run, and bi-serve tries no other program", given);
		doctor_mend(d, "unset it, or set it to the path of lighttpd");
		return;
	}
	if (in_path("lighttpd") || access("/usr/sbin/lighttpd", X_OK) == 0)
		return;
	doctor_find(d, DOCTOR_PROBLEM, NULL, "lighttpd is missing: bi-serve cannot show pages without it");
	doctor_mend(d, "apt-get install lighttpd");
}

/* On Debian, some modules of lighttpd are in separate packages. */
static void
look_for_modules(struct doctor *d)
{
	if (access("/usr/lib/lighttpd/.", X_OK) < 0)
		return;
	if (access("/usr/lib/lighttpd/mod_openssl.so", R_OK) < 0) {
		doctor_find(d, DOCTOR_NOTE, NULL,
			    "lighttpd has no mod_openssl: bi-serve --share cannot serve without it");
		doctor_mend(d, "apt-get install lighttpd-mod-openssl");
	}
	if (access("/usr/lib/lighttpd/mod_deflate.so", R_OK) < 0) {
		doctor_find(d, DOCTOR_NOTE, NULL, "lighttpd has no mod_deflate: bi-serve sends pages uncompressed");
		doctor_mend(d, "apt-get install lighttpd-mod-deflate");
	}
}

static void
look_for_ours(struct doctor *d)
{
	static const struct {
		const char *name, *needed;
	} ours[] = {
		{"bi-api", "bi-serve cannot keep what reviewers pick"},
		{"bi-clean", "servers cannot be stopped, and temp/ cannot be swept"},
		{"bi-collect", "chosen files cannot be collected"},
		{"bi-expand", "bi-fetch --expand cannot look into archives"},
		{"bi-fetch", "nothing can be fetched, and servers have no worker"},
		{"bi-media", "bi-fetch cannot find the media of pages"},
		{"bi-parse", "bi-serve cannot start, since it parses submitted files"},
		{"bi-render", "review pages cannot be made"},
		{"bi-serve", "review pages cannot be shown"},
		{"bi-source", "sources cannot be searched for candidates"},
		{"bi-thumb", "bi-render cannot make thumbnails"},
		{"bi-type", "bi-fetch cannot tell the types of files"},
	};
	static const struct {
		const char *name, *of, *needed;
	} parts[] = {
		{"bi-parse-pdf", "bi-parse", "PDF files"},
		{"bi-parse-picture", "bi-parse", "pictures"},
		{"bi-parse-mail", "bi-parse", "mails"},
		{"bi-parse-av", "bi-parse", "sound and film"},
		{"bi-expand-mail", "bi-expand", "the attachments of mails"},
		{"bi-thumb-decode", "bi-thumb", "pictures"},
	};
	struct buf path = {0};

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++) {
		if (path_of_program(&path, ours[i].name) == 0)
			continue;
		doctor_find(d, DOCTOR_PROBLEM, NULL, "%s is missing: %s", path.data ? path.data : ours[i].name,
			    ours[i].needed);
		doctor_mend(d, "build all programs again, or install them all together");
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (path_of_program(&path, parts[i].of) < 0 || path_of_helper(&path, parts[i].name) == 0)
			continue;
		doctor_find(d, DOCTOR_PROBLEM, NULL, "%s, a part of %s, is missing: it cannot read %s", parts[i].name,
			    parts[i].of, parts[i].needed);
		doctor_mend(d, "build all programs again, or install them all together");
	}
	buf_free(&path);
}

static void
look_for_share(struct doctor *d)
{
	static const struct {
		const char *name, *needed;
	} files[] = {
		{"hosts.conf", "bi-fetch does not know the limits that some hosts ask for"},
		{"review/render.jq", "bi-render cannot make pages"},
		{"serve/lighttpd.conf", "bi-serve cannot start a server"},
	};
	struct buf path = {0};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (path_of_share(&path, files[i].name) == 0)
			continue;
		doctor_find(d, DOCTOR_PROBLEM, NULL, "%s of share/ cannot be read: %s", files[i].name, files[i].needed);
		doctor_mend(d, getenv("BI_SHARE") ? "unset BI_SHARE, or set it to the share/ of this version"
						  : "install the programs again, with their share/");
	}
	buf_free(&path);
}

void
doctor_programs(struct doctor *d)
{
	look_for_lighttpd(d);
	look_for_modules(d);
	if (!in_path("jq")) {
		doctor_find(d, DOCTOR_PROBLEM, NULL, "jq is missing from PATH: bi-render cannot make pages without it");
		doctor_mend(d, "apt-get install jq");
	}
	look_for_ours(d);
	look_for_share(d);
	doctor_looked(d, "programs");
}

void
doctor_kernel(struct doctor *d)
{
	unsigned action = SECCOMP_RET_ERRNO;
	int self = pidfd_open(getpid(), 0);

	if (self < 0) {
		doctor_find(d, DOCTOR_PROBLEM, NULL,
			    "the kernel has no pidfd_open (%s): servers cannot be stopped safely", strerror(errno));
		doctor_mend(d, "use Linux 5.3 or later; in a container, allow this system call");
	} else {
		close(self);
	}
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0) {
		doctor_find(d, DOCTOR_PROBLEM, NULL,
			    "the kernel has no seccomp filters (%s): bi-type, bi-thumb, bi-media and bi-expand refuse "
			    "to read untrusted files",
			    strerror(errno));
		doctor_mend(d, "use a kernel with CONFIG_SECCOMP_FILTER; in a container, allow seccomp(2)");
	}
	if (access("/proc/self/fd/.", X_OK) < 0) {
		doctor_find(d, DOCTOR_PROBLEM, NULL, "/proc is not mounted: programs cannot find each other");
		doctor_mend(d, "mount -t proc proc /proc");
	}
	doctor_looked(d, "kernel");
}

static void
look_at_files(struct doctor *d)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0 || l.rlim_max >= FILE_LIMIT_MIN)
		return;
	doctor_find(d, DOCTOR_PROBLEM, NULL, "a process may have %llu files open, and 64 transfers at once need %d",
		    (unsigned long long)l.rlim_max, FILE_LIMIT_MIN);
	doctor_mend(d, "raise the hard limit (ulimit -Hn, limits.conf, LimitNOFILE=)");
}

static void
look_at_file_size(struct doctor *d)
{
	struct rlimit l;
	char room[HUMAN_ROOM];

	if (getrlimit(RLIMIT_FSIZE, &l) < 0 || l.rlim_cur == RLIM_INFINITY)
		return;
	doctor_find(d, l.rlim_cur < FILE_MIN ? DOCTOR_PROBLEM : DOCTOR_NOTE, NULL,
		    "a file may have %s: larger files fail", human_bytes(room, (double)l.rlim_cur));
	doctor_mend(d, "raise the limit (ulimit -f unlimited, LimitFSIZE=)");
}

void
doctor_limits(struct doctor *d)
{
	int ino = inotify_init1(IN_CLOEXEC);

	if (ino >= 0) {
		close(ino);
	} else {
		doctor_find(d, DOCTOR_PROBLEM, NULL,
			    "files cannot be watched (inotify: %s): bi-status --wait, workers and pages "
			    "that show progress do not work",
			    strerror(errno));
		doctor_mend(d, "raise fs.inotify.max_user_instances with sysctl, or end some of the programs that "
			       "watch files");
	}
	look_at_files(d);
	look_at_file_size(d);
	doctor_looked(d, "limits");
}

/* Reads the rules for hosts in a child process, because reading them ends the process with a message if one is wrong.
 */
static int
try_rules(const struct doctor *d, struct buf *said)
{
	int says[2], rc = -1;
	char *argv[] = {"bi-status", "--rules", "--root", d->root->path, NULL};
	char text[1024];
	ssize_t n;
	pid_t pid;

	if (pipe2(says, O_CLOEXEC) < 0)
		return -1;
	pid = child_start(&(struct child){.program = "/proc/self/exe",
					  .argv = argv,
					  .fds = (struct child_fd[]){{says[1], STDERR_FILENO}},
					  .fd_count = 1});
	close(says[1]);
	while (pid > 0 && ((n = read(says[0], text, sizeof(text))) > 0 || (n < 0 && errno == EINTR)))
		if (n > 0 && said->len < sizeof(text))
			buf_add(said, text, (size_t)n);
	close(says[0]);
	if (pid > 0)
		rc = child_wait(pid);
	while (said->len > 0 && said->data[said->len - 1] == '\n')
		said->data[--said->len] = '\0';
	return rc;
}

void
doctor_hosts(struct doctor *d)
{
	struct buf said = {0};

	if (try_rules(d, &said) == EX_CONFIG) {
		doctor_find(d, DOCTOR_PROBLEM, NULL, "bi-fetch and workers cannot run: %s",
			    said.len ? said.data : "a rule for hosts is wrong");
		doctor_mend(d, "correct that line");
	}
	doctor_looked(d, "rules of hosts");
	buf_free(&said);
	held_report(d);
}
