#!/usr/bin/env bats
# bi-media: what an HTML page shows.

load helpers

# found [OPTION...] <PAGE: kind, place and URL of all that bi-media finds in the page, which is at http://h.x/d/page.
found() {
	cat >page.html
	bi-media --base http://h.x/d/page "$@" page.html >out
	jq -r 'select(.url) | "\(.kind) \(.from) \(.url)"' out
}

# repeat TEXT NUMBER
repeat() {
	# shellcheck disable=SC2016 # awk's
	awk -v text="$1" -v n="$2" 'BEGIN { for (i = 0; i < n; i++) printf "%s", text }'
}

@test "what a page says of itself comes first, then what it shows, in order, nothing twice" {
	run found <<-'END'
		<!doctype html><title>t</title>
		<link rel="stylesheet image_src" href="/link.png">
		<meta name="twitter:image" content="http://c.x/tw.jpg">
		<body><img src=a.jpg><video src=v.webm poster=/p.jpg></video>
		<audio><source src=s.mp3><source src=s.ogg></audio><img src=./a.jpg#again>
		<a href="../big/B.JPEG?x=1&amp;y=2">big</a><a href="other.html">no</a><a href="/wiki/File:W.jpg">no</a>
		<a href="//o.x/film.mp4">film</a><a href="#top">no</a><a href="archive.zip">no</a>
		<meta property="og:image" content="http://h.x/og.jpg">
		<meta property="og:audio" content="http://h.x/og.mp3">
		<meta property="OG:Video" content="http://h.x/og.mp4">
	END
	assert_success
	assert_output - <<-'END'
		image image_src http://h.x/link.png
		image twitter:image http://c.x/tw.jpg
		image og:image http://h.x/og.jpg
		audio og:audio http://h.x/og.mp3
		video og:video http://h.x/og.mp4
		image img http://h.x/d/a.jpg
		video video http://h.x/d/v.webm
		image poster http://h.x/p.jpg
		audio source http://h.x/d/s.mp3
		audio source http://h.x/d/s.ogg
		image link http://h.x/big/B.JPEG?x=1&y=2
		video link http://o.x/film.mp4
	END
	run command jq -c 'select(.end)' out
	assert_output '{"end":"bi-media","found":12,"failed":0,"exit":0}'
}

@test "og: a secure address of the same file replaces it, a player is no video, alt is the title" {
	run found <<-'END'
		<meta property="og:image" content="http://h.x/1.jpg"><meta property="og:image:secure_url" content="https://h.x/1.jpg">
		<meta property="og:image:alt" content=" A
		 &quot;dog&quot; ">
		<meta property="og:image" content="http://h.x/2.jpg"><meta property="og:image:secure_url" content="https://s.x/2.jpg">
		<meta property="og:video" content="http://h.x/0.mp4"><meta property="og:video:type" content="video/mp4">
		<meta property="og:video:url" content="http://h.x/player"><meta property="og:video:secure_url" content="https://h.x/player2">
		<meta property="og:video:type" content="text/html; charset=utf-8">
		<meta property="og:image:width" content="100"><meta property="og:image" content=""><meta property="og:image">
	END
	assert_output - <<-'END'
		image og:image:secure_url https://h.x/1.jpg
		image og:image http://h.x/2.jpg
		image og:image:secure_url https://s.x/2.jpg
		video og:video http://h.x/0.mp4
	END
	run jq -r 'select(.title).title' out
	assert_output 'A "dog"'
}

