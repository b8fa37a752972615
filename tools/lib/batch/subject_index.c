#include "batch/subject_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"

static uint32_t *
slot_of(const struct subject_index *p, const char *id)
{
	uint32_t i = table_hash(id) & (p->size - 1);

	while (p->slots[i] && strcmp(subject_index_id(p, p->slots[i] - 1), id) != 0)
		i = (i + 1) & (p->size - 1);
	return &p->slots[i];
}

/* The number of the subject ID, which is added if it is new. */
static uint32_t
subject_of(struct subject_index *p, const char *id)
{
	uint32_t *slot;

	if (p->count >= p->size / 2) {
		p->size = p->size ? 2 * p->size : 1024;
		free(p->slots);
		p->slots = buf_alloc(p->size * sizeof(*p->slots));
		for (uint32_t i = 0; i < p->count; i++)
			*slot_of(p, subject_index_id(p, i)) = i + 1;
	}
	slot = slot_of(p, id);
	if (*slot)
		return *slot - 1;
	p->subjects = buf_grow(p->subjects, p->count, sizeof(*p->subjects));
	p->subjects[p->count] = (struct indexed_subject){.id = (uint32_t)p->ids.len};
	buf_add(&p->ids, id, strlen(id) + 1);
	*slot = ++p->count;
	return p->count - 1;
}

const char *
subject_index_id(const struct subject_index *p, uint32_t subject)
{
	return p->ids.data + p->subjects[subject].id;
}

bool
subject_index_find(const struct subject_index *p, const char *id, uint32_t *subject)
{
	uint32_t found = p->size ? *slot_of(p, id) : 0;

	*subject = found ? found - 1 : 0;
	return found > 0;
}

uint32_t
subject_index_item(const struct subject_index *p, const char *id, unsigned long idx)
{
	uint32_t subject;
	const struct indexed_subject *s = subject_index_find(p, id, &subject) ? &p->subjects[subject] : NULL;

	return s && idx >= 1 && idx <= s->count ? p->items[s->first + idx - 1] : 0;
}

int
subject_index_build(struct subject_index *p, struct batch *b)
{
	int64_t length = batch_length(b);
	struct batch_place place;
	struct buf line = {0};
	uint32_t *subject_of_item;

	*p = (struct subject_index){0};
	if (length < 0)
		return -1;
	if (length >= UINT32_MAX) {
		errno = EFBIG;
		return -1;
	}
	subject_of_item = buf_alloc(((size_t)length + 1) * sizeof(*subject_of_item));
	for (uint32_t k = 1; k <= length; k++) {
		uint32_t s;

		buf_clear(&line);
		if (batch_item(b, k, &line) < 0)
			break;
		if (batch_place(line.data, line.len, &place) < 0) {
			errno = EBADMSG;
			break;
		}
		if (p->ids.len > UINT32_MAX - SUBJECT_MAX) {
			errno = EFBIG; /* 32 bits have the place of an id */
			break;
		}
		s = subject_of(p, place.subject);
		subject_of_item[p->length++] = s;
		p->subjects[s].count++;
	}
	if (p->length == length) {
		/* Sorts the items by subject with a counting sort, which keeps their order. */
		uint32_t at = 0;

		p->items = buf_alloc((p->length ? p->length : 1) * sizeof(*p->items));
		for (uint32_t i = 0; i < p->count; i++) {
			p->subjects[i].first = at;
			at += p->subjects[i].count;
			p->subjects[i].count = 0;
		}
		for (uint32_t k = 0; k < p->length; k++) {
			struct indexed_subject *s = &p->subjects[subject_of_item[k]];

			p->items[s->first + s->count++] = k + 1;
		}
	}
	free(subject_of_item);
	buf_free(&line);
	return p->length == length ? 0 : -1;
}

/* Whether items of the subject S are left. 1, 0, or -1 with errno. */
static int
has_items(const struct subject_index *p, const struct indexed_subject *s, const struct batch *b)
{
	for (uint32_t i = 0; i < s->count; i++) {
		int state = batch_state(b, p->items[s->first + i]);

		if (state != 'x')
			return state < 0 ? -1 : 1;
	}
	return 0;
}

int
subject_index_leave_out_removed(struct subject_index *p, const struct batch *b)
{
	struct batch_counts counts;
	uint32_t n = 0;

	if (batch_count(b, &counts) < 0)
		return -1;
	if (counts.removed == 0)
		return 0;
	for (uint32_t i = 0; i < p->count; i++) {
		int has = has_items(p, &p->subjects[i], b);

		if (has < 0)
			return -1;
		if (has)
			p->subjects[n++] = p->subjects[i];
	}
	p->count = n;
	if (p->size)
		memset(p->slots, 0, p->size * sizeof(*p->slots));
	for (uint32_t i = 0; i < n; i++)
		*slot_of(p, subject_index_id(p, i)) = i + 1;
	return 0;
}

void
subject_index_free(struct subject_index *p)
{
	free(p->subjects);
	free(p->items);
	free(p->slots);
	buf_free(&p->ids);
}
