/* bi-source: picks subjects from a catalog, searches a source for candidates, and prints them as items. bi-source(1).
 */
#include <stdlib.h>
#include <string.h>

#include "base/msg.h"
#include "base/opt.h"
#include "files/root_write.h"
#include "hosts/http_policy.h"
#include "source.h"

enum { OPT_CACERT = 256, OPT_CACHE, OPT_CONTACT, OPT_IDS, OPT_JSON, OPT_LABEL, OPT_SET };

enum { CANDIDATES = 15, CANDIDATES_MAX = 500, IDS_MAX = 1000 };

static const struct opt table[] = {
	{'f', "file", "FILE", "read the catalog of subjects from FILE (else stdin)"},
	{OPT_IDS, "ids", "ID,...", "search for these subjects; operands are ids too"},
	{'b', "batch", "NAME", "the name of the batch (else from the selection: M_batch1, M_chars1-20)"},
	{OPT_LABEL, "label", "TEXT", "the label of the batch (else such as 'Batch 1 (chars 1-5)')"},
	{'s', "source", "NAME,...",
	 "the sources: wikimedia, wikidata, openverse, internetarchive, folder, none (wikimedia)"},
	{'n', "max", "N", "the most candidates for a subject (15)"},
	{OPT_CACHE, "cache", NULL, "store replies for a day, and use stored replies"},
	{OPT_CONTACT, "contact", "TEXT", "a URL or mail address for the User-Agent (else $BI_CONTACT)"},
	{'A', "user-agent", "TEXT", "the User-Agent header"},
	{'x', "proxy", "URL", "the proxy to use"},
	{OPT_CACERT, "cacert", "FILE", "certificates to trust"},
	{OPT_SET, "set", "KEY=VALUE", "a setting of the source, bi-sources(5); may be given more than once"},
	{'r', "root", "DIR", "the root directory (else $BI_ROOT, /var/lib/bi, ~/.local/state/bi)"},
	ROOT_SHARED_OPTION,
	{OPT_JSON, "json", NULL, "write records to stdout, even on a terminal"},
	{'q', "quiet", NULL, "show no progress line and no summary"},
	{0},
};

/* Reads a whole number for WHAT. */
static uint64_t
number(const char *text, const char *what, uint64_t least)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n > 1000000000 || n < least)
		opt_die("%s is a whole number from %llu to 1000000000, not '%s'", what, (unsigned long long)least,
			text);
	return n;
}

/* Adds the ids of TEXT, with commas or white space between, each once. */
static void
add_ids(struct settings *set, const char *text, size_t *n)
{
	char *copy = buf_strdup(text), *at = NULL;

	for (char *id = strtok_r(copy, ", \t\n", &at); id; id = strtok_r(NULL, ", \t\n", &at)) {
		size_t i = 0;

		if (root_subject_check(id))
			opt_die("--ids: '%s' cannot be a subject's id: it %s", id, root_subject_check(id));
		while (i < *n && strcmp(set->ids[i], id) != 0)
			i++;
		if (i < *n)
			continue;
		if (*n == IDS_MAX)
			opt_die("--ids takes %d ids at most", IDS_MAX);
		set->ids = buf_realloc(set->ids, (*n + 2) * sizeof(*set->ids));
		set->ids[(*n)++] = buf_strdup(id);
		set->ids[*n] = NULL;
	}
	free(copy);
}

/* [CATEGORY|ALL] [COUNT] [OFFSET], or ids. */
static void
take_operands(struct settings *set, char **operands, size_t *ids)
{
	size_t n = 0;

	if (set->by_ids) {
		for (; *operands; operands++)
			add_ids(set, *operands, ids);
		if (*ids == 0)
			opt_die("--ids takes the ids of subjects");
		return;
	}
	while (operands[n])
		n++;
	if (n > 3)
		opt_die("there are at most three operands, CATEGORY COUNT OFFSET; '%s' is one too many", operands[3]);
	if (n > 0 && strcmp(operands[0], "ALL") != 0)
		set->category = operands[0];
	if (n > 1)
		set->count = number(operands[1], "COUNT", 1);
	if (n > 2)
		set->offset = number(operands[2], "OFFSET", 0);
}

static void
take_option(struct settings *set, const struct opts *o, int id, size_t *sets, size_t *ids)
{
	const struct {
		int id;
		const char **where;
	} texts[] = {
		{'f', &set->file},   {'b', &set->batch},           {OPT_LABEL, &set->label},
		{'s', &set->source}, {OPT_CONTACT, &set->contact}, {'A', &set->user_agent},
		{'x', &set->proxy},  {OPT_CACERT, &set->cacert},   {'r', &set->root},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i].id == id)
			*texts[i].where = o->value;
	if (id == OPT_IDS) {
		set->by_ids = true;
		add_ids(set, o->value, ids);
	} else if (id == OPT_SET) {
		set->sets[(*sets)++] = o->value;
	} else if (id == 'n') {
		set->max = opt_number(o, 1, CANDIDATES_MAX);
	} else if (id == OPT_CACHE) {
		set->cache = true;
	} else if (id == OPT_JSON) {
		set->json = true;
	} else if (id == ROOT_OPT_SHARED) {
		root_allow_shared();
	} else if (id == 'q') {
		set->quiet = true;
	}
}

int
main(int argc, char **argv)
{
	struct opts o = opt_begin("bi-source", table, argc, argv, "[CATEGORY | ALL] [COUNT] [OFFSET] | --ids ID ...",
				  "Picks subjects from a catalog and searches a source for pictures of them.");
	struct settings set = {.source = "wikimedia", .max = CANDIDATES};
	size_t sets = 0, ids = 0;
	int id;

	set.sets = buf_alloc(((size_t)argc + 1) * sizeof(*set.sets));
	while ((id = opt_next(&o)) != 0)
		take_option(&set, &o, id, &sets, &ids);
	set.sets[sets] = NULL;
	take_operands(&set, opt_rest(&o), &ids);
	if (set.proxy && http_policy_proxy_check(set.proxy))
		opt_die("--proxy '%s' %s", http_policy_proxy_shown(set.proxy), http_policy_proxy_check(set.proxy));
	set.contact = http_policy_contact(set.contact);
	msg_finish(source_run(&set));
}
