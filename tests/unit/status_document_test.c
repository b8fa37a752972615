#include "testing.h"

#include "status_document.h"

enum { PART = 4096, LIVE = 100, REMOVALS = 1100 };

/* Batches that exist: so many of each kind, in the order of their names. */
enum kind { GONE, KEEP, MORE, SOME, KINDS };
static const char *const names[KINDS] = {"gone", "keep", "more", "some"};
static int counts[KINDS];

/* The Makefile has the linker call this instead of batch_each(): thousands of directories take seconds. */
int __wrap_batch_each(const struct root *root, bool (*call)(const char *name, void *arg), void *arg);

int
__wrap_batch_each(const struct root *root, bool (*call)(const char *name, void *arg), void *arg)
{
	char name[16];

	(void)root;
	for (enum kind k = 0; k < KINDS; k++)
		for (int i = 0; i < counts[k]; i++) {
			snprintf(name, sizeof(name), "%s%04d", names[k], i);
			call(name, arg);
		}
	return 0;
}

static void
on_gone(struct batch_status *v, void *arg)
{
	(void)v;
	(void)arg;
}

/* From now on, there are N batches of the kind. Those that are new get a text of some length. */
static void
change(struct status_document *s, enum kind kind, int n)
{
	counts[kind] = n;
	assert_int_equal(status_document_list(s, on_gone, NULL), 0);
	for (size_t i = 0; i < status_document_count(s); i++) {
		struct batch_status *v = status_document_get(s, i);

		if (v->version)
			continue;
		buf_printf(&v->text.all, "<%s>%0200d", v->name, 0);
		status_document_add(s, v);
	}
}

/* LIVE batches that are older than the removals that are still known. */
static struct status_document *
open_list(void)
{
	static struct status_document *all[8]; /* they are never freed */
	static size_t n;
	struct status_document *s = all[n++] = status_document_new(NULL);

	memset(counts, 0, sizeof(counts));
	change(s, KEEP, LIVE);
	change(s, GONE, REMOVALS);
	change(s, GONE, 0);
	return s;
}

/* A client: what it has, and the names of the batches that it was sent since the last "whole". */
struct reader {
	struct status_place at;
	char names[LIVE][16];
	size_t n, wholes, removed;
};

/* Reads one part. The place comes from the id, as that of a client that connects again. */
static void
read_part(const struct status_document *s, struct reader *r)
{
	struct buf out = {0}, id = {0};
	struct status_place at = r->at;

	status_document_print_changes(s, &at, PART, &out);
	assert_true(out.len < 2 * PART);
	if (strstr(out.data, "\"whole\":true")) {
		r->wholes++;
		r->n = 0;
	}
	for (const char *t = strchr(out.data, '<'); t; t = strchr(t + 1, '<')) {
		assert_true(r->n < LIVE);
		snprintf(r->names[r->n++], sizeof(*r->names), "%.8s", t + 1);
	}
	r->removed += strstr(out.data, "\"removed\":[]") == NULL;
	status_document_print_id(s, at, &id);
	r->at = status_document_parse_id(s, id.data);
	assert_true(r->at.version == at.version && (r->at.begun == at.begun || at.begun <= at.version));
	buf_free(&out);
	buf_free(&id);
}

/* Reads parts until there is none, at most so many as all batches twice need. */
static void
read_rest(const struct status_document *s, struct reader *r)
{
	for (int i = 0; i < 2 * LIVE && r->at.version < status_document_version(s); i++)
		read_part(s, r);
	assert_int_equal(r->at.version, status_document_version(s));
}

/* Each of the batches once. */
static void
assert_all(const struct reader *r)
{
	assert_int_equal(r->n, LIVE);
	for (size_t i = 0; i < LIVE; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(r->names[i], r->names[k]);
}

static void
all_batches_come_in_parts_after_many_removals(void **state)
{
	struct status_document *s = open_list();
	struct reader r = {0};

	(void)state;
	read_rest(s, &r);
	assert_all(&r);
	assert_int_equal(r.wholes, 1);
}

static void
few_removals_between_two_parts_are_told(void **state)
{
	struct status_document *s = open_list();
	struct reader r = {0};

	(void)state;
	change(s, SOME, 20);
	read_part(s, &r);
	change(s, SOME, 0);
	r.removed = 0;
	read_rest(s, &r);
	assert_all(&r);
	assert_int_equal(r.wholes, 1);
	assert_int_not_equal(r.removed, 0);
}

/* After them it is not known any more which of those that were sent are gone. */
static void
many_removals_between_two_parts_begin_anew(void **state)
{
	struct status_document *s = open_list();
	struct reader r = {0};

	(void)state;
	read_part(s, &r);
	change(s, MORE, REMOVALS);
	change(s, MORE, 0);
	read_rest(s, &r);
	assert_all(&r);
	assert_int_equal(r.wholes, 2);
}

static void
an_id_that_was_not_printed_stands_for_nothing(void **state)
{
	static const char *const ends[] = {"-", "-x", "-1-", "-99999999", "-1-99999999", "-1x", "-1-1x", "-1-1-1"};
	struct status_document *s = open_list();
	struct buf id = {0};

	(void)state;
	status_document_print_id(s, (struct status_place){7, 9}, &id);
	assert_int_equal(status_document_parse_id(s, id.data).version, 7);
	assert_int_equal(status_document_parse_id(s, id.data).begun, 9);
	id.len = (size_t)(strchr(id.data, '-') - id.data);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct buf other = {0};

		buf_add(&other, id.data, id.len);
		buf_str(&other, ends[i]);
		assert_int_equal(status_document_parse_id(s, other.data).version, 0);
		buf_free(&other);
	}
	buf_free(&id);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_batches_come_in_parts_after_many_removals),
		cmocka_unit_test(few_removals_between_two_parts_are_told),
		cmocka_unit_test(many_removals_between_two_parts_begin_anew),
		cmocka_unit_test(an_id_that_was_not_printed_stands_for_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
