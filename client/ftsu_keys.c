#include "client/staff.h"

#include <stdio.h>
#include <string.h>

#include "client/stream.h"
#include "crypto/codec.h"
#include "crypto/env.h"

/* --- keygen --- */

struct key_pair {
	struct age_identity id;
	struct age_recipient to;
};

static enum err
pair_new(enum age_kind kind, struct key_pair *ret)
{
	struct key_pair p = { 0 };
	enum err err = age_identity_new(&env_system, kind, &p.id);

	if (err == ERR_OK)
		err = age_identity_recipient(&p.id, &p.to);
	if (err == ERR_OK)
		*ret = p;
	bytes_wipe(&p, sizeof(p));
	return err;
}

/* As age-keygen writes them. */
static enum err
put_pair(struct buf *out, const struct key_pair *p)
{
	enum err err;

	buf_put_str(out, "# public key: ");
	err = age_recipient_put(out, &p->to);
	buf_put_str(out, "\n");
	if (err == ERR_OK)
		err = age_identity_put(out, &p->id);
	buf_put_str(out, "\n");
	return err == ERR_OK ? out->err : err;
}

static enum err
put_public(struct buf *out, const char *name, const struct key_pair *p,
    bool json)
{
	enum err err;

	buf_printf(out, json ? "\"%s\":\"" : "%s: ", name);
	err = age_recipient_put(out, &p->to);
	buf_put_str(out, json ? "\"," : "\n  ");
	return err;
}

static enum err
put_sign(struct buf *out, const struct age_identity *id, bool json)
{
	uint8_t seed[SIGN_SEED_LEN], pub[SIGN_PUB_LEN];
	enum err err = staff_sign_seed(id, seed);

	if (err == ERR_OK)
		err = sign_public(seed, pub);
	bytes_wipe(seed, sizeof(seed));
	if (err != ERR_OK)
		return err;
	buf_put_str(out, json ? "\"sign\":\"" : "sign: ");
	base64_put(out, BYTES(pub, sizeof(pub)), B64_PADDED);
	buf_put_str(out, json ? "\"" : "");
	return out->err;
}

/* What goes under the person's name in the policy's keys. */
static enum exit_code
print_public(const struct term *t, const struct key_pair *classic,
    const struct key_pair *hybrid)
{
	struct buf out CLEAN_BUF = BUF_INIT(8192);
	enum err err;

	buf_put_str(&out, t->json ? "{" : "- ");
	err = put_public(&out, "classic", classic, t->json);
	if (err == ERR_OK && hybrid != NULL)
		err = put_public(&out, "hybrid", hybrid, t->json);
	if (err == ERR_OK)
		err = put_sign(&out, &classic->id, t->json);
	buf_put_str(&out, t->json ? "}\n" : "\n");
	if (err == ERR_OK)
		err = out.err;
	if (err != ERR_OK)
		return fail_err(t, err, "The public keys");
	return file_write(t, "-", buf_bytes(&out), FILE_PUBLIC, true);
}

static enum exit_code
write_identity(const struct ftsu_options *o, const struct term *t,
    const struct key_pair *classic, const struct key_pair *hybrid)
{
	struct buf text CLEAN_BUF = BUF_INIT(KEY_FILE_MAX);
	struct passphrase p = { .term = t, .fd = o->passphrase_fd };
	unsigned work =
	    o->work_factor != 0 ? (unsigned)o->work_factor : AGE_SCRYPT_WORK;
	enum err err = put_pair(&text, classic);

	if (err == ERR_OK && hybrid != NULL)
		err = put_pair(&text, hybrid);
	if (err != ERR_OK)
		return fail_err(t, err, "The keys");
	return key_file_write(&p, o->out, buf_bytes(&text),
	    o->plaintext ? 0 : work);
}

enum exit_code
ftsu_keygen(const void *values, const struct args *args)
{
	const struct ftsu_options *o = values;
	struct term t = { .program = "ftsu", .json = o->common.json };
	struct key_pair classic, hybrid;
	bool has_hybrid = age_hybrid_available() && !o->classic;
	enum exit_code code;
	enum err err;

	(void)args;
	if (o->out == NULL || o->work_factor > AGE_SCRYPT_WORK_MAX)
		return term_fail(&t, EXIT_USAGE,
		    "Where should the keys go? Say --out FILE. The work factor "
		    "is at most %d.",
		    AGE_SCRYPT_WORK_MAX);
	err = pair_new(AGE_X25519, &classic);
	if (err == ERR_OK && has_hybrid)
		err = pair_new(AGE_HYBRID, &hybrid);
	if (err != ERR_OK)
		return fail_err(&t, err, "The keys could not be made");
	code = write_identity(o, &t, &classic, has_hybrid ? &hybrid : NULL);
	if (code == EXIT_DONE)
		code = print_public(&t, &classic, has_hybrid ? &hybrid : NULL);
	if (code == EXIT_DONE)
		term_warn(&t,
		    "Your keys are in %s. Keep that file and its passphrase: "
		    "nothing sealed to you opens without them. The lines above "
		    "are public; they go into the policy.",
		    o->out);
	bytes_wipe(&classic, sizeof(classic));
	bytes_wipe(&hybrid, sizeof(hybrid));
	return code;
}

/* --- open --- */

enum exit_code
ftsu_open(const void *values, const struct args *args)
{
	const struct ftsu_options *o = values;
	struct term t = { .program = "ftsu" };
	struct passphrase p = { .term = &t, .fd = o->passphrase_fd };
	struct stream stream = { .term = &t,
		.out = o->out,
		.in = args->n > 0 ? args->at[0] : NULL,
		.over = o->force };
	struct age_identity ids[STAFF_IDENTITIES_MAX];
	struct secret *word CLEAN_SECRET = NULL;
	struct age_keys keys = { .ids = ids };
	enum exit_code code;

	if (o->identity != NULL) {
		code = identities_read(&p, o->identity, ids,
		    STAFF_IDENTITIES_MAX, &keys.n_ids);
	} else {
		code = passphrase_get(&p, "Passphrase of the file: ", &word);
		if (code == EXIT_DONE)
			keys.passphrase =
			    BYTES(secret_bytes(word), secret_len(word));
	}
	if (code == EXIT_DONE)
		code = stream_open(&stream, &keys);
	bytes_wipe(ids, sizeof(ids));
	return code;
}
