/* Checks whether exports are unchanged. A confined process unpacks the archives (expand.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/human.h"
#include "base/member.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/trouble.h"
#include "base/words.h"
#include "confined/expand.h"
#include "files/file.h"
#include "records/rec.h"
#include "review/pack.h"
#include "verify.h"

enum { SUMS_MAX = 1 << 30 }; /* bytes of a list of digests */

static const char beside_suffix[] = ".sha256";

/* A member, or its entry in the manifest. */
struct entry {
	char *name;
	char hex[HASH_HEX + 1];
};

struct entries {
	struct entry *v;
	size_t n;
};

/* How many choices a subject has, or should have. */
struct count {
	char *id;
	size_t n;
};

struct counts {
	struct count *v;
	size_t n;
};

struct verifying {
	const char *file;
	bool json;
	bool listed;                /* all archives of a list are read, and then checked together */
	struct counts has, should;  /* of the subjects of the archives: by their metadata, and by CONTENTS */
	uint64_t problems, missing; /* of the problems: named exports that do not exist */
};

/* --- what is said --- */

static void
report_problem(struct verifying *v, const char *member, const char *code, const char *words)
{
	struct json_object *o;

	v->problems++;
	if (member)
		msg_warn("%s: %s: %s", v->file, member, words);
	else
		msg_warn("%s: %s", v->file, words);
	if (!v->json)
		return;
	o = json_object_new_object();
	rec_add_string(o, "export", v->file);
	rec_add_string(o, "member", member);
	rec_add_string(o, "status", "failed");
	rec_add_error(o, code, words, strcmp(code, TROUBLE_CODE) == 0);
	rec_write_json(o);
}

/* Reports that DOING failed for the file, for the reason in errno, which lies in the file or in this machine. */
static void
report_cannot(struct verifying *v, const char *doing)
{
	const char *code = trouble_is_local(errno) ? TROUBLE_CODE
			   : errno == ENOENT       ? "no_such_file"
						   : "unreadable_file";
	char words[160];

	snprintf(words, sizeof(words), "cannot %s: %s", doing, strerror(errno));
	report_problem(v, NULL, code, words);
}

/* Reports that an export cannot be opened, which was named (ASKED) or is on a list. */
static void
report_closed(struct verifying *v, bool asked)
{
	v->missing += asked && errno == ENOENT;
	report_cannot(v, "open it");
}

static void
report_good(const struct verifying *v, size_t members)
{
	struct json_object *o;

	if (!v->json) {
		human_print("%s: %zu members, all unchanged", v->file, members);
		return;
	}
	o = json_object_new_object();
	rec_add_string(o, "export", v->file);
	rec_add_string(o, "status", "verified");
	json_object_object_add(o, "members", json_object_new_int64((int64_t)members));
	rec_write_json(o);
}

/* --- lists of digests --- */

static void
entries_add(struct entries *e, const char *name, size_t n, const char hex[HASH_HEX])
{
	struct entry *one;

	e->v = buf_grow(e->v, e->n, sizeof(*e->v));
	one = &e->v[e->n++];
	*one = (struct entry){.name = buf_alloc(n + 1)};
	memcpy(one->name, name, n);
	memcpy(one->hex, hex, HASH_HEX);
}

static void
entries_free(struct entries *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->v[i].name);
	free(e->v);
	*e = (struct entries){0};
}

static int
compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static void
entries_sort(struct entries *e)
{
	if (e->n > 1)
		qsort(e->v, e->n, sizeof(*e->v), compare_entries);
}

static const struct entry *
entries_find(const struct entries *e, const char *name)
{
	struct entry wanted = {.name = (char *)(size_t)name};

	return e->n ? bsearch(&wanted, e->v, e->n, sizeof(*e->v), compare_entries) : NULL;
}

