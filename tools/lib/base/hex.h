/*
 * hex: hexadecimal digits, and the octets that URLs write with them.
 */
#ifndef BI_HEX_H
#define BI_HEX_H

#include <stddef.h>

/* Returns the value of the hexadecimal digit C, in upper or lower case; -1 if it is none. */
int hex_value(char c);

/* Returns the octet that the N bytes S begin with in percent-encoding, "%C3" (RFC 3986, 2.1); -1 if they begin
 * otherwise. */
int hex_octet(const char *s, size_t n);

#endif
