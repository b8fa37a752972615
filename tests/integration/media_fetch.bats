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
