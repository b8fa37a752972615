#!/usr/bin/env bats
# How bi-api --take receives uploads: hashed as they arrive, from slow disks and many clients, and never half.
load helpers
load submit

type='Content-Type: multipart/form-data; boundary=line'

# sums JOB: the digests in the job's results, in order of its items.
sums() {
	jq -r 'select(.status == "completed") | [.item, .sha256] | @tsv' "$BI_ROOT/batches/job-$1/results.ndjson" |
		sort -n | cut -f 2
}

sums_of() {
	sha256sum "$@" | cut -d ' ' -f 1
}

# bytes_read JOB: works on what is queued, and prints how many bytes of the job's uploads were read.
bytes_read() {
	strace -f -o trace -y -e trace=read,pread64 bi-fetch --work --once -q
	awk -v dir="/job-$1/uploads/[0-9]" '$0 ~ dir { sum += $NF } END { print sum + 0 }' trace
}

# stalled N: so many threads stand still.
stalled() {
	[ "$(wc -l 2>/dev/null <"$BI_STALL.waits")" -ge "$1" ]
}

@test 'the worker does not read again what was hashed while it arrived' {
	need_plain_strace
	serve --no-worker
	head -c 3000000 /dev/urandom >a
	head -c 2000000 /dev/urandom >b
	: >empty
	printf x >one
	form upload -F files=@a -F files=@empty -F note=x -F files=@b -F files=@one -F files=@a
	assert_equal "$code" 202
	assert_equal "$(stat -c %s "$BI_ROOT/batches/job-1/uploads/digests.index")" 320
	[ "$(bytes_read 1)" -lt 500000 ] # the beginnings, by which their types are known
	assert_equal "$(sums 1)" "$(sums_of a empty b one a)"
	cmp a "$BI_ROOT"/batches/job-1/files/i1_1*
	[ ! -e "$BI_ROOT/batches/job-1/uploads" ]
	# A boundary within the bytes, and a part that ends where a piece ends.
	for size in 65536 262144 524288 300007; do
		head -c "$size" /dev/urandom >"part.$size"
		printf '\r\n--lin' >>"part.$size"
	done
	form upload -F files=@part.65536 -F files=@part.262144 -F files=@part.524288 -F files=@part.300007
	assert_equal "$code" 202
	[ "$(bytes_read 2)" -lt 500000 ]
	assert_equal "$(sums 2)" "$(sums_of part.65536 part.262144 part.524288 part.300007)"
}

@test 'an upload that was changed, and one without a valid digest, is hashed again' {
	local dir=$BI_ROOT/batches/job-1/uploads

	need_plain_strace
	serve --no-worker
	for i in a b c d; do
		head -c 1000000 /dev/urandom >"$i"
	done
	form upload -F files=@a -F files=@b -F files=@c -F files=@d
	assert_equal "$code" 202
	# Changed in place with its time kept, replaced by another file, and its digest damaged.
	touch -r "$dir/1" time
	printf changed | dd of="$dir/1" conv=notrunc status=none
	touch -r time "$dir/1"
	cp "$dir/1" a
	head -c 1000000 /dev/urandom >b
	cp b "$dir/new"
	mv "$dir/new" "$dir/2"
	printf damaged | dd of="$dir/digests.index" bs=1 seek=$((2 * 64 + 30)) conv=notrunc status=none
	[ "$(bytes_read 1)" -ge 2500000 ] # all but the fourth
	[ "$(grep -c "uploads/4>" trace)" -lt 5 ]
	assert_equal "$(sums 1)" "$(sums_of a b c d)"
	[ ! -e "$dir" ]
	for what in 'rm' 'truncate -s 70' 'cp /dev/null'; do
		form upload -F files=@c -F files=@d
		dir=$BI_ROOT/batches/job-$(jq .batch_job_id body)/uploads
		$what "$dir/digests.index"
		[ "$(bytes_read "$(jq .batch_job_id body)")" -ge 800000 ]
		assert_equal "$(sums "$(jq .batch_job_id body)")" "$(sums_of c d)"
		[ ! -e "$dir" ]
	done
}

@test 'a body of unknown length is stored as far as it may be long' {
	local before chunked='Transfer-Encoding: chunked'

	serve --no-worker --max-upload 1M
	head -c 1000000 /dev/urandom >a
	form upload -H "$chunked" -F files=@a -F files=@record
	assert_equal "$code" 202
	run -0 bi-fetch --work --once -q
	assert_equal "$(sums 1)" "$(sums_of a record)"
	call -H "Authorization: Bearer $TOKEN" -H "$chunked" -F files=@record "$FILES/upload/"
	assert_equal "$code" 202
	json parse_url '{"urls":["https://a.example/1"]}' -H "$chunked"
	assert_equal "$code" 202
	before=$(state_of)
	head -c 3000000 /dev/zero >long
	form upload -H "$chunked" -F files=@long
	refused 413 too_large
	call -H "$chunked" -F files=@a "$FILES/upload/" # without a token nothing is stored
	refused 411 length_missing
	call -H "X-CSRFToken: ${TOKEN/[0-9]/x}" -H "$chunked" -F files=@a "$FILES/upload/"
	refused 401 token_wrong
	raw "$chunked" "$type" "X-CSRFToken: $TOKEN" # cut off
	printf '5\r\n--lin\r\n' >&"$raw"
	exec {raw}>&-
	assert_equal "$(state_of)" "$before"
	poll 10 eval '[ -z "$(ls "$BI_ROOT/leases/$PORT.bodies")" ]'
	# The connection goes on after an answer that came early, or is closed: the next request is answered.
	call -H "X-CSRFToken: $TOKEN" -H 'Expect:' -F files=@long "$FILES/upload/" --next -s -o body -w '%{http_code}' "$URL/health/"
	assert_equal "$code" 413200
}

