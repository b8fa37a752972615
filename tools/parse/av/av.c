/* Audio and video: the metadata of their containers, read by FFmpeg's libavformat from the open descriptor only. */
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/log.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "files/file.h"
#include "formats.h"
#include "request.h"

enum { BLOCK = 64 << 10, PROBE = 8 << 20, STREAMS = 64 };

struct source {
	int fd;
	int64_t at, size;
	int failed; /* errno of a failed read; 0: none failed */
};

/* libavformat's demuxers are tables, but the first probe fills some of them. */
void
av_load(void)
{
	static unsigned char wav[] =
		"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\10\0data\0\0\0";
	AVProbeData probe = {.filename = "", .buf = wav, .buf_size = sizeof(wav) - 1};
	unsigned char padded[sizeof(wav) + AVPROBE_PADDING_SIZE] = {0};

	memcpy(padded, wav, sizeof(wav));
	probe.buf = padded;
	av_log_set_level(AV_LOG_QUIET);
	if (!av_probe_input_format(&probe, 1))
		msg_die(EX_UNAVAILABLE, "libavformat does not know a WAV: is libavformat59 installed completely?");
}

static int
read_source(void *arg, uint8_t *to, int n)
{
	struct source *s = arg;
	ssize_t got = file_read_at(s->fd, to, (size_t)n, s->at);

	if (got < 0)
		s->failed = errno;
	if (got <= 0)
		return got < 0 ? AVERROR(errno) : AVERROR_EOF;
	s->at += got;
	return (int)got;
}

static int64_t
seek_source(void *arg, int64_t offset, int whence)
{
	struct source *s = arg;

	whence &= ~AVSEEK_FORCE;
	if (whence == AVSEEK_SIZE)
		return s->size;
	if (whence == SEEK_CUR)
		offset += s->at;
	else if (whence == SEEK_END)
		offset += s->size;
	if (offset < 0)
		return AVERROR(EINVAL);
	return s->at = offset;
}

/* Playlists name other files, which are not opened. */
static int
open_nothing(AVFormatContext *f, AVIOContext **pb, const char *url, int flags, AVDictionary **options)
{
	(void)f, (void)pb, (void)url, (void)flags, (void)options;
	return AVERROR(EPERM);
}

static int
is_late(void *arg)
{
	(void)arg;
	return request_is_late();
}

/* --- what is said of it --- */

/* Tags that describe only the container. */
static bool
is_of_format(const char *key)
{
	static const char *const keys[] = {"major_brand",  "minor_version", "compatible_brands",
					   "handler_name", "vendor_id",     "encoder"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcasecmp(key, keys[i]) == 0)
			return true;
	return false;
}

static void
put_tags(struct doc *d, const AVDictionary *tags)
{
	const AVDictionaryEntry *tag = NULL;

	while ((tag = av_dict_get(tags, "", tag, AV_DICT_IGNORE_SUFFIX))) {
		char key[64];

		if (is_of_format(tag->key))
			continue;
		if (strcasecmp(tag->key, "title") == 0)
			doc_set_string(&d->title, tag->value);
		else if (strcasecmp(tag->key, "artist") == 0)
			doc_set_string(&d->author, tag->value);
		else if (strcasecmp(tag->key, "comment") == 0 || strcasecmp(tag->key, "description") == 0)
			doc_set_string(&d->description, tag->value);
		else if (strcasecmp(tag->key, "date") == 0 || strcasecmp(tag->key, "creation_time") == 0)
			doc_set_string(&d->date, tag->value);
		if (strcasecmp(tag->key, "language") == 0) {
			if (strcasecmp(tag->value, "und") != 0)
				doc_set_string(&d->language, tag->value);
			continue;
		}
		snprintf(key, sizeof(key), "%.50s", tag->key);
		doc_meta(d, key, tag->value);
	}
}

static void
put_size(struct doc *d, const AVStream *s)
{
	const AVCodecParameters *c = s->codecpar;

	if (c->codec_type != AVMEDIA_TYPE_VIDEO || (s->disposition & AV_DISPOSITION_ATTACHED_PIC) || c->width <= 0 ||
	    c->height <= 0)
		return;
	doc_meta_number(d, "width", c->width);
	doc_meta_number(d, "height", c->height);
}

