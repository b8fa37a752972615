#!/usr/bin/env bats
# bi-fetch: how it handles answers: statuses, Retry-After, redirects with cookies, encodings, ends of files, other protocols.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

GZIP=header/Content-Encoding%3A%20gzip

# outcomes: the last word of the URL of each item, its error code or status, and its attempts, sorted by the word.
outcomes() {
	jq -r 'select(.item) | "\(.url | sub(".*/"; "") | sub(".*%2f"; "")) \(.error.code // .status) \(.attempts)"' \
		<<<"$output" | sort
}

# encoded NAME: NAME as the path of /file/.
encoded() {
	printf 'file/%s%%2f%s' "${PWD//\//%2f}" "$1"
}

@test '202 is not the file: it is asked for again, and fails as one that may come later' {
	faulty_start
	run -1 --separate-stderr bi-fetch -q --backoff 0.02 --tries 3 "$FAULTY/refuse/202/2/0/bytes/20/ready" \
		"$FAULTY/refuse/202/1//bytes/20/soon" "$FAULTY/refuse/202/9/0/bytes/20/never" "$FAULTY/says/203/altered"
	assert_equal "$(outcomes)" $'altered completed 1\nnever http_202 3\nready completed 3\nsoon completed 2'
	assert_equal "$(jq -r 'select(.error) | .error.retryable' <<<"$output")" true
}

