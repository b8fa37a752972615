/*
 * hold: holds a batch as a worker does, for tests.
 *
 *     hold BATCH [ITEM...]    takes the batch of BI_ROOT (made where missing) and those items of it, prints "held",
 *                             and holds them until its stdin ends or it is killed
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/msg.h"
#include "batch/batch.h"

int
main(int argc, char **argv)
{
	struct root root;
	struct batch *b;
	char byte;

	msg_program("hold");
	if (argc < 2)
		msg_die(EX_WRONG_USE, "usage: hold BATCH [ITEM...]");
	root_open(&root, NULL, true);
	b = batch_open(&root, argv[1], BATCH_WORK, NULL);
	if (!b)
		msg_die_errno(EX_OSERR, "cannot hold the batch '%s'", argv[1]);
	for (int i = 2; i < argc; i++)
		if (batch_claim(b, (uint32_t)strtoul(argv[i], NULL, 10), NULL) != CLAIM_OURS)
			msg_die(EX_OSERR, "cannot hold item %s of '%s'", argv[i], argv[1]);
	puts("held");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	batch_close(b);
	msg_finish(EX_ALL_WELL);
}
