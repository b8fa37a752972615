/*
 * export_layout: the archive that a filter describes (bi-exports(5)): files of the collection under the filter's names,
 * and texts.
 */
#ifndef BI_EXPORT_LAYOUT_H
#define BI_EXPORT_LAYOUT_H

struct export;

/* Adds the members that the lines of the file PLAN describe. Returns an exit code, after a message unless it is 0. */
int export_layout(struct export *x, int plan);

#endif
