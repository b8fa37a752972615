#!/usr/bin/env bats
# bi-serve: a port for each batch, a server that lives and dies with its supervisor, and nothing else served.
load helpers

# pages BATCH...: review pages, as bi-render would have left them, and what bi-serve reads of the batch.
pages() {
	local batch

	for batch; do
		mkdir -p "$BI_ROOT/review/$batch" "$BI_ROOT/batches/$batch"
		echo "<!doctype html><title>$batch</title>" >"$BI_ROOT/review/$batch/index.html"
		printf '{"name":"%s","category":"M","label":"Batch 1 (chars 1-5)"}\n' "$batch" \
			>"$BI_ROOT/batches/$batch/batch.json"
	done
}

# ports COUNT: sets FIRST and LAST to ports that nobody listens on.
ports() {
	local port free=

	while [ -z "$free" ]; do
		FIRST=$((12000 + RANDOM % 7000))
		LAST=$((FIRST + $1 - 1))
		free=yes
		for ((port = FIRST; port <= LAST; port++)); do
			! grep -qi "$(printf ':%04X .* 0A ' "$port")" /proc/net/tcp /proc/net/tcp6 || free=
		done
	done
}

# serve BATCH...: starts servers on FIRST-LAST. Sets PORT, KEEPER and URL of the first.
serve() {
	run -0 --separate-stderr bi-serve -p "$FIRST-$LAST" "$@"
	PORT=$(jq -r 'select(.port).port' <<<"$output" | head -n 1)
	KEEPER=$(jq -r 'select(.port).pid' <<<"$output" | head -n 1)
	URL=http://localhost:$PORT
}

# children_of KEEPER NAME: its children of that name.
children_of() {
	local child

	for child in $(<"/proc/$1/task/$1/children"); do
		[ "$(<"/proc/$child/comm")" != "$2" ] || echo "$child"
	done
}

# The lighttpd of a supervisor.
lighttpd_of() {
	children_of "$1" lighttpd
}

# status PATH [CURL OPTION...]: the status that the server answers with.
status() {
	local path=$1

	shift
	curl -s -o /dev/null -w '%{http_code}' --path-as-is --max-time 60 "$@" "http://127.0.0.1:$PORT$path"
}

# with_cgi SCRIPT: the configuration of bi-serve, and review/cgi/go.cgi run by sh besides.
with_cgi() {
	mkdir -p share "$BI_ROOT/review/cgi"
	cp -R "$BI_SHARE/serve" share/
	printf 'server.modules += ("mod_cgi")\ncgi.assign = (".cgi" => "/bin/sh")\n' >>share/serve/lighttpd.conf
	export BI_SHARE=$PWD/share
	cat >"$BI_ROOT/review/cgi/go.cgi"
}

@test 'one batch gets a record, pages, a lease and an end record' {
	pages A
	ports 3
	serve A
	assert_equal "$(command jq -c 'select(.port) | del(.pid)' <<<"${lines[0]}")" \
		"{\"port\":$FIRST,\"batch\":\"A\",\"category\":\"M\",\"label\":\"Batch 1 (chars 1-5)\",\"url\":\"http://localhost:$FIRST/A/index.html#token=$(<"$BI_ROOT/token")\",\"address\":\"127.0.0.1\"}"
	assert_equal "${lines[1]}" '{"end":"bi-serve","served":1,"failed":0,"exit":0}'
	run -0 curl -s "$(jq -r .url <<<"${lines[0]}")"
	assert_output '<!doctype html><title>A</title>'
	assert_equal "$(jq .pid <"$BI_ROOT/leases/$PORT")" "$KEEPER"
	[ -s "$BI_ROOT/leases/$PORT.log" ]
	assert_equal "$(ps -o sid= -p "$KEEPER" | tr -d ' ')" "$KEEPER"
}

@test 'several batches from operands, plain lines and review records get a port each' {
	pages A B C
	ports 5
	serve A B A
	assert_equal "$(jq -c 'select(.port) | [.port, .batch]' <<<"$output" | tr -d '\n')" "[$FIRST,\"A\"][$((FIRST + 1)),\"B\"]"
	run -0 bi-serve --another -p "$FIRST-$LAST" <<<'A'
	assert_output -p "\"port\":$((FIRST + 2)),"
	run -0 bi-serve --another -p "$FIRST-$LAST" <<<'{"batch":"B","review":"x"}
{"batch":"C","review":"x","subjects":1}
{"end":"bi-render","exit":0}'
	assert_equal "$(jq -c 'select(.port) | [.port, .batch]' <<<"$output" | tr -d '\n')" \
		"[$((FIRST + 3)),\"B\"][$((FIRST + 4)),\"C\"]"
	PORT=$((FIRST + 4))
	assert_equal "$(status /A/index.html)" 200 # each serves the whole review folder
}

