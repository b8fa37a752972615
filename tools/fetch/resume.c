#include "resume.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "files/file.h"
#include "host.h"
#include "hosts/httpdate.h"

enum { LOOK_MS = 1000, READ_A_TURN = 512 << 10 };

struct resume {
	struct run *run;
	struct job_list *finished;
	struct job_list reading;
	struct loop_timer timer; /* set while there is something to read */
	bool any_left;           /* temp/ had parts with names... */
	int64_t looked;          /* ...at this moment; 0: it was not looked at */
};

/* --- what a body is asked for by --- */

static bool
may_go_on(const struct job *j)
{
	for (const struct curl_slist *h = j->run->set->headers; h; h = h->next)
		if (strncasecmp(h->data, "Range:", 6) == 0)
			return false;
	return true;
}

/* A digest of the URL and what else tells the bytes of the answer. */
static void
digest_request(const struct job *j, char hex[HASH_HEX + 1])
{
	const char *accept = j->host ? j->host->rule.accept : NULL;
	unsigned char digest[HASH_BYTES];
	struct buf text = {0};

	buf_printf(&text, "%s\n%s", job_url(j), accept ? accept : "");
	for (const struct curl_slist *h = j->run->set->headers; h; h = h->next)
		if (strncasecmp(h->data, "Accept", 6) == 0)
			buf_printf(&text, "\n%s", h->data);
	for (const char *line = j->headers; line && *line; line += *line == '\n') {
		size_t n = strcspn(line, "\n");

		if (strncasecmp(line, "Accept", 6) == 0)
			buf_printf(&text, "\n%.*s", (int)n, line);
		line += n;
	}
	hash_bytes(text.data, text.len, digest);
	hash_hex(digest, sizeof(digest), hex);
	buf_free(&text);
}

int64_t
resume_from(struct job *j)
{
	char asked[HASH_HEX + 1];

	if (j->body.bytes == 0 || !j->validator[0] || !may_go_on(j)) {
		body_drop(&j->body);
		return 0;
	}
	/* A body that is of no use for this URL may be for where a redirect leads: it stays. */
	digest_request(j, asked);
	return strcmp(asked, j->asked_by) == 0 ? (int64_t)j->body.bytes : 0;
}

/*
 * What was cut short goes on where the server can tell that it is the same: by a strong ETag, or a date that is
 * well before the server's own (RFC 9110, 8.8.2.2). "": it does not go on.
 */
static const char *
find_validator(const struct job *j)
{
	const struct answer *a = &j->answer;
	const char *validator = answer_validator(a);

	/* Bytes of an encoding are not those of the body, which libcurl decodes. */
	if (!may_go_on(j) || !a->body_begun || answer_is_weak(a) || a->encoding[0])
		return "";
	if (a->status == 206 && a->resumed_from > 0)
		return j->validator; /* the bytes were taken only where it is the same */
	if (!a->ranges && a->status != 206)
		return "";
	if (validator[0] && validator[0] != '"') {
		time_t changed = httpdate_parse(validator);

		return changed >= 0 && httpdate_parse(a->date) >= changed + 60 ? validator : "";
	}
	return validator;
}

/* Whether the user asks for a range of its own, which then is the file. */
static bool
is_users_range(const struct job *j)
{
	return j->answer.status == 206 && !may_go_on(j);
}

/* Whether a 206 goes on with the bytes of which J's body is the beginning or, if all was asked for, begins with the
 * first byte. */
static bool
is_right_part(struct job *j)
{
	struct answer *a = &j->answer;

	if (a->range_from != a->resumed_from || a->encoding[0] ||
	    (a->length >= 0 && a->length != a->range_to - a->range_from + 1))
		return false;
	if (a->resumed_from == 0)
		j->total = a->range_total;
	/* A server that honours Range but not If-Range may go on with other bytes. */
	else if ((j->total >= 0 && a->range_total != j->total) || strcmp(answer_validator(a), j->validator) != 0)
		return false;
	return true;
}

