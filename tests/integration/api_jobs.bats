#!/usr/bin/env bats
# bi-api: the jobs of a notebook: what their status says of one moment, and how they are cancelled, tried again and removed.
# shellcheck disable=SC2154 # call sets code
# shellcheck disable=SC2016 # expressions are for poll and jq to expand
load helpers
load submit

# The tests' own origin, which the worker may ask.
origin() {
	mkdir -p "$BI_ROOT" origin
	echo '127.0.0.1 private=allow' >"$BI_ROOT/hosts.conf"
	origin_start
}

@test 'what is found on a page has an id that finds it, and the total is final once all is done' {
	local id

	origin
	echo '<title>t</title><img src=1.gif><img src=2.gif><img src=3.gif>' >origin/page.html
	for i in 1 2 3; do
		printf 'GIF89a\1\0\1\0\200\0\0%s\0\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;' "$i" >"origin/$i.gif"
	done
	serve --no-worker
	json parse_url_media "{\"urls\":[\"$ORIGIN/page.html\"],\"upload_url_id\":[\"mine\"]}"
	assert_equal "$code" 202
	call "$URL/notebooks/nb/batch-jobs/1/status/"
	assert_equal "$(jq -c '.batch_job | [.total_items, .total_is_final]' body)" '[1,false]'
	bi-fetch -q --work --once || [ $? -eq 1 ]
	call "$URL/notebooks/nb/batch-jobs/1/status/"
	assert_equal "$(jq -c '[.batch_job.total_is_final, .batch_job.total_items, (.items | length)]' body)" '[true,4,4]'
	bi-status --json job-1 | jq .batch_job.total_is_final | grep -qx true
	cp body doc
	for id in $(jq -r '.items[].upload_id' doc); do
		call "$FILES/$id/status/"
		assert_equal "$code $(jq -c '[.id, .upload_id, .status]' body)" \
			"200 $(jq -c --arg id "$id" '.items[] | select(.upload_id == $id) | [.id, .upload_id, .status]' doc)"
	done
	assert_equal "$(jq '.items | map(.upload_id) | unique | length' doc)" 4
	# The lists have the same ids.
	call "$FILES/"
	assert_equal "$(jq -c '[.results[].upload_id] | sort' body)" \
		"$(jq -c '[.items[] | select(.result.file_id) | .upload_id] | sort' doc)"
	call "$URL/batches/job-1/items/"
	assert_equal "$(jq -c '[.items[].upload_id]' body)" "$(jq -c '[.items[].upload_id]' doc)"
	# Other jobs know their total.
	json parse_url "{\"urls\":[\"$ORIGIN/page.html\"]}"
	call "$URL/notebooks/nb/batch-jobs/2/status/"
	assert_equal "$(jq '.batch_job | has("total_is_final")' body)" false
}

@test 'the counts of a document are those of its items, also while they change' {
	local i

	serve --no-worker
	mkdir many
	for i in {1..400}; do
		echo "$i" >"many/$i.txt"
	done
	find "$PWD/many" -name '*.txt' >list
	start sh -c 'bi-fetch -q --no-sync -b M <list >records'
	poll 20 test -e "$BI_ROOT/batches/M/state"
	for i in {1..25}; do
		call "$URL/batches/M/items/?limit=1000"
		assert_equal "$i $(jq '.count == (.items | length)' body)" "$i true"
		bi-status --json M >doc
		assert_equal "$i $(jq -c '(.items | map(.status)) as $all | .batch_job | [.total_items == ($all | length)] +
			[["completed", "failed", "processing", "pending"][] as $s | .[$s + "_items"] == ($all | map(select(. == $s)) | length)]
			| unique' doc)" "$i [true]"
	done
	bi-status --wait --timeout 60 M >out || fail "$(tail -n 3 out records)"
	assert_equal "$(bi-status --json M | jq .batch_job.completed_items)" 400
}

@test 'an answer says how long an idle connection stays open, and it does' {
	serve --no-worker
	exec {raw}<>"/dev/tcp/127.0.0.1/$PORT"
	printf 'GET /api/v1/health/ HTTP/1.1\r\nHost: localhost\r\n\r\n' >&"$raw"
	timeout 5 head -c 60 <&"$raw" >answer
	head -n 1 answer | grep -q ' 200 '
	curl -si "$URL/health/" | tr -d '\r' >headers
	grep -qx 'Keep-Alive: timeout=60' headers
	curl -si --http1.0 "$URL/health/" >headers
	! grep -qi '^keep-alive' headers || false
	# HTTP/2 forbids the header.
	curl -si --http2-prior-knowledge "$URL/health/" >headers
	! grep -qi '^keep-alive' headers || false
	exec {raw}>&-
}

@test 'bi-status lists job-2 before job-10' {
	serve --no-worker
	for i in 1 2 10 9 12; do
		echo x | bi-fetch -q -b "job-$i" file:///none/1 >/dev/null || [ $? -eq 1 ]
	done
	assert_equal "$(bi-status --json | jq -r .batch_job.name | xargs)" 'job-1 job-2 job-9 job-10 job-12'
	assert_equal "$(bi-status | grep -o 'job-[0-9]*' | uniq | head -n 5 | xargs)" 'job-1 job-2 job-9 job-10 job-12'
}

