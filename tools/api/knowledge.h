/*
 * knowledge: the knowledge base of a notebook.
 */
#ifndef BI_KNOWLEDGE_H
#define BI_KNOWLEDGE_H

#include "route.h"

handler knowledge_list, knowledge_link, knowledge_unlink;

#endif
