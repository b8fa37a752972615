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
#define COPROCESS_ANSWERS "(a filter answers each record by one line: jq -c)"

struct coprocess {
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
int coprocess_start(struct coprocess *x, char *const *argv, struct loop *loop);

/* Keeps a line, its newline with it, to be sent. */
void coprocess_say(struct coprocess *x, const char *line, size_t n);

/* Sends what the pipe takes. */
void coprocess_flush(struct coprocess *x);

/* Leaves what it writes where it is, or takes it again. */
void coprocess_hold(struct coprocess *x, bool hold);

/* Bytes that are not sent yet. */
size_t coprocess_unsent(const struct coprocess *x);

/* The next line that it has written: REC_MORE where none is whole, REC_EOF where none will be. */
enum rec_kind coprocess_read(struct coprocess *x, struct rec *out);

/* Lets it come to its end: the end record, then the end of its input. */
void coprocess_finish(struct coprocess *x);

/* Closes its pipes: it is to end by itself before the moment KILL_AT. If that is now, it is killed now, with its group.
 */
void coprocess_close(struct coprocess *x, int64_t kill_at);

/* Whether it has ended, as far as can be told without waiting. */
bool coprocess_is_over(struct coprocess *x);

/* Takes in what it writes until it has ended, or the moment UNTIL, or FD is readable; what it writes counts for
 * nothing. False: it has not ended. */
bool coprocess_await(struct coprocess *x, int64_t until, int fd);

/* Ends what still runs of it, and waits. Its exit code as child_wait() has it. GIVEN is left as it is. */
int coprocess_reap(struct coprocess *x);

/* Whether it has answered all, and knows that nothing follows. */
bool coprocess_is_done(const struct coprocess *x);

/* In words, how one that was reaped with CODE ended. */
void coprocess_how(const struct coprocess *x, int code, char *out, size_t room);

/* coprocess_reply.c: what its answers come to */

/* Why R is no answer to J, made in WHY; NULL: it is one. */
const char *coprocess_reply_check(const struct job *j, const struct rec *r, struct buf *why);

/* The result line of J with what the answer adds to it, to be freed; NULL: it would be too long for a record. */
char *coprocess_reply_line(const struct job *j, struct json_object *answer);

/* Of an answer that says "failed": the code and the words, which live as long as the answer or are constant. Whether
 * another run may try again. */
bool coprocess_reply_failure(struct json_object *answer, const char **code, const char **message);

#endif
