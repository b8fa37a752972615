/*
 * stop_conditions: when a run ends before its work is done, because the user said so: too many failures in a row, too
 * little free space, enough bytes stored.
 *
 * A run that has a reason to stop starts nothing more. What is under way is finished as far as the condition allows,
 * what is not stays pending, and the part of a large file stays in temp/. A host whose items failed is left alone, and
 * the others go on.
 *
 * The bytes of a job count from the moment at which they are allowed until the job is recorded or freed. They are
 * counted in its share, so that what becomes of its body meanwhile need not be told: stop_settle() sees it.
 */
#ifndef BI_STOP_CONDITIONS_H
#define BI_STOP_CONDITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host;
struct job;
struct run;

enum stop_reason { STOP_NONE, STOP_FAILURES, STOP_MIN_FREE, STOP_MAX_TOTAL };

/*
 * Failures in a row, of a host or of hosts. Whether an item is completed is only known when it is recorded: until then
 * its result is undecided. Numbers are those of failures so far.
 */
struct stop_streak {
	uint64_t failed;
	uint64_t forgiven; /* those before the last success */
	uint64_t hoped;    /* those before the last undecided result */
	size_t undecided;  /* results */
};

/* Of a run. Zeroed: nothing has happened. */
struct stop_conditions {
	enum stop_reason reason;  /* why nothing more is started; STOP_NONE: the run goes on */
	uint64_t stored;          /* bytes of items that this run has completed */
	uint64_t in_flight;       /* bytes of bodies that are not recorded */
	uint64_t unwritten;       /* of these, those in memory */
	int64_t room;             /* bytes that may be written until the file system is asked again */
	int64_t room_until;       /* when that is, on clock_ms() */
	struct stop_streak hosts; /* failed ones: each counts once until an item succeeds */
	bool doubted;             /* nothing is started until it is known whether a result that came is a success */
	unsigned hosts_left;      /* hosts that are left alone */
	uint64_t items_left;      /* items of these */
	bool archive_cut;         /* an archive is not unpacked further */
};

/* Of a job: what it has in the sums of its run. */
struct stop_share {
	uint64_t bytes, unwritten;
	struct host *host;                    /* for which its result is undecided; NULL: for none */
	uint64_t failed_before, hosts_before; /* failures of it, and of hosts, when that came */
};

/*
 * Asks whether BYTES more may be added to the body of J, of which WRITTEN take new space on the disk. WHOLE is the
 * length that its body will have, as far as that is known, else 0. If not, J is LEFT, for the caller to end without a
 * result, or OVER_TOTAL, and verdict_over_total() fails it. Also returns false after run_fail().
 */
bool stop_allows(struct job *j, uint64_t bytes, uint64_t written, uint64_t whole);

/* Asks whether a further transfer may be started. If not, the run has a reason to stop, or run_fail() was called. */
bool stop_allows_start(struct run *run);

/* Counts what the body of J has now. */
void stop_settle(struct job *j);

/* J is not in the sums any more. The second function is for a job that is recorded: a completed one counts as stored.
 */
void stop_forget(struct job *j);
void stop_count_stored(struct job *j);

/* Counts the result of J, whose item H was asked for: J may be completed, which is decided when it is recorded. */
void stop_expect(struct job *j, struct host *h);

/* The result of J, which was undecided for J's SHARE.HOST, is none: J is tried again. Returns as stop_count_result().
 */
bool stop_take_back(struct job *j);

/* Counts the result of J, which is decided, for H. Returns true if H is to be left alone from now on, which was said.
 * The caller calls host_update() afterwards: H may be DOUBTED, or not any more. */
bool stop_count_result(struct job *j, struct host *h);

/* Says at the end of a run why it stopped, or which items it left, and how to go on. Returns the exit code, 0 if it did
 * neither. */
int stop_say_end(const struct run *run);

#endif
