#!/usr/bin/env bats
# bi-thumb: which of the pictures in a file is the picture, and kinds of files that few programs write.

load helpers

# The mean of the grey of the thumbnail of $1.
grey_of() {
	bi-thumb "$1" grey.webp >/dev/null && vips avg grey.webp | cut -d. -f1
}

# A PNG of $2 x $3 pixels of the colour "R G B" $4.
coloured() {
	vips black coloured.v "$2" "$3" --bands 3
	vips linear coloured.v "$1" 1 "$4" --uchar
}

# 32 bits, most significant byte first.
number() {
	# shellcheck disable=SC2059
	printf "\\$(printf %o $(($1 >> 24 & 255)))\\$(printf %o $(($1 >> 16 & 255)))\\$(printf %o $(($1 >> 8 & 255)))\\$(printf %o $(($1 & 255)))"
}

# member TYPE FILE: a member of an ICNS.
member() {
	printf %s "$1"
	number $(($(wc -c <"$2") + 8))
	cat "$2"
}

# icns OUT: what is on stdin, as an ICNS.
icns() {
	cat >members
	{ printf icns; number $(($(wc -c <members) + 8)); cat members; } >"$1"
}

@test "the thumbnail of a JPEG 2000 is of the picture, not of its smallest level" {
	pictures M
	vips thumbnail origin/M-1-1.jpg picture.v 700
	for tile in 256 1000; do
		vips jp2ksave picture.v "$tile.jp2" --tile-width "$tile" --tile-height "$tile" --lossless
		run -0 bi-thumb "$tile.jp2" out.webp
		assert_output --regexp '512 x 384, from 700 x 525, hash [0-9a-f]*[1-9a-f]'
	done
	run -0 bi-thumb -s 100 256.jp2 out.webp
	assert_output --partial '100 x 75, from 700 x 525'
	run -0 bi-thumb -s 5 1000.jp2 out.webp
	assert_output --partial '5 x 4, from 700 x 525'
	# Few levels, odd sides.
	vips crop picture.v odd.v 0 0 601 37
	vips jp2ksave odd.v odd.jp2
	run -0 bi-thumb odd.jp2 out.webp
	assert_output --partial '512 x 32, from 601 x 37'
	vips crop picture.v line.v 0 0 1 300
	vips jp2ksave line.v line.jp2
	run -0 bi-thumb line.jp2 out.webp
	assert_output --partial '1 x 300, from 1 x 300'
}

@test "what pictures are like is the same, with smaller copies in the file and without" {
	local likeness

	pictures M
	vips copy origin/M-1-1.jpg flat.tif
	likeness=$(bi-thumb flat.tif out.webp | grep -o 'hash.*,')
	vips tiffsave origin/M-1-1.jpg pages.tif --tile --pyramid
	vips tiffsave origin/M-1-1.jpg subs.tif --tile --pyramid --subifd
	vips jp2ksave origin/M-1-1.jpg levels.jp2 --lossless
	for picture in pages.tif subs.tif levels.jp2; do
		run -0 bi-thumb "$picture" out.webp
		assert_output --partial "512 x 384, from 1600 x 1200, $likeness"
	done
}

@test "of the pages of a TIFF the first one is shown, from a copy that is large enough" {
	local tiff=$BI_BUILD/tests/tiff

	"$tiff" a.tif 1600x1200:200 800x600:100:copy 400x300:50:copy
	assert_equal "$(grey_of a.tif)" 98 # libwebp keeps greys from 16 on
	"$tiff" a.tif 1600x1200:200 800x600:100:copy:sub 400x300:50:copy:sub
	assert_equal "$(grey_of a.tif)" 98
	# Other pages are no copies, whatever their size.
	"$tiff" a.tif 1600x1200:200 800x600:100 400x300:50
	assert_equal "$(grey_of a.tif)" 200
	"$tiff" a.tif 1600x1200:200 800x500:100:copy
	assert_equal "$(grey_of a.tif)" 200
	"$tiff" a.tif 100x100:200 400x300:70
	assert_equal "$(grey_of a.tif)" 200
	# A copy of the second page is none of the first.
	"$tiff" a.tif 1600x1200:200 1600x1200:20 800x600:100:copy
	assert_equal "$(grey_of a.tif)" 200
	run -0 bi-parse a.tif
	assert_output --partial '"width":1600,"height":1200'
	assert_output --partial '"frames":2'
}

@test "a thumbnail in front of the picture is not the picture" {
	local tiff=$BI_BUILD/tests/tiff pages

	for pages in '160x120:50:copy 1600x1200:200' '160x120:50 1600x1200:200' '160x120:50 1600x1200:200:sub' \
		'160x120:50:copy 1600x1200:200:sub' '10x10:9:copy 160x120:50:copy 1600x1200:200'; do
		# shellcheck disable=SC2086
		"$tiff" a.tif $pages
		run -0 bi-thumb a.tif out.webp
		assert_output --partial '512 x 384, from 1600 x 1200'
		assert_equal "$(vips avg out.webp | cut -d. -f1)" 200
	done
}

