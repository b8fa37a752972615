/*
 * verdict: what an answer means for its item: got, elsewhere, try again, failed for good.
 */
#ifndef BI_VERDICT_H
#define BI_VERDICT_H

#include <stdbool.h>

struct job;

struct verdict {
	enum { GOT, REDIRECTED, AGAIN, FAILED } kind;
	const char *code; /* "http_404"; lives in the job or is constant */
	bool retryable;   /* FAILED: another run may try again */
	long wait_ms;     /* AGAIN: the server's own wish (Retry-After), or 0 */
	char message[512];
	/* What it says of the host, for host_apply_verdict(). */
	bool hold;           /* the whole host is to be left alone for the wait */
	bool network;        /* AGAIN: but not of a host that is given up */
	bool reached;        /* the host has answered */
	bool unreachable;    /* it cannot be reached */
	bool opted_out;      /* a header of it forbids the item */
	const char *refusal; /* why nothing more is to be asked of it, a constant; NULL: it may be */
};

/* Sets the verdict of a job from its answer. After a redirect it also sets the URL to ask for next. */
void verdict_http(struct job *j);

/* The page of a job that was GOT refers to URL by a meta refresh: this is one more redirect, under the same rules.
 * Keeps the body. */
void verdict_refresh(struct job *j, const char *url);

/* The job FAILED with the error code CODE and a message; with AGAIN it is to be tried again. */
void verdict_fail(struct job *j, bool again, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Fails a job that was GOT, with system_error and the message WHAT. Drops its body. It may be tried again. */
void verdict_trouble(struct job *j, const char *what);

/* Fails the job if it alone has more bytes than --max-total allows (stop_conditions.h). */
void verdict_over_total(struct job *j);

/* Fails the job if its batch is cancelled; returns whether it is. */
bool verdict_cancel(struct job *j);

#endif
