/*
 * readers: the table of programs that read what bi-parse has no parser for, bi-readers(5).
 */
#ifndef BI_PARSE_READERS_H
#define BI_PARSE_READERS_H

#include <stdbool.h>

#include "confined/run_program.h"

enum reader_output { READER_TEXT, READER_MARKDOWN, READER_CSV };

struct reader {
	enum reader_output output;
	char *package; /* the Debian package of the program; NULL: not known */
	char *program; /* its path, or else its name */
	char *argv[RUN_ARGS + 1];
	bool installed; /* the program was there when the table was read */
};

/* The type of pictures of text, for reader_find(). */
#define READER_OCR "ocr"

/* Reads the table: share/parse/readers, /etc/bi/readers and $XDG_CONFIG_HOME/bi/readers or ~/.config/bi/readers, once.
 * An invalid line ends the program with a message. */
void readers_load(void);

/* Calls EACH for all readers. */
void readers_each(void (*each)(const struct reader *r, void *arg), void *arg);

/* The reader of files of the media type MIME, or, if that type is one of many kinds of files (such as text/plain),
 * called NAME; NULL: none. Of several, the last of the table counts. */
const struct reader *reader_find(const char *mime, const char *name);

#endif
