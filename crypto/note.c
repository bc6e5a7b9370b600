#include "crypto/note.h"

#include "crypto/codec.h"
#include "crypto/hash.h"
#include "crypto/utf8.h"

#include <string.h>

/*
 * text   = namespace "\n" body
 * note   = text "\n" 1*32( "— " NAME " " BASE64 "\n" )
 *
 * The last empty line ends the text. Signatures of a length that is not
 * Ed25519's are of other kinds (the document has several): they are read over
 * and can never count.
 */

#define ED25519_TYPE 0x01
#define KEY_ID_LEN 4
#define SIG_BYTES_MAX 8192 /* "nearly 5 kB" for post-quantum ones */
#define SIG_LINE_MAX (3 + NOTE_NAME_MAX + 1 + 92 + 1)

static const struct bytes dash = { (const uint8_t *)"\xe2\x80\x94 ", 4 };

static bool
starts_with(struct bytes x, struct bytes with)
{
	return x.n >= with.n && memcmp(x.p, with.p, with.n) == 0;
}

static struct bytes
skip(struct bytes x, size_t n)
{
	return BYTES(x.p + n, x.n - n);
}

/* UTF-8 without control characters but newlines, and ending in one. */
static bool
text_ok(struct bytes x)
{
	uint32_t c = 0;

	while (x.n > 0) {
		if (!utf8_next(&x, &c) || (c < 0x20 && c != '\n'))
			return false;
	}
	return c == '\n';
}

static bool
name_ok(struct bytes name)
{
	uint32_t c;

	if (name.n == 0 || name.n > NOTE_NAME_MAX)
		return false;
	while (name.n > 0) {
		if (!utf8_next(&name, &c) || c < 0x20 || c == '+' ||
		    utf8_is_space(c))
			return false;
	}
	return true;
}

static enum err
key_id(const struct note_key *key, uint8_t out[static KEY_ID_LEN])
{
	static const uint8_t mid[] = { '\n', ED25519_TYPE };
	uint8_t digest[SHA256_LEN];
	struct bytes part[] = {
		bytes_str(key->name),
		BYTES(mid, sizeof(mid)),
		BYTES(key->pub, SIGN_PUB_LEN),
	};
	enum err err =
	    sha256_parts(part, sizeof(part) / sizeof(part[0]), digest);

	if (err == ERR_OK)
		memcpy(out, digest, KEY_ID_LEN);
	return err;
}

static enum err
key_set(struct note_key *key, struct bytes name,
    const uint8_t pub[static SIGN_PUB_LEN])
{
	struct note_key k = { 0 };

	if (!name_ok(name))
		return ERR_SYNTAX;
	memcpy(k.name, name.p, name.n);
	memcpy(k.pub, pub, SIGN_PUB_LEN);
	*key = k;
	return ERR_OK;
}

enum err
note_key_init(struct note_key *key, const char *name,
    const uint8_t pub[static SIGN_PUB_LEN])
{
	return key_set(key, bytes_str(name), pub);
}

/* --- verifier keys --- */

static enum err
vkey_public(struct bytes base64, uint8_t pub[static SIGN_PUB_LEN])
{
	uint8_t raw[1 + SIGN_PUB_LEN];
	enum err err = base64_get_exact(base64, B64_PADDED, raw, sizeof(raw));

	if (err != ERR_OK)
		return err;
	if (raw[0] != ED25519_TYPE)
		return ERR_SYNTAX;
	memcpy(pub, raw + 1, SIGN_PUB_LEN);
	return ERR_OK;
}

enum err
note_vkey_parse(struct bytes text, struct note_key *ret)
{
	const uint8_t *plus = text.n > 0 ? memchr(text.p, '+', text.n) : NULL;
	uint8_t pub[SIGN_PUB_LEN], id[KEY_ID_LEN], want[KEY_ID_LEN];
	size_t n = plus == NULL ? 0 : (size_t)(plus - text.p);
	struct note_key key;
	struct bytes rest;
	enum err err;

	if (plus == NULL)
		return ERR_SYNTAX;
	rest = skip(text, n + 1);
	if (rest.n < 2 * KEY_ID_LEN + 1 || rest.p[2 * KEY_ID_LEN] != '+')
		return ERR_SYNTAX;
	err = hex_decode(BYTES(rest.p, 2 * KEY_ID_LEN), id, KEY_ID_LEN);
	if (err == ERR_OK)
		err = vkey_public(skip(rest, 2 * KEY_ID_LEN + 1), pub);
	if (err == ERR_OK)
		err = key_set(&key, BYTES(text.p, n), pub);
	if (err == ERR_OK)
		err = key_id(&key, want);
	if (err != ERR_OK)
		return err;
	if (memcmp(id, want, KEY_ID_LEN) != 0)
		return ERR_SYNTAX;
	*ret = key;
	return ERR_OK;
}

