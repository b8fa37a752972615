/*
 * left: large parts that runs which were killed or stopped left in temp/, as BATCH.ITEM.part. Whoever claims the item
 * goes on with them by Range, if the note stored with them (atomic_file.h) is about what he would ask for: a digest of
 * that (http_asked), and the validator that the server gave.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetch.h"
#include "files/file.h"

enum { LOOK_MS = 1000, READ_A_TURN = 512 << 10 };

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
left_keep(struct job *j)
{
	const char *validator = j->easy ? http_validator(j) : "";
	struct name name = name_of(j);
	char note[ATOMIC_FILE_NOTE_MAX], asked[HASH_HEX + 1];

	if (validator[0]) {
		http_asked(j, asked);
		snprintf(note, sizeof(note), "%s %s", asked, validator);
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
any_left(struct fetch *f)
{
	int64_t now = clock_ms();

	if (f->parts_looked && now - f->parts_looked < LOOK_MS)
		return f->parts_left;
	f->parts_looked = now;
	f->parts_left = file_each(openat(f->temp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), see_name, NULL) != 0;
	return f->parts_left;
}

/* Takes a note apart: a digest, a space, a validator that can be sent in a header. */
static bool
read_note(struct job *j, const char *note)
{
	size_t n = strlen(note);

	if (n < HASH_HEX + 2 || n - HASH_HEX - 1 >= sizeof(j->validator) || note[HASH_HEX] != ' ')
		return false;
	for (const char *c = note; *c; c++)
		if (iscntrl((unsigned char)*c))
			return false;
	memcpy(j->from, note, HASH_HEX);
	j->from[HASH_HEX] = '\0';
	memcpy(j->validator, note + HASH_HEX + 1, n - HASH_HEX);
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
left_drop(struct job *j)
{
	char note[ATOMIC_FILE_NOTE_MAX + 1];
	struct atomic_file p;

	j->left = false;
	if (atomic_file_take(&p, j->fetch->temp, name_of(j).text, note) == 0)
		atomic_file_drop(&p);
}

bool
left_begin(struct job *j)
{
	char note[ATOMIC_FILE_NOTE_MAX + 1], asked[HASH_HEX + 1];
	struct atomic_file p;
	int64_t length;

	if (!j->url || j->body.part.fd >= 0 || j->body.bytes > 0 || j->host->refusal || !any_left(j->fetch))
		return false;
	if (atomic_file_take(&p, j->fetch->temp, name_of(j).text, note) < 0)
		return false;
	length = length_of(&p);
	if (length == 0 || !http_may_go_on(j) || !read_note(j, note)) {
		atomic_file_drop(&p);
		return false;
	}
	http_asked(j, asked);
	if (strcmp(asked, j->from) != 0) {
		/* It may be of where a redirect leads. */
		atomic_file_leave(&p);
		j->validator[0] = '\0';
		j->left = true;
		return false;
	}
	j->left = false;
	j->body.part = p;
	j->body.kept = true;
	j->source_size = length;
	job_list_add(&j->fetch->local, j);
	return true;
}

void
left_turn(struct job *j)
{
	struct body *b = &j->body;
	bool failed = body_read(b, j, (uint64_t)j->source_size, READ_A_TURN) < 0;

	if (!failed && b->bytes < (uint64_t)j->source_size)
		return;
	if (failed || body_seek(b) < 0)
		j->validator[0] = '\0';
	/* It waits for its host's turn once more: that of the first has passed meanwhile. */
	job_list_cut(&j->fetch->local, j);
	j->verdict = (struct verdict){.kind = REDIRECTED};
	job_ended(j);
}
