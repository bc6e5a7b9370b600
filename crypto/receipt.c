#include "crypto/receipt.h"

#include "crypto/hash.h"
#include "crypto/label.h"

#include <ctype.h>
#include <string.h>

/*
 * BIP 39, 128 bits: the bits of the receipt and the first 4 bits of its
 * SHA-256, cut into 12 numbers of 11 bits, most significant first.
 */

#define WORD_COUNT 2048
#define WORD_MAX 8
#define WORD_BITS 11
#define PREFIX_LEN 4 /* as many letters tell any two words apart */
#define CHECK_MASK 0xf0

static const char words[WORD_COUNT][WORD_MAX + 1] = {
#include "crypto/bip39_words.inc"
};

static unsigned
bit_at(const uint8_t *p, size_t i)
{
	return p[i / 8] >> (7 - i % 8) & 1u;
}

/* The receipt and its checksum in the upper half of one more byte. */
static enum err
with_checksum(const uint8_t receipt[static RECEIPT_LEN],
    uint8_t out[static RECEIPT_LEN + 1])
{
	uint8_t digest[SHA256_LEN];
	enum err err = sha256(BYTES(receipt, RECEIPT_LEN), digest);

	if (err != ERR_OK)
		return err;
	memcpy(out, receipt, RECEIPT_LEN);
	out[RECEIPT_LEN] = digest[0] & CHECK_MASK;
	return ERR_OK;
}

enum err
receipt_words(const uint8_t receipt[static RECEIPT_LEN],
    char out[static RECEIPT_TEXT_MAX])
{
	uint8_t bits[RECEIPT_LEN + 1];
	size_t at = 0;
	enum err err = with_checksum(receipt, bits);

	if (err != ERR_OK)
		return err;
	for (size_t i = 0; i < RECEIPT_WORDS; i++) {
		size_t index = 0, n;

		for (size_t k = 0; k < WORD_BITS; k++)
			index = index << 1 | bit_at(bits, i * WORD_BITS + k);
		n = strlen(words[index]);
		memcpy(out + at, words[index], n);
		at += n;
		out[at++] = i + 1 < RECEIPT_WORDS ? ' ' : '\0';
	}
	bytes_wipe(bits, sizeof(bits));
	return ERR_OK;
}

/* --- reading --- */

/* The list is sorted, also by first letters alone. */
static enum err
word_index(const char *typed, size_t n, size_t *ret)
{
	size_t low = 0, high = WORD_COUNT;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strncmp(typed, words[mid], n);

		if (order == 0 && (n >= PREFIX_LEN || words[mid][n] == '\0')) {
			*ret = mid;
			return ERR_OK;
		}
		if (order > 0)
			low = mid + 1;
		else
			high = mid;
	}
	return ERR_NOT_FOUND;
}

/* Takes the next word off the front, in lower case, without its NUL; 0: there
 * is none. What is longer than any word is cut, and so found in no list. */
static size_t
take_word(struct bytes *text, char word[static WORD_MAX + 1])
{
	size_t n = 0;

	while (text->n > 0 && isspace(*text->p))
		*text = BYTES(text->p + 1, text->n - 1);
	while (text->n > 0 && !isspace(*text->p)) {
		if (n <= WORD_MAX)
			word[n++] = (char)tolower(*text->p);
		*text = BYTES(text->p + 1, text->n - 1);
	}
	return n;
}

static void
put_bits(uint8_t *bits, size_t word, size_t index)
{
	for (size_t k = 0; k < WORD_BITS; k++) {
		size_t i = word * WORD_BITS + k;

		if ((index >> (WORD_BITS - 1 - k) & 1) != 0)
			bits[i / 8] |= (uint8_t)(0x80 >> i % 8);
	}
}

