#include "fuzz.h"

#include <locale.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "files/file.h"

/* What is held until the program ends is no leak. These are there with LeakSanitizer only. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static struct fuzz_target *targets;

/* Calls CALL; what it allocates may stay. */
static void
keeping(void (*call)(void *arg), void *arg)
{
	if (__lsan_disable)
		__lsan_disable();
	call(arg);
	if (__lsan_enable)
		__lsan_enable();
}

void
fuzz_add(struct fuzz_target *t)
{
	t->next = targets;
	targets = t;
}

static void
load(void *arg)
{
	struct fuzz_target *t = arg;

	t->load();
	t->load = NULL;
}

const struct fuzz_target *
fuzz_find(const char *name)
{
	struct fuzz_target *t = targets;

	while (t && strcmp(t->name, name) != 0)
		t = t->next;
	if (t && t->load)
		keeping(load, t);
	return t;
}

char *
fuzz_string(const char *bytes, size_t n)
{
	char *s = buf_alloc(n + 1);

	memcpy(s, bytes, n);
	s[n] = '\0';
	return s;
}

int
fuzz_file(const char *bytes, size_t n)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	FUZZ_WANT(fd >= 0 && file_write(fd, bytes, n) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* --- ends of the program --- */

static jmp_buf back;
static bool caught;

_Noreturn void __real_exit(int code);
_Noreturn void __wrap_exit(int code);

_Noreturn void
__wrap_exit(int code)
{
	if (caught)
		longjmp(back, 1);
	__real_exit(code);
}

struct survival {
	void (*read)(void *arg);
	void *arg;
	bool ended;
};

static void
survive(void *arg)
{
	struct survival *s = arg;

	caught = true;
	s->ended = true;
	if (setjmp(back) == 0) {
		s->read(s->arg);
		s->ended = false;
	}
	caught = false;
}

bool
fuzz_survives(void (*read)(void *arg), void *arg)
{
	struct survival s = {.read = read, .arg = arg};

	keeping(survive, &s);
	return !s.ended;
}

/* --- libFuzzer --- */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const struct fuzz_target *target;

/* The target is FUZZ_TARGET. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("FUZZ_TARGET");

	(void)argc;
	(void)argv;
	setlocale(LC_ALL, "C.UTF-8");
	target = fuzz_find(name ? name : "");
	if (!target) {
		fprintf(stderr, "fuzz: FUZZ_TARGET is not a target. There are:");
		for (const struct fuzz_target *t = targets; t; t = t->next)
			fprintf(stderr, " %s", t->name);
		fprintf(stderr, "\n");
		exit(64);
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	target->read((const char *)bytes, n);
	return 0;
}
