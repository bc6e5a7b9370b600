#include "client/staff_case.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS 4

static struct conversation *
conversation_of(struct staff *s, const uint8_t id[static CASE_ID_LEN])
{
	struct conversation *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->known = s->known;
	c->n_known = s->n_known;
	c->instance_keys = s->server.root.instance_keys;
	c->n_instance_keys = s->server.root.n_instance_keys;
	c->today = today();
	memcpy(c->case_id, id, CASE_ID_LEN);
	c->person = s->person->number;
	c->ids = s->ids;
	c->n_ids = s->n_ids;
	return c;
}

enum exit_code
staff_case_open(struct staff *s, const uint8_t id[static CASE_ID_LEN],
    const char *save, const char *sealed, struct staff_case *ret)
{
	enum exit_code code;

	*ret = (struct staff_case){ .staff = s, .c = conversation_of(s, id) };
	if (ret->c == NULL)
		return fail_err(&s->term, ERR_NOMEM, "The case");
	code = folder_open(&s->term, save, sealed, &ret->folder);
	if (code != EXIT_DONE)
		return code;
	ret->c->sink = folder_sink;
	ret->c->sink_ctx = &ret->folder;
	ret->fetch = (struct fetch){ .server = &s->server,
		.c = ret->c,
		.folder = &ret->folder,
		.is_staff = true,
		.session = s->session };
	return staff_case_refresh(ret);
}

static enum exit_code
fetch_both(struct staff_case *k)
{
	enum exit_code code = fetch_chain(&k->fetch, CHAIN_TALK);

	if (code == EXIT_DONE)
		code = fetch_chain(&k->fetch, CHAIN_STAFF);
	if (code == EXIT_UNKNOWN)
		return term_fail(&k->staff->term, code,
		    "There is no such case among those given to you.");
	return code;
}

/* Between the two chains somebody may have written to the first and said so
 * in the second: then both are asked for again. */
enum exit_code
staff_case_refresh(struct staff_case *k)
{
	enum refusal r = REFUSAL_SEEN;
	enum exit_code code = EXIT_DONE;

	for (int i = 0; code == EXIT_DONE && r == REFUSAL_SEEN && i < ROUNDS;
	     i++) {
		code = fetch_both(k);
		if (code == EXIT_DONE)
			r = k->fetch.is_ahead ? REFUSAL_SEEN
					      : conversation_finish(k->c);
	}
	return code == EXIT_DONE ? fetch_refused(&k->staff->term, k->c, r)
				 : code;
}

void
staff_case_close(struct staff_case *k)
{
	folder_close(&k->folder);
	if (k->c != NULL)
		conversation_free(k->c);
	free(k->c);
	k->c = NULL;
}

/* A line "reply: age1…" of an unsigned text. */
static enum err
plain_reply_to(struct bytes text, struct age_recipient *ret)
{
	static const char name[] = "reply: ";
	struct reader r;

	if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		text = BYTES(text.p + 3, text.n - 3); /* Notepad's mark */
	r = reader_over(text);

	while (r.err == ERR_OK && r.n > 0) {
		const uint8_t *end = memchr(r.p, '\n', r.n);
		struct bytes line =
		    reader_bytes(&r, end != NULL ? (size_t)(end - r.p) : r.n);

		if (r.n > 0)
			(void)reader_u8(&r);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n >= sizeof(name) &&
		    memcmp(line.p, name, sizeof(name) - 1) == 0)
			return age_recipient_parse(
			    BYTES(line.p + sizeof(name) - 1,
				line.n - (sizeof(name) - 1)),
			    ret);
	}
	return ERR_NOT_FOUND;
}

enum err
staff_case_reply_to(const struct staff_case *k, struct age_recipient *ret)
{
	const struct conversation_message *m = k->c->message[0];

	if (m->m != NULL)
		return age_recipient_parse(bytes_str(m->m->reply), ret);
	return k->c->is_plain ? plain_reply_to(buf_bytes(&m->text), ret)
			      : ERR_NOT_FOUND;
}