/* Twelve words into bits; *ret_bad is the place of one that is unknown. */
static enum err
parse_words(struct bytes text, uint8_t bits[static RECEIPT_LEN + 1],
    unsigned *ret_bad)
{
	char word[WORD_MAX + 1] = { 0 };
	enum err err = ERR_OK;
	size_t index = 0, n;

	*ret_bad = 0;
	for (unsigned i = 0; i < RECEIPT_WORDS && err == ERR_OK; i++) {
		n = take_word(&text, word);
		if (n == 0) {
			err = ERR_SYNTAX;
		} else if (word_index(word, n, &index) != ERR_OK) {
			*ret_bad = i + 1;
			err = ERR_SYNTAX;
		} else {
			put_bits(bits, i, index);
		}
	}
	if (err == ERR_OK && take_word(&text, word) > 0)
		err = ERR_SYNTAX;
	bytes_wipe(word, sizeof(word));
	return err;
}

enum err
receipt_parse(struct bytes text, uint8_t out[static RECEIPT_LEN],
    unsigned *ret_bad_word)
{
	uint8_t bits[RECEIPT_LEN + 1] = { 0 }, want[RECEIPT_LEN + 1] = { 0 };
	unsigned bad = 0;
	enum err err = parse_words(text, bits, &bad);

	if (err == ERR_OK)
		err = with_checksum(bits, want);
	if (err == ERR_OK && !bytes_equal_ct(bits, want, sizeof(bits)))
		err = ERR_SYNTAX;
	if (err == ERR_OK)
		memcpy(out, bits, RECEIPT_LEN);
	else if (ret_bad_word != NULL)
		*ret_bad_word = bad;
	bytes_wipe(bits, sizeof(bits));
	bytes_wipe(want, sizeof(want));
	return err;
}

/* --- what is derived from it --- */

enum err
case_id_of(const uint8_t pub[static SIGN_PUB_LEN],
    uint8_t out[static CASE_ID_LEN])
{
	uint8_t digest[SHA256_LEN];
	struct bytes part[] = {
		BYTES_LIT(LABEL_CASE_ID),
		BYTES(pub, SIGN_PUB_LEN),
	};
	enum err err = sha256_parts(part, 2, digest);

	if (err == ERR_OK)
		memcpy(out, digest, CASE_ID_LEN);
	return err;
}

static enum err
derive_all(struct bytes receipt, struct bytes realm, struct receipt_keys *k)
{
	const struct {
		struct bytes label;
		uint8_t *out;
	} part[] = {
		{ BYTES_LIT(LABEL_RECEIPT_TOKEN), k->token },
		{ BYTES_LIT(LABEL_RECEIPT_X25519), k->reply[0].secret },
		{ BYTES_LIT(LABEL_RECEIPT_HYBRID), k->reply[1].secret },
		{ BYTES_LIT(LABEL_RECEIPT_SIGN), k->sign_seed },
	};
	enum err err = ERR_OK;

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		if (err == ERR_OK)
			err = hkdf_sha256(receipt, realm, part[i].label,
			    part[i].out, 32);
	}
	k->reply[0].kind = AGE_X25519;
	k->reply[1].kind = AGE_HYBRID;
	if (err == ERR_OK)
		err = sha256(BYTES(k->token, TOKEN_LEN), k->mailbox);
	if (err == ERR_OK)
		err = sign_public(k->sign_seed, k->sign_pub);
	if (err == ERR_OK)
		err = case_id_of(k->sign_pub, k->case_id);
	return err;
}

enum err
receipt_derive(const uint8_t receipt[static RECEIPT_LEN],
    const uint8_t realm[static REALM_LEN], struct receipt_keys *ret)
{
	struct receipt_keys k = { 0 };
	enum err err = derive_all(BYTES(receipt, RECEIPT_LEN),
	    BYTES(realm, REALM_LEN), &k);

	if (err == ERR_OK)
		*ret = k;
	receipt_keys_wipe(&k);
	return err;
}

void
receipt_keys_wipe(struct receipt_keys *k)
{
	bytes_wipe(k, sizeof(*k));
}

enum err
staff_sign_seed(const struct age_identity *id,
    uint8_t seed[static SIGN_SEED_LEN])
{
	return hkdf_sha256(BYTES(id->secret, AGE_IDENTITY_LEN), BYTES_LIT(""),
	    BYTES_LIT(LABEL_STAFF_SIGN), seed, SIGN_SEED_LEN);
}
