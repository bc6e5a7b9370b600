#include <string.h>

#include "crypto/age.h"
#include "crypto/bech32.h"
#include "crypto/kem.h"

/* What the two kinds differ in. */
static const struct {
	const char *recipient, *identity; /* human-readable parts */
	size_t pub_len;
	enum kem kem;
} kinds[] = {
	[AGE_X25519] = { "age", "age-secret-key-", KEM_SECRET_LEN, KEM_X25519 },
	[AGE_HYBRID] = { "age1pq", "age-secret-key-pq-", AGE_HYBRID_PUB_LEN,
	    KEM_MLKEM768_X25519 },
};

static const enum age_kind all_kinds[] = { AGE_X25519, AGE_HYBRID };

enum err
age_recipient_parse(struct bytes text, struct age_recipient *ret)
{
	struct age_recipient r = { 0 };

	for (size_t i = 0; i < 2; i++) {
		r.kind = all_kinds[i];
		if (bech32_get(text, kinds[r.kind].recipient, r.key,
			kinds[r.kind].pub_len) == ERR_OK) {
			*ret = r;
			return ERR_OK;
		}
	}
	return ERR_SYNTAX;
}

enum err
age_recipient_put(struct buf *out, const struct age_recipient *r)
{
	bech32_put(out, kinds[r->kind].recipient,
	    BYTES(r->key, kinds[r->kind].pub_len), BECH32_LOWER);
	return out->err;
}

enum err
age_identity_parse(struct bytes text, struct age_identity *ret)
{
	struct age_identity id = { 0 };
	enum err err = ERR_SYNTAX;

	for (size_t i = 0; err != ERR_OK && i < 2; i++) {
		id.kind = all_kinds[i];
		err = bech32_get(text, kinds[id.kind].identity, id.secret,
		    AGE_IDENTITY_LEN);
	}
	if (err == ERR_OK)
		*ret = id;
	bytes_wipe(&id, sizeof(id));
	return err;
}

enum err
age_identity_put(struct buf *out, const struct age_identity *id)
{
	bech32_put(out, kinds[id->kind].identity,
	    BYTES(id->secret, AGE_IDENTITY_LEN), BECH32_UPPER);
	return out->err;
}

enum err
age_identity_new(const struct env *env, enum age_kind kind,
    struct age_identity *ret)
{
	struct age_identity id = { .kind = kind };
	enum err err = env_random(env, id.secret, sizeof(id.secret));

	if (err == ERR_OK)
		*ret = id;
	bytes_wipe(&id, sizeof(id));
	return err;
}

enum err
age_identity_recipient(const struct age_identity *id, struct age_recipient *ret)
{
	struct age_recipient r = { .kind = id->kind };
	enum err err = kem_public(kinds[id->kind].kem, id->secret, r.key);

	if (err == ERR_OK)
		*ret = r;
	return err;
}

/* Takes one line off the front; a last one needs no newline. A carriage
 * return before it is dropped. */
static struct bytes
take_line(struct bytes *rest)
{
	const uint8_t *end = memchr(rest->p, '\n', rest->n);
	size_t n = end != NULL ? (size_t)(end - rest->p) : rest->n;
	struct bytes line = BYTES(rest->p, n);

	*rest = BYTES(rest->p + n, rest->n - n);
	if (end != NULL)
		*rest = BYTES(rest->p + 1, rest->n - 1);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

enum err
age_identities_parse(struct bytes file, struct age_identity *out, size_t max,
    size_t *ret_n)
{
	size_t n = 0;

	while (file.n > 0) {
		struct bytes line = take_line(&file);
		enum err err;

		if (line.n == 0 || line.p[0] == '#')
			continue;
		err = n < max ? age_identity_parse(line, &out[n]) : ERR_LIMIT;
		if (err != ERR_OK) {
			bytes_wipe(out, n * sizeof(*out));
			return err;
		}
		n++;
	}
	*ret_n = n;
	return ERR_OK;
}
