#include "lists.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "list_feed.h"
#include "list_hint.h"
#include "list_table.h"

/* One list, or consecutive operands. */
struct list {
	const char *name; /* as messages show it */
	char **operands;  /* NULL: it is a list */
	int fd;
	enum list_format format;
	/* One of these is set when it is read. */
	struct rec_reader *lines;
	struct list_table *table;
	struct list_feed *feed;
	struct list *next;
};

struct lists {
	const struct settings *set;
	struct list *first, **last, *now; /* NOW: the current one; NULL: all were read */
	bool stdin_read, cut;
	int trouble, upstream_exit;
};

/* --- opening --- */

/* The format by the name of the list, if no option gives it. */
static enum list_format
format_of(const struct settings *set, const char *name)
{
	static const struct {
		const char *extension;
		enum list_format format;
	} known[] = {{".csv", LIST_CSV},
		     {".tsv", LIST_TSV},
		     {".xml", LIST_SITEMAP},
		     {".rss", LIST_FEED},
		     {".atom", LIST_FEED}};
	const char *dot = strrchr(name, '.');

	if (set->list_format != LIST_UNKNOWN)
		return set->list_format;
	if (set->nul)
		return LIST_LINES;
	for (size_t i = 0; dot && i < sizeof(known) / sizeof(*known); i++)
		if (strcasecmp(dot, known[i].extension) == 0)
			return known[i].format;
	return set->column ? LIST_CSV : LIST_LINES;
}

static struct list *
add_list(struct lists *l)
{
	struct list *list = buf_alloc(sizeof(*list));

	list->fd = -1;
	*l->last = list;
	l->last = &list->next;
	return list;
}

static void
add_stdin(struct lists *l)
{
	struct list *list = add_list(l);

	list->name = "standard input";
	list->fd = STDIN_FILENO;
	list->format = format_of(l->set, "");
	l->stdin_read = true;
}

