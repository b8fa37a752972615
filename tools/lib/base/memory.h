/*
 * memory: decides what happens when an allocation fails, in our code or in a library.
 *
 * Few libraries tell their callers: json-c leaves pieces out of what it prints, libarchive and poppler call the file
 * damaged. So this file replaces malloc(3), calloc(3), realloc(3), posix_memalign(3), aligned_alloc(3) and memalign(3)
 * for the whole program. They call those of the C library, or of a library that is preloaded. If these fail, the
 * process ends with "out of memory" and EX_OSERR, without flushing what it has not written.
 *
 * Who asks for more than MEMORY_AT_ONCE bytes gets NULL, because the size may be a number in a file.
 *
 * With a sanitizer nothing is replaced.
 */
#ifndef BI_MEMORY_H
#define BI_MEMORY_H

#include <stddef.h>

#define MEMORY_AT_ONCE ((size_t)1 << 30)

/* For a process that has a limit on its address space (RLIMIT_AS) because it reads bytes of strangers. If an allocation
 * fails because of this limit, the caller gets NULL; if this machine has no memory, the process ends with CODE, without
 * a message. Within 4 MiB of the limit, the limit counts as the reason. */
void memory_expect_limit(int code);

#endif
