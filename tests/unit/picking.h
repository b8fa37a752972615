/*
 * picking: what the tests of picks share: a batch, decisions about it, and what stands.
 */
#ifndef PICKING_H
#define PICKING_H

#include "batching.h"

#include "review/picks.h"

/* A decision without remarks. */
#define PICK(subject_, choice_, reviewer_, at_)                                                  \
	{                                                                                        \
		.subject = (subject_), .choice = (choice_), .reviewer = (reviewer_), .at = (at_) \
	}

/* A batch "b" with the subjects 7 (three items), 10 (one) and Z (two). */
static inline struct batch *
picking_make(void **state)
{
	static const char *const subjects[] = {"7", "7", "10", "Z", "7", "Z"};
	struct batch *b = batching_open(state, BATCH_WORK);
	char url[32];

	for (unsigned i = 0; i < sizeof(subjects) / sizeof(*subjects); i++) {
		snprintf(url, sizeof(url), "http://a/%u", i);
		batching_add(b, subjects[i], url);
	}
	return b;
}

/* Adds decisions as a program does that has not read the others. */
static inline int
add_picks(const struct batch *b, const struct pick *v, size_t n)
{
	struct picks *p = picks_read(b);
	int rc = p ? picks_put(p, v, n, NULL) : -1;

	picks_free(p);
	return rc;
}

static const char picks_file[] = "batches/b/picks.ndjson";

/* Everything that stands, as "7:ada=3 7:bob=1 " */
static inline const char *
standing(const struct picks *p)
{
	static char text[1024];

	*text = '\0';
	for (size_t i = 0; i < picks_count(p); i++) {
		const struct pick *v = picks_get(p, i);
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "%s:%s=%ld ", v->subject, v->reviewer, v->choice);
	}
	return text;
}

static inline void
assert_standing(const struct batch *b, const char *text)
{
	struct picks *p = picks_read(b);

	assert_non_null(p);
	assert_string_equal(standing(p), text);
	picks_free(p);
}

static inline size_t
lines(void)
{
	char *text = testing_read(picks_file);
	size_t n = 0;

	for (const char *c = text; (c = strchr(c, '\n')); c++)
		n++;
	free(text);
	return n;
}

#endif
