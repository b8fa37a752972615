/* fuzz: tools/lib/mail/mail_box.c tools/lib/mail/mail_head.c tools/lib/mail/mail_content.c */
#include "fuzz.h"

#include <unistd.h>

#include "mail/mail_box.h"
#include "mail/mail_content.h"
#include "mail/mail_head.h"
#include "mail/mail_reader.h"

static bool in_box;

static void
on_part(GMimeObject *parent, GMimeObject *part, gpointer arg)
{
	struct mail_content *c;
	const char *piece;
	GMimeObject *inner;

	(void)parent;
	(void)arg;
	mail_is_attached(part);
	if (!GMIME_IS_PART(part))
		return;
	c = mail_content_open(GMIME_PART(part), in_box);
	while (mail_content_next(c, &piece) > 0)
		FUZZ_WANT(piece);
	mail_content_is_cut(c);
	mail_content_close(c);
	mail_content_is_pgp(GMIME_PART(part));
	inner = mail_content_signed(GMIME_PART(part));
	if (inner)
		g_object_unref(inner);
}

static void
read_mail(GMimeStream *file, int64_t start, int64_t end)
{
	GMimeStream *stream = g_mime_stream_substream(file, start, end);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	bool cut = false;
	GMimeMessage *m = mail_next(parser, &cut);

	if (m && mail_has_headers(m))
		g_mime_message_foreach(m, on_part, NULL);
	if (m)
		g_object_unref(m);
	g_object_unref(parser);
	g_object_unref(stream);
}

/* A mail, or a mailbox: its mails do not overlap. */
FUZZ(attachments, mail_reader_load)
{
	int fd = fuzz_file(bytes, n);
	GMimeStream *file = g_mime_stream_fs_new(fd); /* closes it */
	struct mail_box box;
	int64_t last = 0;

	mail_head_is_mail(bytes, n);
	mail_box_open(&box, fd, (int64_t)n);
	in_box = box.box;
	for (int64_t start, end; mail_box_next(&box, &start, &end); last = end) {
		FUZZ_WANT(start >= last && end > last && start <= end && end <= (int64_t)n);
		read_mail(file, start, end);
	}
	g_object_unref(file);
}