static void
add_file(struct lists *l, const char *name)
{
	struct list *list;
	struct stat st;

	if (strcmp(name, "-") == 0) {
		add_stdin(l);
		return;
	}
	list = add_list(l);
	list->name = name;
	list->format = format_of(l->set, name);
	list->fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (list->fd >= 0 && fstat(list->fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(list->fd);
		list->fd = -1;
		errno = EISDIR;
	}
	if (list->fd < 0)
		msg_die_errno(errno == EACCES || errno == EPERM ? EX_NOPERM : EX_NOINPUT, "cannot read the list '%s'",
			      name);
}

/* A shell passes a pattern on unchanged if it matches nothing. */
static void
check_pattern(const char *operand)
{
	struct stat st;

	if (list_is_pattern(operand) && lstat(operand, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
		msg_die(EX_USAGE,
			"'%s' is a pattern that matches no file, so that the shell passed it on as it is: nothing was "
			"added. Check the directory and the pattern",
			operand);
}

static void
add_operands(struct lists *l, char **operands)
{
	struct list *list;

	for (char **p = operands; *p && !l->set->public_only; p++)
		check_pattern(*p);
	while (*operands) {
		if (strcmp(*operands, "-") == 0) {
			add_stdin(l);
			operands++;
			continue;
		}
		list = add_list(l);
		list->name = "the command line";
		list->operands = operands;
		while (*operands && strcmp(*operands, "-") != 0)
			operands++;
		if (!*operands)
			break;
		*operands++ = NULL; /* it ends them */
		add_stdin(l);
	}
}

struct lists *
lists_open(const struct settings *set, char **operands)
{
	struct lists *l = buf_alloc(sizeof(*l));

	*l = (struct lists){.set = set, .last = &l->first};
	add_operands(l, operands);
	for (size_t i = 0; i < set->input_count; i++)
		add_file(l, set->inputs[i]);
	if (!l->first)
		add_stdin(l);
	if (l->stdin_read && isatty(STDIN_FILENO))
		msg_warn("reading URLs and files from the terminal, one a line; Ctrl-D ends them");
	l->now = l->first;
	return l;
}

/* --- reading --- */

static void
begin_list(struct lists *l, struct list *list)
{
	if (list->operands || list->format == LIST_LINES) {
		list->lines = rec_open(list->operands, list->fd);
		rec_set_form(list->lines, l->set->nul ? REC_FORM_NUL : REC_FORM_LIST);
	} else if (list->format == LIST_CSV || list->format == LIST_TSV) {
		list->table =
			list_table_open(list->name, list->fd, list->format == LIST_TSV ? '\t' : '\0', l->set->column);
	} else {
		list->feed = list_feed_open(list->name, list->fd, l->set->column);
	}
}

static void
end_list(struct lists *l, struct list *list)
{
	int code = list->lines ? rec_upstream_exit(list->lines) : 0;

	if (list->lines && rec_was_cut(list->lines))
		l->cut = true;
	if (code > l->upstream_exit)
		l->upstream_exit = code;
	code = list->table ? list_table_trouble(list->table) : list->feed ? list_feed_trouble(list->feed) : 0;
	if (code)
		l->trouble = code;
	l->now = list->next;
}

/* A list of lines that is a sitemap or a feed: its lines would be names of files that do not exist. */
static bool
is_xml(const struct list *list, const struct rec *rec)
{
	static const char *const begins[] = {"<?xml", "<urlset", "<sitemapindex", "<rss", "<feed"};

	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (!list->operands && rec->kind == REC_PLAIN && rec->line == 1 &&
		    strncmp(rec->text, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

static enum rec_kind
next_of(struct list *list, struct rec *out)
{
	return list->lines   ? rec_next(list->lines, out)
	       : list->table ? list_table_next(list->table, out)
			     : list_feed_next(list->feed, out);
}

enum rec_kind
lists_next(struct lists *l, struct rec *out)
{
	while (l->now) {
		if (!l->now->lines && !l->now->table && !l->now->feed)
			begin_list(l, l->now);
		if (next_of(l->now, out) != REC_EOF && !is_xml(l->now, out))
			return out->kind;
		if (out->kind != REC_EOF) {
			msg_warn("nothing was taken from the list '%s': it is XML: give --list-format sitemap or feed "
				 "for it",
				 l->now->name);
			l->trouble = EX_DATAERR;
		}
		end_list(l, l->now);
	}
	return out->kind = REC_EOF;
}

int
lists_fd(const struct lists *l)
{
	if (!l->now || l->now->operands)
		return -1;
	return l->now->feed ? list_feed_fd(l->now->feed) : l->now->fd;
}

int
lists_wait_ms(const struct lists *l)
{
	return l->now && l->now->feed ? 1000 : -1;
}

int
lists_wait(const struct lists *l)
{
	struct pollfd p = {.fd = lists_fd(l), .events = POLLIN};

	return poll(&p, 1, p.fd < 0 ? 0 : lists_wait_ms(l)) < 0 && errno != EINTR ? -1 : 0;
}

int
lists_fill(struct lists *l)
{
	struct list *list = l->now;

	if (list->lines)
		return rec_fill(list->lines) < 0 ? -1 : 0;
	return list->table ? list_table_fill(list->table) : list_feed_fill(list->feed);
}

/* --- at the end --- */

void
lists_close(struct lists *l)
{
	struct list *list;

	if (!l)
		return;
	while ((list = l->first)) {
		l->first = list->next;
		if (list->lines)
			rec_close(list->lines);
		list_table_close(list->table);
		list_feed_close(list->feed);
		if (list->fd > STDERR_FILENO)
			close(list->fd);
		free(list);
	}
	free(l);
}

int
lists_trouble(const struct lists *l)
{
	return l->trouble;
}

bool
lists_were_cut(const struct lists *l)
{
	return l->cut;
}

int
lists_upstream_exit(const struct lists *l)
{
	return l->upstream_exit;
}
