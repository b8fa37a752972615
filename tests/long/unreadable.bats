#!/usr/bin/env bats
# "Cannot look" is not "is not there": what of a batch cannot be read is said, and nothing is lost over it.
# shellcheck disable=SC2154 # stderr is set by run
load ../integration/helpers

# Root, too, is kept out by the rights of a file.
setup() {
	bi_setup
	AS=()
	[ "$(id -u)" != 0 ] || AS=(setpriv '--bounding-set=-dac_override,-dac_read_search')
}

# The batch $1 of $2 files, which are gone from where they were: the batch has the only copies.
batch() {
	local i

	for ((i = 1; i <= $2; i++)); do
		echo "$1 $i" >"$1.$i.txt"
	done
	bi-fetch -q -b "$1" "$1".*.txt >/dev/null
	rm "$1".*.txt
}

# sweep CALLS ERROR MESSAGE COMMAND...: the command with each one of these system calls on the files PATHS failing, one
# at a time. After a fault its exit status is not 0 and the message has the cause, or what it prints is right all the
# same. At least one must have been fatal: else nothing was tried.
sweep() {
	local calls=$1 error=$2 message=$3 call path right n code fatal=0 paths=()
	shift 3

	for path in "${PATHS[@]}"; do
		paths+=(-P "$BI_ROOT/$path")
	done
	right=$("$@" 2>/dev/null)
	for call in $calls; do
		for ((n = 1; n < 80; n++)); do
			code=0
			strace -f -o trace "${paths[@]}" -e "trace=$call" -e "inject=$call:error=$error:when=$n" \
				"$@" >out 2>err || code=$?
			grep -q INJECTED trace || break
			if [ "$code" = 0 ]; then
				assert_equal "$call $n: $(<out)" "$call $n: $right"
			else
				fatal=$((fatal + 1))
				run cat err
				assert_output --partial "$message"
			fi
		done
		[ "$n" -lt 80 ]
	done
	[ "$fatal" -gt 0 ]
	assert_equal "$("$@" 2>/dev/null)" "$right"
}

@test "files/ that cannot be opened: check, --rebuild and --repair say so, and all is there when it can" {
	batch t 3
	chmod 000 "$BI_ROOT/batches/t/files"
	run -74 --separate-stderr "${AS[@]}" bi-clean check
	assert_equal "$stderr" "bi-clean: cannot read files/ of the batch 't': Permission denied"
	run -77 --separate-stderr "${AS[@]}" bi-status --rebuild t
	assert_regex "$stderr" "/batches/t/files/: Permission denied; "
	run -74 "${AS[@]}" bi-clean --repair check
	assert_equal "$(<"$BI_ROOT/batches/t/state")" ccc

	chmod 600 "$BI_ROOT/batches/t/files" # a directory that can be listed, and no file in it looked at
	run -74 "${AS[@]}" bi-clean --repair check
	run -0 "${AS[@]}" bi-status --rebuild t # their names are all that it asks for
	assert_equal "$(<"$BI_ROOT/batches/t/state")" ccc

	chmod 755 "$BI_ROOT/batches/t/files"
	run -0 bi-clean --repair check
	assert_output '1 batch verified: all is well'
	assert_equal "$(cat "$BI_ROOT"/batches/t/files/*)" $'t 1\nt 2\nt 3'
	run -0 bi-fetch -q -b t --resume
	assert_output --partial '"completed":3,"failed":0'
}

@test "a file that a result names is never taken for an orphan, also where the last result says that it is lost" {
	local dir=$BI_ROOT/batches/t

	batch t 3
	mv "$dir/files" "$dir/elsewhere"
	run -0 bi-status --rebuild t
	assert_output 't: 3 of 3 states differed'
	rmdir "$dir/files" 2>/dev/null || :
	mv "$dir/elsewhere" "$dir/files"
	run -0 bi-clean --repair check
	assert_equal "$(cat "$dir"/files/*)" $'t 1\nt 2\nt 3'
	[ ! -e "$dir/orphans" ]
}

