/*
 * create_job: the batch of a job.
 */
#ifndef BI_CREATE_JOB_H
#define BI_CREATE_JOB_H

#include <stdbool.h>

#include "submission.h"

/* Makes the job, all of it on the disk. False after making the reply the error, with nothing left behind. */
bool create_job(struct submission *h);

#endif
