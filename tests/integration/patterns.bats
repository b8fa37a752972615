#!/usr/bin/env bats
# Batches that operands name by a pattern.

load helpers

setup() {
	bi_setup
	echo hello >one
	for batch in job-1 job-2 job-10 other; do
		bi-fetch -b "$batch" one >/dev/null
	done
}

@test "bi-status shows the batches that match, as numbers sort them" {
	run -0 bi-status --json 'job-*'
	assert_equal "$(jq -r '.batch_job.name' <<<"$output" | tr '\n' ' ')" 'job-1 job-2 job-10 '
	run -0 bi-status --json other 'job-?' 'j[o]b-10'
	assert_equal "$(jq -r '.batch_job.name' <<<"$output" | tr '\n' ' ')" 'other job-1 job-2 job-10 '
	run -0 bi-status --wait --timeout 10 'job-1*'
	assert_output --partial job-10
	refute_output --partial job-2
}

@test "a pattern that no batch matches is an error, with or without others" {
	for command in 'bi-status' 'bi-status --wait' 'bi-render' 'bi-collect --all'; do
		# shellcheck disable=SC2086 # a program and its operands
		run -66 $command 'job-*' 'none-*'
		assert_output --partial "no batch of $BI_ROOT matches 'none-*'"
	done
	[ ! -e "$BI_ROOT/review" ]
	[ ! -e "$BI_ROOT/collected" ]
}

@test "a pattern over batches that cannot be listed is not a pattern without batches" {
	need_refusals
	chmod 0 "$BI_ROOT/batches"
	for command in 'bi-status' 'bi-status --wait' 'bi-render' 'bi-collect --all'; do
		# shellcheck disable=SC2086 # a command and its options
		run -77 "${AS[@]}" $command 'job-*'
		assert_output --partial "cannot list the batches in $BI_ROOT: Permission denied"
	done
	chmod 755 "$BI_ROOT/batches"
	[ ! -e "$BI_ROOT/review" ]
}

@test "bi-render and bi-collect take patterns, and a batch that two name once" {
	bi-render 'job-*' job-2 >out
	assert_equal "$(jq -r 'select(.review).batch' out | sort -u | tr '\n' ' ')" 'job-1 job-10 job-2 '
	[ ! -e "$BI_ROOT/review/other" ]
	bi-collect --all 'job-1*' 'job-*' >out
	assert_equal "$(jq -c 'select(.end).collected' out)" 3
}
