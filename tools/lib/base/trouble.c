#include "base/trouble.h"

#include <errno.h>

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
