#!/usr/bin/env bats
# bi-fetch: headers, cookies, Referer and logins of an item, of a host, and of a page's media; and who gets to see them.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

# sent NAME: the values of the header NAME in the requests, in their order ("-" where a request has none).
sent() {
	awk -v name="$1" -v RS='\r\n\r\n' -v FS='\r\n' 'NF > 1 { value = "-"
		for (i = 2; i <= NF; i++) if (index(tolower($i), tolower(name) ":") == 1) value = substr($i, length(name) + 3)
		print value }' "${ORIGIN_LOGS[0]}.heads"
}

# listen: the server, which keeps the requests as they come.
listen() {
	faulty_start
	: >"${ORIGIN_LOGS[0]}.heads"
}

# forget: the requests so far.
forget() {
	: >"${ORIGIN_LOGS[0]}.heads"
}

# fetch URL...: one at a time, so that requests come in this order.
fetch() {
	run -0 --separate-stderr bi-fetch -q -x "$FAULTY" --parallel 1 "$@"
}

@test "an item's headers and cookies are sent, as an object, as lines, as text, and kept from records, pages and exports" {
	listen
	cat >in <<-'END'
		{"subject":1,"url":"http://a.test/bytes/5/a","headers":{"X-Key":"hush-1","Cookie":"c=hush-2"},"cookies":"d=hush-3"}
		{"subject":2,"url":"http://a.test/bytes/5/b","headers":["X-Key: hush-4","Accept: image/*"],"cookies":{"e":"hush-5","f":"hush-6"}}
		{"subject":3,"url":"http://a.test/bytes/5/c","cookies":"g=hush-7","license":"CC0"}
		{"subject":4,"url":"http://a.test/bytes/5/d"}
	END
	fetch <in
	printf '%s\n' "$output" >out
	assert_equal "$(sent X-Key | xargs)" 'hush-1 hush-4 - -'
	assert_equal "$(sent Cookie)" $'c=hush-2; d=hush-3\ne=hush-5; f=hush-6\ng=hush-7\n-'
	assert_equal "$(sent Accept | sed -n 2p)" 'image/*'
	assert_equal "$(jq -c 'select(.item) | [.item, .headers, has("cookies")]' <<<"$output" | sort | head -n 2)" $'[1,true,false]\n[2,true,false]'
	bi-render default >/dev/null
	printf '{"subject":"%s","choice":1,"reviewer":"ada","at":"2026-11-30T10:00:00Z"}\n' 1 2 3 >"$BI_ROOT/batches/default/picks.ndjson"
	bi-collect -o export.tar default
	run ! grep -c hush <(tar xOf export.tar)
	run ! grep -rn hush "$BI_ROOT" out
	# Fed again, a record is the item that it was.
	jq -c 'select(.item == 1 or .end)' out >again
	fetch <again
	assert_equal "$(jq -s 'map(select(.item)) | length' <<<"$output")" 1
}

@test 'while an item is not completed its headers are in a file of the owner alone, and are sent in the next run' {
	listen
	echo '{"url":"http://a.test/refuse/503/1//bytes/5/a","headers":{"Authorization":"Bearer hush"}}' >in
	run -1 --separate-stderr bi-fetch -q -x "$FAULTY" --tries 1 <in
	assert_equal "$(stat -c %a "$BI_ROOT/batches/default/secrets")" 600
	assert_equal "$(grep -rl hush "$BI_ROOT")" "$BI_ROOT/batches/default/secrets"
	run -0 --separate-stderr bi-fetch -q -x "$FAULTY" --resume
	assert_equal "$(sent Authorization)" $'Bearer hush\nBearer hush'
	run ! grep -rn hush "$BI_ROOT"
}

