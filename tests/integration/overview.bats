#!/usr/bin/env bats
# bi-api --stream with many batches: few descriptors, and only what changed.
load helpers

# make_many COUNT: a batch "first" of three items, one of which failed, with a page, and as many copies of it. They are old:
# the rate of a batch that has just ended changes by itself.
make_many() {
	local f names part

	for i in 1 2; do
		echo "$i" >"$i.txt"
	done
	bi-fetch -q -b first 1.txt 2.txt missing >/dev/null || [ $? -eq 1 ]
	sed -i 's/"finished_at":"[^"]*"/"finished_at":"2026-01-01T00:00:00Z"/' "$BI_ROOT/batches/first/results.ndjson"
	mkdir -p "$BI_ROOT/review/first"
	echo '<!doctype html><title>first</title>' >"$BI_ROOT/review/first/index.html"
	mapfile -t names < <(seq -f 'copy%05g' 1 "$1")
	cd "$BI_ROOT/batches" || return
	for ((i = 0; i < $1; i += 500)); do # tee has an open file for each
		part=("${names[@]:i:500}")
		mkdir -p "${part[@]/%//files}"
		for f in batch.json items.ndjson items.index lock results.ndjson results.index state; do
			tee "${part[@]/%//$f}" <first/$f >/dev/null
		done
		mkdir -p "${part[@]/#/../review/}"
		(cd ../review && tee "${part[@]/%//index.html}" <first/index.html >/dev/null)
	done
	cd "$BATS_TEST_TMPDIR" || return
}

# serve [COMMAND...]: by the command, which may run it with other limits. Sets URL, PORT and STREAMER, its bi-api --stream.
serve() {
	local first=$((12000 + RANDOM % 7000)) record pid

	"$@" bi-serve --no-worker -p "$first-$((first + 200))" first >record 2>serve.err || {
		cat serve.err >&2
		return 1
	}
	record=$(head -n 1 record)
	PORT=$(jq .port <<<"$record")
	URL=http://localhost:$PORT/api/v1
	for pid in $(<"/proc/$(jq .pid <<<"$record")/task/$(jq .pid <<<"$record")/children"); do
		! tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -e 'bi-api.*--stream' || STREAMER=$pid
	done
}

# few_files COUNT COMMAND...: with a hard limit of open files.
few_files() {
	(ulimit -n "$1" && exec "${@:2}")
}

descriptors() {
	find "/proc/$STREAMER/fd" -mindepth 1 | wc -l
}

# follow [CURL OPTION...]: follows the changes; the events in the file events.
follow() {
	start curl -sN --max-time 240 -o events "$@" "$URL/status/stream?changes=1"
	follower=$!
	poll 20 test -s events
}

documents() {
	sed -n 's/^data: //p' "${1:-events}"
}

# What a client knows after all events: an object of batches.
known() {
	documents "${2:-events}" | jq -s -c "reduce .[] as \$d ({}; if \$d.whole then {} else . end
		| reduce \$d.removed[] as \$n (.; del(.[\$n]))
		| reduce \$d.batches[] as \$b (.; .[\$b.batch_job.name] = \$b)) | $1"
}

known_is() {
	[ "$(known "$1")" = "$2" ]
}

# The number of events that are complete.
events() {
	grep -c '^$' events
}

# id: that of the last event.
last_id() {
	sed -n 's/^id: //p' events | tail -n 1
}

add() {
	echo "$2" >"$2.txt"
	bi-fetch -q -b "$1" "$2.txt" >/dev/null
}

