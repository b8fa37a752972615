#!/usr/bin/env bats
# bi-render: how many copies are found to be alike, among 140 pictures.

load ../integration/helpers
load ../integration/alike

setup() {
	bi_setup
	R=$BI_ROOT/review
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
