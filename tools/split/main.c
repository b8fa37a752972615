/* bi-split: cuts a list into parts by host, bi-split(1). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/human.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/words.h"
#include "files/file.h"
#include "files/root.h"
#include "hosts/http_policy.h"
#include "records/rec.h"
#include "split.h"

enum { PARTS_MAX = 10000, OPT_BY = 256, OPT_SIZE };

static const struct opt table[] = {
	{'n', "parts", "N", "how many parts"},
	{OPT_SIZE, "size", "ITEMS", "items in a part on average, instead of -n"},
	{'d', "directory", "DIR", "where the parts are written: part-0, part-1 and so on"},
	{OPT_BY, "by", "WHAT", "what is kept together: host (the default) or subject"},
	{'i', "input", "FILE", "a list to read, instead of standard input; may be given more than once"},
	{'0', "null", NULL, "names in the list end in NUL, as find -print0 writes them"},
	{'r', "root", "ROOT", "a root whose hosts.conf counts too"},
	{'j', "json", NULL, "records also on a terminal"},
	{0},
};

struct split {
	char *dir; /* without slashes at its end */
	const char *root;
	unsigned n;
	long size;
	bool by_subject, null, json;
	struct list {
		int fd;
		const char *path; /* NULL: standard input */
	} * lists;
	size_t lists_n;
	struct host_rules *rules;
	struct parts *parts;
	struct large_hosts *large; /* NULL with --by subject */
	struct buf key;
	uint64_t items, bad;
	int upstream;
	bool was_cut, has_ended;
};

/* Ends the program because the list could not be read, by errno. No part is left. */
static void
die_unread(const struct split *s, const struct list *list)
{
	int error = errno;

	if (s->parts)
		parts_drop(s->parts);
	errno = error;
	if (!list->path)
		msg_die_errno(EX_IOERR, "cannot read standard input");
	msg_die_errno(EX_IOERR, "cannot read the list '%s'", list->path);
}

/* --- the part of a line --- */

/* Fowler, Noll and Vo, 1a, with the last step of MurmurHash3, by which each bit depends on all. */
static uint64_t
hash_key(const char *s)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	h = (h ^ h >> 33) * 0xff51afd7ed558ccd;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53;
	return h ^ h >> 33;
}

/* Jump consistent hash (Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014). */
static unsigned
jump_hash(uint64_t key, unsigned n)
{
	int64_t b = -1, j = 0;

	while (j < n) {
		b = j;
		key = key * 2862933555777941757 + 1;
		j = (int64_t)((double)(b + 1) * ((double)(1LL << 31) / (double)((key >> 33) + 1)));
	}
	return (unsigned)b;
}

/* Stores the subject's id in the key, if the record has one. */
static bool
has_subject(struct split *s, const struct rec *rec)
{
	struct json_object *subject;
	char room[64];
	const char *id;

	if (rec->kind != REC_JSON || !json_object_object_get_ex(rec->json, "subject", &subject))
		return false;
	id = json_object_is_type(subject, json_type_object) ? rec_text(subject, "id", room, sizeof(room))
							    : rec_text(rec->json, "subject", room, sizeof(room));
	if (id)
		buf_str(&s->key, id);
	return id != NULL;
}

/* Stores what the line must be together with. Returns whether that is a host. */
static bool
find_key(struct split *s, const struct rec *rec)
{
	const char *url = rec->text;
	struct host_rule rule;

	buf_clear(&s->key);
	if (s->by_subject && has_subject(s, rec))
		return false;
	if (rec->kind == REC_JSON && !(url = rec_string(rec->json, "url")))
		url = rec_string(rec->json, "media");
	if (!s->by_subject && url && strstr(url, "://") && http_policy_host_key(s->rules, url, &s->key, &rule))
		return true;
	/* A file, or a line that bi-fetch refuses. */
	buf_clear(&s->key);
	if (s->by_subject || !has_subject(s, rec))
		buf_str(&s->key, rec->text);
	return false;
}

static void
add_record(struct split *s, const struct rec *rec)
{
	bool is_host;
	uint64_t hash;

	if (rec->kind == REC_BAD) {
		msg_warn("%s: it is in no part", rec->wrong);
		s->bad++;
		return;
	}
	is_host = find_key(s, rec);
	hash = hash_key(s->key.data ? s->key.data : "");
	if (is_host && s->large)
		large_hosts_count(s->large, s->key.data, hash);
	parts_add(s->parts, jump_hash(hash, s->n), rec->text, rec->len);
	s->items++;
}

