#!/usr/bin/env bats
# bi-expand: attachments of mails, mailboxes and saved pages as members; names in other character sets.

load helpers

# members FILE: what bi-expand says of each member, and of the file.
members() {
	bi-expand "$1" 2>errors | jq -r 'select(.file) | [.member // "-", .error.code // .bytes, .member_charset // empty] | join(" ")'
}

# mail TYPE BOUNDARY <PARTS: a mail of parts, each after a line "=".
mail() {
	printf 'Subject: parts\nFrom: a@x.example\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n'
	printf 'MIME-Version: 1.0\nContent-Type: multipart/%s; boundary=%s\n\n' "$1" "$2"
	sed "s/^=\$/--$2/"
	printf -- '--%s--\n' "$2"
}

# attached HEADERS TEXT: a part.
attached() {
	printf '=\nContent-Type: application/octet-stream\n%b\n\n%b\n' "$@"
}

@test "attachments, pictures and mails in a mail are members; its texts are not" {
	{
		printf '=\nContent-Type: multipart/alternative; boundary=n\n\n--n\n\nplain\n--n\nContent-Type: text/html\n\n<p>rich\n'
		printf -- '--n\nContent-Type: text/calendar\n\nBEGIN\n--n--\n'
		printf '=\nContent-Type: image/png\nContent-ID: <p@x>\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n'
		printf '=\nContent-Type: text/plain; name=a\nContent-Disposition: attachment; filename=notes.txt\n\nfour\n'
		printf '=\nContent-Type: message/rfc822\n\nSubject: a/b\nFrom: z@x.example\nContent-Type: image/png; name=in.png\n\ninner\n'
	} | mail mixed m >a.eml
	run -0 members a.eml
	assert_output "$(printf '%s\n' 'part3.ics 5' 'part4.png 5' 'notes.txt 4' 'a_b.eml 74')"
	run -0 bi-expand a.eml
	assert_line --index 2 '{"file":"a.eml","member":"notes.txt","bytes":4,"mtime":"2026-03-02T09:00:00Z"}'
	# What has none says so; a text is no mail for its name.
	printf 'Subject: s\nFrom: a@x.example\nTo: b@x.example\n\nFrom here: no\n' >none.eml
	printf 'no mail\n' >text.eml
	run -0 members none.eml
	assert_output '- archive_empty'
	assert_equal "$(cat errors)" 'bi-expand: none.eml: it has no attachments'
	run -0 members text.eml
	assert_output '- not_an_archive'
}

@test "bi-fetch --expand makes items of attachments, keeps a mail that has none, and a text that looks like a mail" {
	attached 'Content-Disposition: attachment; filename=a.bin' hello | mail mixed m >a.eml
	printf 'From a@b Mon Jan  1 00:00:00 2024\n' | cat - a.eml >a.mbox
	printf '\n' | cat a.mbox - a.mbox >two.mbox
	printf 'Subject: s\nFrom: a@x.example\n\nno more\n' >none.eml
	printf 'From: here\n' >text
	run -0 --separate-stderr bi-fetch -b M --expand a.eml two.mbox none.eml text
	# The numbers of members are those in which the mails ended.
	run -0 jq -r '[(.archive // .item), .status, .member // .members] | map(. // "-" | tostring) | join(" ")' \
		"$BI_ROOT/batches/M/results.ndjson"
	assert_equal "$(sort <<<"$output")" "$(printf '%s\n' '1 completed 1' '1 completed a.bin' '2 completed 1/a.bin' \
		'2 completed 2' '2 completed 2/a.bin' '3 completed 0' '4 completed -')"
	assert_equal "$(cat "$BI_ROOT/batches/M/files/"*_1.{txt,bin} | head -c 15)" hellohellohello
	run -0 --separate-stderr bi-fetch -b M --expand a.eml two.mbox none.eml text
	assert_equal "$(wc -l <"$BI_ROOT/batches/M/items.ndjson")" 7
}

