#!/usr/bin/env bats
# bi-api behind the real lighttpd: what it says of the jobs, files and knowledge items of notebooks.
load helpers

# serve: sets URL, NB (of the notebook nb), TOKEN and PORT.
serve() {
	local first=$((12000 + RANDOM % 7000)) record

	mkdir -p "$BI_ROOT/review/A"
	echo '<!doctype html><title>A</title>' >"$BI_ROOT/review/A/index.html"
	bi-serve --no-worker -p "$first-$((first + 200))" A >record 2>serve.err || {
		cat serve.err >&2
		return 1
	}
	record=$(head -n 1 record)
	PORT=$(jq .port <<<"$record")
	TOKEN=$(<"$BI_ROOT/token")
	URL=http://localhost:$PORT/api/v1
	NB=$URL/notebooks/nb
}

# call [CURL OPTION...] URL: the answer's status in $code, its body in the file body, its headers in the file head.
call() {
	: >body
	code=$(curl -s -o body -D head -w '%{http_code}' --path-as-is --max-time 30 "$@")
}

# write METHOD URL [CURL OPTION...]: with the token.
write() {
	call -X "$1" -H "X-CSRFToken: $TOKEN" "${@:3}" "$2"
}

# hand_in NOTEBOOK FILE...: a batch of uploads; its id in $job.
hand_in() {
	local form=() f

	for f in "${@:2}"; do
		form+=(-F "files=@$f")
	done
	call -H "X-CSRFToken: $TOKEN" "${form[@]}" "$URL/notebooks/$1/files/upload/"
	assert_equal "$code" 202
	job=$(jq .batch_job_id body)
}

# held DIRECTORY: whether a process has its lock.
held() {
	! flock -n "$1" true
}

held_not() {
	! held "$1"
}

# work [PROGRAM]: what is in the queue is done, and parsed by the program `parse`, or another.
work() {
	bi-fetch -q --work --once --through "${1:-$BATS_TEST_TMPDIR/parse}" || [ $? -eq 1 ] # some items failed
}

setup() {
	bi_setup
	# What a filter leaves of a file: content/ID_IDX.json with a picture. Nothing of a .bin, and .bad fails.
	cat >parse <<-'END'
		#!/usr/bin/env bash
		while IFS= read -r record; do
			path=$(gojq -r '.path // empty' <<<"$record")
			case $(gojq -r '.filename // empty' <<<"$record") in
			*.bad) gojq -c '.status = "failed" | .error = {code: "parse_damaged", message: "damaged", retryable: false}' <<<"$record" ;;
			*.bin | '') printf '%s\n' "$record" ;;
			*)
				exec 9>>counter
				flock 9
				n=$(($(wc -l <counter) + 1))
				echo >&9
				exec 9>&-
				stem=$(basename "${path%.*}")
				dir=$(dirname "$(dirname "$path")")
				mkdir -p "$dir/content/$stem"
				echo picture >"$dir/content/$stem/1.png"
				gojq -c --argjson n "$n" --rawfile text "$path" '{knowledge_item_id: $n, sha256, mime, kind: "text",
					title: "T \($n)", text: $text, metadata: {},
					images: [{name: "1.png", mime: "image/png"}, {name: "2.png", mime: "text/html"}]}' \
					<<<"$record" >"$dir/content/$stem.json"
				gojq -c --argjson n "$n" --arg stem "$stem" '. + {knowledge_item_id: $n, kind: "text", title: "T \($n)",
					content: "content/\($stem).json"}' <<<"$record"
				;;
			esac
		done
	END
	chmod +x parse
	for i in 1 2 3; do
		echo "file $i" >"$i.txt"
	done
	printf '\1\2\3\0' >4.bin
}

# refused CODE ERROR
refused() {
	assert_equal "$code $(jq -r '[.success, .error, (.detail | length > 10)] | @sh' body)" "$1 false '$2' true"
}

header() {
	sed -n "s/^$1: \(.*\)\r\$/\1/Ip" head
}

# file_of NAME: its id in the notebook nb.
file_of() {
	curl -s "$NB/files/?limit=1000" | jq -r --arg name "$1" '.results[] | select(.filename == $name) | .file_id'
}

@test 'the status of a job is in its notebook alone, with its items or without' {
	serve
	hand_in nb 1.txt 2.txt 4.bin
	call "$NB/batch-jobs/$job/status/"
	assert_equal "$code $(jq -c '[.batch_job.id, .batch_job.job_type, .batch_job.status, (.batch_job | .total_items,
		.pending_items), (.items | length)]' body)" \
		"200 [$job,\"file_upload\",\"pending\",3,3,3]"
	assert_equal "$(jq -c '.items[1] | [.id, .status, .item_data, .upload_id]' body)" \
		"[2,\"pending\",{\"filename\":\"2.txt\",\"size\":7},\"$(printf %016x%016x "$job" 2)\"]"
	work
	call "$NB/batch-jobs/$job/status?limit=0"
	assert_equal "$code $(jq -c '[.batch_job.status, .batch_job.completed_items, .items]' body)" '200 ["completed",3,[]]'
	call "$URL/nb/batch-jobs/$job/status/?limit=1&offset=1"
	assert_equal "$code $(jq -c '[.items[] | [.id, .status, (.result | has("file_id"), has("knowledge_item_id"))]]' body)" \
		'200 [[2,"completed",true,true]]'
	call "$URL/nb/batch-jobs/$job/status/?offset=99"
	assert_equal "$code $(jq -c '[.items, .batch_job.total_items]' body)" '200 [[],3]'
	assert_equal "$(jq -cS . body)" "$(bi-status --json "job-$job" | head -n 1 | jq -cS '.items = []')"
	call -H "If-None-Match: $(header etag)" "$URL/nb/batch-jobs/$job/status/?offset=99"
	assert_equal "$code $(<body)" '304 '
	call -I "$URL/nb/batch-jobs/$job/status/"
	assert_equal "$code" 200

	hand_in other 3.txt
	call "$NB/batch-jobs/$job/status/"
	refused 404 no_such_job
	call "$URL/notebooks/other/batch-jobs/$job/status/"
	assert_equal "$code" 200
	call "$NB/batch-jobs/"
	assert_equal "$code $(jq -c '[.count, (.results | length)]' body)" '200 [1,1]'
}

