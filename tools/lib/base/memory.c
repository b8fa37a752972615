#include "base/memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

static int limit_code; /* 0: there is no limit */

void
memory_expect_limit(int code)
{
	limit_code = code;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

#ifndef SANITIZED
/* Returns whether N bytes more, and what malloc(3) may add to them, are above the limit. Memory that cannot be accessed
 * counts only there. */
static bool
is_at_limit(size_t n)
{
	enum { ADDED = 4 << 20 };
	void *p = mmap(NULL, n + ADDED, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return true;
	munmap(p, n + ADDED);
	return false;
}

/* Ends the process, or returns if the caller is to get NULL. */
static void
end_without(size_t n)
{
	char words[128];
	int len;

	if (n > MEMORY_AT_ONCE || (limit_code && is_at_limit(n))) {
		errno = ENOMEM;
		return;
	}
	if (limit_code)
		_exit(limit_code);
	len = snprintf(words, sizeof(words), "%s: out of memory (%zu bytes were asked for)\n",
		       program_invocation_short_name, n);
	if (len > 0 && write(STDERR_FILENO, words, (size_t)len) < 0)
		_exit(EX_OSERR);
	_exit(EX_OSERR);
}

/* The next function of that name, which is that of the C library unless another one is preloaded. */
#define FIND_NEXT(name) (void)(next || (next = (__typeof__(next))(size_t)dlsym(RTLD_NEXT, name)))

void *
malloc(size_t n)
{
	static void *(*next)(size_t);
	void *p;

	FIND_NEXT("malloc");
	p = next(n);
	if (!p)
		end_without(n);
	return p;
}

void *
calloc(size_t count, size_t size)
{
	static void *(*next)(size_t, size_t);
	void *p;
	size_t n;

	FIND_NEXT("calloc");
	p = next(count, size);
	if (!p)
		end_without(__builtin_mul_overflow(count, size, &n) ? SIZE_MAX : n);
	return p;
}

void *
realloc(void *old, size_t n)
{
	static void *(*next)(void *, size_t);
	void *p;

	FIND_NEXT("realloc");
	p = next(old, n);
	if (!p && n)
		end_without(n);
	return p;
}

int
posix_memalign(void **p, size_t alignment, size_t n)
{
	static int (*next)(void **, size_t, size_t);
	int error;

	FIND_NEXT("posix_memalign");
	error = next(p, alignment, n);
	if (error == ENOMEM)
		end_without(n);
	return error;
}

void *
aligned_alloc(size_t alignment, size_t n)
{
	static void *(*next)(size_t, size_t);
	void *p;

	FIND_NEXT("aligned_alloc");
	p = next(alignment, n);
	if (!p && errno == ENOMEM)
		end_without(n);
	return p;
}

void *
memalign(size_t alignment, size_t n)
{
	static void *(*next)(size_t, size_t);
	void *p;

	FIND_NEXT("memalign");
	p = next(alignment, n);
	if (!p && errno == ENOMEM)
		end_without(n);
	return p;
}
#endif
