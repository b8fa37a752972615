/*
 * expand_packets: the packets of bi-expand become events of expand.h. Only expand.c includes this.
 */
#ifndef BI_EXPAND_PACKETS_H
#define BI_EXPAND_PACKETS_H

#include "base/buf.h"
#include "confined/expand.h"
#include "confined/helper.h"

enum { EXPAND_PACKET = EXPAND_BLOCK + 16 };

struct expand {
	struct helper helper;
	int fd;                       /* of the archive */
	char charset[EXPAND_CHARSET]; /* of the name of the next entry; "": it is UTF-8, or not known */
	double confidence;            /* of that */
	bool converted;               /* CHARSET is of the entry that comes next */
	struct expand_limits limits;
	uint64_t packed; /* bytes of the archive */
	struct expand_totals totals;
	uint64_t entries;      /* how many entries began */
	uint64_t files;        /* how many of them are no directories */
	uint64_t encrypted;    /* how many need a password */
	uint64_t holes;        /* bytes of holes, of those that were unpacked */
	uint64_t member_bytes; /* of the current entry */
	bool inside;           /* an entry is under way */
	bool dropping;         /* and the entry is not returned to the caller */
	struct buf path;
	int64_t waiting;       /* nothing has arrived since this moment; 0: something has */
	int64_t waited;        /* total milliseconds before that */
	enum expand_event end; /* EXPAND_AGAIN: it continues */
	const char *code;
	char words[EXPAND_WORDS];
	char packet[EXPAND_PACKET];
};

/* Handles one packet of N bytes; 0: bi-expand has ended. Returns EXPAND_AGAIN, an event that OUT describes, or the end,
 * which E keeps. */
enum expand_event expand_handle_packet(struct expand *e, size_t n, struct expand_member *out);

/* Ends E with the error CODE and its WORDS. Returns EXPAND_FAILED. */
enum expand_event expand_fail(struct expand *e, const char *code, const char *words);

/* The same where bi-expand sent no end, by SIGN: if it was killed from outside, the failure is one of this machine. */
enum expand_event expand_fail_helper(struct expand *e, enum helper_sign sign, const char *code, const char *words);

#endif