@test "on a terminal it says where and how to stop it" {
	pages A
	ports 1
	run -0 on_terminal bi-serve -p "$FIRST" A
	assert_output -p "A is served at http://localhost:$FIRST/A/index.html"
	assert_output -p "bi-clean stop $FIRST"
	refute_output -p '{'
}

@test "a batch that is served already keeps its server, whatever ports are asked for" {
	pages A B
	ports 4
	serve A
	record=${lines[0]}
	run -0 --separate-stderr bi-serve -p "$FIRST-$LAST" A B
	assert_equal "${lines[0]}" "$record"
	assert_equal "$(jq -c 'select(.port) | [.port, .batch]' <<<"${lines[1]}")" "[$((FIRST + 1)),\"B\"]"
	assert_equal "${lines[2]}" '{"end":"bi-serve","served":2,"failed":0,"exit":0}'
	run -0 bi-serve -p "$LAST" --foreground A
	assert_line --index 0 "$record"
	run -0 on_terminal bi-serve A
	assert_output -p "A is served already at http://localhost:$FIRST/A/index.html"
	assert_equal "$(bi-clean list | grep -c '^Port ')" 2
	# At another address of the machine it is another.
	run -0 bi-serve -p "$FIRST-$LAST" --address 127.0.0.2 A
	assert_output -p '"address":"127.0.0.2"'
	assert_equal "$(bi-clean list | grep -c '^Port ')" 3
}

@test "many at once for one batch start one server" {
	local i

	pages A
	ports 8
	for i in {1..8}; do
		start bi-serve -p "$FIRST-$LAST" A >"out.$i"
	done
	for i in "${STARTED[@]}"; do
		wait "$i"
	done
	assert_equal "$(jq -r 'select(.port) | .port' out.* | sort | uniq -c | tr -s ' ')" " 8 $FIRST"
	assert_equal "$(bi-clean list | grep -c '^Port ')" 1
}

@test "a batch has its last port again, where that is free and asked for" {
	pages A B
	ports 4
	serve B A
	bi-clean stop-all >/dev/null
	serve A
	assert_equal "$PORT" $((FIRST + 1))
	# The port of another batch is taken last.
	run -0 bi-serve --another -p "$FIRST-$LAST" A
	assert_output -p "\"port\":$((FIRST + 2)),"
	run -0 bi-serve --another -p "$FIRST-$((LAST - 1))" A
	assert_output -p "\"port\":$FIRST,"
	run -0 bi-serve -p "$FIRST-$LAST" B
	assert_output -p "\"port\":$LAST," # its own is taken
	bi-clean stop-all >/dev/null
	serve A B
	assert_equal "$(jq -c 'select(.port) | [.port, .batch]' <<<"$output" | tr -d '\n')" "[$((FIRST + 1)),\"A\"][$LAST,\"B\"]"
	bi-clean stop-all >/dev/null
	run -0 bi-serve -p "$FIRST" A
	assert_output -p "\"port\":$FIRST,"
	bi-clean stop-all >/dev/null
	# What cannot be a port, or no file, is passed over or said.
	echo rubbish >"$BI_ROOT/leases/A.port"
	serve A
	assert_equal "$PORT" "$FIRST"
	bi-clean stop-all >/dev/null
	rm "$BI_ROOT/leases/A.port"
	ln -s "$PWD/elsewhere" "$BI_ROOT/leases/A.port"
	run -69 bi-serve -p "$FIRST-$LAST" A
	assert_output -p 'leases/A.port'
	[ ! -e elsewhere ]
}

@test "what did not come to 0 before us is not lost" {
	pages A
	ports 1
	run -1 --separate-stderr bi-serve -p "$FIRST" <<<'{"batch":"A","review":"x"}
{"end":"bi-render","batches":1,"exit":1}'
	assert_equal "$(jq -r 'select(.port).batch' <<<"$output")" A
	assert_line --index 1 '{"end":"bi-serve","served":1,"failed":0,"exit":1}'
}

