/*
 * render: the review pages of a batch, review/NAME/.
 *
 * The plan (subject_index.h) groups the items by subject, candidate_files.c copies candidates, thumbnails.c has
 * thumbnails made, page_json.c says in JSON what a page shows, pages.c has jq (jq.c) make the pages of it that changed
 * since manifest.c kept them. render.c calls them in that order, under the lock of the batch's review directory;
 * index.html comes last, so what it links to is there.
 */
#ifndef BI_RENDER_H
#define BI_RENDER_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "batch/batch.h"
#include "batch/subject_index.h"
#include "confined/thumb.h"
#include "files/atomic_file.h"
#include "files/root.h"

/* --- render.c --- */

/* What there is of an item in the review directory. */
struct item_files {
	const char *ext; /* its copy's extension, a constant; NULL: there is no copy */
	bool thumb;      /* it has a thumbnail */
	bool lost;       /* it was completed and its file is gone: it counts as failed */
};

struct render {
	const struct root *root;
	struct batch *batch;
	int temp;                 /* the root's temp/ */
	int dir;                  /* review/NAME, locked */
	int thumbs;               /* review/NAME/thumbs */
	int shots;                /* review/NAME/.thumbs: a struct shot an item */
	struct thumber **thumber; /* started when the first picture needs it, and shared by all batches */
	struct subject_index plan;
	uint32_t candidates, failed, waiting;
	struct item_files *items; /* of each item */
	uint32_t lost_count;      /* how many are lost */
	struct shots *making;     /* thumbnails under way */
	bool terminal;            /* stderr is one, which shows progress */
	int64_t next_progress;
	bool meanwhile;                    /* more is to come: what is lost is said at the end */
	struct json_object *about, *brief; /* the batch, for its pages: doc_about() */
};

enum render_how {
	RENDER_RECORD,    /* the review record on stdout */
	RENDER_SENTENCE,  /* or a sentence */
	RENDER_MEANWHILE, /* nothing: more is to come */
};

/* Renders the batch NAME. Returns an exit code, having said what is wrong unless it is EX_ALL_WELL. */
int render_batch(const struct root *root, const char *name, struct thumber **thumber, enum render_how how);

/* Says that what NAME needs cannot be done, with errno, and returns the exit code of it. */
int render_trouble(const char *name, const char *what);

/* Shows on a terminal, now and then, how far the batch is: DONE of OF pages or items. */
void render_progress(struct render *r, const char *what, uint32_t done, uint32_t of);

/* --- candidate_files.c --- */

/* The result of an item as it counts for review. */
struct candidate {
	char name[SUBJECT_MAX + 32];  /* ID_IDX.EXT in review/NAME */
	char thumb[SUBJECT_MAX + 32]; /* ID_IDX.webp in thumbs/ */
	const char *mime;
	const char *hidden; /* why it is not copied to where pages are served from, or NULL */
	bool picture;       /* a thumbnail can be tried */
};

/* What a completed item's result says; strings point into RESULT. */
void candidate_of(struct candidate *c, const struct batch_place *place, struct json_object *result);

/* Copies what changed, makes the thumbnails that are missing, and counts the items into R. Returns an exit code. */
int files_make(struct render *r);

/* --- thumbnails.c: the thumbnails --- */

/* What is known of an item's thumbnail, kept in review/NAME/.thumbs at the item's number so that unchanged pictures
 * are not decoded again. */
struct shot {
	char sha256[64];          /* of the picture */
	uint32_t version;         /* SHOT_VERSION; else there is nothing here */
	uint32_t end;             /* enum thumb_end */
	uint32_t width, height;   /* of the thumbnail */
	uint32_t owidth, oheight; /* of the picture */
	uint32_t kind;            /* of enum thumb_kind */
	struct likeness likeness;
	char why[THUMB_WHY];
};

enum { SHOT_VERSION = 2 };

/* What is known of item K's thumbnail of the picture with this hash. 1; 0 when nothing is; -1 with errno where that
 * cannot be read. */
int shot_read(const struct render *r, uint32_t k, const char *sha256, struct shot *out);

/* Has the thumbnail THUMB of item K's picture IN, which it takes over, made unless it is there. Returns an exit
 * code. */
int shots_see(struct render *r, uint32_t k, int in, const char *sha256, const char *thumb);

/* Waits for the thumbnails under way. Returns an exit code. */
int shots_end(struct render *r);

/* --- near_duplicates.c: which candidates of a subject are the same, or nearly --- */

/* A candidate to be compared. */
struct alike {
	uint32_t idx;
	const char *sha256;              /* of its bytes; NULL: not known */
	const struct likeness *likeness; /* NULL: not known */
	uint64_t pixels;                 /* UINT64_MAX: a drawing, as sharp as one likes */
	bool blurred;
	uint32_t at;            /* the caller's */
	uint32_t same_as;       /* out: the first candidate with the same bytes; 0: it is the first */
	uint32_t near;          /* out: the best of its near duplicates, which is in front of it; 0: it is that */
	unsigned distance;      /* out: from that, in bits of the hash */
	uint32_t group, of, no; /* near_duplicates.c's own */
};

/*
 * Groups N candidates, which are in the order asked: near duplicates (likeness_distance() at most LIKENESS_NEAR) behind
 * the best of them, which is not blurred and has the most pixels, and copies behind what they are copies of. Groups
 * are in the order of their first members.
 */
