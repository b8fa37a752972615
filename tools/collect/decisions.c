#include "decisions.h"

#include "records/rec.h"
#include "review/credit.h"

/* What the reviewers of the subject decided on the candidate IDX. */
static struct json_object *
reviewers_of(const struct batch_collector *g, const struct decision *d, long idx)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < d->of.count; i++) {
		const struct pick *p = picks_get(g->picks, d->of.first + i);
		struct json_object *o = json_object_new_object();
		size_t rank = pick_rank(p, idx);

		rec_add_string(o, "reviewer", p->reviewer);
		rec_add_string(o, "at", p->at);
		rec_add_string(o, "decision", rank ? "chosen" : "rejected");
		if (rank && p->list)
			json_object_object_add(o, "rank", json_object_new_int64((int64_t)rank));
		pick_add_remarks(o, p);
		json_object_array_add(all, o);
	}
	return all;
}

/* Adds to O what item K of the batch came to. 0, or -1 with errno. */
static int
add_result(const struct batch_collector *g, struct json_object *o, uint32_t k)
{
	struct json_object *result = NULL;
	int rc = choices_read_result(g->b, k, &result);

	rec_add_filled(o, "status", result ? rec_string(result, "status") : "pending");
	if (result) {
		static const char *const copied[] = {"path", "sha256", "mime"};

		for (size_t i = 0; i < sizeof(copied) / sizeof(*copied); i++)
			rec_add_filled(o, copied[i], rec_string(result, copied[i]));
		if (rec_number(result, "bytes", -1) >= 0)
			json_object_object_add(o, "bytes", json_object_new_int64(rec_number(result, "bytes", 0)));
	}
	json_object_put(result);
	return rc;
}

/* Adds item K, the candidate IDX. 0, or -1 with errno. */
static int
add_candidate(struct decisions *to, const struct batch_collector *g, const struct about_subject *a,
	      const struct decision *d, uint32_t k, long idx)
{
	struct batch_place place;
	struct json_object *item = choices_read_item(g, k, &place), *credit, *o;
	int rc;

	credit = item ? choices_credit(g, &place, k, item, d) : NULL;
	if (!credit) {
		json_object_put(item);
		return -1;
	}
	o = json_object_new_object();
	rec_add_string(o, "id", a->id);
	rec_add_filled(o, "name", a->name.data);
	rec_add_filled(o, "category", a->category);
	rec_add_string(o, "batch", batch_name(g->b));
	json_object_object_add(o, "idx", json_object_new_int64(idx));
	if (d->kind == DISPUTED)
		json_object_object_add(o, "disputed", json_object_new_boolean(true));
	json_object_object_add(o, "reviewers", reviewers_of(g, d, idx));
	json_object_object_add(o, "credit", credit);
	rc = add_result(g, o, k);
	choices_forget_path(item);
	json_object_object_add(o, "item", item);
	buf_printf(&to->text.text, "%s\n", rec_print(o));
	json_object_put(o);
	to->n++;
	return rc < 0 ? -1 : section_flush(&to->text, false);
}

int
decisions_add(struct decisions *to, const struct batch_collector *g, uint32_t i, const struct about_subject *a,
	      const struct decision *d)
{
	const struct indexed_subject *s = &g->plan.subjects[i];
	int rc = 0;

	for (uint32_t k = 0; k < s->count && rc == 0; k++) {
		uint32_t item = g->plan.items[s->first + k];
		int state = batch_state(g->b, item);

		if (state < 0)
			rc = -1;
		else if (state != 'x')
			rc = add_candidate(to, g, a, d, item, (long)k + 1);
	}
	return rc;
}