@test "wrong use is said, and makes nothing" {
	pages A
	for args in "-p 0 A" "-p 70000 A" "-p 8020-8000 A" "-p 80x A" "-p -5 A" "-p 8000- A" "--address localhost A" \
		"--address 1.2.3 A" "--frob A" "a/b" ".." "--foreground A B" "--keep 1 A"; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr bi-serve $args
		assert_equal "$output" ""
		assert_regex "$stderr" '^bi-serve: '
	done
	run -1 bi-serve </dev/null
	assert_output -p 'no batch was named'
	refute_output -p '{'
	[ ! -e "$BI_ROOT/leases" ]
}

@test "a batch without pages: says to run bi-render; the others are served" {
	pages A
	ports 2
	run -66 --separate-stderr bi-serve nosuch
	assert_regex "$stderr" 'there is no batch nosuch .*bi-status'
	mkdir -p "$BI_ROOT/batches/bare"
	run -66 --separate-stderr bi-serve bare
	assert_regex "$stderr" 'no review pages of batch bare .*bi-render bare'
	[ ! -e "$BI_ROOT/leases" ]
	run -66 --separate-stderr bi-serve -p "$FIRST-$LAST" nosuch A
	assert_equal "$(jq -c 'select(.port).batch' <<<"$output")" '"A"'
	assert_equal "${lines[1]}" '{"end":"bi-serve","served":1,"failed":1,"exit":66}'
	mkdir elsewhere && echo secret >elsewhere/index.html
	ln -s "$PWD/elsewhere" "$BI_ROOT/review/link"
	run -66 bi-serve link
}

@test "a root that is not there is not made" {
	run -66 bi-serve A
	[ ! -e "$BI_ROOT" ]
}

@test "a stream that was cut, or lines that are no batches, start nothing" {
	pages A B
	ports 2
	run ! --separate-stderr bi-serve -p "$FIRST-$LAST" <<<'{"batch":"A","review":"x","subjects":1,"candidates":1}'
	assert_regex "$stderr" 'stop without their end record'
	assert_equal "$output" ""
	for line in '{"batch":' '{"end":1}' '{"name":"A"}' $'\xff' 'a b' '{"batch":"../A"}'; do
		run -2 --separate-stderr bi-serve -p "$FIRST-$LAST" <<<"A"$'\n'"$line"
		assert_equal "$output" ""
		assert_regex "$stderr" '^bi-serve: '
	done
	run -0 bi-clean list
	assert_output 'No active servers'
}

@test "only our names, and nothing outside, hidden or linked, is served" {
	pages A
	ports 1
	echo x >"$BI_ROOT/review/A/.hidden"
	echo x >"$BI_ROOT/secret"
	ln -s ../../secret "$BI_ROOT/review/A/link"
	serve A
	for host in localhost "localhost:$PORT" LOCALHOST:9000 127.0.0.1 '[::1]:80'; do
		assert_equal "$host $(status /A/index.html -H "Host: $host")" "$host 200"
	done
	for host in evil.example localhost.evil.example 127.0.0.1.evil.example 127.0.0x1 192.0.2.1; do
		assert_equal "$host $(status /A/index.html -H "Host: $host")" "$host 403"
	done
	assert_equal "$(status /A/index.html --http1.0 -H 'Host:')" 403
	assert_equal "$(status /A/)" 200
	assert_equal "$(curl -s "$URL/")" "$(<"$BI_SHARE/review/home.html")"
	assert_equal "$(status '/?x=1')" 200
	assert_equal "$(status /assets/home.js)" 200
	for path in /assets/ /assets/index.jq /assets/../serve/lighttpd.conf /assets/..%2fserve/lighttpd.conf /assets/.x /serve/; do
		refute [ "$path $(status "$path")" = "$path 200" ]
	done
	assert_equal "$(status / -H 'Host: evil.example')" 403
	assert_equal "$(status //)" 200
	assert_equal "$(status /A/.hidden)" 403
	assert_equal "$(status /A/link)" 403
	assert_equal "$(status /../secret)" 404
	assert_equal "$(status /A/..%2f..%2fsecret)" 404
	assert_equal "$(status /A/%2e%2e/%2e%2e/secret)" 404
	assert_equal "$(status /A/index.html -X POST -d x=1)" 403
}

