#!/usr/bin/env bats
# bi-parse: other people's programs that read files, and the walls around them.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr

load helpers

attack=$BI_BUILD/tests/reader_attack

setup() {
	bi_setup
	[ -z "${SANITIZE:-}" ] || skip 'sanitizers need more memory than a program may have'
	cd "$BATS_TEST_TMPDIR" || return
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	mkdir -p config/bi
	printf 'words of the file\n' >file.foo
}

# readers <TABLE: the user's own table.
readers() {
	cat >config/bi/readers
}

# parsed FILE JQ [OPTION ...]
parsed() {
	bi-parse -j "${@:3}" "$1" | jq -c "$2"
}

# attacked WHAT [OPTION ...]: the record of a file that such a program reads.
attacked() {
	readers <<<".foo text - $attack $1"
	run bi-parse -j "${@:2}" file.foo
}

@test "a program of the user's table reads files by name and by type, and later rows win" {
	readers <<-END
		# comment
		.foo,text/x-foo  text - $attack fail
		.foo  text - $attack copy   # another one
		.bar  markdown - $attack copy
		application/x-ipynb+json,.ipynb  markdown - $attack copy
	END
	printf 'one *star*\n\n  two   columns\n\xff \x1b[31m\n' >a.foo
	run -0 parsed a.foo '[.kind, .metadata.reader, .text]'
	assert_output "[\"document\",\"$attack\",\"one \\\\*star\\\\*\\n\\n\`\`\` \\n  two   columns\\n? [31m\\n\`\`\`\\n\"]"
	printf -- '---\ntitle: "The *title*"\nauthor:\n- Ada L\n- Bob\nlang: en-GB\n---\n\n# Head\n\n*x* ![p](p.png)\n' >a.bar
	run -0 parsed a.bar '[.title, .author, .language, .text, .missing]'
	assert_output '["The *title*","Ada L","en-GB","# Head\n\n*x* ![p](p.png)\n",["pictures"]]'
	printf '.foo csv - %s copy\n' "$attack" >config/bi/readers
	printf 'a,b\n1,"x, y"\n\f\nc,d\n2,3\n\f\nnot a table\n' >c.foo
	run -0 parsed c.foo .text
	assert_output '"| a | b |\n| --- | --- |\n| 1 | x, y |\n\n| c | d |\n| --- | --- |\n| 2 | 3 |\n\nnot a table\n"'
	printf '.foo,text/x-foo text - %s fail\n' "$attack" >config/bi/readers
	# A name does not count against the bytes.
	printf '%%PDF-1.4\n' >b.foo
	run -1 bi-parse -j b.foo
	assert_output --partial parse_damaged
	printf '{"file":"%s","mime":"text/x-foo"}\n' "$PWD/a.foo" >record
	run -1 bi-parse -j <record
	assert_output --partial parse_program_failed
}

