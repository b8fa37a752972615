/*
 * route: which handler answers a request, and whether it may run.
 */
#ifndef BI_ROUTE_H
#define BI_ROUTE_H

#include <stddef.h>

#include "api.h"
#include "reply.h"

/* What a request is about. */
struct request {
	const struct scgi *scgi;
	const char *method;                      /* GET for HEAD */
	char words[API_WORDS_MAX][API_WORD_MAX]; /* of the path below /api/v1/, decoded */
	size_t count;
};

typedef void handler(struct api *api, const struct request *q, struct reply *r);

struct route {
	const char *method; /* GET, PUT */
	const char *path;   /* below /api/v1/: "batches/ * /selections", * for any word */
	handler *answer;
};

/*
 * Decides what becomes of the request S, of which the headers suffice: the one place that does. Returns its route among
 * the N of ROUTES and fills Q when its handler may run: the Host is ours, and with any method but GET and HEAD the
 * request comes from no other site's page and knows the token. Handlers check none of this. NULL when R is the answer:
 * an error, or what a browser asked beforehand.
 */
const struct route *route_request(const struct api *api, const struct route *routes, size_t n, const struct scgi *s,
				  struct request *q, struct reply *r);

#endif
