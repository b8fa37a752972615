#!/usr/bin/env bats
# bi-fetch of files of this machine: cloned or copied by the kernel, else read; never linked; whole or not at all.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

# traced WHAT COMMAND...: runs it with these system calls traced to ./trace, some of them made to fail.
traced() {
	run --separate-stderr strace -f -o trace -e trace=ioctl,copy_file_range "${@:2}" -e "inject=$1" bi-fetch --backoff 0.05 in
}

# copied N: item N is a file of its own, with the bytes of ./in.
copied() {
	local path

	path=$(jq -r "select(.item == $1).path" <<<"$output")
	cmp in "$path"
	assert_equal "$(stat -c %h "$path")" 1
	[ "$(stat -c %i "$path")" != "$(stat -c %i in)" ]
	assert_equal "$(jq -r "select(.item == $1) | \"\(.sha256) \(.bytes)\"" <<<"$output")" \
		"$(sha256sum <in | cut -d' ' -f1) $(stat -c %s in)"
	assert_equal "$(ls -A "$BI_ROOT/temp")" ''
}

@test "files of any size are copied, and what they are is told from their beginning" {
	local size

	for size in 1 8 16383 16384 16385 65535 65536 65537 262144 262145 1048576 5000000; do
		rm -rf "$BI_ROOT"
		head -c "$size" /dev/urandom >in
		[ "$size" -lt 16 ] || printf '%%PDF-1.4\n' | dd of=in conv=notrunc status=none
		run -0 --separate-stderr bi-fetch in
		copied 1
		[ "$size" -lt 16383 ] || assert_equal "$(jq -r 'select(.item).mime' <<<"$output")" application/pdf
	done
	# The copy is not what the user goes on writing to.
	cp in before
	echo more >>in
	cmp before "$(jq -r 'select(.item).path' <<<"$output")"
}

@test "from another file system, and where the kernel cannot copy, they are read" {
	need_plain_strace
	head -c 3000000 /dev/urandom >in
	for when in 1+ 2 4+; do
		rm -rf "$BI_ROOT"
		traced "copy_file_range:error=EXDEV:when=$when" -e inject=ioctl:error=EOPNOTSUPP
		[ "$status" -eq 0 ]
		grep -q FICLONE trace
		grep -q 'copy_file_range.*EXDEV' trace
		copied 1
	done
	rm -rf "$BI_ROOT"
	traced copy_file_range:retval=0:when=3 -e inject=ioctl:error=EXDEV
	[ "$status" -eq 0 ]
	copied 1
	# None is copied where the file system clones, all are where it does not.
	rm -rf "$BI_ROOT"
	traced copy_file_range:error=EINTR:when=2
	[ "$status" -eq 0 ]
	grep -q 'FICLONE.*= 0' trace || grep -q 'copy_file_range.* = [1-9]' trace
	copied 1
}

@test "no room for the copy ends the run, with nothing recorded" {
	need_plain_strace
	head -c 3000000 /dev/urandom >in
	traced copy_file_range:error=ENOSPC:when=3 -e inject=ioctl:error=EOPNOTSUPP
	[ "$status" -eq 74 ]
	assert_equal "$(cat "$BI_ROOT/batches/default/state")" p
	assert_equal "$(ls -A "$BI_ROOT/temp")" ''
	rm -rf "$BI_ROOT"
	run -0 --separate-stderr bi-fetch in
	copied 1
}

# changed_in COMMAND: runs it between the kernel's third piece and its fourth.
changed_in() {
	strace -f -o trace -e trace=ioctl,copy_file_range -e inject=ioctl:error=EOPNOTSUPP \
		-e inject=copy_file_range:delay_enter=1500000:when=4 bi-fetch -q --json --tries "$tries" --backoff 0.05 in >out &
	STARTED+=($!)
	poll 10 eval '[ "$(grep -c "copy_file_range.*= [0-9]" trace)" -ge 3 ]'
	eval "$1"
	poll 20 gone "$!"
	output=$(cat out)
}

@test "a file that changes while it is copied is not recorded as whole, and tried again" {
	local tries

	need_plain_strace
	for change in 'echo more >>in' 'printf x | dd of=in conv=notrunc status=none' 'truncate -s 1000000 in'; do
		for tries in 1 2; do
			rm -rf "$BI_ROOT" trace
			head -c 3000000 /dev/urandom >in
			changed_in "$change"
			if [ "$tries" -eq 2 ]; then
				copied 1
			else
				assert_equal "$(jq -r 'select(.item) | "\(.error.code) \(.error.retryable)"' <<<"$output")" 'file_changed true'
				assert_equal "$(find "$BI_ROOT/temp" "$BI_ROOT"/batches/*/files -type f)" ''
			fi
		done
	done
}
