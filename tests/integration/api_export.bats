#!/usr/bin/env bats
# bi-api: exports of what was chosen, batches/BATCH/export/.
load helpers

# picture NAME SUBJECT TEXT [LICENCE]: an item of the batch with a file, and ada's choice of it.
choose() {
	printf '%s' "$3" >"$1-$2.txt"
	printf '{"subject":{"id":"%s","name":"S %s"},"file":"%s"%s}\n' "$2" "$2" "$PWD/$1-$2.txt" "${4:+,\"license\":\"$4\"}" |
		bi-fetch -q -b "$1" >/dev/null
	printf '{"subject":"%s","choice":1,"reviewer":"ada","at":"2026-11-22T10:00:00.000Z"}\n' "$2" >>"$BI_ROOT/batches/$1/picks.ndjson"
}

# serve BATCH: sets URL, KEEPER, and STREAMER, its bi-api --stream.
serve() {
	local first=$((12000 + RANDOM % 7000)) pid children

	mkdir -p "$BI_ROOT/review/$1"
	echo '<!doctype html>' >"$BI_ROOT/review/$1/index.html"
	bi-serve -p "$first-$((first + 200))" "$1" >record
	KEEPER=$(jq -r 'select(.port) | .pid' record)
	URL=http://localhost:$(jq -r 'select(.port) | .port' record)/api/v1/batches
	read -ra children <<<"$(<"/proc/$KEEPER/task/$KEEPER/children")"
	for pid in "${children[@]}"; do
		! tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -e 'bi-api.*--stream' || STREAMER=$pid
	done
}

# collects: whether the streamer runs bi-collect; sets COLLECT.
collects() {
	COLLECT=$(cat "/proc/$STREAMER/task/$STREAMER/children")
	[ -n "$COLLECT" ]
}

collects_not() {
	! collects
}

setup() {
	bi_setup
}

@test "each format is that of bi-collect, and the collection stays as it is" {
	local format

	choose E 1 one CC0
	choose E 2 two 'CC BY 4.0'
	serve E
	# What a HEAD leaves, since it ends bi-collect, the next export removes.
	run -0 curl -fsSI "$URL/E/export/?format=zip"
	assert_line --partial 'Content-Type: application/zip'
	for format in zip tar csv json md coco; do
		curl -fsS -D "head.$format" -o "got.$format" "$URL/E/export/?format=$format"
		bi-collect --private -o - --format "$format" E >"want.$format"
		cmp "got.$format" "want.$format"
		grep -qi "^content-disposition: attachment; filename=\"E\\..*${format/coco/json}\"" "head.$format"
	done
	for format in decisions decisions-ndjson; do
		curl -fsS "$URL/E/export/?format=$format" | cmp - <(bi-collect --private -o - --format "$format" E)
	done
	[ ! -e "$BI_ROOT/collected" ]
	curl -fsS "$URL/E/export?format=tar&name=%7Btitle%7D-%7Bsubject%7D" >n.tar
	tar tf n.tar | grep -q 'by_subject_id/2/.*-2.txt$'
	assert_equal "$(ls "$BI_ROOT/temp")" ''
}

@test "a check says what is left out and why; strict and prefer count" {
	choose E 1 one CC0
	choose E 2 two
	choose E 3 three CC0
	printf '{"subject":"3","choice":0,"reviewer":"bob","at":"2026-11-22T10:00:00.000Z"}\n' >>"$BI_ROOT/batches/E/picks.ndjson"
	serve E
	run -0 curl -fsS "$URL/E/export/?check=1"
	assert_equal "$(jq -c '[.batch, .files, .bytes, .refused, [.left_out[] | [.subject, .code]]]' <<<"$output")" '["E",2,6,1,[["3","disagreement"]]]'
	run -0 curl -fsS "$URL/E/export/?check=1&strict=1&prefer=bob"
	assert_equal "$(jq -c '[.files, .refused, [.left_out[] | [.subject, .code]]]' <<<"$output")" '[1,1,[["2","no_license"]]]'
	choose E 4 four 'CC BY-NC-ND 4.0'
	run -0 curl -fsS "$URL/E/export/?check=1&allow=nc"
	assert_equal "$(jq -c '[.left_out[] | select(.subject == "4").code]' <<<"$output")" '["no_license"]'
	run -0 curl -fsS "$URL/E/export/?check=1&allow=nc,nd"
	assert_equal "$(jq -c '[.left_out[] | select(.subject == "4").code]' <<<"$output")" '[]'
	curl -fsS "$URL/E/export/?format=csv&prefer=ada" | grep -q '^"3",.*"preferred"'
}