@test 'the names of the notebooks are listed' {
	serve
	call "$URL/notebooks/"
	assert_equal "$code $(<body)" '200 {"success":true,"count":0,"results":[],"data":[]}'
	for nb in reading b.2 A; do
		hand_in $nb 1.txt
	done
	echo x >"$BI_ROOT/notebooks/.hidden"
	call "$URL/notebooks"
	assert_equal "$code $(<body)" '200 {"success":true,"count":3,"results":["A","b.2","reading"],"data":["A","b.2","reading"]}'
	call "$URL/notebooks/?limit=1&offset=1"
	assert_equal "$code $(<body)" '200 {"success":true,"count":3,"results":["b.2"],"data":["b.2"]}'
	call "$URL/notebooks/?offset=18446744073709551615"
	assert_equal "$code $(<body)" '200 {"success":true,"count":3,"results":[],"data":[]}'
	call "$URL/notebooks/?limit=x"
	refused 400 bad_parameter
	write POST "$URL/notebooks/" -d x
	refused 405 method_not_allowed
}

@test 'the list of jobs begins with the newest' {
	serve
	for i in 1 2 3; do
		hand_in nb $i.txt
	done
	call "$NB/batch-jobs/"
	assert_equal "$code $(jq -c '[.count, ([.results[].id] == ([.results[].id] | sort | reverse)), .results[0].status]' body)" \
		'200 [3,true,"pending"]'
	call "$NB/batch-jobs/?limit=1&offset=1"
	assert_equal "$code $(jq -c '[.count, [.results[].id]]' body)" "200 [3,[$((job - 1))]]"
	call "$NB/batch-jobs/?offset=18446744073709551615"
	assert_equal "$code $(jq -c '[.count, .results]' body)" '200 [3,[]]'
	# One whose batch was taken away.
	rm -r "$BI_ROOT/batches/job-$job" "$BI_ROOT/queue/job-$job"
	call "$NB/batch-jobs/?limit=1"
	assert_equal "$code $(command jq -c '.results' body)" \
		"200 [{\"id\":$job,\"status\":\"removed\",\"total_items\":1,\"name\":\"job-$job\"}]"
	call "$NB/batch-jobs/$job/status/"
	refused 404 removed
}

@test 'the files of a notebook can be listed by type and in parts' {
	serve
	hand_in nb 1.txt 2.txt 4.bin
	call "$NB/files/"
	assert_equal "$code $(<body)" '200 {"success":true,"count":0,"results":[],"data":[]}'
	work
	hand_in nb 3.txt
	work
	call "$NB/files/"
	assert_equal "$code $(jq -c '[.count, .results[0].filename, .results[0].batch_job_id, .results[0].status,
		.results[0].bytes, .results[0].mime, .results[0].title]' body)" "200 [4,\"3.txt\",$job,\"completed\",7,\"text/plain\",\"T 3\"]"
	assert_equal "$(jq -c '.results[0] | [has("file_id", "knowledge_item_id", "upload_id", "created_at")]' body)" \
		'[true,true,true,true]'
	call "$NB/files/?limit=1&offset=1"
	assert_equal "$code $(jq -c '[.count, (.results | length)]' body)" '200 [4,1]'
	call "$NB/files/?offset=4"
	assert_equal "$code $(jq -c '[.count, .results]' body)" '200 [4,[]]'
	call "$NB/files/?content_type=text%2Fplain"
	assert_equal "$code $(jq -c '[.count, ([.results[].filename] | sort)]' body)" '200 [3,["1.txt","2.txt","3.txt"]]'
	call "$NB/files/?content_type=text/*&limit=1&offset=2"
	assert_equal "$code $(jq -c '[.count, (.results | length)]' body)" '200 [3,1]'
	call "$NB/files/?content_type=image/png"
	assert_equal "$code $(<body)" '200 {"success":true,"count":0,"results":[],"data":[]}'
	call "$NB/files/?content_type="
	assert_equal "$code $(jq .count body)" '200 0'
	# The same bytes are the same file, whatever they are called.
	cp 1.txt again.txt
	hand_in nb again.txt
	work
	call "$NB/files/?limit=1"
	assert_equal "$code $(jq -c '[.count, .results[0].filename]' body)" '200 [4,"again.txt"]'
}