@test 'more batches than descriptors can be read, one after the other' {
	local before many=300

	[ -z "${BI_LONG:-}" ] || many=10000
	make_many "$many"
	serve few_files 256
	curl -s "$URL/status/" >whole
	assert_equal "$(jq -c '[(.batches | length), ([.batches[] | select(.error_message)] | length),
		([.batches[] | select(.batch_job.completed_items == 2 and .failures.no_such_file == 1 and .review.subjects == 2
			and (.history.bytes | length) > 0)] | length)]' whole)" "[$((many + 1)),0,$((many + 1))]"
	assert_equal "$(jq -c '[.batches[].batch_job.name] | . == sort' whole)" true
	before=$(descriptors)
	assert [ "$before" -lt 48 ]
	follow
	poll 60 known_is length $((many + 1))
	curl -s "$URL/status/?changes=1" >changes
	# The changes leave only the bytes over time out.
	assert_equal "$(jq -cS '[.batches[] | del(.history.bytes, .rate)]' whole)" \
		"$(jq -cS '[.batches | sort_by(.batch_job.name)[] | del(.rate)]' changes)"
	assert_equal "$(jq -c '[.count, .whole, .removed]' changes)" "[$((many + 1)),true,[]]"
	assert [ "$(descriptors)" -lt $((before + 8)) ]
}

@test 'the picks of more batches than there are descriptors can be asked for' {
	local i

	make_many 60
	serve few_files 192
	for i in {1..60}; do
		for _ in 1 2 3 4; do # whichever of the processes answers
			printf 'url = "%s/batches/copy%05d/selections/"\noutput = "body"\n' "$URL" "$i"
		done
	done >urls
	curl -s -K urls -w '%{http_code}\n' >codes
	assert_equal "$(sort codes | uniq -c | xargs)" '240 200'
}

@test 'an event has what changed, and nothing else' {
	local before lines

	make_many 100
	serve
	follow
	poll 20 known_is length 101
	before=$(events)
	add copy00050 new
	poll 20 known_is .copy00050.batch_job.completed_items 3
	poll 20 known_is .copy00050.batch_job.status '"partially_completed"'
	documents | tail -n "+$before" >last
	assert_equal "$(jq -s -c '[.[].batches[].batch_job.name] | unique' last)" '["copy00050"]'
	assert_equal "$(awk 'length($0) >= 2048' last)" ''
	# Who asks since then gets nothing of the others, and this client no more, but that the rate of copy00050 falls.
	lines=$(events)
	curl -s "$URL/status/?changes=1&since=$(last_id)" >changes
	documents | tail -n "+$((lines + 1))" >>changes
	assert_equal "$(jq -s -c '[.[] | (.batches[] | select(.batch_job.name != "copy00050")), .removed[], (.whole // empty)]' changes)" '[]'
}

@test 'a batch appears, changes, gets another name, cannot be read, can be read again, and is removed' {
	make_many 5
	serve
	follow
	poll 20 known_is length 6
	add new one
	poll 20 known_is .new.batch_job.completed_items 1
	add new two
	poll 20 known_is '[.new | .batch_job.completed_items, .batch_job.status, .pages]' '[2,"completed",false]'
	mkdir "$BI_ROOT/review/new"
	: >"$BI_ROOT/review/new/index.html"
	poll 20 known_is .new.pages true
	echo '{"subject":"i1","choice":1,"reviewer":"ada","at":"2026-11-22T15:04:05Z"}' >"$BI_ROOT/batches/new/picks.ndjson"
	poll 20 known_is .new.review.decided 1
	mv "$BI_ROOT/batches/new" "$BI_ROOT/batches/newer"
	poll 20 known_is '[has("new"), .newer.batch_job.completed_items]' '[false,2]'
	add newer three
	poll 20 known_is .newer.batch_job.completed_items 3
	# Another batch takes its name.
	mv "$BI_ROOT/batches/newer" "$BI_ROOT/batches/old"
	cp -r "$BI_ROOT/batches/first" "$BI_ROOT/batches/newer"
	poll 20 known_is '[.newer.batch_job.failed_items, .old.batch_job.completed_items]' '[1,3]'
	mv "$BI_ROOT/batches/old/state" state
	mkdir "$BI_ROOT/batches/old/state"
	poll 20 known_is '[.old | .batch_job.status, .error_message]' '["unreadable","Is a directory"]'
	rmdir "$BI_ROOT/batches/old/state"
	mv state "$BI_ROOT/batches/old/state"
	poll 20 known_is .old.batch_job.status '"completed"'
	rm -r "$BI_ROOT/batches/old"
	poll 20 known_is '[has("old"), length]' '[false,7]'
	assert_equal "$(curl -s "$URL/status/" | jq -c '[.batches[].batch_job.name]')" "$(known keys)"
}

