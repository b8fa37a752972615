#include "verify_members.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/member.h"
#include "confined/expand.h"
#include "files/file.h"
#include "records/rec.h"
#include "review/pack_check.h"
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
	struct pack_check *check;
	struct buf text; /* the metadata that is read, or a line of CONTENTS that is not complete */
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
count_line(void *arg, char *line, size_t n_line)
{
	struct reading *r = arg;
	struct subjects *s = &r->v->subjects;
	char *tab = strchr(line, '\t');
	uint64_t n = tab ? strtoul(tab + 1, NULL, 10) : 0;

	(void)n_line;
	if (!tab)
		return;
	*tab = '\0';
	set_sum_add(&s->should_sum, line, strlen(line), n);
	if (r->what == COUNT_SUBJECTS)
		counts_add(&s->should, line, n);
}

static void
report(void *arg, const char *member, const char *code, const char *words)
{
	struct reading *r = arg;

	verify_report_problem(&r->v->report, member, code, words);
}

static bool
on_event(void *arg, enum expand_event event, const struct expand_member *m)
{
	struct reading *r = arg;

	pack_check_take(r->check, event, m);
	if (event == EXPAND_MEMBER) {
		snprintf(r->name, sizeof(r->name), "%s", m->path);
		buf_clear(&r->text);
	} else if (event == EXPAND_BYTES && is_contents(r->name)) {
		buf_add(&r->text, m->bytes, m->len);
		pack_check_lines(&r->text, count_line, r);
		if (r->text.len > LINE_BYTES_MAX)
			buf_clear(&r->text); /* the list of digests shows that it was changed */
	} else if (event == EXPAND_BYTES && r->text.len < TEXT_MAX && is_metadata(r->name)) {
		buf_add(&r->text, m->bytes, m->len);
	} else if (event == EXPAND_MEMBER_END && is_metadata(r->name)) {
		count_metadata(r);
	}
	return true;
}

static bool
is_folder_fd(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static void
on_folder_event(void *arg, enum expand_event event, const struct expand_member *m)
{
	on_event(arg, event, m);
}

/* Reads the members of FD for WHAT. Whether they are those of the manifest, and how many there are in N. If the archive
 * cannot be unpacked at all, that is reported, and true. */
static bool
read_members(struct verifying *v, int fd, enum what what, size_t *n)
{
	static const struct expand_limits limits = {PACK_MEMBERS_MAX, UINT64_MAX, UINT64_MAX,
						    UINT64_MAX,       UINT64_MAX, 0};
	struct reading *r = buf_alloc(sizeof(*r));
	bool is_folder = is_folder_fd(fd), begun, good;

	r->v = v;
	r->what = what;
	r->check = pack_check_new(what == NAME_MEMBERS ? report : NULL, r);
	if (is_folder)
		verify_folder(fd, on_folder_event, r);
	begun = is_folder || pack_check_read(fd, &limits, on_event, r) != EXPAND_AGAIN;
	if (!begun && errno == EINVAL)
		verify_report_problem(&v->report, NULL, "not_a_file", "it is a device, a pipe or a socket, not a file");
	else if (!begun)
		verify_report_cannot(&v->report, "have bi-expand unpack it");
	else
		pack_check_compare(r->check);
	/* Another shard may have what one lacks, so all shards of a list are checked together. */
	if (!v->listed && strncmp(r->name, "__bi__/", 7) == 0)
		subjects_clear(&v->subjects);
	good = !begun || pack_check_is_good(r->check);
	*n = pack_check_count(r->check);
	pack_check_free(r->check);
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
