/*
 * save: --output, which gives the file of the only item one more name, or writes it to standard output.
 */
#ifndef BI_SAVE_H
#define BI_SAVE_H

#include "batch/batch.h"

struct save;

/* Opens the directory of PATH, where the file is to be; "-" is standard output. Ends the program (EX_CANTCREAT) if PATH
 * cannot be a file. Nothing is written. save_close() frees it; NULL is allowed there. */
struct save *save_open(const char *path);
void save_close(struct save *s);

/* Ends the program (EX_WRONG_USE) if the file would be in a directory of ROOT: it could replace a batch's file. */
void save_refuse_root(const struct save *s, const struct root *root);

/* Whether PATH means standard output. */
bool save_is_stdout(const char *path);

/*
 * Writes the file of ITEM, if it is completed, else prints the reason why not. A regular file at PATH is replaced in
 * one step, unless it has these bytes already; a symbolic link is followed; a device or pipe is written to. With SYNC
 * the file is on the disk before it has its name. Returns EX_ALL_WELL, also for an item that failed, or the exit code
 * after a message. If the reader of standard output has gone, the program ends as by SIGPIPE.
 */
int save_item(struct save *s, const struct batch *b, uint32_t item, bool sync);

#endif
