/*
 * validate: whether what arrived is what was asked for. By the writer, once it is known what the bytes are.
 */
#ifndef BI_VALIDATE_H
#define BI_VALIDATE_H

#include "job.h"

/* Makes a job that was GOT one that FAILED where the bytes are not what was asked for. */
void validate_job(struct job *j);

#endif
