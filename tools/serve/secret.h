/*
 * secret: the secrets of a server: the token, the password and the certificate.
 */
#ifndef BI_SECRET_H
#define BI_SECRET_H

#include "serve.h"

/*
 * Makes or reads the token, and as s->access says the password and the certificate. Prints on standard error what
 * people need to know of them, a password that is new among it. 0, or the exit code after a message.
 */
int secrets_prepare(struct serve *s);

#endif
