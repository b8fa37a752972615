/* Reads the command line of bi-fetch into the settings. Options that curl also has have curl's names. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/msg.h"
#include "base/opt.h"
#include "batch/batch_priority.h"
#include "batch/error_codes.h"
#include "confined/feed.h"
#include "files/root_write.h"
#include "go_on.h"
#include "hosts/accept.h"
#include "hosts/http_policy.h"
#include "records/rec.h"
#include "settings.h"

enum {
	ACCEPT = 256,
	BACKOFF,
	CACERT,
	CATEGORY,
	COLUMN,
	ANY_AUTH,
	ARCHIVE_BYTES,
	ARCHIVE_FREE,
	ARCHIVE_MEMBER,
	ARCHIVE_MEMBERS,
	ARCHIVE_RATIO,
	COMPRESSED,
	CONNECT,
	CONTACT,
	COOKIE,
	COOKIE_JAR,
	DRY_RUN,
	EXPAND,
	FROM,
	GIVE_UP,
	JSON,
	LABEL,
	LIMIT_RATE,
	LIST_FORMAT,
	MAX_FILESIZE,
	MAX_MEDIA,
	MAX_OPT_OUTS,
	MAX_TIME,
	MAX_TOTAL,
	MAX_WAIT,
	MIN_FREE,
	MIN_SPEED,
	NETRC,
	NETRC_FILE,
	NO_OPT_OUT,
	NO_SYNC,
	NOPROXY,
	OFFLINE,
	ONCE,
	PER_HOST,
	PUBLIC_ONLY,
	QUEUE,
	PRIORITY,
	RATE,
	RECHECK,
	RESUME,
	RETRY,
	STALL,
	STAND_BY,
	STOP_AFTER,
	SUMMARY,
	THROUGH,
	THROUGH_PARALLEL,
	THROUGH_TIMEOUT,
	TRIES,
	UPDATE,
	WORK,
	YT_DLP,
};

static const struct opt table[] = {
	{OPT_GROUP, "The options that most people need", NULL, NULL},
	{'b', "batch", "NAME", "the batch, for all lines (else each line's own, else 'default')"},
	{RESUME, "resume", NULL, "work on all that the batch has, read no lines"},
	{RETRY, "retry", "WHAT", "failures for good to try again too: failed, or status=404,5xx"},
	{ACCEPT, "accept", "TYPES", "media types to take, as image/*,application/pdf"},
	{PER_HOST, "per-host", "N",
	 "transfers at once from one host, over all processes (6, or as bi-hosts(5) has it)"},
	{OPT_GROUP, "Lists", NULL, NULL},
	{'i', "input", "FILE", "a list to read, - for stdin; may be given more than once"},
	{'0', "null", NULL, "names in the lists end in NUL, as find -print0 writes them"},
	{LIST_FORMAT, "list-format", "FORMAT", "what the lists are: lines, csv, tsv, sitemap or feed"},
	{COLUMN, "column", "NAME", "the column with the URLs, or which URLs of a sitemap or feed"},
	{DRY_RUN, "dry-run", NULL, "say what would be asked of which host; request and store nothing"},
	{OPT_GROUP, "The batch and its items", NULL, NULL},
	{LABEL, "label", "TEXT", "of the batch, if it is made now"},
	{CATEGORY, "category", "NAME", "of the batch, if it is made now"},
	{UPDATE, "update", NULL, "ask again for completed items, and replace what has changed"},
	{RECHECK, "recheck", NULL, "fail completed items that do not fit --accept, --max-filesize or --public-only"},
	{FROM, "from", "PART", "take what the batch PART of another root has from there; may be given more than once"},
	{OFFLINE, "offline", NULL, "with --from: fetch nothing; what no PART has stays pending"},
	{EXPAND, "expand", NULL, "make an item of each member of an archive"},
	{ARCHIVE_MEMBERS, "archive-members", "N", "members and directories that an archive may have (10000)"},
	{ARCHIVE_BYTES, "archive-bytes", "BYTES", "that it may unpack to (4G)"},
	{ARCHIVE_MEMBER, "archive-member", "BYTES", "that one member may unpack to (2G)"},
	{ARCHIVE_RATIO, "archive-ratio", "N", "times its size that it may unpack to, beyond --archive-free (1000)"},
	{ARCHIVE_FREE, "archive-free", "BYTES", "that it may unpack to at any ratio (1G)"},
	{OPT_GROUP, "Media pages", NULL, NULL},
	{MAX_MEDIA, "max-media", "N", "media taken from one page (100)"},
	{YT_DLP, "yt-dlp", NULL, "use yt-dlp for media that only it can find"},
	{NO_OPT_OUT, "no-opt-out", NULL, "fetch media of pages also where robots.txt or a header forbids it"},
	{MAX_OPT_OUTS, "max-opt-outs", "N", "media of a host that headers forbid, before it is asked no more (any)"},
	{OPT_GROUP, "Speed, time and size", NULL, NULL},
	{'P', "parallel", "N", "transfers at once (64)"},
	{RATE, "rate", "N", "transfers begun a second from one host, over all processes (no limit)"},
	{LIMIT_RATE, "limit-rate", "BYTES", "a second from one host, over all processes (no limit)"},
	{CONNECT, "connect-timeout", "SECONDS", "for a connection to be made (30)"},
	{STALL, "stall-timeout", "SECONDS", "a transfer may stand still (60)"},
	{MAX_TIME, "max-time", "SECONDS", "a transfer may take in all (0: no limit)"},
	{MAX_FILESIZE, "max-filesize", "BYTES", "of one item, unpacked (no limit)"},
	{MIN_SPEED, "min-speed", "BYTES[/SECONDS]", "a second of one transfer, over SECONDS (30); slower ones end"},
	{OPT_GROUP, "Failures and early ends", NULL, NULL},
	{TRIES, "tries", "N", "attempts an item, for failures that may pass (4)"},
	{BACKOFF, "backoff", "SECONDS", "the wait before the second attempt, doubled for each further one (1)"},
	{GIVE_UP, "give-up", "SECONDS", "after which a host that refuses connections is left alone (120)"},
	{MAX_WAIT, "max-wait", "SECONDS",
	 "for a host that asks to be left alone (600; with --work, and 0 or none: no limit)"},
	{STOP_AFTER, "stop-after", "N", "failures in a row of a host: leave its other items pending (no limit)"},
	{MIN_FREE, "min-free", "BYTES", "to be left free on the disk; end before (no limit)"},
	{MAX_TOTAL, "max-total", "BYTES", "to be stored by this run; end before (no limit)"},
	{OPT_GROUP, "Requests", NULL, NULL},
	{CONTACT, "contact", "TEXT", "a URL or mail address for the User-Agent (else $BI_CONTACT)"},
	{'A', "user-agent", "TEXT", "the User-Agent header"},
	{'H', "header", "LINE", "a header to send; may be given more than once"},
	{COMPRESSED, "compressed", NULL, "ask for compressed answers, and unpack them"},
	{COOKIE, "cookie", "DATA", "cookies to send, name=value, or a file of them"},
	{COOKIE_JAR, "cookie-jar", "FILE", "where cookies are kept from one run to the next"},
	{'n', "netrc", NULL, "names and passwords from ~/.netrc"},
	{NETRC_FILE, "netrc-file", "FILE", "names and passwords from FILE"},
	{ANY_AUTH, "anyauth", NULL, "ask a host first which scheme of authentication it takes"},
	{OPT_GROUP, "The network", NULL, NULL},
	{PUBLIC_ONLY, "public-only", NULL, "connect to public addresses alone"},
	{'x', "proxy", "URL", "the proxy to use"},
	{NOPROXY, "noproxy", "HOSTS", "hosts that need no proxy"},
	{CACERT, "cacert", "FILE", "certificates to trust"},
	{'k', "insecure", NULL, "do not check certificates"},
	{OPT_GROUP, "Workers and filters", NULL, NULL},
	{QUEUE, "queue", NULL, "hand the lines in for a worker, fetch nothing"},
	{PRIORITY, "priority", "LEVEL", "with --queue: 0 to 9, or low, normal or high (normal)"},
	{WORK, "work", NULL, "work on submitted batches as they come"},
	{ONCE, "once", NULL, "with --work: end when nothing is left in the queue"},
	{STAND_BY, "stand-by", NULL, "with --work: wait until no other that stands by works"},
	{THROUGH, "through", "PROGRAM", "have each result go through PROGRAM before it is recorded"},
	{THROUGH_PARALLEL, "through-parallel", "N", "how many of it may run at once (one a processor)"},
	{THROUGH_TIMEOUT, "through-timeout", "SECONDS", "one answer of it may take (300)"},
	{OPT_GROUP, "Output and storage", NULL, NULL},
	{'o', "output", "PATH", "write the file of the one URL or FILE to PATH too; - for stdout"},
	{JSON, "json", NULL, "records on stdout, also on a terminal"},
	{'q', "quiet", NULL, "no progress line, no sentence at the end"},
	{SUMMARY, "summary", NULL, "a table of what became of the lines, on stderr"},
	{'r', "root", "DIR", "the root directory (else $BI_ROOT, /var/lib/bi, ~/.local/state/bi)"},
	ROOT_SHARED_OPTION,
	{NO_SYNC, "no-sync", NULL, "leave it to the system when bytes reach the disk"},
	{0},
};

/* How long a host that is held back is waited for where the command line does not say. */
enum { MAX_WAIT_UNSET = -2, MAX_WAIT_USUAL_MS = 600 * 1000 };