# Nothing is recorded over what has the place of a file, nothing is read through it, and all programs have the same words.
@test "a link or a directory in the place of a file is said by every program, and taken for nothing" {
	local dir=$BI_ROOT/batches/t put words program code

	batch t 2
	for put in 'ln -s ../../../kept' mkdir; do
		rm -rf "$BI_ROOT/collected" "$BI_ROOT/review"
		mv "$dir/files/i2_1.txt" kept
		cp -a "$dir" before
		$put "$dir/files/i2_1.txt"
		words='it is a symbolic link, which is not followed; put the file itself in its place'
		[ "$put" != mkdir ] || words='it is a directory, not a file; move it away'
		for program in 'bi-status --rebuild t' 'bi-clean check t' 'bi-clean --repair check t' 'bi-render t' \
			'bi-collect --all t' 'bi-status --doctor'; do
			code=0
			$program </dev/null >said 2>&1 || code=$?
			[ "$code" -ne 0 ]
			run cat said
			assert_output --partial ": $words"
			assert_output --partial t
		done
		run -1 --separate-stderr bi-parse --root "$BI_ROOT" < <(bi-fetch -b t --resume)
		assert_equal "$(jq -r 'select(.item==2).error.message' <<<"$output")" "it cannot be opened: $words"
		assert_equal "$(cat "$BI_ROOT"/collected/by_subject_id/*/*.txt)" 't 1'
		rm -r "$dir/files/i2_1.txt"
		cmp before/results.ndjson "$dir/results.ndjson"
		cmp before/state "$dir/state"
		[ ! -e "$dir/orphans" ]
		rm -r before
		mv kept "$dir/files/i2_1.txt"
		run -0 bi-clean check t
	done
	# A later item with the same bytes does not get a link as its file.
	mv "$dir/files/i2_1.txt" kept
	ln -s "$PWD/kept" "$dir/files/i2_1.txt"
	cp kept again
	run -0 bi-fetch -q -b t again
	[ -f "$dir/files/i3_1.txt" ] && [ ! -L "$dir/files/i3_1.txt" ]
	assert_equal "$(<"$dir/files/i3_1.txt")" 't 2'
}

@test "orphans are kept until the batch goes, counted, and found once" {
	local dir=$BI_ROOT/batches/t

	batch t 1
	echo first >"$dir/files/i9_1.txt"
	run -1 bi-clean check
	run -0 bi-clean --repair check
	assert_line 't: files/i9_1.txt belongs to no item: mended'
	assert_line --regexp '^t: orphans/ keeps 1 file that no item has, 6 bytes'
	echo second >"$dir/files/i9_1.txt"
	run -0 bi-clean --repair check
	assert_line --regexp '^t: orphans/ keeps 2 files that no item has, 13 bytes'
	assert_equal "$(cat "$dir/orphans/i9_1.txt" "$dir/orphans/i9_1.txt.1")" $'first\nsecond'
	run -0 bi-clean --repair check
	assert_output '1 batch verified: all is well'
	run -0 bi-clean --json check
	assert_equal "$(jq -c '[.found, .orphans, .orphan_bytes]' <<<"$output")" '[0,2,13]'
	batch other 1
	bi-clean -y batch other # what empties trash/
	assert_equal "$(cat "$dir"/orphans/*)" $'first\nsecond'
	run -0 bi-clean -y batch t
	[ ! -e "$dir" ]
	assert_equal "$(ls "$BI_ROOT/trash")" ''
}

@test "reading errors: a status is right, or there is none" {
	need_plain_strace
	batch b 4
	PATHS=(batches/b/items.ndjson batches/b/state)
	sweep pread64 EIO 'Input/output error' bi-status --json --limit 0 b
	PATHS=(batches batches/b batches/b/items.ndjson batches/b/state)
	sweep 'openat getdents64' EIO 'Input/output error' bi-status
	sweep openat EMFILE 'Too many open files' bi-status --items b
}