void alike_sort(struct alike *v, size_t n);

/* --- page_json.c: what jq gets to read, a line each; of each it makes an array of {"name":FILE,"text":TEXT} --- */

/* What the pages say of the whole batch; once the items are counted. BRIEF: what the page of one subject may say of it,
 * which does not change as items complete. For json_object_put(); NULL with errno. */
struct json_object *doc_about(const struct render *r, bool brief);

/* {"head":...}: the batch. */
void doc_head(const struct render *r, struct buf *out);
/*
 * {"batch":...,"subject":...}: subject number I of the plan. 0, or -1 with errno. What is not there has no member.
 *
 * batch: batch, label, category, subjects (how many). subject: id, name, facts ([[key,value]...]), candidates, waiting,
 * position, prev and next (ids), next_files (up to 9 thumbnails of the next one). A candidate: idx; title, license,
 * credit, page, url; where it failed: failed, from; else mime, bytes, kind, file, why there is nothing to see, and of a
 * picture: thumb, thumb_width, thumb_height, width, height, aspect ("3:2", "1.45:1"), shows (browsers show the file
 * itself as a picture), tiny, blurred, animated, vector, same_as (the number of the candidate that it is a copy of),
 * near and distance (of the candidate that it is nearly the same as). Candidates are in the order of alike_sort().
 */
int doc_subject(struct render *r, uint32_t i, struct buf *out);
/* {"tail":...} */
void doc_tail(struct buf *out);

/* --- manifest.c: what the pages were made from, and their pieces of the common ones, in review/NAME/.pages --- */

enum { COMMON = 2 };

/* Pages that all subjects have a piece of, published in this order. */
extern const char *const common_pages[COMMON];

struct kept_file {
	int64_t size, seconds, nanoseconds;
};

/* A subject, at its number. */
struct kept_page {
	unsigned char digest[HASH_BYTES]; /* of what jq read */
	struct kept_file file;            /* its page, as it was written */
	uint64_t at;                      /* where its pieces begin, one behind the other */
	uint32_t length[COMMON];
};

struct kept {
	int fd;         /* -1: there is none */
	uint32_t count; /* subjects; 0 where it is of other programs */
	unsigned char whole[HASH_BYTES];
	struct kept_file common[COMMON];
};

/* Opens what an earlier run of the same PROGRAMS kept. */
void kept_open(struct kept *k, const struct render *r, const char *programs);
void kept_close(struct kept *k);

/* Whether the common pages are there as they were made, of as many subjects and from a head and tail of this digest. */
bool kept_whole(const struct kept *k, const struct render *r, const unsigned char whole[HASH_BYTES]);

/* Whether the page NAME of subject I is there as it was made, from a line of this digest. */
bool kept_page(const struct kept *k, const struct render *r, uint32_t i, const unsigned char digest[HASH_BYTES],
	       const char *name);

struct keep {
	struct atomic_file part;
	uint64_t end; /* where the next piece goes */
};

/* What this run keeps: subjects in any order, then the end, which publishes it. Each 0, or -1 with errno. */
int keep_begin(struct keep *k, const struct render *r);
int keep_page(struct keep *k, const struct render *r, uint32_t i, const unsigned char digest[HASH_BYTES],
	      const char *name, const struct buf pieces[COMMON]);
/* As it was in OLD; its pieces are left in PIECES. */
int keep_again(struct keep *k, const struct kept *old, uint32_t i, struct buf pieces[COMMON]);
int keep_end(struct keep *k, const struct render *r, const char *programs, const unsigned char whole[HASH_BYTES]);

/* --- jq.c --- */

/* jq at work: GIVE puts a line for it into TO, and says whether it was the last; TAKE gets each line of its. Both
 * return an exit code, which ends it unless it is EX_ALL_WELL. */
struct jq {
	int (*give)(void *arg, struct buf *to, bool *ended);
	int (*take)(void *arg, const char *line, size_t n);
	void *arg;
	pid_t pid; /* jq.c's own, as what follows */
	int in, out;
	struct buf to, from;
	bool ended;
	int code;
};

/* Runs share/review/render.jq. Returns what GIVE or TAKE returned, or an exit code, which it said, of its own; jq's own
 * goes to STATUS. */
int jq_run(struct jq *j, int *status);

/* --- assets.c --- */

/* Copies what the pages need besides, *.css and *.js of share/review but for home.*, where it changed. PROGRAMS becomes
 * the digest of the jq programs. Returns an exit code. */
int assets_copy(const struct render *r, char programs[HASH_HEX + 1]);

/* --- pages.c --- */

/* Makes the pages that changed and publishes them, and what they need besides. Returns an exit code. */
int pages_make(struct render *r);

/* Writes the file NAME of the review directory unless it has these bytes already. 0, or -1 with errno. */
int pages_write(const struct render *r, const char *name, const char *bytes, size_t n);

/* --- remove_stale.c --- */

/* Removes pages, candidates and thumbnails of subjects and items that the batch does not have, or has no more: of an
 * earlier batch of that name, of items whose file is gone or of another kind now. Other files are left alone. 0, or -1
 * with errno. */
int pages_remove_stale(const struct render *r);

#endif
