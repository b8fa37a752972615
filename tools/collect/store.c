/* The directory of a subject in the collection. Files are written first, then the metadata that names them, atomically;
 * files that are no longer named are removed last. So a reader without the lock finds the files that the metadata
 * names, unless they were removed since. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/utf8.h"
#include "files/atomic_file.h"
#include "files/file.h"
#include "records/rec.h"
#include "store.h"

enum { TRIES = 1000 };

static const char metadata_name[] = "metadata.json";

int
store_open(const struct collect *c, const char *place, bool create, bool alone)
{
	for (int i = 0; i < TRIES; i++) {
		int fd = place_open(c->subjects, place, create), is;

		if (fd < 0 && create && errno == ENOENT)
			continue; /* it was removed between the two steps */
		if (fd < 0)
			return -1;
		is = lock_wait(fd, alone ? LOCK_ALONE : LOCK_SHARED) < 0 ? -1 : file_is_named(c->subjects, place, fd);
		if (is > 0)
			return fd;
		if (file_close(fd, is) < 0)
			return -1;
	}
	return file_fail(EBUSY);
}

/* Whether NAME is a name that bi gives: a digest and an extension. */
static bool
is_named_by_content(const char *name)
{
	return strspn(name, "0123456789abcdef") == HASH_HEX && name[HASH_HEX] == '.' && name[HASH_HEX + 1] &&
	       !strchr(name, '/') && strlen(name) < FILE_MAX;
}

/* Whether all of an array, which may be missing, are objects. */
static bool
are_objects(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v))
		return true;
	if (!json_object_is_type(v, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(v); i++)
		if (!json_object_is_type(json_object_array_get_idx(v, i), json_type_object))
			return false;
	return true;
}

/* Whether it has the form in which bi writes it, on which readers rely. */
static bool
is_metadata(struct json_object *o)
{
	struct json_object *choices = store_choices(o), *credit;

	if (!choices || !are_objects(o, "choices"))
		return false;
	for (size_t i = 0; i < json_object_array_length(choices); i++) {
		struct json_object *choice = json_object_array_get_idx(choices, i);
		const char *file = rec_string(choice, "file");

		if (!rec_string(choice, "batch") || !file || !is_named_by_content(file))
			return false;
		if (json_object_object_get_ex(choice, "credit", &credit) &&
		    (!json_object_is_type(credit, json_type_object) || !are_objects(credit, "licenses")))
			return false;
	}
	return true;
}

struct json_object *
store_read(int dir)
{
	int fd = openat(dir, metadata_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct json_object *o = NULL;
	struct buf text = {0};

	if (fd < 0)
		return NULL;
	if (file_close(fd, file_read_all(fd, SIZE_MAX, &text)) == 0) {
		o = rec_parse(text.data, text.len, NULL, 0);
		if (!o || !is_metadata(o)) {
			json_object_put(o);
			o = NULL;
			errno = EBADMSG;
		}
	}
	buf_free(&text);
	return o;
}

bool
store_is_damage(int error)
{
	return error == EBADMSG || error == ENOTDIR || error == EISDIR || error == ELOOP;
}

const char *
choice_text(struct json_object *choice, const char *key)
{
	const char *s = rec_string(choice, key);

	return s ? s : "";
}

struct json_object *
store_choices(struct json_object *metadata)
{
	struct json_object *v;

	return metadata && json_object_object_get_ex(metadata, "choices", &v) && json_object_is_type(v, json_type_array)
		       ? v
		       : NULL;
}

void
store_print(const char *id, struct json_object *choices, struct buf *out)
{
	struct json_object *o = json_object_new_object();
	static const char *const from_first[] = {"name", "category"};

	rec_add_string(o, "id", id);
	for (size_t k = 0; k < sizeof(from_first) / sizeof(*from_first); k++)
		for (size_t i = 0; i < json_object_array_length(choices); i++) {
			const char *s = rec_string(json_object_array_get_idx(choices, i), from_first[k]);

			if (!s)
				continue;
			rec_add_string(o, from_first[k], s);
			break;
		}
	json_object_object_add(o, "choices", json_object_get(choices));
	buf_str(out, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
							       JSON_C_TO_STRING_NOSLASHESCAPE));
	buf_str(out, "\n");
	json_object_put(o);
}

/* --- what is to be there --- */

/* The locked directory of a subject, and its new state. */
struct subject {
	struct collect *c;
	const struct wanted *w;
	struct stored *out;
	int dir;
	struct buf text;            /* its old metadata; empty: none */
	struct json_object *before; /* the old choices; those that stay are changed in place */
	struct json_object *after;
	int left; /* entries of DIR that stay */
};

static bool
is_ours(const struct subject *s, struct json_object *choice)
{
	return strcmp(choice_text(choice, "batch"), s->w->batch) == 0;
}

