#include "batch/same_bytes.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "batch/batch_internal.h"
#include "files/append.h"

enum { PRINT_DIGITS = 16 };

/* The first 8 bytes of a digest. Returns false if there are not that many digits. */
static bool
parse_print(const char *hex, uint64_t *print)
{
	char digits[PRINT_DIGITS + 1] = "";

	memcpy(digits, hex, strnlen(hex, PRINT_DIGITS));
	*print = strtoull(digits, NULL, 16);
	return strspn(digits, "0123456789abcdef") == PRINT_DIGITS;
}

void
same_bytes_add(struct same_bytes *s, const char *hex, uint32_t batch, uint32_t item)
{
	uint64_t print;

	if (!parse_print(hex, &print))
		return;
	s->v = buf_grow(s->v, s->n, sizeof(*s->v));
	s->v[s->n++] = (struct same_bytes_place){print, batch, item};
}

struct reading {
	struct same_bytes *to;
	uint32_t number;
};

/* Adds one result. Its digest is found without parsing. An item that has a later result too is checked by the caller.
 */
static bool
read_result(off_t at, const char *line, size_t n, void *arg)
{
	static const char member[] = "\"sha256\":\"";
	const struct reading *r = arg;
	bool completed = false;
	uint32_t k = batch_result_number(line, n, &completed);
	const char *p = k && completed ? memmem(line, n, member, sizeof(member) - 1) : NULL;

	(void)at;
	if (p && (size_t)(line + n - p) >= sizeof(member) - 1 + HASH_HEX)
		same_bytes_add(r->to, p + sizeof(member) - 1, r->number, k);
	return true;
}

int
same_bytes_read(struct same_bytes *s, const struct batch *b, uint32_t number)
{
	struct reading r = {s, number};

	return b->results < 0 || append_each(b->results, 0, read_result, &r) >= 0 ? 0 : -1;
}

static int
compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
compare_places(const void *a, const void *b)
{
	const struct same_bytes_place *x = a, *y = b;
	int print = compare_numbers(x->print, y->print), batch = compare_numbers(x->batch, y->batch);

	return print ? print : batch ? batch : compare_numbers(x->item, y->item);
}

/* Leaves each place once. */
static void
remove_repeated(struct same_bytes *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (n == 0 || compare_places(&s->v[n - 1], &s->v[i]) != 0)
			s->v[n++] = s->v[i];
	s->n = n;
}

/* Leaves the places that have their digest in common with another. */
static void
remove_single(struct same_bytes *s)
{
	size_t n = 0;

	for (size_t i = 0, end; i < s->n; i = end) {
		for (end = i + 1; end < s->n && s->v[end].print == s->v[i].print;)
			end++;
		for (size_t k = i; k < end && end - i > 1; k++)
			s->v[n++] = s->v[k];
	}
	s->n = n;
}

void
same_bytes_end(struct same_bytes *s)
{
	if (s->n > 1)
		qsort(s->v, s->n, sizeof(*s->v), compare_places);
	remove_repeated(s);
	remove_single(s);
}

const struct same_bytes_place *
same_bytes_find(const struct same_bytes *s, const char *hex, size_t *n)
{
	size_t low = 0, high = s->n, end;
	uint64_t print;

	*n = 0;
	if (!parse_print(hex, &print))
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->v[middle].print < print)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < s->n && s->v[end].print == print;)
		end++;
	*n = end - low;
	return *n ? &s->v[low] : NULL;
}

void
same_bytes_free(struct same_bytes *s)
{
	free(s->v);
	*s = (struct same_bytes){0};
}