@test "a header that cannot be sent, or is not the item's to say, fails with its reason, and is shown nowhere" {
	listen
	cat >in <<-'END'
		{"url":"http://a.test/1","headers":{"X":"hush\r\nY: 1"}}
		{"url":"http://a.test/2","headers":{"no name":"hush"}}
		{"url":"http://a.test/3","headers":["hush"]}
		{"url":"http://a.test/4","headers":{"Range":"bytes=0-1"}}
		{"url":"http://a.test/5","headers":{"X":5}}
		{"url":"http://a.test/6","headers":"X: hush"}
		{"url":"http://a.test/7","cookies":["hush"]}
		{"url":"http://a.test/8","cookies":"hush"}
		{"url":"http://a.test/9","cookies":{"a":"b; hush=1"}}
		{"url":"http://a.test/10","headers":{"X":"\u0000hush"}}
		{"url":"http://a.test/11","headers":{"X":"hush"
	END
	run -1 --separate-stderr bi-fetch -q -x "$FAULTY" <in
	assert_equal "$(jq -r 'select(.item).error.code' <<<"$output" | sort | uniq -c | sed 's/^ *//')" $'9 bad_header\n2 bad_json'
	assert_equal "$(origin_hits .)" 0
	[[ $output$stderr != *hush* ]]
	run ! grep -rn hush "$BI_ROOT"
}

@test 'an option that is no header is refused without its words, which may be a secret' {
	local header

	for header in 'X-Key hush' 'hush' ': hush'; do
		run -2 --separate-stderr bi-fetch -q -H "$header" http://a.test/1
		[[ $stderr == *--header* && $output$stderr != *hush* ]] || fail "$header: $stderr"
	done
}

@test 'what belongs to an item is not sent after a redirect to another host' {
	listen
	echo '{"url":"http://a.test/to/302/http:%2f%2fb.test%2fbytes%2f5%2fx","headers":{"X-Key":"hush"},"cookies":"a=b"}' >in
	fetch <in
	assert_equal "$(sent X-Key)" $'hush\n-'
	assert_equal "$(sent Cookie)" $'a=b\n-'
}

@test "media of a page are asked for with the page as Referer, as browsers do; an item's own referer is sent as it is" {
	listen
	{
		echo '<!doctype html><title>x</title>'
		printf '<img src="http://%s/bytes/9/1.png">' a.test b.test a.test:81
	} >"page.html?q=1"
	echo "{\"media\":\"http://u:p@a.test/file/${PWD//\//%2f}%2fpage.html%3fq=1#part\"}" >in
	fetch --no-opt-out <in
	assert_equal "$(sent Referer | sort | uniq -c | sed 's/^ *//; s,http://a.test/file[^ ]*html%3fq=1,PAGE,')" \
		$'1 -\n2 http://a.test/\n1 PAGE'
	forget
	cat >in <<-'END'
		{"url":"http://c.test/bytes/9/1","referer":"http://x:y@d.test/page?a=b#c"}
		{"url":"http://c.test/bytes/9/2","referer":"https://d.test/page"}
		{"url":"http://c.test/bytes/9/3","referer":"http://d.test/ü"}
		{"url":"http://c.test/bytes/9/4","referer":"http://d.test/","headers":{"Referer":"http://e.test/"}}
		{"url":"http://c.test/bytes/9/5","referer":"a\nb: c"}
	END
	fetch <in
	assert_equal "$(sent Referer)" $'http://d.test/page?a=b\n-\nhttp://d.test/%C3%BC\nhttp://e.test/\n-'
	forget
	fetch -H 'Referer: http://f.test/' http://c.test/bytes/9/6
	assert_equal "$(sent Referer)" 'http://f.test/'
}

@test 'hosts.conf gives a host headers, cookies and a login, from files that only their owner can read' {
	listen
	export BI_HOSTS_CONF=$PWD/hosts.conf
	printf '# a key\nX-Key: hush-1\nCookie: a=hush-2\n' >key
	printf 'b.test\tFALSE\t/\tFALSE\t0\tc\thush-3\n' >jar
	echo 'machine c.test login u password hush-4' >login
	chmod 600 key jar login
	printf '%s\n' 'a.test headers=key' '*.b.test headers=key' 'b.test cookies=jar' "c.test netrc=$PWD/login" >hosts.conf
	fetch http://a.test/bytes/5/1 http://x.b.test/bytes/5/2 http://b.test/bytes/5/3 http://c.test/bytes/5/4 http://d.test/bytes/5/5
	assert_equal "$(sent X-Key | xargs)" 'hush-1 hush-1 - - -'
	assert_equal "$(sent Cookie | xargs)" 'a=hush-2 a=hush-2 c=hush-3 - -'
	assert_equal "$(sent Authorization | xargs)" "- - - Basic $(printf u:hush-4 | base64) -"
	run ! grep -rn hush "$BI_ROOT"
	# An item's own and the command line's come before the host's.
	forget
	echo '{"url":"http://a.test/bytes/5/6","headers":{"x-key":"own"}}' >in
	fetch <in
	assert_equal "$(sent X-Key)" own
	for name in key jar login; do
		chmod 640 "$name"
		run -78 --separate-stderr bi-fetch -q -x "$FAULTY" http://a.test/bytes/5/7
		[[ $stderr == *"$name"*"chmod 600"* ]] || fail "$stderr"
		chmod 600 "$name"
	done
	mv key gone
	run ! --separate-stderr bi-fetch -q -x "$FAULTY" http://a.test/bytes/5/7
	[[ $stderr == *"$PWD/key"* ]] || fail "$stderr"
	printf 'X-Key: a\0hush\n' >key && chmod 600 key
	run -78 --separate-stderr bi-fetch -q -x "$FAULTY" http://a.test/bytes/5/7
	[[ $stderr == *"line 1"*NUL* ]] || fail "$stderr"
	echo 'no header' >key
	run -78 --separate-stderr bi-fetch -q -x "$FAULTY" http://a.test/bytes/5/7
	[[ $stderr == *"line 1"* ]] || fail "$stderr"
}

@test 'a worker sends nothing of hosts.conf for a batch that strangers submitted' {
	listen
	export BI_HOSTS_CONF=$PWD/hosts.conf
	echo 'X-Key: hush' >key && chmod 600 key
	echo "127.0.0.1 private=allow headers=key" >hosts.conf
	bi-fetch -q --queue --public-only -b public "$FAULTY/bytes/5/1"
	bi-fetch -q --work --once
	assert_equal "$(sent X-Key)" -
	bi-fetch -q --queue -b own "$FAULTY/bytes/5/2"
	bi-fetch -q --work --once
	assert_equal "$(sent X-Key)" $'-\nhush'
}

@test "--cookie reads Netscape's format, Set-Cookie lines and browsers' exports; another file, or none, is an error at once" {
	listen
	printf '# Netscape HTTP Cookie File\r\na.test\tFALSE\t/\tFALSE\t0\ta\t1\r\n#HttpOnly_.a.test\tTRUE\t/\tFALSE\t0\tb\t2\r\n' >netscape
	echo 'Set-Cookie: a=1; Domain=a.test; Path=/' >lines
	echo '[{"domain":"a.test","hostOnly":true,"name":"a","value":"1","path":"/","expirationDate":4102444800.5},
		{"domain":".a.test","httpOnly":true,"name":"b","value":"2","session":true}]' >editor.json
	echo '{"cookies":[{"domain":"a.test","name":"a","value":"1","path":"/","expires":-1}],"origins":[]}' >state.json
	for file in netscape lines editor.json state.json; do
		forget
		fetch -b "${file%.*}" --cookie "$file" http://a.test/bytes/5/1 http://x.a.test/bytes/5/2 http://b.test/bytes/5/3
		case $file in
		netscape | editor.json) assert_equal "$file $(sent Cookie | sed 's/^b=2; a=1$/a=1; b=2/' | xargs)" "$file a=1; b=2 b=2 -" ;;
		state.json) assert_equal "$file $(sent Cookie | xargs)" "$file a=1 - -" ;;
		*) assert_equal "$file $(sent Cookie | xargs)" "$file a=1 a=1 -" ;;
		esac
	done
	forget
	echo 'just text' >text
	printf 'a.test\tFALSE\t/\n' >short
	echo '{"a":1}' >object.json
	echo '[{"name":"a","value":"b"}]' >nohost.json
	printf '%s\n' '[{"domain":"a.test","name":"a","value":"b\tc"}]' >tab.json
	for file in text short object.json nohost.json tab.json missing; do
		run ! --separate-stderr bi-fetch -q -x "$FAULTY" --cookie "$file" http://a.test/bytes/5/1
		[[ $stderr == *"$file"* ]] || fail "$stderr"
	done
	assert_equal "$(sent Cookie)" ''
}

