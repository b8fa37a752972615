/*
 * auth: who may read and write. route_request() asks.
 */
#ifndef BI_AUTH_H
#define BI_AUTH_H

#include <stdbool.h>

#include "api.h"
#include "reply.h"

/* Whether the request may be answered at all: it asks for a Host that is ours. False after making R the error. */
bool auth_host(const struct api *api, const struct scgi *s, struct reply *r);

/* Whether the request comes from a page of this server or of an origin that is let in, or from no page. False after
 * making R the error. */
bool auth_site(const struct api *api, const struct scgi *s, struct reply *r);

/* Whether the request may write: it comes from no other site's page, and knows the token. False after making R the
 * error. */
bool auth_write(const struct api *api, const struct scgi *s, struct reply *r);

/* Whether it is a browser's question if a page of an origin that is let in may make a request: R is the answer then. */
bool auth_preflight(const struct api *api, const struct scgi *s, struct reply *r);

/* Adds to the answer R of the request S what pages of origins that are let in need, and with --csrf-cookie the token.
 * To be called of every answer, last. */
void auth_mark(const struct api *api, const struct scgi *s, struct reply *r);

#endif
