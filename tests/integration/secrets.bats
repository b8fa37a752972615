#!/usr/bin/env bats
# Names and passwords of URLs, and to which hosts headers, cookies and they are sent.

load helpers

# setup: FAULTY notes the requests in $heads; WORD is what it wants of user:hunter2.
setup() {
	bi_setup
	faulty_start
	heads=${ORIGIN_LOGS[-1]}.heads
	: >"$heads"
	host=${FAULTY#http://}
	port=${host#*:}
	WORD=$(printf user:hunter2 | base64)
}

# with USERINFO PATH: its URL on FAULTY.
with() {
	echo "http://$1@$host/$2"
}

# sent PATH: the headers that came with the last request of this path, in lower case.
sent() {
	tr -d '\r' <"$heads" | awk -v path="$1" '/^GET / {on = $2 == path; if (on) text = ""} on {text = text $0 "\n"}
		END {printf "%s", tolower(text)}'
}

# untold TEXT: nothing below the root has it.
untold() {
	run ! grep -rl -- "$1" "$BI_ROOT"
}

# unsaid: what the last run said does not have the password.
unsaid() {
	[[ $output${stderr-} != *hunter2* ]] || fail "$output${stderr-}"
}

secrets() {
	tr -d ' \n' <"$BI_ROOT/batches/${1:-default}/secrets"
}

code() {
	jq -r '.error.code // empty' <<<"$output"
}

message() {
	jq -r '.error.message // empty' <<<"$output"
}

@test "the password of a URL is for its server alone: no record, page, export or archive has it" {
	run -0 --separate-stderr bi-fetch -b t "$(with user:hunter2 "auth/$WORD/jpeg/bytes/2000/a.jpg")"
	assert_equal "$(jq -c 'select(.item) | [.url, .userinfo]' <<<"$output")" "[\"$FAULTY/auth/$WORD/jpeg/bytes/2000/a.jpg\",true]"
	unsaid
	[ ! -e "$BI_ROOT/batches/t/secrets" ]
	bi-render t >/dev/null
	bi-status --items --json t >status
	bi-collect --all -o x.tar t >/dev/null
	bi-clean -y --archive t.tar batch t >/dev/null
	run ! grep -l hunter2 status x.tar t.tar
	untold hunter2
}

@test 'a password is kept in a file that only its owner can read until the item is completed' {
	local b=$BI_ROOT/batches/default

	umask 0
	run -1 --separate-stderr bi-fetch --tries 1 "$(with user:hunter2 "flaky/1/auth/$WORD/bytes/20/a")" \
		"$(with user:hunter2 "flaky/2/auth/$WORD/bytes/20/b")" "$FAULTY/bytes/20/c"
	assert_equal "$(stat -c %a "$b/secrets")" 600
	assert_equal "$(jq -c '[.item, .userinfo]' "$b/secrets")" $'[1,"user:hunter2"]\n[2,"user:hunter2"]'
	assert_equal "$(grep -rl hunter2 "$BI_ROOT")" "$b/secrets"
	# Another process goes on.
	run -1 --separate-stderr bi-fetch --resume --tries 1
	assert_equal "$(jq -c '[.item, .userinfo]' <<<"$(secrets)")" '[2,"user:hunter2"]'
	run -0 bi-fetch --resume
	[ ! -e "$b/secrets" ]
	untold hunter2
}

@test "a secret is on the disk, with its name, before its item is added" {
	local line

	run -1 strace -f -y -e trace=pwrite64,fdatasync,fsync -o trace bi-fetch --tries 1 "$(with user:hunter2 status/404/a)"
	line=$(grep -n 'pwrite64(.*/items.ndjson>, "{' trace | head -n 1 | cut -d: -f1)
	head -n "$line" trace >before
	sed -n '/pwrite64(.*secrets>/,$p' before | grep -q 'fdatasync(.*/batches/default/secrets>) *= 0'
	sed -n '/pwrite64(.*secrets>/,$p' before | grep -q 'fsync(.*/batches/default>) *= 0'
}

@test "an archive of a batch has no secrets" {
	run -1 bi-fetch -b t --tries 1 "$(with user:hunter2 status/404/a)"
	secrets t | grep -q hunter2
	bi-clean -y --archive t.tar batch t
	tar -tf t.tar | grep -x t/items.ndjson
	run ! grep -E 'hunter2|secrets' t.tar <(tar -tf t.tar)
	untold hunter2
}

@test "the same URL with another password is the same item, with that password" {
	local path=auth/$WORD/bytes/20/a

	run -1 --separate-stderr bi-fetch "$(with user:wrong "$path")"
	assert_equal "$(code)" http_401
	assert_regex "$(message)" 'does not take the name and password'
	run -0 --separate-stderr bi-fetch --retry status=401 "$(with user:hunter2 "$path")"
	assert_equal "$(jq -s 'map(.item // empty)' <<<"$output" | jq -c .)" '[1]'
	[ ! -e "$BI_ROOT/batches/default/secrets" ]
	# And without one, once it is there.
	run -0 --separate-stderr bi-fetch "$FAULTY/$path" "$(with user:third "$path")"
	assert_equal "$(jq -s 'map(.item // empty)' <<<"$output" | jq -c .)" '[1,1]'
	[ ! -e "$BI_ROOT/batches/default/secrets" ]
}

# ask_again FORMAT: asks for items without secrets, and soon after each for one that has failed: FORMAT with its number.
ask_again() {
	local i

	for i in 1 2 3; do
		echo "$FAULTY/bytes/20/$i"
		sleep 0.02
		# shellcheck disable=SC2059 # that is what it is for
		printf "$1\n" "$i"
		sleep 0.1
	done | bi-fetch -b t --retry failed
}

@test "an item that was asked for without a secret gets the one that comes while others have none" {
	local path=auth/$WORD/bytes/20/a format

	for format in "$(with user:hunter2 "$path")%d" \
		"{\"url\":\"$FAULTY/$path%d\",\"headers\":{\"Authorization\":\"Basic $WORD\"}}"; do
		run -1 bi-fetch -b t "$FAULTY/$path"{1,2,3}
		run -0 --separate-stderr ask_again "$format"
		bi-clean -y batch t
	done
}

@test "names and passwords are percent-decoded, and an '@' in them need not be encoded" {
	local word

	word=$(printf 'a@b:c:d/é' | base64)
	run -0 bi-fetch "$(with 'a%40b:c%3ad%2f%C3%A9' "auth/${word//\//%2f}/bytes/20/a")" \
		"$(with 'a@b:c:d%2fé' "auth/${word//\//%2f}/bytes/20/b")" "$(with :hunter2 "auth/$(printf :hunter2 | base64)/bytes/20/c")"
	# One with a slash in it is no URL, and is not shown as one.
	run -1 --separate-stderr bi-fetch 'http://me:hunter2/x@example.org/'
	assert_equal "$(code)" bad_url
	assert_regex "$(message)" '%2F'
	untold hunter2
}

@test "a password that is lost is missed aloud" {
	local path=auth/$WORD/bytes/20/a

	run -1 bi-fetch --tries 1 "$(with user:hunter2 "status/503/$path")"
	rm "$BI_ROOT/batches/default/secrets"
	sed -i 's:/status/503::' "$BI_ROOT/batches/default/items.ndjson"
	run -1 --separate-stderr bi-fetch --resume
	assert_equal "$(code)" http_401
	assert_regex "$(message)" 'are not in the batch any more'
	# What cannot be read is not lost: nothing is asked.
	mkdir "$BI_ROOT/batches/default/secrets"
	run -71 --separate-stderr bi-fetch --resume --retry failed
	assert_regex "$stderr" 'secrets'
	assert_equal "$(origin_hits "^/$path")" 1
}

@test "a killed adder's secrets are for no other item" {
	local b=$BI_ROOT/batches/default

	run -0 bi-fetch "$FAULTY/bytes/20/a"
	printf '{"item":2,"key":"%032d","userinfo":"user:hunter2"}\n' 7 >"$b/secrets"
	run -0 bi-fetch "$FAULTY/echo/b"
	run ! grep -q '^authorization' <(sent /echo/b)
	[ ! -e "$b/secrets" ]
}

@test "a batch of an earlier version goes on, and is shown without" {
	local b=$BI_ROOT/batches/default url key

	url=$(with user:hunter2 "auth/$WORD/bytes/20/a.txt")
	key=$(printf 'url\0\0%s' "$url" | sha256sum | cut -c1-32)
	mkdir -p "$b"
	printf '{"bi":{"n":1,"key":"%s","id":"i1","idx":1},"url":"%s"}\n' "$key" "$url" >"$b/items.ndjson"
	printf '{"item":1,"status":"failed","error":{"code":"http_503","message":"%s","retryable":true},"url":"%s"}\n' \
		"$url" "$url" >"$b/results.ndjson"
	printf f >"$b/state"
	run -0 --separate-stderr bi-status --items --json default
	unsaid
	# The same list, which is known without it now.
	run -0 --separate-stderr bi-fetch <<<"$url"
	assert_equal "$(jq -c 'select(.item) | [.item, .url]' <<<"$output")" "[1,\"${url/user:hunter2@/}\"]"
	assert_equal "$(wc -l <"$b/items.ndjson")" 1
	[ ! -e "$b/secrets" ]
	bi-render >/dev/null default
	bi-collect --all -o x.tar default >/dev/null
	run ! grep -l hunter2 x.tar
	run ! grep -rl hunter2 "$BI_ROOT/review" "$BI_ROOT/collected"
}

@test "other members of a record are kept without it, and so are bad lines and messages" {
	jq -cn --arg u "$FAULTY/bytes/20/a" '{url: $u, page: "https://user:hunter2@example.org/p", credit: "<a href=\"http://user:hunter2@x/\">x</a>"}' >in
	printf '%s\n' '{"url":"http://user:hunter2@h/","subject":{"id":"/"}}' '{"url":"http://user:hunter2@h/"' 'http://user:hunter2@h h/' >>in
	run -1 --separate-stderr bi-fetch <in
	assert_equal "$(jq -r 'select(.page).page' <<<"$output")" https://example.org/p
	unsaid
	rm "$BI_ROOT/batches/default/secrets"
	untold hunter2
	run -2 --separate-stderr bi-fetch -x http://user:hunter2@ "$FAULTY/bytes/20/a"
	unsaid
	run -2 --separate-stderr bi-fetch -x user:hunter2@h "$FAULTY/bytes/20/a"
	unsaid
	run ! --separate-stderr bi-source --contact a@example.org --set api=ftp://user:hunter2@ T 1 0 </dev/null
	unsaid
}

@test "after a redirect: the password to the same host, to no other, and none that a server names" {
	run -0 --separate-stderr bi-fetch "$(with user:hunter2 redirect/1/echo/a)" \
		"$(with user:hunter2 "to/302/http:%2f%2flocalhost:$port%2fecho%2fb")" \
		"$(with user:hunter2 "to/302/http:%2f%2fspy:third@$host%2fecho%2fc")"
	sent /echo/a | grep -x "authorization: basic ${WORD,,}"
	run ! grep -q '^authorization' <(sent /echo/b)
	sent /echo/c | grep -x "authorization: basic ${WORD,,}"
	run ! grep -E 'hunter2|third' <<<"$output"
	# There and back again.
	bi-fetch >/dev/null -H 'X-Key: k' "$(with user:hunter2 "to/302/http:%2f%2flocalhost:$port%2fto%2f302%2fhttp:%252f%252f$host%252fecho%252fd")"
	assert_equal "$(sent /echo/d | grep -c '^get')" 1
	run ! grep -E '^(authorization|x-key)' <(sent /echo/d)
	# On and on, on the other host.
	bi-fetch >/dev/null -H 'X-Key: k' "$(with user:hunter2 "to/302/http:%2f%2flocalhost:$port%2fredirect%2f2%2fecho%2ff")"
	assert_equal "$(sent /echo/f | grep -c '^get')" 1
	run ! grep -E '^(authorization|x-key)' <(sent /echo/f)
	run -1 --separate-stderr bi-fetch "$(with user:hunter2 "to/302/http:%2f%2flocalhost:$port%2fauth%2f$WORD%2fbytes%2f20%2fe")"
	assert_regex "$(message)" 'not sent on to another host'
}

@test "headers and cookies: to the hosts of the list, to none that a redirect or a page leads to" {
	local other=$FAULTY name
	local -a secret=(-H 'authorization: a' -H 'PRIVATE-TOKEN: b' -H 'x-ApI-kEy: c' --cookie 'd=e' -H 'ACCEPT: text/x')

	bi-fetch >/dev/null "${secret[@]}" "$FAULTY/redirect/1/echo/a" "http://localhost:$port/echo/b" \
		"$FAULTY/to/302/http:%2f%2flocalhost:$port%2fecho%2fc"
	for name in a b; do
		for header in authorization private-token x-api-key cookie accept; do
			sent "/echo/$name" | grep -q "^$header: " || fail "$header to $name"
		done
	done
	assert_equal "$(sent /echo/c | grep -cE '^(authorization|private-token|x-api-key|cookie):')" 0
	sent /echo/c | grep -x 'accept: text/x'
	# Another port is another host.
	faulty_start
	bi-fetch >/dev/null "${secret[@]}" "$other/to/302/${FAULTY//\//%2f}%2fecho%2fd"
	heads=${ORIGIN_LOGS[-1]}.heads
	: >"$heads"
	bi-fetch >/dev/null "${secret[@]}" "$other/to/307/${FAULTY//\//%2f}%2fecho%2fe"
	assert_equal "$(sent /echo/e | grep -c '^get')" 1
	assert_equal "$(sent /echo/e | grep -cE '^(authorization|private-token|x-api-key|cookie):')" 0
	run -2 bi-fetch -H $'Accept: a\r\nAuthorization: b' "$FAULTY/echo/f"
}

@test "a file of cookies that names no host is refused, since its cookies would be sent to every one" {
	printf 'Set-Cookie: key=k; Path=/\n' >cookies
	run -2 --separate-stderr bi-fetch --cookie cookies "$FAULTY/echo/a"
	assert_regex "$stderr" 'names no host'
	assert_equal "$(origin_hits .)" 0
	printf 'Set-Cookie: key=k; Path=/; Domain=127.0.0.1\n' >cookies
	bi-fetch --cookie cookies >/dev/null "$FAULTY/to/302/http:%2f%2flocalhost:$port%2fecho%2fb" "$FAULTY/echo/c"
	run ! grep -q '^cookie' <(sent /echo/b)
	sent /echo/c | grep -x 'cookie: key=k'
}

@test "passwords with characters that no URL has, in every key, and URLs without a scheme" {
	local password

	for password in 'a"hunter2' 'a\hunter2' $'hunter2\\' 'a b hunter2' 'a<hunter2' 'a/hunter2' 'a?hunter2' 'a#hunter2' $'a\thunter2' \
		'é@hunter2'; do
		jq -nc --arg p "$password" --arg u "${FAULTY#http://}" \
			'{url: "http://me:\($p)@\($u)/status/404/\($p | length)", page: "http://me:\($p)@h/", subject: {id: 1, name: "http://me:\($p)@h/"}},
			{url: "me:\($p)@h/"}, {media: "//me:\($p)@h/"}'
		# Not JSON, with slashes as they are and as some write them.
		printf '%s\n' "{\"url\":\"http://me:$password@h/\"" "{\"url\":\"http:\\/\\/me:$password@h/\""
	done >in
	run -1 --separate-stderr bi-fetch -b b --tries 1 <in
	unsaid
	assert_equal "$(jq -r 'select(.item) | .error.code' <<<"$output" | sort | uniq -c | xargs)" \
		"20 bad_json 23 bad_url 7 http_404"
	run -0 bi-render b
	run bi-collect -a -o b.zip b
	run ! grep -rl hunter2 --exclude=secrets "$BI_ROOT" b.zip
}

@test "a cookie of a file names its host in an attribute, not in its name or value" {
	local cookie

	for cookie in 'subdomain=s; Path=/' 'domain=127.0.0.1' 'a=domain=x; Path=/domain=x' 'a=b; Domain=' 'a=b; domain = . ; Path=/' \
		'a=b; xDomain=127.0.0.1'; do
		printf 'Set-Cookie: %s\n' "$cookie" >cookies
		run -2 --separate-stderr bi-fetch --cookie cookies "$FAULTY/echo/a"
		[[ $stderr == *'names no host'* ]]
		run -2 --separate-stderr bi-fetch --cookie-jar cookies "$FAULTY/echo/a"
	done
	printf 'Set-Cookie: a=b; Path=/; dOmain = .127.0.0.1\r\n' >cookies
	run -0 bi-fetch --cookie cookies "$FAULTY/echo/b"
	assert_equal "$(sent /echo/a)" ''
}

@test "files of secrets that cannot be read or written are errors, before anything is asked for" {
	local option

	need_refusals
	mkdir dir closed
	: >closed/file
	chmod 0 closed/file
	chmod a-w closed
	for option in --cookie --netrc-file --cacert; do
		run -66 --separate-stderr "${AS[@]}" bi-fetch "$option" nosuch "$FAULTY/echo/a"
		[[ $stderr == "bi-fetch: cannot read the "*" in 'nosuch': No such file or directory" ]]
		run -77 "${AS[@]}" bi-fetch "$option" closed/file "$FAULTY/echo/a"
		run -66 "${AS[@]}" bi-fetch "$option" dir "$FAULTY/echo/a"
	done
	run -66 "${AS[@]}" bi-fetch --cookie-jar dir "$FAULTY/echo/a"
	run -77 "${AS[@]}" bi-fetch --cookie-jar closed/file "$FAULTY/echo/a"
	run -73 --separate-stderr "${AS[@]}" bi-fetch --cookie-jar closed/new "$FAULTY/echo/a"
	[[ $stderr == "bi-fetch: cannot keep cookies in 'closed/new', whose directory must be writable: Permission denied" ]]
	run -73 "${AS[@]}" bi-fetch --cookie-jar nosuch/new "$FAULTY/echo/a"
	assert_equal "$(sent /echo/a)" ''
	chmod u+w closed
}

@test "media of a page: its password and headers go to its own host; robots.txt gets none" {
	printf '<img src="/echo/own.txt"><img src="http://localhost:%s/echo/other.txt"><img src="http://spy:third@%s/echo/named.txt">' \
		"$port" "$host" >page.html
	jq -cn --arg u "$(with user:hunter2 "auth/$WORD/file/${PWD//\//%2f}%2fpage.html")" '{media: $u}' >in
	echo 'machine localhost login me password secret' >rc
	bi-fetch -H 'X-Key: k' --netrc-file rc <in >out
	assert_equal "$(jq -rs 'map(select(.status == "completed")) | length' out)" 4
	sent /echo/own.txt | grep -x "authorization: basic ${WORD,,}"
	sent /echo/own.txt | grep -x 'x-key: k'
	sent /echo/named.txt | grep -x "authorization: basic ${WORD,,}"
	assert_equal "$(sent /echo/other.txt | grep -cE '^(authorization|x-key):')" 0
	assert_equal "$(sent /robots.txt | grep -c '^get')" 1
	assert_equal "$(sent /robots.txt | grep -cE '^(authorization|x-key):')" 0
	run ! grep -E 'hunter2|third' out "$BI_ROOT/batches/default/items.ndjson" "$BI_ROOT/batches/default/results.ndjson"
	[ ! -e "$BI_ROOT/batches/default/secrets" ]
	# A page that a redirect leads to another host has nothing for what it shows there.
	printf '<img src="/echo/there.txt">' >page.html
	jq -cn --arg u "$FAULTY/to/302/http:%2f%2flocalhost:$port%2ffile%2f${PWD//\//%252f}%252fpage.html" '{media: $u}' >in
	bi-fetch -b second -H 'X-Key: k' <in >out
	assert_equal "$(sent /echo/there.txt | grep -c '^get')" 1
	assert_equal "$(sent /echo/there.txt | grep -c '^x-key:')" 0
}

@test "a worker's headers are not for what strangers hand in" {
	handin() { "$BI_BUILD/tests/handin" "$@"; }
	echo "127.0.0.1:$port private=allow" >"$BATS_TEST_TMPDIR/hosts.conf"
	export BI_HOSTS_CONF=$BATS_TEST_TMPDIR/hosts.conf
	bi-fetch -q --queue -b own "$FAULTY/echo/own"
	handin -p strange "$FAULTY/echo/strange"
	printf 'machine 127.0.0.1 login me password secret\n' >rc
	bi-fetch --work --once -H 'X-Key: k' --netrc-file rc
	sent /echo/own | grep -x 'x-key: k'
	sent /echo/own | grep -q ^authorization
	assert_equal "$(sent /echo/strange | grep -c '^get')" 1
	assert_equal "$(sent /echo/strange | grep -cE '^(x-key|authorization):')" 0
}

@test "a worker's cookies are not for what strangers hand in, and theirs are not kept: nor those of robots.txt" {
	local what got

	printf '<img src="/echo/shown.txt">' >page.html
	echo "127.0.0.1:$port private=allow" >"$BATS_TEST_TMPDIR/hosts.conf"
	export BI_HOSTS_CONF=$BATS_TEST_TMPDIR/hosts.conf
	echo '/header/Set-Cookie%3A%20theirs=t;%20Path=%2f;%20Max-Age=1000/bytes/20/r' >"${ORIGIN_LOGS[-1]}.robots"
	for what in -p ''; do
		: >"$heads"
		printf 'Set-Cookie: key=k; Path=/; Domain=127.0.0.1\n' >jar
		"$BI_BUILD/tests/handin" $what "batch$what" "media:$FAULTY/file/${PWD//\//%2f}%2fpage.html"
		run -0 bi-fetch --work --once --cookie-jar jar
		assert_equal "$(sent /robots.txt | grep -c '^get')" 1
		assert_equal "$(sent /echo/shown.txt | grep -c '^get')" 1
		got="$(sent /robots.txt | grep -c '^cookie: key=k') $(sent /echo/shown.txt | grep -c '^cookie: .*key=k') $(grep -c theirs jar)" || :
		if [ "$what" ]; then
			assert_equal "$got" '0 0 0'
		else
			assert_equal "$got" '1 1 1'
		fi
	done
}

@test "the jar has the cookies of the own batches alone, and these stay, whatever strangers hand in" {
	local path='header/Set-Cookie%3A%20'

	echo '* private=allow' >"$BATS_TEST_TMPDIR/hosts.conf"
	export BI_HOSTS_CONF=$BATS_TEST_TMPDIR/hosts.conf http_proxy=$FAULTY
	bi-fetch -q --queue -b own "http://own.test/${path}mine=m;%20Path=%2f;%20Max-Age=1000/bytes/20/a" >/dev/null
	bi-fetch -q --queue -b strange --public-only \
		"$FAULTY/${path}theirs=t;%20Path=%2f;%20Max-Age=1000/to/302/%2fecho%2fb" "$FAULTY/echo/c" >/dev/null
	run -0 bi-fetch --work --once --cookie-jar jar
	assert_equal "$(grep -c mine jar) $(grep -c theirs jar) $(stat -c %a jar)" '1 0 600'
	# Those of a redirect are sent to where it leads, and to no item besides.
	assert_equal "$(sent /echo/b | grep -c '^cookie: theirs=t') $(sent /echo/c | grep -c '^cookie')" '1 0'
	# A run for strangers alone leaves it as it is, and its mode is what the user makes it.
	chmod 640 jar
	bi-fetch -q --queue -b more --public-only "$FAULTY/${path}theirs=t;%20Path=%2f;%20Max-Age=1000/to/302/%2fecho%2fd" >/dev/null
	run -0 bi-fetch --work --once --cookie-jar jar
	assert_equal "$(grep -c mine jar) $(grep -c theirs jar) $(stat -c %a jar)" '1 0 640'
}
