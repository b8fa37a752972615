#!/usr/bin/env bats
# bi-parse: mails, mailboxes and saved pages.

load helpers

# parsed FILE JQ: a member of the one record that bi-parse makes of a file.
parsed() {
	bi-parse -j "$1" | jq -c "$2"
}

setup() {
	bi_setup
	cd "$BATS_TEST_TMPDIR" || return
	# A picture of one dot, with a comment so that it is long enough to be one.
	png=iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==
}

# multipart TYPE BOUNDARY <PARTS: a mail of parts, each after a line "=".
multipart() {
	printf 'Subject: parts\nFrom: a@x.example\nMIME-Version: 1.0\nContent-Type: multipart/%s; boundary=%s\n\n' "$1" "$2"
	sed "s/^=\$/--$2/"
	printf -- '--%s--\n' "$2"
}

@test "a mail has its headers, text, pictures and list of attachments" {
	cat >mail.eml <<-END
		Subject: =?utf-8?B?R3LDvMOfZQ==?= =?iso-8859-2?Q?_za=BF=F3=B3=E6?=
		From: =?big5?B?pKSk5Q==?= <a@x.example>
		To: b@x.example, "C, D" <c@x.example>
		Date: Mon, 2 Mar 2026 10:00:00 +0100
		Content-Type: multipart/mixed; boundary=m

		--m
		Content-Type: multipart/alternative; boundary=n

		--n
		Content-Type: text/plain

		the plain form
		--n
		Content-Type: multipart/related; boundary=o

		--o
		Content-Type: text/html; charset=utf-8
		Content-Transfer-Encoding: quoted-printable

		<h1>Head</h1><p>the <b>rich</b> form, caf=C3=A9 <img src="cid:p%2b1@x" alt=3D"a dot"></p><p style=3D"display:none">hidden</p>
		--o
		Content-Type: image/png
		Content-ID: <p+1@x>
		Content-Transfer-Encoding: base64

		$png
		--o--
		--n--
		--m
		Content-Type: application/pdf
		Content-Disposition: attachment; filename*0*=utf-8''%C3%9Cber; filename*1*=sicht.pdf
		Content-Transfer-Encoding: base64

		aGVsbG8=
		--m--
	END
	run -0 parsed mail.eml '[.kind, .title, .author, .date, .metadata.date_iso, .metadata.to, .metadata.attachments, .missing]'
	assert_output '["mail","Grüße zażółć","中文 <a@x.example>","Mon, 2 Mar 2026 10:00:00 +0100","2026-03-02T10:00:00+01:00","b@x.example, \"C, D\" <c@x.example>",2,["attachments"]]'
	run -0 --separate-stderr bi-parse -t mail.eml
	assert_line '# Head'
	assert_line 'the **rich** form, café ![a dot](image1.png)'
	assert_line '  - `Übersicht.pdf`, application/pdf, 5 bytes'
	refute_output --partial plain
	refute_output --partial hidden
}

@test "the name decides for a mail that begins like a text, and a text is not lost for its name" {
	printf 'X-A: b\nSubject: s\n\nbody\n' >a.eml
	printf 'no header\n\nbody\n' >b.eml
	: >c.eml
	run -0 parsed a.eml '[.kind, .title, .text]'
	assert_output '["mail","s","body\n"]'
	run -0 parsed b.eml '[.kind, .text]'
	assert_output '["text","no header\n\nbody\n"]'
	run -0 parsed c.eml '[.status, .text, .missing]'
	assert_output '["completed","",null]'
	# Neither a mail nor a text.
	printf 'no\0 header \xff\n' >e.eml
	run -0 parsed e.eml '[.status, .kind, .missing]'
	assert_output '["completed","file",["text"]]'
	# And its own type, for any name.
	printf 'From: a@x.example\nTo: b@x.example\nSubject: s\n\nbody\n' >d
	run -0 parsed d '[.kind, .mime]'
	assert_output '["mail","message/rfc822"]'
}

