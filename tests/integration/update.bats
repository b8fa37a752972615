#!/usr/bin/env bats
# bi-fetch --update: completed items are asked for again, and what has changed is replaced. The facts that it needs.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

# results: how many results the batch t has.
results() {
	wc -l <"$BI_ROOT/batches/t/results.ndjson"
}

files() {
	ls "$BI_ROOT/batches/t/files"
}

# sums: the SHA-256 of the file of each item by its last result agrees with its bytes, and no other files are there.
sums() {
	bi-status --items t --json | jq -r 'select(.status == "completed") | .sha256 + "  " + .path' >sums
	sha256sum -c --quiet sums
	assert_equal "$(find "$BI_ROOT/batches/t/files" -type f | wc -l)" "$(wc -l <sums)"
	bi-clean check t
}

fetch() {
	bi-fetch -q -b t --backoff 0.1 --tries 2 "$@"
}

@test "what the server says of a file is recorded: ETag, date, type and name" {
	faulty_start
	run -0 fetch "$FAULTY/validator/both/header/Content-Disposition:%20attachment;filename*=UTF-8''na%25C3%25AFve%2520caf%25C3%25A9.png/bytes/90/x.bin"
	assert_equal "$(jq -r 'select(.item) | .filename, .content_type, (.etag | test("^\"[0-9a-f]+\"$")), (.last_modified | test("^Mon, 06 Jan 2020"))' <<<"$output")" \
		"$(printf 'naïve café.png\napplication/octet-stream\ntrue\ntrue')"
	assert_equal "$(files)" i1_1.bin
}

@test "names that servers give: quoted, with escapes, in Latin-1, and paths that are none" {
	local value want

	faulty_start
	while IFS='|' read -r value want; do
		run -0 fetch "$FAULTY/header/Content-Disposition:%20$value/bytes/9/x.bin"
		assert_equal "$(jq -r 'select(.item) | .filename // "none"' <<<"$output")" "$want"
	done <<-'END'
		attachment;filename="my%20%5C"holiday%5C".png"|my "holiday".png
		attachment;filename="n%E4h.png"|näh.png
		attachment;filename*=ISO-8859-1''%25A3.png|£.png
		attachment;filename="..%2F..%2Fetc%2Fpasswd"|passwd
		attachment;filename*=UTF-8''..%252F..%252Fa.png|a.png
		attachment;filename="C:%5Cdir%5Ca.png"|a.png
		attachment;filename=.htaccess|htaccess
		attachment;filename=".."|none
		attachment;filename=plain.png;filename*=UTF-8''%25FF|plain.png
		attachment|none
	END
}

@test "facts that are not UTF-8 are left out, and the record can be read" {
	faulty_start
	run -0 fetch "$FAULTY/header/ETag:%20%22a%FF%22/header/Content-Disposition:%20attachment;filename*=UTF-8''ok.png/bytes/9/x.bin"
	assert_equal "$(jq -r 'select(.item) | .etag // "none", .filename' <<<"$output")" $'none\nok.png'
}

@test "an item's own filename stays, and its own etag is not sent to the server" {
	faulty_start
	: >"$BATS_TEST_TMPDIR/faulty-0.log.heads"
	printf '{"url":"%s","filename":"mine.png","etag":"\\"x\\""}\n' "$FAULTY/header/Content-Disposition:%20attachment;filename=a.png/bytes/9/x.bin" >list
	run -0 fetch <list
	assert_equal "$(jq -r 'select(.item) | .filename' <<<"$output")" mine.png
	run -0 fetch --update <list
	assert_equal "$(jq -r 'select(.item) | .update' <<<"$output")" unchanged
	run ! grep -qi 'if-none-match' faulty-0.log.heads
}

