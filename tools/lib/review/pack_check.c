#include "review/pack_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/words.h"
#include "review/digests.h"
#include "review/set_sum.h"

enum { LINE_BYTES_MAX = 1 << 16 };

struct pack_check {
	pack_check_report *report;
	void *arg;
	struct set_sum has, should;    /* of the members: those that are there, and those of the list */
	struct digests members, lines; /* the same, with REPORT */
	size_t count;                  /* of the members */
	struct buf text;               /* of the list: a line that is not complete */
	struct hash *hash;
	bool is_list, has_list, bad_list, damaged;
	bool failed; /* it was not read to its end */
};

struct pack_check *
pack_check_new(pack_check_report *report, void *arg)
{
	struct pack_check *c = buf_alloc(sizeof(*c));

	*c = (struct pack_check){.report = report, .arg = arg};
	return c;
}

void
pack_check_free(struct pack_check *c)
{
	if (!c)
		return;
	hash_drop(c->hash);
	digests_free(&c->members);
	digests_free(&c->lines);
	buf_free(&c->text);
	free(c);
}

bool
pack_check_is_list(const struct pack_check *c)
{
	return c->is_list;
}

size_t
pack_check_count(const struct pack_check *c)
{
	return c->count;
}

bool
pack_check_is_good(const struct pack_check *c)
{
	return !c->damaged && c->has_list && !c->bad_list && set_sum_is(&c->has, &c->should);
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
read_line(void *arg, char *line, size_t n)
{
	struct pack_check *c = arg;

	if (!digests_is_line(line, n)) {
		c->bad_list = true;
		return;
	}
	add_member(&c->should, line + DIGESTS_NAME, line);
	if (c->report)
		digests_add(&c->lines, line + DIGESTS_NAME, n - DIGESTS_NAME, line);
}

void
pack_check_lines(struct buf *text, void (*line)(void *arg, char *line, size_t n), void *arg)
{
	size_t at = 0;
	char *newline;

	while (text->len > at && (newline = memchr(text->data + at, '\n', text->len - at))) {
		*newline = '\0';
		line(arg, text->data + at, (size_t)(newline - text->data) - at);
		at = (size_t)(newline - text->data) + 1;
	}
	buf_drop(text, at);
}

static void
read_list(struct pack_check *c, const struct expand_member *m)
{
	buf_add(&c->text, m->bytes, m->len);
	pack_check_lines(&c->text, read_line, c);
	if (c->text.len > LINE_BYTES_MAX) {
		c->bad_list = true;
		buf_clear(&c->text);
	}
}

static void
end_member(struct pack_check *c, const char *name)
{
	char hex[HASH_HEX + 1];

	hash_end(c->hash, hex);
	c->hash = NULL;
	if (c->is_list) {
		c->has_list = true;
		c->bad_list = c->bad_list || c->text.len > 0;
		return;
	}
	c->count++;
	add_member(&c->has, name, hex);
	if (c->report)
		digests_add(&c->members, name, strlen(name), hex);
}

void
pack_check_take(struct pack_check *c, enum expand_event event, const struct expand_member *m)
{
	switch (event) {
	case EXPAND_MEMBER:
		hash_drop(c->hash);
		c->hash = hash_begin();
		c->is_list = !c->has_list && word_is_one_of(m->path, "collected/SHA256SUMS", "__bi__/SHA256SUMS");
		buf_clear(&c->text);
		break;
	case EXPAND_BYTES:
		hash_add(c->hash, m->bytes, m->len);
		if (c->is_list)
			read_list(c, m);
		break;
	case EXPAND_MEMBER_END:
		end_member(c, m->path);
		break;
	case EXPAND_MEMBER_FAILED:
	case EXPAND_REFUSED:
	case EXPAND_FAILED:
		c->damaged = true;
		c->failed = c->failed || event == EXPAND_FAILED;
		if (c->report)
			c->report(c->arg, event == EXPAND_FAILED ? NULL : m->path, m->code, m->message);
		break;
	default:
		break;
	}
}

static void
compare_members(const struct pack_check *c)
{
	for (size_t i = 0; i < c->members.n; i++) {
		const struct digest *one = &c->members.v[i], *said = digests_find(&c->lines, one->name);

		if (i > 0 && strcmp(one->name, one[-1].name) == 0)
			c->report(c->arg, one->name, "member_twice", "it occurs twice");
		else if (!said)
			c->report(c->arg, one->name, "member_added", "it was added after the archive was written");
		else if (strcmp(said->hex, one->hex) != 0)
			c->report(c->arg, one->name, "member_changed", "it was changed after it was written");
	}
	for (size_t i = 0; i < c->lines.n; i++)
		if (!digests_find(&c->members, c->lines.v[i].name))
			c->report(c->arg, c->lines.v[i].name, "member_missing", "it is missing or damaged");
}

void
pack_check_compare(struct pack_check *c)
{
	if (!c->report || (c->failed && !c->has_list))
		return;
	digests_sort(&c->lines);
	digests_sort(&c->members);
	if (c->has_list && !c->bad_list && !digests_have_twice(&c->lines))
		compare_members(c);
	else if (c->has_list)
		c->report(c->arg, NULL, "manifest_damaged", "its SHA256SUMS is damaged");
	else
		c->report(c->arg, NULL, "no_manifest",
			  "its SHA256SUMS is missing or damaged: it was not written by bi-collect or bi-clean");
}

enum expand_event
pack_check_read(int fd, const struct expand_limits *limits, pack_check_see *see, void *arg)
{
	struct expand *e = lseek(fd, 0, SEEK_SET) < 0 && errno != ESPIPE ? NULL : expand_open(fd, limits);
	enum expand_event event = EXPAND_AGAIN;
	struct expand_member m;
	bool goes_on = true;

	while (e && goes_on && event != EXPAND_END && event != EXPAND_FAILED) {
		event = expand_next(e, -1, &m);
		goes_on = see(arg, event, &m);
	}
	expand_close(e);
	return event;
}
