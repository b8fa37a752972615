#!/usr/bin/env bats
# bi-fetch: servers whose answers to range requests are wrong: the file is complete, or its item is not completed.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

# sums RANGE: the SHA-256 and the last word of the path of each URL in the file `in`, which is requested again with RANGE.
sums() {
	local range=${1:+range=$1}

	mkdir -p again
	sed "s,.*/\([^/]*\),url=&\noutput=again/\1\n$range," in | curl -sS -K - || return 1
	(cd again && sha256sum -- *) | sed 's/ [ *]/ /'
	rm -r again
}

# check_whole: each completed item of `out` has the bytes of a request for the complete path or, if the file was replaced
# by another one, all bytes of that.
check_whole() {
	jq -r 'select(.status == "completed") | .sha256 + " " + (.url | sub(".*/"; ""))' out | sort >completed
	sums '' | sort >right
	sums 0- | grep ' 200-no-.*-right-whole$' | sort >replaced
	assert_equal "$(sort -u right replaced | comm -23 completed -)" ''
}

@test 'after a cut, no combination of status, Content-Range, validator, length and body makes a wrong file' {
	local status range validator length body

	faulty_start
	for status in 200 206 416; do
		for range in no right shifted short total; do
			for validator in same changed weak no; do
				for length in right short none; do
					for body in part whole; do
						echo "$FAULTY/cutfirst/1/20000/misrange/$status/$range/$validator/$length/$body/bytes/40000/$status-$range-$validator-$length-$body"
					done
				done
			done
		done
	done >in
	assert_equal "$(wc -l <in)" 360
	bi-fetch -q --backoff 0.02 --per-host 32 <in >out || true
	check_whole
	# A server that sends half of the missing bytes each time must not keep the run forever.
	assert_equal "$(jq -r 'select(.status == "failed") | "\(.error.code) \(.error.retryable) \(.url)"' out | sed 's,http.*/,,' | sort)" \
		"$(printf 'cut_short true 206-short-same-%s-part\n' none right)"
	# Each attempt requested a range, and correct parts were continued.
	assert_equal "$(grep -c 'bytes=20000-' "${ORIGIN_LOGS[0]}")" 360
	assert_equal "$(jq -r 'select(.attempts == 2).url' out | grep -c '206-right-same-[rn].*-part$')" 2
}

@test 'an answer by 206 that was not asked for is whole, or it is not completed' {
	local status range length body

	faulty_start
	for status in 200 206; do
		for range in no right shifted short total; do
			for length in right short none; do
				for body in part whole; do
					echo "$FAULTY/unasked/$status/$range/same/$length/$body/bytes/40000/$status-$range-$length-$body"
				done
			done
		done
	done | grep -v '200-no-short' >in # which nobody can tell from a shorter file
	bi-fetch -q --backoff 0.02 --per-host 32 <in >out || true
	check_whole
	assert_equal "$(jq -s 'map(select(.status == "completed")) | length' out)" 58
	# Complete files are stored at once, and no others.
	assert_equal "$(jq -r 'select(.attempts == 1).url' out | sed 's,.*/,,' | sort | xargs)" \
		"$(echo {200-no,200-right,206-right}-{none,right}-{part,whole} 200-{shifted,short}-{none,right}-whole | xargs -n 1 | sort | xargs)"
}
