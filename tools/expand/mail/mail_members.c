#include "mail/mail_members.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "confined/confine.h"
#include "confined/expand.h"
#include "confined/helper.h"
#include "confined/type.h"
#include "confined/unpack.h"
#include "mail/mail_box.h"
#include "mail/mail_content.h"
#include "mail/mail_reader.h"
#include "packets.h"

enum { DEPTH = 100, BETWEEN = 256 /* mails between two signs of life */ };

static const struct confine_limits limits = {
	.memory = EXPAND_MEMORY,
	.seconds = EXPAND_SECONDS,
	.file_size = 1,
	.files = 4,
};

/* What is read. */
static struct {
	struct mail_box box;
	GMimeStream *file;
	uint64_t message;  /* its number in the mailbox */
	int64_t end, date; /* of the mail */
	uint64_t part;     /* the number of the last part */
	int depth;
	bool cut;           /* the mail ends before its last boundary */
	bool any_cut, deep; /* that is so of a mail of the file; parts are in too many others */
	struct buf name;
} mail;

/* --- names --- */

/* A name made of TEXT that is not a path. */
static void
name_after(const char *text)
{
	buf_clear(&mail.name);
	buf_str(&mail.name, text ? text : "");
	for (size_t i = 0; i < mail.name.len; i++)
		if (mail.name.data[i] == '/' || mail.name.data[i] == '\\')
			mail.name.data[i] = '_';
}

static void
number_name(GMimeObject *part)
{
	GMimeContentType *type = g_mime_object_get_content_type(part);
	char *mime = type ? g_mime_content_type_get_mime_type(type) : NULL;

	buf_clear(&mail.name);
	buf_printf(&mail.name, "part%llu.%s", (unsigned long long)mail.part, type_extension(mime ? mime : ""));
	g_free(mime);
}

/* The name of the file at the end of a URL. */
static void
location_name(const char *url)
{
	size_t n = strcspn(url, "?#");
	const char *slash = memrchr(url, '/', n);
	char *text;

	n = slash ? n - (size_t)(slash + 1 - url) : n;
	text = g_uri_unescape_segment(slash ? slash + 1 : url, slash ? slash + 1 + n : url + n, NULL);
	name_after(text);
	g_free(text);
}

/* What the mail calls the part, or else what can be made of its address, subject or number. */
static void
choose_name(GMimeObject *part)
{
	const char *given = GMIME_IS_PART(part) ? g_mime_part_get_filename(GMIME_PART(part))
						: g_mime_object_get_content_disposition_parameter(part, "filename");
	const char *url = GMIME_IS_PART(part) ? g_mime_part_get_content_location(GMIME_PART(part)) : NULL;
	GMimeMessage *message =
		GMIME_IS_MESSAGE_PART(part) ? g_mime_message_part_get_message(GMIME_MESSAGE_PART(part)) : NULL;
	const char *subject = message ? g_mime_message_get_subject(message) : NULL;

	buf_clear(&mail.name);
	if (given && *given) {
		buf_str(&mail.name, given);
	} else if (url) {
		location_name(url);
	} else if (subject && *subject) {
		name_after(subject);
		buf_str(&mail.name, ".eml");
	}
	if (mail.name.len == 0)
		number_name(part);
}

static void
begin_member(GMimeObject *part)
{
	struct buf path = {0};

	choose_name(part);
	if (mail.box.box && *mail.name.data != '/' && *mail.name.data != '\\')
		buf_printf(&path, "%llu/", (unsigned long long)mail.message);
	buf_add(&path, mail.name.data, mail.name.len);
	packets_begin_member('f', -1, mail.date, path.data, path.len);
	buf_free(&path);
}

/* --- members --- */

static void
say_encrypted(GMimeObject *part)
{
	begin_member(part);
	packets_fail_member('X', "it is encrypted");
}

/* Whether the mail ends inside the part. */
static bool
is_last(GMimePart *part)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *stream = content ? g_mime_data_wrapper_get_stream(content) : NULL;

	return stream && stream->bound_end >= mail.end;
}

static void
say_part(GMimePart *part)
{
	struct mail_content *c = mail_content_open(part, mail.box.box);
	const char *bytes;

	begin_member(GMIME_OBJECT(part));
	for (size_t n; (n = mail_content_next(c, &bytes)) > 0;)
		packets_say_bytes(bytes, n);
	if (mail.cut && is_last(part))
		packets_fail_member('D', "the mail is cut short in it");
	else if (mail_content_is_cut(c))
		packets_fail_member('D', "its base64 is cut short");
	else
		packets_say("E", 1, NULL, 0);
	mail_content_close(c);
}

/* A mail in the mail, as it is. */
static void
say_message(GMimeMessagePart *part)
{
	GMimeMessage *message = g_mime_message_part_get_message(part);
	GMimeStream *s = g_mime_stream_mem_new();
	GByteArray *bytes;

	begin_member(GMIME_OBJECT(part));
	if (message)
		g_mime_object_write_to_stream(GMIME_OBJECT(message), NULL, s);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(s));
	packets_say_bytes((const char *)bytes->data, bytes->len);
	if (mail.cut && !message)
		packets_fail_member('D', "the mail is cut short in it");
	else
		packets_say("E", 1, NULL, 0);
	g_object_unref(s);
}

/* --- parts --- */

static void walk(GMimeObject *part, bool is_body);

