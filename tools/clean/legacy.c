/* The old layout: pages (index.html, submit.html, ID_review.html) and pictures (ID_IDX.EXT) of all batches lie directly
 * in one review folder. Files with such names are counted, made into a batch by bi-fetch, or removed. Directories,
 * which are batches, and all other files are left alone. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/child.h"
#include "base/human.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/paths.h"
#include "base/words.h"
#include "clean.h"
#include "files/file.h"
#include "records/rec.h"

struct picture {
	char *name;
	char subject[SUBJECT_MAX + 1];
	unsigned long idx;
	bool moved; /* the batch has its bytes */
};

struct legacy {
	const struct clean *c;
	const char *path; /* as it was named */
	int dir;
	char **pages;
	size_t pages_n;
	struct picture *pictures;
	size_t pictures_n;
	size_t directories, others;
	int64_t bytes;
};

static bool
is_page(const char *name)
{
	return word_is_one_of(name, "index.html", "submit.html") || word_ends_in(name, "_review.html");
}

/* Splits a name ID_IDX.EXT. */
static bool
is_picture(const char *name, struct picture *out)
{
	static const char *const kinds[] = {".jpg", ".jpeg", ".png",  ".webp", ".gif", ".svg",
					    ".tif", ".tiff", ".avif", ".heic", ".bmp", ".pdf"};
	const char *dot = strrchr(name, '.'), *bar = strrchr(name, '_');
	char *end;
	bool known = false;

	for (size_t i = 0; dot && i < sizeof(kinds) / sizeof(*kinds); i++)
		known = known || strcasecmp(dot, kinds[i]) == 0;
	if (!known || !bar || bar > dot || bar == name || (size_t)(bar - name) > SUBJECT_MAX ||
	    !isdigit((unsigned char)bar[1]))
		return false;
	memcpy(out->subject, name, (size_t)(bar - name));
	out->subject[bar - name] = '\0';
	out->idx = strtoul(bar + 1, &end, 10);
	return end == dot && !root_subject_check(out->subject);
}

static int
see(int dir, const struct dirent *e, void *arg)
{
	struct legacy *l = arg;
	const char *name = e->d_name;
	struct picture p = {0};
	struct stat st;
	int is = file_stat(dir, name, &st);

	if (is <= 0)
		return is;
	if (S_ISDIR(st.st_mode)) {
		l->directories++;
	} else if (S_ISREG(st.st_mode) && is_page(name)) {
		l->pages = buf_realloc(l->pages, (l->pages_n + 1) * sizeof(*l->pages));
		l->pages[l->pages_n++] = buf_strdup(name);
		l->bytes += st.st_size;
	} else if (S_ISREG(st.st_mode) && is_picture(name, &p)) {
		p.name = buf_strdup(name);
		l->pictures = buf_realloc(l->pictures, (l->pictures_n + 1) * sizeof(*l->pictures));
		l->pictures[l->pictures_n++] = p;
		l->bytes += st.st_size;
	} else {
		l->others++;
	}
	return 0;
}

/* Sorts by subject, then by the place in it. */
static int
by_place(const void *a, const void *b)
{
	const struct picture *p = a, *q = b;
	int order = strverscmp(p->subject, q->subject);

	if (order)
		return order;
	return p->idx != q->idx ? (p->idx < q->idx ? -1 : 1) : strcmp(p->name, q->name);
}

static int
look(struct legacy *l)
{
	if (file_each(openat(l->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), see, l) < 0)
		return -1;
	if (l->pictures_n)
		qsort(l->pictures, l->pictures_n, sizeof(*l->pictures), by_place);
	return 0;
}

static void
say_found(const struct legacy *l)
{
	struct json_object *o;

	if (!l->c->json) {
		human_print(
			"%s: %zu old pages and %zu pictures (%lld bytes) lie outside of batches; %zu directories and "
			"%zu other files are left alone",
			l->path, l->pages_n, l->pictures_n, (long long)l->bytes, l->directories, l->others);
		return;
	}
	o = json_object_new_object();
	rec_add_string(o, "legacy", l->path);
	json_object_object_add(o, "pages", json_object_new_int64((int64_t)l->pages_n));
	json_object_object_add(o, "pictures", json_object_new_int64((int64_t)l->pictures_n));
	json_object_object_add(o, "bytes", json_object_new_int64(l->bytes));
	json_object_object_add(o, "directories", json_object_new_int64((int64_t)l->directories));
	json_object_object_add(o, "others", json_object_new_int64((int64_t)l->others));
	rec_write_json(o);
}