@test "reading errors: what is verified is what there is" {
	need_plain_strace
	batch b 3
	PATHS=(batches batches/b batches/b/files batches/b/items.ndjson batches/b/results.ndjson batches/b/files/i1_1.txt)
	sweep 'getdents64 read pread64' EIO 'Input/output error' bi-clean check
	sweep openat EMFILE 'Too many open files' bi-clean check
}

@test "reading errors: a queue and leases that cannot be read are not empty" {
	need_plain_strace
	batch b 1
	mkdir -p "$BI_ROOT/queue" "$BI_ROOT/leases"
	echo >"$BI_ROOT/queue/b"
	echo >"$BI_ROOT/leases/8000" # left by a server that was killed
	PATHS=(queue queue/b)
	sweep 'openat newfstatat' EMFILE 'Too many open files' bi-status --json --limit 0 b
	PATHS=(leases leases/8000)
	sweep 'openat getdents64 newfstatat' EIO 'Input/output error' bi-clean list
}

@test "reading errors: a lock that cannot be asked about is not free" {
	need_plain_strace
	batch b 2
	mkdir -p "$BI_ROOT/queue" "$BI_ROOT/leases"
	: >"$BI_ROOT/queue/b"
	: >"$BI_ROOT/queue/.lock"
	echo >"$BI_ROOT/leases/8000"
	PATHS=(batches/b/lock)
	sweep fcntl EIO 'Input/output error' bi-status --json --limit 0 b
	PATHS=(queue/.lock)
	sweep fcntl EIO 'Input/output error' bi-status b
	PATHS=(leases/8000)
	sweep fcntl EIO 'Input/output error' bi-clean list
	printf f >"$BI_ROOT/batches/b/state" # wrong, unless somebody works on it
	PATHS=(batches/b/state)
	code=0
	strace -f -o trace -P "$BI_ROOT/batches/b/state" -e trace=fcntl -e inject=fcntl:error=EIO \
		bi-clean check b >out 2>err || code=$?
	grep -q INJECTED trace
	assert_equal "$code $(<err)" "74 bi-clean: cannot read state of the batch 'b': Input/output error"
}

@test "the doctor names each thing that it cannot look at" {
	local path call n tried=0

	need_plain_strace
	batch b 2
	mkdir -p "$BI_ROOT/queue"
	: >"$BI_ROOT/queue/b"
	: >"$BI_ROOT/queue/.lock"
	for path in batches/b batches/b/state batches/b/lock queue/b queue/.lock; do
		for call in openat pread64 fcntl newfstatat flock; do
			for ((n = 1; n < 60; n++)); do
				strace -f -o trace -P "$BI_ROOT/$path" -e "trace=$call" -e "inject=$call:error=EIO:when=$n" \
					bi-status --doctor >out 2>&1 || :
				grep -q INJECTED trace || break
				# Who works on a batch does not depend on these; a priority is read twice, once for the order.
				! grep INJECTED trace | grep -qE '"files"|priority"' || continue
				tried=$((tried + 1))
				grep -q 'Input/output error' out || fail "$path: $call $n: $(<out)"
				run ! grep -E 'remove|lost|half-made' out
			done
		done
	done
	# By its name below the root: when it was written.
	for path in batches/b/state queue; do
		strace -f -o trace -e trace=newfstatat -P "$BI_ROOT/$path" -P "$path" -e inject=newfstatat:error=EIO bi-status --doctor >out || :
		grep -q "cannot tell when $path was written: Input/output error" out || fail "$path: $(<out)"
	done
	[ "$tried" -gt 20 ]
}

@test "reading errors: no candidate is missing from pages that are called made" {
	need_plain_strace
	batch b 3
	bi-render b >/dev/null
	PATHS=(batches/b/items.ndjson batches/b/results.ndjson batches/b/batch.json)
	sweep pread64 EIO 'Input/output error' bi-render b
	run cat "$BI_ROOT"/review/b/index.html
	assert_output --partial i1_1.txt
	assert_output --partial i2_1.txt
	assert_output --partial i3_1.txt
}