/* Reads lines in the format of sha256sum. False if one is invalid, or two have the same name. */
static bool
entries_read(struct entries *e, const struct buf *text)
{
	const char *p = text->data, *end = p ? p + text->len : p;

	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = newline ? (size_t)(newline - p) : 0;

		if (n < HASH_HEX + 3 || strspn(p, "0123456789abcdef") != HASH_HEX || p[HASH_HEX] != ' ' ||
		    !strchr(" *", p[HASH_HEX + 1]) || memchr(p, '\0', n))
			return false;
		entries_add(e, p + HASH_HEX + 2, n - HASH_HEX - 2, p);
		p = newline + 1;
	}
	entries_sort(e);
	for (size_t i = 1; i < e->n; i++)
		if (strcmp(e->v[i].name, e->v[i - 1].name) == 0)
			return false;
	return true;
}

/* --- what was exported --- */

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

/* Reads a complete member: the metadata of a subject, or CONTENTS. */
static void
count_metadata(struct verifying *v, const struct buf *text)
{
	struct json_object *o = text->len ? rec_parse(text->data, text->len, NULL, 0) : NULL, *choices;
	const char *id = o ? rec_string(o, "id") : NULL;

	if (id && json_object_object_get_ex(o, "choices", &choices) && json_object_is_type(choices, json_type_array))
		counts_add(&v->has, id, json_object_array_length(choices));
	json_object_put(o);
}

static void
count_contents(struct verifying *v, const struct buf *text)
{
	char *line = text->data, *end;

	for (; line && *line; line = end) {
		char *tab = strpbrk(line, "\t\n");

		if (!tab || *tab != '\t')
			return; /* SHA256SUMS shows that it was changed */
		*tab = '\0';
		counts_add(&v->should, line, strtoul(tab + 1, &end, 10));
		end += *end == '\n';
	}
}

/* Reports the subjects that have fewer files than were to be exported. */
static void
compare_contents(struct verifying *v)
{
	counts_settle(&v->has);
	counts_settle(&v->should);
	for (size_t i = 0; i < v->should.n; i++) {
		const struct count *should = &v->should.v[i];
		const struct count *has =
			v->has.n ? bsearch(should, v->has.v, v->has.n, sizeof(*should), compare_counts) : NULL;
		char words[128];

		if (has && has->n >= should->n)
			continue;
		snprintf(words, sizeof(words), "%zu of %zu files that were chosen for it are not in the export",
			 should->n - (has ? has->n : 0), should->n);
		report_problem(v, should->id, "subject_incomplete", words);
	}
	counts_free(&v->has);
	counts_free(&v->should);
}

/* --- inside --- */

/* The archive that is being read. */
struct reading {
	struct verifying *v;
	struct entries members;
	struct buf sums; /* the manifest */
	struct buf text; /* the bytes of a member that is parsed */
	struct hash *hash;
	bool is_sums, has_sums, damaged;
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
	static const char folder[] = "collected/by_subject_id/", file[] = "/metadata.json", sample[] = ".json",
			  no_sample[] = ".file.json";
	size_t n = strlen(name);

	if (strncmp(name, folder, sizeof(folder) - 1) == 0)
		return n >= sizeof(file) && strcmp(name + n - sizeof(file) + 1, file) == 0;
	return !strchr(name, '/') && n >= sizeof(sample) && strcmp(name + n - sizeof(sample) + 1, sample) == 0 &&
	       (n < sizeof(no_sample) || strcmp(name + n - sizeof(no_sample) + 1, no_sample) != 0);
}

