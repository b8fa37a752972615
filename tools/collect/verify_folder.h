/*
 * verify_folder: reads an export that is a directory, as expand.h reads an archive.
 */
#ifndef BI_VERIFY_FOLDER_H
#define BI_VERIFY_FOLDER_H

#include "confined/expand.h"

typedef void verify_folder_event(void *arg, enum expand_event event, const struct expand_member *m);

/* Calls SEE for each file below the directory FD, in the order of their names, with EXPAND_MEMBER, EXPAND_BYTES and
 * EXPAND_MEMBER_END, and with EXPAND_REFUSED for what is neither a file nor a directory; at last with EXPAND_END, or
 * with EXPAND_FAILED if something cannot be read. Links are not followed. */
void verify_folder(int fd, verify_folder_event *see, void *arg);

#endif
