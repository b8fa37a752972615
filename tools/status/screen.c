#include "screen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/msg.h"

static const char take_screen[] = "\033[?1049h\033[?25l", give_screen[] = "\033[?25h\033[?1049l";

static struct {
	bool open, registered, keys;
	int input; /* the terminal's keys come from there */
	struct termios before;
} screen;

/* Waits until the terminal, which does not block, accepts all bytes. */
static void
write_terminal(const char *text, size_t n)
{
	while (n > 0) {
		ssize_t w = write(STDOUT_FILENO, text, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0 && screen.open) {
			screen.open = false; /* the terminal cannot be restored */
			msg_die_errno(EX_IOERR, "cannot write to the terminal");
		}
		if (w < 0)
			return;
		text += w;
		n -= (size_t)w;
	}
}

bool
screen_is_there(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

/* Keys are read only in the foreground: in the background, changing the terminal would stop this process. */
static void
take_keys(void)
{
	struct termios quiet;

	screen.input = isatty(STDIN_FILENO) ? STDIN_FILENO : open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	screen.keys = screen.input >= 0 && tcgetpgrp(screen.input) == getpgrp() &&
		      tcgetattr(screen.input, &screen.before) == 0;
	if (!screen.keys)
		return;
	quiet = screen.before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
	quiet.c_cc[VMIN] = 0;
	quiet.c_cc[VTIME] = 0;
	screen.keys = tcsetattr(screen.input, TCSANOW, &quiet) == 0;
}

void
screen_open(void)
{
	if (screen.open)
		return;
	if (!screen.registered && atexit(screen_close) != 0)
		return;
	screen.registered = true;
	screen.open = true;
	take_keys();
	write_terminal(take_screen, sizeof(take_screen) - 1);
}

void
screen_close(void)
{
	if (!screen.open)
		return;
	screen.open = false;
	if (screen.keys)
		(void)tcsetattr(screen.input, TCSANOW, &screen.before);
	write_terminal(give_screen, sizeof(give_screen) - 1);
}

int
screen_rows(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

void
screen_draw(const struct buf *text)
{
	struct buf frame = {0};
	const char *line = text->len ? text->data : "", *end;

	buf_str(&frame, "\033[H");
	/* Each line is erased before it is written, and with the last line everything below. Erasing after the last
	 * column would remove its character. A newline on the last row would scroll. */
	do {
		bool last;

		end = line + strcspn(line, "\n");
		last = !end[0] || !end[1];
		buf_str(&frame, last ? "\033[J" : "\033[K");
		buf_add(&frame, line, (size_t)(end - line));
		buf_str(&frame, last ? "" : "\r\n");
		line = *end ? end + 1 : end;
	} while (*line);
	write_terminal(frame.data, frame.len);
	buf_free(&frame);
}

int
screen_keys(void)
{
	return screen.open && screen.keys ? screen.input : -1;
}

char
screen_key(void)
{
	char key = 0;

	if (read(screen.input, &key, 1) != 1)
		return 0;
	return key;
}