/* Seconds over which --min-speed is measured. */
enum { MIN_SPEED_S = 30 };

/* The settings of simple options, and their limits. */
static const struct {
	int id;
	enum { FLAG, TEXT, NUMBER, SECONDS, BYTES } kind;
	size_t where;
	double min, max;
} places[] = {
#define PLACE(member) offsetof(struct settings, member)
	{'0', FLAG, PLACE(nul), 0, 0},
	{'A', TEXT, PLACE(user_agent), 0, 0},
	{'P', NUMBER, PLACE(parallel), 1, 1024},
	{'k', FLAG, PLACE(insecure), 0, 0},
	{'n', FLAG, PLACE(netrc), 0, 0},
	{ANY_AUTH, FLAG, PLACE(any_auth), 0, 0},
	{ARCHIVE_BYTES, BYTES, PLACE(archive_bytes), 1, 1e15},
	{ARCHIVE_FREE, BYTES, PLACE(archive_free), 1, 1e15},
	{ARCHIVE_MEMBER, BYTES, PLACE(archive_member), 1, 1e15},
	{ARCHIVE_MEMBERS, NUMBER, PLACE(archive_members), 1, 1e9},
	{ARCHIVE_RATIO, NUMBER, PLACE(archive_ratio), 1, 1e9},
	{'o', TEXT, PLACE(output), 0, 0},
	{'q', FLAG, PLACE(quiet), 0, 0},
	{'r', TEXT, PLACE(root), 0, 0},
	{'x', TEXT, PLACE(proxy), 0, 0},
	{BACKOFF, SECONDS, PLACE(backoff_ms), 0, 3600},
	{CACERT, TEXT, PLACE(cacert), 0, 0},
	{CATEGORY, TEXT, PLACE(category), 0, 0},
	{COLUMN, TEXT, PLACE(column), 0, 0},
	{COMPRESSED, FLAG, PLACE(compressed), 0, 0},
	{CONNECT, SECONDS, PLACE(connect_ms), 0.001, 86400},
	{CONTACT, TEXT, PLACE(contact), 0, 0},
	{COOKIE, TEXT, PLACE(cookie), 0, 0},
	{COOKIE_JAR, TEXT, PLACE(cookie_jar), 0, 0},
	{DRY_RUN, FLAG, PLACE(dry_run), 0, 0},
	{EXPAND, FLAG, PLACE(expand), 0, 0},
	{GIVE_UP, SECONDS, PLACE(give_up_ms), 0, 86400},
	{JSON, FLAG, PLACE(json), 0, 0},
	{LABEL, TEXT, PLACE(label), 0, 0},
	{LIMIT_RATE, BYTES, PLACE(limit_rate), 1, 1e15},
	{MAX_FILESIZE, BYTES, PLACE(max_filesize), 1, 1e15},
	{MAX_MEDIA, NUMBER, PLACE(max_media), 1, 10000},
	{MAX_OPT_OUTS, NUMBER, PLACE(max_opt_outs), 1, 1e9},
	{MAX_TIME, SECONDS, PLACE(max_ms), 0, 86400},
	{MAX_TOTAL, BYTES, PLACE(max_total), 1, 1e15},
	{MIN_FREE, BYTES, PLACE(min_free), 1, 1e15},
	{NETRC_FILE, TEXT, PLACE(netrc_file), 0, 0},
	{NO_OPT_OUT, FLAG, PLACE(no_opt_out), 0, 0},
	{NO_SYNC, FLAG, PLACE(no_sync), 0, 0},
	{NOPROXY, TEXT, PLACE(noproxy), 0, 0},
	{OFFLINE, FLAG, PLACE(offline), 0, 0},
	{ONCE, FLAG, PLACE(once), 0, 0},
	{PER_HOST, NUMBER, PLACE(per_host), 1, 1024},
	{PUBLIC_ONLY, FLAG, PLACE(public_only), 0, 0},
	{QUEUE, FLAG, PLACE(queue), 0, 0},
	{RECHECK, FLAG, PLACE(recheck), 0, 0},
	{RESUME, FLAG, PLACE(resume), 0, 0},
	{STALL, SECONDS, PLACE(stall_ms), 1, 86400},
	{STAND_BY, FLAG, PLACE(stand_by), 0, 0},
	{STOP_AFTER, NUMBER, PLACE(stop_after), 1, 1e9},
	{SUMMARY, FLAG, PLACE(summary), 0, 0},
	{THROUGH, TEXT, PLACE(through), 0, 0},
	{THROUGH_PARALLEL, NUMBER, PLACE(through_parallel), 1, 256},
	{THROUGH_TIMEOUT, SECONDS, PLACE(through_ms), 0.001, 86400},
	{TRIES, NUMBER, PLACE(tries), 1, 100},
	{UPDATE, FLAG, PLACE(update), 0, 0},
	{WORK, FLAG, PLACE(work), 0, 0},
	{YT_DLP, FLAG, PLACE(yt_dlp), 0, 0},
#undef PLACE
};

