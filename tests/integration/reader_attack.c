/*
 * reader_attack WHAT: what a program could try that bi-parse runs over the bytes of strangers. Writes "WHAT: denied"
 * and the error, or "WHAT: let through". Some do not end by themselves.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
say(const char *what, long rc)
{
	int error = errno;

	if (rc < 0)
		printf("%s: denied, %s\n\n", what, strerror(error));
	else
		printf("%s: let through\n\n", what);
}

static void
try_files(void)
{
	const char *home = "/root";
	int fd;

	say("read /etc/passwd", open("/etc/passwd", O_RDONLY));
	say("read /proc/self/environ", open("/proc/self/environ", O_RDONLY));
	say("list /tmp", open("/tmp", O_RDONLY | O_DIRECTORY));
	say("list home", open(home, O_RDONLY | O_DIRECTORY));
	say("read the table", open("/etc/bi/readers", O_RDONLY));
	say("make a file", open("/tmp/bi-reader-attack", O_WRONLY | O_CREAT, 0600));
	say("make a nameless file", open("/tmp", O_TMPFILE | O_RDWR, 0600));
	say("make a memfd", syscall(SYS_memfd_create, "x", 0));
	say("remove a file", unlink("/tmp/bi-reader-victim"));
	say("rename a file", rename("/tmp/bi-reader-victim", "/tmp/x"));
	say("make a directory", mkdir("/tmp/bi-reader-attack", 0700));
	say("change a mode", chmod("/tmp/bi-reader-victim", 0777));
	say("truncate a file", truncate("/tmp/bi-reader-victim", 0));
	say("write to its input", write(STDIN_FILENO, "x", 1));
	say("truncate its input", ftruncate(STDIN_FILENO, 0));
	fd = open("/dev/stdin", O_RDONLY);
	say("open its input again", fd);
	say("write to its input opened again", write(open("/dev/stdin", O_RDWR), "x", 1));
	say("read /usr", open("/usr/bin/env", O_RDONLY));
}

static void
try_processes(void)
{
	char *const argv[] = {"true", NULL};
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	say("fork", syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
	say("vfork", syscall(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL));
	say("exec", execve("/usr/bin/true", argv, NULL));
	say("execveat", syscall(SYS_execveat, AT_FDCWD, "/usr/bin/true", argv, NULL, 0));
	say("socket", socket(AF_INET, SOCK_STREAM, 0));
	say("socket pair", socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){0}));
	say("connect", connect(STDOUT_FILENO, (struct sockaddr *)&to, sizeof(to)));
	say("kill the parent", kill(getppid(), SIGKILL));
	say("kill all", kill(-1, SIGKILL));
	say("ptrace", ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
	say("read the parent", syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
	say("pidfd", syscall(SYS_pidfd_open, getppid(), 0));
	say("own signals of a pipe", fcntl(STDOUT_FILENO, F_SETOWN, getppid()));
	say("outlive its parent", syscall(SYS_prctl, 1, 0, 0, 0, 0));
	say("new session", setsid());
	say("raise a limit", setrlimit(RLIMIT_CPU, &(struct rlimit){9999, 9999}));
	say("namespace", unshare(CLONE_NEWUSER));
	say("io_uring", syscall(425, 1, NULL));
	say("bpf", syscall(SYS_bpf, 0, NULL, 0));
	say("shared memory",
	    mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
	say("memory that grows down", mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0) == MAP_FAILED
					      ? -1
					      : 0);
	say("System V memory", syscall(SYS_shmget, 0, 1 << 20, 0600));
}

static void
print_environment(void)
{
	extern char **environ;

	for (char **e = environ; *e; e++)
		printf("%s\n\n", *e);
	for (int fd = 3; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("descriptor %d\n", fd);
}

static void
eat_memory(void)
{
	for (size_t n = 0; n < (size_t)8 << 30; n += 1 << 20) {
		char *p = malloc(1 << 20);

		if (!p) {
			fprintf(stderr, "no memory is left\n");
			exit(1);
		}
		memset(p, 1, 1 << 20);
	}
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char block[4096];
	ssize_t n;

	setvbuf(stdout, NULL, _IONBF, 0);
	if (strcmp(what, "files") == 0)
		try_files();
	else if (strcmp(what, "processes") == 0)
		try_processes();
	else if (strcmp(what, "environment") == 0)
		print_environment();
	else if (strcmp(what, "memory") == 0)
		eat_memory();
	else if (strcmp(what, "crash") == 0)
		raise(SIGSEGV);
	else if (strcmp(what, "sleep") == 0)
		sleep(1000);
	else if (strcmp(what, "fail") == 0)
		return fprintf(stderr, "\n  it is \033[31mno good\nmore\n") < 0 ? 2 : 3;
	else if (strcmp(what, "closed") == 0)
		return close(STDOUT_FILENO) + close(STDERR_FILENO) == 0 ? (int)sleep(1000) : 1;
	for (volatile unsigned long i = 0; strcmp(what, "spin") == 0; i++)
		;
	memset(block, 'a', sizeof(block));
	block[sizeof(block) - 1] = block[sizeof(block) - 2] = '\n';
	while (strcmp(what, "flood") == 0)
		if (write(STDOUT_FILENO, block, sizeof(block)) < 0)
			return 1;
	while (strcmp(what, "copy") == 0 && (n = read(STDIN_FILENO, block, sizeof(block))) > 0)
		if (write(STDOUT_FILENO, block, (size_t)n) < 0)
			return 1;
	return 0;
}
