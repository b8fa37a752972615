#!/usr/bin/env bats
# The batch store under processes that open, add, claim, record and die all at once.

load helpers

# Which churns there are: each begins with a number for its random ones.
seeds() {
	seq 1 "$([ -n "${BI_LONG-}" ] && echo 12 || echo 2)"
}

@test "four adders and four workers on one batch lose no line" {
	local i

	for i in $(seeds); do
		run -0 timeout 110 "$BI_BUILD/tests/churn" "b$i" "$i" 0
		assert_output '150 items, 0 killed'
	done
	run -0 ls "$BI_ROOT/temp"
	assert_output ''
}

@test 'adders and workers that are killed at any moment and begun anew lose no line' {
	local i killed=0

	for i in $(seeds); do
		run -0 timeout 110 "$BI_BUILD/tests/churn" "b$i" "$i" 30
		assert_output --regexp '^150 items, [0-9]+ killed$'
		output=${output#150 items, }
		killed=$((killed + ${output% killed}))
	done
	[ "$killed" -gt 0 ]
}

@test "a second run on the same batch finds everything done" {
	local before

	run -0 timeout 110 "$BI_BUILD/tests/churn" again 1 20
	before=$(cat "$BI_ROOT"/batches/again/{batch.json,items.ndjson,results.ndjson,state} | sha256sum)
	run -0 timeout 110 "$BI_BUILD/tests/churn" again 2 0
	assert_equal "$(cat "$BI_ROOT"/batches/again/{batch.json,items.ndjson,results.ndjson,state} | sha256sum)" "$before"
}
