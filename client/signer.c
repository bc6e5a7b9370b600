#include "client/signer.h"

#include <string.h>

#include "crypto/codec.h"
#include "crypto/env.h"

#define PREFIX "PRIVATE+KEY+"
#define ED25519_TYPE 0x01

enum err
signer_new(const struct env *env, const char *name, struct signer *ret)
{
	struct signer s;
	uint8_t pub[SIGN_PUB_LEN];
	enum err err = env_random(env, s.seed, sizeof(s.seed));

	if (err == ERR_OK)
		err = sign_public(s.seed, pub);
	if (err == ERR_OK)
		err = note_key_init(&s.key, name, pub);
	if (err == ERR_OK)
		*ret = s;
	signer_wipe(&s);
	return err;
}

/* "NAME+KEYID+" begins the public key's text as well. */
static struct bytes
public_prefix(const struct buf *vkey)
{
	size_t n = 0;

	for (int plus = 0; n < vkey->n && plus < 2; n++)
		plus += vkey->p[n] == '+';
	return BYTES(vkey->p, n);
}

void
signer_put(struct buf *out, const struct signer *s)
{
	struct buf vkey CLEAN_BUF = BUF_INIT(1024);
	uint8_t typed[1 + SIGN_SEED_LEN] = { ED25519_TYPE };

	memcpy(typed + 1, s->seed, SIGN_SEED_LEN);
	note_vkey_put(&vkey, &s->key);
	buf_put_str(out, PREFIX);
	buf_put_bytes(out, public_prefix(&vkey));
	base64_put(out, BYTES(typed, sizeof(typed)), B64_PADDED);
	buf_put_str(out, "\n");
	bytes_wipe(typed, sizeof(typed));
}

/* Takes what is before the next '+' off x. */
static struct bytes
part_next(struct bytes *x)
{
	const uint8_t *plus = memchr(x->p, '+', x->n);
	struct bytes part = *x;

	if (plus == NULL)
		return BYTES(NULL, 0);
	part.n = (size_t)(plus - x->p);
	*x = BYTES(plus + 1, x->n - part.n - 1);
	return part;
}

static enum err
parse_parts(struct bytes name, struct bytes secret, struct signer *s)
{
	char text[NOTE_NAME_MAX + 1];
	uint8_t typed[1 + SIGN_SEED_LEN], pub[SIGN_PUB_LEN];
	enum err err;

	if (name.n == 0 || name.n > NOTE_NAME_MAX)
		return ERR_SYNTAX;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	err = base64_get_exact(secret, B64_PADDED, typed, sizeof(typed));
	if (err == ERR_OK && typed[0] != ED25519_TYPE)
		err = ERR_SYNTAX;
	if (err == ERR_OK) {
		memcpy(s->seed, typed + 1, SIGN_SEED_LEN);
		err = sign_public(s->seed, pub);
	}
	bytes_wipe(typed, sizeof(typed));
	return err == ERR_OK ? note_key_init(&s->key, text, pub) : err;
}

enum err
signer_parse(struct bytes text, struct signer *ret)
{
	struct buf again CLEAN_BUF = BUF_INIT(1024);
	struct bytes rest = text, name;
	struct signer s = { 0 };
	enum err err;

	if (rest.n > 0 && rest.p[rest.n - 1] == '\n')
		rest.n--;
	text = rest;
	if (rest.n < strlen(PREFIX) ||
	    memcmp(rest.p, PREFIX, strlen(PREFIX)) != 0)
		return ERR_SYNTAX;
	rest = BYTES(rest.p + strlen(PREFIX), rest.n - strlen(PREFIX));
	name = part_next(&rest);
	(void)part_next(&rest); /* the key id, compared with the whole below */
	err = parse_parts(name, rest, &s);
	if (err == ERR_OK) {
		signer_put(&again, &s);
		if (again.err != ERR_OK)
			err = again.err;
		else if (again.n != text.n + 1 ||
		    !bytes_equal_ct(again.p, text.p, text.n))
			err = ERR_SYNTAX;
	}
	if (err == ERR_OK)
		*ret = s;
	signer_wipe(&s);
	return err;
}

void
signer_wipe(struct signer *s)
{
	bytes_wipe(s, sizeof(*s));
}

enum exit_code
signer_read(const struct passphrase *p, const char *path, struct signer *ret)
{
	struct secret *text CLEAN_SECRET = NULL;
	enum exit_code code = key_file_read(p, path, &text);

	if (code != EXIT_DONE)
		return code;
	if (signer_parse(BYTES(secret_bytes(text), secret_len(text)), ret) !=
	    ERR_OK)
		return term_fail(p->term, EXIT_SECRET,
		    "%s does not hold a signing key.", path);
	return EXIT_DONE;
}
