#!/usr/bin/env bats
# bi-fetch of media pages: {"media": URL}.

load helpers

# page NAME <HTML: writes origin/NAME.
page() {
	mkdir -p "origin/$(dirname "$1")"
	cat >"origin/$1"
}

# files NAME...: writes each into origin/, with its name as its bytes.
files() {
	local name

	for name; do
		mkdir -p "origin/$(dirname "$name")"
		echo "$name" >"origin/$name"
	done
}

# results FILTER: what jq makes of the result records in ./out.
results() {
	jq -r "select(.item) | $1" out
}

# media URL [MEMBERS]: the item of a page.
media() {
	jq -cn --arg u "$1" "{media: \$u} + ${2:-{\}}"
}

@test "what a page shows becomes items of its subject, in the page's order" {
	page d/page.html <<-'END'
		<!doctype html><title>t</title><base href="/x/">
		<meta property="og:image" content="/og.txt">
		<p><img src="../rel.txt" alt="An  alt &amp; text">
		<img src="s.txt" srcset="s.txt 100w, large.txt 900w, middle.txt 400w">
		<picture><source srcset="p1.txt 1x, p2.txt 2x"><img src="p.txt"></picture>
		<video src="v.txt"></video><a href="more.ogg">more</a><img src="../rel.txt#again">
		<img src="data:image/png;base64,AAAA"><img src="file:///etc/passwd"><script src="no.txt"></script>
	END
	files og.txt rel.txt x/{s,large,middle,p,p1,p2,v,no}.txt
	head -c 64 /dev/zero >origin/x/more.ogg
	origin_start
	media "$ORIGIN/d/page.html" \
		'{subject: {id: 7, name: "Ada"}, license: "CC0", credit: "me", title: "T", other: 1, batch: "m"}' >in
	bi-fetch <in >out
	assert_equal "$(results 'select(.media) | "\(.item) \(.status) \(.mime) \(.found) \(.found_items | length)"')" \
		"1 completed text/html $(results 'select(.found_on).item' | wc -l | sed 's/.*/& &/')"
	# A picture's own <img> is what is shown where its sources do not serve.
	results "select(.found_on) | \"\(.item) \(.path | split(\"/\")[-1]) \(.url[${#ORIGIN}:])\"" | sort -n >found
	run cut -d' ' -f2,3 found
	assert_line --index 0 '7_2.txt /og.txt'
	assert_line --index 1 '7_3.txt /rel.txt'
	assert_line --index 2 '7_4.txt /x/large.txt'
	assert_output --partial ' /x/p2.txt'
	assert_output --partial ' /x/v.txt'
	assert_output --partial ' /x/more.ogg'
	assert_equal "$(cut -d' ' -f3 found | sort | uniq -d)" ''
	refute_output --regexp 'no.txt|passwd|middle|s.txt|p1.txt'
	assert_equal "$(results 'select(.found_on) | [.subject.name, .license, .credit, .other, .page, .found_on] | @tsv' |
		sort -u)" $'Ada\tCC0\tme\t\t'"$ORIGIN/d/page.html"$'\t'"$ORIGIN/d/page.html"
	assert_equal "$(results 'select(.url) | select(.url | endswith("/rel.txt")) | .title')" 'An alt & text'
	assert_equal "$(results 'select(.url) | select(.url | endswith("/og.txt")) | .title')" 'T'
	assert_equal "$(results 'select(.url) | select(.url | endswith("/v.txt")) | .kind')" video
}

@test "run again it asks for nothing, and says all that it said before" {
	page page.html <<<'<img src=a.txt><img src=b.txt><img src=gone.txt>'
	files a.txt b.txt
	origin_start
	media "$ORIGIN/page.html" >in
	run -1 bi-fetch -q <in
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(results '.item' | sort -n | xargs)" '1 2 3 4'
	results 'del(.finished_at) | tojson' | sort >first
	before=$(origin_hits .)
	run -1 bi-fetch -q <in
	printf '%s\n' "${lines[@]}" >out
	results 'del(.finished_at) | tojson' | sort | diff first -
	assert_equal "$(jq -r 'select(.end) | "\(.completed) \(.failed)"' out)" '3 1'
	run -1 bi-fetch -q --resume
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(results '.item' | sort -n | xargs)" '1 2 3 4'
	assert_equal "$(origin_hits .)" "$before"
}

