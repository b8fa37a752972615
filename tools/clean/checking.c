#include "checking.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/human.h"
#include "base/msg.h"
#include "base/utf8.h"
#include "files/file.h"
#include "records/rec.h"

void
checking_found(struct checking *x, enum mending how, const char *code, const char *what, ...)
{
	bool mended = how == MENDED && x->mends;
	struct json_object *o;
	char text[1024];
	va_list ap;

	va_start(ap, what);
	vsnprintf(text, sizeof(text), what, ap);
	va_end(ap);
	utf8_replace_invalid(text);
	x->found++;
	x->mendable += how == MENDED;
	x->mended += mended;
	if (!x->c->json) {
		human_print("%s: %s%s", x->name, text, mended ? ": mended" : "");
		return;
	}
	o = json_object_new_object();
	rec_add_string(o, "batch", x->name);
	rec_add_string(o, "found", code);
	rec_add_string(o, "message", text);
	json_object_object_add(o, "mended", json_object_new_boolean(mended));
	rec_write_json(o);
}

void
checking_cannot_read(struct checking *x, const char *what)
{
	msg_warn("cannot read %s of the batch '%s': %s", what, x->name, file_reason(errno));
	x->failed = true;
}
