/* fuzz: tools/lib/review/pick.c tools/lib/review/picks_validate.c */
#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

#include "files/file.h"
#include "records/rec.h"
#include "review/picks.h"

static struct picks_subjects *subjects;

static int
remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

/* The subjects 7, with three candidates, and 8, of a batch that allows several. */
static void
load(void)
{
	static const char settings[] = "{\"picks\":\"many\"}";
	char dir[] = "/tmp/bi-fuzz.XXXXXX", where[] = "http://a/0";
	struct root root;
	struct batch *b;
	int fd;

	FUZZ_WANT(mkdtemp(dir));
	root_open(&root, dir, true);
	b = batch_open(&root, "b", BATCH_WORK, NULL);
	FUZZ_WANT(b);
	for (int i = 0; i < 4; i++) {
		struct batch_ask ask = {.subject = i < 3 ? "7" : "8", .kind = "url", .where = where, .text = "{}"};

		where[sizeof(where) - 2] = (char)('0' + i);
		FUZZ_WANT(batch_add(b, &ask, 1) == 0);
	}
	fd = openat(batch_dirfd(b), "review.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	FUZZ_WANT(fd >= 0 && file_write(fd, settings, sizeof(settings) - 1) == 0);
	close(fd);
	subjects = picks_subjects_read(b);
	FUZZ_WANT(subjects && picks_subjects_items(subjects, "7") == 3);
	batch_close(b);
	root_close(&root);
	FUZZ_WANT(nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS) == 0);
}

/* What a program writes of it is read as the same. */
static void
write_and_read(const struct pick *v)
{
	struct pick again = {.subject = v->subject};
	struct json_object *o, *more = json_object_new_object();
	struct buf out = {0};

	buf_str(&out, "{\"choice\":");
	pick_print_choice(&out, v, true);
	pick_print_remarks(&out, v);
	buf_str(&out, "}");
	o = rec_parse(out.data, out.len, NULL, 0);
	FUZZ_WANT(o && pick_parse_choice(json_object_object_get(o, "choice"), &again));
	FUZZ_WANT(!pick_parse_remarks(o, &again) && pick_same_choice(v, &again) && pick_same_remarks(v, &again));
	pick_add_remarks(more, v);
	FUZZ_WANT(!pick_parse_remarks(more, &again) && pick_same_remarks(v, &again));
	FUZZ_WANT(pick_has_remarks(v) == (json_object_object_length(more) > 0));
	json_object_put(o);
	json_object_put(more);
	buf_free(&out);
}

static void
check(const struct pick *v)
{
	struct buf out = {0};
	const char *cursor = NULL;
	long candidate = 0;
	size_t n = 0;

	while (pick_next_candidate(v, &cursor, &candidate)) {
		FUZZ_WANT(++n <= PICK_LIST_MAX && candidate > 0);
		FUZZ_WANT(pick_rank(v, candidate) == n);
		free(pick_licence(v, candidate));
	}
	FUZZ_WANT(n == pick_candidates(v));
	pick_print_words(&out, v);
	FUZZ_WANT(!v->reviewer || strlen(v->reviewer) <= 4 * PICK_REVIEWER_MAX || pick_reviewer_check(v->reviewer));
	if (!pick_remarks_check(v))
		write_and_read(v);
	buf_free(&out);
}

/* A set of decisions as a client sends it. */
FUZZ(picks, load)
{
	struct json_object *o = rec_parse(bytes, n, NULL, 0);
	struct picks_set set;
	char wrong[256] = "";

	if (o && picks_parse(o, "b", &set, wrong, sizeof(wrong))) {
		for (size_t i = 0; i < set.n; i++)
			check(&set.v[i]);
		FUZZ_WANT(picks_check(subjects, set.v, set.n, wrong, sizeof(wrong)) == !*wrong);
		free(set.v);
	} else {
		FUZZ_WANT(!o || *wrong);
	}
	json_object_put(o);
}