@test "a batch whose results cannot be looked at is not called half-made, and is not removed" {
	local dir=$BI_ROOT/batches/b

	need_plain_strace
	batch b 2
	jq -c '.items = 5' "$dir/batch.json" >about
	cp about "$dir/batch.json"
	mkdir -p "$BI_ROOT/queue"
	: >"$BI_ROOT/queue/b"
	# The look by the name; what is open already can be looked at.
	run strace -f -o trace -P results.ndjson -e trace=newfstatat -e inject=newfstatat:error=EIO \
		bi-fetch -q --json --work --once
	grep -q INJECTED trace
	assert_output --partial "the batch 'b' stays in the queue: cannot look into it: Input/output error"
	assert_equal "$(cat "$dir"/files/*)" $'b 1\nb 2'
	run -0 bi-fetch -q --json --work --once
	assert_equal "$(<"$dir/state")" cc
}

@test "the doctor does not call lost what it cannot look at" {
	batch b 2
	chmod 600 "$BI_ROOT/batches/b/files"
	run ! "${AS[@]}" bi-status --doctor
	assert_output --partial 'results or files of b cannot be read: Permission denied'
	refute_output --partial 'has lost'
	chmod 755 "$BI_ROOT/batches/b/files"
	rm "$BI_ROOT/batches/b/files/i2_1.txt"
	run -1 bi-status --doctor
	assert_output --partial 'b has lost results or files of items that are completed'
}

# names CAUSE CALL PATH COMMAND...: with the call ($WHEN-th, or first) failing of it on the path, the command ends with a
# message that says so.
names() {
	local cause=$1 call=$2 path=$3
	shift 3

	run ! --separate-stderr strace -f -o trace -P "$path" -e "inject=$call:error=${cause%%:*}:when=${WHEN:-1}" "$@"
	grep -q INJECTED trace
	assert_regex "$stderr" "${cause#*:}"
}

@test "where several places are opened the message has the cause of the one that cannot be" {
	need_plain_strace
	batch b 2
	names 'EIO:Input/output error' openat thumbs bi-render b
	rm -r "$BI_ROOT/review"
	names 'ENOSPC:No space left on device' mkdirat thumbs bi-render b
	names 'EACCES:Permission denied' openat temp bi-collect -a b
	names 'EMFILE:Too many open files' openat by_subject_id bi-collect -a b
	run -0 bi-render b
	run -0 bi-collect -a b
}

@test "what is known of a picture and cannot be read, or kept, is said; the page does not do without" {
	local call error WHEN

	need_plain_strace
	vips black a.png 40 30
	bi-fetch -q -b p a.png >/dev/null
	# Where the first look fails, the thumbnail is made again.
	while read -r call WHEN error; do
		names "$error" "$call" "$BI_ROOT/review/p/.thumbs" bi-render p
		run -0 bi-render p
		grep -q 'thumbs/i1_1.webp' "$BI_ROOT"/review/p/index.html
		rm -r "$BI_ROOT/review/p"
	done <<-'END'
		pread64 2 EIO:Input/output.error
		pwrite64 1 EIO:Input/output.error
		pwrite64 1 EDQUOT:Disk.quota.exceeded
	END
}

@test "each write of the pages that fails is said with its cause, the last one too" {
	local n fatal=0

	need_plain_strace
	batch b 2
	for ((n = 1; n < 60; n++)); do
		# All is written each time: style sheets and scripts first.
		rm -rf "$BI_ROOT/review"
		# Without -f: lines of jq would break those of bi-render in two.
		run --separate-stderr strace -o trace -e inject=write:error=ENOSPC:when=$n bi-render b
		grep -q '^write([0-9]*, "<.*INJECTED' trace || continue # no page's
		fatal=$((fatal + 1))
		assert_equal "$n: $status" "$n: 74"
		assert_regex "$stderr" "bi-render: batch b: cannot write its pages: No space left on device"
	done
	[ "$fatal" -gt 6 ]
	run -0 bi-render b
}
