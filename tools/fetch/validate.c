#include "validate.h"

#include <openssl/evp.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "confined/expand.h"
#include "hosts/accept.h"
#include "hosts/truncated.h"
#include "records/rec.h"

enum { SHA1_HEX = 40 };

/* If it is RETRYABLE, the URL may return the right bytes next time, in this run if attempts are left. */
static void
refuse_job(struct job *j, bool retryable, const char *code, const char *why)
{
	bool again = retryable && j->url && j->attempts < (unsigned)j->run->set->tries;

	verdict_fail(j, again, code, "%s", why);
	j->verdict.retryable = retryable;
}

/* The SHA-1 (FIPS 180-4) of the file FD, as hexadecimal digits. False if the local copy cannot be read. */
static bool
sha1_of(int fd, char hex[SHA1_HEX + 1])
{
	unsigned char digest[SHA1_HEX / 2];
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok = c && EVP_DigestInit_ex(c, EVP_sha1(), NULL) == 1;
	char piece[1 << 16];
	ssize_t n = 0;

	for (off_t at = 0; ok && (n = pread(fd, piece, sizeof(piece), at)) > 0; at += n)
		ok = EVP_DigestUpdate(c, piece, (size_t)n) == 1;
	ok = ok && n == 0 && EVP_DigestFinal_ex(c, digest, NULL) == 1;
	EVP_MD_CTX_free(c);
	if (ok)
		hash_hex(digest, sizeof(digest), hex);
	return ok;
}

/* Whether the format of the file shows that its end is missing. If all announced bytes arrived, the file is already
 * incomplete at its origin: it is kept, and its result says so. */
static const char *
find_cut(struct job *j)
{
	const char *wrong =
		truncated_check(j->body.part.fd, j->body.bytes, j->type.mime, j->body.held, j->body.held_len);
	bool announced = j->answer.length >= 0 || j->total == (int64_t)j->body.bytes ||
			 rec_string(j->asked, "sha256") || rec_string(j->asked, "sha1");

	if (!wrong || !announced)
		return wrong;
	j->warning = "no_end_marker";
	return NULL;
}

/* Checks the bytes against the members of the item. */
static bool
is_as_said(struct job *j)
{
	const char *sha256 = rec_string(j->asked, "sha256"), *sha1 = rec_string(j->asked, "sha1");
	long long bytes = rec_number(j->asked, "bytes", -1);
	char why[200], hex[SHA1_HEX + 1];

	if (bytes >= 0 && (uint64_t)bytes != j->body.bytes) {
		snprintf(why, sizeof(why), "it has %llu bytes where the item says %lld",
			 (unsigned long long)j->body.bytes, bytes);
		refuse_job(j, false, "size_mismatch", why);
	} else if (sha256 && strcasecmp(sha256, j->body.sha256) != 0) {
		snprintf(why, sizeof(why), "its SHA-256 is %s, not what the item says", j->body.sha256);
		refuse_job(j, false, "hash_mismatch", why);
	} else if (sha1 && !sha1_of(j->body.part.fd, hex)) {
		verdict_trouble(j, "reading what was fetched, for its SHA-1, failed");
	} else if (sha1 && strcasecmp(sha1, hex) != 0) {
		refuse_job(j, false, "hash_mismatch", "its SHA-1 is not what the item says");
	} else {
		return true;
	}
	return false;
}

void
validate_job(struct job *j)
{
	const char *accept = j->run->set->accept, *mime = j->type.mime, *wrong;
	char why[200];
	/* It is fetched for its members, and --accept applies to those. */
	bool is_archive = j->run->set->expand && expand_is_archive(mime) && (!j->expanded || j->members >= 0);

	if (!is_as_said(j)) {
		body_drop(&j->body);
		return;
	}
	wrong = j->page ? NULL
			: accept_page_check(j->url, rec_string(j->asked, "mime"), accept, j->answer.content_type, mime);
	if (wrong) {
		snprintf(why, sizeof(why), "what came is %s", wrong);
		refuse_job(j, true, "page_instead", why);
	} else if (!j->page && !accept_matches(accept, mime) && !is_archive) {
		snprintf(why, sizeof(why), "it is %s, which --accept does not name", mime);
		refuse_job(j, false, "not_accepted", why);
	} else if (j->url && (wrong = find_cut(j))) {
		refuse_job(j, true, "not_whole", wrong);
	}
	if (j->verdict.kind != GOT)
		body_drop(&j->body);
}