@test 'an upload that ends anywhere leaves nothing, and what is whole is whole' {
	local before size

	serve --no-worker
	{ part files a; head -c 150000 /dev/urandom; printf '\r\n'; part files b; head -c 150000 /dev/urandom; printf '\r\n--line--\r\n'; } >whole
	size=$(stat -c %s whole)
	json parse_url '{"urls":["https://a.example/1"]}'
	before=$(state_of)
	for n in 0 3 60 100 70000 150100 150180 200000 $((size - 10)) $((size - 5)); do
		raw "Content-Length: $size" "$type" "X-CSRFToken: $TOKEN"
		head -c "$n" whole >&"$raw"
		[ "$n" -lt 70000 ] || poll 10 parts_open $((n < 150180 ? 1 : 2))
		exec {raw}>&-
		poll 10 parts_open 0
		assert_equal "$(state_of)" "$before"
	done
	# Bytes behind the closing boundary are part of the body, and of no file.
	raw "Content-Length: $((size + 5))" "$type" "X-CSRFToken: $TOKEN"
	cat whole >&"$raw"
	printf 'after' >&"$raw"
	answered
	assert_equal "$code" 202
	run -0 bi-fetch --work --once -q
	assert_equal "$(sums 2 | wc -l)" 2
}

@test 'while the disk stands still for an upload, others are answered' {
	local before i slow=() taker

	[ -z "${SANITIZE:-}" ] || skip 'a preloaded library and sanitizers do not go together'
	serve --no-worker
	json parse_url '{"urls":["https://a.example/1"]}'
	bi-clean stop-all >/dev/null
	export BI_STALL=$PWD/stall
	touch stall
	LD_PRELOAD=$BI_BUILD/tests/stall.so serve --no-worker
	before=$(state_of)
	head -c 300000 /dev/urandom >big
	for i in {1..20}; do # of which each process that takes has some
		start curl -s -o "answer.$i" -H "X-CSRFToken: $TOKEN" -F "files=@$([ $((i % 2)) = 0 ] && echo big || echo record)" "$FILES/upload/"
		slow+=($!)
	done
	poll 20 stalled 20
	grep -q write stall.waits
	grep -q sync stall.waits
	for i in {1..6}; do
		json parse_url '{"urls":' # by the same processes
		refused 400 bad_json
		form upload -F other=x
		refused 422 no_file
		call "$FILES/upload/"
		refused 405 method_not_allowed
		call "$URL/notebooks/nb/batch-jobs/1/status/"
		assert_equal "$code" 200
	done
	assert_equal "$(ls answer.* 2>/dev/null)" ''
	assert_equal "$(state_of)" "$before" # nothing is half recorded
	rm stall
	for i in "${slow[@]}"; do
		poll 30 gone "$i"
	done
	assert_equal "$(cat answer.* | jq -s 'map(select(.success).batch_job_id) | unique | length')" 20
	# Killed while it stands still, it leaves nothing.
	before=$(state_of)
	rm stall.waits
	touch stall
	start curl -s -o answer -H "X-CSRFToken: $TOKEN" -F files=@record "$FILES/upload/"
	poll 20 stalled 1
	for taker in $(takers); do
		kill -KILL "$taker"
	done
	poll 10 gone $!
	rm stall
	assert_equal "$(jq -r .error answer)" server_error
	assert_equal "$(state_of)" "$before"
}

@test 'while another process holds a notebook, its uploads wait and others are answered' {
	local i slow=() log=$BI_ROOT/notebooks/nb/log.ndjson

	serve
	json parse_url '{"urls":["http://127.0.0.1:1/1"]}'
	poll 20 test ! -e "$BI_ROOT/queue/job-1"
	exec {hold}<"$log"
	flock "$hold"
	for i in {1..12}; do
		start curl -s -o "answer.$i" -H "X-CSRFToken: $TOKEN" -F "file=@record" "$FILES/upload/"
		slow+=($!)
	done
	poll 20 eval '[ "$(ls "$BI_ROOT/queue" | wc -l)" -eq 12 ]'
	for i in {1..4}; do
		json parse_url '{"urls":'
		refused 400 bad_json
		call -H "X-CSRFToken: $TOKEN" -F files=@record "$URL/notebooks/other/files/upload/"
		assert_equal "$code" 202
		call "$URL/notebooks/nb/batch-jobs/1/status/"
		assert_equal "$code" 200
	done
	assert_equal "$(ls answer.* 2>/dev/null)" ''
	flock -u "$hold"
	for i in "${slow[@]}"; do
		poll 30 gone "$i"
	done
	assert_equal "$(cat answer.* | jq -s 'map(select(.success and .file_id).batch_job_id) | unique | length')" 12
	assert_equal "$(grep -c '^{"job":' "$log")" 13
}

@test 'many uploads at once all come whole, with few descriptors' {
	local i many=()

	ulimit -n 600
	serve --no-worker
	head -c 2000000 /dev/urandom >big
	for i in {1..20}; do
		head -c $((1000000 + i)) big >"$i"
		start curl -s -o "answer.$i" -H "X-CSRFToken: $TOKEN" -F "files=@$i" -F files=@record "$FILES/upload/"
		many+=($!)
	done
	for i in "${many[@]}"; do
		poll 30 gone "$i"
	done
	run -0 bi-fetch --work --once -q
	for i in {1..20}; do
		assert_equal "$(sums "$(jq .batch_job_id "answer.$i")")" "$(sums_of "$i" record)"
	done
	assert_equal "$(find "$BI_ROOT/temp" "$BI_ROOT/leases/$PORT.bodies" -mindepth 1)" ''
}
