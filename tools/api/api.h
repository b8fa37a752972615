/*
 * bi-api: the HTTP API of a root, behind lighttpd.
 *
 * The supervisor of bi-serve listens on three sockets and starts bi-api with one of them as descriptor 0; lighttpd
 * hands each request over by SCGI (scgi.h). Several processes answer what can be answered at once, one request at a
 * time each (request_answer.c). One more, --stream, has what lasts: the status and its server-sent events, all clients
 * in one loop (stream.c), so that those who watch never keep those who pick waiting. Two, --take, have what is handed
 * in, which takes its time to come and to be done (submit_server.c): all clients in one loop too, and what waits for
 * the disk in threads.
 *
 * A process holds nothing that its death would lose: what it caches it reads again, and a pick is on the disk before it
 * is answered. It dies with its supervisor (child.h).
 */
#ifndef BI_API_H
#define BI_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bounds.h"
#include "files/root.h"
#include "http/allowed_hosts.h"

enum {
	API_BODY_MAX = 4 << 20, /* bytes of a request's body; lighttpd is told the same */
	API_REQUEST_MS = 10000, /* for a request to be taken, answered and sent */
	API_WORDS_MAX = 8,      /* of a path */
	API_WORD_MAX = 256,
	API_ORIGINS_MAX = 16,
};

struct api {
	struct root root;
	struct allowed_hosts *site;
	struct batch_cache *cache;            /* the batches that were asked for lately */
	int64_t deadline;                     /* when the request under way must be done with, on clock_ms() */
	const char *origins[API_ORIGINS_MAX]; /* --allow-origin */
	size_t origins_n;
	bool csrf_cookie; /* the token is given as a cookie */
	struct bounds bounds;
};

#endif
