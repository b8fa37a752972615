#!/usr/bin/env bats
# bi-fetch and servers that mean it ill or are broken; where it may go; and the options that curl's users expect.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

# code: the error code of the only item, and how it is recorded.
code() {
	jq -rs 'map(select(.item)) | if length == 1 then .[0].error.code // .[0].status else length end' <<<"$output"
}

# nothing_left: no file under a final name, none in temp/.
nothing_left() {
	[ -z "$(find "$BI_ROOT/temp" "$BI_ROOT"/batches/*/files -type f)" ]
}

# fails_with CODE URL [OPTION ...]: the URL ends in one record with that code, within 20 s, and leaves nothing.
fails_with() {
	local want=$1 url=$2

	shift 2
	run -1 --separate-stderr timeout 120 bi-fetch --tries 2 --backoff 0.02 "$@" "$url"
	assert_equal "$(code) $url" "$want $url"
	nothing_left
}

@test 'answers that stand still, never end or are too long fail with their reason' {
	faulty_start
	fails_with timeout "$FAULTY/slow/60000/bytes/20/a" --stall-timeout 1 --tries 1
	fails_with timeout "$FAULTY/slowhead/100/bytes/20/b" --stall-timeout 1 --tries 1
	fails_with timeout "$FAULTY/stall/10/bytes/20000/c" --stall-timeout 1 --tries 1
	fails_with too_large "$FAULTY/endless/bytes/1/d" --max-filesize 1M
	fails_with too_large "$FAULTY/chunked/endless/bytes/1/e" --max-filesize 1M
	fails_with timeout "$FAULTY/endless/drip/1000/bytes/100/f" --max-time 1 --tries 1
	fails_with http_404 "$FAULTY/endless/status/404/g"
	fails_with too_large "$FAULTY/bytes/1000001/h" --max-filesize 1000000
	assert_equal "$(origin_hits '/[deh]$')" 3 # for good
}

@test 'answers that are cut, reset or not HTTP fail with their reason' {
	faulty_start
	fails_with cut_short "$FAULTY/length/100000/bytes/20/a"
	fails_with cut_short "$FAULTY/cut/1000/bytes/20000/b"
	fails_with cut_short "$FAULTY/reset/1000/bytes/20000/c"
	fails_with cut_short "$FAULTY/badchunk/bytes/20/d"
	fails_with cut_short "$FAULTY/cut/1000/chunked/bytes/20000/e"
	fails_with protocol_error "$FAULTY/longheader/1000000/bytes/20/f"
	fails_with empty "$FAULTY/bytes/0/h"
	fails_with empty "$FAULTY/status/204/i"
	assert_equal "$(origin_hits '/[f-i]$')" 3
	assert_equal "$(origin_hits '/[a-e]$')" 10
	# More than was said: what was said counts.
	run -0 --separate-stderr bi-fetch "$FAULTY/length/10/bytes/2000/more"
	assert_equal "$(jq -s '.[0].bytes' <<<"$output")" 10
}

@test 'redirects that loop, lead nowhere or to other schemes fail' {
	faulty_start
	fails_with too_many_redirects "$FAULTY/redirect/100/bytes/20/a"
	fails_with too_many_redirects "$FAULTY/header/Location%3A%20loop/status/302/x"
	fails_with bad_redirect "$FAULTY/to/302/file:%2f%2f%2fetc%2fpasswd"
	fails_with bad_redirect "$FAULTY/to/301/ftp:%2f%2f127.0.0.1%2fx"
	fails_with bad_redirect "$FAULTY/to/302/gopher:%2f%2f127.0.0.1:1%2fx"
	fails_with bad_redirect "$FAULTY/status/302/nowhere"
	fails_with http_302 "$FAULTY/endless/to/302/%2fbytes%2f20%2fb"
	fails_with bad_url 'file:///etc/passwd'
}

