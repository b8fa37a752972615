#!/usr/bin/env bats
# bi-fetch: bad lines, bad wishes, full and failing disks, damaged batches: each is said, and no record is a lie.
# shellcheck disable=SC2154,SC2016 # run --separate-stderr sets stderr and stderr_lines; scripts for bash -c
# shellcheck disable=SC2016,SC2119,SC2120,SC2012,SC2238 # expressions are for poll and strace to expand
load helpers

# codes FILE: "LINE CODE" of each failed record of FILE, in the order of lines.
codes() {
	jq -rs 'map(select(.status == "failed")) | sort_by(.line)[] | "\(.line) \(.error.code)"' "$1"
}

# true_records BATCH: each result of a completed item has its whole file, once, and `state` says what results say.
true_records() {
	local dir=$BI_ROOT/batches/$1

	# A last line that is torn is none.
	jq -rR 'fromjson? | select(.status == "completed") | [.sha256, .path, .bytes] | @tsv' "$dir/results.ndjson" >sums || return
	while IFS=$'\t' read -r sum path bytes; do
		[ "$(stat -c %s "$dir/$path")" = "$bytes" ] || return
		echo "$sum  $dir/$path"
	done <sums >sums.files
	[ ! -s sums.files ] || sha256sum --check --quiet sums.files || return
	[ -z "$(cut -f2 sums | sort | uniq -d)" ] || return
	[ "$(tr -dc c <"$dir/state" | wc -c)" -le "$(wc -l <sums)" ] || return
	bi-status --rebuild "$1"
}

@test "lines that are no items fail with their number; the rest goes on" {
	local long
	long=$(printf '%64s' '' | tr ' ' x)

	faulty_start
	{
		echo "$FAULTY/bytes/5/first"
		printf 'http://127.0.0.1:1/\377\n'
		echo '{"url":"http://127.0.0.1:1/"'
		echo '{"url":"http://127.0.0.1:1/","n":NaN}'
		echo '{"url":"http://127.0.0.1:1/","n":99999999999999999999}'
		echo "{'url':'http://127.0.0.1:1/'}"
		echo '{"title":"nothing to fetch"}'
		echo '{"url":7}'
		echo '{"subject":{"id":"../x"},"url":"http://127.0.0.1:1/"}'
		echo '{"subject":{"id":"a/b"},"url":"http://127.0.0.1:1/"}'
		echo "{\"subject\":{\"id\":\"x$long\"},\"url\":\"http://127.0.0.1:1/\"}"
		echo '{"subject":{"name":"Ada"},"url":"http://127.0.0.1:1/"}'
		echo '{"subject":null,"url":"http://127.0.0.1:1/"}'
		echo '{"batch":"../../x","url":"http://127.0.0.1:1/"}'
		echo '{"batch":"API","url":"http://127.0.0.1:1/"}'
		echo '{"batch":"","url":"http://127.0.0.1:1/"}'
		echo '{"url":"http://127.0.0.1:1/\u0000x"}'
		echo '{"url":"http://127.0.0.1:1/","url\u0000x":"http://127.0.0.1:2/"}'
		echo '{"subject":"1\u0000/../x","url":"http://127.0.0.1:1/"}'
		echo "{\"subject\":{\"id\":\"$long\"},\"url\":\"$FAULTY/bytes/6/last\"}"
	} >in
	run -1 --separate-stderr bi-fetch <in
	printf '%s\n' "${lines[@]}" >out
	jq . out >/dev/null
	assert_equal "$(codes out | xargs)" "2 not_utf8 3 bad_json 4 bad_json 5 bad_json 6 bad_json 7 no_url 8 no_url \
9 bad_subject 10 bad_subject 11 bad_subject 12 bad_subject 13 bad_subject 14 bad_batch 15 bad_batch 16 bad_batch \
17 bad_json 18 bad_json 19 bad_json"
	jq -se 'map(select(.line)) | all(. as $r | .error.message | contains("line \($r.line)"))' out
	assert_equal "$(jq -r 'select(.error.code == "no_url").error.message' out | sort)" 'line 7 has none of "url", "file" and "media"
line 8: its "url" is no string'
	jq -se 'map(select(.line)) | all(.error.retryable == false and (.bad | length) > 0)' out
	assert_equal "$(jq -rs 'map(select(.status == "completed").item) | sort | map(tostring) | join(" ")' out)" '1 20'
	assert_equal "$(tail -n 1 out)" '{"end":"bi-fetch","completed":2,"failed":18,"exit":1}'
	[ -e "$BI_ROOT/batches/default/files/${long}_1.bin" ] || [ -e "$BI_ROOT/batches/default/files/${long}_1.txt" ]
	assert_equal "$(ls "$BI_ROOT/batches")" default
	# Asked for again they are the same items.
	run -1 bi-fetch <in
	assert_equal "$(wc -l <"$BI_ROOT/batches/default/items.ndjson")" 20
	true_records default
}

