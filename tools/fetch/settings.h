/*
 * settings: the command line of bi-fetch, read.
 */
#ifndef BI_SETTINGS_H
#define BI_SETTINGS_H

#include <curl/curl.h>
#include <stdbool.h>

#include "batch/batch.h"

/* What a list is (--list-format). */
enum list_format { LIST_UNKNOWN, LIST_LINES, LIST_CSV, LIST_TSV, LIST_SITEMAP, LIST_FEED };

/* What go_on.h needs of the command line. */
struct go_on {
	struct buf options; /* as words of the shell */
	bool has_secrets;   /* there are options that must not be shown */
};

struct settings {
	const char *root, *batch;          /* NULL: as root_open() finds it; each line's own, else "default" */
	const char *category, *label;      /* of batches that are made; NULL: from their first item */
	long parallel, per_host, tries;    /* transfers at once, of one host (0: its rule's); attempts an item */
	double rate;                       /* starts a second of one host; 0: its rule's */
	long limit_rate;                   /* bytes a second of one host; 0: its rule's */
	long connect_ms, stall_ms, max_ms; /* timeouts; max_ms 0: none */
	long backoff_ms;                   /* before the second attempt; doubled for each further one */
	long give_up_ms;                   /* after which a host that refuses connections is left alone */
	long max_wait_ms;                  /* for a host that is held back; -1: any */
	long max_filesize;                 /* bytes of an item; 0: any */
	long archive_members;              /* limits of archives, as expand.h has them; 0: the usual ones */
	long archive_bytes, archive_member, archive_ratio, archive_free;
	long stop_after;                   /* failures in a row; 0: any number */
	long min_free, max_total;          /* bytes: left on the disk, stored by the run (0: any) */
	long min_speed, min_speed_s;       /* bytes a second of one transfer (0: any), over so many seconds */
	long max_media;                    /* of one page */
	long max_opt_outs;                 /* of one host, before its media are left alone; 0: any */
	const char *through;               /* the filter of results; NULL: none */
	long through_parallel, through_ms; /* of it at once (0: one a processor); how long an answer may take */
	const struct batch_retry *retry;   /* failures for good to be tried again; NULL: none */
	const char *accept;                /* media types; NULL: all */
	const char *user_agent, *contact;  /* NULL: ours; nobody to turn to */
	const char *cookie, *cookie_jar, *netrc_file, *proxy, *noproxy, *cacert;
	struct curl_slist *headers;
	const char **inputs; /* lists to read besides the operands, INPUT_COUNT */
	size_t input_count;
	enum list_format list_format; /* LIST_UNKNOWN: as their names tell */
	const char *column;           /* of a table, or the kind of a sitemap's or feed's URLs; NULL: the usual ones */
	const char **from;            /* batches to take items from, FROM_COUNT; see from_parts.h */
	size_t from_count;
	const char *output; /* where the file of the only item goes too; "-": standard output; NULL: nowhere */
	struct go_on go_on;
	bool nul;     /* texts in lists end in NUL */
	bool update;  /* ask again for what is completed */
	bool recheck; /* fail what is completed and does not fit the options */
	bool offline; /* what is in no part of FROM stays pending */
	bool resume;  /* work on all of the batch, read no lines */
	bool work;    /* on what is in the queue; ONCE: until it is empty; STAND_BY: while no other does */
	bool once, stand_by;
	bool dry_run; /* say what would be done, and do nothing */
	bool queue;   /* hand lines in for a worker instead of fetching them */
	int priority; /* of their batches; -1: unchanged */
	bool expand, yt_dlp, no_opt_out, public_only, netrc, compressed, insecure, any_auth;
	bool json, quiet, no_sync, summary;
};

/* Reads the command line into SET and returns the operands. Ends the program where it is wrong. */
char **options_read(struct settings *set, int argc, char **argv);

#endif
