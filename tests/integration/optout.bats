#!/usr/bin/env bats
# What sites forbid: response headers, pages' own words and robots.txt. It counts for media found in pages.

load helpers

setup() {
	bi_setup
	faulty_start
}

# found PATH...: items as a page on the faulty server would have had them.
found() {
	local path

	for path; do
		jq -cn --arg u "$FAULTY$path" '{url: $u, found_on: "http://127.0.0.1/page"}'
	done
}

# robots PATH: how the faulty server answers /robots.txt.
robots() {
	echo "$1" >"${ORIGIN_LOGS[0]}.robots"
}

# says TEXT: a path whose body is TEXT.
says() {
	echo "/says/200/$(command jq -rn --arg t "$1" '$t | @uri')"
}

# fetch [OPTION...] <ITEMS: what became of each, by item: its path's last part, status, code.
fetch() {
	bi-fetch -q --backoff 0.05 "$@" >out || [ $? -eq 1 ]
	jq -r 'select(.item) | "\(.url | split("/")[-1]) \(.status) \(.error.code)"' out | sort
}

@test "a header that forbids ends the transfer before the body" {
	h='/header/X-Robots-Tag%3A%20'
	run fetch < <(found "${h}noai/stall/0/bytes/10000000/1" "${h}googlebot%3A%20noai/bytes/10/2" \
		"${h}bi-fetch%3A%20noimageai/stall/0/bytes/10/3" "${h}nofollow%2C%20noml/stall/0/bytes/10/4" \
		"${h}noai/bytes/10000000/5" /header/tdm-reservation%3A%201/stall/0/bytes/10/6 \
		/header/TDM-Reservation%3A%200/bytes/10/7 "${h}noindex/flaky/1/bytes/10/8")
	assert_output - <<-'END'
		1 failed opted_out
		2 completed null
		3 failed opted_out
		4 failed opted_out
		5 failed opted_out
		6 failed opted_out
		7 completed null
		8 failed opted_out
	END
	assert_equal "$(jq -r 'select(.error) | select(.url | endswith("/1")) | .error | "\(.message) \(.retryable)"' out)" \
		'the site forbids it: x-robots-tag: noai false'
	assert_equal "$(jq -r 'select(.error) | select(.url | endswith("/6")) | .error.message' out)" \
		'the site forbids it: tdm-reservation: 1'
	# For good: not asked again.
	run fetch < <(found "${h}noai/stall/0/bytes/10000000/1")
	assert_output '1 failed opted_out'
	assert_equal "$(origin_hits /1$)" 1
}

@test "less than 64 KiB of a large file that is forbidden are read" {
	need_plain_strace
	found /header/X-Robots-Tag%3A%20noai/bytes/10000000/x >in
	run -1 strace -f -qq -o trace -e trace=recvfrom,recvmsg,read bi-fetch <in
	read_bytes=$(awk '/recvfrom\(/ && /= [0-9]+$/ { n += $NF } END { print n + 0 }' trace)
	assert [ "$read_bytes" -gt 0 ]
	assert [ "$read_bytes" -lt 65536 ]
}

@test "--max-opt-outs: after so many that are forbidden a host's media are asked for no more, other hosts' are" {
	local paths=() i other

	for i in {1..20}; do
		paths+=("/header/X-Robots-Tag%3A%20noai/bytes/10/$i")
	done
	other=${FAULTY/127.0.0.1/localhost}/bytes/10/other
	{
		found "${paths[@]}"
		jq -cn --arg u "$other" '{url: $u, found_on: "http://127.0.0.1/page"}'
		jq -cn --arg u "$FAULTY/bytes/10/named" '{url: $u}'
	} >in
	run fetch --per-host 1 --max-opt-outs 3 <in
	assert_equal "$(grep -c ' failed opted_out$' <<<"$output")" 20
	assert_line 'other completed null'
	assert_line 'named completed null'
	assert_equal "$(origin_hits /X-Robots-Tag)" 3
	assert_equal "$(grep -c 'forbade 3 others' out)" 17
}

@test "what is asked for by name is not asked about, and --no-opt-out asks about nothing" {
	robots "$(says $'User-agent: *\nDisallow: /')"
	run fetch < <(echo "$FAULTY/header/X-Robots-Tag%3A%20noai/bytes/10/1")
	assert_output '1 completed null'
	run fetch --no-opt-out < <(found /header/X-Robots-Tag%3A%20noai/bytes/10/2)
	assert_output '2 completed null'
	assert_equal "$(origin_hits robots.txt)" 0
}

@test "robots.txt is asked for once by a run, and keeps out what it disallows" {
	robots "/slow/300$(says $'User-agent: bi-fetch\nDisallow: /bytes/20/\nAllow: /bytes/20/ok\n\nUser-agent: *\nDisallow: /')"
	run fetch < <(found /bytes/20/a /bytes/20/ok /bytes/30/{b..m} && echo "$FAULTY/bytes/20/plain")
	assert_output - <<-'END'
		a failed opted_out
		b completed null
		c completed null
		d completed null
		e completed null
		f completed null
		g completed null
		h completed null
		i completed null
		j completed null
		k completed null
		l completed null
		m completed null
		ok completed null
		plain completed null
	END
	assert_equal "$(origin_hits robots.txt)" 1
	assert_equal "$(origin_hits '/bytes/20/a')" 0
	assert_equal "$(jq -r 'select(.error).error.message' out)" 'the site forbids it: robots.txt: Disallow: /bytes/20/'
	assert_equal "$(jq -r 'select(.error).attempts' out)" 0
	assert_equal "$(jq -r 'select(.status == "completed").attempts' out | sort -u)" 1
}