/* Whether another answer has all. A Content-Range says nothing there (RFC 9110, 14.4), unless of more bytes than come:
 * it is a part under a wrong status. If a range was asked for, all must be as much as was promised before. Where the
 * file has changed, the request without a range will show it. */
static bool
is_right_whole(struct job *j)
{
	struct answer *a = &j->answer;
	int64_t total = a->encoding[0] ? -1 : a->range_total, length = a->encoding[0] ? -1 : a->length;

	if (total >= 0 && length >= 0 && length != total)
		return false;
	if (a->resumed_from > 0 && !a->encoding[0] &&
	    (length != j->total || (total >= 0 && a->range_to - a->range_from + 1 != total)))
		return false;
	a->resumed_from = 0;
	j->total = total >= 0 ? total : length;
	return true;
}

bool
resume_check_answer(struct job *j)
{
	struct answer *a = &j->answer;

	if (is_users_range(j))
		j->total = -1;
	else if (!(a->status == 206 ? is_right_part(j) : is_right_whole(j)))
		return false;
	if (a->resumed_from == 0 && j->body.bytes > 0 && body_restart(&j->body) < 0)
		run_fail(j->run, "emptying a part that begins anew");
	return true;
}

const char *
resume_check_end(struct job *j)
{
	struct answer *a = &j->answer;
	uint64_t end = (uint64_t)(a->status == 206 ? a->range_to + 1 : a->range_total);

	if (a->range_total < 0 || a->encoding[0] || is_users_range(j))
		return NULL;
	if (j->body.bytes > end) {
		a->bad_range = true;
		return "the server sends more than the range that it names";
	}
	return j->body.bytes < (uint64_t)a->range_total ? "the server sends a part of what is missing" : NULL;
}

void
resume_note_answer(struct job *j)
{
	const struct answer *a = &j->answer;
	bool again = j->verdict.kind == AGAIN && !a->bad_range && a->status != 416;
	const char *validator;

	/* An attempt that brought nothing leaves it as it was. */
	if (j->verdict.kind == REDIRECTED || (again && !a->body_begun))
		return;
	if (!again) {
		j->validator[0] = '\0';
		return;
	}
	validator = find_validator(j);
	if (validator != j->validator) {
		snprintf(j->validator, sizeof(j->validator), "%s", validator);
		digest_request(j, j->asked_by);
	}
}

/* --- parts in temp/ --- */

struct name {
	char text[160];
};

static struct name
name_of(const struct job *j)
{
	struct name n;

	snprintf(n.text, sizeof(n.text), "%s.%u.part", batch_name(j->target->batch), j->item);
	return n;
}

void
resume_name_part(struct job *j)
{
	const char *validator = find_validator(j);
	struct name name = name_of(j);
	char note[ATOMIC_FILE_NOTE_MAX], asked[HASH_HEX + 1];

	if (validator[0]) {
		digest_request(j, asked);
		snprintf(note, sizeof(note), "%s %lld %s", asked, (long long)j->total, validator);
		atomic_file_note(&j->body.part, note); /* without it whoever finds the part begins anew */
	}
	atomic_file_keep(&j->body.part, name.text); /* where another's file has the name, it goes on without */
	j->left = false;
}

static int
see_name(int dir, const struct dirent *e, void *arg)
{
	const char *dot = strrchr(e->d_name, '.');

	(void)dir;
	(void)arg;
	return dot && strcmp(dot, ".part") == 0;
}

/* Whether temp/ has a part with a name, or cannot be read: as a rule it has none, and no item need be looked for in it.
 */
static bool
is_any_left(struct resume *r)
{
	int64_t now = clock_ms();

	if (r->looked && now - r->looked < LOOK_MS)
		return r->any_left;
	r->looked = now;
	r->any_left = file_each(openat(r->run->temp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), see_name, NULL) != 0;
	return r->any_left;
}

/* Takes a note apart: a digest, how many bytes there are in all (which older notes do not have), and a validator that
 * can be sent in a header. */
