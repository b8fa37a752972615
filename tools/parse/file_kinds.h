/*
 * file_kinds: which parser (formats.h) reads a file of which media type or name.
 */
#ifndef BI_PARSE_FILE_KINDS_H
#define BI_PARSE_FILE_KINDS_H

/* Returns the name of the format that parses files of the media type MIME, or NULL if none does. */
const char *file_kind_format(const char *mime);

/* The same for a file called NAME whose bytes do not determine its type. */
const char *file_kind_format_of_name(const char *name);

#endif
