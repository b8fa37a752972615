/*
 * piece_writer: threads that hash the bytes of bodies and write them to files, in pieces, while the next bytes come in.
 *
 * The pieces of one file are hashed in their order and written in their order: the file never has a hole, and its
 * length is at most the number of bytes written. The two go on at the same time, and different files too.
 *
 * A piece of a large file is written past the page cache (O_DIRECT) if the run syncs its files. That needs a fifth of
 * the processor time or less, and leaves nothing for the sync to wait for. Where a file system refuses, and for bytes
 * that do not fill a block, the page cache is used.
 */
#ifndef BI_PIECE_WRITER_H
#define BI_PIECE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

struct piece_writer;
struct piece_stream; /* of one file */
struct piece;        /* bytes that follow each other in a file */

/* Starts the threads. PIECE is the room of a piece in bytes, a multiple of 4096. SYNC: the files will be synced. Works
 * without threads, slower, if none can be started. piece_writer_end() frees it. */
struct piece_writer *piece_writer_new(size_t piece, bool sync);

/* Ends the threads. No stream may exist. NULL does nothing. */
void piece_writer_end(struct piece_writer *w);

/* Returns how many bytes were given and are not written. */
size_t piece_writer_unwritten(const struct piece_writer *w);

/* Returns a stream for the file FD, whose bytes are added to HASH. FD and HASH belong to the threads until
 * piece_stream_wait() has returned. piece_stream_free() waits and frees it. */
struct piece_stream *piece_stream_new(struct piece_writer *w, int fd, struct hash *hash);
void piece_stream_free(struct piece_stream *s);

/* Returns an empty piece for the bytes from offset AT of a file, for piece_stream_give() or piece_free(). */
struct piece *piece_new(struct piece_writer *w, uint64_t at);
void piece_free(struct piece_writer *w, struct piece *p); /* NULL does nothing */

/* Appends bytes until P is full. Returns how many of N were taken. */
size_t piece_add(const struct piece_writer *w, struct piece *p, const char *bytes, size_t n);
size_t piece_length(const struct piece *p);
bool piece_is_full(const struct piece_writer *w, const struct piece *p);

/* Hands P over, which follows the stream's last one. LARGE: its file has or will have so many bytes that it may be
 * written past the page cache. Waits if several megabytes of pieces are under way. Returns 0, or -1 with errno: a
 * previous piece could not be written. */
int piece_stream_give(struct piece_stream *s, struct piece *p, bool large);

/* Waits until all pieces are hashed and written. Returns 0, or -1 with the errno of the first that could not be
 * written; those after it were not written. */
int piece_stream_wait(struct piece_stream *s);

#endif
