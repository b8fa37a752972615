/*
 * job_stream: the documents of single jobs and files. Clients that ask for the same share one. inotify tells of
 * changes: of the directory of the batch, and of queue/, which a batch leaves last.
 */
#ifndef BI_JOB_STREAM_H
#define BI_JOB_STREAM_H

#include "api.h"
#include "base/loop.h"
#include "reply.h"
#include "route.h"
#include "stream_source.h"

struct job_streams;

struct job_streams *job_streams_new(struct api *api, struct loop *loop);

/* The document that Q asks for: of a job or of a file. NULL after making R the error. */
struct stream_source *job_streams_follow(struct job_streams *o, const struct request *q, struct reply *r);
void job_streams_unfollow(struct job_streams *o, struct stream_source *s);

#endif
