#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { IDLE_SECONDS = 60 };

static int (*serve)(int fd, char *head);

_Noreturn void
die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(1);
}

int
send_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t w = send(fd, bytes, n, MSG_NOSIGNAL);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return -1;
		bytes += w;
		n -= (size_t)w;
	}
	return 0;
}

static void *
serve_connection(void *arg)
{
	int fd = (int)(long)arg;
	struct timeval t = {.tv_sec = IDLE_SECONDS};
	char head[SERVER_HEAD_MAX + 1];
	size_t have = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	for (;;) {
		char *end;
		ssize_t n;

		head[have] = '\0';
		end = strstr(head, "\r\n\r\n");
		if (end) {
			size_t used = (size_t)(end - head) + 4;

			*end = '\0';
			if (serve(fd, head) < 0)
				break;
			have -= used;
			memmove(head, head + used, have);
			continue;
		}
		n = have < SERVER_HEAD_MAX ? recv(fd, head + have, SERVER_HEAD_MAX - have, 0) : 0;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	close(fd);
	return NULL;
}

static void *
accept_all(void *arg)
{
	int listening = *(int *)arg;
	pthread_attr_t detached;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&detached, 512 << 10);
	for (;;) {
		int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		pthread_t t;

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			die("accept");
		if (pthread_create(&t, &detached, serve_connection, (void *)(long)fd) != 0)
			close(fd);
	}
}

int
server_listen(int *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(at);
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listening < 0 || bind(listening, (struct sockaddr *)&at, size) < 0 || listen(listening, 512) < 0 ||
	    getsockname(listening, (struct sockaddr *)&at, &size) < 0)
		die("port");
	*port = ntohs(at.sin_port);
	return listening;
}

void
server_run(int listening, int port, int (*how)(int fd, char *head))
{
	char byte[256];
	pthread_t t;

	serve = how;
	if (pthread_create(&t, NULL, accept_all, &listening) != 0)
		die("thread");
	printf("%d\n", port);
	if (fflush(stdout) != 0)
		die("stdout");
	while (read(STDIN_FILENO, byte, sizeof(byte)) > 0)
		;
}
