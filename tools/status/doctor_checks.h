/*
 * doctor_checks: the checks that doctor.c runs, one after the other.
 */
#ifndef BI_DOCTOR_CHECKS_H
#define BI_DOCTOR_CHECKS_H

#include "doctor_findings.h"

/* doctor_machine.c */
void doctor_programs(struct doctor *d);
void doctor_kernel(struct doctor *d);
void doctor_limits(struct doctor *d);
void doctor_hosts(struct doctor *d);

/* doctor_root.c: the root and its folders, and who may read its secrets */
void doctor_root(struct doctor *d);
void doctor_secrets(struct doctor *d);

/* Looks at a folder NAME in the directory DIRFD, which is SHOWN below the root. A folder that is not there is well.
 * Returns false if it is not a folder that can be used, which was reported. */
bool doctor_folder(struct doctor *d, int dirfd, const char *name, const char *batch, const char *shown);

/* doctor_disk.c */
void doctor_space(struct doctor *d);
void doctor_storage(struct doctor *d);
void doctor_clock(struct doctor *d);

/* doctor_batches.c */
void doctor_batches(struct doctor *d);

/* doctor_queue.c */
void doctor_queue(struct doctor *d);

/* doctor_servers.c */
void doctor_servers(struct doctor *d);
void doctor_ports(struct doctor *d);

#endif