@test "no robots.txt allows all; one that the server fails to give allows nothing for now" {
	run fetch < <(found /bytes/10/1)
	assert_output '1 completed null'
	robots /status/500/x
	run fetch < <(found /bytes/10/2 /bytes/10/3)
	assert_output $'2 failed opted_out\n3 failed opted_out'
	assert_equal "$(jq -r 'select(.error).error.retryable' out | sort -u)" true
	assert_equal "$(origin_hits robots.txt)" 2
	robots /status/410/x
	run fetch < <(found /bytes/10/2 /bytes/10/3)
	assert_output $'2 completed null\n3 completed null'
}

@test 'a robots.txt that is redirected counts, one that is cut short forbids, an endless or binary one allows' {
	robots "/redirect/3$(says $'User-agent: *\nDisallow: /bytes/10/1')"
	run fetch < <(found /bytes/10/1 /bytes/10/2)
	assert_output $'1 failed opted_out\n2 completed null'
	robots /redirect/9/bytes/10/x
	run fetch < <(found /bytes/10/3)
	assert_output '3 completed null'
	robots /endless/bytes/10/x
	run fetch < <(found /bytes/10/4)
	assert_output '4 completed null'
	robots /cut/5/bytes/100/x
	run fetch --tries 2 < <(found /bytes/10/5)
	assert_output '5 failed cut_short'
	robots /bytes/3000/x
	run fetch < <(found /bytes/10/5)
	assert_output '5 completed null'
}

@test "a redirect to another origin is asked about there" {
	first=$FAULTY
	faulty_start
	says $'User-agent: *\nDisallow: /bytes/10/no' >"${ORIGIN_LOGS[1]}.robots"
	to=$(command jq -rn --arg u "$FAULTY/bytes/10/" '$u | @uri')
	jq -cn --arg u "$first/to/302/$to" '("no", "yes") | {url: ($u + .), found_on: "http://127.0.0.1/page"}' >in
	run fetch <in
	assert_output - <<-END
		${to}no failed opted_out
		${to}yes completed null
	END
	assert_equal "$(origin_hits robots.txt)" 2
}

@test "Crawl-delay is kept" {
	robots "$(says $'User-agent: *\nCrawl-delay: 1')"
	run fetch < <(found /bytes/10/1 /bytes/10/2 /bytes/10/3)
	assert_output $'1 completed null\n2 completed null\n3 completed null'
	awk '/\/bytes\/10/ { if (last && $1 - last < 900) bad = 1; last = $1; n++ } END { exit bad || n != 3 }' \
		"${ORIGIN_LOGS[0]}"
}

@test "a page that forbids its use is kept without its media, unless --no-opt-out" {
	page() {
		jq -cn --arg u "$FAULTY$1" '{media: $u}'
	}
	html="/type/text/html$(says "<!doctype html><meta name=robots content='noindex, nofollow'><img src=/bytes/10/1>")"
	bi-fetch < <(page "$html") >out
	assert_equal "$(jq -r 'select(.media) | "\(.status) \(.found) \(.opted_out)"' out)" 'completed 0 meta robots: noindex'
	html="/header/X-Robots-Tag%3A%20noai/type/text/html$(says "<!doctype html><img src=/bytes/10/1>")"
	bi-fetch < <(page "$html") >out
	assert_equal "$(jq -r 'select(.media) | "\(.status) \(.found) \(.opted_out)"' out)" 'completed 0 x-robots-tag: noai'
	assert_equal "$(origin_hits '^/bytes/10/1')" 0
	bi-fetch --no-opt-out --root other < <(page "$html") >out
	assert_equal "$(jq -r 'select(.media) | "\(.status) \(.found) \(.opted_out)"' out)" 'completed 1 null'
	assert_equal "$(origin_hits '^/bytes/10/1')" 1
	assert_equal "$(origin_hits robots.txt)" 0
}

@test "a header that forbids is read however long it is" {
	# GET /N: the word stands at the end of a header of N bytes and a few.
	start perl -MIO::Socket::INET -e '
		$| = 1;
		my $s = IO::Socket::INET->new(Listen => 9, LocalAddr => "127.0.0.1") or die;
		print $s->sockport, "\n";
		while (my $c = $s->accept) {
			my ($n, $head) = (0);
			while (<$c>) { $n = $1 if m{^GET /(\d+) }; last if /^\r?\n$/ }
			$head = $n ? "200 OK\r\nX-Robots-Tag: " . ("x" x $n) . ", noai" : "404 no";
			print $c "HTTP/1.1 $head\r\nContent-Length: 5\r\nConnection: close\r\n\r\nabcde";
		}' </dev/null >port
	poll 10 test -s port
	FAULTY=http://127.0.0.1:$(<port)
	run fetch < <(found /8000 /8170 /8192 /20000)
	assert_output - <<-'END'
		20000 failed opted_out
		8000 failed opted_out
		8170 failed opted_out
		8192 failed opted_out
	END
}