static void
on_member(struct reading *r, enum expand_event event, const struct expand_member *m)
{
	char hex[HASH_HEX + 1];

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
		if (r->is_sums && r->sums.len < SUMS_MAX)
			buf_add(&r->sums, m->bytes, m->len);
		if (r->text.len < SUMS_MAX && (is_contents(r->name) || is_metadata(r->name)))
			buf_add(&r->text, m->bytes, m->len);
		break;
	case EXPAND_MEMBER_END:
		hash_end(r->hash, hex);
		r->hash = NULL;
		r->has_sums = r->has_sums || r->is_sums;
		if (is_contents(r->name))
			count_contents(r->v, &r->text);
		else if (is_metadata(r->name))
			count_metadata(r->v, &r->text);
		if (!r->is_sums)
			entries_add(&r->members, r->name, strlen(r->name), hex);
		break;
	case EXPAND_MEMBER_FAILED:
	case EXPAND_REFUSED:
		r->damaged = true;
		report_problem(r->v, m->path, m->code, m->message);
		break;
	case EXPAND_FAILED:
		r->damaged = true;
		report_problem(r->v, NULL, m->code, m->message);
		break;
	default:
		break;
	}
}

/* Compares the members with the manifest. */
static void
compare_with_manifest(struct reading *r)
{
	struct entries sums = {0};

	if (!r->has_sums || !entries_read(&sums, &r->sums)) {
		report_problem(r->v, NULL, r->has_sums ? "manifest_damaged" : "no_manifest",
			       r->has_sums ? "its SHA256SUMS is damaged"
					   : "its SHA256SUMS is missing or damaged: it is not an export of bi-collect");
		entries_free(&sums);
		return;
	}
	entries_sort(&r->members);
	for (size_t i = 0; i < r->members.n; i++) {
		const struct entry *one = &r->members.v[i], *said = entries_find(&sums, one->name);

		if (i > 0 && strcmp(one->name, one[-1].name) == 0)
			report_problem(r->v, one->name, "member_twice", "it occurs twice");
		else if (!said)
			report_problem(r->v, one->name, "member_added", "it was added after the export was written");
		else if (strcmp(said->hex, one->hex) != 0)
			report_problem(r->v, one->name, "member_changed",
				       "it was changed after the export was written");
	}
	for (size_t i = 0; i < sums.n; i++)
		if (!entries_find(&r->members, sums.v[i].name))
			report_problem(r->v, sums.v[i].name, "member_missing", "it is missing or damaged");
	entries_free(&sums);
}

/* Reads the members of FD. How many there were. */
static size_t
read_archive(struct verifying *v, int fd)
{
	static const struct expand_limits limits = {SUMS_MAX / (HASH_HEX + 3), UINT64_MAX, UINT64_MAX, UINT64_MAX, 0};
	struct reading *r = buf_alloc(sizeof(*r));
	struct expand *e = expand_open(fd, &limits);
	enum expand_event event = EXPAND_AGAIN;
	struct expand_member m;
	size_t n;

	r->v = v;
	if (!e && errno == EINVAL)
		report_problem(v, NULL, "not_a_file", "it is a directory, a device, a pipe or a socket, not a file");
	else if (!e)
		report_cannot(v, "have bi-expand unpack it");
	while (e && event != EXPAND_END && event != EXPAND_FAILED) {
		event = expand_next(e, -1, &m);
		on_member(r, event, &m);
	}
	expand_close(e);
	if (e && (event == EXPAND_END || r->has_sums))
		compare_with_manifest(r);
	/* Another shard may have what one lacks, so all shards of a list are checked together. */
	if (!v->listed && strncmp(r->name, "__bi__/", 7) == 0)
		counts_free(&v->should);
	if (!v->listed)
		compare_contents(v);
	n = r->members.n;
	hash_drop(r->hash);
	entries_free(&r->members);
	buf_free(&r->sums);
	buf_free(&r->text);
	free(r);
	return n;
}

/* --- outside --- */

