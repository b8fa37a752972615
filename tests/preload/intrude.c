/*
 * intrude: preloaded into a confined program, it tries what a stranger's code in there would try.
 *
 * As soon as the program listens for its first request after it was confined (it then cannot ask whether it is, by
 * prctl(2)), each system call below is made twice: with a path that is there, in $BI_INTRUDE, and with one that is not.
 * What comes of it goes to $BI_INTRUDE/PID through memory that was mapped before, one line a call:
 *
 *	NAME denied   both failed, in the same way
 *	NAME blind    both succeeded: it tells nothing of the path
 *	NAME told     else
 *
 * The first line is the command, the last one "end".
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROOM = 1 << 16 };

static char *page; /* NULL: nothing is to be tried */
static size_t used;
static char there[512], missing[512];

static void
say(const char *name, const char *what)
{
	int n = snprintf(page + used, ROOM - used, "%s %s\n", name, what);

	used += n > 0 && used + (size_t)n < ROOM ? (size_t)n : 0;
}

__attribute__((constructor)) static void
prepare(void)
{
	const char *dir = getenv("BI_INTRUDE");
	char path[600], command[256];
	int fd, from;
	ssize_t n;

	if (!dir)
		return;
	snprintf(there, sizeof(there), "%s/there", dir);
	snprintf(missing, sizeof(missing), "%s/missing", dir);
	snprintf(path, sizeof(path), "%s/%d", dir, (int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	from = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	n = read(from, command, sizeof(command) - 1);
	if (fd < 0 || n <= 0 || ftruncate(fd, ROOM) < 0)
		abort();
	for (ssize_t i = 0; i < n; i++)
		command[i] = command[i] ? command[i] : ' ';
	command[n] = '\0';
	page = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		abort();
	close(from);
	close(fd);
	say("command", command);
}

/* --- what is tried: once with each path --- */

static long on_path; /* the path under trial, as an argument */
static char buffer[8192];

struct attempt {
	const char *name;
	long number;
	long arg[6];
};

/* These stand for the path, for a buffer, for the path that is not there, and for the parent in the arguments. */
enum { PATH = -1001, ROOM_FOR_IT = -1002, ELSE = -1003, PARENT = -1004 };

static const struct attempt attempts[] = {
#ifdef SYS_stat
	{"stat", SYS_stat, {PATH, ROOM_FOR_IT}},
	{"lstat", SYS_lstat, {PATH, ROOM_FOR_IT}},
	{"access", SYS_access, {PATH, F_OK}},
	{"readlink", SYS_readlink, {PATH, ROOM_FOR_IT, 100}},
	{"open", SYS_open, {PATH, O_RDONLY}},
	{"open-path", SYS_open, {PATH, O_PATH}},
	{"creat", SYS_creat, {PATH, 0600}},
	{"rename", SYS_rename, {PATH, ELSE}},
	{"unlink", SYS_unlink, {PATH}},
	{"rmdir", SYS_rmdir, {PATH}},
	{"mkdir", SYS_mkdir, {ELSE, 0700}},
	{"link", SYS_link, {PATH, ELSE}},
	{"symlink", SYS_symlink, {PATH, ELSE}},
	{"chmod", SYS_chmod, {PATH, 0600}},
	{"utime", SYS_utime, {PATH, 0}},
	{"inotify_init", SYS_inotify_init, {0}},
	{"fork", SYS_fork, {0}},
#endif
	{"newfstatat", SYS_newfstatat, {AT_FDCWD, PATH, ROOM_FOR_IT, 0}},
	{"newfstatat-empty", SYS_newfstatat, {AT_FDCWD, PATH, ROOM_FOR_IT, AT_EMPTY_PATH}},
	{"newfstatat-link", SYS_newfstatat, {0, PATH, ROOM_FOR_IT, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW}},
	{"statx", SYS_statx, {AT_FDCWD, PATH, 0, 0x7ff, ROOM_FOR_IT}},
	{"statx-empty", SYS_statx, {AT_FDCWD, PATH, AT_EMPTY_PATH, 0x7ff, ROOM_FOR_IT}},
	{"faccessat", SYS_faccessat, {AT_FDCWD, PATH, F_OK}},
	{"faccessat2", 439, {AT_FDCWD, PATH, F_OK, 0}},
	{"readlinkat", SYS_readlinkat, {AT_FDCWD, PATH, ROOM_FOR_IT, 100}},
	{"openat", SYS_openat, {AT_FDCWD, PATH, O_RDONLY}},
	{"openat-path", SYS_openat, {AT_FDCWD, PATH, O_PATH}},
	{"openat-write", SYS_openat, {AT_FDCWD, PATH, O_WRONLY | O_CREAT, 0600}},
	{"openat2", 437, {AT_FDCWD, PATH, ROOM_FOR_IT, 24}},
	{"statfs", SYS_statfs, {PATH, ROOM_FOR_IT}},
	{"getxattr", SYS_getxattr, {PATH, PATH, ROOM_FOR_IT, 100}},
	{"lgetxattr", SYS_lgetxattr, {PATH, PATH, ROOM_FOR_IT, 100}},
	{"listxattr", SYS_listxattr, {PATH, ROOM_FOR_IT, 100}},
	{"setxattr", SYS_setxattr, {PATH, PATH, ROOM_FOR_IT, 1, 0}},
	{"name_to_handle_at", SYS_name_to_handle_at, {AT_FDCWD, PATH, ROOM_FOR_IT, ROOM_FOR_IT, 0}},
	{"chdir", SYS_chdir, {PATH}},
	{"chroot", SYS_chroot, {PATH}},
	{"getcwd", SYS_getcwd, {ROOM_FOR_IT, 100}},
	{"inotify_init1", SYS_inotify_init1, {0}},
	{"inotify_add_watch", SYS_inotify_add_watch, {0, PATH, 2}},
	{"fanotify_init", SYS_fanotify_init, {0, 0}},
	{"renameat2", SYS_renameat2, {AT_FDCWD, PATH, AT_FDCWD, ELSE, 0}},
	{"unlinkat", SYS_unlinkat, {AT_FDCWD, PATH, 0}},
	{"mkdirat", SYS_mkdirat, {AT_FDCWD, ELSE, 0700}},
	{"mknodat", SYS_mknodat, {AT_FDCWD, ELSE, S_IFIFO | 0600, 0}},
	{"linkat", SYS_linkat, {AT_FDCWD, PATH, AT_FDCWD, ELSE, 0}},
	{"symlinkat", SYS_symlinkat, {PATH, AT_FDCWD, ELSE}},
	{"truncate", SYS_truncate, {PATH, 0}},
	{"fchmodat", SYS_fchmodat, {AT_FDCWD, PATH, 0600}},
	{"fchownat", SYS_fchownat, {AT_FDCWD, PATH, -1, -1, 0}},
	{"utimensat", SYS_utimensat, {AT_FDCWD, PATH, 0, 0}},
	{"mount", SYS_mount, {PATH, PATH, PATH, 0, 0}},
	{"umount2", SYS_umount2, {PATH, 0}},
	{"swapon", SYS_swapon, {PATH, 0}},
	{"acct", SYS_acct, {PATH}},
	{"execve", SYS_execve, {PATH, 0, 0}},
	{"execveat", SYS_execveat, {AT_FDCWD, PATH, 0, 0, 0}},
	{"clone", SYS_clone, {SIGCHLD, 0, 0, 0, 0}},
	{"clone3", SYS_clone3, {ROOM_FOR_IT, 64}},
	{"unshare", SYS_unshare, {0x10000000}},
	{"setns", SYS_setns, {0, 0}},
	{"socket", SYS_socket, {AF_INET, SOCK_STREAM, 0}},
	{"socket-unix", SYS_socket, {AF_UNIX, SOCK_STREAM, 0}},
	{"socket-netlink", SYS_socket, {AF_NETLINK, SOCK_RAW, 0}},
	{"socketpair", SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0, ROOM_FOR_IT}},
	{"connect", SYS_connect, {0, ROOM_FOR_IT, 16}},
	{"bind", SYS_bind, {0, ROOM_FOR_IT, 16}},
	{"kill", SYS_kill, {PARENT, 0}},
	{"tgkill", SYS_tgkill, {PARENT, PARENT, 0}},
	{"tkill", SYS_tkill, {PARENT, 0}},
	{"rt_sigqueueinfo", SYS_rt_sigqueueinfo, {PARENT, SIGCONT, ROOM_FOR_IT}},
	{"pidfd_open", SYS_pidfd_open, {PARENT, 0}},
	{"ptrace", SYS_ptrace, {16, PARENT, 0, 0}},
	{"process_vm_readv", SYS_process_vm_readv, {PARENT, ROOM_FOR_IT, 1, ROOM_FOR_IT, 1, 0}},
	{"prlimit64", SYS_prlimit64, {PARENT, 7, 0, ROOM_FOR_IT}},
	{"prlimit64-set", SYS_prlimit64, {0, 7, ROOM_FOR_IT, 0}},
	{"setrlimit", SYS_setrlimit, {7, ROOM_FOR_IT}},
	{"ioctl", SYS_ioctl, {0, 0x541b, ROOM_FOR_IT}},
	{"io_uring_setup", 425, {8, ROOM_FOR_IT}},
	{"memfd_create", SYS_memfd_create, {PATH, 0}},
	{"bpf", SYS_bpf, {0, ROOM_FOR_IT, 64}},
	{"perf_event_open", SYS_perf_event_open, {ROOM_FOR_IT, 0, -1, -1, 0}},
	{"userfaultfd", SYS_userfaultfd, {1}},
	{"keyctl", SYS_keyctl, {0, -3, 0}},
	{"personality", SYS_personality, {0xffffffff}},
	{"prctl", SYS_prctl, {PR_GET_DUMPABLE}},
	{"seccomp", SYS_seccomp, {2, 0, ROOM_FOR_IT}},
	{"landlock", SYS_landlock_create_ruleset, {0, 0, 1}},
	{"setuid", SYS_setuid, {0}},
	{"umask", SYS_umask, {0}},
	{"getdents64", SYS_getdents64, {0, ROOM_FOR_IT, 100}},
	{"mmap-code", SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
	{"sigaction-SIGSYS", SYS_rt_sigaction, {SIGSYS, ROOM_FOR_IT, 0, 8}},
};

static long
argument(long a)
{
	switch (a) {
	case PATH:
		return on_path;
	case ROOM_FOR_IT:
		return (long)buffer;
	case ELSE:
		return (long)missing;
	case PARENT:
		return (long)getppid();
	default:
		return a;
	}
}

/* 0 where it succeeded, else its errno. */
static int
attempt(const struct attempt *a, const char *path)
{
	long arg[6], rc;

	on_path = (long)path;
	memset(buffer, 0, sizeof(buffer));
	for (size_t i = 0; i < 6; i++)
		arg[i] = argument(a->arg[i]);
	rc = syscall(a->number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
	if (rc == 0 && (strcmp(a->name, "fork") == 0 || strncmp(a->name, "clone", 5) == 0))
		_exit(0); /* the child */
	return rc >= 0 ? 0 : errno;
}

/* fstat(3) is not to be refused, also after somebody wanted SIGSYS. */
static void
try_fstat(const char *name)
{
	struct stat st;

	say(name, fstat(STDIN_FILENO, &st) == 0 && S_ISSOCK(st.st_mode) && fstat(9999, &st) < 0 && errno == EBADF
			  ? "works"
			  : "fails");
}

static void
intrude(void)
{
	try_fstat("fstat");
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		int one = attempt(&attempts[i], there), other = attempt(&attempts[i], missing);

		say(attempts[i].name, one != other ? "told" : one ? "denied" : "blind");
	}
	signal(SIGSYS, SIG_DFL);
	try_fstat("fstat-again");
	say("end", "");
}

static void
listens(void)
{
	static bool done;
	int error = errno;

	if (page && !done && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0) {
		done = true;
		intrude();
	}
	errno = error;
}

/* --- how helpers listen --- */

ssize_t
recvmsg(int fd, struct msghdr *msg, int flags)
{
	listens();
	return syscall(SYS_recvmsg, fd, msg, flags);
}

ssize_t
recv(int fd, void *bytes, size_t n, int flags)
{
	listens();
	return syscall(SYS_recvfrom, fd, bytes, n, flags, NULL, NULL);
}
