#include "verify_members.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/member.h"
#include "base/words.h"
#include "confined/expand.h"
#include "files/file.h"
#include "records/rec.h"
#include "verify_folder.h"

/* Bytes of the metadata of a subject, and of a line in an archive. */
enum { TEXT_MAX = 1 << 30, LINE_BYTES_MAX = 1 << 16 };

struct count {
	char *id;
	size_t n;
};

/* --- subjects --- */

static void
counts_add(struct counts *c, const char *id, size_t n)
{
	c->v = buf_grow(c->v, c->n, sizeof(*c->v));
	c->v[c->n++] = (struct count){buf_strdup(id), n};
}

static void
counts_free(struct counts *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].id);
	free(c->v);
	*c = (struct counts){0};
}

static int
compare_counts(const void *a, const void *b)
{
	return strcmp(((const struct count *)a)->id, ((const struct count *)b)->id);
}

/* Sorts them, and merges those of each subject. */
static void
counts_settle(struct counts *c)
{
	size_t last = 0;

	if (c->n == 0)
		return;
	qsort(c->v, c->n, sizeof(*c->v), compare_counts);
	for (size_t i = 1; i < c->n; i++)
		if (strcmp(c->v[i].id, c->v[last].id) == 0) {
			c->v[last].n += c->v[i].n;
			free(c->v[i].id);
		} else {
			c->v[++last] = c->v[i];
		}
	c->n = last + 1;
}

static void
subjects_clear(struct subjects *s)
{
	counts_free(&s->has);
	counts_free(&s->should);
	*s = (struct subjects){0};
}

/* Reports the subjects that have fewer files than were to be exported. */
static void
compare_subjects(struct verifying *v)
{
	struct subjects *s = &v->subjects;

	counts_settle(&s->has);
	counts_settle(&s->should);
	for (size_t i = 0; i < s->should.n; i++) {
		const struct count *should = &s->should.v[i];
		const struct count *has =
			s->has.n ? bsearch(should, s->has.v, s->has.n, sizeof(*should), compare_counts) : NULL;
		char words[128];

		if (has && has->n >= should->n)
			continue;
		snprintf(words, sizeof(words), "%zu of %zu files that were chosen for it are not in the export",
			 should->n - (has ? has->n : 0), should->n);
		verify_report_problem(&v->report, should->id, "subject_incomplete", words);
	}
}

/* --- inside --- */

/* What an archive is read for. */
enum what {
	SUMS_ONLY,     /* nothing is reported; if all is well, nothing need be */
	NAME_MEMBERS,  /* reports members */
	COUNT_SUBJECTS /* keeps the counts of subjects */
};

/* The archive that is being read. */
struct reading {
	struct verifying *v;
	enum what what;
	struct set_sum has, should;    /* of the members: those that are there, and those of the manifest */
	struct digests members, lines; /* the same, with NAME_MEMBERS */
	size_t n;                      /* of the members */
	struct buf text;               /* the metadata that is read, or a line that is not complete */
	struct hash *hash;
	bool is_sums, has_sums, bad_sums, damaged;
	bool failed; /* it was not read to its end */
	char name[MEMBER_LABEL_MAX * 4 + 1];
};

static bool
is_contents(const char *name)
{
	return strcmp(name, "collected/CONTENTS") == 0 || strcmp(name, "__bi__/CONTENTS") == 0;
}

/* The metadata of a subject, or of a sample of a webdataset. */
static bool
is_metadata(const char *name)
{
	static const char folder[] = "collected/", file[] = "/metadata.json", sample[] = ".json",
			  no_sample[] = ".file.json";
	size_t n = strlen(name);

	if (strncmp(name, folder, sizeof(folder) - 1) == 0)
		return n >= sizeof(file) && strcmp(name + n - sizeof(file) + 1, file) == 0;
	return !strchr(name, '/') && n >= sizeof(sample) && strcmp(name + n - sizeof(sample) + 1, sample) == 0 &&
	       (n < sizeof(no_sample) || strcmp(name + n - sizeof(no_sample) + 1, no_sample) != 0);
}

static void
count_metadata(struct reading *r)
{
	struct subjects *s = &r->v->subjects;
	struct json_object *o = r->text.len ? rec_parse(r->text.data, r->text.len, NULL, 0) : NULL, *choices;
	const char *id = o ? rec_string(o, "id") : NULL;

	if (id && json_object_object_get_ex(o, "choices", &choices) && json_object_is_type(choices, json_type_array)) {
		set_sum_add(&s->has_sum, id, strlen(id), json_object_array_length(choices));
		if (r->what == COUNT_SUBJECTS)
			counts_add(&s->has, id, json_object_array_length(choices));
	}
	json_object_put(o);
}

