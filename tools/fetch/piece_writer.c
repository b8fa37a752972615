#include "piece_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/msg.h"
#include "files/file.h"

/* Bytes of pieces that may be under way, and of those that are kept to be used again. */
enum { UNDER_WAY_MAX = 16 << 20, SPARE_MAX = 32 << 20 };

/* Pieces of at least HUGE_PAGE_FROM bytes are cut from huge pages: the kernel then clears and maps 2 MiB at once, and
 * not each 4 KiB of them, and has fewer pages to hand to the disk. They are kept until the end, since there are few. */
enum { HUGE_PAGE = 2 << 20, HUGE_PAGE_FROM = 256 << 10 };

/* O_DIRECT needs offsets, lengths and addresses that are multiples of the device's block. For larger blocks the kernel
 * refuses (EINVAL), and the page cache is used. */
enum { BLOCK = 4096 };

/* One file keeps two busy. With more of them, some wait for the disk. */
enum { THREADS = 4, SYNC_PIECE = 2 << 20 };

struct piece {
	struct piece *next;
	char *bytes;       /* BYTES[0] belongs to offset AT */
	void *memory;      /* to be freed with it; NULL: belongs to another piece */
	uint64_t at;       /* a multiple of BLOCK */
	size_t begin, end; /* the bytes in use */
	bool large;
	unsigned uses; /* the stages that have not done it yet */
};

enum stage { HASH, WRITE, STAGES };

/* What a thread does next for a stream: the hash or the write of its next piece. At most one thread has it. */
struct task {
	struct piece_stream *stream;
	struct task *next;   /* in the queue */
	struct piece *piece; /* NULL: there is none, and the task is not queued */
};

struct piece_stream {
	struct piece_writer *writer;
	int fd;
	struct hash *hash;
	struct piece *last;
	struct task tasks[STAGES];
	bool direct;      /* FD has O_DIRECT */
	off_t sync_begun; /* up to here the kernel was told to begin to write to the disk */
	int error;        /* of the first write that failed */
};

struct piece_writer {
	size_t room; /* of a piece */
	size_t cut;  /* pieces of a huge page; 0: each has memory of its own */
	bool sync;
	atomic_bool refused;     /* O_DIRECT was refused */
	atomic_size_t unwritten; /* bytes */
	pthread_t threads[THREADS];
	size_t started, idle;  /* IDLE: those that wait and were not woken */
	pthread_mutex_t mutex; /* for all below, the queue, pieces that were given, and tasks */
	pthread_cond_t queued; /* a task was queued, or END */
	pthread_cond_t done;   /* a piece is done, or, without threads, a task; for those WAITING */
	size_t waiting;
	struct task *first, **last;
	struct piece *spare;
	size_t spare_bytes, under_way;
	bool end;
};

/* --- one piece --- */

static void
set_direct(struct piece_stream *s, bool direct)
{
	int flags = s->direct == direct ? -1 : fcntl(s->fd, F_GETFL);

	if (flags < 0)
		return;
	if (fcntl(s->fd, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) == 0)
		s->direct = direct;
	else if (direct)
		atomic_store(&s->writer->refused, true);
}

/* Writes the bytes of P from FROM to END, which are whole blocks if DIRECT is wanted. */
static int
write_range(struct piece_stream *s, const struct piece *p, size_t from, size_t end, bool direct)
{
	off_t at = (off_t)(p->at + from);

	if (from >= end)
		return 0;
	set_direct(s, direct && !atomic_load(&s->writer->refused));
	if (file_write_at(s->fd, p->bytes + from, end - from, at) == 0)
		return 0;
	if (!s->direct || (errno != EINVAL && errno != EOPNOTSUPP))
		return -1;
	atomic_store(&s->writer->refused, true);
	set_direct(s, false);
	return file_write_at(s->fd, p->bytes + from, end - from, at);
}

/* Has the disk begin to write what is in the page cache and will be synced, so that it works during the transfer and
 * not only at its end. */
static void
begin_sync(struct piece_stream *s, off_t end)
{
	if (!s->writer->sync || s->direct || end - s->sync_begun < SYNC_PIECE)
		return;
	(void)sync_file_range(s->fd, s->sync_begun, end - s->sync_begun, SYNC_FILE_RANGE_WRITE);
	s->sync_begun = end;
}