@test 'an answer that unpacks to more than is allowed fails' {
	faulty_start
	head -c 200M /dev/zero | gzip -9 >bomb
	fails_with too_large "$FAULTY/header/Content-Encoding%3A%20gzip/file/${PWD//\//%2f}%2fbomb" \
		--compressed --max-filesize 1M
	fails_with too_large "$FAULTY/header/Y%3A%201/header/Content-Encoding%3A%20gzip/file/${PWD//\//%2f}%2fbomb" \
		--max-filesize 1M
	# A file that is compressed itself is what it is.
	mv bomb bomb.gz
	run -0 --separate-stderr bi-fetch --max-filesize 1M \
		"$FAULTY/header/X%3A%201/header/Content-Encoding%3A%20gzip/file/${PWD//\//%2f}%2fbomb.gz"
	assert_equal "$(jq -s '.[0].bytes' <<<"$output")" "$(stat -c %s bomb.gz)"
}

@test 'URLs and headers with paths, NUL, newlines or four-byte letters do not reach the names of files' {
	faulty_start
	printf '%s\n' "$FAULTY/bytes/20/../../../../etc/x" "$FAULTY/bytes/20/%2e%2e%2f%2e%2e%2fetc%2fpasswd" \
		"$FAULTY/bytes/20/a%00b.jpg" "$FAULTY/bytes/20/a%0a%0db" "$FAULTY/bytes/20/𝕏𝕐𝕑🎉.jpg" \
		"$FAULTY/bytes/20/$(printf 'ä%.0s' {1..180})" \
		"$FAULTY/header/Content-Disposition%3A%20attachment;%20filename=%22..%2f..%2fevil.sh%22/bytes/20/cd" >in
	run --separate-stderr bi-fetch <in
	assert_equal "$(jq -s 'map(select(.item)) | length' <<<"$output")" 7
	run ! grep -vE '^i[0-9]+_1\.[a-z0-9]+$' <(ls -A "$BI_ROOT/batches/default/files")
	assert_equal "$(ls -A "$BI_ROOT/temp")" ''
	assert_equal "$(find "$BI_ROOT/batches/default/files" -type f | wc -l)" \
		"$(jq -s 'map(select(.status == "completed")) | length' "$BI_ROOT/batches/default/results.ndjson")"
}

@test 'a hundred bad servers at once give a record each, and nothing hangs' {
	local i

	faulty_start
	for i in $(seq 15); do
		printf "$FAULTY/%s/$i\n" slow/60000/bytes/20 stall/10/bytes/2000 cut/10/bytes/2000 reset/10/bytes/2000 \
			badchunk/bytes/20 endless/bytes/1 longheader/1000000/bytes/20
	done >in
	run -1 --separate-stderr timeout 120 bi-fetch --per-host 32 --tries 1 --stall-timeout 3 --max-filesize 100k <in
	assert_equal "$(jq -s 'map(select(.status == "failed")) | length' <<<"$output")" 105
	assert_equal "$(jq -rs 'map(.error.code // empty) | group_by(.) | map("\(.[0]) \(length)") | join(" ")' <<<"$output")" \
		'cut_short 45 protocol_error 15 timeout 30 too_large 15'
	nothing_left
}