/* --- removing --- */

static size_t
remove_names(const struct legacy *l)
{
	size_t failed = 0;

	for (size_t i = 0; i < l->pages_n + l->pictures_n; i++) {
		const struct picture *p = i < l->pages_n ? NULL : &l->pictures[i - l->pages_n];
		const char *name = p ? p->name : l->pages[i];

		if (p && l->c->move_to && !p->moved) {
			msg_warn("%s/%s is not the picture of that name in the batch %s: left there; --move-to with "
				 "another batch moves it",
				 l->path, name, l->c->move_to);
			failed++;
			continue;
		}
		if (unlinkat(l->dir, name, 0) < 0 && errno != ENOENT) {
			msg_warn_errno("cannot remove %s/%s", l->path, name);
			failed++;
		}
	}
	return failed;
}

static int
remove_all(const struct legacy *l, const char *why)
{
	size_t failed;

	if (l->c->only_say) {
		if (!l->c->json)
			human_print("would remove them");
		return 0;
	}
	failed = remove_names(l);
	if (!l->c->json)
		human_print("removed %zu files%s", l->pages_n + l->pictures_n - failed, why);
	return failed ? EX_SOME_FAILED : 0;
}

/* --- moving --- */

/* A descriptor to read these bytes from, -1 with errno. */
static int
readable(const struct buf *bytes)
{
	int fd = memfd_create("items", MFD_CLOEXEC);

	if (fd >= 0 && (file_write(fd, bytes->data, bytes->len) < 0 || lseek(fd, 0, SEEK_SET) < 0))
		return file_close(fd, -1);
	return fd;
}

/* Finds out from the output OUT of bi-fetch which pictures the batch has. A name that was moved earlier is already
 * completed, even if its bytes have changed. */
static void
note_moved(const struct legacy *l, int out)
{
	struct rec_reader *r = rec_open(NULL, out);
	enum rec_kind kind;
	struct rec rec;

	while ((kind = rec_next(r, &rec)) != REC_EOF) {
		const char *file = kind == REC_JSON ? rec_string(rec.json, "file") : NULL;
		const char *sha256 = file ? rec_string(rec.json, "sha256") : NULL, *slash;
		struct picture p = {0}, *known;

		if (kind == REC_MORE && rec_fill(r) < 0)
			break;
		slash = sha256 ? strrchr(file, '/') : NULL;
		p.name = slash ? (char *)(size_t)slash + 1 : NULL;
		if (!slash || !is_picture(p.name, &p))
			continue;
		known = bsearch(&p, l->pictures, l->pictures_n, sizeof(p), by_place);
		if (known)
			known->moved = file_has_digest(l->dir, known->name, sha256);
	}
	rec_close(r);
}