@test "character sets that lie are found out, in headers and texts" {
	printf 'Subject: =?utf-8?Q?caf=E9?=\nFrom: =?iso-8859-1?Q?L=C3=B8?= <a@x.example>\nTo: =?iso-2022-jp?B?GyRCNEE7ehsoQg==?= <k@x.example>\nContent-Type: text/plain; charset=us-ascii\n\nGr\xc3\xbc\xc3\x9fe\n' >a.eml
	run -0 parsed a.eml '[.title, .author, .metadata.to, .text]'
	assert_output '["café","Lø <a@x.example>","漢字 <k@x.example>","Grüße\n"]'
	printf 'Subject: caf\xe9 what?\nContent-Type: text/plain; charset=utf-8\n\nGr\xfc\xdfe\n' >b.eml
	run -0 parsed b.eml '[.title, .text]'
	assert_output '["café what?","Grüße\n"]'
	printf 'Subject: x\nContent-Type: text/plain; charset=nosuch\n\n\xe9\n' >c.eml
	run -0 parsed c.eml .text
	assert_output '"é\n"'
	printf 'Subject: x\nContent-Type: text/html\n\n<meta charset=koi8-r><p>\xf0\xf2\n' >d.eml
	run -0 parsed d.eml .text
	assert_output '"ПР\n"'
}

@test "plain texts: quotes, flowed lines, full lines, layout, markup" {
	cat >a.eml <<-'END'
		Subject: x

		This line is as long as a line of a mail can be, so it was broken
		by a program. *Not strong* <b>
		short
		lines

		> quoted
		> > deeper

		a     table
		b     row
	END
	run -0 --separate-stderr bi-parse -t a.eml
	assert_line 'This line is as long as a line of a mail can be, so it was broken by a program. \*Not strong\* \<b\>  '
	assert_line 'short  '
	assert_line '> quoted'
	assert_line '> > deeper'
	assert_line '    a     table'
	printf 'Subject: x\nContent-Type: text/plain; format=flowed; delsp=yes\n\nflow \ned\n> quo \n> ted\n> short\n' >b.eml
	run -0 parsed b.eml .text
	assert_output '"flowed\n\n> quoted  \n> short\n"'
	printf 'Subject: x\nContent-Type: text/plain; format=flowed\n\nflow \ned\n' >c.eml
	run -0 parsed c.eml .text
	assert_output '"flow ed\n"'
}

@test "of several forms the richest counts, unless it is a stub" {
	printf '=\nContent-Type: text/html\n\n<p>rich <i>form</i></p>\n=\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\n' |
		multipart alternative b >a.eml
	run -0 parsed a.eml '[.text, .missing]'
	assert_output '["rich *form*\n\n-----\n\n  - text/calendar, 15 bytes\n",["attachments"]]'
	printf '=\nContent-Type: text/plain\n\nall of the text is only in this form\n=\nContent-Type: text/html\n\n<p>stub</p>\n' |
		multipart alternative b >b.eml
	run -0 parsed b.eml .text
	assert_output '"stub\n\nall of the text is only in this form\n"'
	printf '=\nContent-Type: text/plain\n\nonly this\n=\nContent-Type: text/html\n\n<img src="http://x.example/1.gif" width=1>\n' |
		multipart alternative b >c.eml
	run -0 parsed c.eml .text
	assert_output '"only this\n"'
}

@test "mails in mails and mailboxes are read one after the other" {
	printf '=\nContent-Type: text/plain\n\nouter\n=\nContent-Type: message/rfc822\n\nSubject: within\nFrom: z@x.example\n\ninner\n' |
		multipart mixed b >a.eml
	run -0 parsed a.eml .text
	assert_output '"outer\n\n-----\n\n## within\n\nFrom: z@x.example\n\ninner\n"'
	printf 'From a@b Mon Jan  1 00:00:00 2024\nSubject: %s\nFrom: x@x.example\n\n%s\n\n' one first two second >a.mbox
	run -0 parsed a.mbox '[.title, .metadata.messages, .text]'
	assert_output '["one",2,"first\n\n-----\n\n## two\n\nFrom: x@x.example\n\nsecond\n"]'
}