@test "a program that writes Markdown gets RTF and XML as UTF-8, whatever the code page" {
	local head='{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}{\f2\fcharset128 C;}}'

	readers <<<"text/rtf,application/x-fictionbook+xml,.rtf,.fb2 markdown - $attack copy"
	# text FILE: what the program got.
	got() {
		bi-parse -j "$1" | jq -r '.text, .truncated, (.missing // [])[]'
	}
	printf '%s%s%s' "$head" "\\f0 caf\\'e9 {\\f1 \\'cf\\'f0} \\f2 \\'83\\'5c\\'83" "\\\\\\f0 e}" >a.rtf
	run -0 got a.rtf
	assert_line --partial '\f0 café {\f1 Пр} \f2 ソソ\f0 e}'
	# Substitutes of 1, 2 and no bytes, and pairs of surrogates.
	printf '%s' "$head" "T\\u237?tulo \\u237\\'edx \\uc2\\u8220\\'81\\'67q {\\uc0\\u228 b}\\uc1\\u-10179?\\u-8704?!\\u123?}" >b.rtf
	run -0 got b.rtf
	assert_line --partial 'Título íx “q {äb}😀!\{}'
	refute_line true
	printf '%s' '{\rtf1\mac{\header x}{\v y} caf' "\\'8e {\\b cut" >c.rtf
	run -0 got c.rtf
	assert_line --partial 'café {\b cut}}'
	assert_line true
	assert_line 'hidden text'
	assert_line 'headers and footers'
	# What pandoc would drop or misread: notes, comments, boxes, fields, deleted text, and paragraphs in cells.
	printf '%s' '{\rtf1{\stylesheet{\s1\super n;}}a{\super\chftn{\*\footnote note}}{\*\annotation say}{\field{\*\fldinst ' \
		'HYPERLINK "u"}{\fldrslt v}}{\field{\*\fldinst REF x}{\fldrslt kept}}{\deleted gone \u228 ?}{\pict 00}' \
		'{\shp{\*\shpinst{\sp{\sn gtextUNICODE}{\sv t}}{\shptxt box}}{\shprslt box}}{\intbl p\par q\cell}\pard\par}' >d.rtf
	run -0 got d.rtf
	assert_line --partial '{\stylesheet{\s1n;}}a{\super\nosupersub {\footnote note}}{\footnote Comment: say}'
	assert_line --partial '{\field{\*\fldinst{HYPERLINK "u"}}{\fldrslt v}}{{\*\fldinst REF x}{kept}}{\deleted }'
	assert_line --partial '{\shpinst{\*\sp {\sn gtextUNICODE}{\sv t}}{\shptxt box}}{\*\shprslt box}'
	assert_line --partial '{\intbl p q\cell}\pard\par}'
	assert_line 'pictures'
	assert_line 'text in shapes'
	refute_line 'hidden text'
	printf '%s' '{\rtf1 ' >deep.rtf
	head -c 5000 /dev/zero | tr '\0' '{' >>deep.rtf
	run -0 got deep.rtf
	printf '<?xml version="1.0" encoding="windows-1251"?><FictionBook>\xcf\xf0</FictionBook>' >a.fb2
	printf '<?xml version="1.0" encoding="utf-16"?><FictionBook>Пр</FictionBook>' | iconv -t UTF-16 >b.fb2
	printf '<?xml version="1.0"?><FictionBook>Пр\xcf</FictionBook>' >c.fb2
	for name in a b c; do
		run -0 got $name.fb2
		assert_line --partial '<FictionBook>Пр'
	done
	assert_line --partial $'Пр\ufffd<'
	printf '<FictionBook><table/></FictionBook>' >d.fb2
	run -0 got d.fb2
	assert_line tables
}

@test "XML and JSON that are cut short are damaged, and whole ones that a program cannot read are not" {
	readers <<<"application/x-fictionbook+xml,.fb2,.dbk,.ipynb markdown - $attack fail"
	why() {
		run -1 bi-parse -j "$1"
		assert_output --partial "\"code\":\"parse_$2\""
	}
	printf '<FictionBook><body>' >a.fb2
	printf '<?xml version="1.0"?><article><para>a</art' >a.dbk
	printf '{"cells":[{"a":' >a.ipynb
	for name in a.fb2 a.dbk a.ipynb; do
		why $name damaged
	done
	# Also if the program had no chance to say so.
	readers <<<"text/rtf,application/x-fictionbook+xml,.fb2,.dbk,.ipynb,.rtf markdown - $attack sleep"
	for name in a.fb2 a.dbk a.ipynb; do
		run -1 bi-parse -j --timeout 1 $name
		assert_output --partial '"code":"parse_damaged"'
	done
	printf '{\\rtf1 a}' >a.rtf
	run -1 bi-parse -j --timeout 1 a.rtf
	assert_output --partial '"code":"system_error"'
	readers <<<"application/x-fictionbook+xml,.fb2,.dbk,.ipynb markdown - $attack fail"
	printf '<FictionBook/>' >b.fb2
	printf '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "file:///x">]><article>&e;</article>' >b.dbk
	printf '{"cells":[]}' >b.ipynb
	for name in b.fb2 b.dbk b.ipynb; do
		why $name program_failed
	done
}

