#!/usr/bin/env bats
# bi-api --take behind the real lighttpd: what is handed in, and what becomes of it. BI_LONG=1 for an upload of 1 GB.
load helpers
load submit

# job_done ID
job_done() {
	bi-status --json "job-$1" | jq -e 'select(.batch_job) | .batch_job.status | . != "pending" and . != "processing"'
}

item_of() {
	sed -n "$2p" "$BI_ROOT/batches/job-$1/items.ndjson" | command jq -c 'del(.bi)'
}

@test 'one item is done within the request' {
	local site

	mkdir "$BI_ROOT"
	echo 'localhost private=allow' >"$BI_ROOT/hosts.conf"
	serve
	echo one >one.txt
	form upload -F file=@one.txt
	assert_equal "$code" 201
	assert_equal "$(command jq -c 'keys_unsorted' body)" \
		'["success","file_id","knowledge_item_id","is_batch","total_items","batch_job_id","upload_id"]'
	assert_equal "$(jq -c '[.success, .is_batch, .total_items, .batch_job_id, .upload_id]' body)" \
		'[true,false,1,1,"00000000000000010000000000000001"]'
	assert_regex "$(jq -r .file_id body)" '^f_[0-9a-f]{32}$'
	assert_equal "$(cat "$BI_ROOT"/batches/job-1/files/*)" one
	[ ! -e "$BI_ROOT/batches/job-1/uploads/1" ]
	assert_equal "$(jq -c '[.name, .job_id, .job_type, .notebook, .public_only, .items]' "$BI_ROOT/batches/job-1/batch.json")" \
		'["job-1",1,"file_upload","nb",true,1]'
	# What fails is said with its job.
	json parse_url '{"url":"http://127.0.0.1:1/a.html"}'
	refused 422 blocked_address
	assert_equal "$(jq .batch_job_id body)" 2
	poll 10 test ! -e "$BI_ROOT/queue/job-2"
	# An address that the administrator lets in.
	mkdir origin
	echo '<title>Hi</title>' >origin/a.html
	origin_start
	site=${ORIGIN/127.0.0.1/localhost}
	json parse_url "{\"url\":\"$site/a.html\"}"
	assert_equal "$code $(jq -c '[.success, .knowledge_item_id, .is_batch, .total_items, .batch_job_id]' body)" \
		'201 [true,2,false,1,3]'
	json parse_url "{\"url\":\"$site/none.html\"}"
	refused 422 http_404
	# A name of the client's own, an empty file, and no last slash.
	: >empty
	call -H "Authorization: Bearer $TOKEN" -F file=@empty -F upload_file_id=mine.1 "$FILES/upload"
	assert_equal "$code $(jq -c '[.success, .upload_id, .batch_job_id]' body)" '201 [true,"mine.1",5]'
	assert_equal "$(jq -c 'select(.job == 5 and .upload_ids).upload_ids' "$BI_ROOT/notebooks/nb/log.ndjson")" '["mine.1"]'
	[ -z "$(ls -A "$BI_ROOT/temp")" ]
}