@test "the status of a file is found by its id and by the client's upload id" {
	local id

	serve
	call -H "X-CSRFToken: $TOKEN" -F files=@1.txt -F files=@2.txt -F upload_file_id=mine "$NB/files/upload/"
	call "$NB/files/mine-2/status/"
	assert_equal "$code $(jq -c '[.status, .upload_id, .item_data.filename]' body)" '200 ["pending","mine-2","2.txt"]'
	call "$NB/files/mine-2/raw/"
	refused 404 not_completed
	mv 3.txt 3.bad
	hand_in nb 3.bad
	work
	call "$NB/files/mine-2/status"
	id=$(jq -r .file_id body)
	assert_equal "$code $(jq -c '[.status, .result.file_id == .file_id, .knowledge_item_id == .result.knowledge_item_id]' body)" \
		'200 ["completed",true,true]'
	cp body last
	call "$NB/files/$id/status/"
	assert_equal "$code $(<body)" "200 $(<last)"
	call "$NB/files/$(printf %016x%016x "$job" 1)/status/"
	assert_equal "$code $(jq -c '[.status, .error_message, has("file_id")]' body)" '200 ["failed","damaged",false]'
	call "$URL/notebooks/other/files/$id/status/"
	refused 404 no_such_notebook
	hand_in other 2.txt
	call "$URL/notebooks/other/files/$id/status/"
	refused 404 no_such_file
	call "$URL/notebooks/other/files/mine-2/status/"
	refused 404 no_such_file
	call "$NB/files/mine-3/status/"
	refused 404 no_such_file
	call "$NB/files/$(printf %016x%016x "$job" 2)/status/"
	refused 404 no_such_file
}

@test 'the content of a file, its bytes and its pictures can be had' {
	local id bin

	serve
	printf 'x%.0s' {1..5000} >5.txt
	echo '<script>alert(1)</script>' >'6 "ä".html'
	hand_in nb 1.txt 4.bin 5.txt '6 "ä".html'
	work
	id=$(file_of 1.txt)
	call "$URL/notebooks/files/$id/content/"
	assert_equal "$code $(jq -c '[.file_id, .notebook, .text, (.title | test("^T [1-4]$")), .kind]' body)" "200 [\"$id\",\"nb\",\"file 1\\n\",true,\"text\"]"
	call "$NB/files/$id/content"
	assert_equal "$code $(jq .text body)" '200 "file 1\n"'
	bin=$(file_of 4.bin)
	call "$URL/notebooks/files/$bin/content/"
	refused 404 not_parsed
	for path in notebooks/files notebooks/nb/files; do
		call "$URL/$path/$bin/raw/"
		assert_equal "$code $(header content-type)" '200 application/octet-stream'
		cmp body 4.bin
	done
	assert_regex "$(header content-disposition)" '^attachment; filename="4.bin"'
	assert_regex "$(header content-security-policy)" 'sandbox'
	assert_equal "$(header x-content-type-options)" nosniff
	refute grep -qi '^x-sendfile' head
	id=$(file_of 5.txt)
	call -r 100-199 "$NB/files/$id/raw/"
	assert_equal "$code $(wc -c <body) $(header content-range)" '206 100 bytes 100-199/5000'
	call -r 5000-6000 "$NB/files/$id/raw/"
	refused 416 bad_range
	call -I "$NB/files/$id/raw/"
	assert_equal "$code $(header content-length)" '200 5000'
	call -H "If-None-Match: $(header etag)" "$NB/files/$id/raw/"
	assert_equal "$code $(<body)" '304 '
	call "$NB/files/$(file_of '6 "ä".html')/raw"
	assert_equal "$code $(header content-disposition)" \
		"200 attachment; filename=\"6 ____.html\"; filename*=UTF-8''6%20%22%C3%A4%22.html"
	id=$(file_of 1.txt)
	call "$NB/files/$id/images/1.png"
	assert_equal "$code $(header content-type) $(<body)" '200 image/png picture'
	for name in 2.png 3.png .. ..%2f1.png .; do
		call "$NB/files/$id/images/$name"
		assert_equal "$code" 404
		jq -e '.success == false' body
	done
	# Gone behind its back, and links that were put there.
	rm "$BI_ROOT/batches/job-$job/files/i1_1.txt"
	call "$NB/files/$id/raw/"
	refused 404 file_lost
	ln -s /etc/passwd "$BI_ROOT/batches/job-$job/files/i1_1.txt"
	call "$NB/files/$id/raw/"
	refused 500 cannot_read # a link may be somebody's way to the file: it is neither followed nor called lost
	assert_regex "$(jq -r .detail body)" ': it is a symbolic link, which is not followed; put the file itself in its place$'
	rm "$BI_ROOT/batches/job-$job/files/i1_1.txt"
	mkdir "$BI_ROOT/batches/job-$job/files/i1_1.txt"
	call "$NB/files/$id/raw/"
	refused 500 cannot_read
	assert_regex "$(jq -r .detail body)" ': it is a directory, not a file; move it away$'
	rm -r "$BI_ROOT/batches/job-$job/content/i1_1"
	ln -s /etc "$BI_ROOT/batches/job-$job/content/i1_1"
	call "$NB/files/$id/images/1.png"
	refused 404 no_such_image
	rm "$BI_ROOT/batches/job-$job/content/i1_1.json"
	call "$NB/files/$id/content"
	refused 404 content_lost
	ln -s /etc/passwd "$BI_ROOT/batches/job-$job/content/i1_1.json"
	call "$NB/files/$id/content"
	refused 500 cannot_read
	rm -r "$BI_ROOT/batches/job-$job"
	call "$NB/files/$id/raw/"
	refused 404 removed
	call "$NB/files/?limit=1"
	assert_equal "$(jq -c '.results[].status' body)" '"removed"'
	mv "$BI_ROOT/batches" "$BI_ROOT/elsewhere"
	: >"$BI_ROOT/batches" # no batch below it can be looked at
	call "$NB/files/?limit=1"
	assert_equal "$(jq -c '.results[].status' body)" '"unreadable"'
}

