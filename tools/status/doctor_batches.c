/* Checks of batches: whether their files are there, valid and writable, and whether the work on them stands still. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch/batch.h"
#include "batch/job_status.h"
#include "doctor_checks.h"
#include "files/file.h"
#include "records/rec.h"

struct patient {
	struct doctor *d;
	struct batch *b;
	const char *name;
	struct job_status p;
	uint64_t announced; /* how many items batch.json announces; 0: it does not say */
};

/* Whether the batch may still become complete, because a process makes it or works on it. */
static bool
under_way(const struct patient *v)
{
	return v->p.counts.held || v->p.queued;
}

/* Reports that WHAT of the batch cannot be read, with the reason from errno. */
static void
cannot_read(struct patient *v, const char *what)
{
	doctor_find(v->d, DOCTOR_PROBLEM, v->name, "%s of %s cannot be read: %s", what, v->name, file_reason(errno));
	doctor_mend(v->d,
		    "`bi-clean check %s` names the files that cannot be read; check the permissions of "
		    "'%s/batches/%s', and look for disk errors in the kernel's log (dmesg)",
		    v->name, v->d->root->path, v->name);
}

static void
look_at_about(struct patient *v)
{
	struct json_object *about = batch_metadata_object(v->b);
	int error = errno;

	if (about) {
		v->announced = (uint64_t)rec_number(about, "items", 0);
		json_object_put(about);
		return;
	}
	if (error == ENOENT && under_way(v))
		return;
	if (error == ENOENT && v->p.counts.length == 0) {
		doctor_find(v->d, DOCTOR_PROBLEM, v->name,
			    "%s is half-made: it has no items, and the program that made it was killed", v->name);
		doctor_mend(v->d, "repeat the command that made it, or remove the directory '%s/batches/%s'",
			    v->d->root->path, v->name);
		return;
	}
	if (error != ENOENT && error != EINVAL && error != EBADMSG) {
		errno = error;
		cannot_read(v, "batch.json");
		return;
	}
	doctor_find(v->d, DOCTOR_PROBLEM, v->name, "batch.json of %s is %s", v->name,
		    error == ENOENT ? "missing" : "damaged");
	doctor_mend(v->d, "remove it if it is there; `bi-fetch -b %s --resume` writes another, with a new job id",
		    v->name);
}

