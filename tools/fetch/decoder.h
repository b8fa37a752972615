/*
 * decoder: takes the Content-Encoding gzip or deflate (RFC 9110, 8.4.1; RFC 1952, RFC 1950) off a body while it comes.
 *
 * Servers send it without being asked, and say it of files that are not encoded. So the first bytes decide: a body that
 * does not begin as its encoding does is passed on as it comes. libcurl could decode, but takes a body that ends within
 * its encoding for whole, and fails where the encoding is not there.
 */
#ifndef BI_DECODER_H
#define BI_DECODER_H

#include <stdbool.h>
#include <stddef.h>

struct decoder;

enum decoder_result {
	DECODER_OK,
	DECODER_STOPPED, /* PUT has returned false */
	DECODER_DAMAGED
};

/* Receives bytes that were decoded. False: no more of them are wanted. */
typedef bool decoder_put(void *arg, const char *bytes, size_t n);

/* Returns a decoder for ENCODING, a Content-Encoding, or NULL if that is another one: decoder_free() frees it. */
struct decoder *decoder_new(const char *encoding);

/* Whether the body at URL with the Content-Type TYPE is a compressed file, such as an archive, of which servers say
 * their encoding as well: it is to be kept, as browsers do. */
bool decoder_is_for_file(const char *url, const char *type);

/* Decodes N bytes and passes what they give to PUT. */
enum decoder_result decoder_add(struct decoder *d, const char *bytes, size_t n, decoder_put *put, void *arg);

/* Passes on what is left after the last byte. DECODER_DAMAGED: the body has ended within its encoding. */
enum decoder_result decoder_finish(struct decoder *d, decoder_put *put, void *arg);

/* NULL does nothing. */
void decoder_free(struct decoder *d);

#endif