@test "what bi-parse makes of a page, and that nothing of it stays" {
	local id

	serve
	printf '<!doctype html><html lang="en"><title>On owls</title><article><h1>On owls</h1><p>%s</p></article>' \
		"$(printf 'Owls see at night, and hear better than they see. %.0s' {1..20})" >owls.html
	hand_in nb owls.html
	work bi-parse
	id=$(file_of owls.html)
	call "$URL/notebooks/files/$id/content/"
	assert_equal "$code $(jq -c '[.file_id, .title, .language, (.text | contains("hear better")), (.knowledge_item_id > 0)]' body)" \
		"200 [\"$id\",\"On owls\",\"en\",true,true]"
	call "$NB/files/?content_type=text/html"
	assert_equal "$code $(jq -c '[.count, .results[0].title, .results[0].kind]' body)" '200 [1,"On owls","page"]'
	call "$NB/knowledge-base/"
	assert_equal "$(jq -c '[.count, .results[0].title]' body)" '[1,"On owls"]'
	write DELETE "$NB/files/$id/"
	assert_equal "$code" 204
	run grep -rl 'hear better' "$BI_ROOT"
	assert_output ''
}

@test 'a root whose path has characters that URLs escape is served' {
	local id

	export BI_ROOT="$BATS_TEST_TMPDIR/a %2f+&ä root"
	serve
	hand_in nb 1.txt
	work
	id=$(file_of 1.txt)
	call "$NB/files/$id/raw/"
	assert_equal "$code $(<body)" '200 file 1'
}

@test 'no review page shows the text of a file that was deleted' {
	local id pages

	serve
	printf 'a text about owls, and nothing else\n' >owls.txt
	printf 'a text about cats, and nothing else\n' >cats.txt
	hand_in nb owls.txt cats.txt
	work bi-parse
	bi-render "job-$job" >/dev/null
	pages=$BI_ROOT/review/job-$job
	# Without subjects, the index shows the texts.
	grep -q 'about owls' "$pages/index.html"
	cp "$pages/index.html" "$pages/index-2.html"
	id=$(file_of owls.txt)
	# bi-render has this lock while it makes the pages, and would write the text again.
	start flock -F "$pages" sleep 60
	poll 10 held "$pages"
	write DELETE "$NB/files/$id/"
	refused 409 in_progress
	grep -q 'about owls' "$pages/index.html"
	call "$NB/files/$id/raw/"
	assert_equal "$code" 200
	stop "$!"
	poll 10 held_not "$pages"
	write DELETE "$NB/files/$id/"
	assert_equal "$code" 204
	run grep -rl 'about owls' "$BI_ROOT"
	assert_output ''
	bi-render "job-$job" >/dev/null
	grep -q 'about cats' "$pages/index.html"
	run grep -rl 'about owls' "$BI_ROOT"
	assert_output ''
	# With subjects it does not, and stays; all pages of the subject go.
	sed -i 's/ data-sheet="yes"//; s/about cats/cats/' "$pages/index.html"
	for name in i2_review i2_review-2 i2_review-3 i22_review; do
		echo 'a text about cats' >"$pages/$name.html"
	done
	write DELETE "$NB/files/$(file_of cats.txt)/"
	assert_equal "$code" 204
	[ -e "$pages/index.html" ]
	run grep -l 'about cats' -r "$pages" --include='*.html'
	assert_output "$pages/i22_review.html"
}

@test "a file that is deleted is gone: bytes, content, copies; and its items say so" {
	local id dir

	serve
	cp 1.txt same.txt
	hand_in nb 1.txt 2.txt same.txt 3.txt
	dir=$BI_ROOT/batches/job-$job
	work
	bi-render "job-$job" >/dev/null 2>&1
	[ -e "$BI_ROOT/review/job-$job/i1_1.txt" ]
	id=$(file_of same.txt)
	[ -n "$id" ]
	call -X DELETE "$NB/files/$id/"
	refused 401 token_missing
	[ -e "$dir/files/i1_1.txt" ]
	write DELETE "$NB/files/$id/"
	assert_equal "$code $(<body)" '204 '
	for i in 1 3; do
		[ ! -e "$dir/files/i${i}_1.txt" ]
		[ ! -e "$dir/content/i${i}_1.json" ]
		[ ! -e "$dir/content/i${i}_1" ]
		[ ! -e "$BI_ROOT/review/job-$job/i${i}_1.txt" ]
	done
	[ -e "$dir/files/i2_1.txt" ]
	assert_equal "$(<"$dir/state")" fcfc
	run grep -rl 'file 1' "$dir" "$BI_ROOT/review"
	assert_output ''
	call "$NB/files/"
	assert_equal "$code $(jq -c '[.count, ([.results[].filename] | sort)]' body)" '200 [2,["2.txt","3.txt"]]'
	call "$NB/knowledge-base/?all=1"
	assert_equal "$(jq .count body)" 2
	for path in "files/$id/status/" "files/$id/raw/" "files/$id/content/"; do
		call "$NB/$path"
		refused 404 no_such_file
	done
	write DELETE "$NB/files/$id/"
	refused 404 no_such_file
	write DELETE "$NB/files/$(printf %016x%016x "$job" 1)/"
	refused 404 no_such_file
	call "$NB/files/$(printf %016x%016x "$job" 1)/status/"
	assert_equal "$code $(jq -c '[.status, .error_message, .item_data]' body)" \
		'200 ["failed","it was deleted",{"filename":"1.txt","size":7}]'
	call "$NB/batch-jobs/$job/status/"
	assert_equal "$(jq -c '[.batch_job.status, .batch_job.failed_items, .items[0].error_message]' body)" \
		'["partially_completed",2,"it was deleted"]'
	bi-render "job-$job" >/dev/null
	bi-status --rebuild "job-$job" >/dev/null
	assert_equal "$(<"$dir/state")" fcfc
	# By its upload id too, and handed in anew it is there again.
	write DELETE "$NB/files/$(printf %016x%016x "$job" 2)/"
	assert_equal "$code" 204
	hand_in nb 1.txt
	work
	assert_equal "$(file_of 1.txt)" "$id"
	call "$NB/files/$id/raw"
	assert_equal "$code $(<body)" '200 file 1'
}

