/*
 * doctor_filesystem: whether two machines can use a file system at once, bi-status --doctor --filesystem.
 */
#ifndef BI_DOCTOR_FILESYSTEM_H
#define BI_DOCTOR_FILESYSTEM_H

#include <stdbool.h>

/* Asks the file system of the directory DIR together with the same command elsewhere, for which it waits MS
 * milliseconds at most, and prints a table and a verdict, or records with JSON. Returns the exit code: 0 if it is good,
 * EX_SOME_FAILED if it is not, EX_TEMPFAIL if the other side has gone or DIR is being tested by two others. */
int doctor_filesystem(const char *dir, long ms, bool json);

#endif