@test "one picture is taken, the largest candidate of srcset, picture and what loads later" {
	run found <<-'END'
		<img src=0.jpg srcset="s.jpg 100w, l.jpg 900w ,m.jpg 400w">
		<img src=1.jpg srcset="1x.jpg 1x, 2x.jpg 2x, 15.jpg 1.5x">
		<img src=2.jpg srcset="one.jpg, two.jpg">
		<img src=3.jpg srcset="bad.jpg 10q, bad2.jpg -5w, bad3.jpg 1e999w, nan.jpg nanx">
		<img src=4.jpg srcset="https://c.x/w_1,h_2/a.jpg 100w,https://c.x/w_9,h_8/b.jpg 900w">
		<img src=5.jpg srcset="a(1,2).jpg 5w (x, y 9w), b5.jpg 4w">
		<img src="data:image/gif;base64,R0lGODlh" data-src=lazy6.jpg>
		<img src=blank.gif data-srcset="lazy7.jpg 1x">
		<img srcset="data:image/gif;base64,AA 5000w, real8.jpg 50w">
		<picture><source srcset="9.avif 1x, 9b.avif 3x"><source srcset=9.webp><img src=9.jpg alt=nine></picture>
		<picture><source srcset=10.webp><img src=10.jpg></picture>
		<picture><source data-srcset=11.webp><img src=blank11.gif></picture>
		<noscript><img src=12.jpg></noscript>
	END
	assert_output - <<-'END'
		image srcset http://h.x/d/l.jpg
		image srcset http://h.x/d/2x.jpg
		image img http://h.x/d/2.jpg
		image img http://h.x/d/3.jpg
		image srcset https://c.x/w_9,h_8/b.jpg
		image srcset http://h.x/d/b5.jpg
		image data-src http://h.x/d/lazy6.jpg
		image data-srcset http://h.x/d/lazy7.jpg
		image srcset http://h.x/d/real8.jpg
		image picture http://h.x/d/9b.avif
		image img http://h.x/d/10.jpg
		image picture http://h.x/d/11.webp
		image img http://h.x/d/12.jpg
	END
}

@test 'addresses are resolved by base, with entities, blanks and other letters; only http ones count' {
	run found <<-'END'
		<head><base target=x><base href="/b/c/"><base href="http://wrong.x/"></head>
		<img src=1.jpg><img src=../2.jpg><img src=/3.jpg><img src=//e.x/4.jpg><img src="?5"><img src="  6 7.jpg
		"><img src="&#x68;&#116;tp://e.x/&eacute;.jpg?a=1&amp;b=2"><img src="http://ex&auml;mple.x/8"><img src='"9".jpg'>
		<img src="\10\11.jpg"><img src="HTTPS://E.X:443/12.jpg#f"><img src=../../../../13.jpg>
		<img src="javascript:alert(1)"><img src="java&Tab;script&colon;alert(1)"><img src="&#1;javascript:x">
		<a href="javascript:x/y.jpg">x</a><img src="data:image/png;base64,AAAA"><img src="file:///etc/passwd">
		<img src="ftp://e.x/a.jpg"><img src="blob:http://e.x/1"><img src=""><img src="#"><img src>
		<img src="http://e.x:99999/"><img src="http://a b.x/"><img src="http://[::1"><img src="vbscript:x">
		<!-- <img src=c.jpg> --><script>"<img src=s.jpg>"</script><style><img src=t.jpg></style>
		<textarea><img src=ta.jpg></textarea><title><img src=ti.jpg></title>
	END
	assert_output - <<-'END'
		image img http://h.x/b/c/1.jpg
		image img http://h.x/b/2.jpg
		image img http://h.x/3.jpg
		image img http://e.x/4.jpg
		image img http://h.x/b/c/?5
		image img http://h.x/b/c/6%207.jpg
		image img http://e.x/%c3%a9.jpg?a=1&b=2
		image img http://xn--exmple-cua.x/8
		image img http://h.x/b/c/%229%22.jpg
		image img http://h.x/10/11.jpg
		image img https://E.X:443/12.jpg
		image img http://h.x/13.jpg
	END
}

