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

struct hasher;

/* Where and how all bodies of a run are written. */
struct body_store {
	int temp;              /* the directory of parts */
	size_t piece;          /* bytes that are written at once */
	bool sync;             /* they will be synced: the disk may begin early */
	struct hasher *hasher; /* a thread for digests, started when it is first needed */
};

struct body {
	struct body_store *store;
	struct atomic_file part;
	struct hash *hash;
	struct hasher *hasher; /* has the digest; NULL: it is here */
	off_t sync_begun;      /* up to here the kernel was told to begin to write to the disk */
	char *held;            /* the first bytes, not written yet; the file's head once they are */
	size_t held_len;       /* bytes in HELD */
	size_t held_room;
	bool spilled; /* HELD was written to the part */
	bool named;   /* the part has a name, or needs none: body_add() does not return 1 any more */
	char *piece;  /* what follows and is not written yet */
	size_t piece_len;
	uint64_t bytes;
	char sha256[HASH_HEX + 1]; /* "": not finished */
};

/* Ends the thread. No body may be in use. */
void body_store_end(struct body_store *store);

/* Returns an empty body in STORE. */
struct body body_new(struct body_store *store);

/* Returns how many bytes to receive and write at once if PARALLEL bodies grow at the same time. */
size_t body_piece_size(long parallel);

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

/* Cuts the part off after the bytes that count, and writes the next bytes there. 0 or -1. */
int body_seek(struct body *b);

/* To be called when all bytes are there: finishes the body, or leaves that to body_finish() in the writer's thread. 0
 * or -1. */
int body_end(struct body *b);

/* Writes and hashes what is still in memory: SHA256 is set. 0 or -1. */
int body_finish(struct body *b);

/* Writes what came so far; only the head stays in memory. 0 or -1. */
int body_flush(struct body *b);

/* Returns the number of bytes in memory that body_finish() would write. */
size_t body_unwritten(const struct body *b);

/* Empties the body, which keeps its part. 0 or -1. */
int body_restart(struct body *b);

/* Frees what is in memory of a published body, but for its length and digest. */
void body_forget(struct body *b);

/* Removes the part and frees what is in memory. The body is empty then. */
void body_drop(struct body *b);

/* The same, but a part by which another run can go on stays in temp/. */
void body_leave(struct body *b);

#endif