@test "killed between the page and its media, the same list goes on with them" {
	faulty_start
	page page.html <<-END
		<img src="$FAULTY/bytes/100/1.txt"><img src="$FAULTY/stall/10/bytes/100/2.txt">
		<img src="$FAULTY/bytes/100/3.txt">
	END
	origin_start
	media "$ORIGIN/page.html" >in
	start bi-fetch <in >out
	poll 20 test "$(wc -l <out)" -ge 0
	both() { [ "$(jq -s 'map(select(.item)) | length' out)" = 3 ]; }
	poll 20 both
	stop $! KILL
	# The one that stood still is no part of the page any more: what matters is that it is asked for.
	start bi-fetch --per-host 1 <in >out
	again() { [ "$(origin_hits '/stall/')" = 2 ]; }
	poll 20 again
	stop $!
	assert_equal "$(origin_hits page.html)" 1
	assert_equal "$(origin_hits '/bytes/100/[13]')" 2
}

@test "a page that is killed before it is recorded is asked for again, and its media are the same items" {
	files a.txt b.txt
	origin_start
	faulty_start
	page page.html <<<"<img src=$ORIGIN/a.txt><img src=$ORIGIN/b.txt>"
	media "$FAULTY/drip/3000/type/text/html/file/$(command jq -rn --arg p "$PWD/origin/page.html" '$p | @uri')" >in
	start bi-fetch <in >out
	asked() { [ "$(origin_hits '/drip/')" = 1 ]; }
	poll 20 asked
	stop $! KILL
	media "$ORIGIN/page.html" >>in
	run bi-fetch -q --no-opt-out <in
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(origin_hits '/drip/')" 2
	assert_equal "$(results 'select(.media).found' | xargs)" '2 2'
	assert_equal "$(results '.item' | sort -n | xargs)" '1 2 3 3 4 4'
}

@test "--max-media ends a page's list" {
	for i in $(seq 30); do echo "<img src=$i.txt>"; done | page page.html
	for i in $(seq 30); do files "$i.txt"; done
	origin_start
	media "$ORIGIN/page.html" | bi-fetch --max-media 4 >out
	assert_equal "$(results 'select(.media).found')" 4
	assert_equal "$(results 'select(.found_on).url | split("/")[-1]' | sort -n | xargs)" '1.txt 2.txt 3.txt 4.txt'
}

@test "a media URL that is a picture is fetched as it is; a page without media completes with none" {
	faulty_start
	page none.html <<<'<!doctype html><title>x</title><p>nothing'
	origin_start
	{
		media "$FAULTY/jpeg/bytes/3000/a.jpg"
		media "$ORIGIN/none.html"
		media "$ORIGIN/gone.html"
		media 'javascript:alert(1)'
	} >in
	run -1 bi-fetch -q --accept 'image/*' <in
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(results '"\(.item) \(.status) \(.mime) \(.found) \(.error.code)"' | sort)" \
		'1 completed image/jpeg null null
2 completed text/html 0 null
3 failed null null http_404
4 failed null null bad_url'
}

@test "the bad pages of a list hold nothing up: nested, cut, in another character set, with a long subject" {
	{ yes '<div>' | head -n 20000; echo '<img src=a.txt>'; } | page deep.html
	printf '<html><meta charset=iso-8859-1><img src=b.txt alt="\xe9t\xe9"><img src=c.txt alt="' | page cut.html
	printf '<!doctype html><p>\0\377\376<img src=d.txt' | page bytes.html
	page long.html <<<'<img src=e.txt>'
	files a.txt b.txt d.txt e.txt
	origin_start
	for p in deep cut bytes; do media "$ORIGIN/$p.html"; done >in
	jq -cn --arg u "$ORIGIN/long.html" '{media: $u, subject: {id: "L", biography: ("x" * 1044380)}}' >>in
	bi-fetch -q <in >out
	assert_equal "$(results 'select(.media).item' | sort -n | xargs)" '1 2 3 4'
	assert_equal "$(results '.status' | sort | uniq -c | xargs)" '7 completed'
	assert_equal "$(results 'select(.title).title')" 'été'
	assert_equal "$(results 'select(.found_on and (.path | endswith("/L_2.txt"))).subject | tojson | .[:20]')" '"L"'
}

# yt_dlp COMMAND: puts a yt-dlp that runs it before all others.
yt_dlp() {
	mkdir -p fake
	printf '#!/bin/sh\necho "$*" >>"%s/asked"\n%s\n' "$PWD" "$1" >fake/yt-dlp
	chmod +x fake/yt-dlp
	export PATH=$PWD/fake:$PATH
}