static void
read_list(struct split *s, const struct list *list)
{
	struct rec_reader *in = rec_open(NULL, list->fd);
	struct rec rec;

	rec_set_form(in, s->null ? REC_FORM_NUL : REC_FORM_LIST);
	while (rec_next(in, &rec) != REC_EOF) {
		if (rec.kind != REC_MORE)
			add_record(s, &rec);
		else if (rec_fill(in) < 0)
			die_unread(s, list);
	}
	s->was_cut = rec_report_cut(in) || s->was_cut;
	s->has_ended = rec_has_ended(in) || s->has_ended;
	if (rec_upstream_exit(in) > s->upstream)
		s->upstream = rec_upstream_exit(in);
	rec_close(in);
}

/* --- the number of parts --- */

/* Counts the ends of lines in FD from its read position, and goes back there. -1 with errno. */
static int64_t
count_lines(const struct split *s, int fd)
{
	char *block = buf_alloc(1 << 16), end = s->null ? '\0' : '\n';
	off_t from = lseek(fd, 0, SEEK_CUR), at = from;
	int64_t lines = 0;
	ssize_t n = -1;

	while (from >= 0 && (n = file_read_at(fd, block, 1 << 16, at)) > 0) {
		for (const char *p = block; (p = memchr(p, end, (size_t)(block + n - p))); p++)
			lines++;
		at += n;
	}
	free(block);
	return n < 0 ? -1 : lines;
}

/* Stores a list that can be read once only in a nameless file beside the parts, and has it read from there. */
static void
store_list(const struct split *s, struct list *list)
{
	struct buf parent = {0};
	const char *slash = strrchr(s->dir, '/');
	ssize_t n;
	char *block = buf_alloc(1 << 16);
	int file;

	buf_add(&parent, s->dir, slash ? (size_t)(slash - s->dir) + 1 : 0);
	buf_str(&parent, ".");
	file = open(parent.data, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	buf_free(&parent);
	while (file >= 0 && (n = read(list->fd, block, 1 << 16)) != 0) {
		if (n < 0 && errno != EINTR)
			die_unread(s, list);
		if (n > 0 && file_write(file, block, (size_t)n) < 0)
			file = file_close(file, -1);
	}
	free(block);
	if (file < 0 || lseek(file, 0, SEEK_SET) < 0)
		msg_die_errno(msg_exit_code(errno), "cannot store the list beside '%s', to count its lines", s->dir);
	list->fd = file;
}

/* --size: as many parts as the lists need. */
static void
choose_parts(struct split *s)
{
	int64_t lines = 0, n;

	for (size_t i = 0; i < s->lists_n; i++) {
		struct list *list = &s->lists[i];
		struct stat st;

		if (fstat(list->fd, &st) == 0 && !S_ISREG(st.st_mode))
			store_list(s, list);
		n = count_lines(s, list->fd);
		if (n < 0)
			die_unread(s, list);
		lines += n;
	}
	n = (lines + s->size - 1) / s->size;
	if (n > PARTS_MAX)
		msg_die(EX_WRONG_USE, "--size %ld makes %lld parts, and there may be %d: choose a larger size", s->size,
			(long long)n, PARTS_MAX);
	s->n = n ? (unsigned)n : 1;
}

/* --- the answer --- */

static void
print_host(const char *key, uint64_t items, void *arg)
{
	const struct split *s = arg;
	unsigned part = jump_hash(hash_key(key), s->n);
	struct json_object *o = json_object_new_object();

	if (s->n > 1)
		msg_warn("the host %s has about %llu of %llu lines, more than a part has on average: part-%u will end "
			 "last",
			 key, (unsigned long long)items, (unsigned long long)s->items, part);
	if (s->json && s->n > 1) {
		rec_add_string(o, "host", key);
		json_object_object_add(o, "items", json_object_new_uint64(items));
		json_object_object_add(o, "part", json_object_new_int64(part));
		rec_write_json(o);
	} else {
		json_object_put(o);
	}
}

static void
print_parts(const struct split *s, int code)
{
	for (unsigned k = 0; k < s->n; k++) {
		struct json_object *o;
		char *file = NULL;

		if (asprintf(&file, "%s/part-%u", s->dir, k) < 0)
			msg_die(EX_OSERR, "out of memory");
		if (s->json) {
			o = json_object_new_object();
			json_object_object_add(o, "part", json_object_new_int64(k));
			rec_add_string(o, "file", file);
			json_object_object_add(o, "items", json_object_new_uint64(parts_count(s->parts, k)));
			rec_write_json(o);
		} else {
			human_print("%10llu  %s", (unsigned long long)parts_count(s->parts, k), file);
		}
		free(file);
	}
	if (s->large)
		/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): there is one part at least */
		large_hosts_each(s->large, s->items / s->n + 1, print_host, (void *)(size_t)s);
	if (s->json)
		rec_write_counts(code, {"items", s->items}, {"parts", s->n}, {"bad", s->bad});
}

