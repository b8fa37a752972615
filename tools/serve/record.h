/*
 * record: the server record (bi-records(5)), in the lease and on standard output.
 *
 * The token is in no lease: it is put into the URL where the record is printed.
 */
#ifndef BI_RECORD_H
#define BI_RECORD_H

#include "supervisor.h"

/* Writes the record into the lease, then prints it. 0, or the exit code after a message. */
int record_announce(struct keeper *k);

#endif
