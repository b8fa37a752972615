#!/usr/bin/env bats
# bi-status --events: what happens, as it happens, each thing once.
load helpers

# events ARG...: bi-status --events in the background, its records in ./events, from the moment that it is ready on; its
# process id in $stream.
events() {
	start bi-status --events "$@" >events 2>events.err
	stream=$!
	poll 10 grep -q '"event":"ready"' events
}

# told COUNT FILTER: as many events pass a filter of jq's.
told() {
	[ "$(jq -c "select($2)" events | wc -l)" = "$1" ]
}

# order: the events of items and batches, one a word.
order() {
	jq -r 'select(.event and .event != "ready") | "\(.event)\(if .item then ":\(.item)" else "" end)"' events | tr '\n' ' '
}

@test 'a batch is told as created, taken, completed, failed with its code and done, in whole records' {
	mkdir -p "$BI_ROOT"
	faulty_start
	events
	run ! bi-fetch --quiet --parallel 1 -b b "$FAULTY/slow/600/bytes/100/a.jpg" "$FAULTY/slow/600/status/404/b.jpg"
	poll 10 told 1 '.event == "batch_done"'
	assert_equal "$(order)" 'batch_created item_processing:1 item_processing:2 item_completed:1 item_failed:2 batch_done '
	jq -es --arg url "$FAULTY/slow/600/bytes/100/a.jpg" 'all(.event and (.at | fromdateiso8601)) and (.[0] | .event == "ready" and .batches == 0)
		and (map(select(.event == "batch_created"))[0] | .batch == "b" and .job_type == "url_parse" and .job_id and .created_at)
		and (map(select(.event == "item_processing"))[0] | .batch == "b" and .item == 1 and .url == $url)
		and (map(select(.event == "item_completed"))[0] | .bytes == 100 and (.sha256 | length) == 64 and .path and .mime and .file_id and .attempts == 1 and .url == $url)
		and (map(select(.event == "item_failed"))[0] | .code == "http_404" and .retryable == false and .message and .url)
		and (map(select(.event == "batch_done"))[0] | .status == "partially_completed" and .total_items == 2
			and .completed_items == 1 and .failed_items == 1 and .pending_items == 0)' events
	stop "$stream"
	assert_equal "$stopped" 143
	assert_equal "$(<events.err)" ''
}

@test "events: of hundreds of items in several batches each result is told once, and before its batch is done" {
	local pids=() b

	mkdir -p "$BI_ROOT"
	faulty_start
	events
	for b in a b c; do
		for i in {1..150}; do
			echo "$FAULTY/bytes/$((i % 7 + 1))00/$b$i.jpg"
		done >"list-$b"
		start bi-fetch --quiet --per-host 30 -b "$b" <"list-$b" >/dev/null 2>&1
		pids+=($!)
	done
	for b in "${pids[@]}"; do
		poll 60 gone "$b"
	done
	poll 20 told 3 '.event == "batch_done"'
	jq -es 'map(select(.event | . == "item_completed" or . == "item_failed")) | length == 450
		and (group_by([.batch, .item]) | length == 450)' events
	jq -es '[to_entries[] | select(.value.event == "batch_done")] as $ends | all(to_entries[];
		. as $e | ($e.value.event | startswith("item_") | not) or
		($ends | map(select(.value.batch == $e.value.batch))[0].key > $e.key))' events
}

@test "events: what was before is told by --from-start alone, and another run is told again" {
	faulty_start
	bi-fetch --quiet -b b "$FAULTY/flaky/1/status/404/a.jpg" "$FAULTY/bytes/100/b.jpg" --tries 1 || :
	events
	assert_equal "$(order)" ''
	stop "$stream"
	events --from-start
	assert_equal "$(order)" 'batch_created item_completed:2 item_failed:1 batch_done ' ||
		assert_equal "$(order)" 'batch_created item_failed:1 item_completed:2 batch_done '
	# More items, and one that is tried again.
	bi-fetch --quiet --retry failed -b b "$FAULTY/bytes/100/c.jpg" "$FAULTY/flaky/1/status/404/a.jpg" || :
	poll 10 told 2 '.event == "batch_done"'
	told 1 '.event == "item_completed" and .item == 3'
	told 2 '.event == "item_failed" and .item == 1'
}

@test 'a batch that is handed in, and the worker that takes it, are told' {
	mkdir -p "$BI_ROOT"
	faulty_start
	events
	bi-fetch --queue --quiet -b b "$FAULTY/bytes/100/a.jpg" >/dev/null
	poll 10 told 1 '.event == "batch_handed_in"'
	bi-fetch --work --once --quiet
	poll 10 told 1 '.event == "batch_done"'
	order >said
	grep -qE '^batch_created batch_handed_in (item_processing:1 )?item_completed:1 batch_done $' said
	told 1 '.event == "batch_handed_in" and .batch == "b"'
}

@test "events: a worker that is killed leaves a batch that stopped; one that takes over is told" {
	local fetch

	mkdir -p "$BI_ROOT"
	faulty_start
	events
	start bi-fetch --quiet -b b "$FAULTY/stall/10/bytes/100/a.jpg" "$FAULTY/bytes/100/b.jpg" >/dev/null 2>&1
	fetch=$!
	poll 10 told 1 '.event == "item_processing" and .item == 1'
	poll 10 told 1 '.event == "item_completed" and .item == 2'
	stop "$fetch" KILL
	poll 10 told 1 '.event == "batch_stopped" and .pending_items == 1 and .completed_items == 1'
	told 0 '.event == "batch_done"'
	start bi-fetch --quiet -b b --resume >/dev/null 2>&1
	poll 10 told 2 '.event == "item_processing" and .item == 1'
}