@test "--yt-dlp is asked about pages that show nothing, and its best file taken" {
	files low.txt best.txt sound.txt a.txt
	page none.html <<<'<!doctype html><title>x</title>'
	page some.html <<<'<img src=a.txt>'
	origin_start
	jq -cn --arg o "$ORIGIN" '{title: "A film", formats: [
		{url: ($o + "/low.txt"), protocol: "http", vcodec: "h264", acodec: "mp4a"},
		{url: ($o + "/best.txt"), protocol: "http", vcodec: "h264", acodec: "mp4a"},
		{url: ($o + "/sound.txt"), protocol: "http", vcodec: "none", acodec: "opus"},
		{url: ($o + "/list.m3u8"), protocol: "m3u8_native", vcodec: "h264", acodec: "mp4a"}]}' >answer
	yt_dlp "cat '$PWD/answer'"
	{ media "$ORIGIN/none.html" '{subject: 5}' && media "$ORIGIN/some.html"; } >in
	bi-fetch --yt-dlp <in >out
	assert_equal "$(<asked)" "-J --no-warnings -- $ORIGIN/none.html"
	assert_equal "$(results 'select(.found_on and .subject) | "\(.url) \(.title) \(.kind) \(.subject)"')" \
		"$ORIGIN/best.txt A film video 5"
	rm asked
	bi-fetch --root other <in >out
	assert [ ! -e asked ]
}

@test '--yt-dlp takes a list of videos; one that fails, answers rubbish or is missing harms nothing' {
	files 1.txt 2.txt
	page none.html <<<'<!doctype html><title>x</title>'
	origin_start
	media "$ORIGIN/none.html" >in
	jq -cn --arg o "$ORIGIN" '{entries: [null, {url: ($o + "/1.txt"), title: "one"}, {}, {url: "file:///etc/passwd"},
		{url: ($o + "/2.txt"), vcodec: "none"}]}' >answer
	yt_dlp "cat '$PWD/answer'"
	bi-fetch --root one --yt-dlp <in >out
	assert_equal "$(results 'select(.found_on) | "\(.url | split("/")[-1]) \(.kind)"' | sort)" $'1.txt video\n2.txt audio'
	yt_dlp 'echo "ERROR: unsupported" >&2; exit 1'
	bi-fetch --root two --yt-dlp <in >out
	assert_equal "$(results .found)" 0
	yt_dlp 'echo "[1, {"'
	bi-fetch --root three --yt-dlp <in >out
	assert_equal "$(results .found)" 0
	rm fake/yt-dlp
	cat in >twice
	media "$ORIGIN/none.html?2" >>twice
	# Nor is there another one in PATH.
	run -0 --separate-stderr env PATH="$BI_BIN" "$BI_BIN/bi-fetch" --root four --yt-dlp <twice
	# shellcheck disable=SC2154 # run sets it
	assert_equal "$(grep -c 'yt-dlp cannot be started' <<<"$stderr")" 1
}

@test "a signal does not wait for yt-dlp" {
	page none.html <<<'<!doctype html><title>x</title>'
	origin_start
	yt_dlp 'exec sleep 50'
	media "$ORIGIN/none.html" >in
	start bi-fetch --yt-dlp <in >out
	poll 20 test -e asked
	before=$SECONDS
	stop $!
	# shellcheck disable=SC2154 # stop sets it
	assert_equal "$stopped" 143
	assert [ $((SECONDS - before)) -lt 30 ]
	yt_dlp 'exit 1'
	bi-fetch --yt-dlp <in >out
	assert_equal "$(results .found)" 0
}

# refresh TARGET [HTML]: a page that is there only to lead elsewhere.
refresh() {
	printf '<!doctype html><title>x</title><meta http-equiv="refresh" content="0; url=%s">%s' "$@"
}

# file_of NAME: the path by which the faulty server sends origin/NAME, as HTML.
file_of() {
	printf '/type/text/html/file/%s' "$(command jq -rn --arg p "$PWD/origin/$1" '$p | @uri')"
}