@test 'batches are answered at once, in words and numbers' {
	serve --no-worker
	json parse_url '{"urls":["https://a.example/1","https://a.example/2","https://a.example/3"],"search_method":"x"}'
	assert_equal "$code $(<body)" \
		'202 {"success":true,"batch_job_id":1,"total_items":3,"message":"Batch processing started for 3 URLs","is_batch":true}'
	assert_equal "$(item_of 1 2)" '{"url":"https://a.example/2","upload_id":"00000000000000010000000000000002"}'
	json parse_url_media '{"urls":["https://a.example/1"]}' # a batch of one
	assert_equal "$code $(jq -c '[.batch_job_id, .total_items, .is_batch]' body)" '202 [2,1,true]'
	assert_equal "$(item_of 2 1)" '{"media":"https://a.example/1","upload_id":"00000000000000020000000000000001"}'
	assert_equal "$(jq -r .job_type "$BI_ROOT/batches/job-2/batch.json")" url_parse_media
	for i in 1 2 3; do
		echo "$i" >"$i.txt"
	done
	form upload -F files=@1.txt -F 'files=@2.txt;filename=../../x' -F files=@3.txt -F notebook=x
	assert_equal "$code $(<body)" \
		'202 {"success":true,"batch_job_id":3,"total_items":3,"message":"Batch upload started for 3 files","is_batch":true}'
	assert_equal "$(item_of 3 2)" '{"upload":2,"filename":"x","size":2,"upload_id":"00000000000000030000000000000002"}'
	assert_equal "$(cd "$BI_ROOT/batches/job-3/uploads" && cat 1 2 3 | xargs)" '1 2 3'
	form upload -F file=@1.txt -F file=@2.txt # two are a batch, whatever they are called
	assert_equal "$code $(jq -c .total_items body)" '202 2'
	# The same URL twice is two items, blanks around one are none of it.
	json parse_url '{"urls":["https://a.example/1"," https://a.example/1\n"]}'
	assert_equal "$code $(wc -l <"$BI_ROOT/batches/job-5/items.ndjson")" '202 2'
	# An entry is cleaned as a line of a list is (lists.bats), and keeps its place.
	json parse_url '{"urls":["\ufeffhttps://a.example/1\r","\"https://a.example/a b\"","# c","\u00a0"]}'
	assert_equal "$code $(jq .total_items body)" '202 4'
	assert_equal "$(jq -r .url "$BI_ROOT/batches/job-6/items.ndjson" | xargs)" 'https://a.example/1 https://a.example/a%20b'
	assert_equal "$(<"$BI_ROOT/batches/job-6/state")" ppff
	rm -r "$BI_ROOT/batches/job-6" "$BI_ROOT/queue/job-6"
	echo 5 >"$BI_ROOT/seq/jobs"
	assert_equal "$(ls -x "$BI_ROOT/queue")" 'job-1  job-2  job-3  job-4  job-5'
	# A job's number that a batch has already is passed over.
	mkdir "$BI_ROOT/batches/job-6"
	json parse_url '{"urls":["https://a.example/1"]}'
	assert_equal "$code $(jq .batch_job_id body)" '202 7'
	rmdir "$BI_ROOT/batches/job-6"
	# Ids of the client's own.
	json parse_url '{"urls":["https://a.example/1","https://a.example/2"],"upload_url_id":"u"}'
	assert_equal "$(item_of 8 2 | jq -r .upload_id)" u-2
	json parse_url '{"urls":["https://a.example/1","https://a.example/2"],"upload_url_id":["b",null]}'
	assert_equal "$(item_of 9 1 | jq -r .upload_id) $(item_of 9 2 | jq -r .upload_id)" 'b 00000000000000090000000000000002'
	form upload -F files=@1.txt -F files=@2.txt -F upload_file_id=q -F upload_file_id=r
	assert_equal "$(item_of 10 2 | jq -r .upload_id)" r
	assert_equal "$(jq -c 'select(.job == 10).upload_ids' "$BI_ROOT/notebooks/nb/log.ndjson")" '["q","r"]'
}

@test 'bad URLs of a batch fail at once and the others go on; a single one is refused' {
	local long before

	serve --no-worker
	printf -v long 'https://a.example/%0100000d' 0
	jq -cn --arg long "$long" '{urls: ["https://a.example/1", "ftp://a.example/", "nothing", $long, "https:///x",
		"https://a b/", "javascript:alert(1)", "file:///etc/passwd", ""]}' >list
	json parse_url @list
	assert_equal "$code $(jq -c .total_items body)" '202 9'
	assert_equal "$(<"$BI_ROOT/batches/job-1/state")" pffffffff
	assert_equal "$(bi-status --json job-1 | jq -r 'select(.batch_job).batch_job | [.failed_items, .pending_items] | @csv')" 8,1
	assert_equal "$(jq -r '[.item, .error.code, .error.retryable] | @csv' "$BI_ROOT/batches/job-1/results.ndjson" | head -n 2 | xargs)" \
		'2,bad_url,false 3,bad_url,false'
	grep -q "100018 bytes, and a URL may have at most 8192" "$BI_ROOT/batches/job-1/results.ndjson"
	before=$(state_of)
	jq -c '{url: .urls[3]}' list >one
	json parse_url @one
	refused 422 bad_url
	for url in 'ftp://a.example/' http:// http://:80/ '' ' ' a.example 'http://a .example/' '# http://a.example/'; do
		json parse_url "$(jq -cn --arg url "$url" '{url: $url}')"
		refused 422 bad_url
	done
	json parse_document_url '{"urls":["nothing","ftp://a.example/"]}'
	refused 422 bad_url
	json parse_url_media '{"urls":["nothing","ftp://a.example/"]}'
	refused 422 bad_url
	assert_equal "$(state_of)" "$before"
}

