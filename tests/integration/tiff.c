/* tiff OUT PAGE...: makes a TIFF of grey pages. A PAGE is WIDTHxHEIGHT:GREY, then ":copy" for one that is marked as a copy
 * of reduced size, ":sub" for one that is in the SubIFDs of the page before it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

static void
write_page(TIFF *t, const char *page, unsigned short subs)
{
	unsigned width, height, grey;
	unsigned char *row;

	if (sscanf(page, "%ux%u:%u", &width, &height, &grey) != 3)
		exit(2);
	row = malloc(width);
	memset(row, (int)grey, width);
	TIFFSetField(t, TIFFTAG_SUBFILETYPE, strstr(page, ":copy") ? FILETYPE_REDUCEDIMAGE : 0);
	TIFFSetField(t, TIFFTAG_IMAGEWIDTH, width);
	TIFFSetField(t, TIFFTAG_IMAGELENGTH, height);
	TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, 8);
	TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, 1);
	TIFFSetField(t, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
	TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
	TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, height);
	if (subs > 0)
		TIFFSetField(t, TIFFTAG_SUBIFD, subs, (toff_t[16]){0});
	for (unsigned y = 0; y < height; y++)
		TIFFWriteScanline(t, row, y, 0);
	free(row);
	TIFFWriteDirectory(t);
}

int
main(int argc, char **argv)
{
	TIFF *t = argc > 2 ? TIFFOpen(argv[1], "w") : NULL;

	if (!t)
		return 2;
	for (int i = 2; i < argc; i++) {
		unsigned short subs = 0;

		while (!strstr(argv[i], ":sub") && i + subs + 1 < argc && subs < 16 && strstr(argv[i + subs + 1], ":sub"))
			subs++;
		write_page(t, argv[i], subs);
	}
	TIFFClose(t);
	return 0;
}
