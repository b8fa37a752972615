#!/usr/bin/env bats
# bi-status: what it says of batches in every state, and when --wait returns.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr and stderr_lines
load helpers

# fixture NAME STATES: a batch made by hand, an item for each letter of STATES, with the results that belong
# to them.
fixture() {
	local dir=$BI_ROOT/batches/$1 states=$2

	mkdir -p "$dir/files"
	: >"$dir/lock"
	printf %s "$states" >"$dir/state"
	cat >"$dir/batch.json" <<-END
		{"name":"$1","job_id":7,"job_type":"url_parse","category":"M","label":"Batch 1","created_at":"2026-11-22T10:30:00Z"}
	END
	awk -v states="$states" 'BEGIN {
		for (i = 1; i <= length(states); i++)
			printf "{\"bi\":{\"n\":%d,\"key\":\"%032d\",\"id\":\"i%d\",\"idx\":1},\"url\":\"https://example.com/%d\"}\n", i, i, i, i
	}' >"$dir/items.ndjson"
	awk -v states="$states" 'BEGIN {
		for (i = 1; i <= length(states); i++) {
			s = substr(states, i, 1)
			if (s == "c")
				printf "{\"item\":%d,\"status\":\"completed\",\"path\":\"files/i%d_1.jpg\",\"file_id\":\"f_%d\",\"bytes\":10}\n", i, i, i
			else if (s == "f")
				printf "{\"item\":%d,\"status\":\"failed\",\"error\":{\"code\":\"http_404\",\"message\":\"no %d there\",\"retryable\":false}}\n", i, i
		}
	}' >"$dir/results.ndjson"
}

# hold NAME: a process that holds the batch as a worker does; its process id in $holder.
hold() {
	mkfifo "hold-$1.in"
	start "$BI_BUILD/tests/hold" "$1" <>"hold-$1.in" >"hold-$1.out"
	holder=$!
	poll 10 grep -q held "hold-$1.out"
}

# wait_in_background ARG...: bi-status --wait, its process id in $waiter, its output in the files out and err.
wait_in_background() {
	start bi-status --wait "$@" >out 2>err
	waiter=$!
}

# watching PID: it has set up its inotify watches, on DIRS directories and batches/ itself.
watching() {
	local dirs=$2

	[ "$(cat /proc/"$1"/fdinfo/* 2>/dev/null | grep -c ^inotify)" -ge $((dirs + 2)) ] # with the root and batches/
}

# result PID: waits for it, 20 s at most; its exit code in $status.
result() {
	poll 20 gone "$1"
	status=0
	wait "$1" || status=$?
}

job() {
	jq -r "[.batch_job|.status,.total_items,.completed_items,.failed_items,.processing_items,.pending_items,(.progress_percentage*10|round),.stale//false]|map(tostring)|join(\" \")" <<<"$1"
}

@test 'each state of a batch has its status, counts and percentage' {
	# name, states, held?, and: status total completed failed processing pending tenths stale
	local cases=(
		"none||free|pending 0 0 0 0 0 0 false"
		"new|ppp|free|pending 3 0 0 0 3 0 true"
		"new-held|ppp|held|pending 3 0 0 0 3 0 false"
		"begun|rpp|held|processing 3 0 0 1 2 0 false"
		"killed|rpp|free|pending 3 0 0 0 3 0 true"
		"third|crp|held|processing 3 1 0 1 1 333 false"
		"third-killed|crp|free|processing 3 1 0 0 2 333 true"
		"all|ccc|free|completed 3 3 0 0 0 1000 false"
		"all-held|ccc|held|processing 3 3 0 0 0 1000 false"
		"failed|fff|free|failed 3 0 3 0 0 1000 false"
		"partly|cfc|free|partially_completed 3 2 1 0 0 1000 false"
		"failing|ffp|held|processing 3 0 2 0 1 667 false"
	)
	local c name states held expected

	for c in "${cases[@]}"; do
		IFS='|' read -r name states held expected <<<"$c"
		fixture "$name" "$states"
		[ "$held" = free ] || hold "$name"
		run --separate-stderr bi-status --json "$name"
		assert_success
		assert_equal "$name: $(job "$output")" "$name: $expected"
		assert_equal "$stderr" ""
	done
	run --separate-stderr bi-status --json
	assert_success
	assert_equal "${#lines[@]}" 12
	assert_equal "$(jq -r .batch_job.name <<<"$output" | sort)" "$(printf '%s\n' "${cases[@]%%|*}" | sort)"
}