@test "backgrounds of style attributes and style sheets are found, one of an image-set" {
	run found <<-'END'
		<style><!--
		@import url(import.css); @font-face { font-family: x; src: url(font.woff2) }
		body { background: #fff url("1.png") no-repeat } /* a { background: url(no.png) } */
		@media print { .x:hover { BACKGROUND-IMAGE: url( '/2 x.png' ), url(3.png#f) } }
		--></style>
		<style type="text/less">.m { background: url(no.png) }</style>
		<style type="text/css; charset=utf-8">p{background:image-set(url(no.png) 1x,'4.png' 2x)}</style>
		<p style="background:url(&quot;5.png&quot;)" title="five"><div style='background-image: image-set("no.avif" type("image/avif"), "6.jpg" type("image/jpeg"))'>
		<b style="background:url(\37.png)"><i style="background-image:url(8\)x.png),url(1.png)"><em style="color:red;background:url(9.png">
		<u style="background:url(data:image/gif;base64,AA)"><u style="background:url(no no.png)"><u style="background:url()">
		<u style="background:url(#g)"><u style="content:url(no.png);list-style:url(no.png)"><u style="background:-webkit-image-set(url(data:,) 9x, url(10.png) 1x)">
		<svg><style>path{background:url(11.png)}</style></svg><textarea style="background:url(12.png)"><p style="background:url(no.png)"></textarea>
	END
	assert_output - <<-'END'
		image css http://h.x/d/1.png
		image css http://h.x/2%20x.png
		image css http://h.x/d/3.png
		image css http://h.x/d/4.png
		image css http://h.x/d/5.png
		image css http://h.x/d/6.jpg
		image css http://h.x/d/7.png
		image css http://h.x/d/8)x.png
		image css http://h.x/d/9.png
		image css http://h.x/d/10.png
		image css http://h.x/d/11.png
		image css http://h.x/d/12.png
	END
	run jq -r 'select(.title) | "\(.url[-5:]) \(.title)"' out
	assert_output '5.png five'
}

@test "object, embed, input and SVG: what is a picture, a video or a sound, by its type or else its extension" {
	run found <<-'END'
		<object data=1.svg type=image/svg+xml></object><object data=2 type="Video/mp4; codecs=x"></object><object data=3.ogg></object>
		<object data=4.png type=application/octet-stream></object><object data=no.pdf type=application/pdf></object>
		<object data=no type=text/html></object><object data=no></object><object type=image/png></object><object data="data:image/png,x"></object>
		<embed src=5.mp3><embed src=6 type=image/webp title=six><embed src=no.swf type=application/x-shockwave-flash><embed>
		<input type=image src=7.gif alt=Go><input type=IMAGE src=8.gif><input src=no.gif><input type=text src=no.gif><input type=image>
		<svg><image href=9.png xlink:href=no.png /><image xlink:href=10.png /><image xlink:href=no.png href=11.png /><image href="#x"/><a href=12.png /></svg>
	END
	assert_output - <<-'END'
		image object http://h.x/d/1.svg
		video object http://h.x/d/2
		audio object http://h.x/d/3.ogg
		image object http://h.x/d/4.png
		audio embed http://h.x/d/5.mp3
		image embed http://h.x/d/6
		image input http://h.x/d/7.gif
		image input http://h.x/d/8.gif
		image svg http://h.x/d/9.png
		image svg http://h.x/d/10.png
		image svg http://h.x/d/11.png
		image link http://h.x/d/12.png
	END
	run jq -r 'select(.title).title' out
	assert_output $'six\nGo'
}

@test "AMP: one address of an amp-img, not that of its fallback; amp-video, amp-audio and their sources" {
	run found <<-'END'
		<amp-img src=1.jpg alt=one></amp-img><amp-img src=no.jpg srcset="no2.jpg 300w, 2.jpg 900w"></amp-img>
		<amp-img src=3.webp><amp-img fallback src=no.jpg></amp-img><noscript><img src=no2.jpg></noscript></amp-img>
		<amp-img src="data:image/gif,x"><amp-img src=4.jpg></amp-img></amp-img><AMP-ANIM src=5.gif></AMP-ANIM>
		<amp-video src=6.mp4 poster=7.jpg title=film><source src=8.webm poster=no.jpg></amp-video>
		<amp-audio src=9.mp3><source src=10.ogg></amp-audio><amp-image src=no.jpg></amp-image><amp-carousel><amp-img src=11.jpg></amp-img></amp-carousel>
	END
	assert_output - <<-'END'
		image amp-img http://h.x/d/1.jpg
		image srcset http://h.x/d/2.jpg
		image amp-img http://h.x/d/3.webp
		image amp-img http://h.x/d/4.jpg
		image amp-img http://h.x/d/5.gif
		video amp-video http://h.x/d/6.mp4
		image poster http://h.x/d/7.jpg
		video source http://h.x/d/8.webm
		audio amp-audio http://h.x/d/9.mp3
		audio source http://h.x/d/10.ogg
		image amp-img http://h.x/d/11.jpg
	END
}

@test "JSON-LD comes after the previews and before what the page shows, each address once" {
	run found <<-'END'
		<img src=last.jpg><script type=application/ld+json>
		{"@context": "https://schema.org", "@graph": [
			{"@type": "Article", "url": "page", "name": "An article", "image": ["1.jpg", {"@type": "ImageObject", "url": "2.jpg", "caption": "two"}]},
			{"@type": "VideoObject", "contentUrl": "3", "name": "A film", "thumbnailUrl": ["1.jpg", "4.jpg"], "embedUrl": "no.html"},
			{"@type": "AudioObject", "contentUrl": "/5?x=1&y=2"}, {"@type": "MediaObject", "contentUrl": "6.ogg"},
			{"@type": "MediaObject", "contentUrl": "no"}, {"image": "og.jpg"}, {"image": "data:image/png;base64,AA"}, {"image": 7}]}
		</script>
		<script type="Application/LD+JSON; charset=utf-8">[{"image": {"contentUrl": "7.jpg", "url": "no.html"}}]</script>
		<script type="application/ld+json">{"image": "no.jpg"</script><script type="application/json">{"image": "no.jpg"}</script>
		<script>{"image": "no.jpg"}</script><script type=application/ld+jsonx>{"image": "no.jpg"}</script>
		<body><script type="application/ld+json">{"thumbnailUrl": "https:\/\/e.x\/8.jpg"}</script>
		<meta property=og:image content=og.jpg>
	END
	assert_output - <<-'END'
		image og:image http://h.x/d/og.jpg
		image json-ld http://h.x/d/1.jpg
		image json-ld http://h.x/d/2.jpg
		video json-ld http://h.x/d/3
		image json-ld http://h.x/d/4.jpg
		audio json-ld http://h.x/5?x=1&y=2
		audio json-ld http://h.x/d/6.ogg
		image json-ld http://h.x/d/7.jpg
		image json-ld https://e.x/8.jpg
		image img http://h.x/d/last.jpg
	END
	run jq -r 'select(.title).title' out
	assert_output $'two\nA film'
	# They count like all others.
	[ "$(found --max-media 2 < <(printf '<script type=application/ld+json>{"image":["1","2","3"]}</script><img src=4>') | wc -l)" -eq 2 ]
}

@test "a stream in pieces is no item, and is named; the page that is to be loaded instead is too" {
	local page

	while IFS= read -r page; do
		run found <<<"$page"
		assert_output ''
		run jq -r '.stream // empty' out
		assert_output --regexp '^http://h.x/d/live(\.m3u8\?t=1|\.MPD|)$'
	done <<-'END'
		<video src="live.m3u8?t=1"></video>
		<video><source src=live type=application/x-mpegURL></video>
		<video><source src=live.MPD><source src=other.mpd></video>
		<a href="live.m3u8?t=1">live</a>
		<meta property=og:video content=live><meta property=og:video:type content="application/vnd.apple.mpegurl">
		<meta property=og:video content="live.m3u8?t=1">
		<script type=application/ld+json>{"@type":"VideoObject","contentUrl":"live.MPD"}</script>
		<script type=application/ld+json>{"contentUrl":"live.MPD"}</script>
		<object data=live type=application/dash+xml></object>
		<amp-video src=live.MPD></amp-video>
	END
	run found <<<'<video src=live.m3u8 poster=p.jpg><source src=v.mp4></video><img src=m3u8.jpg><a href="m3u8">'
	assert_output $'image poster http://h.x/d/p.jpg\nvideo source http://h.x/d/v.mp4\nimage img http://h.x/d/m3u8.jpg'
	run jq -r '.stream // empty' out
	assert_output http://h.x/d/live.m3u8
}

@test "the page that is to be loaded instead is named, by the first refresh that is valid, unless it is the same" {
	local page

	while IFS='|' read -r page to; do
		printf '%s' "$page" >page.html
		bi-media --base http://h.x/d/page page.html >out
		assert_equal "$page $(jq -r '.refresh // empty' out)" "$page $to"
	done <<-'END'
		<meta http-equiv=refresh content="0; url=new.html">|http://h.x/d/new.html
		<META HTTP-EQUIV='Refresh' CONTENT='5;URL="http://e.x/a?b&amp;c#d"'>|http://e.x/a?b&c
		<base href=/x/><meta http-equiv=refresh content="0;new">|http://h.x/x/new
		<noscript><meta http-equiv=refresh content="0;url=/n"></noscript>|http://h.x/n
		<body><p><meta http-equiv=refresh content="0;url=/n">|http://h.x/n
		<meta http-equiv=refresh content="no;url=/1"><meta http-equiv=refresh content="0;url=/2"><meta http-equiv=refresh content="0;url=/3">|http://h.x/2
		<meta http-equiv=refresh content="0;url=?p=2">|http://h.x/d/page?p=2
		<meta http-equiv=refresh content="0;url=https://h.x/d/page">|https://h.x/d/page
		<meta http-equiv=refresh content="9"><meta http-equiv=refresh content="0;url=/n">|
		<meta http-equiv=refresh content="0;url=page">|
		<meta http-equiv=refresh content="0;url=#top">|
		<meta http-equiv=refresh content="0;url=http://H.x:80/d/../d/page#x">|
		<meta http-equiv=refresh content="0;url=">|
		<meta http-equiv=refresh content="0;url=javascript:x">|
		<meta http-equiv=refresh content="0;url=file:///etc/passwd">|
		<meta http-equiv=refresh>|
		<meta name=refresh content="0;url=/n">|
		<template><meta http-equiv=refresh content="0;url=/n"></template>|
		<textarea><meta http-equiv=refresh content="0;url=/n"></textarea>|
	END
}

@test "without a base only absolute addresses count; a record's url is one" {
	printf '<img src=a.jpg><img src=http://e.x/b.jpg>' >page.html
	run jq -r 'select(.url).url' <(bi-media page.html)
	assert_output http://e.x/b.jpg
	run jq -r 'select(.url).url' <(echo '{"url":"http://r.x/p","path":"page.html"}' | bi-media)
	assert_output $'http://r.x/a.jpg\nhttp://e.x/b.jpg'
	run -2 bi-media --base file:///x page.html
	run -2 bi-media --max-media 0 page.html
}

@test "titles are alternative texts, of one line and a sane length" {
	{
		printf '<img src=1 alt="  two\n words "><img src=2 alt="" title=t><img src=3 title=u><img src=4><img src=5 alt="'
		repeat $'\xe3\x83\x84' 1000
		printf '"><img src=6 alt="a&#27;[1mb&#x202e;\xff">'
	} | found
	run jq -r 'select(.url) | .title // "-" | "\(utf8bytelength) \(.[:12])"' out
	assert_output - <<-END
		9 two words
		1 t
		1 u
		1 -
		510 ツツツツツツツツツツツツ
		$(printf '12 a [1mb\xe2\x80\xae\xef\xbf\xbd')
	END
}

@test 'the character set is that of a byte order mark, else of the header, else of the page, else UTF-8' {
	printf '<meta charset=windows-1251><img src=1 alt="\317\360\350\342\345\362">' >1.html
	printf '<meta http-equiv=content-type content="text/html; charset=Shift_JIS"><img src=2 alt="\223\372\226\173">' >2.html
	printf '\377\376<\0i\0m\0g\0 \0s\0r\0c\0=\0003\0 \0a\0l\0t\0=\0\351\0>\0' >3.html
	printf '<img src=4 alt="\303\251">' >4.html
	printf '<meta charset=gb2312><img src=5 alt="\304\343\272\303">' >5.html
	printf '\357\273\277<meta charset=latin1><img src=6 alt="\303\251">' >6.html
	printf '<meta charset=no-such-thing><img src=7 alt="\303\251">' >7.html
	printf '<meta charset=utf-16><img src=8 alt="\303\251">' >8.html
	printf '<meta charset=latin1><img src=9 alt="\351\200">' >9.html
	run jq -r 'select(.url).title' <(bi-media --base http://h.x ./?.html)
	assert_output $'Привет\n日本\né\né\n你好\né\né\né\né€'
	run jq -r 'select(.url).title' <(bi-media --base http://h.x --content-type 'text/html; Charset="koi8-r"' 4.html 3.html)
	assert_output $'ц╘\né'
}

@test "a page's rule against its use is said" {
	printf '<meta name=robots content="index, NoImageAI"><img src=http://h.x/1.jpg>' >a
	printf '<meta name=googlebot content=noai>' >b
	printf '<meta name=bi-fetch content="follow,noai">' >c
	printf '<body><p><meta name=tdm-reservation content=1>' >d
	run jq -c 'select(.rule)' <(bi-media a b c d)
	assert_output - <<-'END'
		{"page":"a","rule":"meta robots: noimageai"}
		{"page":"c","rule":"meta bi-fetch: noai"}
		{"page":"d","rule":"meta tdm-reservation: 1"}
	END
}

@test "no more media than asked for" {
	for i in $(seq 300); do echo "<img src=$i.jpg>"; done >page
	[ "$(found <page | wc -l)" -eq 100 ]
	run found --max-media 3 <page
	assert_output --regexp '1.jpg.*2.jpg.*3.jpg'
	[ "${#lines[@]}" -eq 3 ]
	[ "$(found --max-media 10000 <page | wc -l)" -eq 300 ]
}

@test "hostile pages: what comes before the harm is found, and nothing crashes" {
	local first='<img src=first.jpg>' last='<img src=last.jpg>' kind

	mkdir pages
	{ echo "$first"; repeat '<div>' 100000; echo "$last"; } >pages/deep
	{ echo "$first"; repeat '<p><b><i><a href=x>' 50000; echo "$last"; } >pages/formats
	{ echo "$first<img alt='"; repeat 'a ' 500000; echo "'>$last"; } >pages/long-line
	{ echo "$first<img "; seq -f 'a%g=1' 40000; echo ">$last"; } >pages/attributes
	{ echo "$first"; head -c 1000000 /dev/zero; echo "$last"; } >pages/nuls
	{ echo "$first<img srcset='"; repeat 'x 1x,' 200000; echo "'>$last"; } >pages/srcset
	{ echo "$first<img srcset='"; repeat '(,' 500000; echo "'>$last"; } >pages/parens
	{ echo "$first<img src='"; repeat y 1000000; echo "'>$last"; } >pages/long-url
	{ echo "$first<picture>"; repeat '<source srcset=a>' 50000; repeat '<img>' 50000; echo "$last"; } >pages/picture
	{ echo "$first<p style='background:"; repeat 'url(b.png),image-set((' 50000; echo "'>$last"; } >pages/css
	{ echo "$first<style>"; repeat 'a{/*' 200000; echo "</style>$last"; } >pages/comments
	{ echo "$first<style>"; repeat 'a{b:(' 200000; repeat ')' 200000; echo "</style>$last"; } >pages/blocks
	{ echo "$first<script type=application/ld+json>"; repeat '{"image":[' 100000; echo "</script>$last"; } >pages/json-deep
	{ echo "$first<script type=application/ld+json>["; repeat '0,' 400000; echo "0]</script>$last"; } >pages/json-long
	{ echo "$first"; repeat '<amp-img>' 5000; repeat '<svg><image>' 5000; echo "$last"; } >pages/amp
	{ echo "$first"; repeat '<meta http-equiv=refresh content=0;url=//>' 20000; echo "$last"; } >pages/refreshes
	{ echo "$first"; repeat "<img src=second.jpg alt='many many'>" 300000; echo "$last"; } >pages/too-long
	for kind in '<!--' '<script>' '<a href="' '<img src=x' '<table>' '<![CDATA[' '&#' '<svg><style>' '</p>'; do
		{ echo "$first"; repeat "$kind" 1000; } >"pages/unclosed-${kind//[^a-z]/}${#kind}"
	done
	head -c 300000 /dev/urandom >pages/noise
	: >pages/empty
	run -1 --separate-stderr bi-media --base http://h.x pages/*
	[ "$(grep -c first.jpg <<<"$output")" -eq $(($(find pages -type f | wc -l) - 2)) ]
	assert_line --partial '{"page":"pages/empty","status":"failed"'
	assert_line --partial '"failed":1,"exit":1}'
	assert_regex "$stderr" 'pages/too-long: too long'
	for kind in nuls long-line srcset parens long-url picture comments blocks json-deep json-long refreshes; do
		run -0 bi-media --base http://h.x "pages/$kind"
		assert_output --partial last.jpg
	done
}

@test "what cannot be read is said in its place, and the rest goes on" {
	printf '<img src=http://h.x/1.jpg>' >page
	run -1 --separate-stderr bi-media page missing . /dev/null page
	run jq -c '.url // .error.code // .failed' <<<"$output"
	assert_output - <<-'END'
		"http://h.x/1.jpg"
		"not_found"
		"bad_page"
		"bad_page"
		"http://h.x/1.jpg"
		3
	END
}

@test "the process that parses the page can open nothing" {
	need_strace
	printf '<meta charset=euc-jp><img src="http://ex\344mple.x/a.jpg" style="background:url(http://h.x/b)">' >page
	echo '<script type=application/ld+json>{"image":"http://h.x/c","number":1.5}</script>' >>page
	ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat,open,socket,connect,execve,sendto,recvfrom,sendmsg,seccomp -o trace \
		"$BI_BIN/bi-media" page
	run awk '/SECCOMP_SET_MODE_FILTER/ && $NF == 0 || /seccomp.*= 0/ { pid = $1 } pid && $1 == pid' trace
	assert_output --partial ready
	assert_output --partial 'http://h.x/b'
	assert_output --partial 'http://h.x/c'
	assert_output --partial '"done"'
	refute_output --regexp '(open|openat|socket|connect|execve)\('
}

@test '--serve is refused without a socket, or with files' {
	run -2 bash -c 'bi-media --serve </dev/null'
	assert_output --partial 'SOCK_SEQPACKET'
	run -2 bi-media --serve x
}