@test 'a process that takes a batch and is killed is noticed, though it writes nothing' {
	make_many 3
	mkfifo hold.in
	serve
	follow
	poll 20 known_is .copy00002.batch_job.status '"partially_completed"'
	start "$BI_BUILD/tests/hold" copy00002 <>hold.in >hold.out
	poll 20 test -s hold.out
	poll 20 known_is .copy00002.batch_job.status '"processing"'
	stop "${STARTED[-1]}" KILL
	poll 20 known_is .copy00002.batch_job.status '"partially_completed"'
}

@test 'a client that comes back gets what it missed' {
	local id other

	make_many 20
	serve
	follow
	poll 20 known_is length 21
	id=$(last_id)
	stop "$follower"
	mv events before
	add copy00003 a
	rm -r "$BI_ROOT/batches/copy00007"
	follow -H "Last-Event-ID: $id"
	poll 20 known_is '.copy00003.batch_job.completed_items' 3
	documents before >all
	documents >>all
	assert_equal "$(documents | jq -s -c '[([.[].batches[].batch_job.name] | unique), [.[].removed[]], [.[].whole // empty]]')" \
		'[["copy00003"],["copy00007"],[]]'
	sed -i 's/^/data: /' all
	assert_equal "$(known '[length, .copy00003.batch_job.completed_items, has("copy00007")]' all)" '[20,3,false]'
	# An id that it does not know, also of another process.
	other=1
	[[ $id != 1* ]] || other=2
	for id in 0 x "${id%-*}-99999999" "$other${id:1}" "$id-"; do
		curl -s "$URL/status/?changes=1&since=$id" >changes
		assert_equal "$id $(jq -c '[.whole, (.batches | length), .removed]' changes)" "$id [true,20,[]]"
	done
	curl -s "$URL/status/?changes=2" >changes
	assert_equal "$(jq -c .error changes)" '"bad_parameter"'
}

@test "after more removals than it remembers, a client gets all anew" {
	local id

	make_many 2
	mkdir "$BI_ROOT"/batches/empty{1..1500}
	serve
	curl -s "$URL/status/?changes=1" >changes
	assert_equal "$(jq .count changes)" 1503
	id=$(jq -r .id changes)
	rmdir "$BI_ROOT"/batches/empty{1..100}
	curl -s "$URL/status/?changes=1&since=$id" >changes
	assert_equal "$(jq -c '[.whole, .count, (.removed | length), .batches]' changes)" '[null,1403,100,[]]'
	rmdir "$BI_ROOT"/batches/empty{101..1500}
	curl -s "$URL/status/?changes=1&since=$id" >changes
	assert_equal "$(jq -c '[.whole, .count, .removed, ([.batches[].batch_job.name] | sort)]' changes)" \
		'[true,3,[],["copy00001","copy00002","first"]]'
}

# limit_watches WATCHES INSTANCES COMMAND...: inotify gives the user so many.
limit_watches() {
	"${NAMESPACES[@]}" bash -c 'echo "$1" >/proc/sys/user/max_inotify_watches &&
		echo "$2" >/proc/sys/user/max_inotify_instances && exec "${@:3}"' limit "$@"
}

