#include "client/ctl.h"

#include <string.h>

#include "crypto/age.h"
#include "crypto/codec.h"
#include "crypto/env.h"

#define STORE_KEY_LEN 32

static enum exit_code
write_key(const struct ctl_options *o, const struct term *t, struct bytes text)
{
	struct passphrase p = ctl_passphrase(o, t);
	unsigned work =
	    o->work_factor != 0 ? (unsigned)o->work_factor : AGE_SCRYPT_WORK;

	if (work > AGE_SCRYPT_WORK_MAX)
		return term_fail(t, EXIT_USAGE,
		    "The work factor is at most %d.", AGE_SCRYPT_WORK_MAX);
	return key_file_write(&p, o->out, text, o->passphrase ? work : 0);
}

static void
put_vkey(const struct note_key *key)
{
	struct buf out CLEAN_BUF = BUF_INIT(1024);

	note_vkey_put(&out, key);
	printf("%.*s\n", (int)out.n, (const char *)out.p);
}

static enum exit_code
new_signer(const struct ctl_options *o, const struct term *t)
{
	struct buf text CLEAN_BUF = BUF_INIT(1024);
	struct signer s;
	enum exit_code code;
	enum err err;

	if (o->name == NULL)
		return term_fail(t, EXIT_USAGE,
		    "A signing key needs a name: --name NAME.");
	err = signer_new(&env_system, o->name, &s);
	if (err == ERR_SYNTAX)
		return term_fail(t, EXIT_USAGE,
		    "A key's name has no spaces and no plus signs.");
	if (err != ERR_OK)
		return fail_err(t, err, "The key could not be made");
	signer_put(&text, &s);
	code = text.err == ERR_OK ? write_key(o, t, buf_bytes(&text))
				  : fail_err(t, text.err, o->name);
	if (code == EXIT_DONE)
		put_vkey(&s.key);
	signer_wipe(&s);
	return code;
}

static enum exit_code
new_store_key(const struct ctl_options *o, const struct term *t)
{
	uint8_t key[STORE_KEY_LEN];
	char hex[2 * STORE_KEY_LEN + 2];
	enum exit_code code;
	enum err err = env_random(&env_system, key, sizeof(key));

	if (err != ERR_OK)
		return fail_err(t, err, "The key could not be made");
	hex_encode(hex, key, sizeof(key));
	hex[sizeof(hex) - 2] = '\n';
	code = write_key(o, t, BYTES((uint8_t *)hex, sizeof(hex) - 1));
	bytes_wipe(key, sizeof(key));
	bytes_wipe(hex, sizeof(hex));
	return code;
}

enum exit_code
ctl_key_new(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);

	(void)args;
	if (o->kind == NULL || o->out == NULL)
		return term_fail(&t, EXIT_USAGE,
		    "Say which kind of key and where it goes: --kind policy "
		    "--out FILE.");
	if (strcmp(o->kind, "store") == 0)
		return new_store_key(o, &t);
	if (strcmp(o->kind, "policy") == 0 || strcmp(o->kind, "instance") == 0)
		return new_signer(o, &t);
	return term_fail(&t, EXIT_USAGE,
	    "A key's kind is policy, instance or store.");
}

enum exit_code
ctl_key_show(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);
	struct passphrase p = ctl_passphrase(o, &t);
	struct signer s;
	enum exit_code code = signer_read(&p, args->at[0], &s);

	if (code == EXIT_DONE)
		put_vkey(&s.key);
	signer_wipe(&s);
	return code;
}