@test "a raw photograph shows its preview, as the camera was held" {
	pictures M
	vips thumbnail origin/M-1-1.jpg preview.jpg 700
	"$BI_BUILD/tests/tiff" a.dng 80x60:50:copy:dng 640x480:9:raw:sub 700x525:0:copy:sub:jpeg=preview.jpg
	run -0 bi-thumb a.dng out.webp
	assert_output --regexp '512 x 384, from 640 x 480, hash [0-9a-f]*[1-9a-f]'
	run -0 bi-parse a.dng
	assert_output --partial '"width":640,"height":480'
	# A scan that names the maker of the scanner is none.
	"$BI_BUILD/tests/tiff" scan.tif 1600x1200:200:maker 800x600:200:copy
	assert_equal "$(grey_of scan.tif)" 200
}

@test "numbers of any range become grey, from the least to the greatest" {
	vips identity ramp.v --ushort --size 256
	vips linear ramp.v unit.v 0.00392156862745098 0
	vips linear ramp.v large.v 1000 0
	vips cast ramp.v signed.v short
	for numbers in unit large signed; do
		vips copy "$numbers.v" "$numbers.tif" --interpretation b-w
		assert_equal "$numbers $(grey_of "$numbers.tif")" "$numbers 123" # a WebP has 16 for black
	done
}

@test "each EXIF orientation is turned upright" {
	local o hashes=''

	pictures M
	vips thumbnail origin/M-1-1.jpg 'small.jpg[strip]' 200
	for o in 1 2 3 4 5 6 7 8; do
		{
			printf '\377\330\377\341\000\042Exif\000\000MM\000*\000\000\000\010'
			# shellcheck disable=SC2059
			printf "\000\001\001\022\000\003\000\000\000\001\000\\x0$o\000\000\000\000\000\000"
			tail -c +3 small.jpg
		} >"$o.jpg"
		run -0 bi-thumb "$o.jpg" out.webp
		if [ "$o" -lt 5 ]; then
			assert_output --partial '200 x 150, from 200 x 150'
		else
			assert_output --partial '150 x 200, from 150 x 200'
		fi
		[[ $output =~ hash\ ([0-9a-f]+) ]]
		hashes+=${BASH_REMATCH[1]}$'\n'
	done
	assert_equal "$(printf %s "$hashes" | sort -u | wc -l)" 8
}

@test "BMP, TGA, PSD, PCX, ICO and PNM get thumbnails and sizes" {
	local kind

	pictures M
	vips thumbnail origin/M-1-1.jpg small.png 100
	for kind in bmp tga psd pcx ico ppm; do
		vips magicksave small.png "small.$kind" --format "$kind"
		run -0 bi-thumb "small.$kind" out.webp
		assert_output --regexp 'out.webp: 100 x 75, from 100 x 75, hash [0-9a-f]*[1-9a-f]'
	done
	run -0 bi-parse small.bmp small.tga small.psd small.pcx small.ico small.ppm
	assert_equal "$(grep -c '"kind":"image".*"width":100,"height":75' <<<"$output")" 6
	run -0 bi-type --json small.bmp small.tga small.psd small.pcx small.ico small.ppm
	for kind in bmp tga psd pcx ico ppm; do
		assert_line --partial "\"ext\":\"$kind\""
	done
	head -c 9000 small.bmp >cut.bmp
	run -1 bi-thumb cut.bmp out.webp
	assert_output --partial 'cut short or damaged'
	run -1 bi-parse cut.bmp
	assert_output --partial parse_damaged
	# 100,000 x 100,000 pixels.
	{ head -c 18 small.bmp; printf '\240\206\1\0\240\206\1\0'; tail -c +27 small.bmp; } >huge.bmp
	run -1 bi-thumb huge.bmp out.webp
	assert_output --regexp 'no thumbnail of huge.bmp: .*(limit|pixels)'
	# A text that begins like one, and the formats of ImageMagick that are no pictures.
	printf 'BM is not always a picture: this is a text.\n' >bm.txt
	printf 'push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 0,0 "label:x"\npop graphic-context\n' >a.mvg
	printf '%%!PS-Adobe-3.0\nshowpage\n' >a.ps
	for kind in bm.txt a.mvg a.ps; do
		run -1 bi-thumb "$kind" out.webp
		assert_output --partial 'not decoded here'
	done
	assert_output --partial ghostscript
}

