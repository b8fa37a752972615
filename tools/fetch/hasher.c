#include "hasher.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/buf.h"

enum { WAITING_MAX = 16 }; /* pieces, of 256 KiB at most each */

struct hasher {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct piece {
		struct hash *hash;
		char *bytes;
		size_t n;
	} waiting[WAITING_MAX]; /* a ring; the first of them is under way */
	size_t first, count;
	bool end;
};

static void *
run(void *arg)
{
	struct hasher *h = arg;

	pthread_mutex_lock(&h->mutex);
	for (;;) {
		struct piece p;

		while (h->count == 0 && !h->end)
			pthread_cond_wait(&h->changed, &h->mutex);
		if (h->count == 0)
			break;
		p = h->waiting[h->first];
		pthread_mutex_unlock(&h->mutex);
		hash_add(p.hash, p.bytes, p.n);
		free(p.bytes);
		pthread_mutex_lock(&h->mutex);
		h->first = (h->first + 1) % WAITING_MAX;
		h->count--;
		if (h->count == 0 || h->count == WAITING_MAX - 1) /* somebody may wait for that */
			pthread_cond_broadcast(&h->changed);
	}
	pthread_mutex_unlock(&h->mutex);
	return NULL;
}

struct hasher *
hasher_start(void)
{
	struct hasher *h = buf_alloc(sizeof(*h));
	int error;

	pthread_mutex_init(&h->mutex, NULL);
	pthread_cond_init(&h->changed, NULL);
	error = pthread_create(&h->thread, NULL, run, h);
	if (!error)
		return h;
	free(h);
	errno = error;
	return NULL;
}

void
hasher_give(struct hasher *h, struct hash *hash, char *bytes, size_t n)
{
	pthread_mutex_lock(&h->mutex);
	while (h->count == WAITING_MAX)
		pthread_cond_wait(&h->changed, &h->mutex);
	h->waiting[(h->first + h->count++) % WAITING_MAX] = (struct piece){hash, bytes, n};
	if (h->count == 1)
		pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->mutex);
}

void
hasher_wait(struct hasher *h)
{
	pthread_mutex_lock(&h->mutex);
	while (h->count > 0)
		pthread_cond_wait(&h->changed, &h->mutex);
	pthread_mutex_unlock(&h->mutex);
}

void
hasher_end(struct hasher *h)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->mutex);
	h->end = true;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->mutex);
	pthread_join(h->thread, NULL);
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->mutex);
	free(h);
}