@test 'batches that inotify does not watch are followed, too' {
	local limits name more=0

	NAMESPACES=(unshare --user --map-root-user)
	limit_watches 100 100 true 2>/dev/null || skip 'this user may not make namespaces'
	make_many 12
	for limits in '8 100' '0 100' '100 0'; do
		# shellcheck disable=SC2086 # two numbers
		serve limit_watches $limits
		follow
		poll 20 known_is length "$((13 - more))"
		# Whichever of them are watched.
		for name in first copy00001 copy00006 copy00012; do
			add "$name" "$name-${limits// /}"
		done
		more=$((more + 1))
		poll 20 known_is '[.[] | .batch_job.completed_items - 2] | add' "$((4 * more))"
		rm -r "$BI_ROOT/batches/copy0000$((more + 1))"
		poll 20 known_is length "$((13 - more))"
		bi-clean stop-all >/dev/null
		rm events
	done
}

@test 'a batch that cannot be opened for lack of descriptors is said to be so, and tried again' {
	need_plain_strace
	make_many 5
	serve
	follow
	poll 20 known_is length 6
	start strace -qq -f -o trace -p "$STREAMER" -P copy00003 -e trace=openat -e inject=openat:error=EMFILE
	poll 20 test -e trace
	touch "$BI_ROOT/batches/copy00003/state"
	poll 20 known_is '.copy00003 | [.batch_job.status, .error_message]' '["unreadable","Too many open files"]'
	assert_equal "$(known '[length, ([.[] | select(.error_message)] | length)]')" '[6,1]'
	stop "${STARTED[-1]}"
	poll 20 known_is .copy00003.batch_job.status '"partially_completed"'
	# The same for all of them.
	start strace -qq -f -o trace2 -p "$STREAMER" -P queue -e trace=openat -e inject=openat:error=ENFILE
	poll 20 test -s trace2
	poll 20 answers 500 cannot_read
	assert_equal "$(known length)" 6
	stop "${STARTED[-1]}"
	poll 20 answers 200 null
}

# shown: the thumbnails of the batch new.
shown() {
	known '.new.thumbs | join(" ")'
}

shows() {
	[ "$(shown)" = "\"$1\"" ]
}

@test 'a batch with pages has its first four thumbnails' {
	local thumbs=$BI_ROOT/review/new/thumbs

	make_many 1
	mkdir -p "$thumbs"
	add new one
	serve
	follow
	poll 20 known_is '[.new | .pages, has("thumbs")]' '[false,false]'
	# Other files of that folder, and names that are not those of thumbnails.
	touch "$thumbs"/{.new.webp,x,_.webp,a_0.webp,a_x.webp,a_.webp,b_1.png}
	: >"$BI_ROOT/review/new/index.html"
	poll 20 shows ''
	touch "$thumbs"/{10_1,2_1,i3_2,10_3}.webp
	echo >>"$BI_ROOT/review/new/index.html"
	poll 20 shows '2_1.webp 10_1.webp i3_2.webp 10_3.webp'
	touch "$thumbs"/{9,1.x,i1,_1}_1.webp
	echo >>"$BI_ROOT/review/new/index.html"
	poll 20 shows '1.x_1.webp 2_1.webp 9_1.webp 10_1.webp'
	# Pictures that cannot be listed are not shown, and the batch is.
	rm -r "$thumbs"
	echo >"$thumbs"
	echo >>"$BI_ROOT/review/new/index.html"
	poll 20 known_is '.new | [.pages, .thumbs, .batch_job.status]' '[true,[],"completed"]'
}