/* Runs bi-fetch for the batch. Returns its exit code, or -1 with errno. */
static int
fetch(const struct legacy *l, const struct buf *items)
{
	char batch[BATCH_NAME_MAX + 1];
	struct buf program = {0};
	int in = readable(items), out = memfd_create("records", MFD_CLOEXEC), rc = -1;
	char *argv[] = {"bi-fetch", "--root", l->c->root.path, "--quiet", "--batch", batch, NULL};
	const struct child_fd fds[] = {{in, STDIN_FILENO}, {out, STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
	struct child child = {.argv = argv, .fds = fds, .fd_count = sizeof(fds) / sizeof(*fds)};
	pid_t pid = -1;

	snprintf(batch, sizeof(batch), "%s", l->c->move_to);
	if (in >= 0 && out >= 0 && path_of_program(&program, "bi-fetch") == 0) {
		child.program = program.data;
		pid = child_start(&child);
	}
	if (pid > 0)
		rc = child_wait(pid);
	if (rc == 0 && lseek(out, 0, SEEK_SET) == 0)
		note_moved(l, out);
	file_close(in, 0);
	file_close(out, 0);
	buf_free(&program);
	return rc;
}

/* Makes a batch of the pictures. Once it has all of them, they and the pages are removed here. */
static int
move(const struct legacy *l)
{
	char *real = realpath(l->path, NULL);
	struct buf items = {0};
	size_t moved = 0;
	int rc;

	if (!real)
		return msg_report_errno("cannot resolve the path %s", l->path);
	/* The items of the batch, a line each. */
	for (size_t i = 0; i < l->pictures_n; i++) {
		const struct picture *p = &l->pictures[i];
		struct buf path = {0};

		buf_printf(&path, "%s/%s", real, p->name);
		buf_str(&items, "{\"subject\":");
		buf_json(&items, p->subject);
		buf_str(&items, ",\"file\":");
		buf_json(&items, path.data);
		buf_str(&items, ",\"title\":");
		buf_json(&items, p->name);
		buf_str(&items, "}\n");
		buf_free(&path);
	}
	free(real);
	if (l->c->only_say) {
		if (!l->c->json)
			human_print("would move %zu pictures to the batch %s, and remove the pages", l->pictures_n,
				    l->c->move_to);
		buf_free(&items);
		return 0;
	}
	rc = fetch(l, &items);
	buf_free(&items);
	if (rc < 0)
		msg_warn_errno("cannot start bi-fetch, which makes the batch");
	else if (rc > 0)
		msg_warn("not all of %s is in the batch %s: nothing is removed; run the same command again to continue",
			 l->path, l->c->move_to);
	if (rc)
		return rc < 0 ? EX_UNAVAILABLE : rc;
	for (size_t i = 0; i < l->pictures_n; i++)
		moved += l->pictures[i].moved;
	if (!l->c->json)
		human_print("moved %zu pictures to the batch %s: bi-render %s makes its pages", moved, l->c->move_to,
			    l->c->move_to);
	return remove_all(l, ", which are in the batch now");
}

static int
act(const struct legacy *l)
{
	if (l->pages_n + l->pictures_n == 0)
		return 0;
	if (l->c->move_to)
		return l->pictures_n ? move(l) : remove_all(l, "");
	if (!l->c->delete) {
		if (!l->c->json)
			human_print("--move-to NAME makes a batch of them, --delete removes them");
		return 0;
	}
	if (!clean_agreed(l->c, "Remove these %zu files from %s?", l->pages_n + l->pictures_n, l->path))
		return EX_SOME_FAILED;
	return remove_all(l, "");
}

/* Ends the program if the folder belongs to a batch, whose pages and pictures have the same names. */
static void
check_place(const struct legacy *l)
{
	char *below = root_path_below(&l->c->root, l->path);

	if (below && strcmp(below, "review") != 0)
		msg_die(EX_WRONG_USE, "%s is in the root itself: legacy is for folders of the old layout", l->path);
	free(below);
}

int
clean_legacy(const struct clean *c, char **args)
{
	struct legacy l = {.c = c, .path = args[0]};
	int code;

	if (!args[0] || args[1])
		opt_die("legacy takes one folder");
	if (c->move_to && c->delete)
		opt_die("--move-to and --delete cannot be used together");
	if (c->move_to && root_name_check(c->move_to))
		opt_die("the batch name '%s' %s", c->move_to, root_name_check(c->move_to));
	l.dir = open(l.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l.dir < 0 || look(&l) < 0)
		msg_die_errno(l.dir < 0 ? EX_NOINPUT : msg_exit_code(errno), "cannot read the folder %s", l.path);
	check_place(&l);
	say_found(&l);
	code = act(&l);
	if (c->json)
		rec_write_end(NULL, code);
	for (size_t i = 0; i < l.pages_n; i++)
		free(l.pages[i]);
	for (size_t i = 0; i < l.pictures_n; i++)
		free(l.pictures[i].name);
	free(l.pages);
	free(l.pictures);
	close(l.dir);
	return code;
}
