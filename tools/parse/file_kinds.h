/*
 * file_kinds: which parser (formats.h) reads a file of which media type or name.
 */
#ifndef BI_PARSE_FILE_KINDS_H
#define BI_PARSE_FILE_KINDS_H

/* Returns the name of the format that parses files of the media type MIME, or NULL if none does. NAME, what the file is
 * called, counts if the type says no more than that it is text, or nothing. */
const char *file_kind_format_of(const char *mime, const char *name);

#endif