@test "unchanged by strong ETag, weak ETag, date, and without any of them" {
	local kind paths=()

	faulty_start
	for kind in strong weak date both deaf; do
		paths+=("$FAULTY/validator/$kind/bytes/3000/x.bin")
	done
	paths+=("$FAULTY/bytes/3000/none.bin")
	fetch "${paths[@]}" >first
	: >faulty-0.log.heads
	run -0 fetch --update "${paths[@]}"
	assert_equal "$(jq -r 'select(.item) | .update' <<<"$output" | sort | uniq -c | xargs)" '6 unchanged'
	assert_equal "$(jq -c 'select(.end) | [.completed, .failed]' <<<"$output")" '[6,0]'
	assert_equal "$(results)" 6
	assert_equal "$(grep -c '^If-None-Match: "' faulty-0.log.heads)" 3
	assert_equal "$(grep -c '^If-None-Match: W/"' faulty-0.log.heads)" 1
	assert_equal "$(grep -c '^If-Modified-Since: Mon, 06 Jan 2020' faulty-0.log.heads)" 1
	# What is recorded is said as it was.
	diff <(jq -cS 'select(.item)' first | sort) <(jq -cS 'select(.item) | del(.update)' <<<"$output" | sort)
	sums
}

@test "changed: the file and its result are replaced, whatever the validator" {
	local kind paths=()

	faulty_start
	for kind in strong weak date deaf retag; do
		paths+=("$FAULTY/newafter/1/validator/$kind/bytes/3000/x.bin")
	done
	paths+=("$FAULTY/newafter/1/bytes/3000/none.bin")
	fetch "${paths[@]}" >/dev/null
	files >before
	run -0 fetch --update "${paths[@]}"
	assert_equal "$(jq -r 'select(.item) | .update' <<<"$output" | sort | uniq -c | xargs)" '6 changed'
	assert_equal "$(jq -r 'select(.item) | .replaced_file' <<<"$output" | sort)" "$(cat before)"
	assert_equal "$(results)" 12
	assert_equal "$(files | head -n 1)" i1_1_2.bin
	sums
	# And then nothing changes any more.
	run -0 fetch --update --resume
	assert_equal "$(jq -r 'select(.item) | .update' <<<"$output" | sort | uniq -c | xargs)" '6 unchanged'
	sums
}

@test "the same bytes with another ETag: what the server says now is recorded, once" {
	faulty_start
	fetch "$FAULTY/validator/retag/bytes/300/x.bin" >/dev/null
	run -0 fetch --update --resume
	assert_equal "$(jq -r 'select(.item) | .update, .etag' <<<"$output")" $'unchanged\n"1"'
	assert_equal "$(results)" 2
	assert_equal "$(files)" i1_1.bin
	sums
}

@test "a batch of an earlier version, without validators, learns them" {
	faulty_start
	fetch "$FAULTY/validator/strong/bytes/300/x.bin" >/dev/null
	sed -i 's/,"etag":"[^,]*,/,/' "$BI_ROOT/batches/t/results.ndjson"
	bi-status --rebuild t
	run -0 fetch --update --resume
	assert_equal "$(jq -r 'select(.item) | .update, (.etag != null)' <<<"$output")" $'unchanged\ntrue'
	run -0 fetch --update --resume
	assert_equal "$(results)" 2
	assert_equal "$(origin_hits /bytes/)" 3
}

@test "an answer that is no file leaves the item completed: 404, 410, 503, a page, and no answer" {
	local code

	faulty_start
	for code in 404 410 503 202; do
		fetch "$FAULTY/then/$code/1/validator/strong/bytes/300/x.bin" >/dev/null
	done
	run -1 fetch --update --resume
	assert_equal "$(jq -r 'select(.item) | [.status, .update, .error.code] | join(" ")' <<<"$output" | sort | xargs)" \
		'completed failed http_202 completed failed http_404 completed failed http_410 completed failed http_503'
	assert_equal "$(jq -c 'select(.end) | [.completed, .failed, .exit]' <<<"$output")" '[0,4,1]'
	assert_equal "$(results)" 4
	assert_equal "$(tr -d '\0' <"$BI_ROOT/batches/t/state")" cccc
	sums
	stop "${STARTED[-1]}"
	run -1 fetch --update --resume
	assert_equal "$(jq -r 'select(.item) | .update + " " + .error.code' <<<"$output" | sort -u)" 'failed connect_failed'
	sums
}

@test "what came would not be accepted: the file that is there stays" {
	faulty_start
	fetch "$FAULTY/newafter/1/jpeg/validator/strong/bytes/3000/x.jpg" >/dev/null
	run -1 fetch --update --resume --max-filesize 100
	assert_equal "$(jq -r 'select(.item) | .status, .update, .error.code' <<<"$output")" $'completed\nfailed\ntoo_large'
	sums
	run -1 fetch --update --resume --accept image/png
	assert_equal "$(jq -r 'select(.item) | .status, .update, .error.code' <<<"$output")" $'completed\nfailed\nnot_accepted'
	sums
	run -0 fetch --update --resume
	assert_equal "$(jq -r 'select(.item) | .update' <<<"$output")" changed
	sums
}