/* A line of CONTENTS. The manifest shows that it was changed. */
static void
count_line(struct reading *r, char *line)
{
	struct subjects *s = &r->v->subjects;
	char *tab = strchr(line, '\t');
	uint64_t n = tab ? strtoul(tab + 1, NULL, 10) : 0;

	if (!tab)
		return;
	*tab = '\0';
	set_sum_add(&s->should_sum, line, strlen(line), n);
	if (r->what == COUNT_SUBJECTS)
		counts_add(&s->should, line, n);
}

/* Adds the member NAME to S. */
static void
add_member(struct set_sum *s, const char *name, const char hex[HASH_HEX])
{
	struct buf text = {0};

	buf_add(&text, hex, HASH_HEX);
	buf_str(&text, name);
	set_sum_add(s, text.data, text.len, 1);
	buf_free(&text);
}

static void
read_line(struct reading *r, char *line, size_t n)
{
	if (!r->is_sums) {
		count_line(r, line);
	} else if (!digests_is_line(line, n)) {
		r->bad_sums = true;
	} else {
		add_member(&r->should, line + DIGESTS_NAME, line);
		if (r->what == NAME_MEMBERS)
			digests_add(&r->lines, line + DIGESTS_NAME, n - DIGESTS_NAME, line);
	}
}

/* Bytes of the manifest or of CONTENTS. */
static void
read_lines(struct reading *r, const struct expand_member *m)
{
	size_t at = 0;
	char *newline;

	buf_add(&r->text, m->bytes, m->len);
	while (r->text.len > at && (newline = memchr(r->text.data + at, '\n', r->text.len - at))) {
		*newline = '\0';
		read_line(r, r->text.data + at, (size_t)(newline - r->text.data) - at);
		at = (size_t)(newline - r->text.data) + 1;
	}
	buf_drop(&r->text, at);
	if (r->text.len > LINE_BYTES_MAX) {
		r->bad_sums = true;
		buf_clear(&r->text);
	}
}

static void
end_member(struct reading *r)
{
	char hex[HASH_HEX + 1];

	hash_end(r->hash, hex);
	r->hash = NULL;
	r->n += !r->is_sums;
	if (r->is_sums) {
		r->has_sums = true;
		r->bad_sums = r->bad_sums || r->text.len > 0;
		return;
	}
	if (is_metadata(r->name))
		count_metadata(r);
	add_member(&r->has, r->name, hex);
	if (r->what == NAME_MEMBERS)
		digests_add(&r->members, r->name, strlen(r->name), hex);
}

static void
on_member(void *arg, enum expand_event event, const struct expand_member *m)
{
	struct reading *r = arg;

	switch (event) {
	case EXPAND_MEMBER:
		hash_drop(r->hash);
		r->hash = hash_begin();
		snprintf(r->name, sizeof(r->name), "%s", m->path);
		r->is_sums = !r->has_sums && word_is_one_of(r->name, "collected/SHA256SUMS", "__bi__/SHA256SUMS");
		buf_clear(&r->text);
		break;
	case EXPAND_BYTES:
		hash_add(r->hash, m->bytes, m->len);
		if (r->is_sums || is_contents(r->name))
			read_lines(r, m);
		else if (r->text.len < TEXT_MAX && is_metadata(r->name))
			buf_add(&r->text, m->bytes, m->len);
		break;
	case EXPAND_MEMBER_END:
		end_member(r);
		break;
	case EXPAND_MEMBER_FAILED:
	case EXPAND_REFUSED:
	case EXPAND_FAILED:
		r->damaged = true;
		r->failed = r->failed || event == EXPAND_FAILED;
		if (r->what == NAME_MEMBERS)
			verify_report_problem(&r->v->report, event == EXPAND_FAILED ? NULL : m->path, m->code,
					      m->message);
		break;
	default:
		break;
	}
}

