#include "client/concern.h"

#include <string.h>

#include "crypto/env.h"
#include "policy/route.h"

static enum exit_code
pick_route(struct outgoing *o, struct concern *c)
{
	const struct policy *p = o->server->policy;
	struct manifest *m = o->m;
	struct route_choice choice;
	enum err err = route_pick(p, m->answer, m->n_answers, m->exclude,
	    m->n_exclude, &choice);

	if (err != ERR_OK)
		return fail_err(o->server->term, err, "Your answers");
	m->route = choice.route;
	m->band = choice.band;
	c->route = policy_route(p, choice.route);
	if (c->route == NULL)
		return fail_err(o->server->term, ERR_NOT_FOUND, "The route");
	return EXIT_DONE;
}

static enum err
make_receipt(const struct server *s, struct concern *c)
{
	uint8_t receipt[RECEIPT_LEN];
	enum err err = env_random(&env_system, receipt, sizeof(receipt));

	if (err == ERR_OK)
		err = receipt_words(receipt, c->words);
	if (err == ERR_OK)
		err = receipt_derive(receipt, s->root.realm, &c->keys);
	bytes_wipe(receipt, sizeof(receipt));
	return err;
}

/* Where answers are sealed to is fixed for the life of the case. */
static enum err
fill_author(struct outgoing *o, struct concern *c)
{
	struct buf text CLEAN_BUF = BUF_INIT(AGE_RECIPIENT_TEXT_MAX - 1);
	bool hybrid = c->route->keys == KEYS_HYBRID;
	struct manifest *m = o->m;
	enum err err =
	    age_identity_recipient(&c->keys.reply[hybrid], &c->reply);

	if (err == ERR_OK)
		err = age_recipient_put(&text, &c->reply);
	if (err != ERR_OK)
		return err;
	m->kind = MESSAGE_CONCERN;
	m->author = PERSON_REPORTER;
	memcpy(m->case_id, c->keys.case_id, CASE_ID_LEN);
	memcpy(m->mailbox, c->keys.mailbox, SHA256_LEN);
	memcpy(m->reply, text.p, text.n);
	m->reply[text.n] = '\0';
	return ERR_OK;
}

enum exit_code
concern_begin(struct outgoing *o, struct concern *ret)
{
	enum exit_code code = pick_route(o, ret);
	enum err err;

	if (code != EXIT_DONE)
		return code;
	err = make_receipt(o->server, ret);
	if (err == ERR_OK)
		err = fill_author(o, ret);
	return err == ERR_OK ? EXIT_DONE
			     : fail_err(o->server->term, err, "Your receipt");
}

void
concern_wipe(struct concern *c)
{
	receipt_keys_wipe(&c->keys);
	bytes_wipe(c->words, sizeof(c->words));
}
