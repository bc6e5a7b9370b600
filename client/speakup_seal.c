#include "client/speakup.h"

#include <stdlib.h>

#include "client/stream.h"

static enum exit_code
seal_to(const struct speakup_options *o, const struct stream *s)
{
	struct age_recipient *to = calloc(STREAM_RECIPIENTS_MAX, sizeof(*to));
	size_t n = 0;
	enum exit_code code;

	if (to == NULL)
		return fail_err(s->term, ERR_NOMEM, "Sealing");
	code = recipients_read(s->term, o->recipient.at, o->recipient.n,
	    o->recipients_file.at, o->recipients_file.n, to,
	    STREAM_RECIPIENTS_MAX, &n);
	if (code == EXIT_DONE && n == 0)
		code = term_fail(s->term, EXIT_USAGE,
		    "For whom? Say --recipient age1..., --recipients-file "
		    "FILE, or --passphrase.");
	if (code == EXIT_DONE)
		code = stream_seal(s, to, n, BYTES(NULL, 0));
	free(to);
	return code;
}

enum exit_code
speakup_seal(const void *values, const struct args *args)
{
	const struct speakup_options *o = values;
	struct term t = speakup_term(o);
	struct passphrase p = { .term = &t, .fd = o->passphrase_fd };
	struct stream s = { .term = &t,
		.out = o->out,
		.over = o->force,
		.in = args->n > 0 ? args->at[0] : NULL };
	struct secret *word CLEAN_SECRET = NULL;
	enum exit_code code;

	if (!o->passphrase)
		return seal_to(o, &s);
	if (o->recipient.n + o->recipients_file.n > 0)
		return term_fail(&t, EXIT_USAGE,
		    "A passphrase and recipients do not go together.");
	code = passphrase_get_new(&p, "New passphrase: ", &word);
	return code == EXIT_DONE
	    ? stream_seal(&s, NULL, 0,
		  BYTES(secret_bytes(word), secret_len(word)))
	    : code;
}