/* Compares the members with the manifest. */
static void
compare_with_manifest(struct reading *r)
{
	digests_sort(&r->lines);
	if (!r->has_sums || r->bad_sums || digests_have_twice(&r->lines)) {
		verify_report_problem(
			&r->v->report, NULL, r->has_sums ? "manifest_damaged" : "no_manifest",
			r->has_sums ? "its SHA256SUMS is damaged"
				    : "its SHA256SUMS is missing or damaged: it is not an export of bi-collect");
		return;
	}
	digests_sort(&r->members);
	for (size_t i = 0; i < r->members.n; i++) {
		const struct digest *one = &r->members.v[i], *said = digests_find(&r->lines, one->name);

		if (i > 0 && strcmp(one->name, one[-1].name) == 0)
			verify_report_problem(&r->v->report, one->name, "member_twice", "it occurs twice");
		else if (!said)
			verify_report_problem(&r->v->report, one->name, "member_added",
					      "it was added after the export was written");
		else if (strcmp(said->hex, one->hex) != 0)
			verify_report_problem(&r->v->report, one->name, "member_changed",
					      "it was changed after the export was written");
	}
	for (size_t i = 0; i < r->lines.n; i++)
		if (!digests_find(&r->members, r->lines.v[i].name))
			verify_report_problem(&r->v->report, r->lines.v[i].name, "member_missing",
					      "it is missing or damaged");
}

static bool
is_folder_fd(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Reads all members of the archive FD. Returns the last event, or EXPAND_AGAIN with errno if that could not begin. */
static enum expand_event
read_archive(struct reading *r, int fd)
{
	static const struct expand_limits limits = {
		TEXT_MAX / (HASH_HEX + 3), UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, 0};
	struct expand *e = lseek(fd, 0, SEEK_SET) < 0 && errno != ESPIPE ? NULL : expand_open(fd, &limits);
	enum expand_event event = EXPAND_AGAIN;
	struct expand_member m;

	while (e && event != EXPAND_END && event != EXPAND_FAILED) {
		event = expand_next(e, -1, &m);
		on_member(r, event, &m);
	}
	expand_close(e);
	return event;
}

/* Reads the members of FD for WHAT. Whether they are those of the manifest, and how many there are in N. If the archive
 * cannot be unpacked at all, that is reported, and true. */
static bool
read_members(struct verifying *v, int fd, enum what what, size_t *n)
{
	struct reading *r = buf_alloc(sizeof(*r));
	bool is_folder = is_folder_fd(fd), begun, good;

	r->v = v;
	r->what = what;
	if (is_folder)
		verify_folder(fd, on_member, r);
	begun = is_folder || read_archive(r, fd) != EXPAND_AGAIN;
	if (!begun && errno == EINVAL)
		verify_report_problem(&v->report, NULL, "not_a_file", "it is a device, a pipe or a socket, not a file");
	else if (!begun)
		verify_report_cannot(&v->report, "have bi-expand unpack it");
	if (begun && what == NAME_MEMBERS && (!r->failed || r->has_sums))
		compare_with_manifest(r);
	/* Another shard may have what one lacks, so all shards of a list are checked together. */
	if (!v->listed && strncmp(r->name, "__bi__/", 7) == 0)
		subjects_clear(&v->subjects);
	good = !begun || (!r->damaged && r->has_sums && !r->bad_sums && set_sum_is(&r->has, &r->should));
	*n = r->n;
	hash_drop(r->hash);
	digests_free(&r->members);
	digests_free(&r->lines);
	buf_free(&r->text);
	free(r);
	return good;
}

size_t
verify_members(struct verifying *v, int fd)
{
	struct subjects *s = &v->subjects, before = *s;
	size_t n;

	if (!read_members(v, fd, SUMS_ONLY, &n)) {
		*s = before;
		read_members(v, fd, NAME_MEMBERS, &n);
	}
	if (v->listed)
		return n;
	if (!set_sum_is(&s->has_sum, &s->should_sum)) {
		subjects_clear(s);
		read_members(v, fd, COUNT_SUBJECTS, &n);
		compare_subjects(v);
	}
	subjects_clear(s);
	return n;
}

void
verify_name_beside(const char *path, const char *name, struct buf *file)
{
	const char *slash = strrchr(path, '/');

	if (slash)
		buf_add(file, path, (size_t)(slash - path) + 1);
	buf_str(file, name);
}

void
verify_subjects(struct verifying *v, const char *path, const struct digests *list)
{
	size_t n;

	if (!set_sum_is(&v->subjects.has_sum, &v->subjects.should_sum)) {
		subjects_clear(&v->subjects);
		for (size_t i = 0; i < list->n; i++) {
			struct buf file = {0};
			int fd;

			verify_name_beside(path, list->v[i].name, &file);
			fd = strchr(list->v[i].name, '/')
				     ? -1
				     : open(file.data, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
			v->report.file = file.data;
			if (fd >= 0)
				read_members(v, fd, COUNT_SUBJECTS, &n);
			file_close(fd, 0);
			buf_free(&file);
		}
		v->report.file = path;
		compare_subjects(v);
	}
	subjects_clear(&v->subjects);
}
