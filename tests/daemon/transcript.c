#include "tests/daemon/transcript.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
put_byte(struct transcript *c, uint8_t b)
{
	if (c->n_sent == TRANSCRIPT_BYTES_MAX)
		errx(1, "%s: more than %d bytes", c->name,
		    TRANSCRIPT_BYTES_MAX);
	c->sent[c->n_sent++] = b;
}

static unsigned
hex_byte(const struct transcript *c, const char *s)
{
	char digits[3] = "";
	char *end;
	unsigned long v;

	memcpy(digits, s, strnlen(s, 2));
	v = strtoul(digits, &end, 16);
	if (end != digits + 2)
		errx(1, "%s: \\x takes two digits", c->name);
	return (unsigned)v;
}

static const char *put_repeated(struct transcript *c, const char *s);

/* Puts what the escape after a backslash stands for; returns its end. */
static const char *
put_escape(struct transcript *c, const char *s)
{
	switch (*s) {
	case 'r':
		put_byte(c, '\r');
		return s + 1;
	case 'n':
		put_byte(c, '\n');
		return s + 1;
	case 't':
		put_byte(c, '\t');
		return s + 1;
	case '\\':
		put_byte(c, '\\');
		return s + 1;
	case 'x':
		put_byte(c, (uint8_t)hex_byte(c, s + 1));
		return s + 3;
	case '*':
		return put_repeated(c, s + 1);
	default:
		errx(1, "%s: unknown escape \\%c", c->name, *s);
	}
}

/* Puts the text from s up to `end`, or to the end of the line. */
static const char *
put_text(struct transcript *c, const char *s, char end)
{
	while (*s != '\0' && *s != '\n' && *s != end) {
		if (*s == '\\')
			s = put_escape(c, s + 1);
		else
			put_byte(c, (uint8_t)*s++);
	}
	return s;
}

/* "N(TEXT)" */
static const char *
put_repeated(struct transcript *c, const char *s)
{
	char *open;
	const char *close = NULL;
	unsigned long n = strtoul(s, &open, 10);

	if (n == 0 || *open != '(')
		errx(1, "%s: \\*N(TEXT) expected", c->name);
	while (n-- > 0)
		close = put_text(c, open + 1, ')');
	if (*close != ')')
		errx(1, "%s: no end to \\*N(TEXT)", c->name);
	return close + 1;
}

static struct transcript *
begin(struct transcripts *t, const char *line)
{
	struct transcript *c = &t->at[t->n];

	if (t->n == TRANSCRIPTS_MAX)
		errx(1, "more than %d transcripts", TRANSCRIPTS_MAX);
	t->n++;
	snprintf(c->name, sizeof(c->name), "%.*s", (int)strcspn(line, "\n"),
	    line);
	c->sent = malloc(TRANSCRIPT_BYTES_MAX);
	if (c->sent == NULL)
		err(1, NULL);
	return c;
}

static void
put_outcome(struct transcript *c, const char *s)
{
	if (strlen(c->outcome) + strlen(s) >= sizeof(c->outcome))
		errx(1, "%s: too many outcomes", c->name);
	strcat(c->outcome, s);
}

void
transcripts_read(struct transcripts *t, const char *path)
{
	FILE *f = fopen(path, "r");
	struct transcript *c = NULL;
	char line[1024];

	if (f == NULL)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strchr(line, '\n') == NULL)
			errx(1, "%s: a line is too long", path);
		if (line[0] == '\n')
			c = NULL;
		else if (c == NULL)
			c = begin(t, line);
		else if (line[0] == '\t')
			put_text(c, line + 1, '\0');
		else if (strncmp(line, "> ", 2) == 0)
			put_outcome(c, line + 2);
		else
			errx(1, "%s: what is \"%s\"?", path, line);
	}
	fclose(f);
}

void
transcripts_free(struct transcripts *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->at[i].sent);
	t->n = 0;
}