@test "names that lead out, are too long, have other character sets or a zero are labels or refused" {
	{
		attached 'Content-Disposition: attachment; filename="../../etc/passwd"' 1
		attached 'Content-Disposition: attachment; filename="/etc/passwd"' 2
		attached "Content-Disposition: attachment; filename*=utf-8''%2e%2e%2fup" 3
		attached "Content-Disposition: attachment; filename=$(printf 'x%.0s' {1..10000})" 4
		attached "Content-Disposition: attachment; filename*=utf-8''a%00.txt" 5
		attached "Content-Disposition: attachment; filename*0*=koi8-r''%F0%D2; filename*1*=%C9.txt" 6
		attached 'Content-Type: image/png; name="=?shift_jis?B?k/qWe4zqLnBuZw==?="' 7
		attached 'Content-Disposition: attachment; filename="a\xe9.txt"' 8
		attached 'Content-Disposition: attachment; filename="b\\u202etxt.exe"' 9
	} | mail mixed m >a.eml
	run -0 members a.eml
	assert_line --index 0 '../../etc/passwd member_bad_name'
	assert_line --index 1 '/etc/passwd member_bad_name'
	assert_line --index 2 '../up member_bad_name'
	assert_line --index 3 --regexp '^x{4096} member_bad_name$'
	assert_line --index 4 --regexp '^a[^/]* 1$'
	assert_line --index 5 'При.txt 1'
	assert_line --index 6 '日本語.png 1'
	assert_line --index 7 'aé.txt 1'
	assert_line --index 8 --regexp '^b[ -~]*txt.exe 1$'
}

@test "damaged and encrypted mails get the words of archives" {
	attached 'Content-Disposition: attachment; filename=whole' first >parts
	attached 'Content-Disposition: attachment; filename=cut' second >>parts
	mail mixed m <parts | sed '$d' >cut.eml
	run -0 members cut.eml
	assert_output "$(printf '%s\n' 'whole 5' 'cut member_damaged' '- archive_damaged')"
	attached 'Content-Disposition: attachment; filename=b\nContent-Transfer-Encoding: base64' aGVsbG8 | mail mixed m >base.eml
	run -0 members base.eml
	assert_output 'b member_damaged'
	printf '=\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n=\nContent-Type: application/octet-stream; name=e.asc\n\nxx\n' |
		mail encrypted b >pgp.eml
	printf 'From: a@x.example\nSubject: x\nContent-Type: application/pkcs7-mime; name=smime.p7m\n\nxx\n' >smime.eml
	run -0 members pgp.eml
	assert_output "$(printf '%s\n' 'e.asc member_encrypted' '- archive_encrypted')"
	run -0 members smime.eml
	assert_output "$(printf '%s\n' 'smime.p7m member_encrypted' '- archive_encrypted')"
	# One that is signed is read, its signature is none of its members.
	{ attached 'Content-Disposition: attachment; filename=s' x && printf '=\nContent-Type: application/pgp-signature\n\nxx\n'; } |
		mail signed b >signed.eml
	run -0 members signed.eml
	assert_output 's 1'
}

@test "a saved page has its pictures and frames as members, by the names in their addresses" {
	{
		printf '=\nContent-Type: text/html\nContent-Location: http://h.example/d/page\n\n<p>page\n'
		printf '=\nContent-Type: image/png\nContent-Location: http://h.example/p%%2Fi%%20c.png?x=/y\n\npic\n'
		printf '=\nContent-Type: text/html\nContent-Location: cid:frame-1@mhtml.blink\n\n<p>frame\n'
	} | mail related b | sed 's/^From: .*/From: <Saved by Blink>/' >a.mhtml
	run -0 members a.mhtml
	assert_output "$(printf '%s\n' 'p_i c.png 3' 'cid:frame-1@mhtml.blink 8')"
}

@test "a mailbox is cut at From lines only, and its marks are removed from attachments" {
	attached 'Content-Disposition: attachment; filename=a.patch' '>From 0123 Mon\n>>From: x\n\nFrom here on\n>From' | mail mixed m >a.eml
	{ printf 'From a@b Mon Jan  1 00:00:00 2024\n' && cat a.eml && printf '\nFrom a@b Mon Jan  1 00:00:00 2024\r\n' && cat a.eml; } >a.mbox
	run -0 members a.mbox
	assert_output "$(printf '%s\n' '1/a.patch 43' '2/a.patch 43')"
	run -0 members a.eml
	assert_output 'a.patch 44'
	# Behind many mails that have none.
	{ for i in {1..600}; do printf 'From a@b Mon Jan  1 00:00:00 2024\nFrom: a@x.example\nSubject: %s\n\nwords\n\n' "$i"; done && cat a.mbox; } >many.mbox
	run -0 members many.mbox
	assert_output "$(printf '%s\n' '601/a.patch 43' '602/a.patch 43')"
}