static int
write_piece(struct piece_stream *s, const struct piece *p)
{
	size_t first = (p->begin + BLOCK - 1) / BLOCK * BLOCK, last = p->end / BLOCK * BLOCK;
	bool direct = p->large && s->writer->sync && first < last;

	if (!direct)
		first = last = p->end;
	if (write_range(s, p, p->begin, first, false) < 0 || write_range(s, p, first, last, true) < 0 ||
	    write_range(s, p, last, p->end, false) < 0)
		return -1;
	begin_sync(s, (off_t)(p->at + p->end));
	return 0;
}

/* Returns 0 or an errno. */
static int
do_stage(struct piece_stream *s, enum stage stage, const struct piece *p)
{
	if (stage == HASH)
		hash_add(s->hash, p->bytes + p->begin, p->end - p->begin);
	else if (!s->error && write_piece(s, p) < 0)
		return errno;
	return 0;
}

/* Adds pieces to the spare ones. The mutex is held. */
static void
make_spare(struct piece_writer *w)
{
	size_t n = w->cut ? w->cut : 1;
	char *memory = w->cut ? aligned_alloc(HUGE_PAGE, HUGE_PAGE) : aligned_alloc(BLOCK, w->room);

	if (!memory)
		msg_die(EX_OSERR, "out of memory");
	if (w->cut)
		(void)madvise(memory, HUGE_PAGE, MADV_HUGEPAGE); /* without them it works, too */
	for (size_t i = 0; i < n; i++) {
		struct piece *p = buf_alloc(sizeof(*p));

		p->bytes = memory + i * w->room;
		p->memory = i == 0 ? memory : NULL;
		p->next = w->spare;
		w->spare = p;
		w->spare_bytes += w->room;
	}
}

struct piece *
piece_new(struct piece_writer *w, uint64_t at)
{
	struct piece *p;

	pthread_mutex_lock(&w->mutex);
	if (!w->spare)
		make_spare(w);
	p = w->spare;
	w->spare = p->next;
	w->spare_bytes -= w->room;
	pthread_mutex_unlock(&w->mutex);
	p->next = NULL;
	p->begin = p->end = at % BLOCK;
	p->at = at - p->begin;
	return p;
}

/* Puts P back. The mutex is held. */
static void
put_back(struct piece_writer *w, struct piece *p)
{
	if (w->cut || w->spare_bytes + w->room <= SPARE_MAX) {
		p->next = w->spare;
		w->spare = p;
		w->spare_bytes += w->room;
	} else {
		free(p->memory);
		free(p);
	}
}

void
piece_free(struct piece_writer *w, struct piece *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&w->mutex);
	put_back(w, p);
	pthread_mutex_unlock(&w->mutex);
}

size_t
piece_add(const struct piece_writer *w, struct piece *p, const char *bytes, size_t n)
{
	size_t room = w->room - p->end;

	n = n < room ? n : room;
	memcpy(p->bytes + p->end, bytes, n);
	p->end += n;
	return n;
}

size_t
piece_length(const struct piece *p)
{
	return p->end - p->begin;
}

bool
piece_is_full(const struct piece_writer *w, const struct piece *p)
{
	return p->end == w->room;
}

/* --- the threads --- */

static void
push_task(struct piece_writer *w, struct task *t)
{
	t->next = NULL;
	*w->last = t;
	w->last = &t->next;
}

/* Wakes a thread that nobody has woken yet. */
static void
wake_thread(struct piece_writer *w)
{
	if (!w->idle)
		return;
	w->idle--;
	pthread_cond_signal(&w->queued);
}

static struct task *
take_task(struct piece_writer *w)
{
	struct task *t = w->first;

	w->first = t->next;
	if (!w->first)
		w->last = &w->first;
	return t;
}