/* --- --retry: which failures of earlier runs it means --- */

static bool
is_error_wanted(struct json_object *error, const void *arg)
{
	return !arg || error_codes_have(arg, rec_string(error, "code"));
}

/* Reads WHAT ("failed", "status=404,5xx"), which OUT then points into. False: it is invalid. */
static bool
retry_parse(const char *what, struct batch_retry *out)
{
	*out = (struct batch_retry){.too = is_error_wanted};
	if (strcmp(what, "failed") == 0)
		return true;
	out->arg = what + strlen("status=");
	return strncmp(what, "status=", 7) == 0 && error_codes_check(out->arg);
}

/* --- lists --- */

static enum list_format
list_format_parse(const char *word)
{
	static const char *const words[] = {"lines", "csv", "tsv", "sitemap", "feed"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(word, words[i]) == 0)
			return (enum list_format)(LIST_LINES + i);
	opt_die("--list-format is lines, csv, tsv, sitemap or feed, not '%s'", word);
}

static void
check_lists(const struct settings *set, char **operands)
{
	bool is_feed = set->list_format == LIST_SITEMAP || set->list_format == LIST_FEED;
	size_t i = 0;

	if ((set->resume || set->work) && (set->input_count || set->nul || set->column || set->list_format))
		opt_die("%s reads no lists: leave out --input, --null, --list-format and --column",
			set->work ? "--work" : "--resume");
	if (set->output && (set->resume || set->work || set->queue))
		opt_die("--output is for one URL or FILE that is fetched now: leave out --resume, --work and --queue");
	if (set->output && (set->input_count || !operands[0] || operands[1] || strcmp(operands[0], "-") == 0))
		opt_die("--output is for one item: give one URL or FILE as operand, and no list");
	if (set->nul && (set->column || set->list_format > LIST_LINES))
		opt_die("--null reads names that end in NUL: leave out --list-format and --column");
	if (set->column && set->list_format == LIST_LINES)
		opt_die("--column is for tables, sitemaps and feeds, and lines are none of these");
	while (is_feed && set->column && feed_from[i] && strcmp(feed_from[i], set->column) != 0)
		i++;
	if (is_feed && set->column && !feed_from[i])
		opt_die("--column of a sitemap is loc, image:loc or video:content_loc, of a feed link, enclosure or "
			"media:content, not '%s'",
			set->column);
}

