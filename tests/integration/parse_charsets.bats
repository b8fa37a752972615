#!/usr/bin/env bats
# bi-parse: text in character sets that nothing states. tests/charsets/score has more texts.

load helpers

texts=$BATS_TEST_DIRNAME/../charsets

# guessed NAME...: of each file in this directory, its name and the metadata on the character set, and whether the text is
# that of the language before the first dot.
guessed() {
	bi-parse --json "${@/%/.txt}" | jq -r '[(.path | rtrimstr(".txt")), .metadata.charset, .text == $want[.path | split(".")[0]]] | @tsv' \
		--argjson want "$(for name in "$@"; do
			jq -Rs --arg language "${name%%.*}" '{($language): .}' "$texts/${name%%.*}.txt"
		done | jq -s add)"
}

# convert LANGUAGE.SET...: the texts of these languages in these sets.
convert() {
	local name

	for name; do
		iconv -t "${name#*.}" "$texts/${name%%.*}.txt" >"$name.txt"
	done
}

@test 'texts in the character sets of many languages are read' {
	local names=(fr.MACINTOSH de.MACINTOSH pt.MACINTOSH sv.MACINTOSH de.ISO-8859-1 fr.CP1252 es.ISO-8859-15 pl.ISO-8859-2
		pl.CP1250 cs.ISO-8859-2 hu.CP1250 hr.ISO-8859-2 ru.CP1251 ru.KOI8-R ru.ISO-8859-5 ru.CP866 ru.MAC-CYRILLIC
		uk.CP1251 bg.CP1251 el.CP1253 el.ISO-8859-7 tr.ISO-8859-9 he.ISO-8859-8 he.CP1255 ar.CP1256 lt.CP1257
		lv.ISO-8859-13 th.TIS-620 ja.CP932 ja.EUC-JP ja.ISO-2022-JP ko.EUC-KR ko.ISO-2022-KR zh-hans.GBK zh-hans.GB18030
		zh-hant.BIG5)

	convert "${names[@]}"
	run guessed "${names[@]}"
	assert_success
	assert_equal "${#lines[@]}" "${#names[@]}"
	refute_line --partial false
}

@test 'UTF-16 and UTF-32 without a mark are told from other text, in either order of bytes' {
	local language names=()

	for language in de ru el he vi th ja ko zh-hans; do
		names+=("$language".UTF-{16,32}{LE,BE})
	done
	convert "${names[@]}"
	run guessed "${names[@]}"
	assert_success
	assert_equal "${#lines[@]}" "${#names[@]}"
	refute_line --partial false
	run -0 guessed de.UTF-16BE ru.UTF-32LE
	assert_output $'de.UTF-16BE\tutf-16be\ttrue\nru.UTF-32LE\tutf-32le\ttrue'
}

@test 'a guess says so, with its confidence, and what is certain does not' {
	printf 'Schöne Grüße aus Köln' | iconv -t MACINTOSH >short.txt
	iconv -t KOI8-R "$texts/ru.txt" >long.txt
	iconv -t ISO-2022-JP "$texts/ja.txt" >escaped.txt
	printf '\xff\xfe\0\0' >marked.txt
	printf 'ünder' | iconv -t UTF-32LE >>marked.txt
	echo 'Schöne Grüße' >utf8.txt
	run -0 bi-parse short.txt long.txt escaped.txt marked.txt utf8.txt
	run -0 jq -c '[.text[0:6], .metadata.charset, (.metadata.charset_confidence | if . then . * 100 | round else . end)]' <<<"$output"
	assert_line -n 0 '["Schöne","macintosh",80]'
	assert_line -n 1 '["Старый","koi8-r",95]'
	assert_line -n 2 '["古い家は川の","iso-2022-jp",null]'
	assert_line -n 3 '["ünder","utf-32le",null]'
	assert_line -n 4 '["Schöne",null,null]'
}

@test 'UTF-8 with damaged bytes stays UTF-8, in short texts and in long ones' {
	printf 'gr\xfcn: Schöne Grüße aus Köln, räumen wir später auf\n' >short.txt
	{ cat "$texts/ru.txt" && printf '\xff\x80' && cat "$texts/ja.txt" && printf '\xc3'; } >long.txt
	{ printf '<p>' && cat "$texts/el.txt" && printf '\xe9\xe9'; } >page.html
	run -0 bi-parse -j short.txt long.txt page.html
	assert_line -n 0 --partial 'Schöne Grüße aus Köln, räumen'
	assert_line -n 1 --partial "$(head -c 20 "$texts/ja.txt" | iconv -cf UTF-8 -t UTF-8)"
	assert_line -n 2 --partial "$(head -c 20 "$texts/el.txt" | iconv -cf UTF-8 -t UTF-8)"
	refute_output --partial charset
}