@test "what is not there, or not shown, has a page that says so" {
	pages A
	ports 1
	serve A
	run -0 curl -si "$URL/B/index.html"
	assert_line --partial 'HTTP/1.1 404'
	assert_line --regexp '^Content-Type: text/html'
	assert_line --partial "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self';"
	assert_output --partial '<h1>Page not found</h1>'
	assert_output --partial 'bi-render NAME'
	# What it loads is there.
	assert_equal "$(status "$(grep -o '/assets/[a-z.]*' <<<"$output")")" 200
	run -0 curl -si "$URL/A/.hidden"
	assert_line --partial 'HTTP/1.1 403'
	assert_output --partial '<h1>Access denied</h1>'
	# In the API's words below its paths, and no page of ours under a stranger's name.
	run -0 curl -s "$URL/api/v2"
	assert_output --regexp '^\{"success":false,"error":"not_found"'
	run -0 curl -si "$URL/A/1_1.html"
	assert_line --partial 'HTTP/1.1 404'
	refute_output --partial 'Page not found'
}

@test 'headers let pages load from the server only, and candidates run nothing' {
	pages A
	ports 1
	echo '<script>alert(1)</script>' >"$BI_ROOT/review/A/1_1.html"
	echo '<svg/>' >"$BI_ROOT/review/A/1_2.svg"
	echo x >"$BI_ROOT/review/A/1_review.html"
	serve A
	run -0 curl -si "$URL/A/1_review.html"
	assert_line -p 'X-Content-Type-Options: nosniff'
	assert_line -p "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self';"
	assert_line -p "frame-ancestors 'none'"
	assert_line -p 'Referrer-Policy: no-referrer'
	assert_line -p 'Cross-Origin-Resource-Policy: same-origin'
	assert_line -p 'Content-Type: text/html'
	refute_line -p 'Server:'
	run -0 curl -si "$URL/A/1_1.html"
	assert_line -p 'Content-Type: text/plain'
	assert_line -p 'sandbox'
	run -0 curl -si "$URL/A/1_2.svg"
	assert_line -p 'Content-Type: image/svg+xml'
	assert_line -p 'sandbox'
	refute_output -p 'script-src'
}

@test 'browsers keep what has a version, and ask again for pages, for other files and for what is missing' {
	pages A
	ports 1
	echo x >"$BI_ROOT/review/A/1_review.html"
	touch "$BI_ROOT/review/A/"{subjects.json,1_1.jpg,review-0123abcd.css,review.css,turn-0123abcd.js}
	mkdir "$BI_ROOT/review/A/thumbs"
	touch "$BI_ROOT/review/A/thumbs/1_1.webp"
	serve A
	for name in review-0123abcd.css turn-0123abcd.js '1_1.jpg?v=0123abcd' 'thumbs/1_1.webp?v=0123abcd'; do
		run -0 curl -si "$URL/A/$name"
		assert_line -p 'HTTP/1.1 200'
		assert_line -p 'Cache-Control: max-age=31536000'
		assert_line -p 'Cache-Control: immutable'
		assert_line -p 'Content-Security-Policy: '
	done
	for name in 1_review.html '1_review.html?v=0123abcd' subjects.json review.css 1_1.jpg '1_1.jpg?v=1' thumbs/1_1.webp; do
		run -0 curl -si "$URL/A/$name"
		assert_line -p 'HTTP/1.1 200'
		assert_equal "$(grep -i '^cache-control' <<<"$output" | tr -d '\r')" 'Cache-Control: no-cache'
	done
	for name in review-0123abce.css '1_2.jpg?v=0123abcd' 'thumbs/1_2.webp?v=0123abcd'; do
		run -0 curl -si "$URL/A/$name"
		assert_line -p 'HTTP/1.1 404'
		refute_output -p 'max-age'
	done
	run -0 curl -si "$URL/"
	assert_line -p 'Cache-Control: no-cache'
}

