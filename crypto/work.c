#include "crypto/work.h"

#include <openssl/evp.h>

#include <string.h>

#include "crypto/label.h"

#define SIGNED_LEN (WORK_CHALLENGE_LEN - MAC_LEN) /* what the MAC is over */
#define MAC_LEN 24
#define COST 1024    /* N */
#define BLOCK_SIZE 8 /* r */

static void
put_be(uint8_t *out, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(v >> 8 * (n - 1 - i));
}

void
work_purpose_of_text(uint8_t out[static WORK_PURPOSE_LEN])
{
	memset(out, 0, WORK_PURPOSE_LEN);
}

static enum err
mac_of(const uint8_t *key, const uint8_t *terms, const uint8_t *purpose,
    uint8_t out[static SHA256_LEN])
{
	const struct bytes part[] = { BYTES_LIT(LABEL_WORK),
		BYTES(terms, SIGNED_LEN), BYTES(purpose, WORK_PURPOSE_LEN) };

	return hmac_sha256(BYTES(key, WORK_KEY_LEN), part, 3, out);
}

enum err
work_challenge_make(const uint8_t key[static WORK_KEY_LEN],
    const struct work_terms *terms,
    const uint8_t purpose[static WORK_PURPOSE_LEN],
    uint8_t out[static WORK_CHALLENGE_LEN])
{
	uint8_t head[SIGNED_LEN] = { 0 }, mac[SHA256_LEN];
	enum err e;

	if (terms->bits == 0 || terms->bits > WORK_BITS_MAX)
		return ERR_LIMIT;
	put_be(head, terms->expiry, 4);
	head[4] = terms->bits;
	memcpy(head + 8, terms->nonce, WORK_NONCE_LEN);
	if ((e = mac_of(key, head, purpose, mac)) != ERR_OK)
		return e;
	memcpy(out, head, SIGNED_LEN);
	memcpy(out + SIGNED_LEN, mac, MAC_LEN);
	bytes_wipe(mac, sizeof(mac));
	return ERR_OK;
}

enum err
work_challenge_open(const uint8_t key[static WORK_KEY_LEN],
    const uint8_t purpose[static WORK_PURPOSE_LEN], uint32_t minute,
    const uint8_t challenge[static WORK_CHALLENGE_LEN], struct work_terms *ret)
{
	struct reader r = reader_over(BYTES(challenge, SIGNED_LEN));
	struct work_terms t = { .expiry = reader_u32(&r),
		.bits = reader_u8(&r) };
	uint8_t mac[SHA256_LEN];
	bool is_ours;
	enum err e = mac_of(key, challenge, purpose, mac);

	if (e != ERR_OK)
		return e;
	is_ours = bytes_equal_ct(mac, challenge + SIGNED_LEN, MAC_LEN);
	bytes_wipe(mac, sizeof(mac));
	/* Behind the MAC only what we make ourselves: the rest is for a clock
	 * that was set. */
	if (!is_ours || minute >= t.expiry ||
	    t.expiry - minute > WORK_MINUTES_MAX)
		return ERR_DENIED;
	(void)reader_bytes(&r, 3);
	reader_copy(&r, t.nonce, sizeof(t.nonce));
	*ret = t;
	return ERR_OK;
}

enum err
work_hash(const uint8_t challenge[static WORK_CHALLENGE_LEN], uint64_t counter,
    uint8_t out[static SHA256_LEN])
{
	const uint64_t memory = 128 * BLOCK_SIZE * (COST + 2) + 1024;
	uint8_t password[WORK_COUNTER_LEN];

	put_be(password, counter, sizeof(password));
	return EVP_PBE_scrypt_ex((const char *)password, sizeof(password),
		   challenge, WORK_CHALLENGE_LEN, COST, BLOCK_SIZE, 1, memory,
		   out, SHA256_LEN, NULL, NULL) == 1
	    ? ERR_OK
	    : ERR_NOMEM;
}

bool
work_hash_has(const uint8_t hash[static SHA256_LEN], unsigned bits)
{
	const unsigned whole = bits / 8, rest = bits % 8;

	if (whole >= SHA256_LEN)
		return false;
	return bytes_all_zero(hash, whole) && hash[whole] >> (8 - rest) == 0;
}

enum err
work_check(const uint8_t work[static WORK_LEN], unsigned bits)
{
	struct reader r =
	    reader_over(BYTES(work + WORK_CHALLENGE_LEN, WORK_COUNTER_LEN));
	uint8_t hash[SHA256_LEN];
	enum err e = work_hash(work, reader_u64(&r), hash);

	if (e != ERR_OK)
		return e;
	return work_hash_has(hash, bits) ? ERR_OK : ERR_DENIED;
}

enum err
work_solve(const uint8_t challenge[static WORK_CHALLENGE_LEN], unsigned bits,
    unsigned tries, uint64_t *counter, bool *ret_found)
{
	uint8_t hash[SHA256_LEN];
	enum err e;

	for (unsigned i = 0; i < tries; i++) {
		if ((e = work_hash(challenge, *counter, hash)) != ERR_OK)
			return e;
		if (work_hash_has(hash, bits)) {
			*ret_found = true;
			return ERR_OK;
		}
		++*counter;
	}
	*ret_found = false;
	return ERR_OK;
}

void
work_put(const uint8_t challenge[static WORK_CHALLENGE_LEN], uint64_t counter,
    uint8_t out[static WORK_LEN])
{
	memcpy(out, challenge, WORK_CHALLENGE_LEN);
	put_be(out + WORK_CHALLENGE_LEN, counter, WORK_COUNTER_LEN);
}
