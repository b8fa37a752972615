/*
 * body: the bytes of one item as they come in: gathered, hashed, and written in pieces to a part in temp/
 * (atomic_file.h).
 *
 * Small bodies stay in memory until body_finish(), which a thread may call that then has them alone.
 */
#ifndef BI_BODY_H
#define BI_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "files/atomic_file.h"

struct piece;
struct piece_stream;
struct piece_writer;

/* Where and how all bodies of a run are written. */
struct body_store {
	int temp;                    /* the directory of parts */
	size_t piece;                /* bytes that are written at once */
	size_t receive;              /* bytes to receive at once */
	bool sync;                   /* they will be synced: the disk may begin early */
	struct piece_writer *writer; /* threads for what is long, started when they are first needed */
};

struct body {
	struct body_store *store;
	struct atomic_file part;
	struct hash *hash;
	struct piece_stream *stream; /* has HASH and the part while pieces are under way; NULL: there were none */
	struct piece *piece;         /* what the threads were not given yet; NULL: nothing */
	char *held;                  /* the first bytes, not written yet; the file's head once they are */
	size_t held_len;             /* bytes in HELD */
	size_t held_room;
	bool spilled; /* pieces are written, or the part has bytes already: HELD is the head */
	bool named;   /* the part has a name, or needs none: body_add() does not return 1 any more */
	uint64_t bytes;
	size_t expected;           /* of body_add() */
	char sha256[HASH_HEX + 1]; /* "": not finished */
};

/* Returns how bodies are written in the directory TEMP if PARALLEL of them grow at the same time. */
struct body_store body_store_new(int temp, bool sync, long parallel);

/* Ends the threads. No body may be in use. */
void body_store_end(struct body_store *store);

/* Returns an empty body in STORE. */
struct body body_new(struct body_store *store);

/* Appends N bytes. EXPECTED: how many come in all, as far as is known, else 0. 0; 1 where the body has become so large
 * that its part is worth a name (once a body); -1 with errno. */
int body_add(struct body *b, const void *bytes, size_t n, size_t expected);

/* Takes in up to MOST bytes that its part has behind those that count, as far as END. Returns as body_add(); ENODATA:
 * the part is shorter. */
int body_read(struct body *b, uint64_t end, size_t most);

/* Takes in all SIZE bytes that the part of an empty body has, whose digest is SHA256: only their beginning is read. 0
 * or -1. */
int body_adopt(struct body *b, uint64_t size, const char *sha256);

/* Opens its part, for a caller that fills the part itself. 0 or -1. */
int body_open(struct body *b);

/* Cuts the part off after the bytes that count; the next ones are written there. 0 or -1. */
int body_seek(struct body *b);

/* To be called when all bytes are there: finishes the body, or leaves that to body_finish() in the writer's thread. 0
 * or -1. */
int body_end(struct body *b);

/* Writes and hashes what is still in memory: SHA256 is set. 0 or -1. */
int body_finish(struct body *b);

/* Writes what came so far, if it is long; only the head stays in memory then. 0 or -1. */
int body_flush(struct body *b);

/* Returns the number of bytes in memory that the threads do not have. */
size_t body_in_memory(const struct body *b);

/* Returns how many bytes of all bodies the threads have still to write. */
size_t body_store_unwritten(const struct body_store *store);

/* Returns the number of bytes in memory that body_finish() would write by itself. */
size_t body_unwritten(const struct body *b);

/* Whether it has so many bytes that they were written past the page cache, if that is possible. */
bool body_is_large(const struct body *b);

/* Empties the body, which keeps its part. 0 or -1. */
int body_restart(struct body *b);

/* Frees what is in memory of a published body, but for its length and digest. */
void body_forget(struct body *b);

/* Removes the part and frees what is in memory. The body is empty then. */
void body_drop(struct body *b);

/* The same, but a part by which another run can go on stays in temp/. */
void body_leave(struct body *b);

#endif