@test 'only named batches are told; one that goes, and another by its name, are told apart' {
	faulty_start
	bi-fetch --quiet -b a "$FAULTY/bytes/100/a.jpg"
	bi-fetch --quiet -b b "$FAULTY/bytes/100/a.jpg"
	events b
	bi-fetch --quiet -b a "$FAULTY/bytes/100/b.jpg"
	bi-fetch --quiet -b c "$FAULTY/bytes/100/b.jpg"
	bi-fetch --quiet -b b "$FAULTY/bytes/100/b.jpg"
	poll 10 told 1 '.event == "batch_done"'
	told 0 '.batch and .batch != "b"'
	told 1 '.event == "item_completed" and .item == 2'
	mv "$BI_ROOT/batches/b" "$BI_ROOT/away"
	status=0
	poll 10 gone "$stream"
	wait "$stream" || status=$?
	assert_equal "$status" 66
	told 1 '.event == "batch_removed" and .batch == "b"'
	assert_equal "$(tail -n 1 events | jq -c '[.end, .exit]')" '["bi-status",66]'

	events
	mv "$BI_ROOT/batches/a" "$BI_ROOT/old"
	bi-fetch --quiet -b a "$FAULTY/bytes/100/x.jpg"
	poll 10 told 1 '.event == "batch_done" and .batch == "a"'
	assert_equal "$(order)" 'batch_removed batch_created item_completed:1 batch_done ' ||
		assert_equal "$(order)" 'batch_removed batch_created item_processing:1 item_completed:1 batch_done '
	run -66 bi-status --events nope
}

@test 'servers that start, stop or are killed are told' {
	local pid

	faulty_start
	bi-fetch --quiet -b b "$FAULTY/bytes/100/a.jpg"
	bi-fetch --quiet -b other "$FAULTY/bytes/100/a.jpg"
	bi-render b other >/dev/null
	events
	bi-serve --no-worker b >server
	poll 10 told 1 '.event == "server_started" and .port and .url and .pid'
	bi-clean stop-all
	poll 10 told 1 '.event == "server_stopped"'
	bi-serve --no-worker b >server
	poll 10 told 2 '.event == "server_started"'
	pid=$(jq -r 'select(.pid).pid' server | head -n 1)
	kill -KILL "$pid"
	poll 10 told 2 '.event == "server_stopped"'
	assert_equal "$(jq -r 'select(.event | startswith("server")).event' events | tr '\n' ' ')" \
		'server_started server_stopped server_started server_stopped '
	stop "$stream"
	events other
	bi-serve --no-worker b >server
	bi-serve --no-worker other >server
	poll 10 told 1 '.event == "server_started" and .batch == "other"'
	told 1 '.event == "server_started"'
}

@test "events --wait ends when the batches are done, with an end record; a reader that goes ends it too" {
	faulty_start
	bi-fetch --queue --quiet -b b "$FAULTY/bytes/100/a.jpg" "$FAULTY/status/404/b.jpg" >/dev/null
	events --wait --strict b
	bi-fetch --work --once --quiet
	poll 10 gone "$stream"
	status=0
	wait "$stream" || status=$?
	assert_equal "$status" 1
	assert_equal "$(tail -n 1 events | jq -c '[.end, .exit, .events]')" "[\"bi-status\",1,$(($(wc -l <events) - 1))]"
	told 1 '.event == "batch_done"'
	bi-fetch --queue --quiet -b late "$FAULTY/bytes/100/a.jpg" >/dev/null
	run -75 bi-status --events --wait --timeout 0.2 late
	# Nothing happens any more, and it ends all the same.
	SECONDS=0
	bi-status --events | head -n 1 >first
	grep -q '"ready"' first
	[ "$SECONDS" -lt 60 ]
}

@test "events: it sleeps while nothing happens, and reads what was appended, not all again" {
	local before after

	need_plain_strace
	faulty_start
	for i in {1..2000}; do
		echo "$FAULTY/bytes/100/$i.jpg"
	done >list
	bi-fetch --quiet --per-host 60 -b b <list >/dev/null
	[ "$(stat -c %s "$BI_ROOT/batches/b/results.ndjson")" -gt 400000 ]
	events
	start strace -p "$stream" -o trace -e trace=read,pread64,poll 2>attached
	poll 10 grep -q attached attached || skip "this user may not trace a process that it did not start so"
	quiet() {
		before=$(wc -l <trace)
		sleep 1
		after=$(wc -l <trace)
		[ "$before" = "$after" ]
	}
	poll 20 quiet
	: >trace
	bi-fetch --quiet -b b "$FAULTY/bytes/200/new.jpg" >/dev/null
	poll 10 told 1 '.event == "batch_done"'
	told 1 '.event == "item_completed"'
	# Each look reads the 2,001 states, some of both indexes, and the new line.
	awk '/p?read/ && $NF > 0 { bytes += $NF } END { exit !(bytes < 200000) }' trace
}