@test "an item that bi-clean removed is in no list, and its file only while another item has it" {
	local id dir upload

	serve
	cp 1.txt same.txt
	hand_in nb 1.txt 2.txt same.txt
	dir=$BI_ROOT/batches/job-$job
	upload=$(printf %016x%016x "$job" 1)
	work
	id=$(file_of same.txt)
	bi-clean items -y -b "job-$job" 3 >/dev/null 2>&1
	assert_equal "$(<"$dir/state")" ccx
	call "$NB/files/"
	assert_equal "$code $(jq -c '[.count, ([.results[] | [.filename, .status]] | sort)]' body)" \
		'200 [2,[["1.txt","completed"],["2.txt","completed"]]]'
	call "$NB/files/$id/raw"
	assert_equal "$code $(<body)" '200 file 1'
	call "$NB/batch-jobs/$job/status/"
	assert_equal "$(jq -c '[.batch_job.total_items, .batch_job.removed_items, (.items | map(.id))]' body)" '[2,1,[1,2]]'
	bi-clean items -y -b "job-$job" 1 >/dev/null
	[ ! -e "$dir/content/i1_1.json" ]
	for path in "files/$id/status/" "files/$id/raw/" "files/$id/content/"; do
		call "$NB/$path"
		refused 404 no_such_file
	done
	call "$NB/files/"
	assert_equal "$code $(jq -c '[.count, [.results[].filename]]' body)" '200 [1,["2.txt"]]'
	call "$NB/knowledge-base/?all=1"
	assert_equal "$(jq .count body)" 1
	call "$NB/files/$upload/status/"
	assert_equal "$code $(jq -c '[.status, .item_data.filename]' body)" '200 ["removed","1.txt"]'
	call "$NB/files/$upload/raw/"
	refused 404 not_completed
	write DELETE "$NB/files/$upload/"
	refused 404 no_such_file
	call "$NB/batch-jobs/"
	assert_equal "$(jq -c '.results[0] | [.status, .total_items, .removed_items]' body)" '["completed",1,2]'
	# What the log lost, as in a power cut, the same command adds again.
	grep -v '"removed":' "$BI_ROOT/notebooks/nb/log.ndjson" >log
	cat log >"$BI_ROOT/notebooks/nb/log.ndjson"
	bi-clean items -y -b "job-$job" 1 3 >/dev/null
	assert_equal "$(grep -c '"removed":' "$BI_ROOT/notebooks/nb/log.ndjson")" 2
	call "$NB/files/"
	assert_equal "$(jq .count body)" 1
	# Handed in anew, it is a file again.
	hand_in nb 1.txt
	work
	assert_equal "$(file_of 1.txt)" "$id"
}

@test "an item that bi-clean removed before a worker took it is never fetched, and its bytes are gone" {
	serve
	hand_in nb 1.txt 2.txt
	bi-clean items -y -b "job-$job" 1 >/dev/null
	assert_equal "$(find "$BI_ROOT/batches/job-$job/uploads" -type f ! -name digests.index -printf '%f\n')" 2
	work
	assert_equal "$(<"$BI_ROOT/batches/job-$job/state")" xc
	[ ! -e "$BI_ROOT/queue/job-$job" ]
	call "$NB/batch-jobs/$job/status/"
	assert_equal "$(jq -c '[.batch_job.status, .batch_job.progress_percentage, (.items | map(.id))]' body)" '["completed",100,[2]]'
	hand_in nb 3.txt
	bi-clean items -y -b "job-$job" 1 >/dev/null
	work
	[ ! -e "$BI_ROOT/queue/job-$job" ]
	call "$NB/batch-jobs/$job/status/"
	assert_equal "$(jq -c '[.batch_job.status, .batch_job.total_items, .items]' body)" '["completed",0,[]]'
	# A batch of a newer version is named as such.
	sed -i 's/"format":2/"format":3/' "$BI_ROOT/batches/job-$job/batch.json"
	call "$NB/batch-jobs/"
	refused 500 cannot_read
	assert_regex "$(<body)" 'a newer bi made it'
}

@test "a client that waits for its only item is told that it was removed" {
	serve
	start curl -s -o answer -w '%{http_code}' --max-time 60 -H "X-CSRFToken: $TOKEN" -F file=@1.txt \
		"$URL/notebooks/nb/files/upload/" >status
	poll 10 test -s "$BI_ROOT/batches/job-1/items.ndjson"
	poll 10 bi-clean items -y -b job-1 1
	poll 10 gone "$!"
	assert_equal "$(<status) $(jq -r .error answer)" '422 removed'
}

