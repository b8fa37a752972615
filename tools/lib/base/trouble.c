#include "base/trouble.h"

#include <errno.h>
#include <string.h>

bool
trouble_is_local(int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
	case EIO:
	case ENOSPC:
	case EDQUOT:
	case EAGAIN:
	case EINTR:
	case ESTALE:
	case ETIMEDOUT:
	case EREMOTEIO:
	case ENOLCK:
		return true;
	default:
		return false;
	}
}

const char *
trouble_reason(int error)
{
	if (error == TROUBLE_NEWER)
		return "a newer bi made it, in a format that this version does not know; use that version";
	return strerror(error);
}
