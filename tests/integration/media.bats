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
	for kind in nuls long-line srcset parens long-url picture; do
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
	printf '<meta charset=euc-jp><img src="http://ex\344mple.x/a.jpg">' >page
	ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat,open,socket,connect,execve,sendto,recvfrom,sendmsg,seccomp -o trace \
		"$BI_BIN/bi-media" page
	run awk '/SECCOMP_SET_MODE_FILTER/ && $NF == 0 || /seccomp.*= 0/ { pid = $1 } pid && $1 == pid' trace
	assert_output --partial ready
	assert_output --partial '"done"'
	refute_output --regexp '(open|openat|socket|connect|execve)\('
}

@test '--serve is refused without a socket, or with files' {
	run -2 bash -c 'bi-media --serve </dev/null'
	assert_output --partial 'SOCK_SEQPACKET'
	run -2 bi-media --serve x
}