@test "a state that is short or has NULs counts as pending" {
	fixture b ccpp
	printf 'c\0' >"$BI_ROOT/batches/b/state"
	run bi-status --json b
	assert_equal "$(job "$output")" "processing 4 1 0 0 3 250 true"
	rm "$BI_ROOT/batches/b/state"
	run bi-status --json b
	assert_equal "$(job "$output")" "pending 4 0 0 0 4 0 true"
}

@test 'the document has every documented key, and each item its own' {
	fixture b cfrp
	hold b
	run bi-status --json b
	assert_success
	jq -e '.batch_job | .id == 7 and .job_type == "url_parse" and .created_at == "2026-11-22T10:30:00Z"
		and (.updated_at | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"))
		and .name == "b" and .label == "Batch 1" and .category == "M" and (has("stale") | not)' <<<"$output"
	jq -e '.items | map(.id) == [1, 2, 3, 4]
		and map(.status) == ["completed", "failed", "processing", "pending"]
		and map(.item_data.url) == ([1, 2, 3, 4] | map("https://example.com/\(.)"))
		and all(.upload_id | test("^[0-9a-f]{32}$"))
		and (.[0].result | .file_id == "f_1" and has("knowledge_item_id"))
		and .[1].error_message == "no 2 there"
		and (.[2:] | all((has("result") or has("error_message")) | not))' <<<"$output"
	assert_equal "$(grep -o '"progress_percentage":[0-9.]*' <<<"$output")" '"progress_percentage":50.0'
}

@test "limit and offset choose the items; the counts are always of all" {
	fixture b "$(printf 'c%.0s' {1..1205})"
	ids() { jq -c '[.batch_job.total_items, (.items | length), .items[0].id, .items[-1].id]' <<<"$output"; }
	run bi-status --json b
	assert_equal "$(ids)" "[1205,1000,1,1000]"
	run bi-status --json --limit 10 b
	assert_equal "$(ids)" "[1205,10,1,10]"
	run bi-status --json --limit 10 --offset 1200 b
	assert_equal "$(ids)" "[1205,5,1201,1205]"
	run bi-status --json --limit 0 b
	assert_equal "$(ids)" "[1205,0,null,null]"
	run bi-status --json --offset 5000 b
	assert_equal "$(ids)" "[1205,0,null,null]"
}

@test "with limit 0 neither items nor results are read" {
	fixture b cc
	# Lines that nobody could parse, but lines: their number counts.
	printf 'x\ny\n' >"$BI_ROOT/batches/b/items.ndjson"
	printf 'z\n' >"$BI_ROOT/batches/b/results.ndjson"
	run --separate-stderr bi-status --json --limit 0 b
	assert_success
	assert_equal "$(job "$output")" "completed 2 2 0 0 0 1000 false"
}

@test "a hundred thousand items are counted by a read of their states and little else" {
	local dir=$BI_ROOT/batches/b

	need_plain_strace
	fixture b "$(head -c 100000 /dev/zero | tr '\0' c)"
	perl -ne 'print pack "Q<", $at; $at += length' "$dir/items.ndjson" >"$dir/items.index"
	strace -o trace -e trace=read,pread64 bi-status --json --limit 0 b >out
	assert_equal "$(job "$(<out)")" "completed 100000 100000 0 0 0 1000 false"
	awk '{ bytes += $NF } END { exit !(bytes > 100000 && bytes < 300000) }' trace
}

@test "items and results that cannot be parsed leave the document whole" {
	fixture b cf
	printf '\xff\xfe\n[1]\n' >"$BI_ROOT/batches/b/items.ndjson"
	printf '{"item":1,"status":"completed"\n' >"$BI_ROOT/batches/b/results.ndjson"
	echo '{' >"$BI_ROOT/batches/b/batch.json"
	run --separate-stderr bi-status --json b
	assert_success
	jq -e '.batch_job.id == null and (.items | map(.item_data) == [{}, {}])
		and .items[0].result.file_id == null and (.items[1].error_message | length > 0)' <<<"$output"
}

@test "the table fits 80 columns, is aligned, and says what stopped" {
	local long=a-name-that-is-much-too-long-for-any-column-of-the-table

	fixture "$long" cfp
	fixture M_batch1 ccccc
	fixture P_batch1 "$(printf 'c%.0s' {1..1000})"
	fixture A ff
	run --separate-stderr bi-status
	assert_success
	assert_line --regexp '^BATCH +STATUS +PROGRESS +DONE +FAILED +LEFT$'
	assert_line --regexp '^M_batch1 +completed +\[#+\] 100\.0% +5/5 +0 +0$'
	assert_line --regexp '^P_batch1 +completed +\[#+\] 100\.0% +1000/1000 +0 +0$'
	assert_line --regexp '^A +failed +\[x+\] 100\.0% +2/2 +2 +0$'
	assert_line "$long"
	assert_line --regexp '^ +stopped +\[#+x+\.+\]  66\.7% +2/3 +1 +1$'
	assert_line --partial "bi-fetch -b $long --resume"
	# Every row ends in the same column, the 80th at most.
	awk '/\]|LEFT$/ { if (!n) n = length($0); if (length($0) != n || n > 80) exit 1; rows++ }
		END { exit rows != 5 }' <<<"$output"
}

@test "the table fits 80 columns with the longest status, names and numbers" {
	fixture a-name-of-20-letters "$(printf 'c%.0s' {1..999})f"
	fixture b cf
	run -0 --separate-stderr bi-status
	assert_line --regexp '^b +partially_completed +\[#+x+\] 100\.0% +2/2 +1 +0$'
	assert_line --regexp '^(a-name-of-20-letters)? +partially_completed +\[#+x\] 100\.0% +1000/1000 +1 +0$'
	awk 'length($0) > 80 { exit 1 }' <<<"$output"
}

@test 'no batches, an unknown batch, a bad name and a missing root are named with their exit codes' {
	mkdir -p "$BI_ROOT"
	run --separate-stderr bi-status
	assert_success
	assert_output --partial "no batches in $BI_ROOT"
	run --separate-stderr bi-status --json
	assert_success
	assert_output ""

	fixture b c
	run --separate-stderr bi-status --json nope b
	assert_failure 66
	assert_equal "$(jq -r .batch_job.name <<<"$output")" b
	assert_regex "$stderr" "^bi-status: there is no batch 'nope'; "
	run --separate-stderr bi-status --json ../b
	assert_failure 2
	assert_regex "$stderr" "batch name '../b'"

	run --separate-stderr bi-status -r "$BATS_TEST_TMPDIR/none"
	assert_failure 66
	assert_equal "$output" ""
	assert [ ! -e "$BATS_TEST_TMPDIR/none" ]
}

@test "wrong use is one line and exit 2" {
	mkdir -p "$BI_ROOT"
	for args in --bogus '--limit x --json' '--limit 1' '--timeout 1' '--wait --timeout -1' '--servers b' '--rebuild --wait'; do
		# shellcheck disable=SC2086 # several words
		run --separate-stderr bi-status $args
		assert_failure 2
		assert_equal "$args: ${#stderr_lines[@]}" "$args: 1"
		assert_equal "$output" ""
	done
}

@test "strict is about failed items, with and without wait" {
	fixture good cc
	fixture some cf
	fixture bad ff
	run bi-status --strict good
	assert_success
	run bi-status --strict some
	assert_failure 1
	run bi-status some bad
	assert_success
	run bi-status --wait good some
	assert_success
	run bi-status --wait bad
	assert_failure 1
	run bi-status --wait bad some
	assert_success
	run bi-status --wait --strict some good
	assert_failure 1
	run bi-status --wait --strict good
	assert_success
}

@test "wait returns when the last holder ends, not when the states are" {
	fixture b rp
	hold b
	wait_in_background --json b
	poll 10 watching "$waiter" 1
	printf cc >"$BI_ROOT/batches/b/state"
	# Held: more may come.
	run --separate-stderr bi-status --wait --timeout 0.3 b
	assert_failure 75
	assert_regex "$stderr" "b is not done yet"
	gone "$waiter" && fail "it did not wait for the holder"
	stop "$holder"
	result "$waiter"
	assert_equal "$status" 0
	assert_equal "$(job "$(<out)")" "completed 2 2 0 0 0 1000 false"
	assert_equal "$(<err)" ""
}

@test "wait goes on when one of two holders is killed, and returns with the other" {
	local first

	fixture b cf
	hold b
	first=$holder
	rm hold-b.in hold-b.out
	hold b
	wait_in_background --strict b
	poll 10 watching "$waiter" 1
	stop "$first" KILL
	run bi-status --wait --timeout 1.5 b
	assert_failure 75
	gone "$waiter" && fail "it returned with a holder left"
	stop "$holder" KILL
	result "$waiter"
	assert_equal "$status" 1
}

@test "wait: a holder killed with work left is said once, and waiting goes on" {
	fixture b crp
	hold b
	wait_in_background b
	poll 10 watching "$waiter" 1
	stop "$holder" KILL
	poll 10 grep -q 'bi-fetch -b b --resume' err
	gone "$waiter" && fail "it did not go on waiting"
	# Another takes over, and dies as well; then one that gets through.
	rm hold-b.in hold-b.out
	hold b
	stop "$holder" KILL
	rm hold-b.in hold-b.out
	hold b
	printf ccf >"$BI_ROOT/batches/b/state"
	stop "$holder" KILL
	result "$waiter"
	assert_equal "$status" 0
	assert_equal "$(wc -l <err)" 1
	assert_regex "$(<err)" "^bi-status: b: 2 of 3 items are left"
	assert_regex "$(<out)" "partially_completed"
}

@test "wait for all: every batch there is, asleep while nothing happens" {
	local before after hold_b name

	fixture a c
	fixture b p
	fixture c p
	hold b
	hold_b=$holder
	hold c
	wait_in_background
	poll 10 watching "$waiter" 2
	switches() { awk '/^voluntary/ { print $2 }' "/proc/$waiter/status"; }
	# It settles first: once it has slept through a second it sleeps until something happens.
	at_rest() {
		before=$(switches)
		sleep 1
		after=$(switches)
		[ "$before" = "$after" ]
	}
	poll 20 at_rest
	for name in b c; do
		printf c >"$BI_ROOT/batches/$name/state"
	done
	stop "$hold_b"
	gone "$waiter" && fail "it did not wait for c"
	stop "$holder"
	result "$waiter"
	assert_equal "$status" 0
	assert_equal "$(grep -c completed out)" 3
}

@test "wait heeds queue/, and files of a batch that are made later" {
	fixture b cc
	mkdir "$BI_ROOT/queue"
	: >"$BI_ROOT/queue/b"
	rm "$BI_ROOT/batches/b/lock" "$BI_ROOT/batches/b/state"
	wait_in_background b
	# The queue is watched too.
	poll 10 watching "$waiter" 2
	hold b
	printf cc >"$BI_ROOT/batches/b/state"
	rm "$BI_ROOT/queue/b"
	run bi-status --wait --timeout 0.2 b
	assert_failure 75
	gone "$waiter" && fail "it did not see the new lock"
	stop "$holder" KILL
	result "$waiter"
	assert_equal "$status" 0
}

@test "wait for a batch that is not there, or that is taken away" {
	fixture b p
	run --separate-stderr bi-status --wait b nope
	assert_failure 66
	assert_regex "$stderr" "no batch 'nope'"
	wait_in_background b
	poll 10 watching "$waiter" 1
	mv "$BI_ROOT/batches/b" "$BI_ROOT/trash"
	result "$waiter"
	assert_equal "$status" 66
	assert_regex "$(<err)" "the batch 'b' was removed"
}

@test "rebuild makes the state anew, and says how many differed" {
	fixture b cfp
	touch "$BI_ROOT/batches/b/files/i1_1.jpg"
	printf 'ppc' >"$BI_ROOT/batches/b/state"
	run bi-status --rebuild b
	assert_success
	assert_output "b: 3 of 3 states differed"
	assert_equal "$(<"$BI_ROOT/batches/b/state")" cfp
	run bi-status --rebuild --json b
	assert_output '{"batch":"b","changed":0,"total_items":3}'
	rm "$BI_ROOT/batches/b/state"
	run bi-status --rebuild b
	assert_success
	assert_equal "$(<"$BI_ROOT/batches/b/state")" cfp
}

@test "results that another program wrote anew, with their members in another order, are results" {
	echo one >one
	run -1 bi-fetch -q -b b one none
	gojq -c . "$BI_ROOT/batches/b/results.ndjson" >sorted
	refute grep -q '^{"item"' sorted
	cp sorted "$BI_ROOT/batches/b/results.ndjson"
	rm "$BI_ROOT/batches/b/results.index"
	run bi-status --rebuild b
	assert_output 'b: 0 of 2 states differed'
	assert_equal "$(<"$BI_ROOT/batches/b/state")" cf
	run -0 bi-clean check b
	run -1 bi-fetch -b b one none
	assert_equal "$(command jq -c 'select(.item) | [.item, .status, .attempts]' <<<"$output")" $'[1,"completed",1]\n[2,"failed",1]'
	# What says nothing of an item is damage.
	echo '{"status":"completed","item":"1"}' >>"$BI_ROOT/batches/b/results.ndjson"
	run -1 bi-clean check b
	assert_output --partial 'line 3 of results.ndjson is not a result'
}

@test "rebuild says of a completed item that its file is gone, once" {
	local dir=$BI_ROOT/batches/b

	fixture b cccp
	touch "$dir/files/i1_1.jpg"
	mkdir "$dir/files/i2_1.jpg" # whatever that is, the file may be there as soon as it is moved away
	run -71 bi-status --rebuild b
	assert_output --partial '/batches/b/files/i2_1.jpg: it is a directory, not a file; move it away'
	assert_equal "$(<"$dir/state")" cccp
	rmdir "$dir/files/i2_1.jpg"
	run bi-status --rebuild b
	assert_output "b: 2 of 4 states differed"
	assert_equal "$(<"$dir/state")" cffp
	assert_equal "$(jq -c 'select(.error) | [.item, .status, .error.code, .error.retryable, has("path"), has("bytes")]' \
		"$dir/results.ndjson")" '[2,"failed","file_lost",true,false,false]
[3,"failed","file_lost",true,false,false]'
	sum=$(cksum "$dir"/*)
	run bi-status --rebuild b
	assert_output "b: 0 of 4 states differed"
	assert_equal "$(cksum "$dir"/*)" "$sum"
}

@test "rebuild leaves a batch alone that is worked on" {
	fixture b cfp
	fixture free c
	touch "$BI_ROOT/batches/free/files/i1_1.jpg"
	hold b
	printf 'ppp' >"$BI_ROOT/batches/b/state" # who opened it had brought it up
	run --separate-stderr bi-status --rebuild b free
	assert_failure 75
	assert_output "free: 0 of 1 states differed"
	assert_regex "$stderr" "'b' is being worked on"
	assert_equal "$(<"$BI_ROOT/batches/b/state")" ppp
}

@test 'it is said in both forms that there are no servers' {
	mkdir -p "$BI_ROOT"
	run bi-status --servers
	assert_success
	run bi-status --servers --json
	assert_success
	assert_output ""
}

@test "a full disk at stdout is exit 74" {
	fixture b c
	run bash -c 'bi-status --json b >/dev/full'
	assert_failure 74
}

# letters N: N states, of which each fifth is f.
letters() {
	awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) printf "%s", i % 5 ? "c" : "f" }'
}

# filled NAME N: a batch of N items with their results and files, and its indexes.
filled() {
	fixture "$1" "$(letters "$2")"
	(cd "$BI_ROOT/batches/$1/files" && seq "$2" | awk '$1 % 5 { print "i" $1 "_1.jpg" }' | xargs touch)
	bi-status --rebuild "$1" >/dev/null
}

# calls COMMAND...: how many system calls it makes. Its output is in the file out.
calls() {
	strace -f -o trace "$@" >out
	grep -c '^' trace
}

@test "a rebuild, and a list of items without an index, need few calls an item" {
	local few many listed

	need_plain_strace
	filled few 200
	filled many 2000
	bi-status --items --json --limit 2000 many >indexed
	few=$(calls bi-status --rebuild few)
	many=$(calls bi-status --rebuild many)
	assert_equal "$(<out)" 'many: 0 of 2000 states differed'
	[ $((many - few)) -lt 200 ] || fail "$few calls for 200 items, $many for 2000"
	# Each item of the list is read once; all results are read once, not once an item.
	rm "$BI_ROOT/batches/few/results.index" "$BI_ROOT/batches/many/results.index"
	few=$(calls bi-status --items --json --limit 2000 few)
	many=$(calls bi-status --items --json --limit 2000 many)
	cmp indexed out
	[ $((many - few)) -lt $((8 * 1800)) ] || fail "$few calls for 200 items, $many for 2000"
	listed=$(awk '/ pread64\(/ && match($0, /= [0-9]+$/) { n += substr($0, RSTART + 2) } END { print n }' trace)
	[ "$listed" -lt 8000000 ] || fail "$listed bytes were read"
}

@test "items are listed the same whatever became of the index of results" {
	local dir=$BI_ROOT/batches/b damage

	filled b 40
	{
		echo '{"item":5,"status":"completed","path":"files/late.jpg","bytes":10}'
		echo '{"item":7,"status":"failed","error":{"code":"late","message":"late","retryable":true}}'
		echo '{"item":4000000000,"status":"failed","error":{"code":"none","message":"none","retryable":true}}'
	} >>"$dir/results.ndjson"
	printf c | dd of="$dir/state" bs=1 seek=4 conv=notrunc status=none
	printf f | dd of="$dir/state" bs=1 seek=6 conv=notrunc status=none
	bi-status --items --json b >right
	assert_equal "$(jq -c 'select(.item == 5 or .item == 7) | .path // .error.code' right)" "\"$dir/files/late.jpg\""$'\n"late"'
	cp "$dir/results.index" whole
	for damage in 'rm I' ': >I' 'truncate -s 100 I' 'head -c 328 /dev/zero >I' \
		'dd if=whole of=I bs=8 skip=10 seek=1 count=9 conv=notrunc status=none' \
		'dd if=/dev/urandom of=I bs=8 seek=5 count=9 conv=notrunc status=none' \
		'head -c 328 /dev/urandom >I'; do
		cp whole "$dir/results.index"
		eval "${damage//I/\$dir/results.index}"
		run -0 bi-status --items --json b
		assert_equal "$output" "$(<right)"
	done
}

@test "a rebuild makes state and index right after each damage" {
	local dir=$BI_ROOT/batches/b damage right

	filled b 40
	# A path that the listing of files/ alone does not settle.
	echo '{"status":"completed","item":1,"path":"files/i1_1.jpg","bytes":10}' >>"$dir/results.ndjson"
	bi-status --rebuild b
	right=$(cat "$dir/state" "$dir/results.index" "$dir/items.index" | cksum)
	for damage in 'rm state' ': >state' 'tr cf fc <state >s && mv s state' 'head -c 60 /dev/zero >state' \
		'rm results.index' ': >results.index' 'head -c 400 /dev/urandom >results.index' \
		'rm items.index' 'head -c 320 /dev/urandom >items.index' 'rm state results.index items.index'; do
		(cd "$dir" && eval "$damage")
		run -0 bi-status --rebuild b
		assert_equal "$damage: $(cat "$dir/state" "$dir/results.index" "$dir/items.index" | cksum)" "$damage: $right"
	done
	# Files that are gone: of a usual line, and of the one that is not.
	rm "$dir/files/i2_1.jpg" "$dir/files/i1_1.jpg"
	run -0 bi-status --rebuild b
	assert_output 'b: 2 of 40 states differed'
	assert_equal "$(head -c 5 "$dir/state")" ffccf
}