@test 'bad requests are refused with one JSON error, and leave nothing on the disk' {
	local before

	serve --no-worker --max-batch 10
	json parse_url '{"urls":["https://a.example/1"]}' # so that there is something to compare with
	before=$(state_of)
	json parse_url '{"url":'
	refused 400 bad_json
	json parse_url ''
	refused 400 bad_json
	json parse_url $'{"url":"https://a.example/\xff"}'
	refused 400 bad_json
	json parse_url '[1]'
	refused 422 bad_urls
	json parse_url '{}'
	refused 422 no_url
	json parse_url '{"url":7}'
	refused 422 bad_urls
	json parse_url '{"urls":"https://a.example/"}'
	refused 422 bad_urls
	json parse_url '{"urls":{}}'
	refused 422 bad_urls
	json parse_url '{"urls":["https://a.example/",7]}'
	refused 422 bad_urls
	json parse_url '{"urls":[]}'
	refused 422 empty
	json parse_url '{"url":"https://a.example/","urls":["https://a.example/"]}'
	refused 422 bad_urls
	json parse_url "$(jq -cn '{urls: [range(11) | "https://a.example/\(.)"]}')"
	refused 413 too_many
	for id in '7' '{}' '"a b"' '["a"]' "\"$(printf '%0129d' 0)\""; do
		json parse_url "{\"url\":\"https://a.example/\",\"upload_url_id\":$id}"
		refused 422 bad_upload_id
	done
	json parse_url '{"urls":["https://a.example/"],"upload_url_id":["a","b"]}'
	refused 422 bad_upload_id
	call -H "X-CSRFToken: $TOKEN" -d '{"url":"https://a.example/"}' "$FILES/parse_url/"
	refused 415 not_json
	for nb in -hidden assets a%20b "$(printf '%0129d' 0)" b%c3%b6; do
		call -H "X-CSRFToken: $TOKEN" -H 'Content-Type: application/json' -d '{"url":"https://a.example/"}' \
			"$URL/notebooks/$nb/files/parse_url/"
		refused 422 bad_notebook
	done
	call "$FILES/parse_url/"
	refused 405 method_not_allowed
	assert_equal "$(state_of)" "$before"
}

@test 'bad forms are refused, and leave nothing on the disk' {
	local before

	serve --no-worker --max-batch 10
	json parse_url '{"urls":["https://a.example/1"]}'
	before=$(state_of)
	echo x >x
	form upload -H 'Content-Type: application/json' -d '{}'
	refused 415 not_a_form
	form upload -H 'Content-Type: multipart/form-data' --data-binary @x
	refused 400 bad_form
	form upload -H 'Content-Type: multipart/form-data; boundary=line' --data-binary @x
	refused 400 bad_form
	{ part file a.txt; echo 'cut off'; } >short
	form upload -H 'Content-Type: multipart/form-data; boundary=line' --data-binary @short
	refused 400 bad_form
	{ part file a.txt; printf 'x\r\n--line\r\nContent-Type: text/plain\r\n\r\nx\r\n--line--\r\n'; } >nameless
	form upload -H 'Content-Type: multipart/form-data; boundary=line' --data-binary @nameless
	refused 400 bad_form
	form upload -F other=x
	refused 422 no_file
	form upload -F file=x # a field, no file
	refused 422 no_file
	{ part file; printf '\r\n'; printf -- '--line\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--line--'; } >unchosen
	form upload -H 'Content-Type: multipart/form-data; boundary=line' --data-binary @unchosen
	refused 422 no_file
	form upload -F picture=@x
	refused 422 bad_part
	form upload -F files=@x -F files=@x -F upload_file_id=a -F upload_file_id=b -F upload_file_id=c
	refused 422 bad_upload_id
	form upload -F file=@x -F upload_file_id=../a
	refused 422 bad_upload_id
	for _ in {1..11}; do
		part files a.txt
		printf 'x\r\n'
	done >many
	echo '--line--' >>many
	form upload -H 'Content-Type: multipart/form-data; boundary=line' --data-binary @many
	refused 413 too_many
	for _ in {1..10000}; do
		printf -- '--line\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n'
	done >parts
	echo '--line--' >>parts
	form upload -H 'Content-Type: multipart/form-data; boundary=line' --data-binary @parts
	refused 413 too_many_parts
	{ part file x; printf 'x\r\n'; part note; head -c 100000 /dev/zero; printf '\r\n--line--'; } >field
	form upload -H 'Content-Type: multipart/form-data; boundary=line' --data-binary @field
	refused 413 too_large
	assert_equal "$(state_of)" "$before"
}

