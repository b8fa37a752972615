/*
 * input_file: files that the command line or hosts.conf names, checked before a run begins. libcurl would ignore a file
 * that it cannot read.
 */
#ifndef BI_INPUT_FILE_H
#define BI_INPUT_FILE_H

/* Ends the program if PATH, which has the WHAT ("cookies"), cannot be read or is a directory. PATH may be NULL. */
void input_file_check(const char *path, const char *what);

/* The same for a file of secrets that hosts.conf names, which only its owner may be able to read. */
void input_file_check_private(const char *path, const char *what);

#endif