@test 'pages are sent compressed where lighttpd can, and as they are where it or the browser cannot' {
	local line='<p>the same line, again and again</p>'

	ports 1
	pages one
	for _ in {1..500}; do echo "$line"; done >>"$BI_ROOT/review/one/index.html"
	echo '<p>fetched from elsewhere</p>' >"$BI_ROOT/review/one/7_1.html"
	serve one
	curl -s -o whole "$URL/one/index.html"
	cmp whole "$BI_ROOT/review/one/index.html"
	curl -s -D headers -o small -H 'Accept-Encoding: gzip' "$URL/one/index.html"
	assert_regex "$(<headers)" 'Content-Encoding: gzip'
	[ "$(stat -c %s small)" -lt "$(($(stat -c %s whole) / 10))" ]
	gzip -dc <small | cmp - whole
	curl -s -D headers -o /dev/null -H 'Accept-Encoding: gzip' "$URL/one/7_1.html"
	refute_regex "$(<headers)" 'Content-Encoding'
	curl -s -D headers -o /dev/null -H 'Accept-Encoding: gzip' "$URL/api/v1/status"
	refute_regex "$(<headers)" 'Content-Encoding'
	bi-clean stop-all

	need_namespaces --mount
	cp -a /usr/lib/lighttpd modules
	rm modules/mod_deflate.so
	in_mounts "mount --bind modules /usr/lib/lighttpd
		bi-serve -p $FIRST-$LAST one >record
		curl -s -D headers -o whole2 -H 'Accept-Encoding: gzip' $URL/one/index.html
		bi-clean stop-all"
	refute_regex "$(<headers)" 'Content-Encoding'
	cmp whole whole2
}

@test 'a root whose path has quotes, backslashes, dollars, spaces and links is served' {
	mkdir -p real
	ln -s real 'li"nk'
	export BI_ROOT=$PWD/'li"nk'/$'r"o\\o $t\'{}#'
	pages A
	ports 1
	serve A
	assert_equal "$(status /A/index.html)" 200
	bi-clean stop "$PORT"
}

@test "50 at once on 21 ports: 21 distinct ports, 29 exits of 75" {
	local pids=() i

	pages A
	ports 21
	for i in {1..50}; do
		bi-serve --another -p "$FIRST-$LAST" A >"out.$i" 2>"err.$i" 3>&- &
		pids+=($!)
	done
	for i in {1..50}; do
		status=0
		wait "${pids[i - 1]}" || status=$?
		echo "$status" >>codes
		[ "$status" = 0 ] || grep -qE "port $FIRST: (A, http|a server that is starting)" "err.$i"
	done
	assert_equal "$(sort codes | uniq -c | tr -s ' \n' ' ')" ' 21 0 29 75 '
	assert_equal "$(jq 'select(.port).port' out.* | sort -n | uniq | wc -l)" 21
	assert_equal "$(bi-clean list | grep -c '^Port ')" 21
	run -75 bi-serve --another -p "$FIRST-$LAST" A
	assert_output -p "port $FIRST: A, http://localhost:$FIRST/A/index.html"
	assert_output -p 'bi-clean stop PORT'
	run -0 bi-clean stop-all
	assert_equal "${#lines[@]}" 21
	run -0 bi-clean list
	assert_output 'No active servers'
}

@test "ports of other programs are passed over, and said when none is left" {
	pages A
	ports 3
	mkdir www
	for port in "$FIRST" "$((FIRST + 1))"; do
		echo "server.document-root = \"$PWD/www\" server.bind = \"127.0.0.1\" server.port = $port" >"$port.conf"
		start lighttpd -D -f "$port.conf" 2>/dev/null
		poll 10 curl -s -o /dev/null "http://127.0.0.1:$port/"
	done
	serve A
	assert_equal "$PORT" "$LAST"
	run -75 --separate-stderr bi-serve --another -p "$FIRST-$LAST" A
	assert_regex "$stderr" "port $LAST: A, http://localhost:$LAST/A/index.html"
	assert_regex "$stderr" "not servers of this root: $FIRST-$((LAST - 1))"
	assert_equal "$output" '{"end":"bi-serve","served":0,"failed":1,"exit":75}'
	run -75 --separate-stderr bi-serve --another -p "$FIRST" A
	refute [ "$(grep -c 'bi-clean stop' <<<"$stderr")" != 0 ]
}