@test "an item that is listed twice is asked for once, and plain runs ask nothing" {
	faulty_start
	fetch "$FAULTY/validator/strong/bytes/30/x.bin" >/dev/null
	fetch "$FAULTY/validator/strong/bytes/30/x.bin" >/dev/null
	assert_equal "$(origin_hits /bytes/)" 1
	run -0 fetch --update "$FAULTY/validator/strong/bytes/30/x.bin" "$FAULTY/validator/strong/bytes/30/x.bin"
	assert_equal "$(jq -r 'select(.item) | .status' <<<"$output" | xargs)" 'completed completed'
	assert_equal "$(origin_hits /bytes/)" 2
}

@test "validators are sent to the URL that they are of, not to where a redirect leads now" {
	faulty_start
	: >faulty-0.log.heads
	fetch "$FAULTY/redirect/1/validator/strong/bytes/30/x.bin" >/dev/null
	run -0 fetch --update --resume
	assert_equal "$(jq -r 'select(.item) | .update' <<<"$output")" unchanged
	assert_equal "$(grep -c '^If-None-Match' faulty-0.log.heads)" 1
	assert_equal "$(grep -B3 '^If-None-Match' faulty-0.log.heads | grep -c 'GET /redirect')" 0
}

@test "a file that is gone from the batch is fetched again, whatever the server would say" {
	faulty_start
	fetch "$FAULTY/validator/strong/bytes/30/x.bin" >/dev/null
	rm "$BI_ROOT/batches/t/files/i1_1.bin"
	run -0 fetch --update --resume
	assert_equal "$(jq -r 'select(.item) | .update' <<<"$output")" changed
	sums
}

@test "files with the same bytes: one changes, and the other stays" {
	faulty_start
	printf one >a.bin
	printf one >b.bin
	fetch "$FAULTY/file/$(printf %s "$PWD/a.bin" | sed 's/\//%2F/g')" "$FAULTY/file/$(printf %s "$PWD/b.bin" | sed 's/\//%2F/g')" >/dev/null
	printf two >a.bin
	run -0 fetch --update --resume
	assert_equal "$(jq -r 'select(.item) | .update' <<<"$output" | sort | xargs)" 'changed unchanged'
	sums
	printf two >b.bin
	run -0 fetch --update --resume
	sums
	# And back to what they were.
	printf one >a.bin
	run -0 fetch --update --resume
	assert_equal "$(files | xargs)" 'i1_1_3.txt i2_1_2.txt'
	sums
}

@test "another type: the new file has its extension" {
	faulty_start
	printf 'plain text, and more of it\n' >a
	fetch "$FAULTY/file/$(printf %s "$PWD/a" | sed 's/\//%2F/g')" >/dev/null
	printf '%%PDF-1.4\n%%%%EOF\n' >a
	run -0 fetch --update --resume
	assert_equal "$(files)" i1_1_2.pdf
	sums
}

@test "a local file is copied again if its size or time differs" {
	printf one >f.txt
	touch -d '2020-01-06 10:00:00.5 UTC' f.txt
	fetch f.txt >out
	assert_equal "$(jq -r 'select(.item) | .last_modified' out)" 2020-01-06T10:00:00.5Z
	run -0 fetch --update f.txt
	assert_equal "$(jq -r 'select(.item) | .update' <<<"$output")" unchanged
	assert_equal "$(results)" 1
	touch f.txt
	run -0 fetch --update f.txt
	assert_equal "$(jq -r 'select(.item) | .update' <<<"$output")" unchanged
	assert_equal "$(results)" 2
	printf two >f.txt
	run -0 fetch --update f.txt
	assert_equal "$(jq -r 'select(.item) | .update' <<<"$output")" changed
	assert_equal "$(cat "$BI_ROOT"/batches/t/files/*)" two
	sums
	rm f.txt
	run -1 fetch --update f.txt
	assert_equal "$(jq -r 'select(.item) | .status, .update, .error.code' <<<"$output")" $'completed\nfailed\nno_such_file'
	sums
}

