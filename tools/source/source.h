/*
 * source: how bi-source is made.
 *
 *	catalog.c -> subjects -> search.c (filter.c, cache.c, ask.c) -> merge.c -> items
 *
 * catalog.c reads the list of subjects and picks the batch's. opening.c asks each source once what it is, if the source
 * has a filter for that. search.c asks a source about one subject: the source's
 * first jq filter turns the subject into requests, ask.c makes them under the host's limits, cache.c keeps the
 * replies, the second filter turns replies into candidates. merge.c keeps each candidate once, in the order of their
 * scores. A source is NAME.conf and NAME.jq in share/source, bi-sources(5); conf.c reads the first, filter.c runs the
 * second in two jq processes that live as long as the run.
 */
#ifndef BI_SOURCE_H
#define BI_SOURCE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "files/root.h"
#include "hosts/host_rules.h"
#include "records/table_head.h"

struct settings {
	const char *root, *file; /* NULL: as root_open() finds it; stdin */
	const char *batch, *label;
	const char *source;
	const char *contact, *user_agent, *proxy, *cacert; /* NULL: nobody to turn to; ours; libcurl's */
	const char **sets;                                 /* KEY=VALUE over the source's own; ended by NULL */
	bool by_ids;
	char **ids;             /* BY_IDS: each once, in the order asked; ended by NULL */
	const char *category;   /* else: NULL is all */
	uint64_t count, offset; /* COUNT 0: all that follow */
	long max;               /* candidates of a subject */
	bool cache, json, quiet;
};

/* --- catalog.c: which subjects --- */

struct subject {
	struct json_object *json; /* as the catalog has it */
	const char *id;           /* the next three are one block, at ID */
	const char *name, *category;
	unsigned long long line;
};

struct catalog {
	struct subject *v; /* those of the batch, in its order */
	size_t n;
	uint64_t bad; /* lines that are no subject, ids that are not there: each was said */
	char batch[BATCH_NAME_MAX + 1];
	char label[256];
};

/* Reads the catalog and picks the subjects. For catalog_free(). */
void catalog_read(const struct settings *set, struct catalog *c);
void catalog_free(struct catalog *c);

/* --- catalog_name.c --- */

/* Stores the name and the label of the batch in C, by what SET asks for and the number of subjects. Ends the program if
 * no batch may have that name. */
void catalog_name(const struct settings *set, struct catalog *c);

/* --- catalog_lines.c: catalogs that are not made for bi --- */

/* Returns whether TEXT is a Wikidata id, alone or as a URI ("http://www.wikidata.org/entity/Q42"), and stores the id in
 * ID (ROOM bytes). */
bool catalog_entity(const char *text, char *id, size_t room);

/* Returns whether a line is the heading of a list of names or Wikidata ids, not one of these. */
bool catalog_is_heading(const char *line);

/* Returns the subject of LINE, which changes: a name or a Wikidata id; NULL if it is empty, a comment, or FIRST and a
 * heading. The id of a name depends on the name alone. */
struct json_object *catalog_line(char *line, bool first);

/* Returns the column of a SPARQL result that has the items: the one that another column has the labels of, "item" and
 * "itemlabel", or else "item". NULL: there is none. */
const char *catalog_sparql_item(const struct table_head *head);

/* Gives O, a row, the members id, name and wikidata that its column ITEM tells, if it does not have them. */
void catalog_sparql_subject(struct json_object *o, const char *item);

/* --- conf.c: a source's settings --- */

struct conf {
	struct json_object *values;   /* numbers, and strings */
	struct json_object *declared; /* the keys that have no default, each null */
	struct json_object *given;    /* the keys that the user has set, each null */
	char *name;                   /* "wikimedia" */
	struct buf dir;               /* where its filters are */
	struct buf share;             /* share/source */
};

/*
 * Reads the sources of NAMES, with commas between them, and applies SETS, each KEY=VALUE or NAME.KEY=VALUE, to them.
 * Stores an array in OUT, each for conf_free(), and returns its length. What is wrong ends the program with a line that
 * says so: EX_CONFIG for the files, EX_WRONG_USE for SETS.
 */
size_t conf_read(struct conf **out, const char *names, const char *const *sets);

/* Adds settings that the source gave itself. Those that the user has set stay. */
void conf_merge(struct conf *c, struct json_object *settings);
void conf_free(struct conf *c);
bool conf_has(const struct conf *c, const char *key); /* with a value or without */
double conf_number(const struct conf *c, const char *key, double otherwise);
const char *conf_text(const struct conf *c, const char *key); /* NULL: it has none */
const char *conf_title(const struct conf *c);                 /* what people call the source */

/* --- filter.c: one of its jq filters, running --- */

struct filter;

/* Whether the source has the filter DEF, which not every source has. */
bool filter_exists(const struct conf *c, const char *def);

/* The filter DEF ("requests", "candidates") of the source. Its jq is started when it is first asked. */
struct filter *filter_open(const struct conf *c, const char *def);
void filter_free(struct filter *f);

