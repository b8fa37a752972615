/*
 * selections: what reviewers chose of a batch.
 */
#ifndef BI_SELECTIONS_H
#define BI_SELECTIONS_H

#include "route.h"

handler selections_get, selections_put;

#endif
