#include "client/speakup.h"

#include "client/json.h"
#include "client/policy_show.h"
#include "crypto/codec.h"

/* --- policy --- */

static void
say_people(const struct term *t, const struct policy *p)
{
	char who[2 * POLICY_NAME_MAX + 8];

	term_say(t, "\nPeople it names (the short name is for --about):");
	for (size_t i = 0; i < p->n_people; i++) {
		policy_person_text(p, p->people[i].number, who, sizeof(who));
		term_item(t, 1, "%s: %s", p->people[i].slug, who);
	}
}

static void
say_form(const struct term *t, const struct policy *p)
{
	term_say(t, "\nQuestions of the form (for --answer FIELD=VALUE):");
	for (size_t i = 0; i < p->n_form; i++) {
		const struct policy_field *f = &p->form[i];

		term_item(t, 1, "%s: %s", f->slug, f->ask);
		for (size_t k = 0; k < f->n_options; k++)
			term_item(t, 2, "%s", f->options[k].slug);
	}
}

static void
say_all(const struct server *s, const char *hash0, const char *words)
{
	const struct term *t = s->term;

	policy_say_head(t, s->policy);
	term_say(t, "\nFingerprint, as it should be on the poster: %s", words);
	term_item(t, 1, "The same as a number (--root-hash): %s", hash0);
	term_say(t, "\nWho reads what, by route:");
	for (size_t i = 0; i < s->policy->n_routes; i++)
		policy_say_route(t, s->policy, &s->policy->routes[i]);
	say_people(t, s->policy);
	say_form(t, s->policy);
}

/* The policy's own JSON, and what was checked about it. */
static enum exit_code
print_json(const struct server *s, const char *hash0, const char *words)
{
	struct buf text CLEAN_BUF = BUF_INIT(POLICY_JSON_MAX);
	char hash[2 * SHA256_LEN + 1];
	enum err err = policy_put(s->policy, &text);
	json_t *j;

	if (err != ERR_OK)
		return fail_err(s->term, err, "The policy");
	hex_encode(hash, s->status.hash, SHA256_LEN);
	j = json_pack("{s:s, s:s, s:s, s:b, s:o}", "root_hash", hash0, "words",
	    words, "policy_hash", hash, "soft_expired", s->status.soft_expired,
	    "policy", json_loadb((const char *)text.p, text.n, 0, NULL));
	return json_print(s->term, j);
}

static enum exit_code
show_policy(const struct server *s)
{
	char hash0[2 * SHA256_LEN + 1], words[RECEIPT_TEXT_MAX];
	enum err err = root_fingerprint(s->hash0, words);

	if (err != ERR_OK)
		return fail_err(s->term, err, "The fingerprint");
	hex_encode(hash0, s->hash0, SHA256_LEN);
	if (s->term->json)
		return print_json(s, hash0, words);
	say_all(s, hash0, words);
	return EXIT_DONE;
}

enum exit_code
speakup_policy(const void *values, const struct args *args)
{
	const struct speakup_options *o = values;
	struct term t = speakup_term(o);
	struct server_config config = common_server(&o->common);
	struct server s;
	enum exit_code code = server_open(&t, &config, &s);

	(void)args;
	if (code == EXIT_DONE)
		code = show_policy(&s);
	server_close(&s);
	return code;
}
