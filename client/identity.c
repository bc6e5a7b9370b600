#include "client/staff.h"

#include <stdio.h>
#include <string.h>

#include "crypto/codec.h"

enum exit_code
identities_read(const struct passphrase *p, const char *path,
    struct age_identity *out, size_t cap, size_t *ret_n)
{
	struct secret *text CLEAN_SECRET = NULL;
	enum exit_code code = key_file_read(p, path, &text);

	if (code != EXIT_DONE)
		return code;
	if (age_identities_parse(BYTES(secret_bytes(text), secret_len(text)),
		out, cap, ret_n) != ERR_OK || *ret_n == 0)
		return term_fail(p->term, EXIT_SECRET,
		    "%s is not a file of age identities.", path);
	return EXIT_DONE;
}

/* Whether this identity signs for the person today. */
static bool
signs_for(const struct policy_person *person, const struct age_identity *id,
    uint8_t seed[static SIGN_SEED_LEN])
{
	const struct policy_key *key = policy_key_at(person, today());
	uint8_t pub[SIGN_PUB_LEN];

	return key != NULL && staff_sign_seed(id, seed) == ERR_OK &&
	    sign_public(seed, pub) == ERR_OK &&
	    memcmp(pub, key->sign_pub, SIGN_PUB_LEN) == 0;
}

static bool
find_person(struct staff *s)
{
	const struct policy *p = s->server.policy;

	for (size_t i = 0; i < p->n_people; i++) {
		for (size_t k = 0; k < s->n_ids; k++) {
			if (!signs_for(&p->people[i], &s->ids[k], s->seed))
				continue;
			s->person = &p->people[i];
			return true;
		}
	}
	return false;
}

enum exit_code
staff_unlock(struct staff *s)
{
	struct passphrase p = { .term = &s->term, .fd = s->o->passphrase_fd };
	enum exit_code code;

	if (s->o->identity == NULL)
		return term_fail(&s->term, EXIT_USAGE,
		    "Where are your keys? Say --identity FILE.");
	code = identities_read(&p, s->o->identity, s->ids,
	    STAFF_IDENTITIES_MAX, &s->n_ids);
	if (code == EXIT_DONE && !find_person(s))
		code = term_fail(&s->term, EXIT_SECRET,
		    "No person in the current policy has the keys in %s.",
		    s->o->identity);
	return code;
}

enum exit_code
case_id_parse(const struct term *t, const char *text,
    uint8_t out[static CASE_ID_LEN])
{
	if (hex_decode(bytes_str(text), out, CASE_ID_LEN) == ERR_OK)
		return EXIT_DONE;
	return term_fail(t, EXIT_USAGE, "A case is named by the 32 letters "
	    "and digits that ftsu queue shows, or by the first of them.");
}

const char *
staff_name(const struct staff *s, uint16_t person, char *out, size_t cap)
{
	const struct policy_person *p = policy_person(s->server.policy,
	    person);

	if (person == PERSON_REPORTER)
		(void)snprintf(out, cap, "The reporter");
	else if (p != NULL)
		(void)snprintf(out, cap, "%s", p->name);
	else
		(void)snprintf(out, cap, "person %u", person);
	return out;
}
