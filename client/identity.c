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
	enum err err;

	if (code != EXIT_DONE)
		return code;
	err = age_identities_parse(BYTES(secret_bytes(text), secret_len(text)),
	    out, cap, ret_n);
	if (err_is_ours(err))
		return fail_err(p->term, err, path);
	if (err != ERR_OK || *ret_n == 0)
		return term_fail(p->term, EXIT_SECRET,
		    "%s is not a file of age identities.", path);
	return EXIT_DONE;
}

/* Whoever has this signing key today; NULL: nobody. */
static const struct policy_person *
person_of(const struct policy *p, const uint8_t pub[static SIGN_PUB_LEN])
{
	for (size_t i = 0; i < p->n_people; i++) {
		const struct policy_key *key =
		    policy_key_at(&p->people[i], today());

		if (key != NULL &&
		    memcmp(pub, key->sign_pub, SIGN_PUB_LEN) == 0)
			return &p->people[i];
	}
	return NULL;
}

/* ERR_NOT_FOUND: nobody has one of these keys. */
static enum err
find_person(struct staff *s)
{
	uint8_t pub[SIGN_PUB_LEN];
	enum err err = ERR_OK;

	for (size_t i = 0; i < s->n_ids; i++) {
		err = staff_sign_seed(&s->ids[i], s->seed);
		if (err == ERR_OK)
			err = sign_public(s->seed, pub);
		if (err_is_ours(err))
			return err;
		if (err == ERR_OK)
			s->person = person_of(s->server.policy, pub);
		if (s->person != NULL)
			return ERR_OK;
	}
	return ERR_NOT_FOUND;
}

enum exit_code
staff_unlock(struct staff *s)
{
	struct passphrase p = { .term = &s->term, .fd = s->o->passphrase_fd };
	enum exit_code code;
	enum err err;

	if (s->o->identity == NULL)
		return term_fail(&s->term, EXIT_USAGE,
		    "Where are your keys? Say --identity FILE.");
	code = identities_read(&p, s->o->identity, s->ids, STAFF_IDENTITIES_MAX,
	    &s->n_ids);
	if (code != EXIT_DONE)
		return code;
	err = find_person(s);
	if (err == ERR_NOT_FOUND)
		return term_fail(&s->term, EXIT_SECRET,
		    "No person in the current policy has the keys in %s.",
		    s->o->identity);
	return err == ERR_OK ? EXIT_DONE
			     : fail_err(&s->term, err, s->o->identity);
}

enum exit_code
case_id_parse(const struct term *t, const char *text,
    uint8_t out[static CASE_ID_LEN])
{
	if (hex_decode(bytes_str(text), out, CASE_ID_LEN) == ERR_OK)
		return EXIT_DONE;
	return term_fail(t, EXIT_USAGE,
	    "A case is named by the 32 letters and digits that ftsu queue "
	    "shows, or by the first of them.");
}

const char *
staff_name(const struct staff *s, uint16_t person, char *out, size_t cap)
{
	const struct policy_person *p = policy_person(s->server.policy, person);

	if (person == PERSON_REPORTER)
		(void)snprintf(out, cap, "The reporter");
	else if (p != NULL)
		(void)snprintf(out, cap, "%s", p->name);
	else
		(void)snprintf(out, cap, "person %u", person);
	return out;
}
