/*
 * hold: holds a batch as a worker does, for tests.
 *
 *     hold BATCH    takes the batch of BI_ROOT (made where missing), prints "held", and holds it
 *                   until its stdin ends or it is killed
 */
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "batch.h"
#include "msg.h"

int
main(int argc, char **argv)
{
	struct root root;
	struct batch *b;
	char byte;

	msg_program("hold");
	if (argc != 2)
		msg_die(EX_WRONG_USE, "usage: hold BATCH");
	root_open(&root, NULL, true);
	b = batch_open(&root, argv[1], BATCH_WORK, NULL);
	if (!b)
		msg_die_errno(EX_OSERR, "cannot hold the batch '%s'", argv[1]);
	puts("held");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	batch_close(b);
	msg_finish(EX_ALL_WELL);
}
