#!/usr/bin/env bats
# bi-status --doctor --filesystem: what two sides ask of one file system.

load helpers

setup() {
	bi_setup
	mkdir disk left right
}

teardown() {
	cd / || return
	for side in left right; do
		! mountpoint -q "$BATS_TEST_TMPDIR/$side" || umount "$BATS_TEST_TMPDIR/$side"
	done
	bi_teardown
}

# mount_both OPTION...: mounts disk/ on left/ and right/.
mount_both() {
	{ command -v bindfs >/dev/null && [ -w /dev/fuse ]; } || skip 'FUSE cannot be used here'
	for side in left right; do
		bindfs "$@" disk "$side" 2>/dev/null || skip 'nothing can be mounted here'
	done
}

# both LEFT RIGHT: asks from both at once. Sets status, and writes the tables to one and two.
both() {
	bi-status --doctor --filesystem "$1" --timeout 30 >one 2>&1 &
	local other=$!
	STARTED+=("$other")
	run bi-status --doctor --filesystem "$2" --timeout 30
	echo "$output" >two
	wait "$other" || [ $? = "$status" ]
	assert_equal "$(ls -A disk)" ''
}

@test "two processes on a local directory: all is well, for this machine" {
	both disk disk
	assert_equal "$status" 0
	for table in one two; do
		assert_equal "$(grep -c ' yes$' "$table")" 9
		grep -q 'two processes of this machine ask' "$table"
		grep -q '^good for the processes of this machine' "$table"
	done
}

@test "two mounts across which locks do not exclude: the verdict is bad on both sides" {
	mount_both
	both left right
	assert_equal "$status" 1
	for table in one two; do
		grep -q '^locks of files (flock) exclude  *no  *\(both sides had the lock at once\|the other side saw it\)' "$table"
		grep -q '^locks of bytes (F_OFD_SETLK) exclude  *no ' "$table"
		grep -q '^bad: ' "$table"
		grep -q 'fuse.* two processes' "$table"
	done
	grep -q 'both sides had the lock at once' one
}

@test "two mounts that forward locks of bytes: these exclude" {
	mount_both --multithreaded --enable-lock-forwarding
	both left right
	grep -q '^locks of bytes (F_OFD_SETLK) exclude  *yes' one
	grep -q '^locks of bytes (F_OFD_SETLK) exclude  *yes' two
}

@test "one that is alone asks what one machine can, and says so" {
	run -0 bi-status --doctor --filesystem disk --timeout 0.2
	assert_output --partial 'nobody else came'
	assert_output --partial 'nothing is known of another: run the same command on two machines at once'
	assert_equal "$(ls -A disk)" ''
	run -0 bi-status --doctor --filesystem disk --timeout 0.2 --json
	assert_equal "$(jq -c 'select(.question).answer' <<<"$output" | sort | uniq -c | xargs)" '9 true'
	assert_equal "$(jq -c 'select(.end) | [.problems, .exit]' <<<"$output")" '[0,0]'
}

@test "a side that is killed ends the other, in words, and nothing is left" {
	# The record of one that was killed just after it began.
	bi-status --doctor --filesystem disk --timeout 30 >one 2>&1 &
	first=$!
	timeout 30 sh -c 'until [ -s disk/filesystem-test/first ]; do sleep 0.01; done'
	kill -KILL "$first"
	wait "$first" || true
	run -75 bi-status --doctor --filesystem disk --timeout 1
	assert_output --partial 'the other side was killed'
	assert_equal "$(ls -A disk)" ''
}

@test "a side that stops in the middle ends the other" {
	# It is stopped as soon as it is seen that it has begun to count.
	bi-status --doctor --filesystem disk --timeout 2 >one 2>&1 &
	first=$!
	bi-status --doctor --filesystem disk --timeout 2 >two 2>&1 &
	second=$!
	STARTED+=("$second")
	timeout 30 sh -c 'until [ -e disk/filesystem-test/counter-0 ]; do :; done'
	kill -KILL "$first"
	wait "$first" || true
	status=0
	wait "$second" || status=$?
	assert_equal "$status" 75
	grep -q 'the other side was killed' two
	assert_equal "$(ls -A disk)" ''
}

@test "an interrupt removes what was made" {
	bi-status --doctor --filesystem disk --timeout 60 >one 2>&1 &
	first=$!
	STARTED+=("$first")
	timeout 30 sh -c 'until [ -s disk/filesystem-test/first ]; do sleep 0.01; done'
	kill -TERM "$first"
	status=0
	wait "$first" || status=$?
	assert_equal "$status" 75
	grep -q 'this side was interrupted' one
	assert_equal "$(ls -A disk)" ''
}

@test "what is no test is left alone, and a third side is refused" {
	mkdir disk/filesystem-test
	echo mine >disk/filesystem-test/lines
	run -73 bi-status --doctor --filesystem disk --timeout 0.2
	assert_output --partial 'is not of a test'
	assert_equal "$(cat disk/filesystem-test/lines)" mine
	rm disk/filesystem-test/lines
	touch disk/filesystem-test/first disk/filesystem-test/second
	run -75 bi-status --doctor --filesystem disk --timeout 0.2
	assert_output --partial 'two others test'
	run -66 bi-status --doctor --filesystem nowhere
	run -2 bi-status --filesystem disk
	run -2 bi-status --doctor --filesystem disk --timeout 100
}
