/* The name and the label of the batch that is made of a catalog. */
#include <stdio.h>

#include "base/opt.h"
#include "base/utf8.h"
#include "source.h"

enum { NAMED_IDS = 3, NUMBERED = 5 };

static void
name_by_ids(const struct settings *set, struct buf *name, struct buf *label)
{
	size_t n = 0;

	buf_str(name, "ids");
	buf_str(label, "Ids ");
	for (; set->ids[n]; n++) {
		if (n >= NAMED_IDS)
			continue;
		buf_printf(name, "_%s", set->ids[n]);
		buf_printf(label, "%s%s", n ? ", " : "", set->ids[n]);
	}
	if (n > NAMED_IDS) {
		buf_printf(name, "_plus%zu", n - NAMED_IDS);
		buf_printf(label, " and %zu more", n - NAMED_IDS);
	}
}

/* Batches of five are numbered. The name of every other window says where it is, so that no two have one name. */
static void
name_by_window(const struct settings *set, const struct catalog *c, struct buf *name, struct buf *label)
{
	unsigned long long first = set->offset + 1, last = set->offset + c->n, end = set->offset + set->count;

	buf_str(name, set->category ? set->category : "ALL");
	if (set->count == NUMBERED && set->offset % NUMBERED == 0) {
		unsigned long long number = set->offset / NUMBERED + 1;

		buf_printf(name, "_batch%llu", number);
		buf_printf(label, "Batch %llu (chars %llu-%llu)", number, first, last);
		return;
	}
	if (set->count)
		buf_printf(name, "_chars%llu-%llu", first, end);
	buf_printf(label, "Chars %llu-%llu", first, last);
}

void
catalog_name(const struct settings *set, struct catalog *c)
{
	struct buf name = {0}, label = {0};

	if (set->by_ids)
		name_by_ids(set, &name, &label);
	else
		name_by_window(set, c, &name, &label);
	if (set->batch) {
		buf_clear(&name);
		buf_str(&name, set->batch);
	}
	if (root_name_check(name.data))
		opt_die("the batch would be called '%.150s', and that name %s: choose another name with --batch",
			name.data, root_name_check(name.data));
	snprintf(c->batch, sizeof(c->batch), "%s", name.data);
	snprintf(c->label, sizeof(c->label), "%s", set->label ? set->label : label.data);
	utf8_replace_invalid(c->label);
	buf_free(&name);
	buf_free(&label);
}
