#include "chosen.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/msg.h"
#include "batch/batch_patterns.h"

static void
add_root(struct chosen *c, const char *dir)
{
	struct chosen_root r = {0};

	root_open(&r.root, dir, false);
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->v[i].root.path, r.root.path) == 0) {
			root_close(&r.root);
			return;
		}
	c->v = buf_grow(c->v, c->n, sizeof(*c->v));
	c->v[c->n++] = r;
}

struct chosen
chosen_open(const char *const *dirs)
{
	struct chosen c = {0};

	if (!*dirs)
		add_root(&c, NULL);
	for (; *dirs; dirs++)
		add_root(&c, *dirs);
	return c;
}

static void
add_all(struct batch_args *names, char **found)
{
	for (char **name = found; *name; name++) {
		batch_args_add(names, *name);
		free(*name);
	}
	free(found);
}

/* Adds what the operand stands for in any of the roots. */
static void
add_operand(struct chosen *c, const char *operand)
{
	bool found = false;

	for (size_t i = 0; i < c->n; i++) {
		char **names = batch_patterns_find(&c->v[i].root, operand);

		found |= *names != NULL;
		add_all(&c->v[i].names, names);
	}
	if (!found)
		msg_die(EX_NOINPUT, "no batch of these %zu roots matches '%s' (bi-status without names lists them)",
			c->n, operand);
}

void
chosen_find(struct chosen *c, char *const *operands)
{
	if (!*operands) {
		for (size_t i = 0; i < c->n; i++)
			add_all(&c->v[i].names, batch_patterns_find(&c->v[i].root, "*"));
		return;
	}
	if (c->n == 1) {
		add_all(&c->v->names, batch_patterns_expand(&c->v->root, operands));
		return;
	}
	for (; *operands; operands++)
		add_operand(c, *operands);
}

const struct root *
chosen_several(const struct chosen *c, size_t i)
{
	return c->n > 1 ? &c->v[i].root : NULL;
}

void
chosen_free(struct chosen *c)
{
	for (size_t i = 0; i < c->n; i++)
		batch_args_free(&c->v[i].names);
	free(c->v);
	*c = (struct chosen){0};
}
