/*
 * origin: what the parts of the test server share. origin.c takes requests, plan.c reads off their paths how they are
 * to be answered, send.c answers.
 */
#ifndef ORIGIN_H
#define ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

/* How a request for a range is answered; the words are those of origin.c. */
struct misrange {
	int status; /* 0: as usual */
	char range[12], validator[12], length[12];
	bool whole;   /* all bytes are sent, whatever is said of them */
	bool unasked; /* it is the first request that is answered so, which asks for no range */
	long before;  /* requests before this one */
};

struct answer {
	int status;
	long long bytes; /* of the body */
	long long cut;   /* bytes after which it stops; -1: never */
	char retry[64];  /* Retry-After; "": none */
	long wait, drip; /* milliseconds */
	bool stall;      /* stop by silence, not by closing */
	bool nolength;
	bool chunked;
	bool jpeg, ranged, reset, badchunk, endless, empty;
	bool anyway;        /* If-Range is not heeded */
	long long from, to; /* of the bytes of the body those that are sent */
	long long says;     /* a false length; -1: none */
	long long upto;     /* the most that a range has; 0: any */
	long slowhead, longheader;
	char header[1024];
	char *text;          /* the body; NULL: bytes by SEED */
	bool head;           /* a HEAD request */
	char location[4096]; /* "": none */
	struct misrange misrange;
	char etag[40];          /* "": as usual; "-": none */
	char content_range[80]; /* "": as usual */
	char type[128];
	unsigned seed;
	char validator[12]; /* its kind; "": none */
	long before;        /* requests before this one */
};

/* This thread's request is no longer under way. */
void over(void);

/* The value of a header of the request, up to the line's end, in ROOM; false: it has none. NAME is "\r\nNAME:". */
bool header_of(const char *request, const char *name, char *room, size_t n);

/* How PATH is answered. TEXT is to be freed. REQUEST is the whole of it, for /echo. */
struct answer plan(const char *path, const char *request);

/* Adds the validator, and makes the answer 304 if the client has the same. */
void plan_validator(struct answer *a, const char *request);

/* A range that goes to the end, if the client has the same as we do. */
void plan_range(struct answer *a, const char *request);

/* Makes the answer what its misrange says. */
void misrange_plan(struct answer *a, const char *request);

void pause_ms(long ms);

/* 0 when the connection can serve another request, else -1. */
int send_answer(int fd, const struct answer *a);

#endif
