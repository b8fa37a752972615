#include <stdbool.h>

#include "base/msg.h"
#include "exit_code.h"

int
exit_code_worse(int code, int next)
{
	bool stopped = code > EX_CONFLICT, stops = next > EX_CONFLICT;

	if (stopped || stops)
		return stopped ? code : next;
	if (code == EX_WRONG_USE || next == EX_WRONG_USE)
		return EX_WRONG_USE;
	return code > next ? code : next;
}
