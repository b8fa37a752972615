#!/usr/bin/env bats
# Roots whose locks may not exclude programs on other machines: network file systems, and a second machine.

load helpers

setup() {
	bi_setup
	mkdir here there
}

teardown() {
	cd / || return
	! mountpoint -q "$BATS_TEST_TMPDIR/there" || umount "$BATS_TEST_TMPDIR/there"
	bi_teardown
}

# mount_as [SUBTYPE]: mounts here/ on there/ as a FUSE file system of this subtype.
mount_as() {
	{ command -v bindfs >/dev/null && [ -w /dev/fuse ]; } || skip 'FUSE cannot be used here'
	bindfs ${1:+-o "subtype=$1"} here there 2>/dev/null || skip 'nothing can be mounted here'
}

@test "a root on a network file system is refused by all that write there" {
	mount_as glusterfs
	printf 'id,name,category\n1,Ada,M\n' >people.csv
	for command in 'bi-fetch one' 'bi-source -f people.csv ALL 1 0' 'bi-serve --home'; do
		# shellcheck disable=SC2086 # a program and its operands
		run -78 $command -r there/root </dev/null
		assert_output --regexp "on fuse.glusterfs, where locks do not protect .*--root or BI_ROOT.*bi-cluster\(7\)"
	done
	[ ! -e there/root/batches ]
	mkdir -p there/root/batches
	for command in 'bi-render b' 'bi-collect b' 'bi-clean list'; do
		# shellcheck disable=SC2086 # a program and its operands
		run -78 $command -r there/root
	done
	run -0 bi-status -r there/root
	run -1 bi-status -r there/root --doctor
	assert_output --regexp 'root is on fuse.glusterfs, where locks do not protect'
}

@test "--shared-root uses such a root, also in programs that are started by others" {
	mount_as sshfs
	echo hello >one
	bi-fetch --shared-root -r there/root one >out
	assert_equal "$(jq -r 'select(.status).status' out)" completed
	run -78 bi-fetch -r there/root one
	BI_SHARED_ROOT=1 run -0 bi-fetch -r there/root one
}

@test "FUSE of another kind is used, with one line of warning" {
	mount_as
	echo hello >one
	run -0 --separate-stderr bi-fetch -r there/root one
	assert_equal "${#stderr_lines[@]}" 1
	assert_regex "$stderr" "there/root' is on fuse, whose locks may not exclude programs on other machines"
	run -0 bi-status -r there/root --doctor
	assert_output --partial 'locks may not exclude programs on other machines'
}

@test "a local root is used without a word" {
	echo hello >one
	run -0 --separate-stderr bi-fetch one
	assert_equal "$stderr" ''
	assert_equal "$(find "$BI_ROOT/machines" -type f | wc -l)" 1
	run -0 bi-status --doctor
	refute_output --partial 'machine'
}

@test "a second machine in one root is a problem, whether it has another machine-id or another kernel" {
	echo hello >one
	bi-fetch one >/dev/null
	own=$(ls "$BI_ROOT/machines")
	echo "node7 11111111-1111-1111-1111-111111111111 $(date -u +%FT%TZ)" >"$BI_ROOT/machines/ffff"
	run -1 bi-status --doctor
	assert_output --regexp "the machine node7 \(ffff\) uses .* too, last at 20.*machines/ffff"
	rm "$BI_ROOT/machines/ffff"
	run -0 bi-status --doctor
	# A copy of a virtual machine has the same machine-id.
	echo "node8 11111111-1111-1111-1111-111111111111 $(date -u +%FT%TZ)" >"$BI_ROOT/machines/$own"
	run -1 bi-status --doctor
	assert_output --regexp 'the machine node8 .* uses'
	# A start before this kernel began was this machine before it was restarted.
	echo "node8 11111111-1111-1111-1111-111111111111 2020-01-01T00:00:00Z" >"$BI_ROOT/machines/$own"
	run -0 bi-status --doctor
}

@test "a file in machines that is none of ours is no machine, and one that cannot be read is named" {
	echo hello >one
	bi-fetch one >/dev/null
	echo nonsense >"$BI_ROOT/machines/odd"
	run -0 bi-status --doctor
	rm -r "$BI_ROOT/machines"
	echo "not a directory" >"$BI_ROOT/machines"
	run -0 bi-fetch one
	run -0 bi-status --doctor
	assert_output --partial 'machines cannot be read'
}
