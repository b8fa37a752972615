/*
 * main_loop: a run of bi-fetch from its command line to its exit code: sets up the stages, gives each its turn until
 * all is done or the run must end, and frees them. dispatch.h says which stage follows which.
 */
#ifndef BI_MAIN_LOOP_H
#define BI_MAIN_LOOP_H

#include "lists.h"

/* Does what the command line says, and returns the exit code. Takes over LISTS, which is NULL with --resume and --work.
 * A signal ends the program. */
int main_loop_run(const struct settings *set, struct lists *lists);

#endif