@test "media of pages are asked for with their page" {
	mkdir -p origin
	printf '<html><body><img src="a.png"><img src="b.png"></body></html>' >origin/p.html
	pictures M
	set -- origin/*.jpg
	cp "$1" origin/a.png
	cp "$2" origin/b.png
	origin_start
	printf '{"media":"%s"}\n' "$ORIGIN/p.html" >list
	fetch <list >/dev/null
	cp "$3" origin/b.png
	touch -d '2030-01-01' origin/b.png
	run -0 fetch --update <list
	assert_equal "$(jq -r 'select(.item) | .update' <<<"$output" | sort | uniq -c | xargs)" '1 changed 2 unchanged'
	sums
	printf '<html><body><p>new</p><img src="a.png"></body></html>' >origin/p.html
	touch -d '2030-01-02' origin/p.html
	run -0 fetch --update <list
	assert_equal "$(jq -r 'select(.item) | .update' <<<"$output" | sort | uniq -c | xargs)" '1 changed 1 unchanged'
	sums
}

@test "members of archives stay as they are, and the archive is replaced" {
	mkdir -p origin
	printf one >a.txt
	tar cf origin/x.tar a.txt
	origin_start
	fetch --expand "$ORIGIN/x.tar" >/dev/null
	printf two >a.txt
	tar cf origin/x.tar a.txt
	touch -d '2030-01-01' origin/x.tar
	run -0 fetch --expand --update --resume
	assert_equal "$(jq -r 'select(.item and .archive == null) | .update' <<<"$output")" changed
	sums
}

@test "a filter sees what has changed, and what it refuses leaves the item as it was" {
	faulty_start
	fetch "$FAULTY/newafter/1/validator/strong/bytes/300/x.bin" >/dev/null
	run -1 fetch --update --resume --through 'jq --unbuffered -c "if .end then . else {item, status: \"failed\", error: {code: \"no\", message: \"no\"}} end"'
	assert_equal "$(jq -r 'select(.item) | .status, .update, .error.code' <<<"$output")" $'completed\nfailed\nno'
	sums
	run -0 fetch --update --resume --through 'jq --unbuffered -c ". + {seen: .update, by: 1}"'
	assert_equal "$(jq -r 'select(.item) | .update, .by' <<<"$output")" $'changed\n1'
	run -0 fetch --update --resume
	assert_equal "$(jq -r 'select(.item) | .update, .by' <<<"$output")" $'unchanged\n1'
	sums
}

@test "a password that is given again is used, and does not stay" {
	faulty_start
	fetch "${FAULTY/:\/\//:\/\/me:pw@}/newafter/1/auth/bWU6cHc=/validator/strong/bytes/30/x.bin" >/dev/null
	run -1 fetch --update --resume
	assert_equal "$(jq -r 'select(.item) | .status, .error.code' <<<"$output")" $'completed\nhttp_401'
	run -0 fetch --update "${FAULTY/:\/\//:\/\/me:pw@}/newafter/1/auth/bWU6cHc=/validator/strong/bytes/30/x.bin"
	assert_equal "$(jq -r 'select(.item) | .update' <<<"$output")" changed
	run -0 fetch --update "${FAULTY/:\/\//:\/\/me:pw@}/newafter/1/auth/bWU6cHc=/validator/strong/bytes/30/x.bin"
	assert_equal "$(jq -r 'select(.item) | .update' <<<"$output")" unchanged
	run ! grep -rq 'me:pw' "$BI_ROOT"
}

@test "killed at any step, a result has its own bytes, and the next run ends what was begun" {
	local call n killed=0

	need_strace
	faulty_start
	fetch "$FAULTY/validator/retag/newafter/0/bytes/300/x.bin" >/dev/null
	mkdir state
	for call in linkat renameat fdatasync fsync unlinkat ftruncate pwrite64; do
		for n in 1 2 3; do
			rm -rf "$BI_ROOT" r.out
			fetch "$FAULTY/newafter/1/validator/strong/bytes/300/$call-$n.bin" >/dev/null
			strace -f -o trace -e inject=$call:signal=KILL:when=$n -e trace=$call bi-fetch -q -b t --update --resume >r.out 2>&1 || killed=$((killed + 1))
			# Before anything is mended: the last result has its bytes.
			bi-status --items t --json | jq -r 'select(.item) | .sha256 + "  " + .path' >sums
			sha256sum -c --quiet sums
			assert_equal "$(tr -d '\0' <"$BI_ROOT/batches/t/state")" c
			run -0 fetch --update --resume
			assert_equal "$(jq -r 'select(.item) | .status' <<<"$output")" completed
			sums
		done
	done
	[ "$killed" -ge 8 ] || fail "only $killed runs were killed: which calls does bi-fetch use now?"
}

@test "the file that a killed process has replaced is removed by the next run that is asked for the item" {
	local n=0

	need_strace
	faulty_start
	while [ "$(files | wc -l)" -lt 2 ]; do
		n=$((n + 1))
		[ "$n" -lt 9 ] || fail 'bi-fetch was never killed before it removed the old file'
		rm -rf "$BI_ROOT"
		fetch "$FAULTY/newafter/1/validator/strong/bytes/300/$n.bin" >/dev/null
		strace -f -o trace -e inject=unlinkat:signal=KILL:error=EIO:when=$n -e trace=unlinkat bi-fetch -q -b t --update --resume >/dev/null 2>&1 || true
	done
	# A worker does not look at what is completed.
	bi-fetch --queue -b t "$FAULTY/bytes/30/new.bin" >/dev/null
	bi-fetch --work --once -q
	assert_equal "$(files | wc -l)" 3
	run -0 fetch --resume
	assert_equal "$(files | xargs)" 'i1_1_2.bin i2_1.bin'
	sums
}

@test "readers that look all the time see old or new, never a mixture" {
	local i

	faulty_start
	fetch "$FAULTY/changing/bytes/100000/x.bin" >/dev/null
	# shellcheck disable=SC2016 # it is that bash's
	start bash -c 'for ((;;)); do
		bi-status --items t --json >look.json || exit
		read -r sum path <<<"$(gojq -r "select(.item) | .sha256 + \" \" + .path" look.json)"
		got=$(sha256sum <"$path" 2>/dev/null) || continue
		[ "${got%% *}" = "$sum" ] || echo "$sum $path $got" >>mixed
		echo >>looks
	done'
	for ((i = 0; i < 8; i++)); do
		fetch --update --resume >/dev/null
	done
	poll 10 test -s looks
	stop "${STARTED[-1]}"
	run ! test -e mixed
	sums
}

@test "several processes update one batch: each item is replaced once" {
	local i

	faulty_start
	for i in {1..20}; do
		echo "$FAULTY/newafter/1/validator/strong/bytes/$((i * 100))/x.bin"
	done >list
	fetch <list >/dev/null
	fetch --update --resume >one &
	i=$!
	fetch --update --resume >two
	wait "$i"
	assert_equal "$(cat one two | jq -r 'select(.update == "changed") | .item' | wc -l)" 20
	assert_equal "$(results)" 40
	sums
}

@test "only files of the item itself are taken for those that it has replaced" {
	local name other

	faulty_start
	for name in i2_1.bin i11_1.bin i1_11.bin ../state i1_1.bin; do
		rm -rf "$BI_ROOT"
		bi-fetch --queue -b t "$FAULTY/bytes/30/x.bin" "$FAULTY/bytes/40/y.bin" >/dev/null
		# A list could say so in earlier versions, and their results have what the list said.
		sed -i "1s|\"url\"|\"replaced_file\":\"$name\",\"url\"|" "$BI_ROOT/batches/t/items.ndjson"
		bi-status --rebuild t
		run -0 fetch --resume
		for other in i11_1.bin i1_11.bin; do
			echo other >"$BI_ROOT/batches/t/files/$other"
		done
		run -0 fetch --resume
		sed -i "s|\"attempts\"|\"replaced_file\":\"$name\",\"attempts\"|" "$BI_ROOT/batches/t/results.ndjson"
		bi-status --rebuild t
		run -0 fetch --resume
		run -0 fetch --update --resume
		assert_equal "$(files | xargs)" 'i11_1.bin i1_1.bin i1_11.bin i2_1.bin'
		[ -s "$BI_ROOT/batches/t/state" ]
	done
}

@test "options that do not go together are refused" {
	run -2 bi-fetch --update --work
	run -2 bi-fetch --update --queue x
	run -2 bi-fetch --recheck --resume
	assert_output --partial 'give --accept, --max-filesize or --public-only'
}