# box TEXT...: a mailbox of mails with these texts.
box() {
	printf 'From a@b Mon Jan  1 00:00:00 2024\nSubject: s\nFrom: x@x.example\n\n%b\n\n' "$@"
}

@test "a line that begins with From cuts a mail only behind an empty line and before a header" {
	box 'one\nFrom here: on\ntwo' 'three\n\nFrom here on\nfour' 'five\r\n\r\nFrom z\r\nSubject: six\r\n\r\nseven' >a.mbox
	run -0 parsed a.mbox '[.metadata.messages, (.text | gsub("  \n"; "\n") | split("\n\n") | map(select(test("^[a-z]|^From h"))) )]'
	assert_output '[4,["one\nFrom here: on\ntwo","three","From here on\nfour","five","seven\n"]]'
	# Such lines are looked for block by block: one is at each place of the end of a block.
	for n in {65480..65520}; do
		{ box "$(head -c "$n" /dev/zero | tr '\0' x)" && box last; } >"long$n.mbox"
	done
	run -0 --separate-stderr eval 'bi-parse -j long*.mbox | jq -c .metadata.messages | sort | uniq -c | xargs'
	assert_output '41 2'
}

@test "the marks that a mailbox puts before From are removed, there and only there" {
	box '>From a\n>>From b\n> From c\n>Fromage\nx >From d\n>From' >a.mbox
	run -0 --separate-stderr bi-parse -t a.mbox
	# What is left of a mark is a quote.
	assert_line --index 0 --partial 'From a'
	refute_output --partial '> From a'
	assert_line --partial '> From b'
	refute_output --partial '> > From b'
	assert_line --partial '> From c'
	assert_line --partial '>From d'
	tail -n +2 a.mbox >a.eml
	run -0 --separate-stderr bi-parse -t a.eml
	assert_line --index 0 '> From a'
}

@test "signed mails are read, encrypted ones fail as encrypted" {
	printf '=\nContent-Type: text/plain\n\nthe text\n=\nContent-Type: application/pgp-signature\n\nxx\n' |
		multipart 'signed; protocol="application/pgp-signature"' b >a.eml
	run -0 parsed a.eml '[.text, .metadata.signed, .missing]'
	assert_output '["the text\n","application/pgp-signature",null]'
	# One whose text is in the signature.
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 30 -subj /CN=x 2>/dev/null
	printf 'Content-Type: text/plain; charset=utf-8\n\nsigned caf\xc3\xa9\n' |
		openssl cms -sign -signer cert.pem -inkey key.pem -nodetach -from a@x.example -subject sealed >s.eml
	run -0 parsed s.eml '[.title, .text, .metadata.signed]'
	assert_output '["sealed","signed café\n","application/pkcs7-signature"]'
	printf 'x\n' | openssl cms -encrypt -from a@x.example -subject secret cert.pem >f.eml
	printf '=\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n=\nContent-Type: application/octet-stream\n\nxx\n' |
		multipart encrypted b >b.eml
	printf 'Subject: x\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nxx\n' >c.eml
	printf 'Subject: x\n\n-----BEGIN PGP MESSAGE-----\n\nxx\n' >d.eml
	for f in b c d f; do
		run -1 bi-parse -j $f.eml
		assert_output --partial '"code":"parse_encrypted"'
	done
	{ printf '=\nContent-Type: text/plain\n\nopen\n=\nContent-Type: application/pkcs7-mime\n\nxx\n'; } | multipart mixed b >e.eml
	run -0 parsed e.eml '[.text, .missing]'
	assert_output '["open\n",["encrypted parts"]]'
}