@test "a meta refresh is followed like a redirect: the media are those of the page that it leads to" {
	files d/a.txt pic.txt
	refresh d/two.html '<meta name=robots content="noindex, noai">' | page one.html
	refresh ../three.html | page d/two.html
	refresh /d/end.html | sed 's/<meta.*>/<noscript>&<\/noscript>/' | page three.html
	page d/end.html <<<'<!doctype html><img src=a.txt>'
	refresh pic.txt | page file.html
	origin_start
	media "$ORIGIN/one.html" '{subject: 5, title: "T"}' >in
	media "$ORIGIN/file.html" >>in
	bi-fetch <in >out
	assert_equal "$(results 'select(.media) | "\(.media | split("/")[-1]) \(.status) \(.final_url | split("/")[-1]) \(.found) \(.opted_out) \(.attempts) \(.mime)"' | sort)" \
		"file.html completed pic.txt null null 1 text/plain
one.html completed end.html 1 null 1 text/html"
	assert_equal "$(results 'select(.found_on) | "\(.url) \(.found_on) \(.subject) \(.title) \(.status)"')" \
		"$ORIGIN/d/a.txt $ORIGIN/d/end.html 5 T completed"
	# What is stored is the page that has them.
	assert_equal "$(<"$(results 'select(.media and .found).path')")" '<!doctype html><img src=a.txt>'
	# All of it is one item, asked for once.
	before=$(origin_hits .)
	bi-fetch <in >out
	assert_equal "$(results '.item' | wc -l)" 3
	assert_equal "$(origin_hits .)" "$before"
}

@test "a meta refresh is not followed to the page itself, from a page with media, or to what is no URL of http" {
	files a.txt
	refresh '' | page empty.html
	refresh self.html#top | page self.html
	refresh 'javascript:alert(1)' | page script.html
	refresh file:///etc/passwd | page file.html
	refresh gone.html '<p style="background:url(a.txt)">' | page media.html
	page later.html <<<'<meta http-equiv=refresh content=300><meta http-equiv=refresh content="0;url=gone.html">'
	origin_start
	for p in empty self script file media later; do media "$ORIGIN/$p.html"; done >in
	bi-fetch <in >out
	assert_equal "$(results 'select(.media) | "\(.status) \(.final_url) \(.found)"' | sort | uniq -c | sed 's/^ *//')" \
		$'5 completed null 0\n1 completed null 1'
	assert_equal "$(origin_hits gone)" 0
}

@test "a meta refresh counts as a redirect: ten are followed, also in a circle, and what it leads to may fail" {
	files a.txt
	for i in $(seq 10); do refresh "r$((i + 1)).html" | page "r$i.html"; done
	page r11.html <<<'<img src=a.txt>'
	refresh r1.html | page r0.html
	refresh there.html | page here.html
	refresh here.html | page there.html
	refresh gone.html | page lost.html
	faulty_start
	page mixed.html < <(refresh "$FAULTY/redirect/9/bytes/20/a.txt")
	page long.html < <(refresh "$FAULTY/redirect/10/bytes/20/b.txt")
	origin_start
	for p in r1 r0 here lost mixed long; do media "$ORIGIN/$p.html"; done >in
	run -1 bi-fetch -q <in
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(results 'select(.media) | "\(.media | split("/")[-1]) \(.error.code // .status)"' | sort)" \
		'here.html too_many_redirects
long.html too_many_redirects
lost.html http_404
mixed.html completed
r0.html too_many_redirects
r1.html completed'
	assert_equal "$(origin_hits 'here.html|there.html')" 11
	assert_equal "$(results 'select(.found_on).url')" "$ORIGIN/a.txt"
	# What failed is asked for from its beginning when it is tried again.
	page there.html <<<'<img src=a.txt>'
	run -0 bi-fetch -q --retry status=too_many_redirects <<<"$(grep here in)"
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(results 'select(.media).found')" 1
}

