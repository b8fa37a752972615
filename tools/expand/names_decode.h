/*
 * names_decode: names of members that are not UTF-8.
 */
#ifndef BI_EXPAND_NAMES_DECODE_H
#define BI_EXPAND_NAMES_DECODE_H

/* Opens what names are converted with. Without this call, names_decode() ends the process at the first name that is not
 * UTF-8, so that it is run again in the mode "names": the converters take longer to open than most archives to unpack.
 */
void names_load(void);

/* Returns NAME, or what it is in the character set that is guessed from the names in the archive FD, valid until the
 * next call. The set is then said in a packet (confined/expand.h). If it cannot be told, the name is returned as it is.
 */
const char *names_decode(int fd, const char *name);

#endif
