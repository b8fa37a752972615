/* fuzz: tools/lib/review/pick.c tools/lib/review/picks_validate.c */
#include "fuzz.h"

#include "records/rec.h"
#include "review/picks.h"

static void
check(const struct pick *v)
{
	struct buf out = {0};
	const char *cursor = NULL;
	long candidate = 0;
	size_t n = 0;

	pick_print_choice(&out, v, true);
	while (pick_next_candidate(v, &cursor, &candidate)) {
		FUZZ_WANT(++n <= PICK_LIST_MAX && candidate > 0);
		FUZZ_WANT(pick_rank(v, candidate) > 0);
	}
	FUZZ_WANT(n == pick_candidates(v));
	pick_remarks_check(v);
	pick_print_remarks(&out, v);
	buf_free(&out);
}

/* A set of decisions as a client sends it. */
FUZZ(picks, NULL)
{
	struct json_object *o = rec_parse(bytes, n, NULL, 0);
	struct picks_set set;
	char wrong[256] = "";

	if (o && picks_parse(o, "b", &set, wrong, sizeof(wrong))) {
		for (size_t i = 0; i < set.n; i++)
			check(&set.v[i]);
		free(set.v);
	} else {
		FUZZ_WANT(!o || *wrong);
	}
	json_object_put(o);
}