@test "a saved page is a page, with its address and its pictures" {
	local body

	body="<html><head><title>A page</title></head><body><nav><a href=/>Home</a></nav><article><h1>Title</h1><p>$(printf 'A long text. %.0s' {1..20})</p><img src=../pic.png alt=pic><img src=cid:q@x alt=q><a href=other>other</a></article></body></html>"
	{
		printf 'From: <Saved by Blink>\nSnapshot-Content-Location: http://h.example/d/page\nSubject: x\nDate: Mon, 1 Dec 2025 00:00:00 +0000\nMIME-Version: 1.0\nContent-Type: multipart/related; type="text/html"; boundary=b\n\n'
		printf -- '--b\nContent-Type: text/html\nContent-Location: http://h.example/d/page\n\n%s\n' "$body"
		printf -- '--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\nContent-Location: http://h.example/pic.png\n\n%s\n' "$png"
		printf -- '--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\nContent-ID: <q@x>\n\n%s\n--b--\n' "$png"
	} >a.mhtml
	run -0 parsed a.mhtml '[.kind, .title, .canonical_url, .links[0].url, .metadata.saved]'
	assert_output '["page","A page","http://h.example/d/page","http://h.example/d/other","2025-12-01T00:00:00+00:00"]'
	run -0 --separate-stderr bi-parse -t a.mhtml
	assert_line --partial '![pic](image1.png)'
	assert_line --partial '![q](image2.png)'
	refute_output --partial Home
	sed 's/^Subject/To: b@x.example\nSubject/' a.mhtml >b.eml
	run -0 parsed b.eml .kind
	assert_output '"mail"'
}

@test "a mail that is cut short says so, wherever its end is" {
	local n

	{
		printf '=\n\nouter\n=\nContent-Type: message/rfc822\n\n'
		printf '=\nContent-Type: text/html\n\n<p>first\n=\nContent-Disposition: attachment\n\nsecond\n' |
			multipart alternative inner
	} | multipart mixed outer >whole.eml
	run -0 parsed whole.eml .truncated
	assert_output null
	for n in 10 40 90 130; do
		head -c -"$n" whole.eml >cut.eml
		run -0 parsed cut.eml .truncated
		assert_output true
	done
	{ printf 'From a@b Mon Jan  1 00:00:00 2024\n' && cat whole.eml && printf '\nFrom a@b Mon Jan  1 00:00:00 2024\n' && head -c -40 whole.eml; } >cut.mbox
	run -0 parsed cut.mbox '[.truncated, .metadata.messages]'
	assert_output '[true,2]'
}

@test "bombs: deep parts, many parts, long lines, bad boundaries" {
	{
		printf 'Subject: deep\nFrom: a@x.example\n'
		for i in {1..5000}; do printf 'Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n' "$i" "$i"; done
		printf '\nbottom\n'
	} >deep.eml
	run -0 parsed deep.eml '[.title, .truncated, .missing]'
	assert_output '["deep",true,["text"]]'
	{
		printf 'Subject: mails\nFrom: a@x.example\n'
		printf 'Content-Type: message/rfc822\n\n%.0s' {1..10000}
	} >mails.eml
	run -0 parsed mails.eml '[.title, .truncated]'
	assert_output '["mails",true]'
	{ printf 'Subject: line\nFrom: a@x.example\n\n' && head -c 20000000 /dev/zero | tr '\0' a; } >line.eml
	run -0 parsed line.eml '[.title, .truncated]'
	assert_output '["line",true]'
	printf '=\n\nfirst\n=\n\nsecond\n' | multipart mixed b | sed '$d' >open.eml
	run -0 parsed open.eml '[.text, .truncated]'
	assert_output '["first\n\nsecond\n",true]'
	printf 'Subject: none\nContent-Type: multipart/mixed\n\nno boundary\n' >none.eml
	run -0 parsed none.eml .text
	assert_output --partial 'no boundary'
}
