/*
 * bi-serve: a server of review pages for each batch, on a port of its own.
 *
 * The bi-serve that a person calls starts a keeper for each batch: bi-serve again, by its hidden option
 * --keep. The keeper takes the lease of a port, listens on it, hands the socket to lighttpd as
 * its standard input, asks it for the batch's page until it answers, writes the server record into the lease and to its
 * standard output, says that it is ready (child.h), and stays as lighttpd's parent: who ends with the other.
 * With --foreground the called one is the keeper itself.
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
	bool foreground;           /* be the keeper, here */
	bool json;                 /* records, not sentences */
	bool another;              /* one more server, also for a batch that has one */
	int held;                  /* serve_hold(), for the keeper to let go once it serves; -1: none */
	int ready; /* --keep: be the keeper, say ready on this descriptor and let go of stdio; -1: not so */
};

/* Whether BATCH stands for the root itself, whose page is the home page. */
bool serve_is_home(const char *batch);

/* Checks that the review pages of BATCH are there: 0, or the exit code after a message. */
int serve_check(const struct serve *s, const char *batch);

/* Prints the server that BATCH has already at the address, if there is one: 1. 0 when there is none, or -1 after a
 * message. */
int serve_known(const struct serve *s, const char *batch);

/* Where a password is asked for: says which other servers of the root ask for none. */
void serve_warn_open(const struct serve *s);

/* Starts a keeper for BATCH and prints the record of its server once it answers: 0, or the exit code after a message,
 * but for EX_TEMPFAIL (no port was free): that is for serve_no_port() to say. */
int serve_start(const struct serve *s, const char *batch);

/* Says that no port is free, who holds them, and what to do. */
void serve_no_port(const struct serve *s, const char *batch);

/* The keeper: serves BATCH until lighttpd ends or a signal asks to end. The exit code; messages as serve_start(). */
int keeper_run(const struct serve *s, const char *batch);

/* Prints a server record, as s->json says. */
void serve_print(const struct serve *s, const char *line, size_t n);

/* "open", "private" or "share", as records and files of share/serve name it. */
const char *serve_access_name(enum serve_access access);

/* --- secret.c, tls.c --- */

/*
 * Sees to the token, and as s->access says to the password and the certificate; prints on standard error what people
 * need to know of them, a password that is new among it. 0, or the exit code after a message.
 */
int serve_secrets(struct serve *s);

/*
 * Sees to the certificate of S: our own one, made where there is none or it ends soon, or the one given, which must
 * belong to its key. Its fingerprint, SHA-256 as browsers show it, into OUT. 0, or the exit code after a message.
 */
int serve_tls(const struct serve *s, struct buf *fingerprint);

/* --- port.c --- */

/* The lock under which a server of BATCH is looked for and started, one at a time: its descriptor, or -1 after a
 * message. */
int serve_hold(const struct serve *s, const char *batch);

/* The port that BATCH had last, where that is one to choose from; else 0. */
int serve_last_port(const struct serve *s, const char *batch);

/* Sets PORTS[i] for each port, the first and I more, that another batch had last, and is to find free again. 0,
 * or -1 with errno. */
int serve_others_ports(const struct serve *s, const char *batch, bool *ports);

/* Notes that BATCH has PORT now. */
void serve_note_port(const struct serve *s, const char *batch, int port);

#endif