@test "--public-only: no address of our own is connected to" {
	local port url

	faulty_start
	port=${FAULTY##*:}
	printf 'http://%s/x\n' "127.0.0.1:$port" "127.1:$port" "0x7f.1:$port" "0x7f000001:$port" "2130706433:$port" \
		"017700000001:$port" "127.255.255.254:$port" "0.0.0.0:$port" "0:$port" "localhost:$port" \
		"foo.localhost:$port" "[::1]:$port" "[::]:$port" "[::ffff:127.0.0.1]:$port" "[::ffff:7f00:1]:$port" \
		"[64:ff9b::7f00:1]:$port" "[2002:7f00:1::]:$port" 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 \
		100.64.0.1 224.0.0.1 255.255.255.255 '[fe80::1]' '[fd00::1]' 192.0.2.1 198.18.0.1 >in
	run -1 --separate-stderr timeout 60 bi-fetch --public-only --tries 1 --connect-timeout 5 <in
	assert_equal "$(jq -rs 'map(select(.item and .error.code != "blocked_address")) | map("\(.url) \(.error.code)") | .[]' <<<"$output")" ''
	assert_equal "$(jq -s 'map(select(.error.code == "blocked_address" and .error.retryable == false)) | length' <<<"$output")" \
		"$(wc -l <in)"
	assert_equal "$(origin_hits .)" 0
	# Without it they are open.
	run -0 bi-fetch "$FAULTY/bytes/20/x"
}

# blocked: how many records of $output are of items that failed with blocked_address, for good.
blocked() {
	jq -s 'map(select(.error.code == "blocked_address" and .error.retryable == false)) | length' <<<"$output"
}

@test "--public-only: a proxy judges names, and is asked for no address that is not public" {
	local port

	faulty_start
	port=${FAULTY##*:}
	# What the names lead to is the proxy's to refuse.
	no_proxy=public.test run -0 --separate-stderr bi-fetch --public-only --proxy "$FAULTY" http://public.test/bytes/20/a
	run -0 --separate-stderr bi-fetch --public-only --proxy "$FAULTY" http://8.8.8.8/bytes/20/b
	run -2 --separate-stderr bi-fetch --public-only --proxy "$FAULTY" --noproxy 127.0.0.1 "$FAULTY/bytes/20/b"
	printf 'http://%s/x\n' "127.0.0.1:$port" 127.1 0x7f.1 0x7f000001 2130706433 017700000001 127.0.0.1. \
		%31%32%37.0.0.1 localhost LOCALHOST. foo.localhost '[::1]' '[::ffff:127.0.0.1]' '[::ffff:7f00:1]' \
		'[64:ff9b::7f00:1]' '[fe80::1%25lo]' 10.0.0.1 169.254.169.254 >in
	run -1 --separate-stderr timeout 60 bi-fetch --public-only --tries 1 --proxy "$FAULTY" <in
	assert_equal "$(blocked)" "$(wc -l <in)"
	run -1 --separate-stderr bi-fetch --public-only --tries 1 --proxy "$FAULTY" http://１２７.０.０.１/x http://127。0。0。1/x
	# Nor by a redirect, or for the robots.txt of what a page shows.
	printf '%s\n' "http://public.test/to/302/http:%2f%2f2130706433:$port%2fx" http://public.test/to/307/%2f%2flocalhost%2fx >in
	run -1 --separate-stderr bi-fetch -b r --public-only --proxy "$FAULTY" <in
	assert_equal "$(blocked)" 2
	echo "/to/302/%2f%2f127.1%2frobots.txt" >"${ORIGIN_LOGS[-1]}.robots"
	jq -cn --args '$ARGS.positional[] | {url: ., found_on: "http://public.test/"}' \
		http://127.1/x http://public.test/bytes/20/c >in
	run -1 --separate-stderr bi-fetch -b m --public-only --tries 1 --proxy "$FAULTY" <in
	assert_equal "$(blocked)" 2
	assert_equal "$(origin_hits '^http://(public.test|8.8.8.8)/')" 5
	assert_equal "$(origin_hits .)" 5
	# Hosts that may have any address still do.
	echo "127.0.0.1:$port private=allow" >"$BI_ROOT/hosts.conf"
	run -0 --separate-stderr bi-fetch --public-only --proxy "$FAULTY" "$FAULTY/bytes/20/d"
}

@test "--public-only: no file, and no other batch" {
	faulty_start
	echo "${FAULTY#http://} private=allow" >hosts.conf
	export BI_HOSTS_CONF=$PWD/hosts.conf
	echo secret-bytes >own.txt
	printf '%s\n' "$FAULTY/bytes/20/a" "$PWD/own.txt" own.txt @own.txt file://"$PWD"/own.txt "{\"file\":\"$PWD/own.txt\"}" \
		"{\"file\":\"own.txt\",\"subject\":{\"id\":7}}" "{\"batch\":\"theirs\",\"url\":\"$FAULTY/bytes/20/b\"}" \
		"{\"batch\":\"default\",\"url\":\"$FAULTY/bytes/20/c\"}" "{\"upload\":1}" "$FAULTY/bytes/20/d" >in
	run -1 --separate-stderr bi-fetch --public-only <in
	assert_equal "$(jq -rs 'map(select(.item)) | sort_by(.item) | map(.error.code // .status) | join(" ")' <<<"$output")" \
		"completed blocked_address blocked_address blocked_address bad_url blocked_address blocked_address bad_batch completed no_url completed"
	assert_equal "$(ls "$BI_ROOT/batches")" default
	# Operands are a list, too, as of xargs; and what was refused stays so without the option.
	run -1 --separate-stderr bi-fetch --public-only -b o "$PWD/own.txt"
	assert_equal "$(code)" blocked_address
	run -1 bi-fetch -b o --resume --retry failed
	run -1 bi-fetch --resume --retry failed
	# With --batch all lines go there.
	run -0 --separate-stderr bi-fetch --public-only -b mine <<<"{\"batch\":\"theirs\",\"url\":\"$FAULTY/bytes/20/b\"}"
	[ ! -e "$BI_ROOT/batches/theirs" ]
	# An item that was added without the option, by one who has it; and lines for a batch that is for public addresses.
	bi-fetch --queue -b local own.txt
	run -1 --separate-stderr bi-fetch -b local --public-only --resume
	assert_equal "$(code)" blocked_address
	bi-fetch --queue --public-only -b strange "$FAULTY/bytes/20/e"
	run -1 --separate-stderr bi-fetch -b strange own.txt
	assert_equal "$(code)" blocked_address
	run ! grep -rl secret-bytes "$BI_ROOT"
}

@test "--public-only: archives and pages bring members and media, but no files and no addresses" {
	local port

	faulty_start
	port=${FAULTY##*:}
	echo "$FAULTY private=allow" | sed 's,http://,,' >hosts.conf
	export BI_HOSTS_CONF=$PWD/hosts.conf
	echo one >one.txt
	ln -s /etc/passwd link.txt
	zip -qy a.zip one.txt link.txt
	printf '<img src="/bytes/20/own.txt"><img src="http://localhost:%s/bytes/20/b.txt"><img src="file:///etc/passwd">' "$port" >page.html
	printf '%s\n' "$FAULTY/file/${PWD//\//%2f}%2fa.zip" "{\"media\":\"$FAULTY/file/${PWD//\//%2f}%2fpage.html\"}" >in
	run -1 --separate-stderr bi-fetch --public-only --expand <in
	assert_equal "$(jq -rs 'map(select(.item)) | map("\(.member // .url // .media | split("/")[-1]) \(.error.code // .status)") | sort | .[]' <<<"$output" |
		sed 's/^.*%2f//')" "$(printf '%s\n' 'a.zip completed' 'page.html completed' 'b.txt blocked_address' 'link.txt member_not_a_file' 'one.txt completed' 'own.txt completed')"
}

@test "--public-only uses no proxy of the environment" {
	faulty_start
	http_proxy=$FAULTY all_proxy=$FAULTY run -1 --separate-stderr \
		bi-fetch --public-only --tries 1 --connect-timeout 2 http://10.0.0.1/bytes/20/a
	assert_equal "$(code)" blocked_address
	assert_equal "$(origin_hits .)" 0
	# Without the option it does.
	http_proxy=$FAULTY run -0 --separate-stderr bi-fetch http://public.test/bytes/20/a
	assert_equal "$(origin_hits http://public.test/)" 1
}

# asked: what the echo said that it was sent, from the file of item N.
asked() {
	tr -d '\r' <"$(echo "$BI_ROOT/batches/default/files/i$1"_1.*)"
}

@test '--user-agent, --contact and --header are sent' {
	faulty_start
	run -0 bi-fetch "$FAULTY/echo/1"
	asked 1 | grep -E '^User-Agent: bi-fetch/[0-9.]+ libcurl/[0-9.]+$'
	run -0 bi-fetch --contact https://example.org/me "$FAULTY/echo/2"
	asked 2 | grep -E '^User-Agent: bi-fetch/[0-9.]+ \(https://example.org/me\) libcurl/[0-9.]+$'
	BI_CONTACT=a@example.org run -0 bi-fetch "$FAULTY/echo/3"
	asked 3 | grep -F '(a@example.org)'
	run -0 bi-fetch -A 'Other/1' -H 'X-One: 1' -H 'Accept: text/plain' "$FAULTY/echo/4"
	asked 4 | grep -x 'User-Agent: Other/1'
	asked 4 | grep -x 'X-One: 1'
	assert_equal "$(asked 4 | grep -c ^Accept:)" 1
	run -2 bi-fetch -H 'no header' "$FAULTY/echo/5"
	run -2 bi-fetch --contact $'a\nX: y' "$FAULTY/echo/5"
	assert_equal "$(origin_hits .)" 4
}

@test 'cookies of --cookie and --cookie-jar, and passwords of --netrc-file, are sent' {
	faulty_start
	run -0 bi-fetch --cookie 'a=1; b=2' "$FAULTY/echo/1"
	asked 1 | grep -x 'Cookie: a=1; b=2'
	run -0 bi-fetch --cookie-jar jar "$FAULTY/header/Set-Cookie%3A%20kept=yes;%20Path=%2f;%20Max-Age=1000/bytes/20/2"
	grep -q kept jar
	run -0 bi-fetch --cookie-jar jar "$FAULTY/echo/3"
	asked 3 | grep -x 'Cookie: kept=yes'
	printf 'machine 127.0.0.1 login me password secret\n' >rc
	run -0 bi-fetch --netrc-file rc "$FAULTY/echo/4"
	asked 4 | grep -x "Authorization: Basic $(printf me:secret | base64)"
}

@test '--proxy is used for every host but those of --noproxy' {
	faulty_start
	run -0 bi-fetch -x "$FAULTY" http://far.test/bytes/20/a
	run -0 bi-fetch -x http://127.0.0.1:1 --noproxy 127.0.0.1 "$FAULTY/bytes/20/b"
	assert_equal "$(origin_paths)" $'http://far.test/bytes/20/a\n/bytes/20/b'
	run -1 --separate-stderr bi-fetch --tries 1 -x 127.0.0.1:1 http://far.test/bytes/20/c
	assert_equal "$(code)" connect_failed
	assert_regex "$(jq -r '.error.message // empty' <<<"$output")" '--proxy is given'
}

@test "--public-only with an empty proxy goes to no other address" {
	faulty_start
	run -1 --separate-stderr bi-fetch --public-only --proxy '' "$FAULTY/bytes/20/a"
	assert_equal "$(code)" blocked_address
	assert_equal "$(origin_hits .)" 0
}

@test 'options that make no sense are exit 2, and nothing is asked for' {
	local options

	faulty_start
	for options in '--accept image' '--accept=' '--rate 0' '--rate -1' '--rate x' '--per-host 0' \
		'--per-host 2000' '--limit-rate 0' '--limit-rate 5q' '--give-up x' '--max-filesize 0' '--tries 0' \
		'-x 16' '--proxy proxy'; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr bi-fetch $options "$FAULTY/bytes/20/a"
		assert_equal "$output" ''
		[ "${#stderr_lines[@]}" -eq 1 ] || fail "$options: $stderr"
	done
	assert_equal "$(origin_hits .)" 0
	[ ! -e "$BI_ROOT" ]
}