/* Verifies the archive PATH, whose digest is HEX if that is known. */
static void
verify_archive(struct verifying *v, const char *path, const char *hex, bool asked)
{
	uint64_t before = v->problems;
	char there[HASH_HEX + 1];
	bool changed = false;
	size_t members;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	v->file = path;
	if (fd < 0) {
		report_closed(v, asked);
		return;
	}
	if (hex) {
		if (file_digest(fd, there) < 0)
			report_cannot(v, "read it to its end");
		else
			changed = strcmp(there, hex) != 0;
	}
	members = read_archive(v, fd);
	close(fd);
	if (changed)
		report_problem(v, NULL, "file_changed",
			       v->problems > before
				       ? "the file was changed after it was written"
				       : "the file was changed after it was written, but its members are unchanged");
	if (v->problems == before)
		report_good(v, members);
}

/* Reads the list of digests in the file PATH. False if there is none or it is damaged, which is reported if SAY. */
static bool
read_sums(struct verifying *v, const char *path, struct entries *out, bool say)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct buf text = {0};
	bool good;
	int rc;

	if (fd < 0) {
		int error = errno;

		if (!say && error != ENOENT)
			v->file = path;
		errno = error;
		if (say || error != ENOENT)
			report_closed(v, true);
		return false;
	}
	rc = file_close(fd, file_read_all(fd, SUMS_MAX, &text));
	good = rc == 0 && text.len > 0 && entries_read(out, &text);
	if (!good)
		v->file = path;
	if (rc < 0 && errno != EFBIG)
		report_cannot(v, "read it");
	else if (!good)
		report_problem(v, NULL, "manifest_damaged",
			       "it is not a list of SHA-256 digests in the format of sha256sum");
	buf_free(&text);
	return good;
}

/* Verifies all that the list PATH names, beside it. */
static void
verify_list(struct verifying *v, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct entries sums = {0};

	v->file = path;
	v->listed = true;
	if (read_sums(v, path, &sums, true)) {
		for (size_t i = 0; i < sums.n; i++) {
			struct buf file = {0};

			if (strchr(sums.v[i].name, '/')) {
				v->file = path;
				report_problem(v, sums.v[i].name, "manifest_damaged", "it is not beside the list");
				continue;
			}
			if (slash)
				buf_add(&file, path, (size_t)(slash - path) + 1);
			buf_str(&file, sums.v[i].name);
			verify_archive(v, file.data, sums.v[i].hex, false);
			buf_free(&file);
		}
	}
	v->file = path;
	compare_contents(v);
	v->listed = false;
	entries_free(&sums);
}

/* The list beside the archive PATH: PATH.sha256, or train.sha256 for a shard train-000007.tar. */
static void
verify_with_list(struct verifying *v, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const struct pack_kind *kind = pack_kind_of(name);
	size_t n = strlen(path) - (kind ? strlen(kind->suffix) : 0);
	struct entries sums = {0};
	struct buf beside = {0};
	const struct entry *said;
	char *owned;

	buf_printf(&beside, "%s%s", path, beside_suffix);
	if (!read_sums(v, beside.data, &sums, false) && n > 7 && path[n - 7] == '-') {
		buf_clear(&beside);
		buf_add(&beside, path, n - 7);
		buf_str(&beside, beside_suffix);
		read_sums(v, beside.data, &sums, false);
	}
	owned = buf_strdup(path);
	said = entries_find(&sums, name);
	verify_archive(v, owned, said ? said->hex : NULL, true);
	free(owned);
	entries_free(&sums);
	buf_free(&beside);
}

int
verify_files(char **files, bool json)
{
	struct verifying v = {.json = json};
	uint64_t good = 0, bad = 0;
	int code;

	if (!*files)
		opt_die("--verify needs the exports to check");
	for (; *files; files++) {
		uint64_t before = v.problems;

		if (word_ends_in(*files, beside_suffix))
			verify_list(&v, *files);
		else
			verify_with_list(&v, *files);
		good += v.problems == before;
		bad += v.problems > before;
	}
	code = v.problems == 0 ? EX_ALL_WELL : v.problems == v.missing ? EX_NOINPUT : EX_SOME_FAILED;
	if (json)
		rec_write_counts(code, {"verified", good}, {"failed", bad});
	return code;
}