@test "the header of a DOC says what a program leaves out, and that it is encrypted" {
	readers <<<"application/msword,.doc text - $attack copy"
	# doc FLAGS HEADERS COMMENTS: a compound file with the header of Word 97 at its second sector.
	doc() {
		printf '\320\317\021\340\241\261\032\341%0504d\354\245\301%07d%b%020d\016%b%028d\026%b%020d%b%0004d%b' \
			0 0 "$1" 0 '\0' 0 '\0' 0 "$2" 0 "$3"
		head -c 1000 /dev/zero
	}
	# record FLAGS HEADERS COMMENTS
	record() {
		doc "$@" >a.doc
		printf '{"file":"%s","mime":"application/msword"}\n' "$PWD/a.doc" | bi-parse -j | jq -c '[.status, .error.code, .missing]'
	}
	run record '\0\0' '\x2f\0\0\0' '\x19\0\0\0'
	assert_output '["completed",null,["headers and footers","comments"]]'
	run record '\0\0' '\x07\0\0\0' '\0\0\0\0'
	assert_output '["completed",null,null]'
	run record '\0\1' '\0\0\0\0' '\0\0\0\0'
	assert_output '["failed","parse_encrypted",null]'
}

@test "a program that is not installed: the record says what is missing, and the package" {
	readers <<-'END'
		text/rtf,.rtf text catdoc-x nosuch-program
		.ipynb markdown pandoc nosuch-program
		application/msword,.doc text antiword nosuch-program
	END
	printf '{\\rtf1 x}' >a.rtf
	run -0 parsed a.rtf '[.status, .kind, .text, .missing, .needs_package]'
	assert_output '["completed","document","",["text"],"catdoc-x"]'
	# The text of what is known by its name alone is not lost.
	printf '{"cells":[]}' >a.ipynb
	run -0 parsed a.ipynb '[.kind, .text, .missing, .needs_package]'
	assert_output '["text","{\"cells\":[]}",null,"pandoc"]'
	printf '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1%01000d' 0 >a.doc
	run -0 parsed a.doc '[.missing, .needs_package]'
	assert_output '[["text"],"antiword"]'
	# A text with such a name is a text.
	printf 'plain' >b.doc
	run -0 parsed b.doc '[.kind, .text]'
	assert_output '["text","plain"]'
}

@test "an invalid table is named, with the line" {
	readers <<<'.foo text -'
	run -78 bi-parse -j file.foo
	assert_output --partial "config/bi/readers, line 1: a line has types, an output, a package and a program"
	readers <<<".foo html - $attack"
	run -78 bi-parse -j file.foo
	assert_output --partial 'neither text nor markdown'
	readers <<<".foo text Bad/Name $attack"
	run -78 bi-parse -j file.foo
	assert_output --partial 'the package has no valid name'
}

@test "a program that was taken over reads and changes no file" {
	echo victim >/tmp/bi-reader-victim
	attacked files
	[ "$(cat /tmp/bi-reader-victim)" = victim ]
	rm /tmp/bi-reader-victim
	run -0 jq -r '.text // empty' <<<"$output"
	assert_line 'read /usr: let through'
	assert_line 'open its input again: let through'
	run -0 grep -v '^$\|^read /usr: \|^open its input again: ' <<<"$output"
	assert_equal "${#lines[@]}" 16
	refute_output --partial 'let through'
	[ ! -e /tmp/bi-reader-attack ]
}

@test "it starts nothing, connects to nothing and signals nobody" {
	attacked processes
	run -0 jq -r '.text // empty' <<<"$output"
	run -0 grep -v '^$' <<<"$output"
	assert_equal "${#lines[@]}" 22
	refute_output --partial 'let through'
}

@test "it has nothing of ours in its environment, and three descriptors" {
	export BI_SECRET=secret
	attacked environment
	run -0 jq -r '.text' <<<"$output"
	assert_line 'HOME=/nonexistent'
	refute_output --partial secret
	refute_output --partial descriptor
}