@test 'a login is sent by the scheme that the server takes, and with --anyauth by no other' {
	listen
	run -0 --separate-stderr bi-fetch -q "${FAULTY/:\/\//:\/\/user:pass@}/digest/bytes/5/a"
	assert_equal "$(sent Authorization | cut -d' ' -f1 | xargs)" 'Basic Digest'
	forget
	run -0 --separate-stderr bi-fetch -q --anyauth "${FAULTY/:\/\//:\/\/user:pass@}/digest/bytes/5/b"
	assert_equal "$(sent Authorization | cut -d' ' -f1 | xargs)" '- Digest'
	forget
	run -0 --separate-stderr bi-fetch -q --anyauth "${FAULTY/:\/\//:\/\/user:pass@}/auth/$(printf user:pass | base64)/bytes/5/c"
	assert_equal "$(sent Authorization | cut -d' ' -f1 | xargs)" '- Basic'
	forget
	run -1 --separate-stderr bi-fetch -q "${FAULTY/:\/\//:\/\/user:wrong@}/auth/$(printf user:pass | base64)/bytes/5/d"
	assert_equal "$(jq -rs '.[0].error.code' <<<"$output") $(origin_hits '/d$')" 'http_401 1'
}

@test 'what hosts.conf names and is no regular file is refused at once: it is not waited for' {
	local kind setting

	listen
	export BI_HOSTS_CONF=$PWD/hosts.conf
	mkfifo -m 600 pipe
	mkdir -m 700 dir
	ln -s /dev/zero device
	ln -s pipe link
	for kind in pipe dir device link; do
		for setting in headers cookies netrc; do
			echo "a.test $setting=$kind" >hosts.conf
			run ! --separate-stderr timeout -s KILL 20 bi-fetch -q -x "$FAULTY" http://a.test/bytes/5/1
			[[ $stderr == *"$PWD/$kind'"* ]] || fail "$setting $kind: $stderr"
		done
	done
	assert_equal "$(sent Host)" ''
}