/* --- reading --- */

/* SECONDS, or 0 or 'none' for no limit. */
static long
take_max_wait(const struct opts *o)
{
	long ms = strcmp(o->value, "none") == 0 ? 0 : opt_milliseconds(o, 0, 86400);

	return ms > 0 ? ms : -1;
}

/* BYTES a second, or BYTES/SECONDS with the time over which that is measured. */
static void
take_min_speed(struct settings *set, const struct opts *o)
{
	char *text = buf_strdup(o->value), *slash = strchr(text, '/');
	struct opts part = *o;

	if (slash)
		*slash = '\0';
	part.value = text;
	set->min_speed = opt_bytes(&part, 1, 1000000000000000);
	set->min_speed_s = MIN_SPEED_S;
	part.value = slash ? slash + 1 : NULL;
	if (slash)
		set->min_speed_s = opt_number(&part, 1, 86400);
	free(text);
}

/* Options with special values. */
static void
take_special(struct settings *set, const struct opts *o, int id)
{
	static struct batch_retry retry;

	if (id == 'i') {
		set->inputs = buf_realloc(set->inputs, (set->input_count + 1) * sizeof(*set->inputs));
		set->inputs[set->input_count++] = o->value;
	} else if (id == FROM) {
		set->from = buf_realloc(set->from, (set->from_count + 1) * sizeof(*set->from));
		set->from[set->from_count++] = o->value;
	} else if (id == ROOT_OPT_SHARED) {
		root_allow_shared();
	} else if (id == LIST_FORMAT) {
		set->list_format = list_format_parse(o->value);
	} else if (id == 'b') {
		set->batch = o->value;
		if (root_name_check(o->value))
			opt_die("the batch name '%s' %s", o->value, root_name_check(o->value));
	} else if (id == 'H') {
		if (!strpbrk(o->value, ":;") || strcspn(o->value, ":;") == 0)
			opt_die("--header takes NAME: VALUE, and there is no name with a colon in what was given "
				"(which is "
				"not shown: it may be a secret)");
		if (strpbrk(o->value, "\r\n"))
			opt_die("--header takes one line: give each header by an option");
		set->headers = curl_slist_append(set->headers, o->value);
	} else if (id == ACCEPT) {
		set->accept = o->value;
		if (accept_patterns_check(o->value))
			opt_die("--accept '%s': %s", o->value, accept_patterns_check(o->value));
	} else if (id == MAX_WAIT) {
		set->max_wait_ms = take_max_wait(o);
	} else if (id == MIN_SPEED) {
		take_min_speed(set, o);
	} else if (id == PRIORITY) {
		set->priority = priority_parse(o->value);
		if (set->priority < 0)
			opt_die("--priority takes %s, not '%s'", priority_words, o->value);
	} else if (id == RATE) {
		set->rate = opt_real(o, 0.001, 1000);
	} else if (id == RETRY) {
		if (!retry_parse(o->value, &retry))
			opt_die("--retry takes 'failed', or 'status=' and codes such as 404,5xx, not '%s'", o->value);
		set->retry = &retry;
	}
}

