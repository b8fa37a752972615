#!/usr/bin/env bats
# A page that asks for the status of a job every two seconds, and handles no failure of a request, never loses one.
# shellcheck disable=SC2154 # call sets code
load ../integration/helpers
load ../integration/submit

@test '500 questions of a busy Node, two seconds apart, are all answered' {
	local job

	command -v node || skip 'node is not installed'
	serve --no-worker
	json parse_url '{"urls":["https://a.example/1","https://a.example/2"]}'
	job=$(jq .batch_job_id body)
	run -0 timeout 500 node "$BATS_TEST_DIRNAME/poll.mjs" "$URL" nb "$job" 500
	assert_line '500 answers'
	[ "$(grep -cx 'Progress: 0%' <<<"$output")" -ge 490 ]
}