@test "who may not write is told before its body is there" {
	local length='Content-Length: 1000000000' type='Content-Type: multipart/form-data; boundary=line'

	serve --no-worker
	raw "$length" "$type"
	answered
	refused 401 token_missing
	raw "$length" "$type" "X-CSRFToken: ${TOKEN/[0-9]/x}"
	answered
	refused 401 token_wrong
	raw "$length" "$type" "X-CSRFToken: $TOKEN" 'Origin: https://evil.example'
	answered
	refused 403 origin_not_ours
	raw "$length" "$type" "X-CSRFToken: $TOKEN" 'Sec-Fetch-Site: cross-site'
	answered
	refused 403 origin_not_ours
	raw 'Content-Length: 3000000000' "$type" "X-CSRFToken: $TOKEN"
	answered
	refused 413 too_large
	raw "$length" 'Content-Type: multipart/form-data' "X-CSRFToken: $TOKEN"
	answered
	refused 400 bad_form
	call -H "X-CSRFToken: $TOKEN" -H 'Host: evil.example' -F file=@record "$FILES/upload/"
	refused 403 forbidden
	[ ! -e "$BI_ROOT/batches" ]
	# Sent all the same, it is refused in the same words.
	head -c 3000000 /dev/urandom >big
	call -H 'Expect:' -F file=@big "$FILES/upload/"
	refused 401 token_missing
}

@test 'a body that ends early, and a client that leaves, leave nothing' {
	local taker before

	serve --no-worker --max-upload 1M
	json parse_url '{"urls":["https://a.example/1"]}'
	before=$(state_of)
	raw 'Content-Length: 500000' 'Content-Type: multipart/form-data; boundary=line' "X-CSRFToken: $TOKEN"
	{
		part file big
		head -c 100000 /dev/zero
	} >&"$raw"
	poll 10 parts_open 1
	assert_equal "$(state_of)" "$before" # what is under way has no name
	exec {raw}>&-
	poll 10 parts_open 0
	assert_equal "$(state_of)" "$before"
	raw 'Content-Length: 500000' 'Content-Type: application/json' "X-CSRFToken: $TOKEN"
	exec {raw}>&-
	# Longer than it may be: by lighttpd's word, and at the very byte by ours.
	head -c 1100000 /dev/zero >big
	form upload -F file=@big
	refused 413 too_large
	head -c 1048576 /dev/zero >big
	form upload -F file=@big
	refused 413 too_large
	assert_equal "$(state_of)" "$before"
	head -c 1048000 /dev/zero >big
	form upload -F files=@big
	assert_equal "$code" 202
	# Whoever takes it is killed: the client hears of it, another takes its place.
	before=$(state_of)
	raw 'Content-Length: 500000' 'Content-Type: multipart/form-data; boundary=line' "X-CSRFToken: $TOKEN"
	part file big >&"$raw"
	poll 10 parts_open 1
	for taker in $(takers); do
		kill -KILL "$taker"
	done
	answered
	refused 500 server_error
	assert_equal "$(state_of)" "$before"
	poll 10 eval 'json parse_url "{\"urls\":[\"https://a.example/1\"]}"; [ "$code" = 202 ]'
}

@test "slow clients are told to go, and hold nobody up" {
	local i slow=() began

	serve --no-worker
	for i in {1..20}; do
		raw 'Content-Length: 1000' 'Content-Type: multipart/form-data; boundary=line' "X-CSRFToken: $TOKEN"
		slow+=("$raw")
	done
	began=$SECONDS
	while [ $((SECONDS - began)) -lt 3 ]; do
		for i in "${slow[@]}"; do
			printf x >&"$i"
		done
		json parse_url '{"urls":["https://a.example/1"]}' --max-time 20
		assert_equal "$code" 202
		call --max-time 20 "$URL/health/"
		assert_equal "$code" 200
		form upload -F files=@record --max-time 20
		assert_equal "$code" 202
	done
	for raw in "${slow[@]}"; do
		answered
		refused 408 too_slow
	done
	assert_equal "$(ls -A "$BI_ROOT/temp")" ''
}

