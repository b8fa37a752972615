/*
 * list_feed: a list that is a sitemap or a feed, whose entries become item records (confined/feed.h).
 */
#ifndef BI_LIST_FEED_H
#define BI_LIST_FEED_H

#include "records/rec.h"

struct list_feed;

/* Reads the document on the descriptor FD, which stays the caller's, as NAME. COLUMN is one of feed_from; NULL: media,
 * and the pages of entries of feeds that have none. list_feed_close() frees it; NULL is allowed there. */
struct list_feed *list_feed_open(const char *name, int fd, const char *column);
void list_feed_close(struct list_feed *f);

/* As rec_next(); the line is the number of the entry. A document that cannot be used is named in a message, and is at
 * its end. Call this at least once a second. */
enum rec_kind list_feed_next(struct list_feed *f, struct rec *out);

/* The descriptor to wait for. */
int list_feed_fd(const struct list_feed *f);

/* Reads once. Returns 0, or -1 with errno. */
int list_feed_fill(struct list_feed *f);

/* Returns the exit code for a document that could not be used, EX_ALL_WELL for others. */
int list_feed_trouble(const struct list_feed *f);

#endif
