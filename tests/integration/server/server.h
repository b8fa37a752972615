/*
 * server: HTTP on loopback, for the programs of the tests that answer it.
 */
#ifndef TESTS_SERVER_H
#define TESTS_SERVER_H

#include <stddef.h>

enum { SERVER_HEAD_MAX = 16384 };

/* Ends the process with a message about WHAT and errno. */
_Noreturn void die(const char *what);

/* Sends all N bytes. 0, or -1. */
int send_all(int fd, const char *bytes, size_t n);

/* Listens on a free port, which is stored in PORT. The socket. */
int server_listen(int *port);

/*
 * Prints the port and serves until standard input ends: each connection in a thread, with one request after another,
 * until it ends or is idle for a minute. SERVE gets the head of a request without the empty line at its end, and
 * returns 0 if the connection can serve another request.
 */
void server_run(int listening, int port, int (*serve)(int fd, char *head));

#endif
