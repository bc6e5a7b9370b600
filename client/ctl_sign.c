#include "client/ctl.h"

#include <string.h>

/* Whether x begins with the namespace line. */
static bool
has_space(struct bytes x, const char *space)
{
	size_t n = strlen(space);

	return x.n > n && memcmp(x.p, space, n) == 0 && x.p[n] == '\n';
}

static struct bytes
after_space(struct bytes x, const char *space)
{
	size_t n = has_space(x, space) ? strlen(space) + 1 : 0;

	return BYTES(x.p + n, x.n - n);
}

/* The first signature makes a note of the text. */
static enum err
sign_first(struct buf *x, const char *space, const struct signer *s)
{
	struct buf note CLEAN_BUF = BUF_INIT(NOTE_MAX);
	enum err err = note_sign(space, after_space(buf_bytes(x), space),
	    &s->key, s->seed, &note);

	if (err == ERR_OK)
		err = note.err;
	if (err != ERR_OK)
		return err;
	buf_reset(x);
	buf_put_bytes(x, buf_bytes(&note));
	return x->err;
}

static enum err
sign_one(struct buf *x, const char *space, const struct signer *s)
{
	struct note note;

	if (note_parse(buf_bytes(x), space, &note) != ERR_OK)
		return sign_first(x, space, s);
	return note_add_signature(x, &s->key, s->seed);
}

static enum exit_code
sign_with(const struct ctl_options *o, const struct term *t, const char *path,
    const char *space, struct buf *x)
{
	struct passphrase p = ctl_passphrase(o, t);
	struct signer s;
	enum exit_code code = signer_read(&p, path, &s);
	enum err err;

	if (code != EXIT_DONE)
		return code;
	err = sign_one(x, space, &s);
	if (err == ERR_OK)
		term_say(t, "Signed by %s.", s.key.name);
	else if (err == ERR_EXISTS)
		term_say(t, "%s had signed it already.", s.key.name);
	signer_wipe(&s);
	return err == ERR_OK || err == ERR_EXISTS
	    ? EXIT_DONE
	    : fail_err(t, err, "It could not be signed");
}

enum exit_code
ctl_sign_file(const struct ctl_options *o, const char *path, const char *space)
{
	struct term t = ctl_term(o);
	struct buf x CLEAN_BUF = BUF_INIT(NOTE_MAX);
	enum exit_code code;

	if (o->keys.n == 0)
		return term_fail(&t, EXIT_USAGE,
		    "Name at least one file of a signing key with --key.");
	code = file_read(&t, path, &x);
	for (size_t i = 0; code == EXIT_DONE && i < o->keys.n; i++)
		code = sign_with(o, &t, o->keys.at[i], space, &x);
	if (code != EXIT_DONE)
		return code;
	return file_write(&t, o->out != NULL ? o->out : path, buf_bytes(&x),
	    FILE_PUBLIC, o->out == NULL || o->force);
}