@test "the supervisor killed with -9 takes lighttpd along, and the port is free at once, though a CGI goes on" {
	pages A
	ports 1
	with_cgi <<<'echo $$ >pid; printf "Content-Type: text/plain\r\n\r\n"; exec sleep 60'
	serve A
	lighttpd=$(lighttpd_of "$KEEPER")
	start curl -s --max-time 60 -o /dev/null "$URL/cgi/go.cgi"
	poll 10 test -s "$BI_ROOT/review/cgi/pid"
	cgi=$(<"$BI_ROOT/review/cgi/pid")
	kill -KILL "$KEEPER"
	poll 10 gone "$KEEPER"
	run -0 --separate-stderr bi-serve -p "$FIRST" A
	assert_equal "$(jq -r 'select(.port).port' <<<"$output")" "$PORT"
	poll 10 gone "$lighttpd"
	run ! gone "$cgi"
	assert_equal "$(status /A/index.html)" 200
	kill -KILL "$cgi"
}

@test "lighttpd killed with -9 ends the supervisor, and the port is free at once, though a CGI goes on" {
	pages A
	ports 1
	with_cgi <<<'echo $$ >pid; printf "Content-Type: text/plain\r\n\r\n"; exec sleep 60'
	serve A
	start curl -s --max-time 60 -o /dev/null "$URL/cgi/go.cgi"
	poll 10 test -s "$BI_ROOT/review/cgi/pid"
	cgi=$(<"$BI_ROOT/review/cgi/pid")
	kill -KILL "$(lighttpd_of "$KEEPER")"
	poll 10 gone "$KEEPER"
	run -0 bi-clean list
	assert_output 'No active servers'
	grep -q 'lighttpd .* ended unexpectedly (137)' "$BI_ROOT/leases/$PORT.log"
	run -0 --separate-stderr bi-serve -p "$FIRST" A
	assert_equal "$(jq -r 'select(.port).port' <<<"$output")" "$PORT"
	run ! gone "$cgi"
	kill -KILL "$cgi"
}

@test "stopping lets a request finish" {
	pages A
	ports 1
	with_cgi <<<'echo $$ >pid; printf "Content-Type: text/plain\r\n\r\n"; read -r line <../go; echo whole'
	mkfifo "$BI_ROOT/review/go"
	serve A
	start curl -s --max-time 60 "$URL/cgi/go.cgi" >answer
	curl=$!
	poll 10 test -s "$BI_ROOT/review/cgi/pid"
	start bi-clean stop "$PORT"
	poll 10 grep -q 'graceful shutdown' "$BI_ROOT/leases/$PORT.log"
	echo >"$BI_ROOT/review/go"
	poll 10 gone "$curl"
	poll 10 gone "$KEEPER"
	assert_equal "$(<answer)" whole
}

@test 'the log of a server begins anew when it is too long' {
	pages A
	ports 1
	with_cgi <<<'printf "Content-Type: text/plain\r\n\r\n"; head -c 3000000 /dev/zero | tr "\0" x >&2; echo done'
	serve A
	run -0 curl -s --max-time 60 "$URL/cgi/go.cgi"
	assert_output 'done'
	[ "$(stat -c %s "$BI_ROOT/leases/$PORT.log")" -le 1048576 ]
}

@test "a lighttpd that is missing, or does not start, is said, and leaves nothing" {
	pages A
	ports 1
	BI_LIGHTTPD=$PWD/nosuch run -69 --separate-stderr bi-serve -p "$FIRST" A
	assert_regex "$stderr" 'lighttpd.*apt-get install lighttpd.*No such file'
	printf '#!/bin/sh\necho "out of order" >&2\nexit 3\n' >broken
	chmod +x broken
	BI_LIGHTTPD=$PWD/broken run -69 --separate-stderr bi-serve -p "$FIRST" A
	assert_regex "$stderr" 'lighttpd ended \(3\).*out of order'
	mkdir old
	cat >old/lighttpd <<-'END'
		#!/bin/sh
		[ "$1" != -v ] || { echo 'lighttpd/1.4.53 (ssl) - a light and fast webserver'; exit 0; }
		echo 'unknown config-key' >&2
		exit 255
	END
	chmod +x old/lighttpd
	PATH=$PWD/old:$PATH run -69 --separate-stderr bi-serve -p "$FIRST" A
	assert_regex "$stderr" 'lighttpd/1.4.53 is too old .*BI_LIGHTTPD=/usr/sbin/lighttpd.*unknown config-key'
	sed -i 's/1\.4\.53/1.4.69/' old/lighttpd
	PATH=$PWD/old:$PATH run -69 --separate-stderr bi-serve -p "$FIRST" A
	assert_regex "$stderr" 'lighttpd ended \(255\).*unknown config-key'
	mkdir -p share/serve
	echo 'server.port = "nonsense' >share/serve/lighttpd.conf
	BI_SHARE=$PWD/share run -69 --separate-stderr bi-serve -p "$FIRST" A
	assert_regex "$stderr" 'lighttpd ended'
	mkdir nothing
	BI_SHARE=$PWD/nothing run -69 --separate-stderr bi-serve -p "$FIRST" A
	assert_regex "$stderr" 'cannot find .*/serve/lighttpd.conf'
	run -0 bi-clean list
	assert_output 'No active servers'
	serve A
	assert_equal "$PORT" "$FIRST"
}