@test "bombs: deep parts, 100,000 parts, a large base64, deep mails" {
	{
		printf 'Subject: deep\nFrom: a@x.example\n'
		for i in {1..3000}; do printf 'Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n' "$i" "$i"; done
		printf '\nbottom\n'
	} >deep.eml
	run -0 members deep.eml
	assert_output '- archive_unsupported'
	{ awk 'BEGIN { for (i = 0; i < 100000; i++) print "=\nContent-Type: image/png\n\nx" }'; } | mail mixed b >many.eml
	run -0 members many.eml
	assert_equal "$(tail -n 1 <<<"$output")" '- archive_too_many'
	[ "${#lines[@]}" -eq 10001 ]
	{
		printf '=\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n'
		head -c 40000000 /dev/zero | base64
	} | mail mixed b >large.eml
	run -0 members large.eml
	assert_output 'part1.png 40000000'
	run -1 bi-expand --archive-member 10M large.eml
	assert_output --partial '"code":"archive_too_large"'
	{
		printf 'Subject: mails\nFrom: a@x.example\n'
		printf 'Content-Type: message/rfc822\n\n%.0s' {1..5000}
	} >mails.eml
	run -0 members mails.eml
	assert_equal "${#lines[@]}" 1
}

# zip NAME...: bytes of a ZIP without the flag for UTF-8, with an empty file of each name.
zip_of() {
	python3 -c '
import struct, sys, os
out = directory = b""
names = [os.fsencode(n) for n in sys.argv[1:]]
for n in names:
    common = struct.pack("<5H3L2H", 20, 0, 0, 0, 33, 0, 0, 0, len(n), 0)
    directory += b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<3H2L", 0, 0, 0, 0, len(out)) + n
    out += b"PK\3\4" + common + n
sys.stdout.buffer.write(out + directory + b"PK\5\6" + struct.pack("<4H2LH", 0, 0, len(names), len(names), len(directory), len(out), 0))' "$@"
}

# in_set SET NAME...: the names in a character set.
in_set() {
	local set=$1 name

	shift
	for name in "$@"; do names+=("$(iconv -f utf-8 -t "$set" <<<"$name")"); done
}

# reads SET LABEL NAME...: a ZIP and a tar whose names are in a set are read.
reads() {
	local set=$1 label=$2 names=() name

	shift 2
	in_set "$set" "$@"
	zip_of "${names[@]}" >names.zip
	mkdir tree
	for name in "${names[@]}"; do : >"tree/$name"; done
	tar -C tree -cf names.tar -- "${names[@]}"
	rm -r tree
	for name in "$@"; do printf '%s 0 %s\n' "$name" "$label"; done >want
	for file in names.zip names.tar; do
		members "$file" | diff want - || return
	done
}

@test "names in the sets of DOS, Windows and East Asia are read, and marked as guesses" {
	reads CP437 ibm437 Größe.txt Café.doc
	reads CP866 ibm866 'Отчёт за год.doc' Фото.jpg
	reads SHIFT_JIS shift_jis 日本語.txt 表示.doc ソフト.txt
	reads GBK gbk 报告.doc 照片.jpg
	reads CP949 euc-kr '한글 문서.txt'
	reads CP1251 windows-1251 'Привет мир.txt'
	run -0 bi-expand names.tar
	assert_line --index 0 --regexp '"member_charset":"windows-1251","member_charset_confidence":0\.9[0-9]*,'
}

@test "a name whose set cannot be told is shown with escapes; UTF-8 stays; a converted name is checked" {
	zip_of $'a\xb1\x81\xfeb\xff' 日本.txt >a.zip
	run -0 members a.zip
	assert_output "$(printf '%s\n' 'a\xb1\x81\xfeb\xff 0' '日本.txt 0')"
	zip_of $'Gr\x94\xe1e.txt' '../Gr'$'\x94\xe1''e' plain $'\x81ber/\x9a' >b.zip
	run -0 members b.zip
	assert_output "$(printf '%s\n' 'Größe.txt 0 ibm437' '../Größe member_bad_name' 'plain 0' 'über/Ü 0 ibm437')"
	bi-fetch -q -b M --expand b.zip >out || [ $? -eq 1 ]
	run -0 jq -r 'select(.member) | [.member, .member_charset // "-"] | join(" ")' "$BI_ROOT/batches/M/items.ndjson"
	assert_output "$(printf '%s\n' 'Größe.txt ibm437' '../Größe ibm437' 'plain -' 'über/Ü ibm437')"
}
