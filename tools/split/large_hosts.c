#include <stdlib.h>
#include <string.h>

#include "split.h"

enum { BUCKETS = 1 << 16 };

struct bucket {
	char *host; /* the one that leads the vote; NULL: none yet */
	uint64_t votes;
};

struct large_hosts {
	struct bucket buckets[BUCKETS];
};

struct large_hosts *
large_hosts_open(void)
{
	struct large_hosts *h = buf_alloc(sizeof(*h));

	*h = (struct large_hosts){0};
	return h;
}

void
large_hosts_count(struct large_hosts *h, const char *key, uint64_t hash)
{
	struct bucket *b = &h->buckets[hash % BUCKETS];

	if (b->votes && strcmp(b->host, key) == 0) {
		b->votes++;
	} else if (b->votes) {
		b->votes--;
	} else {
		free(b->host);
		*b = (struct bucket){buf_strdup(key), 1};
	}
}

static int
compare_votes(const void *a, const void *b)
{
	const struct bucket *x = a, *y = b;

	if (x->votes != y->votes)
		return x->votes < y->votes ? 1 : -1;
	return strcmp(x->host, y->host);
}

void
large_hosts_each(const struct large_hosts *h, uint64_t least, void (*see)(const char *key, uint64_t items, void *),
		 void *arg)
{
	struct bucket *list = buf_alloc(sizeof(h->buckets));
	size_t n = 0;

	for (size_t i = 0; i < BUCKETS; i++)
		if (h->buckets[i].host && h->buckets[i].votes && h->buckets[i].votes >= least)
			list[n++] = h->buckets[i];
	qsort(list, n, sizeof(*list), compare_votes);
	for (size_t i = 0; i < n; i++)
		see(list[i].host, list[i].votes, arg);
	free(list);
}

void
large_hosts_close(struct large_hosts *h)
{
	for (size_t i = 0; i < BUCKETS; i++)
		free(h->buckets[i].host);
	free(h);
}