void
note_vkey_put(struct buf *out, const struct note_key *key)
{
	uint8_t id[KEY_ID_LEN], raw[1 + SIGN_PUB_LEN] = { ED25519_TYPE };
	char hex[2 * KEY_ID_LEN + 1];
	enum err err = key_id(key, id);

	if (err != ERR_OK) {
		out->err = out->err == ERR_OK ? err : out->err;
		return;
	}
	memcpy(raw + 1, key->pub, SIGN_PUB_LEN);
	hex_encode(hex, id, KEY_ID_LEN);
	buf_printf(out, "%s+%s+", key->name, hex);
	base64_put(out, BYTES(raw, sizeof(raw)), B64_PADDED);
}

/* --- reading --- */

static enum err
parse_signature(struct bytes line, struct note *note)
{
	uint8_t raw[SIG_BYTES_MAX];
	const uint8_t *space;
	struct bytes name;
	enum err err;
	size_t n;

	if (!starts_with(line, dash))
		return ERR_SYNTAX;
	line = skip(line, dash.n);
	space = line.n > 0 ? memchr(line.p, ' ', line.n) : NULL;
	if (space == NULL)
		return ERR_SYNTAX;
	name = BYTES(line.p, (size_t)(space - line.p));
	if (!name_ok(name))
		return ERR_SYNTAX;
	line = skip(line, name.n + 1);
	n = base64_len(line, B64_PADDED);
	if (n > sizeof(raw))
		return ERR_LIMIT;
	err = base64_get_exact(line, B64_PADDED, raw, n);
	if (err != ERR_OK)
		return err;
	if (n <= KEY_ID_LEN)
		return ERR_SYNTAX;
	if (note->n_sigs == NOTE_SIGS_MAX)
		return ERR_LIMIT;
	note->sigs[note->n_sigs].name = name;
	memcpy(note->sigs[note->n_sigs].key_id, raw, KEY_ID_LEN);
	note->sigs[note->n_sigs].is_ed25519 = n == KEY_ID_LEN + SIGN_LEN;
	if (note->sigs[note->n_sigs].is_ed25519)
		memcpy(note->sigs[note->n_sigs].sig, raw + KEY_ID_LEN,
		    SIGN_LEN);
	note->n_sigs++;
	return ERR_OK;
}

/* The length of the text: up to the last empty line, which is not part of it;
 * 0: there is none. x ends in a newline. */
static size_t
text_length(struct bytes x)
{
	for (size_t i = x.n - 1; i > 0; i--) {
		if (x.p[i] == '\n' && x.p[i - 1] == '\n')
			return i;
	}
	return 0;
}

/* Everything but the namespace. */
static enum err
parse_any(struct bytes x, struct note *note)
{
	struct reader r;

	if (x.n > NOTE_MAX)
		return ERR_LIMIT;
	if (!text_ok(x))
		return ERR_SYNTAX;
	note->text = BYTES(x.p, text_length(x));
	if (note->text.n == 0 || note->text.n + 1 == x.n)
		return ERR_SYNTAX;
	r = reader_over(skip(x, note->text.n + 1));
	while (r.n > 0) {
		enum err err = parse_signature(reader_line(&r), note);

		if (err != ERR_OK)
			return err;
	}
	return reader_end(&r);
}

enum err
note_parse(struct bytes x, const char *space, struct note *ret)
{
	struct note note = { 0 };
	enum err err = parse_any(x, &note);
	size_t n = strlen(space);

	if (err != ERR_OK)
		return err;
	if (note.text.n < n + 1 || !starts_with(note.text, bytes_str(space)) ||
	    note.text.p[n] != '\n')
		return ERR_SYNTAX;
	note.body = skip(note.text, n + 1);
	*ret = note;
	return ERR_OK;
}

/* --- verifying --- */

/* Whether `key` signed: ERR_NOT_FOUND when no signature names it, ERR_BAD_SIG
 * when one does and does not verify. */
