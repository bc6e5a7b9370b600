#include "crypto/age_header.h"

#include <string.h>

#include "crypto/age_stanza.h"
#include "crypto/codec.h"
#include "crypto/hash.h"

struct header {
	struct bytes stanzas;
	struct bytes signed_part; /* up to and with "---" */
	uint8_t mac[SHA256_LEN];
	size_t len;
	bool kind_ok;
};

/* --- grammar --- */

static bool
begins_with(const struct reader *r, const char *text)
{
	size_t n = strlen(text);

	return r->n >= n && memcmp(r->p, text, n) == 0;
}

/* What the stanzas seen so far come to. */
struct census {
	size_t n, x25519, hybrid, scrypt;
};

static void
count(struct census *c, enum age_stanza_kind kind)
{
	c->n++;
	switch (kind) {
	case AGE_STANZA_X25519:
		c->x25519++;
		break;
	case AGE_STANZA_HYBRID:
		c->hybrid++;
		break;
	case AGE_STANZA_SCRYPT:
		c->scrypt++;
		break;
	case AGE_STANZA_OTHER:
		break;
	}
}

static enum err
read_stanzas(struct reader *r, struct header *h)
{
	const uint8_t *start = r->p;
	struct age_stanza s;
	struct census c = { 0 };

	do {
		enum err err = age_stanza_read(r, &s);

		if (err != ERR_OK)
			return err;
		count(&c, s.kind);
	} while (begins_with(r, "->"));
	/* an scrypt stanza stands alone: it promises authentication */
	if (c.scrypt > 0 && c.n > 1)
		return ERR_SYNTAX;
	h->stanzas = BYTES(start, (size_t)(r->p - start));
	h->kind_ok = c.x25519 == c.n || c.hybrid == c.n;
	return ERR_OK;
}

static enum err
read_mac(struct reader *r, struct bytes x, struct header *h)
{
	struct bytes line;

	if (!begins_with(r, "--- "))
		return ERR_SYNTAX;
	h->signed_part = BYTES(x.p, (size_t)(r->p - x.p) + 3);
	line = reader_line(r);
	if (r->err != ERR_OK)
		return r->err;
	return base64_get_exact(BYTES(line.p + 4, line.n - 4), B64_UNPADDED,
	    h->mac, SHA256_LEN);
}

static enum err
parse(struct bytes x, struct header *ret)
{
	struct header h = { 0 };
	struct reader r;
	struct bytes line;
	enum err err;

	if (x.n > AGE_HEADER_MAX)
		x.n = AGE_HEADER_MAX;
	r = reader_over(x);
	line = reader_line(&r);
	if (r.err != ERR_OK || !bytes_equal(line, BYTES_LIT(AGE_VERSION_LINE)))
		return ERR_SYNTAX;
	err = read_stanzas(&r, &h);
	if (err == ERR_OK)
		err = read_mac(&r, x, &h);
	if (err != ERR_OK)
		return err;
	h.len = x.n - r.n;
	*ret = h;
	return ERR_OK;
}

enum err
age_header_length(struct bytes x, size_t *ret_len, bool *ret_kind_ok)
{
	struct header h;
	enum err err = parse(x, &h);

	if (err != ERR_OK)
		return err;
	*ret_len = h.len;
	if (ret_kind_ok != NULL)
		*ret_kind_ok = h.kind_ok;
	return ERR_OK;
}

static enum err
header_mac(const uint8_t *file_key, struct bytes signed_part, uint8_t *mac)
{
	uint8_t key[SHA256_LEN];
	enum err err;

	err = hkdf_sha256(BYTES(file_key, AGE_FILE_KEY_LEN), BYTES(NULL, 0),
	    BYTES_LIT("header"), key, sizeof(key));
	if (err == ERR_OK)
		err =
		    hmac_sha256(BYTES(key, sizeof(key)), &signed_part, 1, mac);
	bytes_wipe(key, sizeof(key));
	return err;
}

/* --- sealing --- */

static void
put_version(struct buf *out)
{
	buf_put_str(out, AGE_VERSION_LINE "\n");
}

/* Ends the header that began at `start`. */
static enum err
put_mac(struct buf *out, size_t start, const uint8_t *file_key)
{
	uint8_t mac[SHA256_LEN];
	enum err err;

	buf_put_str(out, "---");
	if (out->err != ERR_OK)
		return out->err;
	err = header_mac(file_key, BYTES(out->p + start, out->n - start), mac);
	if (err != ERR_OK)
		return err;
	buf_put_u8(out, ' ');
	base64_put(out, BYTES(mac, sizeof(mac)), B64_UNPADDED);
	buf_put_u8(out, '\n');
	return out->err;
}

static enum err
put_recipient(const struct env *env, const struct age_recipient *to,
    const uint8_t *file_key, struct buf *out)
{
	switch (to->kind) {
	case AGE_X25519:
		return age_x25519_wrap(env, to->key, file_key, out);
	case AGE_HYBRID:
		return age_hybrid_wrap(env, to->key, file_key, out);
	}
	return ERR_SYNTAX;
}

