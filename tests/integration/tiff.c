/* tiff OUT PAGE...: makes a TIFF of grey pages. A PAGE is WIDTHxHEIGHT:GREY, and then any of these:
 *   :copy       it is marked as a copy of reduced size
 *   :sub        it is in the SubIFDs of the page before it that is not
 *   :raw        it has the values of a sensor
 *   :maker      it names the maker of the device, as scanners do
 *   :dng        it makes the file a raw photograph
 *   :jpeg=FILE  its bytes are those of the file, in colour */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

enum { SUBS_MAX = 16 };

static void
set_common(TIFF *t, const char *page, uint32_t width, uint32_t height, unsigned short subs)
{
	uint64_t nowhere[SUBS_MAX] = {0};

	TIFFSetField(t, TIFFTAG_SUBFILETYPE, strstr(page, ":copy") ? FILETYPE_REDUCEDIMAGE : 0);
	TIFFSetField(t, TIFFTAG_IMAGEWIDTH, width);
	TIFFSetField(t, TIFFTAG_IMAGELENGTH, height);
	TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, height);
	TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, strstr(page, ":raw") ? 16 : 8);
	TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, strstr(page, ":jpeg=") ? 3 : 1);
	if (subs > 0)
		TIFFSetField(t, TIFFTAG_SUBIFD, subs, nowhere);
	if (strstr(page, ":dng") || strstr(page, ":maker")) {
		TIFFSetField(t, TIFFTAG_MAKE, "Maker");
		TIFFSetField(t, TIFFTAG_MODEL, "Model");
	}
	if (strstr(page, ":dng")) {
		TIFFSetField(t, TIFFTAG_DNGVERSION, (uint8_t[]){1, 4, 0, 0});
		TIFFSetField(t, TIFFTAG_UNIQUECAMERAMODEL, "Maker Model");
		TIFFSetField(t, TIFFTAG_COLORMATRIX1, 9, (float[]){1, 0, 0, 0, 1, 0, 0, 0, 1});
	}
}

/* Has the bytes of the file NAME as the only strip. */
static void
write_jpeg(TIFF *t, const char *name)
{
	static char bytes[1 << 20];
	FILE *f = fopen(name, "rb");
	size_t n = f ? fread(bytes, 1, sizeof(bytes), f) : 0;

	if (n == 0)
		exit(2);
	fclose(f);
	TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_JPEG);
	TIFFSetField(t, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_YCBCR);
	TIFFWriteRawStrip(t, 0, bytes, (tmsize_t)n);
}

static void
write_pixels(TIFF *t, const char *page, uint32_t width, uint32_t height, unsigned grey)
{
	unsigned char *row = malloc(2 * (size_t)width);

	if (!row)
		exit(2);
	memset(row, (int)grey, 2 * (size_t)width);
	TIFFSetField(t, TIFFTAG_COMPRESSION, strstr(page, ":raw") ? COMPRESSION_NONE : COMPRESSION_ADOBE_DEFLATE);
	TIFFSetField(t, TIFFTAG_PHOTOMETRIC, strstr(page, ":raw") ? PHOTOMETRIC_CFA : PHOTOMETRIC_MINISBLACK);
	if (strstr(page, ":raw")) {
		TIFFSetField(t, TIFFTAG_CFAREPEATPATTERNDIM, (uint16_t[]){2, 2});
		TIFFSetField(t, TIFFTAG_CFAPATTERN, 4, (uint8_t[]){0, 1, 1, 2});
	}
	for (uint32_t y = 0; y < height; y++)
		TIFFWriteScanline(t, row, y, 0);
	free(row);
}

static void
write_page(TIFF *t, const char *page, unsigned short subs)
{
	const char *jpeg = strstr(page, ":jpeg=");
	uint32_t width, height;
	unsigned grey;

	if (sscanf(page, "%ux%u:%u", &width, &height, &grey) != 3)
		exit(2);
	set_common(t, page, width, height, subs);
	if (jpeg)
		write_jpeg(t, jpeg + strlen(":jpeg="));
	else
		write_pixels(t, page, width, height, grey);
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

		while (!strstr(argv[i], ":sub") && i + subs + 1 < argc && subs < SUBS_MAX &&
		       strstr(argv[i + subs + 1], ":sub"))
			subs++;
		write_page(t, argv[i], subs);
	}
	TIFFClose(t);
	return 0;
}
