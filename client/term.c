#include "client/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#define SAY_MAX (256 * 1024)

static void
put_wrapped(FILE *f, struct bytes x, unsigned indent)
{
	struct buf out CLEAN_BUF = BUF_INIT(4 * x.n + SAY_MAX);

	text_wrap(&out, x, indent);
	if (out.err == ERR_OK)
		(void)fwrite(out.p, 1, out.n, f);
	(void)fflush(f);
}

__attribute__((format(printf, 4, 0)))
__attribute__((format(printf, 4, 0))) static void
put_formatted(FILE *f, unsigned indent, const char *before, const char *fmt,
    va_list args)
{
	char *text = NULL, *whole = NULL;

	if (vasprintf(&text, fmt, args) < 0)
		return;
	if (asprintf(&whole, "%s%s", before, text) >= 0) {
		put_wrapped(f, bytes_str(whole), indent);
		bytes_wipe(whole, strlen(whole));
		free(whole);
	}
	bytes_wipe(text, strlen(text));
	free(text);
}

static FILE *
sentences(const struct term *t)
{
	return t->json ? stderr : stdout;
}

void
term_say(const struct term *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_formatted(sentences(t), 0, "", fmt, args);
	va_end(args);
}

void
term_item(const struct term *t, unsigned level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_formatted(sentences(t), 2 * level, "", fmt, args);
	va_end(args);
}

void
term_quote(const struct term *t, struct bytes x, unsigned level)
{
	put_wrapped(sentences(t), x, 2 * level);
}

__attribute__((format(printf, 2, 0))) static void
put_complaint(const struct term *t, const char *fmt, va_list args)
{
	char before[64];

	(void)snprintf(before, sizeof(before), "%s: ", t->program);
	(void)fflush(stdout);
	put_formatted(stderr, 0, before, fmt, args);
}

enum exit_code
term_fail(const struct term *t, enum exit_code code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_complaint(t, fmt, args);
	va_end(args);
	return code;
}

void
term_warn(const struct term *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_complaint(t, fmt, args);
	va_end(args);
}

/* --- questions --- */

static int
open_tty(void)
{
	return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

static void
put_prompt(int tty, const char *prompt)
{
	struct buf out CLEAN_BUF = BUF_INIT(64 * 1024);

	text_clean(&out, bytes_str(prompt));
	if (out.err == ERR_OK && write(tty, out.p, out.n) < 0)
		return;
}

/* Waits until there is something to read; false where a signal of `ends` (a
 * signalfd, or -1) came first. */
static bool
await(int fd, int ends)
{
	struct pollfd p[] = { { .fd = fd, .events = POLLIN },
		{ .fd = ends, .events = POLLIN } };

	return poll(p, 2, -1) > 0 && p[1].revents == 0;
}

/* Up to a newline; ERR_LIMIT when longer, ERR_IO at the end or a signal. */
static enum err
read_line(int fd, int ends, char *out, size_t cap)
{
	size_t n = 0;
	char c;

	for (;;) {
		if (!await(fd, ends) || read(fd, &c, 1) != 1)
			return ERR_IO;
		if (c == '\n')
			break;
		if (n < cap)
			out[n++] = c;
	}
	if (n == cap)
		return ERR_LIMIT;
	out[n] = '\0';
	return ERR_OK;
}

bool
term_ask(const struct term *t, const char *prompt, char *out, size_t cap)
{
	int tty = open_tty();
	enum err err = ERR_LIMIT;

	if (tty < 0)
		return false;
	while (err == ERR_LIMIT) {
		put_prompt(tty, prompt);
		err = read_line(tty, -1, out, cap);
		if (err == ERR_LIMIT)
			term_warn(t, "That is too long. Please try again.");
	}
	(void)close(tty);
	return err == ERR_OK;
}

bool
term_agree(const struct term *t, const char *question)
{
	char answer[TERM_LINE_MAX];

	if (t->yes)
		return true;
	if (!term_ask(t, question, answer, sizeof(answer)))
		return false;
	return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}

/* The prompt comes when nothing is shown any more: what is typed at once is
 * not shown either, and not lost. */
static enum err
read_unseen(int tty, int ends, const char *prompt, char *out, size_t cap)
{
	struct termios before, quiet;
	enum err err = ERR_IO;

	if (tcgetattr(tty, &before) != 0)
		return ERR_IO;
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(tty, TCSAFLUSH, &quiet) == 0) {
		put_prompt(tty, prompt);
		err = read_line(tty, ends, out, cap);
	}
	(void)tcsetattr(tty, TCSAFLUSH, &before);
	put_prompt(tty, "\n");
	return err;
}

/* Signals that end or stop the program wait until what is typed is shown
 * again, whenever they come. */
static enum err
read_held(int tty, const char *prompt, char *out, size_t cap)
{
	static const int held[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	enum err err = ERR_IO;
	sigset_t set, before;
	int ends;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		(void)sigaddset(&set, held[i]);
	ends = signalfd(-1, &set, SFD_CLOEXEC);
	if (ends < 0)
		return ERR_IO;
	if (sigprocmask(SIG_BLOCK, &set, &before) == 0) {
		err = read_unseen(tty, ends, prompt, out, cap);
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
	}
	(void)close(ends);
	return err;
}

enum err
term_secret(const struct term *t, const char *prompt, struct secret **ret)
{
	struct secret *s CLEAN_SECRET = NULL;
	int tty = open_tty();
	enum err err;

	(void)t;
	if (tty < 0)
		return ERR_NOT_FOUND;
	err = secret_new(TERM_LINE_MAX, &s);
	if (err == ERR_OK) {
		char *line = (char *)secret_bytes(s);

		err = read_held(tty, prompt, line, TERM_LINE_MAX);
		if (err == ERR_OK)
			secret_truncate(s, strlen(line));
	}
	(void)close(tty);
	if (err != ERR_OK)
		return err;
	*ret = s;
	s = NULL;
	return ERR_OK;
}

static bool
same(struct secret *a, struct secret *b)
{
	return secret_len(a) > 0 && secret_len(a) == secret_len(b) &&
	    bytes_equal_ct(secret_bytes(a), secret_bytes(b), secret_len(a));
}

enum err
term_new_secret(const struct term *t, const char *prompt, struct secret **ret)
{
	for (;;) {
		struct secret *a CLEAN_SECRET = NULL;
		struct secret *b CLEAN_SECRET = NULL;
		enum err err = term_secret(t, prompt, &a);

		if (err == ERR_OK)
			err = term_secret(t, "The same again: ", &b);
		if (err != ERR_OK)
			return err;
		if (same(a, b)) {
			*ret = a;
			a = NULL;
			return ERR_OK;
		}
		term_warn(t,
		    "These were not the same, or empty. Please try again.");
	}
}