enum err
age_header_seal(const struct env *env,
    const uint8_t file_key[static AGE_FILE_KEY_LEN],
    const struct age_recipient *to, size_t n, struct buf *out)
{
	size_t start = out->n;
	enum err err = ERR_OK;

	if (n == 0)
		return ERR_SYNTAX;
	for (size_t i = 1; i < n; i++)
		if (to[i].kind != to[0].kind)
			return ERR_DENIED;
	put_version(out);
	for (size_t i = 0; err == ERR_OK && i < n; i++)
		err = put_recipient(env, &to[i], file_key, out);
	if (err == ERR_OK)
		err = put_mac(out, start, file_key);
	if (err == ERR_OK && out->n - start > AGE_HEADER_MAX)
		err = ERR_LIMIT;
	if (err != ERR_OK)
		out->n = start;
	return err;
}

enum err
age_header_seal_passphrase(const struct env *env,
    const uint8_t file_key[static AGE_FILE_KEY_LEN], struct bytes passphrase,
    unsigned work_factor, struct buf *out)
{
	size_t start = out->n;
	enum err err;

	put_version(out);
	err = age_scrypt_wrap(env, passphrase, work_factor, file_key, out);
	if (err == ERR_OK)
		err = put_mac(out, start, file_key);
	if (err != ERR_OK)
		out->n = start;
	return err;
}

/* --- opening --- */

static enum err
try_identity(const struct age_stanza *s, const struct age_identity *id,
    uint8_t *file_key)
{
	if (s->kind == AGE_STANZA_X25519 && id->kind == AGE_X25519)
		return age_x25519_unwrap(s, id->secret, file_key);
	if (s->kind == AGE_STANZA_HYBRID && id->kind == AGE_HYBRID)
		return age_hybrid_unwrap(s, id->secret, file_key);
	return ERR_NOT_FOUND;
}

/* Without ML-KEM a hybrid stanza may be ours: said only if nothing else is. */
static bool
is_final(enum err err)
{
	return err != ERR_NOT_FOUND && err != ERR_UNSUPPORTED;
}

static enum err
try_stanza(const struct age_stanza *s, const struct age_keys *keys,
    uint8_t *file_key)
{
	enum err result = ERR_NOT_FOUND;

	if (s->kind == AGE_STANZA_SCRYPT && keys->passphrase.n > 0)
		return age_scrypt_unwrap(s, keys->passphrase, file_key);
	for (size_t i = 0; i < keys->n_ids; i++) {
		enum err err = try_identity(s, &keys->ids[i], file_key);

		if (is_final(err))
			return err;
		if (err == ERR_UNSUPPORTED)
			result = err;
	}
	return result;
}

static enum err
find_file_key(struct bytes stanzas, const struct age_keys *keys,
    uint8_t *file_key)
{
	struct reader r = reader_over(stanzas);
	struct age_stanza s;
	enum err result = ERR_NOT_FOUND;

	while (r.n > 0) {
		enum err err = age_stanza_read(&r, &s);

		if (err == ERR_OK)
			err = try_stanza(&s, keys, file_key);
		if (is_final(err))
			return err;
		if (err == ERR_UNSUPPORTED)
			result = err;
	}
	return result;
}

enum err
age_header_unlock(struct bytes header, const struct age_keys *keys,
    uint8_t file_key[static AGE_FILE_KEY_LEN])
{
	uint8_t found[AGE_FILE_KEY_LEN], mac[SHA256_LEN];
	struct header h;
	enum err err;

	err = parse(header, &h);
	if (err == ERR_OK && h.len != header.n)
		err = ERR_SYNTAX;
	if (err == ERR_OK)
		err = find_file_key(h.stanzas, keys, found);
	if (err == ERR_OK)
		err = header_mac(found, h.signed_part, mac);
	if (err == ERR_OK && !bytes_equal_ct(mac, h.mac, sizeof(mac)))
		err = ERR_BAD_SIG;
	if (err == ERR_OK)
		memcpy(file_key, found, sizeof(found));
	bytes_wipe(found, sizeof(found));
	return err;
}

enum age_result
age_header_result(enum err err)
{
	if (err == ERR_OK)
		return AGE_OK;
	if (err == ERR_NOT_FOUND)
		return AGE_NO_MATCH;
	if (err == ERR_SYNTAX || err == ERR_LIMIT)
		return AGE_HEADER_BAD;
	if (err == ERR_BAD_SIG)
		return AGE_HMAC_BAD;
	return err == ERR_UNSUPPORTED ? AGE_UNSUPPORTED : AGE_FAILED;
}

enum age_result
age_header_open(struct bytes header, const struct age_identity *ids, size_t n,
    uint8_t file_key[static AGE_FILE_KEY_LEN])
{
	const struct age_keys keys = { .ids = ids, .n_ids = n };

	return age_header_result(age_header_unlock(header, &keys, file_key));
}

enum age_result
age_header_open_passphrase(struct bytes header, struct bytes passphrase,
    uint8_t file_key[static AGE_FILE_KEY_LEN])
{
	const struct age_keys keys = { .passphrase = passphrase };

	return age_header_result(age_header_unlock(header, &keys, file_key));
}
