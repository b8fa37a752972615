#include "pdf/pdf_problems.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static struct pdf_problems *kept;
static bool counting;

static void
on_log(const char *domain, GLogLevelFlags level, const char *text, void *arg)
{
	const char *message = text ? strstr(text, ": ") : NULL;

	(void)domain, (void)level, (void)arg;
	if (!kept || !counting || !message)
		return;
	if (strstr(text, "Missing language pack") || strstr(text, "Unknown CMap"))
		kept->no_tables = true;
	else if (!*kept->first &&
		 (g_str_has_prefix(text, "Syntax error") || g_str_has_prefix(text, "Internal error"))) {
		snprintf(kept->first, sizeof(kept->first), "%s", message + 2);
		utf8_replace_invalid(kept->first);
		utf8_make_line(kept->first);
	}
}

void
pdf_problems_load(void)
{
	g_log_set_default_handler(on_log, NULL);
}

void
pdf_problems_keep(struct pdf_problems *p)
{
	*p = (struct pdf_problems){0};
	kept = p;
	counting = true;
}

void
pdf_problems_count(bool count)
{
	counting = count;
}
