#!/usr/bin/env bats
# bi-status over several roots.

load helpers

setup() {
	bi_setup
	echo hello >one
	bi-fetch -r north -b part-1 one no-such-file >/dev/null || [ $? = 1 ]
	bi-fetch -r south -b part-1 one >/dev/null
	bi-fetch -r south -b part-2 one >/dev/null
	bi-fetch -r south -b other one >/dev/null
	roots=(-r north -r south)
}

names() {
	jq -r 'select(.batch_job) | "\(.root | split("/") | last)/\(.batch_job.name)"' | tr '\n' ' '
}

@test "each batch is shown with its root, and the last line is the sum" {
	run -0 bi-status "${roots[@]}"
	assert_line "part-1 in $PWD/north"
	assert_line "part-1 in $PWD/south"
	assert_line '4 batches in 2 roots, 5 of 5 items done, 1 failed'
	# The commands that it names name the root.
	assert_line --partial "bi-status --items --failed -r '$PWD/north' part-1"
	eval "bi-status --items --failed -r '$PWD/north' part-1" | grep -q no-such-file
}

@test "one root is shown as ever, also if it is named twice" {
	run -0 bi-status -r south
	refute_output --partial ' in '
	assert_line '3 batches, 3 of 3 items done'
	once=$output
	run -0 bi-status -r south -r ./south
	assert_equal "$output" "$once"
	run -0 bi-status -r south --json --limit 0
	assert_equal "$(jq -c 'keys' <<<"$output" | sort -u)" '["batch_job","items"]'
}

@test "names and patterns stand for batches of any root, and one without a batch is an error" {
	bi-status "${roots[@]}" --json 'part-*' >out
	assert_equal "$(names <out)" 'north/part-1 south/part-1 south/part-2 '
	bi-status "${roots[@]}" --json part-2 other 'p*-2' >out
	assert_equal "$(names <out)" 'south/part-2 south/other '
	for wrong in part-3 'none-*'; do
		run -66 bi-status "${roots[@]}" part-1 "$wrong"
		assert_output --partial "no batch of these 2 roots matches '$wrong'"
		run -66 bi-status "${roots[@]}" --wait --timeout 10 part-1 "$wrong"
	done
	run -66 bi-status "${roots[@]}" -r nowhere
}

@test "the last document is the sum" {
	run -0 bi-status "${roots[@]}" --json --limit 0
	assert_equal "${#lines[@]}" 5
	assert_equal "$(jq -c '.sum | [.roots, .batches, .done_batches, .status, .total_items, .completed_items, .failed_items]' <<<"${lines[4]}")" \
		'[2,4,4,"partially_completed",5,4,1]'
	jq -rs -f "$BI_SHARE/examples/prometheus.jq" <<<"$output" >metrics
	grep -qxF "bi_batch_items{batch=\"part-1\",root=\"$PWD/north\",state=\"failed\"} 1" metrics
	grep -qx 'bi_batches 4' metrics
}

@test "the exit code is about all roots" {
	run -1 bi-status "${roots[@]}" --strict
	run -0 bi-status "${roots[@]}" --strict part-2 other
	# Every item of one batch failed, but not of all.
	bi-fetch -r north -b lost no-such-file >/dev/null || [ $? = 1 ]
	run -1 bi-status -r north --wait lost
	run -0 bi-status "${roots[@]}" --wait 'lost' part-2
}

@test "--wait waits for all with one time limit, and says what nobody works on in any root" {
	bi-fetch -q -r south -b late --queue one >/dev/null
	rm south/queue/late
	run -75 --separate-stderr bi-status "${roots[@]}" --wait --timeout 0.5
	assert_regex "$stderr" "late in $PWD/south: 1 of 1 items are left.*bi-fetch -r '$PWD/south' -b late --resume"
	assert_regex "$stderr" "the time is over and late in $PWD/south is not done yet"
	assert_line "late in $PWD/south"
	bi-status "${roots[@]}" --wait --timeout 60 >out 2>err &
	waiter=$!
	STARTED+=("$waiter")
	timeout 30 sh -c 'until grep -q "items are left" err; do sleep 0.05; done'
	bi-fetch -q -r south -b late --resume >/dev/null
	wait "$waiter"
	grep -q '^5 batches in 2 roots' out
}

@test "a batch that cannot be read is named with its root, the others are shown, and the sum does not hide it" {
	rm north/batches/part-1/state
	mkdir north/batches/part-1/state
	run --separate-stderr bi-status "${roots[@]}"
	[ "$status" != 0 ]
	assert_regex "$stderr" "part-1 in $PWD/north"
	assert_line "part-1 in $PWD/south"
	assert_line '3 batches in 2 roots, 3 of 3 items done, 1 more could not be read'
	run --separate-stderr bi-status "${roots[@]}" --json
	[ "$status" != 0 ]
	assert_equal "$(jq -c '.sum | [.batches, .unreadable_batches, .status, .total_items]' <<<"${lines[-1]}")" '[3,1,"unreadable",3]'
	run --separate-stderr bi-status "${roots[@]}" --wait --timeout 10
	[ "$status" != 0 ]
	assert_regex "$stderr" "part-1 in $PWD/north"
	# In one root too.
	bi-fetch -q -r north -b part-9 one >/dev/null
	run --separate-stderr bi-status -r north
	assert_line '1 batch, 1 of 1 items done, 1 more could not be read'
}

@test "a directory that this user may not read is no batch that has gone, and no root without batches" {
	need_refusals
	chmod 0 south/batches/part-1
	for wait in '' --wait; do
		# shellcheck disable=SC2086 # nothing, or an option
		run -77 --separate-stderr "${AS[@]}" bi-status "${roots[@]}" $wait 'part-*'
		assert_regex "$stderr" "cannot read the batch 'part-1 in $PWD/south': Permission denied"
	done
	for closed in south/batches south; do
		chmod 0 "$closed"
		for names in '' part-1 'part-*'; do
			run -77 "${AS[@]}" bi-status "${roots[@]}" $names
			assert_output --regexp "cannot (list the batches in $PWD/|open the root directory ')south.*: Permission denied"
			refute_output --partial "$PWD/north"
		done
		chmod 755 "$closed"
	done
}

@test "what shows one root refuses several in words" {
	for form in --watch --events --items --rebuild --servers --doctor; do
		run -2 bi-status "${roots[@]}" "$form"
		assert_output --partial "$form shows one root"
	done
}
