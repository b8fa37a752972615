/*
 * request_answer: answers the requests that can be answered at once, one at a time.
 */
#ifndef BI_REQUEST_ANSWER_H
#define BI_REQUEST_ANSWER_H

#include "api.h"

/* Answers requests on the listening socket until it is closed. The exit code. */
int request_answer(struct api *api);

#endif
