/*
 * churn: adders and workers on one batch at once, opened and closed all the time, then a look at all that is left.
 *
 *     churn BATCH SEED KILLS    in BI_ROOT: 4 adders of 60 lines of 3,000 bytes, half of them asked for by all,
 *                               and 4 workers; KILLS of these processes are killed with -9 on the way and begun anew
 *
 * Says what is wrong on stderr and ends with 70, or prints a line and ends with 0. What holds: every item is in once,
 * as it was asked; no two living workers had an item at once; every item completed once; state is what the results
 * say and as long as the items.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/msg.h"
#include "batch/batch.h"

static bool
whatever_it_was(struct json_object *error, const void *arg)
{
	(void)error;
	(void)arg;
	return true;
}

static const struct batch_retry all_failed = {.too = whatever_it_was};

enum {
	ADDERS = 4,
	WORKERS = 4,
	EACH = 60, /* lines of an adder */
	OWN = 30,  /* of these, those that no other asks for */
	WHOLE = ADDERS * OWN + (EACH - OWN),
	LINE = 3000,
	BLOCK = 16, /* at most added or worked on at once */
	LIVES = 4096,
	DEADLINE = 100,
};

/* Between the processes. A life is one process of those begun: killed is set before the signal is sent. */
static struct shared {
	_Atomic int owner[WHOLE + 1]; /* the life that has claimed the item */
	_Atomic bool killed[LIVES];
	_Atomic bool all_added;
} * shared;

static struct root root;
static const char *name;

static int
below(unsigned *seed, int n)
{
	*seed = *seed * 1103515245 + 12345;
	return (int)((*seed >> 16) % (unsigned)n);
}

static struct batch *
open_batch(enum batch_mode mode)
{
	struct batch *b = batch_open(&root, name, mode, NULL);

	if (!b)
		msg_die(EX_SOFTWARE, "cannot open the batch: %s", strerror(errno));
	return b;
}

/* The number among all lines of line I of an adder. */
static int
number_of(int adder, int i)
{
	return i < OWN ? adder * OWN + i : ADDERS * OWN + (i - OWN);
}

/* Line N of all: the same bytes whoever asks. */
static void
make_text(int n, char *where, char *text)
{
	int used = sprintf(text, "{\"url\":\"http://a/%d\",\"fill\":\"", n);

	sprintf(where, "http://a/%d", n);
	memset(text + used, 'a' + n % 26, (size_t)(LINE - used - 2));
	strcpy(text + LINE - 2, "\"}");
}

/* Some subjects have many items, some lines none. */
static const char *
subject_of(int n)
{
	static const char *const subjects[] = {NULL, "1", "2", NULL, "i7", "M-1"};

	return subjects[n % 6];
}

static void
add_block(int adder, int from, int n)
{
	static char texts[BLOCK][LINE + 1], wheres[BLOCK][32];
	struct batch_ask asks[BLOCK] = {0};
	struct batch *b = open_batch(BATCH_WORK);

	for (int i = 0; i < n; i++) {
		int all = number_of(adder, from + i);

		make_text(all, wheres[i], texts[i]);
		asks[i] = (struct batch_ask){
			.subject = subject_of(all), .kind = "url", .where = wheres[i], .text = texts[i]};
	}
	if (batch_add(b, asks, (size_t)n) < 0)
		msg_die(EX_SOFTWARE, "batch_add: %s", strerror(errno));
	for (int i = 0; i < n; i++)
		if (asks[i].item == 0 || asks[i].item > WHOLE)
			msg_die(EX_SOFTWARE, "batch_add gave the number %u", asks[i].item);
	batch_close(b);
}

static void
adder(int which, unsigned seed)
{
	for (int at = 0; at < EACH;) {
		int n = 1 + below(&seed, BLOCK);

		if (n > EACH - at)
			n = EACH - at;
		add_block(which, at, n);
		at += n;
	}
	_exit(0);
}

/* Claims up to N items from K on; their numbers into CLAIMED. */
static int
claim_some(struct batch *b, uint32_t k, uint32_t length, int n, int life, uint32_t *claimed)
{
	int got = 0;

	for (uint32_t i = 0; i < length && got < n; i++, k = k % length + 1) {
		enum batch_claim claim = batch_claim(b, k, &all_failed);
		int before;

		if (claim == CLAIM_ERROR)
			msg_die(EX_SOFTWARE, "batch_claim of %u of %u: %s", k, length, strerror(errno));
		if (claim != CLAIM_OURS)
			continue;
		before = atomic_exchange(&shared->owner[k], life);
		if (before && before != life && !shared->killed[before])
			msg_die(EX_SOFTWARE, "item %u is claimed by two that live", k);
		claimed[got++] = k;
	}
	return got;
}

