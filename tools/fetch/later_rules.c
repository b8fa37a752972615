#include "later_rules.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/msg.h"
#include "confined/expand.h"
#include "hosts/accept.h"
#include "hosts/address.h"
#include "local_facts.h"
#include "records/rec.h"
#include "transfer.h"

/* The local file that a result is of; NULL: it is of none. */
static const char *
local_file_of(struct json_object *result)
{
	return rec_string(result, "url") ? NULL : rec_string(result, "file");
}

/* --accept is about what a page shows, and the members of an archive, not about these. */
static bool
is_for_accept(const struct settings *set, struct json_object *result, const char *mime)
{
	bool is_member = json_object_object_get_ex(result, "archive", NULL);

	if (rec_string(result, "media") && !rec_string(result, "url"))
		return false;
	return is_member ||
	       !(json_object_object_get_ex(result, "members", NULL) || (set->expand && expand_is_archive(mime)));
}

/* What the host in the URL is, if that alone shows that it is not public. */
static const char *
private_host_of(const struct transfers *all, const char *url)
{
	char *host = url ? transfer_url_part(url, CURLUPART_HOST, 0) : NULL;
	const char *wrong = host ? address_of_host_check(host) : NULL;

	curl_free(host);
	return wrong && transfer_may_be_private(all, url) ? NULL : wrong;
}

/* The rule that the completed RESULT breaks; NULL: none. */
static const char *
check_rules(const struct run *run, const struct transfers *all, const struct target *t, struct json_object *result,
	    char *why, size_t n)
{
	const struct settings *set = run->set;
	const char *mime = rec_string(result, "mime"), *file = local_file_of(result), *wrong = NULL;
	long long bytes = rec_number(result, "bytes", 0);

	if (set->max_filesize && bytes > set->max_filesize) {
		snprintf(why, n, "it has %lld bytes, more than the %ld that --max-filesize allows", bytes,
			 set->max_filesize);
		return "too_large";
	}
	if (set->accept && mime && is_for_accept(set, result, mime) && !accept_matches(set->accept, mime)) {
		snprintf(why, n, "it is %s, which --accept does not name", mime);
		return "not_accepted";
	}
	if (!set->public_only && !t->public_only)
		return NULL;
	if (!file && !(wrong = private_host_of(all, rec_string(result, "final_url"))))
		wrong = private_host_of(all, rec_string(result, "url") ? rec_string(result, "url")
								       : rec_string(result, "media"));
	if (!file && !wrong)
		return NULL;
	snprintf(why, n, "it is from %s, and --public-only allows public addresses alone",
		 file ? "a file of this machine" : wrong);
	return "blocked_address";
}

/* Whether the local file that RESULT is of is there, and has another size or time than recorded. */
static bool
has_changed(const struct run *run, const struct target *t, struct json_object *result)
{
	const char *file = local_file_of(result);
	struct stat st;

	return file && !run->set->public_only && !t->public_only && stat(file, &st) == 0 && S_ISREG(st.st_mode) &&
	       local_file_differs(result, &st);
}

/* Whether a look at the line can tell anything. */
static bool
is_worth_a_look(const struct settings *set, const struct target *t, const struct buf *line)
{
	bool completed = false;

	if (!set->accept && !set->max_filesize && !set->public_only && !t->public_only &&
	    !strstr(line->data, "\"file\":")) /* quicker than memmem(), and done for each result */
		return false;
	batch_result_number(line->data, line->len, &completed);
	return completed;
}

const char *
later_rules_look(const struct run *run, const struct transfers *all, const struct target *t, const struct buf *line,
		 struct json_object **extra, char *why, size_t n)
{
	struct json_object *result, *mismatch;
	const char *code;
	static bool said;

	if (!is_worth_a_look(run->set, t, line))
		return NULL;
	result = rec_parse(line->data, line->len, NULL, 0);
	code = check_rules(run, all, t, result, why, n);
	if (!*extra)
		*extra = json_object_new_object();
	if (code) {
		mismatch = json_object_new_object();
		rec_add_string(mismatch, "code", code);
		rec_add_string(mismatch, "message", why);
		json_object_object_add(*extra, "mismatch", mismatch);
	} else if (!run->set->update && has_changed(run, t, result)) {
		json_object_object_add(*extra, "changed", json_object_new_boolean(true));
		if (!said)
			msg_warn("'%.300s' has changed since it was copied: --update copies such files again",
				 local_file_of(result));
		said = true;
	}
	json_object_put(result);
	return code;
}
