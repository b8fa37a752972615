#include "receive.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "form.h"

enum { PIECE = 256 << 10 }; /* a socket of the kernel's usual size holds less */

/* How fast the body comes. Only time in which this thread waits for the client counts. */
struct rate {
	int64_t waited; /* of the SUBMISSION_RATE_MS */
	uint64_t from;  /* how much had come at their beginning */
};

/* Waits until more can be read. False after making the reply the error. */
static bool
wait_for_more(struct submission *h, int fd, struct rate *r)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t since = clock_ms();
	uint64_t from = r->from;

	poll(&p, 1, (int)(SUBMISSION_RATE_MS - r->waited));
	r->waited += clock_ms() - since;
	if (r->waited < SUBMISSION_RATE_MS)
		return true;
	*r = (struct rate){.from = h->got};
	return h->got - from >= SUBMISSION_RATE_BYTES ||
	       reply_error(&h->reply, 408, "too_slow",
			   "the request body arrives too slowly: at least %d bytes must arrive every %d seconds",
			   SUBMISSION_RATE_BYTES, SUBMISSION_RATE_MS / 1000);
}

/* Reads the rest of the LENGTH bytes, through PIECE. */
static bool
receive_rest(struct submission *h, uint64_t length, int fd, char *piece)
{
	struct rate rate = {.from = h->got};

	while (h->got < length) {
		uint64_t want = length - h->got < PIECE ? length - h->got : PIECE;
		ssize_t n = recv(fd, piece, want, MSG_DONTWAIT);

		if (n > 0) {
			h->got += (uint64_t)n;
			if (!form_take(h, piece, (size_t)n))
				return false;
		} else if (n < 0 && errno == EAGAIN) {
			if (!wait_for_more(h, fd, &rate))
				return false;
		} else if (n == 0 || errno != EINTR) {
			h->left = true;
			return false;
		}
	}
	return true;
}

bool
receive_upload(struct submission *h, const struct scgi *s, int fd)
{
	size_t n = s->in.len - s->body < s->body_len ? s->in.len - s->body : s->body_len;
	bool well = form_begin(h, scgi_get(s, "CONTENT_TYPE"), s->body_len) && form_take(h, scgi_body(s), n);
	char *piece = buf_alloc(PIECE);

	h->got = n;
	well = well && receive_rest(h, s->body_len, fd, piece);
	free(piece);
	return well && form_end(h);
}