@test 'without a worker the client is told in time, and what was handed in waits for one' {
	serve --no-worker --sync-timeout 0.5
	echo one >one.txt
	form upload -F file=@one.txt
	refused 504 no_worker
	assert_equal "$(jq .batch_job_id body)" 1
	assert_regex "$(jq -r .detail body)" 'bi-fetch --work'
	[ -e "$BI_ROOT/queue/job-1" ]
	run -0 bi-fetch --work --once -q
	assert_equal "$(<"$BI_ROOT/batches/job-1/state")" c
	[ ! -e "$BI_ROOT/queue/job-1" ]
}

@test 'a full disk is answered with 507 and its reason, and nothing is left' {
	need_namespaces --mount
	mkdir "$BI_ROOT"
	cat >script <<-'END'
		mount -t tmpfs -o size=3000k full "$BI_ROOT" || exit 99
		# Whichever of the two has no room first: bi-api, or lighttpd, which knows no 507.
		whose() { echo "$code $(jq -r .error body)" | sed 's/^500 server_error$/507 disk_full/'; }
		serve --no-worker
		head -c 2000000 /dev/urandom >most
		head -c 20000000 /dev/urandom >more
		form upload -F files=@most
		echo "$code" >codes
		before=$(state_of)
		form upload -F files=@more # does not fit from the start
		whose >>codes
		# Nothing is said of the length that would tell: the disk is filled meanwhile.
		raw "Content-Length: 900000" "Content-Type: multipart/form-data; boundary=line" "X-CSRFToken: $TOKEN"
		{ part file x; head -c 500000 /dev/urandom; } >&"$raw"
		poll 10 parts_open 1
		dd if=/dev/zero of="$BI_ROOT/filler" bs=4k 2>/dev/null
		head -c 300000 /dev/urandom >&"$raw"
		answered
		whose >>codes
		dd if=/dev/zero of="$BI_ROOT/filled" bs=4k 2>/dev/null
		json parse_url '{"urls":["https://a.example/1"]}'
		echo "$code $(jq -r .error body)" >>codes
		[ "$(state_of)" = "$before" ] || state_of >left
		rm "$BI_ROOT/filler" "$BI_ROOT/filled"
		json parse_url '{"urls":["https://a.example/1"]}'
		echo "$code" >>codes
		bi-clean stop-all
	END
	export -f serve call json form raw answered part state_of parts_open takers children_of poll
	run -0 "${NAMESPACES[@]}" bash -c '. ./script'
	assert_equal "$(<codes)" $'202\n507 disk_full\n507 disk_full\n507 disk_full\n202'
	[ ! -e left ] || { cat left >&2; return 1; }
}

@test 'of many requests at once every job is made, none twice, each with its items' {
	local client jobs=() n

	serve
	for client in {1..8}; do
		start bash -c 'for i in {1..6}; do
			curl -s --max-time 60 -H "X-CSRFToken: $1" -H "Content-Type: application/json" -d @- "$2/parse_url/" <<<"{\"urls\":[$(
				for u in {1..20}; do printf "%s\"http://127.0.0.1:1/$3/$i/$u\"" "$([ "$u" = 1 ] || echo ,)"; done)]}"
			curl -s --max-time 60 -H "X-CSRFToken: $1" -F files=@record -F files=@serve.err "$2/upload/"
		done >"answers.$3"' bash "$TOKEN" "$FILES" "$client"
		jobs+=($!)
	done
	for client in "${jobs[@]}"; do
		poll 60 gone "$client"
	done
	n=$(cat answers.* | jq -s 'map(select(.success).batch_job_id) | unique | length')
	assert_equal "$n" 96
	assert_equal "$(find "$BI_ROOT"/batches -name 'job-*' | wc -l)" 96
	assert_equal "$(grep -c '^{"job":' "$BI_ROOT/notebooks/nb/log.ndjson")" 96
	poll 60 eval '[ -z "$(ls "$BI_ROOT/queue")" ]'
	assert_equal "$(cat "$BI_ROOT"/batches/job-*/state | fold -w 1 | sort | uniq -c | xargs)" '96 c 960 f'
}

