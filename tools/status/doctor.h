/*
 * doctor: what is wrong with a root and its machine, bi-status --doctor.
 */
#ifndef BI_DOCTOR_H
#define BI_DOCTOR_H

#include <stdbool.h>

#include "files/root.h"

/* Prints what is wrong with ROOT and the machine, and how to mend it: on stdout a line, or with JSON a record, for each
 * finding. Returns 0 if there is no problem, else EX_SOME_FAILED. */
int doctor_run(const struct root *root, bool json);

#endif