@test 'the items of a batch, failed ones with their reasons, in parts' {
	local many=60 i query

	make_many 1
	for ((i = 1; i <= many; i++)); do
		printf '{"subject":{"id":%d,"name":"<b>\u202eName %d"},"file":"%s"}\n' "$i" "$i" "$([ $((i % 3)) = 0 ] && echo 1.txt || echo "missing$i")"
	done >list
	bi-fetch -q -b many <list >/dev/null || [ $? -eq 1 ]
	serve
	curl -s "$URL/batches/many/items/?status=failed&limit=3&offset=38" >body
	assert_equal "$(jq -c '[.count, [.items[] | .id, .status, .error_code]]' body)" \
		'[40,[58,"failed","no_such_file",59,"failed","no_such_file"]]'
	assert_equal "$(jq -r '.items[0] | .subject_name, .item_data.file, (.error_message | length > 0)' body)" \
		$'<b>\u202eName 58\n'"$PWD"$'/missing58\ntrue'
	curl -s "$URL/batches/many/items?status=failed" >body
	assert_equal "$(jq -c '[.count, (.items | length), .items[0].id]' body)" '[40,40,1]'
	curl -s "$URL/batches/many/items/?status=completed&limit=2&offset=1" >body
	assert_equal "$(jq -c '[.count, [.items[] | .id, .status, has("error_code"), .result.bytes]]' body)" \
		'[20,[6,"completed",false,2,9,"completed",false,2]]'
	curl -s "$URL/batches/many/items/?limit=2&offset=59" >body
	assert_equal "$(jq -c '[.count, [.items[].id]]' body)" '[60,[60]]'
	for query in 'limit=0' 'offset=60' 'offset=18446744073709551615' 'status=failed&offset=40'; do
		curl -s "$URL/batches/many/items/?$query" >body
		assert_equal "$query $(jq -c .items body)" "$query []"
	done
	bi-clean -y -b many items 1 3 >/dev/null
	curl -s "$URL/batches/many/items/?limit=1" >body
	assert_equal "$(jq -c '[.count, [.items[].id]]' body)" '[58,[2]]'
	for query in 'many/items?status=pending 400 bad_parameter' 'many/items?limit=x 400 bad_parameter' \
		'none/items 404 no_such_batch' '..%2fx/items 404 not_found' '-n/items 404 no_such_batch'; do
		i=$(curl -s -o body -w '%{http_code}' "$URL/batches/${query%% *}")
		assert_equal "$query" "${query%% *} $i $(jq -r .error body)"
	done
}

# held DIRECTORY: whether a process has its lock.
held() {
	! flock -n "$1" true
}

# cancel BATCH [TOKEN [CURL OPTION...]]: prints the status, and stores the answer in body.
cancel() {
	curl -s -o body -w '%{http_code}' -d '' -H "X-CSRFToken: ${2-$(<"$BI_ROOT/token")}" "${@:3}" "$URL/batches/$1/cancel/"
}

@test 'a batch is cancelled over the API' {
	make_many 1
	bi-fetch --queue -q -b waits 1.txt 2.txt nowhere
	serve
	follow
	poll 20 known_is .waits.batch_job.pending_items 3
	# Not without the token, nor by GET, nor what is not there.
	assert_equal "$(cancel waits x) $(jq -r .error body)" '401 token_wrong'
	run -0 curl -s -X POST -w ' %{http_code} %{content_type}' "$URL/batches/waits/cancel/"
	assert_output --regexp '"error":"length_missing".* 411 application/json$'
	run -0 curl -s -H "X: $(printf '%040000d' 0)" -w ' %{http_code} %{content_type}' "$URL/status/"
	assert_output --regexp '"error":"headers_too_large".* 431 application/json$'
	assert_equal "$(cancel waits '' -G) $(jq -r .error body)" '405 method_not_allowed'
	assert_equal "$(cancel none) $(jq -r .error body)" '404 no_such_batch'
	assert_equal "$(cancel -r) $(jq -r .error body)" '404 no_such_batch'
	assert_equal "$(known .waits.batch_job.pending_items)" 3
	assert_equal "$(cancel waits) $(<body)" '200 {"success":true}'
	poll 20 known_is '.waits | [.batch_job.status, .failures.cancelled]' '["failed",3]'
	assert [ ! -e "$BI_ROOT/queue/waits" ]
	# What is done stays as it is.
	assert_equal "$(cancel first) $(<body)" '200 {"success":true}'
	assert_equal "$(known '.first | [.batch_job.completed_items, .failures]')" '[2,{"no_such_file":1}]'
	# What bi-clean cannot do is said in its words.
	bi-fetch --queue -q -b waits 3.txt
	mv "$BI_ROOT/batches/waits/items.ndjson" items
	mkdir "$BI_ROOT/batches/waits/items.ndjson"
	assert_equal "$(cancel waits) $(jq -r '.error + " " + .detail' body | sed 's/:.*//')" '503 not_cancelled bi-clean'
}