@test "failures: crash, exit, memory, time, output" {
	attacked fail
	assert_failure 1
	assert_output --partial '"code":"parse_program_failed"'
	assert_output --partial 'cannot read it: it is '
	refute_output --partial more
	attacked crash
	assert_output --partial parse_program_failed
	attacked memory
	assert_output --partial parse_memory
	attacked sleep --timeout 1
	assert_output --partial system_error
	attacked closed --timeout 1
	assert_output --partial system_error
	attacked flood
	assert_success
	run -0 jq -c '[.status, .truncated]' <<<"${lines[0]}"
	assert_output '["completed",true]'
	# Of those, no process is left.
	run -1 pgrep -f "$attack"
}

@test "a script is no program, and a table that names one fails" {
	printf '#!/bin/sh\ncat\n' >script
	chmod +x script
	readers <<<".foo text - $PWD/script"
	run -1 bi-parse -j file.foo
	assert_output --partial parse_program_failed
	assert_output --partial 'cannot execute'
}

@test "OCR: pages and pictures are read one by one, and what cannot be read is said" {
	vips black --bands 1 t.v 40 40
	vips linear t.v u.v 1 128
	vips insert t.v u.v t.png 20 20 --expand
	readers <<<"ocr text tess $attack copy"
	run -0 parsed t.png '[.text, .metadata.ocr]' --ocr eng+deu
	assert_output --partial PNG
	readers <<<"ocr text tess /usr/bin/printf page%s @LANG@"
	run -0 parsed t.png '[.text, .metadata.ocr, .metadata.ocr_languages, .metadata.ocr_pages]' --ocr eng+deu
	assert_output '["pageeng+deu\n","/usr/bin/printf","eng+deu",1]'
	run -0 parsed t.png '[.text, .metadata.ocr]'
	assert_output '["",null]'
	readers <<<"ocr text tess $attack fail"
	run -0 parsed t.png '[.status, .text, .metadata.ocr]' --ocr eng
	assert_output '["completed","",null]'
	run -0 parsed t.png .metadata.ocr_error --ocr eng
	assert_output --partial 'it is '
	readers <<<"ocr text tess nosuch-program"
	run -0 parsed t.png '[.status, .needs_package]' --ocr eng
	assert_output '["completed","tess"]'
	run -2 bi-parse --ocr ../x t.png
	run -2 bi-parse --ocr -x t.png
}

@test "a text says on stderr what is not in it, and which package reads it" {
	readers <<-END
		.foo,.ipynb text foo-reader nosuch-program
		application/x-baz,.baz text baz-reader nosuch-program
		ocr text tess nosuch-program
	END
	printf '\x01\x02\xff\xfe\x00baz' >file.baz
	: >empty.txt
	vips black t.png 20 20
	head -c 33000000 /dev/zero | tr '\0' 'a\n' >long.txt
	run -0 --separate-stderr bi-parse -t file.baz file.foo t.png empty.txt
	assert_output 'words of the file'
	assert_equal "$stderr" "bi-parse: file.baz: its text is not read: install baz-reader
bi-parse: file.foo: to read more of it, install foo-reader
bi-parse: t.png: it has no text (--ocr LANGUAGES reads pictures of text)
bi-parse: empty.txt: it has no text"
	run -0 --separate-stderr bi-parse -t --ocr eng t.png
	assert_equal "$stderr" 'bi-parse: t.png: OCR failed: the program is not installed: install tess'
	run -0 --separate-stderr bi-parse -t long.txt
	assert_equal "$stderr" 'bi-parse: long.txt: its end is cut off'
	# A record says the same by its members, and a record in is treated as a name.
	run -0 --separate-stderr bi-parse -j file.baz
	assert_equal "$stderr" ''
	run -1 --separate-stderr bi-parse -t <<<"{\"file\":\"$PWD/none\"}
{\"file\":\"$PWD/file.baz\",\"mime\":\"application/x-baz\"}"
	assert_equal "$stderr" "bi-parse: $PWD/none: it cannot be opened: No such file or directory
bi-parse: $PWD/file.baz: its text is not read: install baz-reader"
}