@test "clients that delete the same file at once are all told that it is gone" {
	local id i codes

	serve
	for i in 1 2 3 4 5; do
		echo "at once $i" >1.txt
		hand_in nb 1.txt 1.txt
		work
		id=$(jq -r .batch_job_id body)
		id=$(curl -s "$NB/batch-jobs/$id/status/" | jq -r '.items[0].result.file_id')
		codes=$(curl -s -Z -o /dev/null -o /dev/null -o /dev/null -w '%{http_code}\n' -X DELETE \
			-H "X-CSRFToken: $TOKEN" "$NB/files/$id/" "$NB/files/$id/" "$NB/files/$id/" | sort -u | tr '\n' ' ')
		assert_regex "$codes" '^204 (404 )?$'
		assert_equal "$(ls "$BI_ROOT/batches/job-$job/files")" ''
	done
}

@test "a delete leaves alone a batch by hand that has a removed one's name" {
	local id

	serve
	hand_in nb 1.txt
	work
	id=$(file_of 1.txt)
	run -0 bi-clean batch --yes "job-$job"
	run -0 bi-fetch -q -b "job-$job" 2.txt
	write DELETE "$NB/files/$id/"
	assert_equal "$code" 204
	assert_equal "$(cat "$BI_ROOT/batches/job-$job/files/"*) $(jq -r .status "$BI_ROOT/batches/job-$job/results.ndjson")" \
		"file 2 completed"
}

@test "what was parsed of an item that failed then is deleted with it" {
	serve
	hand_in nb 1.txt
	# As bi-parse does where it is killed before it answers.
	sed 's|>"$dir/content/$stem.json"$|&; exit 1|' parse >die
	chmod +x die
	work "$PWD/die"
	assert_equal "$(tr -d '\0' <"$BI_ROOT/batches/job-$job/state") $(ls "$BI_ROOT/batches/job-$job/content")" "f i1_1
i1_1.json"
	write DELETE "$NB/files/$(printf %016x%016x "$job" 1)/"
	assert_equal "$code" 204
	assert_equal "$(find "$BI_ROOT/batches/job-$job" -path '*/content/*' -o -path '*/uploads/*' -o -path '*/files/*')" ''
}

@test "an item that waits is deleted; one that is worked on is not" {
	local id dir

	serve
	hand_in nb 1.txt 2.txt
	dir=$BI_ROOT/batches/job-$job
	id=$(printf %016x%016x "$job" 2)
	mkfifo hold.in
	start "$BI_BUILD/tests/hold" "job-$job" 2 <>hold.in >held
	poll 10 test -s held
	write DELETE "$NB/files/$id/"
	refused 409 in_progress
	stop $!
	[ -e "$dir/uploads/2" ]
	write DELETE "$NB/files/$id/"
	assert_equal "$code" 204
	[ ! -e "$dir/uploads/2" ]
	call "$NB/files/$id/status/"
	assert_equal "$code $(jq -c '[.status, .error_message]' body)" '200 ["failed","it was deleted"]'
	work
	assert_equal "$(<"$dir/state")" cf
	call "$NB/batch-jobs/$job/status?limit=0"
	assert_equal "$(jq -c '.batch_job | [.status, .failed_items]' body)" '["partially_completed",1]'
	[ ! -e "$BI_ROOT/queue/job-$job" ]
}

@test "a delete that was killed on its way is gone on with" {
	local id dir

	serve
	hand_in nb 1.txt
	dir=$BI_ROOT/batches/job-$job
	work
	id=$(file_of 1.txt)
	# As it is after the record, before anything was taken away.
	printf '{"item":1,"status":"failed","error":{"code":"deleted","message":"it was deleted","retryable":false}}\n' >>"$dir/results.ndjson"
	printf f >"$dir/state"
	write DELETE "$NB/files/$id/"
	assert_equal "$code" 204
	[ ! -e "$dir/files/i1_1.txt" ]
	[ ! -e "$dir/content/i1_1.json" ]
	assert_equal "$(wc -l <"$dir/results.ndjson")" 2
}