@test "where a meta refresh leads, the rules of that page and of that host hold" {
	local port

	faulty_start
	port=${FAULTY##*:}
	files a.txt
	page noai.html <<<"<meta name=robots content=noai><img src=$FAULTY/bytes/20/no.txt>"
	page open.html <<<"<img src=$FAULTY/bytes/20/yes.txt>"
	page 1.html < <(refresh "$FAULTY$(file_of noai.html)")
	page 2.html < <(refresh "$FAULTY/header/X-Robots-Tag:%20noai$(file_of open.html)")
	page 3.html < <(refresh "$FAULTY$(file_of open.html)")
	page 4.html < <(refresh "http://localhost:$port$(file_of open.html)")
	for i in 1 2 3 4; do media "$FAULTY/header/X-Robots-Tag:%20noindex$(file_of "$i.html")"; done >in
	bi-fetch <in >out
	assert_equal "$(results 'select(.media) | "\(.item) \(.found) \(.opted_out)"' | sort)" \
		'1 0 meta robots: noai
2 0 x-robots-tag: noai
3 1 null
4 1 null'
	# Only one name of the server is one that may be asked.
	echo "127.0.0.1:$port private=allow" >hosts.conf
	BI_HOSTS_CONF=$PWD/hosts.conf run -1 bi-fetch -q --root other --public-only <in
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(results 'select(.media) | "\(.item) \(.error.code // .status)"' | sort)" \
		$'1 completed\n2 completed\n3 completed\n4 blocked_address'
	assert_equal "$(results 'select(.media and .error).error.message | test("--public-only")')" true
}

@test "a meta refresh to another host gets no secrets, nor do the media there" {
	local port heads

	faulty_start
	port=${FAULTY##*:}
	heads=${ORIGIN_LOGS[-1]}.heads
	: >"$heads"
	page end-same.html <<<'<img src=/echo/image-same>'
	page end-other.html <<<'<img src=/echo/image-other>'
	page same.html < <(refresh "http://eve:word@127.0.0.1:$port$(file_of end-same.html)")
	page other.html < <(refresh "http://eve:word@localhost:$port$(file_of end-other.html)")
	for p in same other; do media "http://user:hunter2@127.0.0.1:$port$(file_of $p.html)"; done >in
	bi-fetch -H 'X-Key: k' <in >out
	assert_equal "$(results 'select(.media).status' | xargs)" 'completed completed'
	assert_equal "$(tr -d '\r' <"$heads" | awk '
		/^GET / { if (path) print path, host, key, login; path = $2; host = key = login = ""; sub(/.*(%2F|\/)/, "", path) }
		/^Host:/ { host = $2 } /^X-Key:/ { key = "key" } /^Authorization:/ { login = $3 }
		END { print path, host, key, login }' | sed "s/:$port//" | grep -v robots.txt | sort)" \
		"end-other.html localhost  
end-same.html 127.0.0.1 key dXNlcjpodW50ZXIy
image-other localhost  
image-same 127.0.0.1 key dXNlcjpodW50ZXIy
other.html 127.0.0.1 key dXNlcjpodW50ZXIy
same.html 127.0.0.1 key dXNlcjpodW50ZXIy"
	run grep -rl 'word@\|hunter2@' "$BI_ROOT/batches/default/items.ndjson" "$BI_ROOT/batches/default/results.ndjson" out
	assert_output ''
}

@test "killed after a meta refresh, the item is pending and is asked for again" {
	faulty_start
	files a.txt
	page end.html <<<'<img src=/bytes/20/a.txt>'
	page one.html < <(refresh "$FAULTY/stallfirst/1/5$(file_of end.html)")
	media "$FAULTY$(file_of one.html)" >in
	for signal in KILL TERM; do
		start bi-fetch --root "$signal" <in >out
		stalls() { [ "$(origin_hits /stallfirst/)" -ge 1 ]; }
		poll 20 stalls
		stop $! "$signal"
		assert_equal "$(results .item)" ''
		bi-fetch --root "$signal" <in >out
		assert_equal "$(results '"\(.status) \(.found)"' | sort)" $'completed 1\ncompleted null'
		: >"${ORIGIN_LOGS[-1]}"
		page one.html < <(refresh "$FAULTY/stallfirst/1/6$(file_of end.html)")
	done
}

@test "the result of a page that shows only a stream in pieces says so, and --yt-dlp in another batch helps" {
	files film.txt
	page hls.html <<<'<video><source src=live.m3u8></video>'
	page dash.html <<<'<a href=/x/live.mpd>watch</a>'
	page typed.html <<<'<video src=live type="application/vnd.apple.mpegurl"></video>'
	page also.html <<<'<video src=live.m3u8></video><a href=film.txt.mp4>film</a>'
	page none.html <<<'<p>nothing'
	page noai.html <<<'<meta name=robots content=noai><video src=live.m3u8></video>'
	origin_start
	for p in hls dash typed also none noai; do media "$ORIGIN/$p.html"; done >in
	run -1 --separate-stderr bi-fetch -q <in
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(results "select(.media) | \"\(.item) \(.status) \(.found) \(.stream.url // \"-\" | .[${#ORIGIN}:])\"" | sort)" \
		'1 completed 0 /live.m3u8
2 completed 0 /x/live.mpd
3 completed 0 /live
4 completed 1 
5 completed 0 
6 completed 0 '
	assert_equal "$(results '.stream.message // empty' | grep -c -- 'HLS or DASH.*--yt-dlp.*-b')" 3
	assert_equal "$(grep -c 'HLS or DASH' <<<"$stderr")" 1
	assert_equal "$(origin_hits 'live')" 0
	# The remedy.
	jq -cn --arg o "$ORIGIN" '{url: ($o + "/film.txt"), vcodec: "h264"}' >answer
	yt_dlp "cat '$PWD/answer'"
	grep hls in | bi-fetch -b again --yt-dlp >out
	assert_equal "$(results 'select(.media) | "\(.found) \(.stream)"')" '1 null'
	assert_equal "$(results 'select(.found_on).status')" completed
	# The results of one batch are the items of another: what was said of the page is not said again.
	grep hls in | bi-fetch -q 2>/dev/null | jq -c 'select(.item or .end)' | bi-fetch -b anew --yt-dlp >out
	assert_equal "$(results 'select(.media) | "\(.found) \(.stream)"')" '1 null'
	# Where yt-dlp finds nothing, or is not asked, the result says that.
	yt_dlp 'exit 1'
	grep hls in | bi-fetch -b third --yt-dlp >out
	assert_regex "$(results '.stream.message')" 'yt-dlp names no file'
	echo "${ORIGIN#http://} private=allow" >hosts.conf
	grep hls in | BI_HOSTS_CONF=$PWD/hosts.conf bi-fetch -b fourth --yt-dlp --public-only >out
	assert_regex "$(results '.stream.message')" 'yt-dlp.* not used .*--public-only'
	rm fake/yt-dlp
	grep hls in | PATH=$BI_BIN "$BI_BIN/bi-fetch" -b fifth --yt-dlp >out
	assert_regex "$(results '.stream.message')" 'yt-dlp.* cannot be started'
}

@test "backgrounds, JSON-LD and other elements become items, after the previews and in the page's order" {
	files og.txt ld.txt bg.txt 'b g.txt' obj.txt emb.txt in.txt amp.txt svg.txt
	page page.html <<-'END'
		<style>.a{background:url(bg.txt)}</style><p style="background-image:url('b g.txt')">
		<object data=obj.txt type=image/png></object><embed src=emb.txt type=audio/mpeg><input type=image src=in.txt>
		<amp-img src=amp.txt></amp-img><svg><image xlink:href=svg.txt /></svg><img src=bg.txt>
		<script type=application/ld+json>{"image":["ld.txt","og.txt"]}</script><meta property=og:image content=og.txt>
	END
	origin_start
	media "$ORIGIN/page.html" | bi-fetch >out
	assert_equal "$(results 'select(.found_on) | "\(.item) \(.status) \(.kind) \(.url | split("/")[-1])"' | sort -n)" \
		'2 completed image og.txt
3 completed image ld.txt
4 completed image bg.txt
5 completed image b%20g.txt
6 completed image obj.txt
7 completed audio emb.txt
8 completed image in.txt
9 completed image amp.txt
10 completed image svg.txt'
}

@test "where a meta refresh leads, the limit of that host holds, and a host that is given up is asked no more" {
	local i

	faulty_start
	for i in $(seq 6); do page "$i.html" < <(refresh "$FAULTY/slow/200/bytes/20/$i"); done
	for i in 7 8 9; do page "$i.html" < <(refresh "$FAULTY/says/403/https:%2f%2fw.wiki%2f4wJS?$i"); done
	origin_start
	echo "${FAULTY#http://} slots=1" >hosts.conf
	export BI_HOSTS_CONF=$PWD/hosts.conf
	for i in $(seq 6); do media "$ORIGIN/$i.html"; done >in
	bi-fetch <in >out
	assert_equal "$(results .status | sort | uniq -c | xargs)" '6 completed'
	assert_equal "$(origin_hits /slow/)" 6
	assert_equal "$(origin_peak /slow/)" 1
	for i in 7 8 9; do media "$ORIGIN/$i.html"; done >in
	run -1 bi-fetch -q <in
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(results .error.code | sort | xargs)" 'agent_refused host_given_up host_given_up'
	assert_equal "$(origin_hits /says/)" 1
}