@test 'CORS answers the origins that are let in, and them alone' {
	local front=http://localhost:3000 what

	serve --no-worker --allow-origin "$front" --allow-origin https://front.example
	call -D headers -X OPTIONS -H "Origin: $front" -H 'Access-Control-Request-Method: POST' \
		-H 'Access-Control-Request-Headers: content-type,x-csrftoken' "$FILES/parse_url/"
	assert_equal "$code $(<body)" '204 '
	tr -d '\r' <headers >plain
	grep -qix "access-control-allow-origin: $front" plain
	grep -qix 'access-control-allow-credentials: true' plain
	grep -qi '^access-control-allow-methods: .*POST.*DELETE' plain
	grep -qi '^access-control-allow-headers: .*x-csrftoken' plain
	grep -qi '^vary: .*origin' plain
	call -D headers -H "Origin: $front" -H "X-CSRFToken: $TOKEN" -H 'Content-Type: application/json' \
		-H 'Sec-Fetch-Site: same-site' -d '{"urls":["https://a.example/1"]}' "$FILES/parse_url/"
	assert_equal "$code" 202
	tr -d '\r' <headers | grep -qix "access-control-allow-origin: $front"
	call -D headers -H "Origin: $front" "$URL/health/"
	tr -d '\r' <headers | grep -qix "access-control-allow-origin: $front"
	call -D headers -H "Origin: $front" -d x "$FILES/parse_url/" # an error can be read too
	assert_equal "$code" 401
	tr -d '\r' <headers | grep -qix "access-control-allow-origin: $front"
	for from in http://localhost:3001 http://localhost:30000 https://localhost:3000 null http://front.example; do
		call -D headers -H "Origin: $from" -H "X-CSRFToken: $TOKEN" -d x "$FILES/parse_url/"
		assert_equal "$code" 403
		run ! grep -qi '^access-control' headers
		grep -qi '^vary: .*origin' headers
		call -D headers -X OPTIONS -H "Origin: $from" -H 'Access-Control-Request-Method: POST' "$FILES/parse_url/"
		assert_equal "$code" 405
		run ! grep -qi '^access-control' headers
	done
	# What was fetched may be shown there as a picture, and nothing else.
	for what in notebooks/A/files/f_1/raw/ notebooks/files/f_1/raw 'notebooks/A/files/f_1/raw/?x' notebooks/A/files/f_1/images/1.png; do
		call -D headers "${URL%/}/$what"
		tr -d '\r' <headers | grep -qix 'cross-origin-resource-policy: cross-origin' || fail "$what: $(<headers)"
		grep -qi '^content-security-policy: .*sandbox' headers
	done
	for what in health/ status/ notebooks/files/f_1/content/ notebooks/A/files/ notebooks/A/files/raw/status/; do
		call -D headers "${URL%/}/$what"
		tr -d '\r' <headers | grep -qix 'cross-origin-resource-policy: same-origin' || fail "$what: $(<headers)"
	done
	for from in '*' null front.example http://a.example/ http://a.example:80 HTTP://a.example; do
		run -2 bi-serve --allow-origin "$from" A
		assert_output --partial 'origin'
	done
}

@test "CORS behind a password: the browser's question needs none, the request does" {
	echo correct-horse-battery >password
	serve --no-worker --private --password-file password --allow-origin http://localhost:3000
	call -X OPTIONS -H 'Origin: http://localhost:3000' -H 'Access-Control-Request-Method: POST' "$FILES/parse_url/"
	assert_equal "$code" 204
	call -H 'Origin: http://localhost:3000' -H "X-CSRFToken: $TOKEN" -d x "$FILES/parse_url/"
	assert_equal "$code" 401
	call -X OPTIONS "http://localhost:$PORT/A/index.html"
	[ "$code" -ge 400 ]
}

@test "a password in a URL is kept for the request alone, and goes when the file is deleted" {
	local kept=$BI_ROOT/batches/job-1/secrets id

	serve --no-worker
	json parse_url '{"urls":["http://me:hunter2@127.0.0.1:1/a","http://me:hunter2/x@h.example/","http://me:hunter2@h .example/b"]}'
	assert_equal "$code" 202
	assert_equal "$(stat -c %a "$kept") $(jq -c '[.item, .userinfo]' "$kept")" '600 [1,"me:hunter2"]'
	assert_equal "$(grep -rl hunter2 "$BI_ROOT")" "$kept"
	call "$URL/notebooks/nb/batch-jobs/1/status/"
	assert_equal "$code" 200
	run ! grep hunter2 body
	json parse_url '{"url":"http://me:hunter2/x@h.example/"}'
	refused 422 bad_url
	run ! grep hunter2 body
	id=$(jq -r .upload_id "$BI_ROOT/batches/job-1/items.ndjson" | head -n 1)
	call -X DELETE -H "X-CSRFToken: $TOKEN" "$FILES/$id/"
	assert_equal "$code" 204
	[ ! -e "$kept" ]
}

