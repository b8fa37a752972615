/*
 * update: items that are completed and are asked for again (--update), or no longer fit the options (--recheck).
 *
 * Such a job has a claim, but its item stays completed: what is recorded counts until a new result is. A changed file
 * gets a name of its own, so that each result always has its own bytes; the old file is removed last. The new result
 * names it as "replaced_file", so that who comes after a kill can remove it.
 */
#ifndef BI_UPDATE_H
#define BI_UPDATE_H

#include <sys/stat.h>

#include "recorded.h"

/* Appends the headers of a conditional request (RFC 9110, 13.1.2 and 13.1.3) for J to L, which is returned. J need not
 * be an update. */
struct curl_slist *update_add_conditions(struct job *j, struct curl_slist *l);

/* Whether 304 is the answer to those; J then is unchanged and has its verdict. */
bool update_take_304(struct job *j);

/* Whether the local file with the status ST is the one that is recorded; J then is unchanged and has its verdict. */
bool update_take_file(struct job *j, const struct stat *st);

/* Compares the bytes of J, which were got and found valid, with those recorded. To be called once a commit. */
void update_compare(struct job *j);

/* Whether J is to end without a new result. */
bool update_is_over(const struct job *j);

/* Prints to NAME, of N bytes, the name of J's new file in files/. */
void update_print_name(const struct job *j, char *name, size_t n);

/* The new result of the unchanged J, with what the server says now. For free(). */
char *update_refreshed_line(const struct job *j);

/* Adds to the new result O of the changed J that it is so. */
void update_add_members(const struct job *j, struct json_object *o);

/* Removes the file that J's new result has replaced. Says so if that fails. */
void update_remove_old(const struct job *j);

/* Removes J's new file, which is not to be recorded. */
void update_remove_new(const struct job *j);

/* Adds to a record for standard output what became of J: "unchanged", "changed" or "failed" as "update". */
void update_add_outcome(const struct job *j, struct json_object *o);

#endif