static void
take_option(struct settings *set, const struct opts *o, int id)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		void *at = (char *)set + places[i].where;

		if (places[i].id != id)
			continue;
		switch (places[i].kind) {
		case FLAG:
			*(bool *)at = true;
			break;
		case TEXT:
			*(const char **)at = o->value;
			break;
		case NUMBER:
			*(long *)at = opt_number(o, (long)places[i].min, (long)places[i].max);
			break;
		case SECONDS:
			*(long *)at = opt_milliseconds(o, places[i].min, places[i].max);
			break;
		case BYTES:
			*(long *)at = opt_bytes(o, (long)places[i].min, (long)places[i].max);
			break;
		}
		return;
	}
	take_special(set, o, id);
}

/* Checks the mode: lines are read and fetched, or queued; or a batch is resumed; or the queue is processed. */
static void
check_ways_of_working(const struct settings *set, bool has_operands)
{
	if (set->resume && has_operands)
		opt_die("--resume works on what the batch has: give no URLs with it");
	if (set->work && (has_operands || set->batch || set->resume || set->queue))
		opt_die("--work takes the batches of the queue: give no URLs, --batch, --resume or --queue with it");
	if (set->work && set->dry_run)
		opt_die("--dry-run is for lists and --resume: bi-status shows what is in the queue");
	if (set->work && set->retry)
		opt_die("--work does not try again what has failed: bi-fetch --resume --retry does");
	if (set->update && (set->work || set->queue))
		opt_die("--update asks again for what a batch has: give it with lines or --resume, without --work or "
			"--queue");
	if (set->recheck && (set->work || set->queue))
		opt_die("--recheck looks at what a batch has: give it with lines or --resume, without --work or "
			"--queue");
	if (set->recheck && !set->accept && !set->max_filesize && !set->public_only)
		opt_die("--recheck needs what to check: give --accept, --max-filesize or --public-only");
	if (set->from_count && (set->work || set->queue || set->update || set->recheck || set->dry_run))
		opt_die("--from takes items that are not completed yet: give it with lines or --resume, without "
			"--work, "
			"--queue, --update, --recheck or --dry-run");
	if (set->offline && !set->from_count)
		opt_die("--offline says that nothing but --from is to be used: give it too");
	if ((set->once || set->stand_by) && !set->work)
		opt_die("--once and --stand-by say how --work works: give it too");
	if (set->priority >= 0 && !set->queue)
		opt_die("--priority is for batches that are handed in: give --queue too");
	if (set->queue && (set->resume || set->retry))
		opt_die("--queue hands in lines and fetches nothing: leave out --resume and --retry");
}

