/*
 * record: the server record (bi-records(5)), in the lease and on standard output.
 *
 * The token is in no lease: it is put into the URL where the record is printed.
 */
#include <json-c/json.h>

#include "supervisor_state.h"

#ifndef BI_RECORD_H
#define BI_RECORD_H

/* Prints a server record, as s->json says; ALREADY (" already" or "") says that the server was there before. Adds the
 * token to its URL. */
void record_print(const struct serve *s, struct json_object *record, const char *already);

/* Writes the record into the lease, then prints it. 0, or the exit code after a message. */
int record_announce(struct supervisor *k);

#endif
