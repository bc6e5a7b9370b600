#include "client/speakup.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum exit_code
receipt_wrong(const struct term *t, unsigned word)
{
	if (word > 0)
		return term_fail(t, EXIT_SECRET,
		    "Word %u of the receipt is "
		    "not one of the words that receipts are made of. Please "
		    "look at what you wrote down.",
		    word);
	return term_fail(t, EXIT_SECRET,
	    "A receipt is 12 words, in their "
	    "order. These do not belong together: please look at what you "
	    "wrote down.");
}

static enum exit_code
parse_receipt(const struct term *t, struct bytes text,
    uint8_t out[static RECEIPT_LEN])
{
	unsigned word = 0;

	return receipt_parse(text, out, &word) == ERR_OK
	    ? EXIT_DONE
	    : receipt_wrong(t, word);
}

static enum exit_code
receipt_from_file(const struct term *t, const char *path,
    uint8_t out[static RECEIPT_LEN])
{
	struct buf x CLEAN_BUF = BUF_INIT(4096);
	enum exit_code code = file_read(t, path, &x);

	return code == EXIT_DONE ? parse_receipt(t, buf_bytes(&x), out) : code;
}

/* Somebody types: a mistake is no reason to begin again. */
static enum exit_code
receipt_typed(const struct term *t, uint8_t out[static RECEIPT_LEN])
{
	char line[TERM_LINE_MAX];
	enum exit_code code = EXIT_SECRET;

	while (code == EXIT_SECRET) {
		if (!term_ask(t, "The 12 words of your receipt: ", line,
			sizeof(line)) ||
		    line[0] == '\0')
			return term_fail(t, EXIT_DECLINED,
			    "Without the receipt nothing can be shown.");
		code = parse_receipt(t, bytes_str(line), out);
	}
	bytes_wipe(line, sizeof(line));
	return code;
}

enum exit_code
receipt_get(const struct speakup_options *o, const struct term *t,
    uint8_t out[static RECEIPT_LEN])
{
	struct secret *line CLEAN_SECRET = NULL;

	if (o->receipt_file != NULL)
		return receipt_from_file(t, o->receipt_file, out);
	if (isatty(STDIN_FILENO) == 1)
		return receipt_typed(t, out);
	if (secret_line(STDIN_FILENO, &line) != ERR_OK)
		return receipt_wrong(t, 0);
	return parse_receipt(t, BYTES(secret_bytes(line), secret_len(line)),
	    out);
}

static enum exit_code
begin(struct mailbox *b)
{
	uint8_t receipt[RECEIPT_LEN];
	enum exit_code code = receipt_get(b->o, &b->term, receipt);
	enum err err;

	if (code != EXIT_DONE)
		return code;
	err = receipt_derive(receipt, b->server.root.realm, &b->keys);
	bytes_wipe(receipt, sizeof(receipt));
	b->c = calloc(1, sizeof(*b->c));
	if (err != ERR_OK || b->c == NULL)
		return fail_err(&b->term, ERR_NOMEM, "Your concern");
	b->known.policy = b->server.policy;
	memcpy(b->known.hash, b->server.status.hash, SHA256_LEN);
	b->c->known = &b->known;
	b->c->n_known = 1;
	b->c->instance_keys = b->server.root.instance_keys;
	b->c->n_instance_keys = b->server.root.n_instance_keys;
	b->c->today = today();
	memcpy(b->c->case_id, b->keys.case_id, CASE_ID_LEN);
	b->c->person = PERSON_REPORTER;
	b->c->ids = b->keys.reply;
	b->c->n_ids = 2;
	b->c->mailbox = b->keys.mailbox;
	return EXIT_DONE;
}

enum exit_code
mailbox_open(const struct speakup_options *o, struct mailbox *ret)
{
	struct server_config config = common_server(&o->common);
	enum exit_code code;

	*ret = (struct mailbox){ .o = o, .term = speakup_term(o) };
	code = server_open(&ret->term, &config, &ret->server);
	if (code == EXIT_DONE) {
		even_begin(&ret->server.even);
		server_warn_unpinned(&ret->server, config.pin);
		code = begin(ret);
	}
	if (code == EXIT_DONE)
		code = folder_open(&ret->term, o->save, NULL, &ret->folder);
	if (code != EXIT_DONE)
		return code;
	ret->c->sink = folder_sink;
	ret->c->sink_ctx = &ret->folder;
	ret->fetch = (struct fetch){ .server = &ret->server,
		.c = ret->c,
		.folder = &ret->folder,
		.token = ret->keys.token };
	return mailbox_refresh(ret);
}

enum exit_code
mailbox_refresh(struct mailbox *b)
{
	enum exit_code code = fetch_chain(&b->fetch, CHAIN_TALK);

	if (code != EXIT_DONE)
		return code;
	if (b->fetch.count == 0)
		return term_fail(&b->term, EXIT_UNKNOWN,
		    "The server has "
		    "nothing under this receipt. It may have been withdrawn, "
		    "or it belongs to another organisation.");
	return fetch_refused(&b->term, b->c, conversation_finish(b->c));
}

void
mailbox_close(struct mailbox *b)
{
	folder_close(&b->folder);
	if (b->c != NULL)
		conversation_free(b->c);
	free(b->c);
	server_close(&b->server);
	receipt_keys_wipe(&b->keys);
}

const char *
mailbox_name(void *ctx, uint16_t person, char *out, size_t cap)
{
	const struct mailbox *b = ctx;
	const struct policy_person *p = policy_person(b->server.policy, person);

	if (person == PERSON_REPORTER)
		(void)snprintf(out, cap, "You");
	else if (person == PERSON_INSTANCE)
		(void)snprintf(out, cap, "The service");
	else if (p != NULL)
		(void)snprintf(out, cap, "%s", p->name);
	else
		(void)snprintf(out, cap, "Somebody who has left");
	return out;
}