/*
 * What it makes of IN: an array of all that it gives, for json_object_put(); NULL when it fails, with why in WRONG. A
 * jq that dies or says nothing for a minute is started again for the next. Ends the program where jq cannot be started
 * at all (EX_UNAVAILABLE).
 */
struct json_object *filter_ask(struct filter *f, struct json_object *in, char *wrong, size_t room);

/* --- ask.c: one request --- */

enum verdict_kind { ANSWERED, AGAIN, FAILED };

struct verdict {
	enum verdict_kind kind;
	char code[40]; /* unless ANSWERED, as those that follow */
	char message[400];
	bool retryable;  /* FAILED: it may pass, another run may try again */
	int64_t wait_ms; /* AGAIN: before the next attempt, for the whole host; 0: nothing was said */
};

struct asker;

/* For asker_close(). ROOT and the rest stay the caller's. Ends the program where it cannot be set up. */
struct asker *asker_open(const struct root *root, const struct settings *set, const struct conf *conf);
void asker_close(struct asker *a);

/* Ends the program (EX_WRONG_USE) where the host of URL asks for a contact and there is none. */
void asker_check(struct asker *a, const char *url);

/* Gets URL, waiting for the host's turn: the answer's body into BODY, which is UTF-8 or not. */
void asker_ask(struct asker *a, const char *url, struct buf *body, struct verdict *v);

/* The host of the last request is not to be asked before MS milliseconds have passed, by anyone. */
void ask_hold(struct asker *a, int64_t ms);

/* Sets V, formatted. */
void verdict_set(struct verdict *v, enum verdict_kind kind, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* --- folder.c: files of this machine --- */

/* Ends the program (EX_NOINPUT) if the directory PATH cannot be read. */
void folder_check(const char *path);

/* Lists the files that match PATTERN, glob(3) with braces: {"files":[{"file":"/…","bytes":N}]}, for json_object_put().
 * V says whether the directories could be read. */
struct json_object *folder_list(const char *pattern, struct verdict *v);

/* Returns whether FILE is in one of REPLIES, an array of these lists. */
bool folder_has(struct json_object *replies, const char *file);

/* --- cache.c: replies of the last day --- */

struct cache;

/* Opens cache/ of ROOT and removes what is older than SECONDS. NULL, after saying why, where that cannot be done. */
struct cache *cache_open(const struct root *root, long seconds);
void cache_close(struct cache *c);                               /* NULL does nothing */
struct json_object *cache_get(struct cache *c, const char *url); /* NULL: it has none */
void cache_put(struct cache *c, const char *url, struct json_object *reply);

/* --- merge.c: candidates of one subject --- */

struct candidates {
	struct candidate {
		struct json_object *json;
		const char *source;
		struct json_object *found_by; /* the names of the requests that found it */
		double score;
		size_t order; /* in which it was found */
	} * v;
	size_t n;
	uint64_t passed_over; /* without a URL that can be fetched */
};

/* Adds CANDIDATE of SOURCE (which must outlive C), found by the request BY (NULL: by none). If it is there already, by
 * its SHA-1, its original URL or its URL, the one with the better score stays. */
void candidates_add(struct candidates *c, struct json_object *candidate, const char *source, const char *by);

/* Puts the best in front. */
void candidates_sort(struct candidates *c);
void candidates_free(struct candidates *c);

/* Candidate number I as an item's members, with its rank, into ITEM; HTML in them becomes text. */
void candidates_print(const struct candidates *c, size_t i, struct json_object *item);

/* --- search.c: what a source has for one subject --- */

struct search {
	const struct settings *set;
	struct conf *conf;
	struct asker *asker; /* NULL: it is a source that is not asked */
	struct cache *cache; /* NULL: nothing is kept */
	struct filter *requests, *candidates;
	bool local;                 /* its requests list files of this machine */
	bool several;               /* it is one of several sources */
	unsigned failures_in_a_row; /* subjects, for reasons that may pass */
	uint64_t asked, cached;     /* requests */
	struct json_object *about;  /* what it says it is, for the end record; NULL: nothing */
};

struct findings {
	struct candidates candidates;
	struct verdict failure; /* of the first source that failed; kind ANSWERED: none did */
	struct buf nothing;     /* the sources that have nothing, and why, in words */
	bool had_query;         /* one of these could be asked */
};

/* Adds what S has for WHO to F, which is zeroed at first; for findings_free(). */
void search_subject(struct search *s, const struct subject *who, struct findings *f);

/* Sorts the candidates, once all sources were searched; without any there is a failure. */
void findings_finish(struct findings *f);
void findings_free(struct findings *f);

/* The verdict on an error that a filter reports: {"code", "message", "again", "wait"}. */
void search_judge_error(struct json_object *error, struct verdict *v);

/* --- opening.c: what a source is --- */

/*
 * Checks the settings of S and asks what it is, if the source has the filters for that, bi-sources(5), and adds the
 * settings that follow from it. Settings that are wrong end the program (EX_WRONG_USE), and a URL that is not that of
 * such an API does too (EX_CONFIG). Called before the other filters are started.
 */
void opening_ask(struct search *s);

/* --- run.c --- */

/* The whole run; returns the exit code. */
int source_run(const struct settings *set);

#endif