static enum err
verify_one(const struct note *note, const struct note_key *key)
{
	enum err found = ERR_NOT_FOUND;
	uint8_t id[KEY_ID_LEN];
	enum err err = key_id(key, id);

	for (size_t i = 0; i < note->n_sigs && err == ERR_OK; i++) {
		if (memcmp(note->sigs[i].key_id, id, KEY_ID_LEN) != 0 ||
		    !bytes_equal(note->sigs[i].name, bytes_str(key->name)))
			continue;
		if (!note->sigs[i].is_ed25519)
			return ERR_BAD_SIG;
		err = sign_verify(key->pub, note->text, note->sigs[i].sig);
		found = ERR_OK;
	}
	return err == ERR_OK ? found : err;
}

/* One key under two names, or listed twice, is one key. */
static bool
listed_before(const struct note_key *keys, const bool *signed_by, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (signed_by[i] &&
		    memcmp(keys[i].pub, keys[at].pub, SIGN_PUB_LEN) == 0)
			return true;
	}
	return false;
}

enum err
note_verify(const struct note *note, const struct note_key *keys, size_t n_keys,
    unsigned quorum)
{
	bool signed_by[NOTE_KEYS_MAX] = { false };
	unsigned count = 0;

	if (n_keys > NOTE_KEYS_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < n_keys; i++) {
		enum err err = verify_one(note, &keys[i]);

		if (err == ERR_NOT_FOUND)
			continue;
		if (err != ERR_OK)
			return err;
		signed_by[i] = true;
		if (!listed_before(keys, signed_by, i))
			count++;
	}
	return count > 0 && count >= quorum ? ERR_OK : ERR_BAD_SIG;
}

/* --- signing --- */

/* Appends "— NAME BASE64\n" over text. */
static enum err
put_signature(struct bytes text, const struct note_key *key,
    const uint8_t seed[static SIGN_SEED_LEN], struct buf *out)
{
	uint8_t raw[KEY_ID_LEN + SIGN_LEN];
	enum err err;

	if (!name_ok(bytes_str(key->name)))
		return ERR_SYNTAX;
	err = key_id(key, raw);
	if (err == ERR_OK)
		err = sign_make(seed, key->pub, text, raw + KEY_ID_LEN);
	if (err != ERR_OK)
		return err;
	buf_put_bytes(out, dash);
	buf_printf(out, "%s ", key->name);
	base64_put(out, BYTES(raw, sizeof(raw)), B64_PADDED);
	buf_put_u8(out, '\n');
	return out->err;
}

enum err
note_sign(const char *space, struct bytes body, const struct note_key *key,
    const uint8_t seed[static SIGN_SEED_LEN], struct buf *out)
{
	CLEAN_BUF struct buf note = BUF_INIT(NOTE_MAX);
	CLEAN_BUF struct buf sig = BUF_INIT(SIG_LINE_MAX);
	enum err err;

	buf_put_str(&note, space);
	buf_put_u8(&note, '\n');
	buf_put_bytes(&note, body);
	if (note.err != ERR_OK)
		return note.err;
	if (!text_ok(buf_bytes(&note)))
		return ERR_SYNTAX;
	err = put_signature(buf_bytes(&note), key, seed, &sig);
	if (err != ERR_OK)
		return err;
	buf_put_u8(&note, '\n');
	buf_put_bytes(&note, buf_bytes(&sig));
	if (note.err != ERR_OK)
		return note.err;
	buf_put_bytes(out, buf_bytes(&note));
	return out->err;
}

enum err
note_add_signature(struct buf *note, const struct note_key *key,
    const uint8_t seed[static SIGN_SEED_LEN])
{
	CLEAN_BUF struct buf sig = BUF_INIT(SIG_LINE_MAX);
	struct note parsed = { 0 };
	enum err err = parse_any(buf_bytes(note), &parsed);

	if (err != ERR_OK)
		return err;
	err = verify_one(&parsed, key);
	if (err != ERR_NOT_FOUND)
		return err == ERR_OK ? ERR_EXISTS : err;
	if (parsed.n_sigs == NOTE_SIGS_MAX)
		return ERR_LIMIT;
	err = put_signature(parsed.text, key, seed, &sig);
	if (err != ERR_OK)
		return err;
	buf_put_bytes(note, buf_bytes(&sig));
	return note->err;
}