/* How many bytes of `state` are not valid states. -1 with errno. */
static int64_t
odd_states(const struct patient *v, uint64_t *length)
{
	int fd = openat(batch_dirfd(v->b), "state", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	unsigned char chunk[1 << 16];
	int64_t odd = 0;
	ssize_t n;

	*length = 0;
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	while ((n = file_read_at(fd, chunk, sizeof(chunk), (off_t)*length)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			odd += !memchr("prcfx", chunk[i], 6); /* NUL too, which is p */
		*length += (uint64_t)n;
	}
	return file_close(fd, n < 0 ? -1 : 0) < 0 ? -1 : odd;
}

/* Whether the completed item K still has its result and its file. 1, 0, or -1 with errno. */
static int
is_there(const struct patient *v, uint32_t k)
{
	struct json_object *result = batch_result_object(v->b, k);
	int fd, is;

	if (!result)
		return errno == ENOENT || errno == EBADMSG ? 0 : -1;
	if (!rec_string(result, "path")) {
		is = 1; /* a page from which only the media were fetched has no file */
	} else {
		fd = batch_open_file(v->b, result);
		is = file_close(fd, fd >= 0 ? 1 : errno == ENOENT ? 0 : -1);
	}
	json_object_put(result);
	return is;
}

/* Whether the first and the last completed item are there; a disk that loses files or results seldom loses only one. 1,
 * 0, or -1 with errno. */
static int
ends_are_there(const struct patient *v)
{
	int64_t first = batch_find_state(v->b, 1, 'c'), last = (int64_t)v->p.counts.length;
	int state = 0, is;

	if (first <= 0)
		return first < 0 ? -1 : 1;
	while (last > first && (state = batch_state(v->b, (uint32_t)last)) >= 0 && state != 'c')
		last--;
	is = state < 0 ? -1 : is_there(v, (uint32_t)first);
	return is > 0 ? is_there(v, (uint32_t)last) : is;
}

/* Whether the state of the batch is valid. */
static bool
look_at_state(struct patient *v)
{
	uint64_t length;
	int64_t odd = odd_states(v, &length);
	int there = 1;

	if (odd < 0) {
		cannot_read(v, "state");
		return false;
	}
	if (v->p.counts.length == 0 && length > 0)
		doctor_find(v->d, DOCTOR_PROBLEM, v->name,
			    "%s has lost its items: items.ndjson is missing or empty, but state has %" PRIu64, v->name,
			    length);
	else if (odd > 0)
		doctor_find(v->d, DOCTOR_PROBLEM, v->name,
			    "state of %s is damaged: %" PRId64 " of its bytes are not states", v->name, odd);
	else if (length > v->p.counts.length && !under_way(v))
		doctor_find(v->d, DOCTOR_PROBLEM, v->name,
			    "state of %s is damaged: it has %" PRIu64 " items, but items.ndjson has %" PRIu64, v->name,
			    length, v->p.counts.length);
	else if ((there = ends_are_there(v)) == 0)
		doctor_find(v->d, DOCTOR_PROBLEM, v->name, "%s has lost results or files of items that are completed",
			    v->name);
	else if (there < 0)
		cannot_read(v, "results or files");
	else
		return true;
	if (there < 0)
		return false;
	if (v->p.counts.length == 0)
		doctor_mend(v->d, "restore items.ndjson from a copy; if there is no copy, move '%s/batches/%s' away",
			    v->d->root->path, v->name);
	else
		doctor_mend(v->d, "`bi-status --rebuild %s`, then `bi-fetch -b %s --resume`", v->name, v->name);
	return false;
}

static void
look_at_work(struct patient *v)
{
	const struct batch_counts *c = &v->p.counts;
	char room[DOCTOR_SPAN];

	if (v->announced > c->length && !under_way(v)) {
		doctor_find(v->d, DOCTOR_PROBLEM, v->name,
			    "%s is half-made: %" PRIu64 " items were announced, but it has %" PRIu64, v->name,
			    v->announced, c->length);
		doctor_mend(v->d, "submit the batch again, and remove the directory '%s/batches/%s'", v->d->root->path,
			    v->name);
	} else if (v->p.stale) {
		doctor_find(v->d, DOCTOR_PROBLEM, v->name,
			    "%s has %" PRIu64 " of %" PRIu64 " items left, and no process has worked on them for %s",
			    v->name, c->pending + c->processing, c->total,
			    doctor_span(room, doctor_seconds_since(v->p.updated)));
		doctor_mend(v->d, "`bi-fetch -b %s --resume` continues", v->name);
	}
}

/* Whether the next program can write the folders and files of the batch. */
static bool
look_at_access(struct patient *v)
{
	static const char *const files[] = {"items.ndjson", "lock", "results.ndjson", "state"};
	struct buf shown = {0};
	bool good;

	buf_printf(&shown, "batches/%s/files", v->name);
	good = doctor_folder(v->d, batch_dirfd(v->b), "files", v->name, shown.data);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && !v->d->read_only && good; i++) {
		if (faccessat(batch_dirfd(v->b), files[i], R_OK | W_OK, AT_EACCESS) == 0 || errno == ENOENT)
			continue;
		doctor_find(v->d, DOCTOR_PROBLEM, v->name, "batches/%s/%s cannot be written by this user: %s", v->name,
			    files[i], strerror(errno));
		doctor_mend(v->d, "chmod u+rw '%s/batches/%s/%s', or run the programs as its owner", v->d->root->path,
			    v->name, files[i]);
		good = false;
	}
	buf_free(&shown);
	return good;
}

static void
look_into(struct patient *v)
{
	if (job_status_read(v->d->root, v->b, &v->p) < 0) {
		doctor_find(v->d, DOCTOR_PROBLEM, v->name, "cannot read the state of %s: %s", v->name, strerror(errno));
		doctor_mend(v->d, "check the permissions of '%s/batches/%s'", v->d->root->path, v->name);
		return;
	}
	look_at_about(v);
	if (look_at_state(v))
		look_at_work(v);
	look_at_access(v);
}

struct batches {
	struct doctor *d;
	int dir; /* batches/ */
	size_t n;
};

static bool
look_at_batch(const char *name, void *arg)
{
	struct batches *all = arg;
	struct patient v = {.d = all->d, .name = name};
	struct buf shown = {0};
	bool usable;

	all->n++;
	buf_printf(&shown, "batches/%s", name);
	usable = doctor_folder(all->d, all->dir, name, name, shown.data);
	buf_free(&shown);
	if (!usable)
		return true;
	v.b = batch_open(all->d->root, name, BATCH_READ, NULL);
	if (v.b) {
		look_into(&v);
		batch_close(v.b);
	} else if (errno == BATCH_NEWER) {
		doctor_find(all->d, DOCTOR_PROBLEM, name, "%s cannot be opened: %s", name, trouble_reason(errno));
		doctor_mend(all->d, "install a newer version of bi");
	} else if (errno != ENOENT) {
		doctor_find(all->d, DOCTOR_PROBLEM, name, "%s cannot be opened: %s", name, strerror(errno));
		doctor_mend(
			all->d,
			"check its files: '%s/batches/%s' should contain only regular files and the directory files/",
			all->d->root->path, name);
	}
	return true;
}

static void
not_listed(struct doctor *d)
{
	doctor_find(d, DOCTOR_PROBLEM, NULL, "batches cannot be read: %s", strerror(errno));
	doctor_mend(d, "check the permissions of '%s/batches', and look for disk errors in the kernel's log (dmesg)",
		    d->root->path);
}

/* Reports a file in batches/ that has the name of a batch but is not a directory. */
static int
look_for_stray(int dir, const struct dirent *e, void *arg)
{
	struct buf shown = {0};

	if (root_name_check(e->d_name) || e->d_type == DT_DIR || e->d_type == DT_UNKNOWN)
		return 0;
	buf_printf(&shown, "batches/%s", e->d_name);
	doctor_folder(arg, dir, e->d_name, e->d_name, shown.data);
	buf_free(&shown);
	return 0;
}

void
doctor_batches(struct doctor *d)
{
	struct batches all = {.d = d, .dir = root_open_dir(d->root->fd, "batches", false)};

	if (all.dir >= 0) {
		if (file_each(openat(all.dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), look_for_stray, d) < 0)
			not_listed(d);
		if (batch_each(d->root, look_at_batch, &all) < 0)
			not_listed(d);
	} else if (errno != ENOENT) {
		not_listed(d);
	}
	file_close(all.dir, 0);
	doctor_looked(d, "%zu batch%s", all.n, all.n == 1 ? "" : "es");
}
