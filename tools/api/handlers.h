/*
 * handlers: the functions of the routes of request_answer.c.
 */
#ifndef BI_HANDLERS_H
#define BI_HANDLERS_H

#include "route.h"

handler selections_get, selections_put;
handler batch_items_list, batch_cancel_post, batch_render_post, job_cancel_post, job_delete;
handler retry_post, job_retry_post;
handler jobs_status, jobs_list, notebooks_list;
handler files_list, files_status, files_delete;
handler content_get, content_raw, content_image;
handler knowledge_list, knowledge_link, knowledge_unlink;

#endif
