#include "testing.h"

#include "files/file_system.h"

static void
types_tell_whether_locks_exclude(void **state)
{
	(void)state;
	assert_int_equal(file_system_type_locks("ext4"), LOCKS_LOCAL);
	assert_int_equal(file_system_type_locks("zfs"), LOCKS_LOCAL);
	assert_int_equal(file_system_type_locks("ceph"), LOCKS_LOCAL);
	assert_int_equal(file_system_type_locks("nfs4"), LOCKS_FAIL);
	assert_int_equal(file_system_type_locks("cifs"), LOCKS_FAIL);
	assert_int_equal(file_system_type_locks("fuse.sshfs"), LOCKS_FAIL);
	assert_int_equal(file_system_type_locks("fuse.glusterfs"), LOCKS_FAIL);
	assert_int_equal(file_system_type_locks("fuse"), LOCKS_UNSURE);
	assert_int_equal(file_system_type_locks("fuse.fuse-overlayfs"), LOCKS_UNSURE);
	assert_int_equal(file_system_type_locks("fuse.nfsx"), LOCKS_UNSURE);
	assert_int_equal(file_system_type_locks("9p"), LOCKS_UNSURE);
}

static void
the_type_of_an_open_file_is_that_of_its_mount(void **state)
{
	char name[FILE_SYSTEM_NAME];
	int fd = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(file_system_locks(fd, name), LOCKS_LOCAL);
	assert_string_equal(name, "proc");
	close(fd);
	assert_int_equal(file_system_locks(-1, name), LOCKS_UNKNOWN);
	assert_int_equal(errno, EBADF);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_tell_whether_locks_exclude),
		cmocka_unit_test(the_type_of_an_open_file_is_that_of_its_mount),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("file_system", tests, NULL, NULL);
}
