#!/usr/bin/env bats
# bi-render: what is alike, what changed, and pages while records come.

load helpers

setup() {
	bi_setup
	R=$BI_ROOT/review
}

# item ID FILE: an item of subject ID.
item() {
	printf '{"subject":{"id":"%s","name":"Subject %s"},"file":"%s"}\n' "$1" "$1" "$(realpath -m "$2")"
}

# A copy of share whose pages are what bi-render gives jq: ID_review.html is the subject as JSON.
plain_pages() {
	cp -r "$BI_SHARE" share
	# shellcheck disable=SC2016
	printf '%s\n' '[if .subject then {name:"\(.subject.id)_review.html",text:(.|tojson)} else empty end, {name:"index.html",text:(if .subject then .subject.id + "\n" else "" end)}]' \
		>share/review/render.jq
	export BI_SHARE=$PWD/share
}

# candidates ID FILTER: what the filter makes of each of the subject's candidates, a line each.
candidates() {
	jq -r ".subject.candidates[] | $2" "$R"/*/"$1_review.html"
}

# Every file of the batch's pages with what tells that it was written again.
written() {
	find "$R/$1" -type f -printf '%p %i %T@ %C@\n' | sort
}

@test "copies are folded behind their original, near duplicates behind the best of them" {
	plain_pages
	pictures M
	cp origin/M-1-1.jpg copy.jpg
	vips thumbnail origin/M-1-1.jpg half.webp 800
	vips copy origin/M-1-1.jpg 'again.jpg[Q=40,strip]'
	vips thumbnail origin/M-1-1.jpg large.v 512
	vips gaussblur large.v blurred.png 5
	vips resize blurred.png blurred.jpg 6
	cp half.webp half2.webp
	for file in origin/M-2-2.png half.webp origin/M-1-1.jpg copy.jpg blurred.jpg again.jpg origin/M-1-2.jpg half2.webp missing.jpg; do
		item 1 "$file"
	done >in
	bi-fetch -b near <in >records || [ $? -eq 1 ]
	bi-render near
	run candidates 1 '"\(.idx) \(.same_as) \(.near) \(.distance != null and .distance <= 8)\(if .blurred then " blurred" else "" end)"'
	# The group comes where its first member was asked for; the blurred one has the most pixels and is last.
	assert_output - <<-'END'
		1 null null false
		3 null null false
		4 3 null false
		6 null 3 true
		2 null 3 true
		8 2 null false
		5 null 3 true blurred
		7 null null false
		9 null null false
	END
}

@test "at least nine in ten of resized and re-encoded copies are near, and no two distinct pictures" {
	local picture i n=0 found

	plain_pages
	pictures M P A
	mkdir copies
	for picture in origin/M-*; do
		i=$(basename "${picture%.*}")
		printf '%s\n' "thumbnail $picture copies/$i.small.jpg[Q=60,strip] 300" "thumbnail $picture copies/$i.half.webp[Q=60,strip] 800" \
			"thumbnail $picture copies/$i.tiny.png[strip] 160" "thumbnail $picture copies/$i.low.jpg[Q=30,strip] 1100"
	done | xargs -L 1 -P 2 vips
	# Distinct ones that say little: flat, gradients of any direction, a mark on white, two designs in other colours.
	mkdir plain
	for i in '255 255 255' '250 250 250' '0 0 0' '200 30 30'; do
		vips black black.v 400 300 --bands 3
		vips linear black.v "plain/flat-${i// /-}.png" '1 1 1' "$i" --uchar
	done
	i=0
	for gradient in 'x1="0" x2="1" y1="0" y2="0"' 'x1="1" x2="0" y1="0" y2="0"' 'x1="0" x2="0" y1="0" y2="1"' \
		'x1="0" x2="0" y1="1" y2="0"' 'x1="0" x2="1" y1="0" y2="1"' 'x1="1" x2="0" y1="0" y2="1"'; do
		for colours in '#000 #fff' '#222 #ddd' '#024 #8cf' '#420 #fc8'; do
			i=$((i + 1))
			printf '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><linearGradient id="g" %s><stop stop-color="%s"/><stop offset="1" stop-color="%s"/></linearGradient><rect width="400" height="300" fill="url(#g)"/></svg>' \
				"$gradient" "${colours% *}" "${colours#* }" >g.svg
			vips copy g.svg "plain/gradient-$i.png"
		done
	done
	for i in 20 120 220 320; do
		printf '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><rect width="400" height="300" fill="#fff"/><circle cx="%d" cy="%d" r="18"/></svg>' "$i" "$((300 - i / 2))" >g.svg
		vips copy g.svg "plain/mark-$i.png"
	done
	for i in red green blue; do
		printf '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><rect width="400" height="300" fill="%s"/><path stroke="#fff" stroke-width="20" d="M0 0L400 300M0 300L400 0M200 0V300M0 150H400"/></svg>' "$i" >g.svg
		vips copy g.svg "plain/poster-$i.png"
	done
	# All distinct ones are one subject; each picture with its copies is another.
	for picture in origin/* plain/*; do
		item all "$picture"
	done >in
	for picture in origin/M-*; do
		i=$(basename "${picture%.*}")
		item "$i" "$picture"
		for copy in copies/"$i".*; do
			item "$i" "$copy"
			n=$((n + 1))
		done
	done >>in
	bi-fetch -b many <in | bi-render >out
	run candidates all 'select(.near or .same_as) | "\(.title) \(.idx) is near \(.near) at \(.distance)"'
	assert_output ''
	[ "$(candidates all .thumb | wc -l)" -eq $((45 + 4 + 24 + 4 + 3)) ]
	found=$(for picture in origin/M-*; do
		candidates "$(basename "${picture%.*}")" 'select(.near and .distance <= 8) | .idx'
	done | wc -l)
	echo "$found of $n copies are near"
	[ "$n" -eq 60 ]
	[ "$found" -ge $((n * 9 / 10)) ]
}

@test "marks, aspect, and the next one's thumbnails" {
	plain_pages
	pictures M
	vips thumbnail origin/M-1-1.jpg small.png 150
	vips thumbnail origin/M-1-1.jpg mid.v 1000
	vips gaussblur mid.v blurred.jpg 9
	vips arrayjoin 'small.png small.png' two.v --across 1
	vips copy two.v 'film.gif[page-height=113]'
	printf '<svg xmlns="http://www.w3.org/2000/svg" width="145" height="100"><circle cx="50" cy="50" r="40"/></svg>' >drawing.svg
	vips black odd.png 300 207 --bands 3
	{
		item 1 origin/M-1-1.jpg
		for file in small.png blurred.jpg film.gif drawing.svg odd.png origin/M-1-2.jpg; do
			item 2 "$file"
		done
		for i in 1 2 3 4; do
			for file in origin/M-"$i"-[123].*; do
				item 3 "$file"
			done
		done
		item 4 origin/M-5-1.jpg
	} >in
	printf 'words\n' >words.txt
	item 2 words.txt >>in
	bi-fetch -b marks <in | bi-render >out
	run candidates 2 '"\(.idx) \(.aspect) \([.tiny, .blurred, .animated, .vector, .shows] | map(. // false | if . then 1 else 0 end) | join(""))"'
	assert_equal "$(sort <<<"$output")" "$(sort <<-'END'
		1 4:3 10001
		2 4:3 01001
		3 4:3 10101
		4 1.45:1 00011
		5 1.45:1 00001
		6 3:4 00001
		7 null 00000
	END
	)"
	run jq -c .subject.next_files "$R/marks/1_review.html"
	assert_output '["thumbs/2_1.webp","thumbs/2_2.webp","thumbs/2_3.webp","thumbs/2_4.webp","thumbs/2_5.webp","thumbs/2_6.webp"]'
	run jq -c '.subject.next_files | length' "$R/marks/2_review.html"
	assert_output 9
	run jq -c .subject.next_files "$R/marks/4_review.html"
	assert_output null
}

@test "nothing changed: nothing is written, no jq is started" {
	pictures M
	for i in 1 2 3; do
		item "$i" "origin/M-$i-1.jpg"
	done | bi-fetch -b still | bi-render
	written still >before
	# Not even a jq is needed.
	ln -s "$(command -v bi-render)" .
	run -0 env PATH=/nowhere "$BI_BIN/bi-render" still
	written still | diff before -
}

@test "what changed is written, what is gone goes" {
	pictures M
	for i in 1 2 3 4; do
		item "$i" "origin/M-$i-1.jpg"
	done | bi-fetch -b some | bi-render
	written some >before
	# A page that was lost or edited is made again, and only that.
	rm "$R/some/2_review.html"
	echo edited >>"$R/some/3_review.html"
	bi-render some
	written some | diff before - | grep -o '[a-z0-9_]*\.html' | sort -u >changed || :
	assert_equal "$(tr '\n' ' ' <changed)" '2_review.html 3_review.html '
	grep -q 'Subject 2' "$R/some/2_review.html"
	run ! grep edited "$R/some/3_review.html"
	# Another picture of the same name in a batch made anew, a subject less.
	cp "$R/some/thumbs/1_1.webp" old.webp
	rm -r "$BI_ROOT/batches/some"
	{
		item 1 origin/M-5-1.jpg
		item 2 origin/M-2-1.jpg
		item 3 origin/M-2-2.png
	} | bi-fetch -b some | bi-render
	run -1 cmp old.webp "$R/some/thumbs/1_1.webp"
	cmp origin/M-5-1.jpg "$R/some/1_1.jpg"
	run bash -c "cd '$R/some' && ls *_* thumbs"
	assert_output - <<-'END'
		1_1.jpg
		1_review.html
		2_1.jpg
		2_review.html
		3_1.png
		3_review.html

		thumbs:
		1_1.webp
		2_1.webp
		3_1.webp
	END
	# A picture whose file is gone.
	rm "$BI_ROOT/batches/some/files/2_1.jpg"
	bi-render some
	[ ! -e "$R/some/2_1.jpg" ]
	[ ! -e "$R/some/thumbs/2_1.webp" ]
	grep -q 'its file is gone' "$R/some/2_review.html"
	# A page's program that changed makes all pages anew.
	cp -r "$BI_SHARE" share
	sed -i 's/No candidates/Not one/; s/All subjects/Every subject/' share/review/*.jq
	BI_SHARE=$PWD/share bi-render some
	grep -q 'Every subject' "$R/some/submit.html"
}

@test "subjects are rendered as they complete" {
	pictures M
	mkfifo pipe
	exec {feed}<>pipe
	start bi-render <pipe >out 2>err {feed}>&-
	item 1 origin/M-1-1.jpg | bi-fetch -b flow | grep -v '"end"' >&"$feed"
	poll 20 test -e "$R/flow/index.html"
	[ -e "$R/flow/thumbs/1_1.webp" ]
	[ ! -s out ]
	item 2 origin/M-2-1.jpg | bi-fetch -b flow | grep -v '"end"' >&"$feed"
	poll 20 grep -q 'Subject 2' "$R/flow/index.html"
	[ -e "$R/flow/2_review.html" ]
	kill -0 "${STARTED[0]}"
	item 3 origin/M-3-1.jpg | bi-fetch -b flow >&"$feed"
	exec {feed}>&-
	poll 20 gone "${STARTED[0]}"
	wait "${STARTED[0]}"
	run cat out err
	assert_output - <<-END
		{"batch":"flow","review":"$R/flow/index.html","subjects":3,"candidates":3}
		{"end":"bi-render","batches":1,"exit":0}
	END
	grep -q 'Subject 3' "$R/flow/index.html"
}