static void
end_some(struct batch *b, const uint32_t *claimed, int n, unsigned *seed)
{
	char lines[BLOCK][128];
	struct batch_outcome v[BLOCK];
	size_t outcomes = 0;

	for (int i = 0; i < n; i++) {
		int fate = below(seed, 8);
		bool completed = fate > 1;

		atomic_store(&shared->owner[claimed[i]], 0);
		if (fate == 0) {
			batch_release(b, claimed[i]);
			continue;
		}
		snprintf(lines[outcomes], sizeof(*lines), "{\"item\":%u,\"status\":\"%s\"%s}", claimed[i],
			 completed ? "completed" : "failed",
			 completed ? "" : ",\"error\":{\"code\":\"timeout\",\"retryable\":true}");
		v[outcomes] =
			(struct batch_outcome){claimed[i], completed, lines[outcomes], strlen(lines[outcomes]), NULL};
		outcomes++;
	}
	if (batch_record(b, v, outcomes, below(seed, 8) == 0) < 0)
		msg_die(EX_SOFTWARE, "batch_record: %s", strerror(errno));
}

/* Opens, claims a few, ends them or closes on them, until all is completed. */
static void
worker(int life, unsigned seed)
{
	for (bool done = false; !done;) {
		bool all_added = shared->all_added;
		struct batch *b = open_batch(BATCH_WORK);
		uint32_t length = (uint32_t)batch_length(b), claimed[BLOCK];
		struct batch_counts counts;
		int n = 0;

		if (length > WHOLE)
			msg_die(EX_SOFTWARE, "there are %u items", length);
		if (length)
			n = claim_some(b, 1 + (uint32_t)below(&seed, (int)length), length, 1 + below(&seed, BLOCK),
				       life, claimed);
		if (below(&seed, 10) > 0)
			end_some(b, claimed, n, &seed);
		else
			for (int i = 0; i < n; i++)
				atomic_store(&shared->owner[claimed[i]], 0);
		if (batch_count(b, &counts) < 0 || counts.total < length)
			msg_die(EX_SOFTWARE, "%llu items, there were %u", (unsigned long long)counts.total, length);
		done = all_added && counts.completed == counts.total;
		batch_close(b);
	}
	_exit(0);
}

static pid_t
begin(int which, int life, unsigned seed)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		msg_die(EX_SOFTWARE, "fork: %s", strerror(errno));
	if (pid > 0)
		return pid;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	alarm(DEADLINE);
	if (which < ADDERS)
		adder(which, seed);
	worker(life, seed);
	return 0;
}

/* Runs them all to their end, killing as many as asked. Returns how many were killed. */
static int
run_all(unsigned seed, int kills)
{
	pid_t pids[ADDERS + WORKERS];
	int lives[ADDERS + WORKERS], left = ADDERS + WORKERS, adding = ADDERS, life = 0, killed = 0;

	for (int i = 0; i < left; i++) {
		lives[i] = ++life;
		pids[i] = begin(i, life, seed + (unsigned)life);
	}
	while (left > 0) {
		const struct timespec pause = {0, 1000L * below(&seed, 4000)};
		int which = 0, status;
		pid_t pid;

		if (killed < kills && life + 1 < LIVES) {
			nanosleep(&pause, NULL);
			which = below(&seed, ADDERS + WORKERS);
			if (pids[which]) {
				shared->killed[lives[which]] = true;
				kill(pids[which], SIGKILL);
			}
		}
		pid = waitpid(-1, &status, killed < kills ? WNOHANG : 0);
		if (pid <= 0)
			continue;
		for (which = 0; pids[which] != pid;)
			which++;
		pids[which] = 0;
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && shared->killed[lives[which]]) {
			killed++;
			lives[which] = ++life;
			pids[which] = begin(which, life, seed + (unsigned)life);
			continue;
		}
		if (status)
			msg_die(EX_SOFTWARE, "process %d ended with status %x", which, (unsigned)status);
		left--;
		if (which < ADDERS && --adding == 0)
			shared->all_added = true;
	}
	return killed;
}