/* A part of a list that was ended is ended too, so that bi-fetch does not take it for one that was cut. */
static void
end_parts(struct split *s)
{
	char line[64];
	int n = snprintf(line, sizeof(line), "{\"end\":\"bi-split\",\"exit\":%d}", s->upstream);

	for (unsigned k = 0; k < s->n; k++)
		parts_end(s->parts, k, line, (size_t)n);
}

/* --- options --- */

static void
add_list(struct split *s, const char *path)
{
	struct list list = {STDIN_FILENO, NULL};

	if (strcmp(path, "-") != 0)
		list = (struct list){open(path, O_RDONLY | O_CLOEXEC), path};
	if (list.fd < 0)
		msg_die_errno(EX_NOINPUT, "cannot open the list '%s'", path);
	s->lists = buf_grow(s->lists, s->lists_n, sizeof(list));
	s->lists[s->lists_n++] = list;
}

static void
set_directory(struct split *s, const char *dir)
{
	size_t n = strlen(dir);

	free(s->dir);
	s->dir = buf_strdup(dir);
	while (n > 1 && s->dir[n - 1] == '/')
		s->dir[--n] = '\0';
}

static void
read_options(struct split *s, struct opts *o)
{
	int id;

	while ((id = opt_next(o))) {
		switch (id) {
		case 'n':
			s->n = (unsigned)opt_number(o, 1, PARTS_MAX);
			break;
		case OPT_SIZE:
			s->size = opt_number(o, 1, 1L << 40);
			break;
		case 'd':
			set_directory(s, o->value);
			break;
		case OPT_BY:
			if (!word_is_one_of(o->value, "host", "subject"))
				opt_die("--by takes host or subject, not '%s'", o->value);
			s->by_subject = strcmp(o->value, "subject") == 0;
			break;
		case 'i':
			add_list(s, o->value);
			break;
		case '0':
			s->null = true;
			break;
		case 'r':
			s->root = o->value;
			break;
		default:
			s->json = true;
			break;
		}
	}
	if (*opt_rest(o))
		opt_die("'%s' is not an option: give a list with --input or on standard input", *opt_rest(o));
	if (!s->n == !s->size)
		opt_die("one of --parts and --size says how many parts there are");
	if (!s->dir || !*s->dir)
		opt_die("--directory says where the parts are written");
	if (!s->lists_n)
		add_list(s, "-");
}

int
main(int argc, char **argv)
{
	struct split s = {.json = !isatty(STDOUT_FILENO)};
	struct opts o = opt_begin("bi-split", table, argc, argv, "", "Cuts a list into parts for several machines.");
	struct root root;
	int code;

	read_options(&s, &o);
	msg_use_utf8(); /* libcurl reads names of hosts in the set of the locale */
	if (root_open_existing(&root, s.root)) {
		s.rules = host_rules_load(root.path);
		root_close(&root);
	} else {
		s.rules = host_rules_load(NULL);
	}
	if (s.size)
		choose_parts(&s);
	s.large = s.by_subject ? NULL : large_hosts_open();
	s.parts = parts_begin(s.dir, s.n, s.null ? '\0' : '\n');
	for (size_t i = 0; i < s.lists_n; i++)
		read_list(&s, &s.lists[i]);
	if (s.has_ended)
		end_parts(&s);
	parts_publish(s.parts);
	code = s.bad || s.was_cut || s.upstream ? EX_SOME_FAILED : EX_ALL_WELL;
	print_parts(&s, code);
	parts_drop(s.parts);
	if (s.large)
		large_hosts_close(s.large);
	host_rules_free(s.rules);
	buf_free(&s.key);
	free(s.lists);
	free(s.dir);
	msg_finish(code);
}
