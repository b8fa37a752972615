/*
 * odf_chart: charts of OpenDocument (ISO/IEC 26300 part 1, 11): their titles, and the table of numbers that is saved
 * with them.
 */
#ifndef BI_PARSE_ODF_CHART_H
#define BI_PARSE_ODF_CHART_H

#include <stdbool.h>

#include "doc.h"
#include "office/members.h"

struct odf_chart {
	struct doc *d;
	struct md *md;
	unsigned depth; /* of elements that are open; 0: no chart is */
	bool some, in_title, in_table, in_cell, in_group;
	size_t cells; /* of the row */
};

/* Element by element, for a chart within another document. odf_chart_open() is for its root element. The titles become
 * paragraphs of MD, and the numbers a table. If there is neither, missing has charts. */
void odf_chart_open(struct odf_chart *c, struct doc *d, struct md *md);
void odf_chart_begin(struct odf_chart *c, const char *name, const char **attributes);
void odf_chart_end(struct odf_chart *c, const char *name);
void odf_chart_text(struct odf_chart *c, const char *s, size_t n);

/* Ends a chart that is open where the file is cut short. */
void odf_chart_close(struct odf_chart *c);

/* Writes the object HREF to MD. If it is no chart, or cannot be read, that is named as missing. */
void odf_chart_put(const struct members *m, const char *href, struct doc *d, struct md *md);

#endif