@test "errors: no batch, no format, a wrong template, another site, nothing chosen" {
	local code

	choose E 1 one
	printf '{"file":"%s"}\n' "$PWD/E-1.txt" | bi-fetch -q -b idle >/dev/null
	serve E
	while read -r code error query; do
		run -0 curl -s -w '%{http_code}' "$URL/$query"
		assert_regex "$output" "^\\{\"success\":false,\"error\":\"$error\",\"detail\":\".{9,}\"\\}.*$code\$"
	done <<-'END'
		404 no_such_batch none/export/?format=zip
		404 no_such_batch -x/export/?format=zip
		404 no_such_batch none/export/?check=1
		400 bad_format E/export/
		400 bad_format E/export/?format=webdataset
		400 bad_parameter E/export/?format=zip&name=%7Bx
		400 bad_parameter E/export/?format=zip&strict=maybe
		422 nothing_to_export idle/export/?format=zip
		422 nothing_to_export E/export/?format=zip&strict=1
	END
	run -0 curl -s "$URL/idle/export/?format=zip"
	assert_output --partial 'nobody has decided anything yet'
	run -0 curl -s "$URL/E/export/?strict=1&format=csv"
	assert_output --partial 'candidate 1 has no licence'
	for header in 'Sec-Fetch-Site: cross-site' 'Origin: http://elsewhere.example'; do
		run -0 curl -s -w '%{http_code}' -H "$header" "$URL/E/export/?format=zip"
		assert_output --partial origin_not_ours
		assert_line '403'
	done
}

@test "a client that goes away ends bi-collect; at most four run at once; what remains in temp/ is removed later" {
	local i pids=()

	head -c 40000000 /dev/urandom >big
	choose E 1 "" CC0
	cp big E-2.txt
	printf '{"subject":{"id":"2"},"file":"%s"}\n' "$PWD/E-2.txt" | bi-fetch -q -b E >/dev/null
	printf '{"subject":"2","choice":1,"reviewer":"ada","at":"2026-11-22T10:00:00.000Z"}\n' >>"$BI_ROOT/batches/E/picks.ndjson"
	serve E
	for i in 1 2 3 4; do
		start curl -s --limit-rate 100k -o "cut.$i" "$URL/E/export/?format=tar"
		pids+=($!)
	done
	for i in 1 2 3 4; do
		poll 10 test -s "cut.$i"
	done
	run -0 curl -s "$URL/E/export/?format=csv"
	assert_output --partial '"error":"busy"'
	collects
	kill "${pids[@]}"
	poll 10 collects_not
	curl -fsS -o whole.tar "$URL/E/export/?format=tar"
	tar tf whole.tar | grep -q SHA256SUMS
	assert_equal "$(ls "$BI_ROOT/temp")" ''
}

@test "an export that breaks off is seen to be incomplete" {
	local pid stopped

	choose E 1 one CC0
	head -c 40000000 /dev/urandom >E-2.txt
	printf '{"subject":{"id":"2"},"file":"%s"}\n' "$PWD/E-2.txt" | bi-fetch -q -b E >/dev/null
	printf '{"subject":"2","choice":1,"reviewer":"ada","at":"2026-11-22T10:00:00.000Z"}\n' >>"$BI_ROOT/batches/E/picks.ndjson"
	serve E
	start curl -s --limit-rate 3M -o cut "$URL/E/export/?format=tar"
	pid=$!
	poll 10 test -s cut
	collects
	# shellcheck disable=SC2086 # one process
	kill -9 $COLLECT
	# Closed with a chunk missing.
	stopped=0
	wait "$pid" || stopped=$?
	assert_equal "$stopped" 18
	poll 10 grep -q 'export of the batch E was cut off' "$BI_ROOT"/leases/*.log
}

@test "a client that is slow for more than a minute is cut off, so that others get their turn" {
	local i

	[ -n "${BI_LONG-}" ] || skip "takes two minutes"
	choose E 1 one CC0
	head -c 40000000 /dev/urandom >E-2.txt
	printf '{"subject":{"id":"2"},"file":"%s"}\n' "$PWD/E-2.txt" | bi-fetch -q -b E >/dev/null
	printf '{"subject":"2","choice":1,"reviewer":"ada","at":"2026-11-22T10:00:00.000Z"}\n' >>"$BI_ROOT/batches/E/picks.ndjson"
	serve E
	for i in 1 2 3 4; do
		start curl -s --limit-rate 4k -o "cut.$i" "$URL/E/export/?format=tar"
		poll 10 test -s "cut.$i"
	done
	run -0 curl -s "$URL/E/export/?format=csv"
	assert_output --partial '"error":"busy"'
	poll 300 curl -fsS -o got.csv "$URL/E/export/?format=csv"
	poll 10 grep -q . got.csv
}