@test 'knowledge items are listed, unlinked and linked, each in its notebook' {
	local n

	serve
	hand_in nb 1.txt 2.txt 4.bin
	work
	call "$NB/knowledge-base/"
	assert_equal "$code $(jq -c '[.count, (.results | length), .results[0].linked, (.results[0] | has("title", "file_id"))]' body)" \
		'200 [2,2,true,true,true]'
	n=$(jq '.results[0].knowledge_base_item_id' body)
	write DELETE "$NB/knowledge-base/" -H 'Content-Type: application/json' -d "{\"knowledge_base_item_id\":$n}"
	assert_equal "$code" 204
	call "$NB/knowledge-base/"
	assert_equal "$(jq -c '[.count, (.results | length)]' body)" '[1,1]'
	call "$NB/knowledge-base?all=1&limit=1"
	assert_equal "$(jq -c '[.count, .results[0].knowledge_base_item_id, .results[0].linked]' body)" "[2,$n,false]"
	write POST "$NB/knowledge-base/" -H 'Content-Type: application/json' -d "{\"knowledge_base_item_id\":$n,\"notes\":\"a \\\"ä\\\"\",\"x\":1}"
	assert_equal "$code $(jq -c '[.success, .knowledge_base_item_id]' body)" "201 [true,$n]"
	call "$NB/knowledge-base/?limit=1"
	assert_equal "$(jq -c '[.count, .results[0].notes]' body)" '[2,"a \"ä\""]'
	write DELETE "$NB/knowledge-base/?knowledge_base_item_id=$n"
	assert_equal "$code" 204
	# Not of this notebook, or of none.
	hand_in other 3.txt
	work
	for id in 3 99; do
		write POST "$NB/knowledge-base/" -H 'Content-Type: application/json' -d "{\"knowledge_base_item_id\":$id}"
		refused 404 no_such_item
		write DELETE "$NB/knowledge-base/?knowledge_base_item_id=$id"
		refused 404 no_such_item
	done
	for wrong in '{}' '[]' '7' '{"knowledge_base_item_id":"1"}' '{"knowledge_base_item_id":-1}' '{"knowledge_base_item_id":1.5}' \
		'{"knowledge_base_item_id":0}'; do
		write POST "$NB/knowledge-base/" -H 'Content-Type: application/json' -d "$wrong"
		refused 422 bad_item
	done
	write POST "$NB/knowledge-base/" -H 'Content-Type: application/json' -d "{\"knowledge_base_item_id\":$n,\"notes\":[]}"
	refused 422 bad_notes
	write POST "$NB/knowledge-base/" -H 'Content-Type: application/json' -d '{'
	refused 400 bad_json
	write POST "$NB/knowledge-base/" -d '{}'
	refused 415 not_json
	call -X POST -H 'Content-Type: application/json' -d "{\"knowledge_base_item_id\":$n}" "$NB/knowledge-base/"
	refused 401 token_missing
	write POST "$URL/notebooks/none/knowledge-base/" -H 'Content-Type: application/json' -d "{\"knowledge_base_item_id\":$n}"
	refused 404 no_such_notebook
}