/* Does the first task of the queue. The mutex is held before and after. */
static void
do_task(struct piece_writer *w)
{
	struct task *t = take_task(w);
	struct piece_stream *s = t->stream;
	struct piece *p = t->piece;
	int error;

	pthread_mutex_unlock(&w->mutex);
	error = do_stage(s, (enum stage)(t - s->tasks), p);
	pthread_mutex_lock(&w->mutex);
	if (error)
		s->error = error; /* only a write has one, and no further one is tried */
	if (t == &s->tasks[WRITE])
		atomic_fetch_sub(&w->unwritten, piece_length(p));
	t->piece = p->next;
	if (t->piece)
		push_task(w, t);
	if (t->piece && w->first != t) /* else this thread does it next */
		wake_thread(w);
	if (--p->uses == 0) {
		if (s->last == p)
			s->last = NULL;
		w->under_way -= w->room;
		put_back(w, p);
	} else if (w->started) {
		return;
	}
	if (w->waiting)
		pthread_cond_broadcast(&w->done);
}

static void *
do_tasks(void *arg)
{
	struct piece_writer *w = arg;

	pthread_mutex_lock(&w->mutex);
	for (;;) {
		while (!w->first && !w->end) {
			w->idle++;
			pthread_cond_wait(&w->queued, &w->mutex);
		}
		if (!w->first)
			break;
		do_task(w);
	}
	pthread_mutex_unlock(&w->mutex);
	return NULL;
}

/* Waits until a piece is done. Without threads, does a task, or waits for one that another caller does: its next task
 * may then be queued. The mutex is held before and after. */
static void
wait_for_piece(struct piece_writer *w)
{
	if (!w->started && w->first) {
		do_task(w);
		return;
	}
	w->waiting++;
	pthread_cond_wait(&w->done, &w->mutex);
	w->waiting--;
}

struct piece_writer *
piece_writer_new(size_t piece, bool sync)
{
	struct piece_writer *w = buf_alloc(sizeof(*w));

	w->room = piece;
	w->cut = piece >= HUGE_PAGE_FROM ? HUGE_PAGE / piece : 0;
	w->sync = sync;
	w->last = &w->first;
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->queued, NULL);
	pthread_cond_init(&w->done, NULL);
	while (w->started < THREADS && pthread_create(&w->threads[w->started], NULL, do_tasks, w) == 0)
		w->started++;
	return w;
}

size_t
piece_writer_unwritten(const struct piece_writer *w)
{
	return atomic_load(&w->unwritten);
}

void
piece_writer_end(struct piece_writer *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->mutex);
	w->end = true;
	pthread_cond_broadcast(&w->queued);
	pthread_mutex_unlock(&w->mutex);
	while (w->started)
		pthread_join(w->threads[--w->started], NULL);
	for (struct piece *p = w->spare, *next; p; p = next) {
		next = p->next;
		free(p->memory);
		free(p);
	}
	pthread_cond_destroy(&w->queued);
	pthread_cond_destroy(&w->done);
	pthread_mutex_destroy(&w->mutex);
	free(w);
}

/* --- streams --- */

struct piece_stream *
piece_stream_new(struct piece_writer *w, int fd, struct hash *hash)
{
	struct piece_stream *s = buf_alloc(sizeof(*s));

	*s = (struct piece_stream){.writer = w, .fd = fd, .hash = hash, .tasks = {{.stream = s}, {.stream = s}}};
	return s;
}

int
piece_stream_give(struct piece_stream *s, struct piece *p, bool large)
{
	struct piece_writer *w = s->writer;
	int error;

	p->large = large;
	p->uses = STAGES;
	pthread_mutex_lock(&w->mutex);
	while (w->under_way + w->room > UNDER_WAY_MAX)
		wait_for_piece(w);
	w->under_way += w->room;
	atomic_fetch_add(&w->unwritten, piece_length(p));
	if (s->last)
		s->last->next = p;
	s->last = p;
	for (int i = 0; i < STAGES; i++)
		if (!s->tasks[i].piece) {
			s->tasks[i].piece = p;
			push_task(w, &s->tasks[i]);
			wake_thread(w);
		}
	error = s->error;
	pthread_mutex_unlock(&w->mutex);
	return error ? file_fail(error) : 0;
}

int
piece_stream_wait(struct piece_stream *s)
{
	struct piece_writer *w = s->writer;

	pthread_mutex_lock(&w->mutex);
	while (s->last)
		wait_for_piece(w);
	pthread_mutex_unlock(&w->mutex);
	set_direct(s, false);
	return s->error ? file_fail(s->error) : 0;
}

void
piece_stream_free(struct piece_stream *s)
{
	if (!s)
		return;
	piece_stream_wait(s);
	free(s);
}
