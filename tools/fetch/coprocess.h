/*
 * coprocess: one co-process of --through, and the records that are on their way through it.
 *
 * Both pipes are written and read without waiting, so that neither side ever waits for the other: lines that the pipe
 * does not take are kept, and there are few of them (postprocess.c).
 */
#ifndef BI_COPROCESS_H
#define BI_COPROCESS_H

#include "base/loop.h"
#include "job.h"
#include "records/rec.h"

/* What a filter has to do, for the message about one that does it not. */
#define FILTER_ANSWERS "(a filter answers each record by one line: jq -c)"

struct filter {
	pid_t pid; /* 0: none is running */
	struct loop *loop;
	struct loop_watcher in_watcher, out_watcher, pid_watcher; /* for room; for answers; for its end */
	int pidfd, in, out;                                       /* -1: closed */
	bool unheard;                                             /* OUT is not watched: what it writes has to wait */
	bool ready;                                               /* the loop has seen something of it */
	bool exited;                                              /* it has ended */
	bool finishing;                                           /* no line follows: IN is closed once all is sent */
	struct buf unsent;                                        /* lines, those before SENT with it already */
	size_t sent;
	struct rec_reader *reader;
	struct job_list given;                       /* not answered yet; the first is to be answered next */
	int64_t head_since;                          /* that one is; in clock_ms() */
	bool answered;                               /* one at least since it was started */
	int64_t kill_at;                             /* it is ending, and killed at this moment; 0: it works */
	enum { DIES, TOO_SLOW, TALKS_NONSENSE } why; /* it is ending */
};

/* Starts ARGV, watched in LOOP. 0, or -1 with errno. */
int filter_start(struct filter *x, char *const *argv, struct loop *loop);

/* Keeps a line, its newline with it, to be sent. */
void filter_say(struct filter *x, const char *line, size_t n);

/* Sends what the pipe takes. */
void filter_flush(struct filter *x);

/* Leaves what it writes where it is, or takes it again. */
void filter_hold(struct filter *x, bool hold);

/* Bytes that are not sent yet. */
size_t filter_unsent(const struct filter *x);

/* The next line that it has written: REC_MORE where none is whole, REC_EOF where none will be. */
enum rec_kind filter_read(struct filter *x, struct rec *out);

/* Lets it come to its end: the end record, then the end of its input. */
void filter_finish(struct filter *x);

/* Closes its pipes: it is to end by itself before the moment KILL_AT. If that is now, it is killed now, with its group.
 */
void filter_close(struct filter *x, int64_t kill_at);

/* Whether it has ended, as far as can be told without waiting. */
bool filter_is_over(struct filter *x);

/* Takes in what it writes until it has ended, or the moment UNTIL, or FD is readable; what it writes counts for
 * nothing. False: it has not ended. */
bool filter_await(struct filter *x, int64_t until, int fd);

/* Ends what still runs of it, and waits. Its exit code as child_wait() has it. GIVEN is left as it is. */
int filter_reap(struct filter *x);

/* Whether it has answered all, and knows that nothing follows. */
bool filter_is_done(const struct filter *x);

/* In words, how one that was reaped with CODE ended. */
void filter_how(const struct filter *x, int code, char *out, size_t room);

/* coprocess_reply.c: what its answers come to */

/* Why R is no answer to J, made in WHY; NULL: it is one. */
const char *filtered_wrong(const struct job *j, const struct rec *r, struct buf *why);

/* The result line of J with what the answer adds to it, to be freed; NULL: it would be too long for a record. */
char *filtered_line(const struct job *j, struct json_object *answer);

/* Of an answer that says "failed": the code and the words, which live as long as the answer or are constant. Whether
 * another run may try again. */
bool filtered_failure(struct json_object *answer, const char **code, const char **message);

#endif