@test 'cookies of a file are sent or refused, never passed over: BOM, NUL, times and truths of other types' {
	local file

	listen
	printf '\xef\xbb\xbf.a.test\tTRUE\t/\tFALSE\t0\tk\tv\n' >bom
	printf '\xef\xbb\xbf[{"domain":"a.test","name":"k","value":"v"}]' >bom.json
	echo '[{"domain":"a.test","name":"k","value":"v","expirationDate":1e300}]' >late.json
	echo '[{"domain":"a.test","name":"k","value":"v","secure":"false","hostOnly":null,"path":7,"expires":"never"}]' >odd.json
	for file in bom bom.json late.json odd.json; do
		forget
		fetch -b "${file/./-}" --cookie "$file" http://a.test/bytes/5/1
		assert_equal "$file $(sent Cookie)" "$file k=v"
	done
	forget
	printf 'a.test\tFALSE\t/\tFALSE\t0\ta\t1\n\0\na.test\tFALSE\t/\tFALSE\t0\tb\t2\n' >nul
	run -2 --separate-stderr bi-fetch -q -x "$FAULTY" --cookie nul http://a.test/bytes/5/1
	[[ $stderr == *"'nul', line 2: there is a NUL"* ]] || fail "$stderr"
	assert_equal "$(sent Host)" ''
}
