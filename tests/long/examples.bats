#!/usr/bin/env bats
# The examples of README.md and of the manual pages do what the text around them says, run word for word: see examples.bash.
#
# What stands in for something that a test cannot have:
#   make       of README.md, since the programs are built already
#   bi-status  in README.md, whose --watch goes on until somebody interrupts it: the real one, and that somebody
#   exiftool   prints what the real one prints of a picture with a camera's data, which no picture here has
#   mail       keeps what it was given
#   less       is cat where it does not write to a terminal
# bi-serve prints addresses, and opens no browser: tests/browser has one.

load ../integration/helpers
load ../integration/examples

setup_file() {
	(
		cd "$BATS_FILE_TMPDIR" || exit
		world_certificate world.pem
	) || return
	examples_extract
}

setup() {
	bi_setup
	world_start
	world_files
}

teardown() {
	world_end || return
	bi_teardown
}

# shim NAME TEXT: a program NAME of the world.
shim() {
	mkdir -p shims
	printf '#!/bin/sh\n%s\n' "$2" >"shims/$1"
	chmod +x "shims/$1"
}

# What the examples take for granted: files in HOME, and what is at example.com.
world_files() {
	local list name

	pictures M
	mkdir -p home/pictures home/lists origin/birds
	mv origin/M-1-* origin/M-2-1.jpg origin/birds/
	rm origin/M-*.*
	printf 'https://example.com/%s\n' birds/M-1-1.jpg birds/M-1-2.jpg birds/M-1-3.jpg birds/M-2-1.jpg >home/urls
	sed '1s/^/Image\n/' home/urls >home/birds.csv
	cp home/birds.csv home/a.csv
	for list in one two three four; do
		echo "https://example.com/birds/M-2-1.jpg?$list" >"home/lists/$list.txt"
	done
	ln origin/birds/M-1-1.jpg home/pictures/beach.jpg
	ln origin/birds/M-2-1.jpg home/pictures/hotel.jpg
	ln origin/birds/M-1-1.jpg home/portrait.jpg
	for name in a 1; do
		ln origin/birds/M-1-1.jpg "origin/$name.jpg"
	done
	for name in b 2; do
		ln origin/birds/M-2-1.jpg "origin/$name.jpg"
	done
	for name in 1 2; do
		echo "<!doctype html><html lang=en><title>$name</title><p>Page $name." >"origin/$name"
	done
	echo '<!doctype html><title>Birds</title><p><a href=/1>one</a><img src=/birds/M-1-1.jpg><img src=birds/M-2-1.jpg>' >origin/gallery.html
	(cd home && zip -q photos.zip pictures/*)
	# Of the source tree, in which README.md says to work.
	mkdir -p home/share origin/logos
	cp -R "$BATS_TEST_DIRNAME/../../share/screenshots" home/share/
	ln origin/birds/M-1-2.jpg origin/logos/openlogo-100.png
	ln origin/birds/M-1-3.jpg origin/logos/openlogo-nd-100.png
	# The wiki has one picture of each of them.
	for name in {1..40}; do
		printf '{"id":%d,"name":"Few %02d","category":"M"}\n' "$name" "$name"
	done >home/people.ndjson
	jq -r '[.id, .name, .category] | @csv' home/people.ndjson | sed '1i id,name,category' >home/people.csv
	# As whoever runs that wiki may have it.
	mkdir -p home/.config/bi
	echo 'commons.wikimedia.org slots=4 rate=0 contact=required' >home/.config/bi/hosts.conf
}

# pdf FILE: makes a PDF of one page that says "Hello".
pdf() {
	cat >"$1" <<-'END'
		%PDF-1.4
		1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
		2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
		3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 99]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj
		4 0 obj<</Length 38>>stream
		BT /F 24 Tf 20 40 Td (Hello) Tj ET    
		endstream endobj
		5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
		trailer<</Root 1 0 R>>
		%%EOF
	END
}

# batch NAME SUBJECT...: a completed batch with three candidates for each subject, all under a licence but the third.
batch() {
	local name=$1 subject k

	shift
	for subject; do
		for k in 1 2 3; do
			printf '{"subject":{"id":%s,"name":"Subject %s"},"url":"https://example.com/birds/M-1-1.jpg?%s"%s}\n' \
				"$subject" "$subject" "$name-$subject-$k" "$([ $k = 3 ] || echo ',"license":"CC0","author":"A"')"
		done
	done | inside bi-fetch -q --category "${name%%_*}" -b "$name" >/dev/null
}

# pick BATCH SUBJECT CHOICE [REVIEWER]
pick() {
	printf '{"subject":"%s","choice":%s,"reviewer":"%s","at":"2026-11-22T10:00:00.000Z"}\n' "$2" "$3" "${4-ada}" \
		>>"$BI_ROOT/batches/$1/picks.ndjson"
}

# completed BATCH N [STATUS]: it is done, N items of it are completed, and none failed unless STATUS says so.
completed() {
	assert_equal "$(inside bi-status --json --limit 0 "$1" | jq -r '.batch_job | "\(.status) \(.completed_items)"')" \
		"${3:-completed} $2"
}

# shown BATCH: a server record of $output is that of the batch, and its URL, $url, shows the batch's page.
shown() {
	url=$(jq -r --arg batch "$1" 'select(.port and .batch == $batch).url' <<<"$output")
	[ -n "$url" ] || fail "no server of $1 in: $output"
	inside curl -s --fail "$url" | grep '<main' >/dev/null || fail "$url shows no page"
}

# laid_out FILE NAME ID: all that FILE, a listing of the root, has is there, of that batch and that subject.
laid_out() {
	local words word dir of=$BI_ROOT/batches/$2 count=0

	while read -ra words; do
		word=$(sed "s|^\\\$BI_ROOT|$BI_ROOT|; s|NAME|$2|; s|/ID/|/$3/|" <<<"${words[0]}")
		[[ $word == /* ]] || word=$of/$word
		[ -e "$word" ] || fail "the README has '${words[0]}', and there is no $word"
		dir=${word%/*}
		for word in "${words[@]:1}"; do
			case $word in
			*.html[,:] | *.json) word=$dir/$(sed "s/ID_IDX/$3_1/; s/ID_/$3_/" <<<"$word") ;;
			[a-z]*[a-z]/) word=$BI_ROOT/$word ;;
			*) continue ;;
			esac
			[ -e "${word%[,:]}" ] || fail "the README has ${word%[,:]}, which is not there"
			count=$((count + 1))
		done
	done <"$1"
	[ "$count" -ge 7 ]
}

@test "README: the first pipeline" {
	local files=(home/share/screenshots/*)

	example_not README 'make demo' "both install what is missing and take minutes; the second runs this test"
	shim make 'exit 0'
	ln -s /usr/local/bin home/bin
	example README 'export PATH='
	example README '-b reading <urls | bi-render'
	completed reading 2
	shown reading
	shim bi-status '[ "$*" = --watch ] || exec /usr/local/bin/bi-status "$@"
		timeout --signal INT 1 /usr/local/bin/bi-status "$@"
		[ $? = 124 ]'
	example README 'bi-status --doctor'
	rm shims/bi-status
	assert_line --regexp '^reading +.*2/2'
	assert_line --regexp '^Port 80[0-9][0-9]:'
	assert_line --partial 'nothing is wrong'
	run -0 inside bi-clean list
	assert_output 'No active servers'
	example README 'bi-fetch -b screens'
	completed screens ${#files[@]}
	shown screens
	example README 'mkdir -p named'
	assert_equal "$(cd home/named && echo *)" 'openlogo-100.png openlogo-nd-100.png'
	cmp home/named/openlogo-nd-100.png origin/logos/openlogo-nd-100.png
	echo 'https://example.com/logos/openlogo-100.png?width=9#top' >>home/urls
	example README 'mkdir -p named'
	files=(home/named/*)
	assert_equal ${#files[@]} 5 # three of one name, two of the other
	# But for the root's own folder, where the world has it mounted.
	example README 'rm -r' 1
	assert_equal "$(find "$BI_ROOT" -mindepth 1)" ''
}

@test "README: from names to pictures" {
	example README 'bi-source -b musicians'
	completed musicians 18
	shown musicians
	pick musicians joplin 1
	example README '--originals --strict'
	assert_equal "$(jq -r 'select(.status == "collected").subject' <<<"$output")" joplin
}

@test "README: candidates, their review, and what was chosen" {
	local name

	example README '-b logos <candidates.ndjson'
	completed logos 2
	shown logos
	run -0 inside curl -s --fail "${url%/index.html*}/swirl_review.html"
	assert_output --partial 'The Debian swirl'
	pick logos swirl 1
	example README '--strict -o logos.zip'
	assert_equal "$(jq -rc 'select(.status == "collected") | [.batch, .subject, .licenses]' <<<"${lines[0]}")" '["logos","swirl",["CC BY-SA 3.0"]]'
	assert_line --partial '"status":"verified"'
	for name in md csv json; do
		[ -s "$BI_ROOT/collected/ATTRIBUTION.$name" ]
	done
	[ -s home/logos.zip ]
	inside bi-fetch -b logos <home/candidates.ndjson | inside bi-parse >/dev/null
	example_taken README 'items.ndjson '
	laid_out "$EXAMPLE" logos swirl
}

@test "README: in parallel, and again; limits, and hostile lists" {
	local list files=(home/share/screenshots/*)

	rm home/lists/*
	example README 'split -n'
	for list in part-aa part-ab; do
		completed "$list" 2
		shown "$list"
	done
	example README 'xargs -d'
	completed big "$(wc -l <home/urls)"
	example README 'select(.status=="failed")'
	assert_output ''
	completed reading "$(wc -l <home/urls)"
	echo https://example.com/not-there.jpg >>home/urls
	example README 'select(.status=="failed")'
	assert_output --regexp '^https://example.com/not-there.jpg	.*404'
	sed -i '$d' home/urls
	example README '--expand screens.tgz'
	assert_equal "$(grep -c '"member":' <<<"$output")" ${#files[@]}
	completed default $(($(wc -l <home/urls) + 4))
	poll 20 grep -q 'me@example.org' world.log
}

@test "bi-api(1)" {
	batch M_batch1 7
	run -0 inside bi-render M_batch1
	run -0 inside bi-serve M_batch1
	# A root that made 41 jobs.
	echo 41 >"$BI_ROOT/seq/jobs"
	example bi-api.1 '-X PUT'
	assert_equal "$(jq -c .selections <<<"$output")" '{"7":3}'
	example bi-api.1 'bi-status job-42'
	assert_line --partial '"batch_job_id":42,"total_items":2'
	run -0 inside bi-status --wait --timeout 60 job-42
	completed job-42 2
	pdf home/paper.pdf
	example bi-api.1 'file=@paper.pdf'
	assert_equal "$(jq -r '.success, .detail // empty' <<<"$output")" true
	example bi-api.1 'disagreements > 0'
	assert_output ''
	pick M_batch1 7 1 grace
	example bi-api.1 'disagreements > 0'
	assert_output M_batch1
	batch birds 1
	pick birds 1 2
	example bi-api.1 'format=zip'
	run -0 unzip -l home/birds.zip
	assert_output --partial ATTRIBUTION
}

@test "bi-clean(1)" {
	batch M_batch1 1
	run -0 inside bi-render M_batch1
	run -0 inside bi-serve M_batch1
	example bi-clean.1 'stop 8000'
	assert_line 'No active servers'
	echo rest >"$BI_ROOT/temp/M_batch1.1.part"
	example bi-clean.1 '-n temp'
	assert_output --partial M_batch1.1.part
	example_cron bi-clean.1 '>/dev/null'
	[ ! -e "$BI_ROOT/temp/M_batch1.1.part" ]
	example bi-clean.1 'check ||'
	printf f | dd of="$BI_ROOT/batches/M_batch1/state" conv=notrunc status=none
	example bi-clean.1 'check ||'
	assert_output --partial 'state'
	run -0 inside bi-clean check
	batch birds 1
	example_answered y bi-clean.1 'items -b birds 1'
	assert_output --partial 'removed item 1 of batch birds'
	[[ $(<"$BI_ROOT/batches/birds/state") == x* ]]
	example_answered y bi-clean.1 --archive
	run -0 tar tf home/M_batch1.tar.zst
	assert_line --partial results.ndjson
	[ ! -e "$BI_ROOT/batches/M_batch1" ]
	batch part-3 1
	jq -r .url "$BI_ROOT/batches/part-3/items.ndjson" >home/list
	example bi-clean.1 'pack part-3'
	assert_equal "$(cat home/other/batches/big/state)" ccc
	mkdir -p home/sourced_images/review
	ln origin/birds/M-1-1.jpg home/sourced_images/review/7_1.jpg
	echo '<title>Review</title>' >home/sourced_images/review/index.html
	example bi-clean.1 --move-to
	completed old_pictures 1
	[ ! -e home/sourced_images/review/7_1.jpg ]
}

@test "bi-collect(1)" {
	batch birds 1
	batch M_batch1 7
	batch crawl 20 21
	pick birds 1 2
	example bi-collect.1 '--strict -o'
	assert_equal "$(jq -r 'select(.status == "verified").export' <<<"$output")" birds.zip
	[ -s home/birds.zip ]
	rm home/birds.zip
	example bi-collect.1 '--format coco'
	[ -s home/birds.zip ]
	assert_equal "$(jq -c '[.images, .categories, .annotations | length]' home/birds.json)" '[1,1,1]'
	pick M_batch1 7 1 ada
	pick M_batch1 7 2 grace
	run -4 inside bi-collect M_batch1
	example bi-collect.1 '--prefer grace'
	assert_equal "$(jq -r 'select(.subject == "7").idx' <<<"$output")" 2
	example bi-collect.1 webdataset
	ls home/train*.tar
}

@test "bi-expand(1), bi-media(1), bi-thumb(1), bi-type(1)" {
	run -0 inside bi-fetch -q -b birds photos.zip
	example bi-expand.1 'map(.bytes'
	assert_output "$(cat home/pictures/* | wc -c)"
	example bi-media.1 gallery
	completed gallery 2
	example bi-thumb.1 portrait
	assert_equal "$(inside bi-type portrait.webp | jq -r '.mime // empty')" image/webp
	run -0 sh -c 'cd home && bi-fetch -q -b birds pictures/*'
	example bi-type.1 'uniq -c'
	assert_line --regexp '^ *2 image/jpeg$'
	assert_line --regexp '^ *1 application/zip$'
}

@test "bi-fetch(1): lists, files, and a worker" {
	example bi-fetch.1 '-b reading'
	completed reading 2
	example bi-fetch.1 '.jpg | bi-render | bi-serve'
	completed holiday 2
	shown holiday
	example bi-fetch.1 '--column image'
	completed birds "$(wc -l <home/urls)"
	example bi-fetch.1 -print0
	completed pictures 2
	example bi-fetch.1 '-o list.txt'
	completed tools 1
	cmp home/list.txt origin/1
	example bi-fetch.1 'xargs -d'
	completed big "$(wc -l <home/urls)"
	echo https://example.com/1.jpg | run -0 inside bi-fetch -q --queue -b big
	example bi-fetch.1 --resume
	completed big $(($(wc -l <home/urls) + 1))
	example bi-fetch.1 '--queue'
	[ -e "$BI_ROOT/queue/nightly" ]
	example_cron bi-fetch.1 '--work --once'
	completed nightly "$(wc -l <home/urls)"
	[ ! -e "$BI_ROOT/queue/nightly" ]
}

@test "bi-fetch(1): stages of one's own" {
	vips thumbnail origin/birds/M-1-1.jpg origin/small.jpg 40
	echo https://example.com/small.jpg >>home/urls
	example bi-fetch.1 too_small 1
	assert_equal "$(jq -r 'select(.status == "failed") | "\(.url) \(.error.code)"' <<<"$output")" 'https://example.com/small.jpg too_small'
	assert_equal "$(jq -r '.site // empty' <<<"$output" | uniq -c | xargs)" "$(($(wc -l <home/urls) - 1)) example.com"
	shim exiftool 'echo "[{\"SourceFile\": \"$5\", \"Make\": \"Leica\"}]"'
	example_taken bi-fetch.1 '#!/bin/sh'
	install "$EXAMPLE" home/camera
	example bi-fetch.1 '--through ./camera'
	assert_equal "$(jq -r '.camera.Make // empty' "$BI_ROOT/batches/holiday/results.ndjson" | uniq -c | xargs)" '2 Leica'
	completed holiday 2
}

@test "bi-hosts(5)" {
	local text

	for text in 'slots=4' 'private=allow' 'robots=ignore'; do
		example_taken bi-hosts.5 "$text"
		cp "$EXAMPLE" home/hosts.conf
		run -0 inside env BI_HOSTS_CONF=hosts.conf bi-fetch -q https://example.com/1
		sed -i 's/=/=no/' home/hosts.conf
		run -78 inside env BI_HOSTS_CONF=hosts.conf bi-fetch -q https://example.com/2
	done
	example_taken bi-hosts.5 headers=secrets/data.headers
	cp "$EXAMPLE" home/hosts.conf
	mkdir home/secrets
	echo 'X-Key: 1' >home/secrets/data.headers
	echo '[{"domain":".pictures.example.org","name":"a","value":"b"}]' >home/secrets/pictures.json
	chmod 600 home/secrets/*
	run -0 inside env BI_HOSTS_CONF=hosts.conf bi-fetch -q https://example.com/2
	chmod 644 home/secrets/pictures.json
	run -78 inside env BI_HOSTS_CONF=hosts.conf bi-fetch -q https://example.com/2
}

@test "bi-parse(1)" {
	pdf home/report.pdf
	shim less 'exec cat'
	example bi-parse.1 report.pdf
	assert_output --partial Hello
	printf 'https://example.com/%s\n' 1 2 a.jpg >home/urls
	example bi-parse.1 '@tsv'
	assert_line 'https://example.com/1	1'
	assert_line 'https://example.com/2	2'
	rm -r "$BI_ROOT/batches/reading"
	example bi-parse.1 --through
	completed reading 3
	assert_equal "$(jq -r 'select(.item == 2).title' "$BI_ROOT/batches/reading/results.ndjson")" 2
}

@test "bi-records(5), bi-render(1)" {
	echo https://example.com/not-there.jpg >>home/urls
	example bi-records.5 '@tsv'
	assert_output --regexp '^https://example.com/not-there.jpg	.*404'
	sed -i '$d' home/urls
	example bi-render.1 bi-fetch
	shown birds
	example_taken bi-render.1 'bi-render birds'
	inside bi-fetch -b birds https://example.com/a.jpg >/dev/null
	example_file bi-render.1 bi-fetch
	run -0 inside sh -e "$EXAMPLE"
	inside curl -s http://localhost:8000/birds/index.html | grep -F a.jpg
}

@test "bi-serve(1)" {
	local name

	example bi-serve.1 'bi-fetch -b birds'
	shown birds
	run -0 inside bi-clean stop-all
	for name in M_batch1 P_batch1 A_batch1; do
		batch "$name" 1
		run -0 inside bi-render "$name"
	done
	example bi-serve.1 M_batch1
	for name in M_batch1 P_batch1 A_batch1; do
		shown "$name"
	done
	run -0 inside bi-clean stop-all
	example bi-serve.1 --csrf-cookie
	shown birds
	run -0 inside curl -s -D - -o /dev/null -H 'Origin: http://localhost:3000' "${url%/birds*}/api/v1/status/"
	assert_line --regexp '^[Aa]ccess-[Cc]ontrol-[Aa]llow-[Oo]rigin: http://localhost:3000'
	run -0 inside curl -s -D - -o /dev/null "${url%/birds*}/api/v1/status/"
	assert_line --regexp '^[Ss]et-[Cc]ookie: csrftoken='
	run -0 inside bi-clean stop-all
	example bi-serve.1 --allow-host
	url=$(jq -r 'select(.port).url' <<<"$output")
	run -0 inside curl -sk -o /dev/null -w '%{http_code}' "$url"
	assert_output 401
	example_not bi-serve.1 'ssh -L' 'there is no second machine to log in from'
}

@test "bi-source(1)" {
	local k

	example bi-source.1 'seq 0 5 35'
	for k in {1..8}; do
		completed "M_batch$k" 5
		[ -e "$BI_ROOT/review/M_batch$k/index.html" ]
	done
	for k in 172 250 266; do
		echo "$k,Few $k,M" >>home/people.csv
	done
	# What the one above exported is for all of them.
	BI_CONTACT=ops@example.org example bi-source.1 '--ids 172,250,266'
	assert_equal "$(cut -f 1 <<<"$output" | xargs)" 'Few 172 Few 250 Few 266'
	printf '%s\n' item,itemLabel 'http://www.wikidata.org/entity/Q1339,Few Bach' >home/query.csv
	BI_CONTACT=ops@example.org example bi-source.1 'query.csv'
	[ -e "$BI_ROOT/review/query/index.html" ]
	# There is no Openverse here.
	example_taken bi-source.1 'wikimedia,openverse'
	printf '%s\n' id,name,urls 7,Gulls,https://example.com/a.jpg 8,Terns,https://example.com/b.jpg >home/found.csv
	example bi-source.1 '-s none'
	completed ALL 2
	shown ALL
}

@test "bi-sources(5)" {
	example_taken bi-sources.5 'title = The museum'
	cp "$EXAMPLE" home/museum.conf
	example_taken bi-sources.5 'include "rank"'
	cp "$EXAMPLE" home/museum.jq
	echo '{"hits":[{"image":"https://example.com/a.jpg","title":"A"},{"image":"https://example.com/b.jpg","title":"B"}]}' >origin/search
	run -0 inside bi-source --json -s ./museum M 1 0 -f people.ndjson
	assert_equal "$(jq -r 'select(.rank) | "\(.rank) \(.title) \(.license) \(.url)"' <<<"$output")" \
		$'1 A CC0 https://example.com/a.jpg\n2 B CC0 https://example.com/b.jpg'
}

@test "bi-status(1)" {
	batch M_batch1 1
	batch P_batch1 2
	example bi-status.1 'bi-status --wait'
	assert_equal "$(jq -r 'select(.review).batch' <<<"$(grep '^{' <<<"$output")" | xargs)" 'M_batch1 P_batch1'
	example bi-status.1 progress_percentage
	assert_output 100
	example bi-status.1 --doctor
	assert_output --partial 'nothing is wrong'
	run -1 inside bi-fetch -q -b M_batch1 https://example.com/not-there.jpg
	example bi-status.1 'bi-status --items --failed M_batch1'
	assert_line --partial https://example.com/not-there.jpg
	example bi-status.1 bi-status
	assert_line --regexp '^M_batch1 .*4/4 +1 +0'
	example bi-status.1 '--watch --wait'
	assert_line --partial M_batch1
	jq -c 'if .error then .error.code = "timeout" else . end' "$BI_ROOT/batches/M_batch1/results.ndjson" >results
	cp results "$BI_ROOT/batches/M_batch1/results.ndjson"
	inside bi-status --rebuild M_batch1
	ln origin/a.jpg origin/not-there.jpg
	example bi-status.1 'bi-fetch -b slow'
	completed slow 1
	mkdir lib/node_exporter
	example_cron bi-status.1 prometheus.jq
	grep -q '^bi_.*M_batch1' lib/node_exporter/bi.prom
}

mailed() {
	grep -q not-there.jpg mailed
}

@test "bi-status(1): mail for what failed" {
	inside bi-fetch -q -b birds <home/urls >/dev/null
	shim mail '{ echo "$@"; cat; } >>../mailed'
	example_taken bi-status.1 --events
	start inside sh "$EXAMPLE"
	for _ in {1..20}; do
		inside bi-fetch -q -b "fails-$RANDOM" https://example.com/not-there.jpg || :
		! poll 2 mailed || break
	done
	grep -q '^-s fails-[0-9]*: some failed ops' mailed
	mailed
}

@test "bi-split(1), bi-exports(5)" {
	cp home/urls home/urls.txt
	example bi-split.1 'bi-split -n 40'
	assert_equal "$(cat home/parts/part-* | sort)" "$(sort home/urls)"
	# There is no /scratch here.
	example_taken bi-split.1 'bi-fetch -r /scratch'
	sed 's|/scratch|.|; s|parts/part-7|urls|' "$EXAMPLE" >home/part.sh
	run -0 inside sh part.sh
	example_taken bi-exports.5 'export document'
	cp "$EXAMPLE" home/titles.jq
	inside bi-fetch -q -b birds <home/urls >/dev/null
	pick birds i1 1
	example bi-exports.5 'titles.txt'
	grep -q '^birds_i1: ' home/titles.txt || fail "$(<home/titles.txt)"
}

@test "bi(1), bi(7): pipelines" {
	example bi.7 'bi-source M 5 0' 1 # nobody has decided anything yet
	completed M_batch1 5
	pick M_batch1 1 1
	example bi.7 'bi-source M 5 0'
	assert_equal "$(jq -r 'select(.status == "collected").subject' <<<"$output")" 1
	run -0 inside bi-clean stop-all
	example bi.1 'bi fetch -b birds'
	shown birds
	example bi.7 'bi-clean stop-all'
	assert_line --regexp '^stopped port 80[0-9][0-9]: birds'
	completed birds "$(wc -l <home/urls)"
	echo https://example.com/mirror-only.jpg >>home/urls
	mkdir mirror
	ln origin/birds/M-1-1.jpg mirror/mirror-only.jpg
	example bi.7 mirror.example
	completed mirrored 1
	assert_line --partial '"url":"https://mirror.example/mirror-only.jpg"'
	example bi.7 'if bi-fetch'
	assert_equal "$(wc -l <home/missing)" 1
	[ ! -e home/birds.zip ]
	run -0 inside bi-clean --yes batch birds
	sed -i '$d' home/urls
	example bi.7 'if bi-fetch'
	[ -s home/birds.zip ]
}

busy() {
	run -75 inside bi-clean -n --yes batch birds
}

@test "bi(7): waiting while something is busy" {
	inside bi-fetch -q -b birds <home/urls >/dev/null
	mkfifo birds.in
	start inside bi-fetch -q -b birds <>birds.in >/dev/null
	echo https://example.com/1 >birds.in
	poll 10 busy
	shim sleep 'echo "$@" >>../slept
		for p in /proc/[0-9]*; do [ "$(cat "$p/comm")" != bi-fetch ] || kill "${p#/proc/}"; done
		exec /usr/bin/sleep 0.2'
	example bi.7 'until bi-clean'
	assert_equal "$(sort -u slept)" 60
	[ ! -e "$BI_ROOT/batches/birds" ]
	example bi.7 'until bi-clean' 1
}

@test "bi(7): several at once" {
	local list

	example bi.7 'xargs -0'
	for list in one two three four; do
		completed "$list" 1
		[ -e "$BI_ROOT/review/$list/index.html" ]
	done
	example bi.7 'xargs -d'
	completed big "$(wc -l <home/urls)"
	[ ! -e "$BI_ROOT/review/big" ]
	example bi.7 'bi-status --json --limit 0'
	[ -e "$BI_ROOT/review/big/index.html" ]
	echo https://example.com/not-there.jpg >>home/urls
	example bi.7 'xargs -d' 123
}

@test "bi(7): cron" {
	inside bi-fetch -q --queue -b handed <home/urls
	inside bi-fetch -q -b old <home/urls >/dev/null
	find "$BI_ROOT/batches/old" -exec touch -d '-31 days' {} +
	example_cron bi.7 '0 3 * * *'
	completed nightly "$(wc -l <home/urls)"
	completed handed "$(wc -l <home/urls)"
	[ ! -e "$BI_ROOT/batches/old" ]
	echo https://example.com/not-there.jpg >>home/urls
	inside bi-fetch -q --queue -b 'bad' <home/urls
	example_cron bi.7 '0 3 * * *' mails
	run -0 cat mails
	assert_equal "${#lines[@]}" 4
	assert_line --index 0 'bi-fetch: 1 of 5 failed: http_404 1'
	assert_line --index 1 --regexp '^5 +failed +https://example.com/not-there.jpg$'
	assert_line --index 2 --regexp '^ +http_404: .*404'
	assert_line --index 3 --regexp '^bad	https://example.com/not-there.jpg	.*404'
	sed -i '$d' home/urls
	run -0 inside bi-clean --yes batch nightly
	example_cron bi.7 '0 3 * * *'
	example bi.7 'all there'
	assert_line 'all there'
}

@test "the examples of several lists, and of several processes, work with any names of files" {
	local file list page

	mkdir 'home/a b'
	pushd home
	for file in "a b/it's.txt" 'a b/"quoted".txt' 'a b/back\slash $(touch pwned).txt'; do
		echo "$file" >"$file"
		realpath "$file"
	done >urls
	rm lists/*
	for list in one two three; do
		cp urls "lists/$list.txt"
	done
	cp urls "lists/three;touch pwned;\$(touch pwned) it's .txt"
	popd
	example README 'xargs -d'
	completed big 3
	for page in README bi.7; do
		example "$page" 'xargs -0'
		for list in one two three three_touch_pwned___touch_pwned__it_s_; do
			completed "$list" 3
			[ -e "$BI_ROOT/review/$list/index.html" ]
		done
		run -0 inside bi-clean stop-all
		run -0 inside bi-clean --yes batch one two three three_touch_pwned___touch_pwned__it_s_
	done
	[ -z "$(find . -name pwned)" ]
}

@test "each example is run above, or it is said why it cannot be" {
	local file left=

	for file in "$EXAMPLES"/*; do
		[[ $file == *.taken || -e $file.taken ]] || left+="${file##*/}: $(<"$file")"$'\n'
	done
	[ -z "$left" ] || fail "nobody runs these: $left"
}