static bool
read_note(struct job *j, const char *note)
{
	const char *rest = note + HASH_HEX + 1;
	long long total = -1;
	int used = 0;

	if (strlen(note) < HASH_HEX + 2 || note[HASH_HEX] != ' ')
		return false;
	for (const char *c = note; *c; c++)
		if (iscntrl((unsigned char)*c))
			return false;
	if (sscanf(rest, "%18lld %n", &total, &used) == 1)
		rest += used;
	if (!*rest || strlen(rest) >= sizeof(j->validator))
		return false;
	memcpy(j->asked_by, note, HASH_HEX);
	j->asked_by[HASH_HEX] = '\0';
	j->total = total;
	strcpy(j->validator, rest);
	return true;
}

/*
 * How many bytes of the part are gone on with: all but the last, so that there is one to ask for in any case.
 * 0: none. It was written from its beginning to its end, so that a hole would be bytes that the disk has lost.
 */
static int64_t
length_of(const struct atomic_file *p)
{
	struct stat st;

	if (fstat(p->fd, &st) < 0 || st.st_size < 2 || lseek(p->fd, 0, SEEK_HOLE) != st.st_size)
		return 0;
	return st.st_size - 1;
}

void
resume_drop_left(struct job *j)
{
	char note[ATOMIC_FILE_NOTE_MAX + 1];
	struct atomic_file p;

	if (!j->left)
		return;
	j->left = false;
	if (atomic_file_take(&p, j->run->temp, name_of(j).text, note) == 0)
		atomic_file_drop(&p);
}

bool
resume_begin(struct resume *r, struct job *j)
{
	char note[ATOMIC_FILE_NOTE_MAX + 1], asked[HASH_HEX + 1];
	struct atomic_file p;
	int64_t length;

	if (!j->url || j->body.part.fd >= 0 || j->body.bytes > 0 || j->host->refusal || !is_any_left(r))
		return false;
	if (atomic_file_take(&p, r->run->temp, name_of(j).text, note) < 0)
		return false;
	length = length_of(&p);
	if (length == 0 || !may_go_on(j) || !read_note(j, note)) {
		atomic_file_drop(&p);
		return false;
	}
	digest_request(j, asked);
	if (strcmp(asked, j->asked_by) != 0) {
		/* It may be of where a redirect leads. */
		atomic_file_leave(&p);
		j->validator[0] = '\0';
		j->left = true;
		return false;
	}
	j->left = false;
	j->body.part = p;
	j->body.named = true;
	j->left_length = (uint64_t)length;
	job_list_add(&r->reading, j);
	loop_set_timer(r->run->loop, &r->timer, 0);
	return true;
}

static void
read_parts(void *arg)
{
	struct resume *r = arg;
	struct job *next;

	for (struct job *j = r->reading.first; j && !r->run->fatal; j = next) {
		bool failed = body_read(&j->body, j->left_length, READ_A_TURN) < 0;

		next = j->next;
		if (!failed && j->body.bytes < j->left_length)
			continue;
		if (failed || body_seek(&j->body) < 0)
			j->validator[0] = '\0';
		/* It waits for its host's turn once more: that of the first has passed meanwhile. */
		j->verdict = (struct verdict){.kind = REDIRECTED};
		job_list_cut(&r->reading, j);
		job_list_add(r->finished, j);
	}
	if (r->reading.count)
		loop_set_timer(r->run->loop, &r->timer, 0);
}

struct resume *
resume_new(struct run *run, struct job_list *finished)
{
	struct resume *r = buf_alloc(sizeof(*r));

	*r = (struct resume){.run = run, .finished = finished, .timer = {.call = read_parts, .arg = r}};
	return r;
}

void
resume_end(struct resume *r)
{
	struct job *j;

	loop_stop_timer(r->run->loop, &r->timer);
	while ((j = job_list_take(&r->reading)))
		job_free(j);
	free(r);
}