char **
options_read(struct settings *set, int argc, char **argv)
{
	struct opts o = {
		.operands = "[URL | FILE ...]",
		.purpose = "Adds URLs and files, from operands or the lines of stdin, to a batch and gets them.",
		.table = table,
		.argc = argc,
		.argv = argv,
	};

	*set = (struct settings){
		.parallel = 64,
		.tries = 4,
		.backoff_ms = 1000,
		.give_up_ms = 120000,
		.max_wait_ms = MAX_WAIT_UNSET,
		.priority = -1,
		.connect_ms = 30000,
		.stall_ms = 60000,
		.max_media = 100,
		.through_ms = 300000,
	};
	for (int id; (id = opt_next(&o));) {
		take_option(set, &o, id);
		go_on_note(&set->go_on, o.given, o.value);
	}
	if (set->accept && accept_patterns_check(set->accept))
		opt_die("--accept '%s': %s", set->accept, accept_patterns_check(set->accept));
	if (set->proxy && http_policy_proxy_check(set->proxy))
		opt_die("--proxy '%s' %s", http_policy_proxy_shown(set->proxy), http_policy_proxy_check(set->proxy));
	if (set->public_only && set->proxy && set->noproxy)
		opt_die("--public-only with --proxy sends everything to the proxy: leave out --noproxy");
	check_ways_of_working(set, *opt_rest(&o) != NULL);
	check_lists(set, opt_rest(&o));
	if (set->min_speed && set->min_speed_s > (set->stall_ms + 999) / 1000)
		opt_die("--min-speed is measured over %ld s here, which is more than --stall-timeout allows a transfer "
			"to "
			"stand still: make that longer",
			set->min_speed_s);
	if (set->max_wait_ms == MAX_WAIT_UNSET)
		set->max_wait_ms = set->work ? -1 : MAX_WAIT_USUAL_MS;
	if (set->through && strspn(set->through, " \t\n") == strlen(set->through))
		opt_die("--through takes a program or a command of sh, not nothing");
	/* With a proxy, the address of a name is not visible here, so the proxy must be named, and is then used for
	 * everything. */
	if (set->public_only)
		set->noproxy = set->proxy && *set->proxy ? "" : "*";
	set->contact = http_policy_contact(set->contact);
	return opt_rest(&o);
}