@test "a URL with a tab behind it, or of another scheme: what is wrong is said" {
	printf '%s\n' $'http://127.0.0.1:1/1.jpg\tA caption' 'ftp://127.0.0.1:1/x' >in
	run -1 --separate-stderr bi-fetch <in
	assert_equal "$(jq -r 'select(.item) | .error.code + (.error.message | sub("^.*https"; ""))' <<<"$output" | sort)" \
		'bad_url: URLs of other protocols are not fetched
bad_url: it has a tab in it; a line is one URL, tables (--list-format tsv) and records may have more'
}

@test 'lines of more than 1 MiB fail, and URLs of 100 KB do no harm' {
	local mib=1048576

	faulty_start
	{
		printf '{"url":"%s/bytes/5/a","pad":"' "$FAULTY"
		head -c $((mib - 4096 - 40 - ${#FAULTY})) /dev/zero | tr '\0' x
		printf '"}\n'
		head -c $mib /dev/zero | tr '\0' y
		echo
		head -c $((mib + 1)) /dev/zero | tr '\0' z
		echo
		head -c $((5 * mib)) /dev/zero | tr '\0' z
		echo
		printf '%s/bytes/5/' "$FAULTY"
		head -c 100000 /dev/zero | tr '\0' u
		printf '\n%s\n' "$FAULTY/bytes/5/b"
	} >in
	run -1 --separate-stderr bi-fetch --tries 1 <in
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(jq -s 'map(select(.item)) | length' out)" 6
	assert_equal "$(codes out | grep long)" $'2 line_too_long\n3 line_too_long\n4 line_too_long'
	assert_equal "$(jq -rs 'map(select(.status == "completed").item) | sort | map(tostring) | join(" ")' out)" '1 6'
	[ "$(wc -L <out)" -le $mib ]
	[ "$(wc -L <"$BI_ROOT/batches/default/items.ndjson")" -le $mib ]
	true_records default
}

@test 'a directory, a pipe, a device, a missing file and an empty name are not taken for files' {
	mkdir d
	mkfifo p
	run -1 --separate-stderr bi-fetch d p /dev/zero none '' d/. '{"file":"/none\n\u001b[31m"}' /dev/null/x
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(jq -rs 'map(select(.item)) | sort_by(.item)[].error.code' out | xargs)" \
		'not_a_file not_a_file not_a_file no_such_file not_a_file not_a_file no_such_file no_such_file'
	assert_equal "$(ls -A "$BI_ROOT/batches/default/files")" ''
}

@test 'lines that are not valid URLs fail with their reason' {
	run -1 --separate-stderr bi-fetch --tries 1 'http://' 'ftp://127.0.0.1/x' 'file:///etc/passwd' 'http://a b/' \
		'{"url":"127.0.0.1:1/x"}' '{"url":""}' '{"url":"http://127.0.0.1:1/\nX: y"}' '://' 'http://127.0.0.1:99999/'
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(jq -rs 'map(select(.item).error.code) | unique | join(" ")' out)" bad_url
	assert_equal "$(jq -s 'map(select(.item)) | length' out)" 9
}

@test "records are UTF-8, whatever was cut or came from a server" {
	local long
	long=$(printf 'é%.0s' {1..200})

	faulty_start
	bi-fetch --tries 1 "/tmp/$long/$long" "/x$long" "{\"batch\":\"$long\",\"url\":\"x\"}" "{\"batch\":\"a$long\",\"url\":\"x\"}" \
		"{\"subject\":\"$long\",\"url\":\"x\"}" "{\"subject\":\"a$long\",\"url\":\"x\"}" "ftp://$long" "ftp://a$long" \
		"$FAULTY/to/302/ftp:%2f%2f%ff%fe%c3" "$FAULTY/to/302/http:%2f%2f%ff.invalid%2f" "$FAULTY/to/302/%2fbytes%2f5%2f%ff" >out ||
		[ $? -eq 1 ]
	iconv -f UTF-8 -t UTF-8 out >/dev/null
	jq . out >/dev/null
	assert_equal "$(jq -rs 'map(select(.item)) | sort_by(.item) | map(.error.code) | .[2:6] | join(" ")' out)" \
		'bad_batch bad_batch bad_subject bad_subject'
	run -0 --separate-stderr bi-status --json default
	jq . <<<"$output" >/dev/null
}

@test 'wrong use and a missing root give one line and the right exit code, and create nothing' {
	run -2 --separate-stderr bi-fetch -b ../x http://127.0.0.1:1/
	assert_equal "${#stderr_lines[@]}" 1
	run -2 --separate-stderr bi-fetch -b api http://127.0.0.1:1/
	assert_equal "${#stderr_lines[@]}" 1
	run -2 --separate-stderr bi-fetch --no-such-option http://127.0.0.1:1/
	assert_equal "${#stderr_lines[@]}" 1
	run -2 --separate-stderr bi-fetch -P 0 http://127.0.0.1:1/
	assert_equal "${#stderr_lines[@]}" 1
	run -2 --separate-stderr bi-fetch --tries many http://127.0.0.1:1/
	assert_equal "${#stderr_lines[@]}" 1
	[ ! -e "$BI_ROOT" ]
	echo file >file
	run --separate-stderr bi-fetch -r file http://127.0.0.1:1/
	[ "$status" -ge 64 ] && [ "$status" -le 78 ]
	assert_equal "${#stderr_lines[@]}" 1
	run -73 --separate-stderr bi-fetch -r file/below http://127.0.0.1:1/
	assert_equal "${#stderr_lines[@]}" 1
	assert_equal "$(cat file)" file
}

@test "a root that may not be written: one line, 77, nothing created" {
	need_refusals
	mkdir -m 0555 fixed
	for root in fixed fixed/root; do
		run -77 --separate-stderr "${AS[@]}" bi-fetch -r "$root" http://127.0.0.1:1/
		assert_equal "${#stderr_lines[@]}" 1
		assert_regex "$stderr" "root directory '.*fixed.*--root or BI_ROOT.*Permission denied"
		assert_output ''
	done
	assert_equal "$(ls -A fixed)" ''
}

@test "things in the way in the root are not followed" {
	mkdir -p "$BI_ROOT/batches" elsewhere
	ln -s "$PWD/elsewhere" "$BI_ROOT/batches/M"
	run --separate-stderr bi-fetch -b M /etc/passwd
	[ "$status" -ge 64 ]
	assert_equal "${#stderr_lines[@]}" 1
	mkdir "$BI_ROOT/batches/P"
	ln -s "$PWD/elsewhere" "$BI_ROOT/batches/P/files"
	run --separate-stderr bi-fetch -b P /etc/passwd
	[ "$status" -ge 64 ]
	mkdir "$BI_ROOT/batches/A"
	ln -s "$PWD/elsewhere/state" "$BI_ROOT/batches/A/state"
	run --separate-stderr bi-fetch -b A /etc/passwd
	[ "$status" -ge 64 ]
	assert_equal "$(ls elsewhere)" ''
}

@test 'a root may have any name' {
	local root=$PWD/$'a "b"\n\\c ё'

	faulty_start
	bi-fetch -r "$root" "$FAULTY/bytes/5/a" >out
	assert_equal "$(jq -rs '.[0].path' out)" "$(echo "$root"/batches/default/files/*)"
}

@test 'closed, full and odd standard descriptors do no harm' {
	faulty_start
	run -74 --separate-stderr bash -c 'bi-fetch "$1" >/dev/full' bash "$FAULTY/bytes/5/a"
	assert_equal "${#stderr_lines[@]}" 1
	run -74 bash -c 'bi-fetch "$1" >&-' bash "$FAULTY/bytes/5/b"
	run -0 bash -c 'bi-fetch "$1" <&-' bash "$FAULTY/bytes/5/c"
	run bash -c 'bi-fetch "$1" "$2" <&- >&- 2>&-' bash "$FAULTY/bytes/5/d" "$FAULTY/bytes/50000/e"
	run bash -c 'bi-fetch <&-'
	[ "$status" -ge 64 ]
	run --separate-stderr bi-fetch </
	[ "$status" -ge 64 ]
	assert_equal "${#stderr_lines[@]}" 1
	# Nothing of it went into a file of the batch.
	run -0 bi-fetch "$FAULTY/bytes/5/d" "$FAULTY/bytes/50000/e"
	assert_equal "$(cat "$BI_ROOT/batches/default/state")" ccccc
	true_records default
}

@test 'a full disk is exit 74; what was recorded is true, and with room the run goes on' {
	local i

	need_namespaces --mount
	faulty_start
	for i in {1..40}; do
		echo "$FAULTY/bytes/$((i * 5000))/$i"
	done >in
	cat >script <<-'END'
		mount -t tmpfs -o size=1500k full "$BI_ROOT" || exit 99
		head -n 3 in | bi-fetch -q >some || exit 96
		bi-fetch -q -P 2 <in >first 2>first.err
		echo $? >first.exit
		bi-fetch -q -P 2 <in >second 2>second.err
		echo $? >second.exit
		cp "$BI_ROOT/batches/default/state" state.before
		# With source and type no other options are taken over, of which a namespace of users knows no uid=.
		mount -t tmpfs -o remount,size=20m full "$BI_ROOT" || exit 95
		true_records default >rebuilt || exit 98
		bi-clean temp >cleaned
		bi-fetch -q -P 2 <in >third || exit 97
		true_records default
	END
	mkdir "$BI_ROOT"
	export -f true_records
	run -0 "${NAMESPACES[@]}" bash script
	assert_output --partial '0 of 40'
	assert_equal "$(cat first.exit second.exit | xargs)" '74 74'
	assert_equal "$(wc -l <first.err)" 1
	assert_regex "$(cat first.err)" 'No space left on device.*make room'
	[ "$(tr -dc c <state.before | wc -c)" -ge 3 ]
	assert_regex "$(cat rebuilt)" ' 0 of 40 '
	assert_regex "$(cat cleaned)" '^0 files'
	assert_equal "$(tail -n 1 third)" '{"end":"bi-fetch","completed":40,"failed":0,"exit":0}'
	assert_equal "$(jq -s 'map(select(.exit == 74)) | length' first second)" 2
	assert_equal "$(origin_hits '/[123]$')" 3
}

# fails CALL N ERROR: the run whose Nth CALL (of each thread) fails says so with 74; then all goes well.
fails() {
	local code=0 urls

	rm -rf "$BI_ROOT"
	urls=("$FAULTY/bytes/100/1" "$FAULTY/bytes/200000/2" "$FAULTY/bytes/1500000/3" "$FAULTY/bytes/5/4" "$FAULTY/bytes/6/5")
	strace -f -o trace -e trace="$1" -e inject="$1:error=$3:when=$2" bi-fetch -q "${urls[@]}" >out 2>err || code=$?
	grep -q INJECTED trace || return 0
	injected=$((injected + 1))
	[ "$code" = 0 ] || [ "$code" = 74 ] || { echo "$*: exit $code: $(cat err)" >&2 && return 1; }
	[ "$code" = 0 ] || [ "$(wc -l <err)" = 1 ] || { echo "$*: says $(cat err)" >&2 && return 1; }
	[ ! -e "$BI_ROOT/temp" ] || [ -z "$(ls "$BI_ROOT/temp")" ] || { echo "$*: left in temp" >&2 && return 1; }
	bi-fetch -q "${urls[@]}" >again || { echo "$*: does not go on" >&2 && return 1; }
	true_records default | grep -q ' 0 of 5 ' || { echo "$*: not true" >&2 && return 1; }
	[ "$(grep -c '"completed"' "$BI_ROOT/batches/default/results.ndjson")" = 5 ] || { echo "$*: twice" >&2 && return 1; }
}

@test "each write, sync, link and rename that fails: never a record without its file" {
	local injected=0 n nth='1 3'

	need_plain_strace
	[ -z "${BI_LONG-}" ] || nth='1 2 3 4'
	faulty_start
	for n in $nth; do
		fails fsync "$n" EIO
		fails fdatasync "$n" EIO
		fails syncfs "$n" EIO
		fails renameat "$n" EIO
		fails linkat "$n" ENOSPC
		fails pwrite64 "$n" ENOSPC
		fails pwrite64 "$((n + 4))" ENOSPC
		fails pwrite64 "$((n + 8))" ENOSPC
	done
	[ "$injected" -gt $((${#nth} * 2)) ]
}

# again: runs `in` once more on the batch M, all of which was completed, and asks for nothing new.
again() {
	local before

	before=$(origin_hits .)
	bi-fetch -q -b M <in >again || return
	[ "$(tail -n 1 again)" = '{"end":"bi-fetch","completed":30,"failed":0,"exit":0}' ] || return
	[ "$(origin_hits .)" = "$before" ] || return
	true_records M | grep -q ' 0 of 30 '
}

@test "damaged indexes and a torn tail are mended" {
	local dir=$BI_ROOT/batches/M i

	faulty_start
	for i in {1..30}; do
		echo "{\"subject\":$((i % 3 + 1)),\"url\":\"$FAULTY/bytes/$i/$i\"}"
	done >in
	bi-fetch -q -b M <in >first
	cp -r "$dir" good
	rm "$dir/items.index" "$dir/results.index"
	again
	head -c 248 /dev/zero >"$dir/results.index"
	head -c 240 /dev/zero >"$dir/items.index"
	again
	head -c 248 /dev/urandom >"$dir/results.index"
	head -c 240 /dev/urandom >"$dir/items.index"
	again
	cmp "$dir/items.index" good/items.index
	printf '{"bi":{"n":31,"key":"00' >>"$dir/items.ndjson"
	printf '{"item":3,"status":"fai' >>"$dir/results.ndjson"
	again
	head -c 7 good/state >"$dir/state"
	head -c 3 /dev/zero >>"$dir/state"
	bi-status --rebuild M
	again
	cmp "$dir/items.ndjson" good/items.ndjson
	cmp "$dir/results.ndjson" good/results.ndjson
}

@test "a state that was lost or is rubbish: nothing is lost, nothing is a lie" {
	local dir=$BI_ROOT/batches/M i

	faulty_start
	for i in {1..30}; do
		echo "$FAULTY/bytes/$i/$i"
	done >in
	bi-fetch -q -b M <in >first
	: >"$dir/state"
	bi-fetch -q -b M <in >second
	assert_equal "$(cat "$dir/state")" cccccccccccccccccccccccccccccc
	printf 'xyz\377\001rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr' >"$dir/state"
	bi-fetch -q -b M <in >third
	assert_equal "$(head -c 30 "$dir/state")" cccccccccccccccccccccccccccccc
	jq -se 'map(select(.status == "completed")) | length == 30' third
}

@test "items are added without libcurl; a libcurl that cannot be loaded is named" {
	local of

	mkdir lib
	for of in nothing another; do
		case $of in
		nothing) : >lib/libcurl.so.4 ;;
		another) cp "$(ldd "$(command -v bi-fetch)" | awk '$1 ~ /^libz/ { print $3 }')" lib/libcurl.so.4 ;;
		esac
		LD_LIBRARY_PATH=$PWD/lib bi-fetch -q --queue -b "$of" http://127.0.0.1:9/1
		[ "$(<"$BI_ROOT/batches/$of/state")" = p ]
		LD_LIBRARY_PATH=$PWD/lib run --separate-stderr bi-fetch -q -b "$of" http://127.0.0.1:9/1
		[ "$status" = 71 ]
		[[ $stderr == 'bi-fetch: '*libcurl*': install the package libcurl4'* ]]
	done
}
