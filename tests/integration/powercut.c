/*
 * powercut DIR: cuts the power of the file system that DIR is on, as far as its disk is concerned: what is not written
 * to it by now is never written (FS_IOC_SHUTDOWN without a flush of the log). It takes root, and a file system that
 * knows it: ext4, xfs, btrfs since 7.0.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>

#define FS_IOC_SHUTDOWN _IOR('X', 125, uint32_t)

int
main(int argc, char **argv)
{
	uint32_t without_flush = 2;
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;

	if (fd < 0 || ioctl(fd, FS_IOC_SHUTDOWN, &without_flush) < 0)
		err(1, "%s", argc == 2 ? argv[1] : "usage: powercut DIR");
	return 0;
}
