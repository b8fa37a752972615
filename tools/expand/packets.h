/*
 * packets: what bi-expand --serve sends (confined/expand.h). A failure to send ends the process: the other end is
 * closed. The process ends with _exit: nothing is left to write, and the exit handlers of a sanitizer make calls that
 * are not allowed in a confined process.
 */
#ifndef BI_EXPAND_PACKETS_H
#define BI_EXPAND_PACKETS_H

#include <stddef.h>
#include <stdint.h>

/* Sets what the process needs before it is confined: UTF-8 for names, UTC for times without a zone. Ends it if
 * descriptor 0 is not a socket. */
void packets_prepare(void);

/* Receives the descriptor of the only request, and how many entries are not sent again. Ends the process if there is
 * none. */
int packets_receive(uint64_t *skip);

/* Sends N bytes HEAD and LEN bytes BYTES. */
void packets_say(const char *head, size_t n, const void *bytes, size_t len);

/* Begins a member: its kind, size, time and N bytes of a name, as in expand.h. */
void packets_begin_member(char kind, long long size, long long mtime, const char *name, size_t n);

void packets_say_bytes(const char *bytes, size_t n);

/* Ends the member as damaged, of an unknown method or encrypted: D, U or X. */
void packets_fail_member(char letter, const char *words);

/* Ends the process: the archive ended; it failed (LETTER, enum unpack_fault); it could not be read; it is to be read
 * again by another MODE of bi-expand --serve. */
_Noreturn void packets_end(void);
_Noreturn void packets_end_failed(char letter, const char *words);
_Noreturn void packets_end_unread(int error);
_Noreturn void packets_end_restart(const char *mode);

#endif