static void
put_stream(struct doc *d, const AVStream *s, bool *film)
{
	const AVCodecParameters *c = s->codecpar;
	double rate = s->avg_frame_rate.den ? av_q2d(s->avg_frame_rate) : 0;

	if (c->codec_type == AVMEDIA_TYPE_VIDEO && (s->disposition & AV_DISPOSITION_ATTACHED_PIC)) {
		doc_meta(d, "cover", avcodec_get_name(c->codec_id));
	} else if (c->codec_type == AVMEDIA_TYPE_VIDEO) {
		*film = true;
		doc_meta(d, "video_codec", avcodec_get_name(c->codec_id));
		put_size(d, s);
		if (rate > 0)
			doc_meta_number(d, "frame_rate", rate);
	} else if (c->codec_type == AVMEDIA_TYPE_AUDIO) {
		doc_meta(d, "audio_codec", avcodec_get_name(c->codec_id));
		if (c->sample_rate > 0)
			doc_meta_number(d, "sample_rate", c->sample_rate);
		if (c->ch_layout.nb_channels > 0)
			doc_meta_number(d, "channels", c->ch_layout.nb_channels);
	}
	put_tags(d, s->metadata);
}

/* --- opening it --- */

/* libavformat also knows text, pictures and lists of files, which are not handled here. */
static bool
is_wanted(const AVFormatContext *f)
{
	static const char *const not [] = {"image2", "_pipe", "hls", "concat", "dash",      "tty",
					   "lrc",    "srt",   "ass", "webvtt", "subviewer", "ffmetadata"};

	for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++)
		if (strstr(f->iformat->name, not [i]))
			return false;
	for (unsigned i = 0; i < f->nb_streams; i++)
		if (f->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO ||
		    f->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO)
			return true;
	return false;
}

static AVFormatContext *
new_context(struct source *s)
{
	AVFormatContext *f = avformat_alloc_context();
	unsigned char *block = av_malloc(BLOCK);

	if (!f || !block)
		msg_die(EX_OSERR, "out of memory");
	f->pb = avio_alloc_context(block, BLOCK, 0, s, read_source, NULL, seek_source);
	if (!f->pb)
		msg_die(EX_OSERR, "out of memory");
	f->flags |= AVFMT_FLAG_CUSTOM_IO;
	f->io_open = open_nothing;
	f->interrupt_callback.callback = is_late;
	f->probesize = PROBE;
	f->max_analyze_duration = 2 * AV_TIME_BASE;
	f->max_streams = STREAMS;
	return f;
}

bool
av_parse(const struct request *r, struct doc *d)
{
	struct source s = {.fd = r->in};
	AVFormatContext *f = new_context(&s);
	AVIOContext *pb = f->pb;
	struct stat st;
	bool known = false;

	if (fstat(r->in, &st) < 0)
		s.failed = errno;
	else
		s.size = st.st_size;
	d->kind = "audio";
	if (avformat_open_input(&f, "", NULL, NULL) == 0) {
		/* Properties that it finds by decoding a little are welcome but not needed; streams that cannot be
		 * decoded lose their size by this. */
		for (unsigned i = 0; i < f->nb_streams && i < STREAMS; i++)
			put_size(d, f->streams[i]);
		(void)avformat_find_stream_info(f, NULL);
		known = is_wanted(f);
		if (known) {
			bool film = false;

			doc_meta(d, "format", f->iformat->long_name ? f->iformat->long_name : f->iformat->name);
			if (f->duration > 0)
				doc_meta_number(d, "duration", (double)f->duration / AV_TIME_BASE);
			if (f->bit_rate > 0)
				doc_meta_number(d, "bit_rate", (double)f->bit_rate);
			put_tags(d, f->metadata);
			for (unsigned i = 0; i < f->nb_streams && i < STREAMS; i++)
				put_stream(d, f->streams[i], &film);
			d->kind = film ? "video" : "audio";
		}
		avformat_close_input(&f);
	}
	av_freep(&pb->buffer);
	avio_context_free(&pb);
	if (s.failed)
		return doc_unread(d, s.failed);
	if (known)
		return true;
	if (strncmp(r->mime, "audio/", 6) == 0 || strncmp(r->mime, "video/", 6) == 0)
		return doc_fail(d, "damaged", "it is damaged or cut short: it has neither sound nor video");
	return false;
}