/* The number among all lines that an item's line is, which must be that line. */
static int
check_item(const struct buf *line, uint32_t k, int *idx_of)
{
	char where[32], text[LINE + 1], own[16];
	struct batch_place place;
	const char *url = strstr(line->data, "\"url\":\"http://a/"), *subject, *body = strstr(line->data, "},");
	int n = url ? atoi(url + 16) : -1;

	if (batch_place(line->data, line->len, &place) < 0 || place.item != k || n < 0 || n >= WHOLE || !body)
		msg_die(EX_SOFTWARE, "line %u is not an item's: %.100s", k, line->data);
	make_text(n, where, text);
	snprintf(own, sizeof(own), "i%u", k);
	subject = subject_of(n) ? subject_of(n) : own;
	if (strcmp(body + 2, text + 1) != 0 || strcmp(place.subject, subject) != 0)
		msg_die(EX_SOFTWARE, "line %u is not what was asked: %.100s", k, line->data);
	if (*subject != 'i' || strcmp(subject, "i7") == 0) {
		int *idx = &idx_of[strcmp(subject, "i7") == 0 ? 0 : strcmp(subject, "M-1") == 0 ? 3 : *subject - '0'];

		if (place.idx != (uint32_t)++ * idx)
			msg_die(EX_SOFTWARE, "line %u is not item %d of its subject: %.100s", k, *idx, line->data);
	} else if (place.idx != 1) {
		msg_die(EX_SOFTWARE, "line %u is not the only one of its subject: %.100s", k, line->data);
	}
	return n;
}

/* How many lines of results.ndjson complete each item. */
static void
check_results(void)
{
	char line[256];
	int completed[WHOLE + 1] = {0}, fd = openat(root.fd, "batches", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int dir = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FILE *in = fdopen(openat(dir, "results.ndjson", O_RDONLY | O_CLOEXEC), "r");

	if (!in)
		msg_die(EX_SOFTWARE, "results.ndjson: %s", strerror(errno));
	while (fgets(line, sizeof(line), in)) {
		bool is_completed;
		uint32_t k = batch_result_number(line, strlen(line) - 1, &is_completed);

		if (k == 0 || k > WHOLE || line[strlen(line) - 1] != '\n')
			msg_die(EX_SOFTWARE, "a line of results.ndjson is no result: %.100s", line);
		completed[k] += is_completed;
	}
	fclose(in);
	close(dir);
	close(fd);
	for (uint32_t k = 1; k <= WHOLE; k++)
		if (completed[k] != 1)
			msg_die(EX_SOFTWARE, "item %u completed %d times", k, completed[k]);
}

static void
check_all(void)
{
	struct batch *b = open_batch(BATCH_ALONE);
	struct buf line = {0};
	bool seen[WHOLE] = {0}, completed;
	int idx_of[4] = {0};
	uint64_t changed = 0;
	struct buf where = {0};
	struct stat st;

	if (batch_length(b) != WHOLE)
		msg_die(EX_SOFTWARE, "%llu items of %d are there", (unsigned long long)batch_length(b), WHOLE);
	if (fstatat(batch_dirfd(b), "state", &st, 0) < 0 || st.st_size != WHOLE)
		msg_die(EX_SOFTWARE, "state has %lld bytes for %d items", (long long)st.st_size, WHOLE);
	for (uint32_t k = 1; k <= WHOLE; k++) {
		int n;

		if (batch_state(b, k) != 'c' || batch_is_claimed(b, k))
			msg_die(EX_SOFTWARE, "item %u is '%c' at the end", k, batch_state(b, k));
		if (batch_result(b, k, &line) < 0 || batch_result_number(line.data, line.len, &completed) != k ||
		    !completed)
			msg_die(EX_SOFTWARE, "item %u has no result that completes it", k);
		if (batch_item(b, k, &line) < 0)
			msg_die(EX_SOFTWARE, "item %u cannot be read: %s", k, strerror(errno));
		n = check_item(&line, k, idx_of);
		if (seen[n])
			msg_die(EX_SOFTWARE, "line %d was added twice", n);
		seen[n] = true;
	}
	if (batch_rebuild(b, &changed, &where) < 0 || changed)
		msg_die(EX_SOFTWARE, "rebuilding changed %llu states", (unsigned long long)changed);
	batch_close(b);
	buf_free(&line);
	check_results();
}

int
main(int argc, char **argv)
{
	int killed;

	msg_program("churn");
	if (argc != 4)
		msg_die(EX_WRONG_USE, "usage: churn BATCH SEED KILLS");
	root_open(&root, NULL, true);
	name = argv[1];
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		msg_die_errno(EX_OSERR, "cannot share memory");
	killed = run_all((unsigned)strtoul(argv[2], NULL, 10), atoi(argv[3]));
	check_all();
	printf("%d items, %d killed\n", WHOLE, killed);
	msg_finish(EX_ALL_WELL);
}