@test "the token as a cookie: only when asked for, and for no page of another site" {
	local cookie

	serve --no-worker
	call -D headers "$URL/health/"
	run ! grep -qi '^set-cookie' headers
	bi-clean stop-all >/dev/null
	serve --no-worker --csrf-cookie --allow-origin http://localhost:3000
	call -D headers "$URL/health/"
	cookie=$(sed -n 's/^[Ss]et-[Cc]ookie: \(.*\)\r$/\1/p' headers)
	assert_equal "$cookie" "csrftoken=$TOKEN; Path=/; SameSite=Strict"
	call -D headers -H "Cookie: a=b; csrftoken=$TOKEN; c=d" "$URL/health/" # it has it
	run ! grep -qi '^set-cookie' headers
	call -D headers -H 'Origin: http://localhost:3000' "$URL/health/"
	grep -qi '^set-cookie' headers
	for header in 'Origin: http://localhost:3001' 'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site' 'Host: evil.example'; do
		call -D headers -H "$header" "$URL/health/"
		run ! grep -qi '^set-cookie' headers
	done
	call -D headers -X POST -d x "$FILES/parse_url/"
	run ! grep -qi '^set-cookie' headers
	# The cookie alone writes nothing.
	call -H "Cookie: csrftoken=$TOKEN" -H 'Content-Type: application/json' -d '{"url":"https://a.example/"}' "$FILES/parse_url/"
	refused 401 token_missing
}

@test "a worker that cannot start is tried again, ever later" {
	serve
	mkdir broken
	cp "$BI_BIN"/bi-serve "$BI_BIN"/bi-api "$BI_BIN"/bi-parse broken/
	printf '#!/bin/sh\necho "$$" >>"%s/starts"\nexit 2\n' "$PWD" >broken/bi-fetch
	chmod +x broken/bi-fetch
	bi-clean stop-all >/dev/null
	PATH=$PWD/broken:$PATH serve
	poll 20 eval '[ "$(wc -l <starts)" -eq 3 ]' # after 1 and 2 seconds
	run -0 cat "$BI_ROOT/leases/$PORT.log"
	assert_output --partial 'the worker, bi-fetch, ended unexpectedly (2)'
	call "$URL/health/"
	assert_equal "$code" 200
}

@test "what lighttpd has of a request is below the root, and goes with the server" {
	local takes bodies lighttpd

	serve
	bodies=$BI_ROOT/leases/$PORT.bodies
	takes=$(pgrep -P "$KEEPER" -f -- --take)
	lighttpd=$(pgrep -P "$KEEPER" lighttpd)
	# shellcheck disable=SC2086 # several words
	kill -STOP $takes
	head -c 3000000 /dev/zero >big
	start curl -s -o body -H "X-CSRFToken: $TOKEN" -F files=@big "$FILES/upload/"
	poll 10 eval '[ -n "$(ls "$bodies")" ]'
	assert_equal "$(stat -c %a "$bodies")" 700
	kill -KILL "$KEEPER"
	poll 10 gone "$lighttpd"
	[ -n "$(ls "$bodies")" ] # nobody was left to take it away
	serve2=$(bi-serve -p "$PORT" A)
	assert_equal "$(head -n 1 <<<"$serve2" | jq .port) $(ls -A "$bodies")" "$PORT "
	run -0 bi-clean stop "$PORT"
	[ ! -e "$bodies" ]
	assert_equal "$(ls -A "$BI_ROOT/trash")" ''
}

@test "a large upload comes whole, and no memory grows" {
	local size=60000000 pid most=0 peak

	[ -z "${BI_LONG-}" ] || size=1000000000
	serve
	head -c "$size" /dev/urandom >large
	form upload -F file=@large --max-time 300
	assert_equal "$code" 201
	cmp large "$BI_ROOT"/batches/job-1/files/*
	[ -n "${BI_LONG-}" ] || return 0
	for pid in "$KEEPER" $(<"/proc/$KEEPER/task/$KEEPER/children"); do
		peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status")
		most=$((peak > most ? peak : most))
	done
	[ -n "${SANITIZE-}" ] || [ "$most" -lt 32768 ]
}
