/*
 * tls: the certificate of a server.
 */
#ifndef BI_TLS_H
#define BI_TLS_H

#include "base/buf.h"
#include "serve.h"

/*
 * Checks the certificate of S: our own one, which is made if there is none or it ends soon, or the one given, which
 * must belong to its key. Appends its fingerprint, SHA-256 as browsers show it, to FINGERPRINT. 0, or the exit code
 * after a message.
 */
int tls_prepare(const struct serve *s, struct buf *fingerprint);

#endif