# ask METHOD PATH [CURL OPTION...]: of the jobs of the notebook, with the token.
ask() {
	[[ " $* " == *' -d '* ]] || set -- "$@" -d ''
	call -X "$1" -H "X-CSRFToken: $TOKEN" "${@:3}" "$URL/notebooks/nb/batch-jobs/$2"
}

@test 'a job is cancelled, tried again and removed in its notebook' {
	serve --no-worker
	json parse_url '{"urls":["http://127.0.0.1:1/1","http://127.0.0.1:1/2","http://127.0.0.1:1/3"]}'
	ask POST 1/cancel/
	assert_equal "$code $(jq -c .success body)" '200 true'
	call "$URL/notebooks/nb/batch-jobs/1/status/"
	assert_equal "$(jq -c '[.batch_job.status, (.items | map(.error_code) | unique)]' body)" '["failed",["cancelled"]]'
	# There is nothing left to cancel.
	ask POST 1/cancel
	refused 409 nothing_left
	ask POST 1/retry/ -H 'Content-Type: application/json' -d '{"items":[2]}'
	assert_equal "$code $(jq -c '[.retried, .left]' body)" '202 [1,2]'
	ask POST 1/retry/
	assert_equal "$code $(jq -c '[.retried, .left]' body)" '202 [2,0]'
	# It waits for a worker, and is not removed from under it.
	ask DELETE 1/
	refused 409 in_progress
	[[ "$(jq -r .detail body)" = *'cancel it first (POST …/cancel/)'* ]]
	[ -e "$BI_ROOT/batches/job-1" ]
	ask POST 1/cancel/
	assert_equal "$code" 200
	ask DELETE 1/
	assert_equal "$code $(<body)" '200 {"success":true}'
	[ ! -e "$BI_ROOT/batches/job-1" ]
	ask DELETE 1/
	refused 404 removed
	ask POST 1/cancel/
	refused 404 removed
	call "$URL/notebooks/nb/batch-jobs/"
	assert_equal "$(jq -c '[.results[].status]' body)" '["removed"]'
}

@test 'of two clients that cancel or remove one job, each has one clear outcome' {
	local round i pids codes

	serve --no-worker
	for round in 1 2 3 4 5 6; do
		json parse_url "$(jq -cn '{urls: [range(300) | "http://127.0.0.1:1/\(.)"]}')"
		pids=()
		for i in 1 2 3; do
			curl -s -o "out.$i" -w '%{http_code}\n' -d '' -H "X-CSRFToken: $TOKEN" \
				"$URL/notebooks/nb/batch-jobs/$round/cancel/" >"code.$i" 3>&- &
			pids+=($!)
		done
		wait "${pids[@]}"
		for i in 1 2 3; do
			[[ "$(<"code.$i") $(jq -r '.error // "done"' "out.$i")" =~ ^(20[02] done|409 (nothing_left|in_progress))$ ]] ||
				fail "$(<"code.$i") $(<"out.$i")"
		done
		grep -qx '20[02]' code.? # one has done it
		call "$URL/notebooks/nb/batch-jobs/$round/status/?limit=0"
		assert_equal "$(jq -c '.batch_job | [.failed_items, .pending_items]' body)" '[300,0]'
		assert_equal "$(wc -l <"$BI_ROOT/batches/job-$round/results.ndjson")" 300
		pids=()
		for i in 1 2; do
			curl -s -o "out.$i" -w '%{http_code}\n' -X DELETE -H "X-CSRFToken: $TOKEN" \
				"$URL/notebooks/nb/batch-jobs/$round/" >"code.$i" 3>&- &
			pids+=($!)
		done
		wait "${pids[@]}"
		codes=$(sort code.1 code.2 | xargs)
		[[ $codes =~ ^200\ (404|409)$ ]] || fail "$codes $(cat out.1 out.2)"
	done
}

@test 'jobs of others are not cancelled, tried again or removed, nor without the token' {
	local what

	serve --no-worker
	json parse_url '{"urls":["http://127.0.0.1:1/1","http://127.0.0.1:1/2"]}'
	for what in 'POST 1/cancel/' 'POST 1/retry/' 'DELETE 1/'; do
		call -X "${what% *}" -d '' "$URL/notebooks/nb/batch-jobs/${what#* }"
		refused 401 token_missing
		call -X "${what% *}" -d '' -H "X-CSRFToken: $TOKEN" "$URL/notebooks/other/batch-jobs/${what#* }"
		refused 404 no_such_notebook
		ask "${what% *}" "${what#* }" -H 'Origin: http://evil.example'
		refused 403 origin_not_ours
	done
	for what in 'POST 2/cancel/' 'POST 0/retry/' 'DELETE job-1/' 'DELETE 01/'; do
		ask "${what% *}" "${what#* }"
		refused 404 no_such_job
	done
	ask GET 1/cancel/
	refused 405 method_not_allowed
	ask POST 1/retry/ -H 'Content-Type: application/json' -d '{"items":[3]}'
	refused 422 bad_items
	assert_equal "$(tr -d "p\0" <"$BI_ROOT/batches/job-1/state")" ""
}