static size_t
array_length(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

/* Whether both choices have KEY, "name" or "category", with different values. */
static bool
member_differs(struct json_object *a, struct json_object *b, const char *key)
{
	const char *x = rec_string(a, key), *y = rec_string(b, key);

	return x && y && strcmp(x, y) != 0;
}

/* Whether another batch uses this id for another subject; stores a message. */
static bool
is_conflict(struct subject *s)
{
	struct json_object *first = json_object_array_get_idx(s->w->choices, 0);

	for (size_t i = 0; first && i < array_length(s->before); i++) {
		struct json_object *o = json_object_array_get_idx(s->before, i);

		if (is_ours(s, o) || (!member_differs(o, first, "name") && !member_differs(o, first, "category")))
			continue;
		snprintf(s->out->conflict, sizeof(s->out->conflict),
			 "it is '%.100s' (%.40s) in batch %s and '%.100s' (%.40s) here", choice_text(o, "name"),
			 choice_text(o, "category"), choice_text(o, "batch"), choice_text(first, "name"),
			 choice_text(first, "category"));
		utf8_replace_invalid(s->out->conflict);
		return true;
	}
	return false;
}

/* Whether an existing choice of this batch stays although it is not wanted now. */
static bool
choice_stays(const struct subject *s, struct json_object *choice)
{
	for (size_t i = 0; i < s->w->keep_n; i++)
		if (rec_number(choice, "idx", 0) == s->w->keep[i])
			return true;
	return s->w->disputed || (s->w->keep_all && strcmp(choice_text(choice, "how"), "all") == 0);
}

static int
compare_choices(const void *a, const void *b)
{
	struct json_object *x = *(struct json_object *const *)a, *y = *(struct json_object *const *)b;
	int order = strcmp(choice_text(x, "batch"), choice_text(y, "batch"));
	long long i = rec_number(x, "idx", 0), k = rec_number(y, "idx", 0);

	return order ? order : (i > k) - (i < k);
}

/* Keeps the choices of other batches, and those of this batch that stay. */
static void
begin_after(struct subject *s)
{
	s->after = json_object_new_array();
	for (size_t i = 0; i < array_length(s->before); i++) {
		struct json_object *o = json_object_array_get_idx(s->before, i);

		if (is_ours(s, o) && !choice_stays(s, o))
			continue;
		if (is_ours(s, o)) {
			s->out->kept++;
			s->out->exported += !s->w->disputed && !json_object_object_get_ex(o, "disputed", NULL);
			if (s->w->disputed && !json_object_object_get_ex(o, "disputed", NULL))
				json_object_object_add(o, "disputed", json_object_new_boolean(true));
		}
		json_object_array_add(s->after, json_object_get(o));
	}
}

/* The existing choice that this batch made of the same candidate. */
static struct json_object *
same_before(const struct subject *s, struct json_object *choice)
{
	for (size_t i = 0; i < array_length(s->before); i++) {
		struct json_object *o = json_object_array_get_idx(s->before, i);

		if (is_ours(s, o) && rec_number(o, "idx", -1) == rec_number(choice, "idx", -2))
			return o;
	}
	return NULL;
}

/* --- files --- */

/* Whether a file of this name and size is in the directory. 1, 0, or -1 with errno. */
static int
has_file(int dir, const char *name, long long bytes)
{
	struct stat st;
	int rc = file_stat(dir, name, &st);

	return rc > 0 ? S_ISREG(st.st_mode) && (long long)st.st_size == bytes : rc;
}

/* A further name of the batch's file. */
static int
link_file(const struct subject *s, int in, const char *name)
{
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", in);
	if (linkat(AT_FDCWD, self, s->dir, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno != EEXIST || unlinkat(s->dir, name, 0) < 0)
		return -1;
	return linkat(AT_FDCWD, self, s->dir, name, AT_SYMLINK_FOLLOW);
}

/* Stores the file IN there as NAME: with shared blocks, as a link or as a copy. 0, or -1 with errno. */
static int
put_file(struct subject *s, int in, const char *name)
{
	if (!s->c->no_clone) {
		if (atomic_file_put_copy(s->c->temp, s->dir, name, in, ATOMIC_FILE_CLONED | ATOMIC_FILE_SYNCED) == 0)
			return 0;
		s->c->no_clone = true;
	}
	if (link_file(s, in, name) == 0)
		return 0;
	return atomic_file_put_copy(s->c->temp, s->dir, name, in, ATOMIC_FILE_SYNCED);
}

/* Stores the wanted choice number I, with its file. 0, or -1 with errno. */
static int
take_choice(struct subject *s, size_t i)
{
	struct json_object *choice = json_object_array_get_idx(s->w->choices, i), *old = same_before(s, choice);
	const char *file = rec_string(choice, "file");
	char hex[HASH_HEX + 1];
	int in = -1, same, has = file ? has_file(s->dir, file, rec_number(choice, "bytes", -1)) : 0;

	if (has < 0)
		return -1;
	if (has) {
		s->out->outcome[i] = old && strcmp(choice_text(old, "file"), file) == 0 ? STORE_SAME : STORE_NEW;
		s->out->kept++;
		s->out->exported++;
		json_object_array_add(s->after, json_object_get(choice));
		return 0;
	}
	if (file && (in = s->w->open(s->w->arg, i)) < 0 && errno != ENOENT)
		return -1;
	if (in < 0) {
		/* The batch has lost the file, but the collection may have it. */
		has = old ? has_file(s->dir, choice_text(old, "file"), rec_number(old, "bytes", -1)) : 0;
		if (has <= 0)
			return has;
		json_object_object_del(old, "disputed");
		s->out->outcome[i] = STORE_SAME;
		choice = old;
	} else {
		same = file_digest(in, hex) < 0 ? -1 : strcmp(hex, choice_text(choice, "sha256")) == 0;
		if (same > 0 && put_file(s, in, file) < 0)
			same = -1;
		if (file_close(in, same) < 0)
			return -1;
		s->out->outcome[i] = same ? STORE_NEW : STORE_CHANGED_FILE;
		if (!same)
			return 0;
	}
	s->out->kept++;
	s->out->exported++;
	json_object_array_add(s->after, json_object_get(choice));
	return 0;
}

static bool
is_chosen(struct json_object *choices, const char *file)
{
	for (size_t i = 0; i < array_length(choices); i++)
		if (strcmp(choice_text(json_object_array_get_idx(choices, i), "file"), file) == 0)
			return true;
	return false;
}

static int
remove_if_unchosen(int dir, const struct dirent *e, void *arg)
{
	struct subject *s = arg;

	if (!is_named_by_content(e->d_name) || is_chosen(s->after, e->d_name)) {
		s->left++;
		return 0;
	}
	if (unlinkat(dir, e->d_name, 0) < 0 && errno != ENOENT)
		return -1;
	buf_add(&s->out->removed, e->d_name, strlen(e->d_name) + 1);
	return 0;
}

/* Removes files that no batch chooses any longer. Returns how many other entries there are, -1 with errno. */
static int
remove_unchosen(struct subject *s)
{
	s->left = 0;
	if (file_each(openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), remove_if_unchosen, s) < 0)
		return -1;
	return s->left;
}

/* --- the whole --- */

/* Writes the metadata if it has changed. 0 or -1. */
static int
write_metadata(struct subject *s)
{
	struct buf now = {0};
	int rc = 0;

	json_object_array_sort(s->after, compare_choices);
	if (array_length(s->after) > 0)
		store_print(s->w->id, s->after, &now);
	if (array_length(s->after) == 0) {
		if (unlinkat(s->dir, metadata_name, 0) == 0)
			s->out->changed = true;
		else if (errno != ENOENT)
			rc = -1;
	} else if (!s->text.data || strcmp(now.data, s->text.data) != 0) {
		s->out->changed = true;
		rc = atomic_file_replace(s->c->temp, s->dir, metadata_name, now.data, now.len, true);
	}
	buf_free(&now);
	return rc;
}

static int
update_subject(struct subject *s)
{
	int left;

	for (size_t i = 0; i < array_length(s->w->choices); i++)
		if (take_choice(s, i) < 0)
			return -1;
	if (write_metadata(s) < 0 || (left = remove_unchosen(s)) < 0)
		return -1;
	return left == 0 ? place_remove(s->c->subjects, s->w->place) : 0;
}

int
store_update(struct collect *c, const struct wanted *w, struct stored *out)
{
	struct subject s = {.c = c, .w = w, .out = out};
	struct json_object *metadata;
	bool any = false;
	int rc = -1;

	*out = (struct stored){.outcome = buf_alloc((array_length(w->choices) + 1) * sizeof(*out->outcome))};
	for (size_t i = 0; i < array_length(w->choices); i++) {
		out->outcome[i] = STORE_GONE;
		any = any || rec_string(json_object_array_get_idx(w->choices, i), "file");
	}
	s.dir = store_open(c, w->place, any, true);
	if (s.dir < 0)
		return errno == ENOENT && !any ? 0 : -1;
	metadata = store_read(s.dir);
	if (metadata || errno == ENOENT) {
		c->made = c->made || !metadata;
		s.before = store_choices(metadata);
		if (s.before)
			store_print(w->id, s.before, &s.text);
		rc = 0;
		if (!is_conflict(&s)) {
			begin_after(&s);
			rc = update_subject(&s);
		}
	}
	buf_free(&s.text);
	json_object_put(s.after);
	json_object_put(metadata);
	return file_close(s.dir, rc);
}
