/*
 * serve: the options of bi-serve.
 *
 * bi-serve starts a server of review pages for each batch, on a port of its own.
 *
 * The bi-serve that a person calls starts a supervisor for each batch: bi-serve again, by its hidden option
 * --keep. The supervisor takes the lease of a port, listens on it, hands the socket to lighttpd as
 * its standard input, asks it for the batch's page until it answers, writes the server record into the lease and to its
 * standard output, says that it is ready (child.h), and stays as lighttpd's parent: who ends with the other.
 * With --foreground the called one is the supervisor itself.
 */
#ifndef BI_SERVE_H
#define BI_SERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bounds.h"
#include "files/root.h"
#include "files/token.h"

enum {
	SERVE_HOSTS_MAX = 16,   /* names given by --allow-host */
	SERVE_ORIGINS_MAX = 16, /* origins given by --allow-origin */
};

/* Who reaches the pages. */
enum serve_access {
	SERVE_OPEN,    /* whoever reaches the port, which only this machine's users do */
	SERVE_PRIVATE, /* the same, with the password */
	SERVE_SHARE,   /* whoever has the password, over TLS, also from elsewhere */
};

#define SERVE_HOME "home"               /* in place of a batch, none of which has that name: the root itself */
#define SERVE_USER "review"             /* the name that goes with the password */
#define SERVE_PASSWORD_FILE "htpasswd"  /* below the root */
#define SERVE_TLS_FILE "tls/server.pem" /* below the root: our own key and certificate */

struct serve {
	struct root root;
	enum serve_access access;
	char *hosts[SERVE_HOSTS_MAX + 1]; /* --allow-host, NULL-terminated */
	size_t hosts_n;
	const char *origins[SERVE_ORIGINS_MAX]; /* --allow-origin */
	size_t origins_n;
	bool csrf_cookie;          /* give the token as a cookie too */
	bool no_worker;            /* keep none */
	struct bounds bounds;      /* of what is handed in */
	const char *cert, *key;    /* absolute paths; NULL: our own */
	const char *password_file; /* whose first line is to be the password; NULL: none */
	bool new_password;         /* make another */
	bool new_token;            /* make another */
	char token[TOKEN_HEX + 1]; /* for URLs; "": not known */
	const char *address;       /* to listen on, in numbers */
	int first, last;           /* the ports to choose from */
	bool home;                 /* --home: a server of the root itself */
	bool foreground;           /* be the supervisor, here */
	bool json;                 /* records, not sentences */
	bool another;              /* one more server, also for a batch that has one */
	int held;                  /* port_hold(), for the supervisor to let go once it serves; -1: none */
	int ready; /* --keep: be the supervisor, say ready on this descriptor and let go of stdio; -1: not so */
};

/* Whether BATCH stands for the root itself, whose page is the home page. */
bool serve_is_home(const char *batch);

/* "open", "private" or "share", as records and files of share/serve name it. */
const char *serve_access_name(enum serve_access access);

#endif