@test "icons of macOS in the form before 10.5 are decoded, on white where their mask is" {
	# run VALUE COUNT: packed bytes of one value, 128 at a time.
	packed() {
		for ((i = 0; i < $2; i += 128)); do printf '\375%b' "$1"; done
	}
	{ packed '\377' 256 && packed '\0' 256 && packed '\0' 256; } >red16
	{ packed '\0' 1024 && packed '\377' 1024 && printf '\177' && head -c 128 /dev/zero && packed '\0' 896; } >green32
	{ head -c 512 /dev/zero && head -c 512 /dev/zero | tr '\0' '\377'; } >mask32
	{ member is32 red16 && member l8mk mask32 && member il32 green32; } | icns a.icns
	run -0 bi-thumb a.icns out.webp
	assert_output --partial '32 x 32, from 32 x 32'
	[ "$(vips getpoint out.webp 9 3 | cut -d' ' -f1)" -gt 250 ]
	[ "$(vips getpoint out.webp 9 28 | cut -d' ' -f1)" -lt 5 ]
	[ "$(vips getpoint out.webp 9 28 | cut -d' ' -f2)" -gt 250 ]
	head -c 15 green32 >short
	member il32 short | icns cut.icns
	run -1 bi-parse cut.icns
	assert_output --partial parse_
	member it32 short | icns cut.icns
	run -1 bi-thumb cut.icns out.webp
	# Not packed: a byte before each pixel.
	for ((i = 0; i < 256; i++)); do printf '\0\0\0\377'; done >blue16
	member is32 blue16 | icns b.icns
	run -0 bi-thumb b.icns out.webp
	[ "$(vips getpoint out.webp 9 9 | cut -d' ' -f3)" -gt 250 ]
}

@test "of several icons the largest is the picture" {
	coloured red.png 32 32 '255 0 0'
	coloured green.png 200 200 '0 255 0'
	coloured blue.png 64 64 '0 0 255'
	{
		member ic11 red.png
		member ic07 green.png
		member icp6 blue.png
	} | icns a.icns
	run -0 bi-thumb a.icns out.webp
	assert_output --partial '200 x 200, from 200 x 200'
	[ "$(vips getpoint out.webp 9 9 | cut -d' ' -f2)" -gt 250 ]
	run -0 bi-parse a.icns
	assert_output --partial '"width":200,"height":200'
	printf 123456789 >old
	member ICN# old | icns old.icns
	run -1 bi-thumb old.icns out.webp
	assert_output --partial 'of one bit or of a palette'
	run -1 bi-parse old.icns
	assert_output --partial parse_unsupported
	# The same in an ICO, of PNG.
	{
		printf '\0\0\1\0\2\0'
		printf '\40\40\0\0\1\0\40\0%b\46\0\0\0' "$(printf '\\x%02x\\x%02x\\0\\0' $(($(wc -c <red.png) & 255)) $(($(wc -c <red.png) >> 8)))"
		printf '\310\310\0\0\1\0\40\0%b%b' "$(printf '\\x%02x\\x%02x\\0\\0' $(($(wc -c <green.png) & 255)) $(($(wc -c <green.png) >> 8)))" \
			"$(printf '\\x%02x\\x%02x\\0\\0' $((($(wc -c <red.png) + 38) & 255)) $((($(wc -c <red.png) + 38) >> 8)))"
		cat red.png green.png
	} >a.ico
	run -0 bi-thumb a.ico out.webp
	assert_output --partial '200 x 200, from 200 x 200'
	[ "$(vips getpoint out.webp 9 9 | cut -d' ' -f2)" -gt 250 ]
}

@test "headers that promise too many pixels are refused, whatever the kind" {
	printf 'P6\n100000 100000\n255\nxxx' >a.ppm
	printf '8BPS\0\1\0\0\0\0\0\0\0\3\0\0\165\60\0\0\165\60\0\10\0\3%4096s' '' | tr ' ' '\0' >a.psd
	printf '\0\0\2\0\0\0\0\0\0\0\0\0\377\377\377\377\30\0%4096s' '' >a.tga
	for picture in a.ppm a.psd a.tga; do
		run -1 bi-thumb "$picture" out.webp
		assert_output --regexp "no thumbnail of $picture: .*(pixels are more than|takes more memory than)"
	done
}

@test "such pictures are reviewed like others, and lie beside the pages" {
	coloured small.png 120 90 '9 200 9'
	for kind in bmp tga psd pcx; do
		vips magicksave small.png "$kind.$kind" --format "$kind"
	done
	member ic07 small.png | icns icns.icns
	run -0 --separate-stderr bi-fetch -b kinds ./*.bmp ./*.icns ./*.pcx ./*.psd ./*.tga
	run -0 --separate-stderr bi-render kinds
	run -0 ls "$BI_ROOT/review/kinds/thumbs"
	assert_output $'i1_1.webp\ni2_1.webp\ni3_1.webp\ni4_1.webp\ni5_1.webp'
	for kind in 1_1.bmp 2_1.icns 3_1.pcx 4_1.psd 5_1.tga; do
		[ -s "$BI_ROOT/review/kinds/i$kind" ]
	done
}
