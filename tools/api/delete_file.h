/*
 * delete_file: deletes a file of a notebook.
 */
#ifndef BI_DELETE_FILE_H
#define BI_DELETE_FILE_H

#include "route.h"

handler files_delete;

#endif
