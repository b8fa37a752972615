#include "batch/batch_patterns.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/msg.h"
#include "batch/batch.h"

struct matches {
	const char *pattern;
	char **v;
	size_t n;
};

static void
add_name(struct matches *m, const char *name)
{
	m->v = buf_grow(m->v, m->n, sizeof(*m->v));
	m->v[m->n++] = name ? buf_strdup(name) : NULL;
}

static bool
add_match(const char *name, void *arg)
{
	struct matches *m = arg;

	if (fnmatch(m->pattern, name, 0) == 0)
		add_name(m, name);
	return true;
}

static int
compare_names(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

bool
batch_patterns_is(const char *name)
{
	return strpbrk(name, "*?[") != NULL;
}

bool
batch_patterns_has(char *const *operands)
{
	while (*operands && !batch_patterns_is(*operands))
		operands++;
	return *operands != NULL;
}

/* Adds the batches of the root that match. Returns how many there are. */
static size_t
add_matches(struct matches *m, const struct root *root, const char *pattern)
{
	size_t before = m->n;

	m->pattern = pattern;
	if (batch_each(root, add_match, m) < 0)
		msg_die_errno(msg_exit_code(errno), "cannot list the batches in %s", root->path);
	if (m->n > before)
		qsort(m->v + before, m->n - before, sizeof(*m->v), compare_names);
	return m->n - before;
}

char **
batch_patterns_find(const struct root *root, const char *operand)
{
	struct matches m = {0};

	(void)add_matches(&m, root, operand);
	add_name(&m, NULL);
	return m.v;
}

char **
batch_patterns_expand(const struct root *root, char *const *operands)
{
	struct matches m = {0};

	for (; *operands; operands++) {
		if (!batch_patterns_is(*operands))
			add_name(&m, *operands);
		else if (add_matches(&m, root, *operands) == 0)
			msg_die(EX_NOINPUT, "no batch of %s matches '%s' (bi-status lists the batches)", root->path,
				*operands);
	}
	add_name(&m, NULL);
	return m.v;
}