@test 'the existing front end finds lists, contents and files where it looks, under its names' {
	local id k

	serve
	# Nothing is in the notebook yet.
	for path in files batch-jobs knowledge-base; do
		call "$URL/notebooks/new/$path/"
		assert_equal "$code $(jq -c '[.success, .count, .results]' body)" '200 [true,0,[]]'
	done
	assert_equal "$(jq -c '.data' body)" '{"items":[],"notebook_id":"new","pagination":{"count":0,"limit":50,"offset":0}}'
	[ ! -e "$BI_ROOT/notebooks/new" ]
	call "$URL/notebooks/new/files/x/status/"
	refused 404 no_such_notebook
	cp 1.txt 'a "same".txt'
	hand_in nb 1.txt 4.bin
	work
	hand_in nb 'a "same".txt'
	work
	call "$NB/files/"
	assert_equal "$(jq '.data == .results' body)" true
	assert_equal "$(jq -c '.data[0] | [.original_filename, .file_extension, .file_size, .parsing_status,
		.upload_file_id == .upload_id, .upload_timestamp == .created_at]' body)" \
		'["a \"same\".txt",".txt",7,"completed",true,true]'
	id=$(jq -r '.data[0].file_id' body)
	k=$(jq '.data[0].knowledge_item_id' body)
	call "$NB/batch-jobs/"
	assert_equal "$(jq -c '[.success, .data == .results, (.data | length)]' body)" '[true,true,2]'
	call "$URL/notebooks/"
	assert_equal "$(jq -c '[.success, .data]' body)" '[true,["nb"]]'
	call "$URL/notebooks/files/$id/content/"
	assert_equal "$(jq -c '[.success, .data.content == .text, .data.title == .title, .data.metadata]' body)" '[true,true,true,{}]'
	# A text like a member's name, with quotes and brackets.
	gojq -c '{title: "t\\", x: {text: "no"}, y: ["text", {text: "no"}], text: "\"text\": ]}\\"}' \
		<<<null >"$BI_ROOT/batches/job-$job/content/i1_1.json"
	call "$NB/files/$(printf %016x%016x "$job" 1)/content/"
	assert_equal "$code $(jq -c '[.data, .text]' body)" '200 [{"content":"\"text\": ]}\\","title":"t\\"},"\"text\": ]}\\"]'
	call "$NB/files/$id/status/"
	assert_equal "$(jq -c '[.success, .data.status, .data.file_id == .file_id]' body)" '[true,"completed",true]'
	# The file of two items is in the knowledge base once.
	call "$NB/knowledge-base/"
	assert_equal "$(jq -c '[.count, .data.items == .results, .data.items[0].id, .data.items[0].content_type,
		.data.items[0].linked_to_notebook]' body)" "[1,true,$k,\"text/plain\",true]"
	for type in text text/ 'text/*' text/plain; do
		call "$NB/knowledge-base/?content_type=$type"
		assert_equal "$type $(jq -c '[.count, (.results | length)]' body)" "$type [1,1]"
	done
	for type in '' tex text/html image; do
		call "$NB/knowledge-base/?content_type=$type"
		assert_equal "$type $(jq -c '[.count, .results]' body)" "$type [0,[]]"
	done
	write DELETE "$NB/knowledge-base/" -H 'Content-Type: application/json' -d "{\"knowledge_item_id\":$k}"
	assert_equal "$code" 204
	call "$NB/knowledge-base/"
	assert_equal "$(jq .count body)" 0
	call "$NB/knowledge-base/?all=1"
	assert_equal "$(jq -c '[.count, .results[0].linked]' body)" '[1,false]'
	# Its number also deletes the file.
	call "$NB/files/$k/status/"
	assert_equal "$code $(jq -r .file_id body)" "200 $id"
	for wrong in "0$k" "+$k" "$k.0" 999; do
		write DELETE "$NB/files/$wrong/"
		refused 404 no_such_file
	done
	write DELETE "$NB/files/$k/"
	assert_equal "$code" 204
	write DELETE "$NB/files/$k/"
	refused 404 no_such_file
	call "$NB/files/"
	assert_equal "$(jq .count body)" 1
	# What else the front end asks for is not here, and that is said.
	for path in chat/ report-jobs/ files/x/content/minio/; do
		call "$NB/$path"
		refused 404 not_found
		[[ $(jq -r .detail body) == *knowledge-base/* ]]
	done
}

@test 'requests with wrong ids, parameters, names or methods are refused' {
	local long

	serve
	hand_in nb 1.txt
	long=$(printf 'x%.0s' {1..10000})
	for path in batch-jobs/ "batch-jobs/$job/status/" files/ knowledge-base/; do
		for wrong in limit=-1 limit=abc limit= limit=1.5 limit=10001 offset=-1 offset=x limit=%31%20 'limit=1&offset=99999999999999999999'; do
			call "$NB/$path?$wrong"
			refused 400 bad_parameter
		done
	done
	call "$NB/knowledge-base/?all=yes"
	refused 400 bad_parameter
	call "$NB/files/?limit=10000&x=y&offset=0#"
	assert_equal "$code" 200
	for id in 0 01 99 -1 x 99999999999999999999 1x +1 job-1 .. %2e%2e "$job%2f.." "$long"; do
		call "$NB/batch-jobs/$id/status/"
		assert_equal "$code $(jq .success body)" '404 false'
		call "$NB/files/$id/status/"
		assert_equal "$code $(jq .success body)" '404 false'
		call "$URL/notebooks/$id/files/?limit=1"
		case $id in
		0 | 01 | 99* | x | 1x | job-1) assert_equal "$code $(jq .count body)" '200 0' ;; # valid names
		*) assert_equal "$code $(jq .success body)" '404 false' ;;
		esac
		call "$URL/notebooks/files/$id/content/"
		assert_equal "$code $(jq .success body)" '404 false'
		call "$URL/$id/batch-jobs/$job/status/"
		assert_equal "$code $(jq .success body)" '404 false'
	done
	write POST "$NB/batch-jobs/" -d x
	refused 405 method_not_allowed
	assert_equal "$(header allow)" 'GET, HEAD'
	write DELETE "$NB/batch-jobs/$job/status/"
	refused 405 method_not_allowed
	write PUT "$NB/files/x/" -d x
	refused 405 method_not_allowed
	write PATCH "$NB/knowledge-base/" -d x
	refused 405 method_not_allowed
	# Nothing was made by looking.
	assert_equal "$(cd "$BI_ROOT" && echo notebooks/* batches/*)" "notebooks/nb batches/job-$job"
}

@test 'the streams of a job and of a file end with their final status' {
	local a b c id

	serve
	hand_in nb 1.txt 2.txt
	id=$(printf %016x%016x "$job" 1)
	start curl -sN --max-time 60 -o job.events "$NB/batch-jobs/$job/status/stream?limit=0"
	a=$!
	start curl -sN --max-time 60 -o file.events "$NB/files/$id/status/stream"
	b=$!
	start curl -sN --max-time 60 -o other.events "$URL/nb/batch-jobs/$job/status/stream/"
	c=$!
	poll 10 grep -q '"pending"' job.events
	poll 10 grep -q '"pending"' file.events
	poll 10 grep -q '"pending"' other.events
	call "$NB/batch-jobs/99/status/stream"
	refused 404 no_such_job
	call "$NB/batch-jobs/$job/status/stream?limit=x"
	refused 400 bad_parameter
	write POST "$NB/batch-jobs/$job/status/stream" -d x
	refused 405 method_not_allowed
	work
	for pid in $a $b $c; do
		poll 30 gone "$pid"
		wait "$pid"
	done
	for f in job file other; do
		assert_equal "$(tail -n 3 $f.events)" $'event: end\ndata: {}'
	done
	assert_equal "$(grep '^data: {"batch_job' job.events | tail -n 1 | cut -c7- | jq -c '[.batch_job.status, .items]')" '["completed",[]]'
	assert_equal "$(grep '^data: {"batch_job' other.events | tail -n 1 | cut -c7- | jq -c '[.batch_job.status, (.items | length)]')" \
		'["completed",2]'
	assert_equal "$(grep '^data: {"id' file.events | tail -n 1 | cut -c7- | jq -c '[.status, has("file_id")]')" '["completed",true]'
	# What is over already is said once.
	call "$NB/batch-jobs/$job/status/stream"
	assert_equal "$code $(grep -c '^data: {"batch_job' body) $(tail -n 3 body | head -n 1)" '200 1 event: end'
}

@test 'as many clients as allowed watch many jobs at once' {
	local i pids=() jobs=()

	serve
	for i in 1 2 3 4; do
		hand_in nb 1.txt
		jobs+=("$job")
	done
	for i in {1..200}; do
		start curl -sN --max-time 120 -o "events.$i" "$NB/batch-jobs/${jobs[i % 4]}/status/stream?limit=0"
		pids+=($!)
	done
	for i in {1..200}; do
		poll 30 grep -q '"pending"' "events.$i"
	done
	call "$NB/batch-jobs/$job/status/stream"
	refused 503 busy
	work
	for i in {1..200}; do
		poll 30 gone "${pids[i - 1]}"
		grep -q '"status":"completed"' "events.$i"
		grep -q '^event: end' "events.$i"
	done
	call "$NB/batch-jobs/$job/status/stream?limit=0"
	assert_equal "$code" 200
}