/* Whether the part is text of the mail, and no file. */
static bool
is_text(GMimeObject *part)
{
	return (mail_is_type(part, "text", "plain") || mail_is_type(part, "text", "html")) && !mail_is_attached(part) &&
	       !g_mime_object_get_content_disposition_parameter(part, "filename");
}

/* The page of parts that belong together (RFC 2387). */
static int
find_root(GMimeMultipart *parts)
{
	const char *start = g_mime_object_get_content_type_parameter(GMIME_OBJECT(parts), "start");
	char *id = start ? g_mime_utils_decode_message_id(start) : NULL;
	int found = 0;

	for (int i = g_mime_multipart_get_count(parts) - 1; id && i >= 0; i--) {
		const char *its = g_mime_object_get_content_id(g_mime_multipart_get_part(parts, i));

		if (its && strcmp(its, id) == 0)
			found = i;
	}
	g_free(id);
	return found;
}

static void
walk_parts(GMimeMultipart *parts)
{
	GMimeObject *object = GMIME_OBJECT(parts);
	bool related = mail_is_type(object, "multipart", "related");
	int count = g_mime_multipart_get_count(parts), root = related ? find_root(parts) : 0;

	if (mail_is_type(object, "multipart", "encrypted")) {
		say_encrypted(g_mime_multipart_get_part(parts, count > 1 ? 1 : 0));
		return;
	}
	if (mail_is_type(object, "multipart", "signed") && count > 1)
		count = 1; /* the second is the signature */
	for (int i = 0; i < count; i++)
		walk(g_mime_multipart_get_part(parts, i), !related || i == root);
}

static void
walk_smime(GMimePart *part)
{
	GMimeObject *content = mail_content_signed(part);

	if (!content) {
		say_encrypted(GMIME_OBJECT(part));
		return;
	}
	walk(content, true);
	g_object_unref(content);
}

static void
walk(GMimeObject *part, bool may_be_text)
{
	bool text = GMIME_IS_PART(part) && may_be_text && is_text(part);

	if (mail.depth == DEPTH) {
		mail.deep = true;
		return;
	}
	mail.depth++;
	mail.part += !GMIME_IS_MULTIPART(part);
	if (GMIME_IS_MULTIPART(part))
		walk_parts(GMIME_MULTIPART(part));
	else if (GMIME_IS_MESSAGE_PART(part))
		say_message(GMIME_MESSAGE_PART(part));
	else if (mail_is_type(part, "application", "pkcs7-mime") || mail_is_type(part, "application", "x-pkcs7-mime"))
		walk_smime(GMIME_PART(part));
	else if (text && mail_content_is_pgp(GMIME_PART(part)))
		say_encrypted(part);
	else if (GMIME_IS_PART(part) && !text)
		say_part(GMIME_PART(part));
	mail.depth--;
}

/* --- the file --- */

/* False: it is not a mail. */
static bool
say_mail(int64_t start, int64_t end)
{
	GMimeStream *stream = g_mime_stream_substream(mail.file, start, end);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message;
	GDateTime *date;
	bool is_mail;

	mail.cut = false;
	message = mail_next(parser, &mail.cut);
	is_mail = message && mail_has_headers(message);
	if (is_mail) {
		date = g_mime_message_get_date(message);
		mail.date = date ? g_date_time_to_unix(date) : 0;
		mail.end = end;
		mail.part = 0;
		mail.message++;
		mail.any_cut = mail.any_cut || mail.cut;
		if (g_mime_message_get_mime_part(message))
			walk(g_mime_message_get_mime_part(message), true);
	}
	if (message)
		g_object_unref(message);
	g_object_unref(parser);
	g_object_unref(stream);
	return is_mail;
}

static _Noreturn void
say_mails(void)
{
	for (int64_t start, end; mail_box_next(&mail.box, &start, &end);) {
		if (!say_mail(start, end) && mail.message == 0)
			packets_end_failed(UNPACK_NOT, "");
		if (mail.message % BETWEEN == 0)
			packets_say("W", 1, NULL, 0); /* many mails may have no attachments */
	}
	if (mail.box.failed)
		packets_end_unread(mail.box.failed);
	if (mail.deep)
		packets_end_failed(UNPACK_UNSUPPORTED, "it has more than 100 levels of parts in parts");
	if (mail.any_cut)
		packets_end_failed(UNPACK_DAMAGED, "it is cut short: the last boundary of its parts is missing");
	packets_end();
}

/* glib ends the process with abort(3), or a trap, if memory runs out. */
static void
on_abort_signal(int signal)
{
	if (helper_lacks_memory())
		packets_end_failed(UNPACK_MEMORY, "");
	_exit(128 + signal);
}

void
mail_members_serve(void)
{
	struct sigaction on_abort = {.sa_handler = on_abort_signal};
	uint64_t skip;
	struct stat st;
	int fd;

	packets_prepare();
	mail_reader_load();
	if (sigaction(SIGABRT, &on_abort, NULL) < 0 || sigaction(SIGTRAP, &on_abort, NULL) < 0)
		msg_die_errno(EX_OSERR, "cannot handle signals");
	helper_confine(&limits);
	fd = packets_receive(&skip);
	mail.file = g_mime_stream_fs_new(fd);
	if (!mail.file || fstat(fd, &st) < 0)
		packets_end_unread(errno);
	mail_box_open(&mail.box, fd, st.st_size);
	say_mails();
}
