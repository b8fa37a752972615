/*
 * expand: unpacks the members of an archive by bi-expand, a confined process.
 *
 * There is one process for each archive, with the protocol of helper.h. `bi-expand --serve` gets one packet, "expand
 * N", with one descriptor (SCM_RIGHTS): the archive, open for reading only. From then on it only sends. Of each entry
 * but the first N, in the archive's order:
 *
 * - "N", a character set and a number, before the next line: its name was in this set, which is a guess that is right
 * in so many of 100 cases: "Nibm866 80";
 *
 * - "M", its kind, " SIZE MTIME NAME": "Mf 20123 1700000000 a/b.jpg". The kind is f (a file), d (a directory), h and l
 *   (a hard and a symbolic link), c, b, p, s (devices, pipe, socket) or ? (else); SIZE is -1 and MTIME is 0 if the
 *   archive does not say; NAME is the rest of the packet, the bytes as the archive has them;
 * - "B" and at most EXPAND_BLOCK of its bytes, or "H", the length of a hole, at most EXPAND_BLOCK, and a space; as
 * often as it takes, never for an empty one;
 * - "E": it is whole; or "D" and words: it is damaged; or "U" and words: its method is not known here; or "X" and
 * words: it needs a password. The next may be whole;
 *
 * or, between entries, once and last of all, "R" and a mode: `bi-expand --serve MODE` is to go on, "names" for names
 * that are not UTF-8, or at the beginning "mail" for a mail (message/rfc822, mbox, MHTML), whose attachments are the
 * entries. These load more than most archives need.
 *
 * Last of all comes "Z", the end of the archive, or "F", a letter and words: why it stops here (enum unpack_fault). The
 * limits, and which members are refused, are decided here and not in bi-expand: it reads bytes of strangers, so its
 * answers are not trusted.
 */
#ifndef BI_EXPAND_H
#define BI_EXPAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	EXPAND_BLOCK = 64 << 10,  /* the most bytes of a member at once */
	EXPAND_CHARSET = 32,      /* room for the name of a character set and its NUL */
	EXPAND_WORDS = 200,       /* room for a message and its NUL */
	EXPAND_MEMORY = 1 << 30,  /* bytes of address space that bi-expand has; beyond them: archive_memory */
	EXPAND_SECONDS = 15 * 60, /* of its processor time, and of waiting for it in all */
};

/* The limits for one archive. A member that is 0 has its usual value, which stands last here. */
struct expand_limits {
	uint64_t members;      /* entries of any kind, directories too; 10,000 */
	uint64_t bytes;        /* unpacked, of all members, refused ones too; 4 GiB */
	uint64_t member_bytes; /* unpacked, of one member; 2 GiB */
	uint64_t ratio;        /* unpacked bytes, without holes, to those of the archive, beyond FREE; 1,000 */
	uint64_t free;         /* unpacked bytes, without holes, that any archive may have; 1 GiB */
	int stall;             /* milliseconds without a sign of life while we wait; 30,000 */
};

enum expand_event {
	EXPAND_AGAIN,         /* no event came in the time given: call again */
	EXPAND_MEMBER,        /* a member begins */
	EXPAND_BYTES,         /* its next bytes */
	EXPAND_MEMBER_END,    /* it is whole */
	EXPAND_MEMBER_FAILED, /* it is damaged, encrypted or of an unknown method: drop its bytes. code, message */
	EXPAND_REFUSED,       /* an entry that is refused: code (member_bad_name, member_not_a_file), message */
	EXPAND_END,           /* the archive ended. Each further call returns this again */
	EXPAND_FAILED,        /* unpacking ended, and the current member is incomplete: code, message. Likewise */
};

/* The data of an event, valid until the next call. */
struct expand_member {
	const char *path;    /* MEMBER to MEMBER_FAILED, REFUSED: its label (member.h), not a path on disk */
	uint64_t index;      /* the same: its place among all entries, from 1. Several may have one path */
	int64_t size;        /* MEMBER: what the archive says, not what comes; -1: it does not say */
	int64_t mtime;       /* MEMBER: seconds since 1970; 0: it does not say */
	const char *charset; /* MEMBER to MEMBER_FAILED, REFUSED: of which its name was made; NULL: it was UTF-8, or has
				escapes */
	double confidence;   /* CHARSET: how often such guesses are right, above 0 and at most 1 */
	const void *bytes;   /* BYTES */
	size_t len;          /* BYTES: at least 1 */
	const char *code;    /* MEMBER_FAILED, REFUSED, FAILED */
	const char *message; /* the same: words for people, printable ASCII */
};

/* The counts until now. */
struct expand_totals {
	uint64_t members; /* whole ones */
	uint64_t damaged; /* or encrypted, or of an unknown method */
	uint64_t refused;
	uint64_t bytes; /* unpacked, whatever became of them */
};

struct expand;

/*
 * Starts bi-expand, found beside this executable, on the regular file ARCHIVE_FD. Its offset is neither used nor moved,
 * and the caller may close it at once. LIMITS may be NULL. Returns NULL with errno on failure: EINVAL if it is not a
 * regular file, else why bi-expand did not start. bi-expand dies with the thread that calls this (child.h).
 * expand_close() frees it.
 */
struct expand *expand_open(int archive_fd, const struct expand_limits *limits);

/*
 * Returns the next event. Waits at most MS milliseconds for it; -1 waits until there is one, and the limits make sure
 * that one comes.
 *
 * The codes of EXPAND_MEMBER_FAILED: member_damaged, member_encrypted, member_unsupported.
 *
 * The codes of EXPAND_FAILED: not_an_archive (also for a compressed file that is not a tar archive), archive_empty
 * (without a file), archive_damaged, archive_encrypted (also if all files are), archive_unsupported; by the limits
 * archive_too_many, archive_too_large, archive_ratio, archive_memory, archive_timeout; archive_crashed, if bi-expand
 * crashed; and TROUBLE_CODE (trouble.h), if the archive could not be read or this machine stopped bi-expand: the caller
 * may unpack it again.
 */
enum expand_event expand_next(struct expand *e, int ms, struct expand_member *out);

/* For an event loop: expand_fd() returns the descriptor that is readable when expand_next(e, 0, ...) has an event, -1
 * once unpacking has ended. It may be another one after each expand_next(). expand_wait() returns after how many
 * milliseconds to call expand_next() in any case. */
int expand_fd(const struct expand *e);
int expand_wait(const struct expand *e);

/* Returns the totals of E until now, valid as long as E. */
const struct expand_totals *expand_totals(const struct expand *e);

/* Sets the members of O that say how the name of M was made: "member_charset", "member_charset_confidence". */
struct json_object;
void expand_add_charset(struct json_object *o, const struct expand_member *m);

/* Ends bi-expand in any state and frees E, which may be NULL. */
void expand_close(struct expand *e);

/* Returns whether files of this media type (type.h) may be archives: archives, mails, and compressed files, which may
 * be tar archives. Documents that are zip archives inside (docx, epub, jar) are not. */
bool expand_is_archive(const char *mime);

/* Returns whether they may be mails, which are worth keeping without an attachment. */
bool expand_is_mail(const char *mime);

#endif
