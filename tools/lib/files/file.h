/*
 * file: tells whether a file is there, and reads it. "It cannot be read" never means "it is not there": only ENOENT
 * says that a name is gone, and a failed read is not the end of a file.
 */
#ifndef BI_FILE_H
#define BI_FILE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/hash.h"

/* A function that is called with an entry of the directory DIR. It returns 0 to go on; any other value ends the
 * listing. */
typedef int file_visit(int dir, const struct dirent *entry, void *arg);

/*
 * Calls VISIT with each entry of the directory DIR but "." and "..", in any order, and closes DIR. DIR may be -1 from a
 * failed open, whose errno is then kept. Returns 0, the value by which VISIT ended the listing, or -1 with errno if the
 * directory could not be read to its end.
 */
int file_each(int dir, file_visit *visit, void *arg);

/* Stores the sorted names of the entries of DIR in NAMES, but for those that KEEP, if given, refuses. DIR is taken and
 * closed as by file_each(). Returns 0, or -1 with errno. file_names_free() frees NAMES in both cases. */
struct file_names {
	char **v;
	size_t n;
};
int file_list(int dir, bool (*keep)(const struct dirent *entry), struct file_names *names);
void file_names_free(struct file_names *names); /* keeps errno */

/* Stores the status of NAME in the directory DIR in ST, which may be NULL. A symbolic link is not followed. Returns 1,
 * 0 if the name is not there, or -1 with errno. */
int file_stat(int dir, const char *name, struct stat *st);

/* Opens the regular file NAME of the directory DIR for reading. Returns a descriptor, or -1 with errno: ENOENT if the
 * name is not there; ELOOP, EISDIR or ENXIO if it is a symbolic link, a directory, or a device, pipe or socket. */
int file_open(int dir, const char *name);

/* Returns the reason of a failed file_open() in words, with a remedy if there is one. For any other errno the words are
 * the system's. */
const char *file_reason(int error);

/* Tells whether NAME in the directory DIR is the file or directory that is open as FD. Ask this after a wait for a lock
 * of FD: meanwhile the name may have been removed or given to another file. Returns 1, 0, or -1 with errno. */
int file_is_named(int dir, const char *name, int fd);

/* Reads up to N bytes at the offset AT. Returns how many, less than N only at the end of the file, or -1 with errno. */
ssize_t file_read_at(int fd, void *bytes, size_t n, off_t at);

/* Reads exactly N bytes at the offset AT. Returns 0, or -1 with errno: EIO if the file ends before. */
int file_read_exactly(int fd, void *bytes, size_t n, off_t at);

/* Writes N bytes at the write position. Returns 0, or -1 with errno: ENOSPC if the file takes no more. */
int file_write(int fd, const void *bytes, size_t n);

/* The same at the offset AT. */
int file_write_at(int fd, const void *bytes, size_t n, off_t at);

/* Appends to OUT what FD has from its read position to its end. Returns 0, or -1 with errno: EFBIG for more than MOST
 * bytes. */
int file_read_all(int fd, size_t most, struct buf *out);

/* Stores the SHA-256 of the whole file FD in HEX. The number of its bytes, or -1 with errno. */
off_t file_digest(int fd, char hex[HASH_HEX + 1]);

/* Returns whether the regular file NAME of the directory DIR can be read and has the SHA-256 HEX. */
bool file_has_digest(int dir, const char *name, const char *hex);

/* Sets errno to ERROR. Returns -1. */
int file_fail(int error);

/* Closes FD unless it is negative, and keeps errno. Returns RC. */
int file_close(int fd, int rc);

#endif
