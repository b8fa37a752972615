#include "mail/mail_headers.h"

#include "mail/mail_reader.h"

static void
put_addresses(struct doc *d, GMimeMessage *m, const char *key, GMimeAddressType type)
{
	char *text = mail_addresses(m, type);

	doc_meta(d, key, text);
	g_free(text);
}

void
mail_put_date(struct doc *d, GMimeMessage *m, const char *key)
{
	GDateTime *date = g_mime_message_get_date(m);
	char *iso = date ? g_date_time_format(date, "%Y-%m-%dT%H:%M:%S%:z") : NULL;

	doc_meta(d, key, iso);
	g_free(iso);
}

void
mail_describe(struct doc *d, GMimeMessage *m)
{
	char *from = mail_addresses(m, GMIME_ADDRESS_TYPE_FROM);

	doc_set_string(&d->title, g_mime_message_get_subject(m));
	doc_set_string(&d->author, from);
	g_free(from);
	doc_set_string(&d->date, mail_header(m, "Date"));
	mail_put_date(d, m, "date_iso");
	put_addresses(d, m, "to", GMIME_ADDRESS_TYPE_TO);
	put_addresses(d, m, "cc", GMIME_ADDRESS_TYPE_CC);
	put_addresses(d, m, "reply_to", GMIME_ADDRESS_TYPE_REPLY_TO);
	doc_meta(d, "message_id", g_mime_message_get_message_id(m));
}