@test 'an item alone waits as long as its own answer asks, and no longer than --max-wait; others of its host go on' {
	local at

	faulty_start
	run -1 --separate-stderr timeout 60 bi-fetch -q --backoff 0.02 --max-wait 20 --per-host 1 "$FAULTY/refuse/202/1/50000/bytes/20/long" \
		"$FAULTY/refuse/404/1/50000/bytes/20/gone" "$FAULTY/bytes/20/now"
	assert_equal "$(outcomes)" $'gone http_404 1\nlong http_202 1\nnow completed 1'
	assert_equal "$(jq -r 'select(.error) | .error.retryable, (.error.message | test("--max-wait"))' <<<"$output" | sort -u)" true
	# It is not requested before the time in the answer.
	run -0 --separate-stderr timeout 60 bi-fetch -q --backoff 0.02 "$FAULTY/refuse/202/1/2/bytes/20/soon"
	at=$(grep soon "${ORIGIN_LOGS[0]}" | cut -d' ' -f1 | xargs)
	[ $((${at#* } - ${at% *})) -ge 2000 ]
}

@test 'a status that is for good, with Retry-After, is one that passes' {
	local status

	faulty_start
	# Each has its own host, because some of these statuses hold the host back.
	for status in 400 401 403 404 413 429 451 501 503; do
		echo "http://h$status.test/refuse/$status/1/1/bytes/20/$status"
	done >in
	run -0 --separate-stderr bi-fetch -q -x "$FAULTY" --backoff 0.02 <in
	assert_equal "$(outcomes | cut -d' ' -f2- | sort -u)" 'completed 2'
	# Without Retry-After, these statuses are permanent.
	for status in 400 401 403 404 413 451 501; do
		echo "http://h$status.test/refuse/$status/1//bytes/21/$status"
	done >in
	run -1 --separate-stderr bi-fetch -q -x "$FAULTY" --backoff 0.02 <in
	assert_equal "$(outcomes | cut -d' ' -f3 | sort -u)" 1
}

@test 'cookies that redirects set are sent along the chain, and to no other item' {
	faulty_start
	: >"${ORIGIN_LOGS[0]}.heads"
	run -0 --separate-stderr bi-fetch -q "$FAULTY/cookiewall/bytes/20/a" "$FAULTY/redirect/2/cookiewall/bytes/20/b"
	assert_equal "$(outcomes)" $'a completed 1\nb completed 1'
	assert_equal "$(origin_hits /a)" 3
	run -0 --separate-stderr bi-fetch -q -b other "$FAULTY/echo/c" "$FAULTY/redirect/1/echo/d" --per-host 1
	run ! grep -i '^cookie' "$BI_ROOT"/batches/other/files/*
	# An endless redirect to itself ends.
	run -1 --separate-stderr bi-fetch -q "$FAULTY/header/Set-Cookie%3A%20a=b/header/Location%3A%20loop/status/302/x"
	assert_equal "$(jq -rs '.[0].error.code' <<<"$output")" too_many_redirects
	# Another host does not get the cookies.
	run -0 --separate-stderr bi-fetch -q -b far -x "$FAULTY" \
		"http://one.test/header/Set-Cookie%3A%20a=b/to/302/http:%2f%2ftwo.test%2fecho%2fe"
	run ! grep -i '^cookie' "$BI_ROOT"/batches/far/files/*
}

@test 'what is encoded without being asked for is decoded; what only says so is taken as it comes' {
	local sum sums encoding option

	faulty_start
	seq 20000 >plain.txt
	gzip -k plain.txt && mv plain.txt.gz squeezed.txt
	{ head -n 5000 plain.txt | gzip && tail -n +5001 plain.txt | gzip; } >twice.txt
	{ echo one | gzip && echo two | gzip && printf '\0\x1f\x8b'; } >tiny.txt
	head -c 20000 squeezed.txt >torn.txt
	{ head -c 20000 squeezed.txt && seq 9000; } >bad.txt
	cp plain.txt data.txt
	tar cf files.tar plain.txt && gzip files.tar
	sum=$(sha256sum <plain.txt | cut -d' ' -f1)
	for option in --compressed --no-sync; do
		rm -rf "$BI_ROOT"
		run -0 --separate-stderr bi-fetch -q "$option" --backoff 0.02 "$FAULTY/$GZIP/$(encoded squeezed.txt)" \
			"$FAULTY/$GZIP/nolength/$(encoded squeezed.txt)" "$FAULTY/$GZIP/$(encoded plain.txt)" \
			"$FAULTY/header/Content-Encoding%3A%20aws-chunked/$(encoded plain.txt)" \
			"$FAULTY/header/Content-Encoding%3A%20deflate/chunked/$(encoded plain.txt)" \
			"$FAULTY/header/Content-Encoding%3A%20br/$(encoded plain.txt)" "$FAULTY/drip/100/$GZIP/$(encoded squeezed.txt)" \
			"$FAULTY/$GZIP/$(encoded twice.txt)" \
			"$FAULTY/header/Content-Encoding%3A%20identity/$(encoded data.txt)"
		sums=$(jq -r 'select(.item).sha256' <<<"$output" | sort -u)
		assert_equal "$option $sums" "$option $sum"
	done
	# Bytes after the last member do not belong to the file, wherever a piece begins.
	{ cat squeezed.txt && printf '\x1f'; } >end.txt
	{ cat squeezed.txt && printf '\x1f\x1f\x8b\x08'; } >near.txt
	{ cat squeezed.txt && printf '\0\0\x1f\x8bmore'; } >zeros.txt
	{ cat squeezed.txt && printf '\x1f\0more'; } >other.txt
	rm -rf "$BI_ROOT"
	run -0 --separate-stderr bi-fetch -q --tries 1 {"$FAULTY","$FAULTY/drip/1000","$FAULTY/chunked"}"/$GZIP/"{"$(encoded end.txt)","$(encoded near.txt)","$(encoded zeros.txt)","$(encoded other.txt)"} \
		"$FAULTY/drip/1/$GZIP/$(encoded tiny.txt)"
	sums=$(jq -r 'select(.item and (.url | contains("tiny") | not)).sha256' <<<"$output" | sort | uniq -c | xargs)
	assert_equal "$sums" "12 $sum"
	assert_equal "$(jq -r 'select(.item and (.url | contains("tiny"))).sha256' <<<"$output")" "$(printf 'one\ntwo\n' | sha256sum | cut -d' ' -f1)"
	# An encoding that was damaged in transit may be intact next time.
	run -1 --separate-stderr bi-fetch -q --backoff 0.02 --tries 2 "$FAULTY/$GZIP/"{"$(encoded torn.txt)","$(encoded bad.txt)"}
	assert_equal "$(jq -r 'select(.item) | "\(.error.code) \(.error.retryable) \(.attempts)"' <<<"$output" | uniq -c)" \
		'      2 cut_short true 2'
	# An archive keeps its own compression, as in browsers.
	run -0 --separate-stderr bi-fetch -q "$FAULTY/$GZIP/$(encoded files.tar.gz)" \
		"$FAULTY/$GZIP/type/application/x-gzip/$(encoded squeezed.txt)"
	assert_equal "$(jq -r 'select(.item).sha256' <<<"$output" | sort)" \
		"$(sha256sum files.tar.gz squeezed.txt | cut -d' ' -f1 | sort)"
}

@test 'a picture without an end marker is kept where all came that was announced, and asked for again where not' {
	faulty_start
	pictures M
	head -c 20000 origin/M-1-1.jpg >end.jpg
	head -c 20000 origin/M-2-2.png >end.png
	run -0 --separate-stderr bi-fetch -q "$FAULTY/$(encoded end.jpg)" "$FAULTY/$(encoded end.png)"
	assert_equal "$(jq -r 'select(.item) | "\(.status) \(.warning)"' <<<"$output" | sort -u)" 'completed no_end_marker'
	run -1 --separate-stderr bi-fetch -q --backoff 0.02 --tries 2 "$FAULTY/nolength/$(encoded end.jpg)" \
		"$FAULTY/chunked/$(encoded end.png)"
	assert_equal "$(outcomes)" $'end.jpg not_whole 2\nend.png not_whole 2'
	# Its digest shows that it is complete.
	run -0 --separate-stderr bi-fetch -q <<-END
		{"subject":"s","url":"$FAULTY/nolength/type/image/jpeg/$(encoded end.jpg)","sha256":"$(sha256sum <end.jpg | cut -d' ' -f1)"}
	END
	# A body that ended early is complete next time.
	run -0 --separate-stderr bi-fetch -q --backoff 0.02 "$FAULTY/cutfirst/1/3000/nolength/jpeg/bytes/9000/cut.jpg"
	assert_equal "$(outcomes)" 'cut.jpg completed 2'
}

@test 'a declared picture that is a page fails, and a page that becomes a picture is got within the run' {
	faulty_start
	run -1 --separate-stderr bi-fetch -q --backoff 0.02 --tries 2 "$FAULTY/type/image/jpeg/says/200/%3C!DOCTYPE%20html%3E%3Ctitle%3Ex" \
		"$FAULTY/type/text/html/says/200/%3C!DOCTYPE%20html%3E%3Ctitle%3Ey"
	assert_equal "$(outcomes | cut -d' ' -f2- | sort)" $'completed 1\npage_instead 2'
}

@test 'letters beyond ASCII and blanks are asked for percent-encoded, and hosts in Unicode by their IDNA name' {
	faulty_start
	LC_ALL=C run -0 --separate-stderr bi-fetch -q -x "$FAULTY" <<-'END'
		http://a.test/bytes/5/ü?q=ü&r=%C3%BC
		{"url":"http://a.test/bytes/5/a b?c d"}
		http://bücher.test/bytes/6/a
		http://BÜCHER.test/bytes/7/b
		{"url":"http://a.test/to/302/http:%2f%2fstraße.test%2fbytes%2f8%2fß"}
	END
	assert_equal "$(cut -d' ' -f3 "${ORIGIN_LOGS[0]}" | sort)" "$(
		sort <<-'END'
			http://a.test/bytes/5/%C3%BC?q=%C3%BC&r=%C3%BC
			http://a.test/bytes/5/a%20b?c%20d
			http://xn--bcher-kva.test/bytes/6/a
			http://xn--bcher-kva.test/bytes/7/b
			http://a.test/to/302/http:%2f%2fstra%C3%9Fe.test%2fbytes%2f8%2f%C3%9F
			http://xn--strae-oqa.test/bytes/8/%C3%9F
		END
	)"
	# The item keeps the original URL.
	assert_equal "$(jq -r 'select(.item == 3).url' <<<"$output")" 'http://bücher.test/bytes/6/a'
}

@test 'what is not HTTP is named as that' {
	local port

	start perl -MIO::Socket::INET -e '$l = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 5) or die;
		print $l->sockport, "\n"; close STDOUT; while ($c = $l->accept) { print $c "SSH-2.0-x\r\n"; close $c }' >port
	poll 10 test -s port
	port=$(<port)
	run -1 --separate-stderr bi-fetch -q --tries 1 "http://127.0.0.1:$port/a"
	assert_equal "$(jq -r 'select(.item).error.code' <<<"$output")" protocol_error
	assert_regex "$(jq -r 'select(.item).error.message' <<<"$output")" 'does not speak HTTP'
	run -1 --separate-stderr bi-fetch -q ftp://127.0.0.1/x magnet://x data://x
	assert_equal "$(jq -r 'select(.item).error.code' <<<"$output" | sort -u)" bad_url
	assert_regex "$(jq -r 'select(.item).error.message' <<<"$output" | head -n 1)" 'other protocols'
}
