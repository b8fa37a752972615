/*
 * exit_code: the exit codes of the steps of bi-collect.
 */
#ifndef BI_EXIT_CODE_H
#define BI_EXIT_CODE_H

/* The exit code of two steps with these codes: a conflict counts more than failed items, and a step that could not be
 * done counts most. */
int exit_code_worse(int code, int next);

#endif