@test "bi-serve killed while it waits: its supervisor ends too" {
	pages A
	ports 1
	mkfifo go
	printf '#!/bin/sh\necho $PPID >%s/supervisor\nread -r line <%s/go\nexec /usr/sbin/lighttpd "$@"\n' "$PWD" "$PWD" >slow
	chmod +x slow
	BI_LIGHTTPD=$PWD/slow start bi-serve -p "$FIRST" A >/dev/null
	bi_serve=$!
	poll 10 test -s supervisor
	run -0 bi-clean --json list
	assert_line -p '"starting":true'
	kill -KILL "$bi_serve"
	poll 10 gone "$bi_serve"
	echo >go
	poll 10 gone "$(<supervisor)"
	run -0 bi-clean list
	assert_output 'No active servers'
}

@test "a supervisor killed before it is ready: said, nothing left" {
	pages A
	ports 1
	printf '#!/bin/sh\nkill -KILL $PPID\nexec sleep 60\n' >deadly
	chmod +x deadly
	BI_LIGHTTPD=$PWD/deadly run -69 --separate-stderr bi-serve -p "$FIRST" A
	assert_regex "$stderr" 'ended by signal 9'
	serve A
	assert_equal "$PORT" "$FIRST"
}

@test "--foreground stays, and ends its server when it ends" {
	pages A
	ports 1
	start bi-serve --foreground -p "$FIRST" A >out
	supervisor=$!
	PORT=$FIRST
	poll 10 test -s out
	assert_equal "$(jq .pid out)" "$supervisor"
	assert_equal "$(status /A/index.html)" 200
	lighttpd=$(lighttpd_of "$supervisor")
	stop "$supervisor"
	assert_equal "$stopped" 0
	gone "$lighttpd"
	assert_equal "$(tail -n 1 out)" '{"end":"bi-serve","served":1,"failed":0,"exit":0}'
	start bi-serve --foreground -p "$FIRST" A >out
	supervisor=$!
	poll 10 test -s out
	lighttpd=$(lighttpd_of "$supervisor")
	stop "$supervisor" KILL
	poll 10 gone "$lighttpd"
}

@test '--address listens there, with its name in the URL and a warning' {
	pages A
	ports 2
	run -0 --separate-stderr bi-serve -p "$FIRST" --address 127.0.0.2 A
	assert_output -p "http://127.0.0.2:$FIRST/A/index.html"
	assert_equal "$stderr" ""
	run -0 curl -s "http://127.0.0.2:$FIRST/A/index.html"
	assert_output -p A
	run curl -s "http://127.0.0.1:$FIRST/A/index.html"
	assert_failure
	run -69 bi-serve -p "$LAST" --share --address 192.0.2.77 A
	assert_output -p 'cannot take one of the ports'
}

@test '--home serves the root itself, before there is any batch' {
	local url

	run -2 bi-serve --home M_batch1
	run -0 bi-serve -p 12000-18999 --home
	url=$(jq -r 'select(.port).url' <<<"$output")
	[[ $url =~ ^http://localhost:[0-9]+/#token=[0-9a-f]{64}$ ]]
	curl -s "$url" | grep -q '<title>'
	run -0 curl -s "${url%%#*}api/v1/status/"
	assert_output '{"batches":[]}'
	run -0 curl -s -o /dev/null -w '%{http_code}' "${url%%#*}add/"
	assert_output 200
	first=$url
	run -0 bi-serve -p 12000-18999 --home
	assert_equal "$(jq -r 'select(.port).url' <<<"$output")" "$first"
	run -0 bi-clean list
	assert_output --partial 'Batch: home'
	assert_output --partial "URL: ${url%%#*}"
}