@test 'the review pages of a batch are made over the API, and what bi-render cannot do is said in its words' {
	local token

	make_many 1
	bi-fetch -q -b other 1.txt >/dev/null
	serve
	token=$(<"$BI_ROOT/token")
	render() { curl -s -o body -w '%{http_code}' -d '' -H "X-CSRFToken: $1" "$URL/batches/$2/render/"; }
	assert_equal "$(render x other) $(jq -r .error body)" '401 token_wrong'
	assert_equal "$(render "$token" none) $(jq -r .error body)" '404 no_such_batch'
	assert_equal "$(render "$token" -r) $(jq -r .error body)" '404 no_such_batch'
	assert [ ! -e "$BI_ROOT/review/other/index.html" ]
	# A slow machine makes them after the answer.
	[[ $(render "$token" other) == 20[02] ]]
	assert_equal "$(jq .success body)" true
	poll 60 test -e "$BI_ROOT/review/other/index.html"
	# What goes wrong after the answer is in the log; one that says something then is not ended by that.
	rm -r "$BI_ROOT/review/other/thumbs"
	echo >"$BI_ROOT/review/other/thumbs"
	start flock -F "$BI_ROOT/review/other" sleep 60
	poll 10 held "$BI_ROOT/review/other"
	assert_equal "$(render "$token" other) $(<body)" '202 {"success":true,"continues":true}'
	stop "$!"
	poll 20 grep -q 'bi-render ended with 71 for the batch other, .*: bi-render: batch other: cannot write' "$BI_ROOT"/leases/*.log
	rm "$BI_ROOT/review/other/thumbs"
	mv "$BI_ROOT/batches/other/items.ndjson" items
	mkdir "$BI_ROOT/batches/other/items.ndjson"
	assert_equal "$(render "$token" other) $(jq -r '.error + " " + .detail' body | sed 's/:.*//')" '503 not_rendered bi-render'
}

@test 'a batch whose items a worker keeps is cancelled when they are free, and other requests do not wait for that' {
	local pids=() began

	bi-fetch --queue -q -b kept nowhere1 nowhere2 nowhere3
	make_many 1
	serve
	mkfifo hold.in
	start "$BI_BUILD/tests/hold" kept 1 3 <>hold.in >hold.out
	pids+=($!)
	poll 10 grep -q held hold.out
	began=$SECONDS
	assert_equal "$(cancel kept) $(<body)" '202 {"success":true,"continues":true}'
	[ $((SECONDS - began)) -lt 20 ]
	assert_equal "$(curl -s "$URL/health/")" '{"success":true}'
	# What nobody has is cancelled at once; who asks again is told why that does not help.
	poll 10 grep -q '"item":2,' "$BI_ROOT/batches/kept/results.ndjson"
	assert_equal "$(cancel kept) $(jq -r .error body)" '409 in_progress'
	kill "${pids[@]}"
	poll 25 grep -q '"item":1,' "$BI_ROOT/batches/kept/results.ndjson"
	poll 10 grep -q '"item":3,' "$BI_ROOT/batches/kept/results.ndjson"
	assert_equal "$(jq -r .error.code "$BI_ROOT/batches/kept/results.ndjson" | sort -u)" cancelled
}

# answers CODE ERROR: what a request for the status of all does.
answers() {
	[ "$(curl -s -o body -w '%{http_code}' "$URL/status/") $(jq -r .error body)" = "$1 $2" ]
}
