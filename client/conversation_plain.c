#include "client/conversation_inside.h"

#include <string.h>

#include "crypto/label.h"
#include "crypto/lines.h"

static bool
is_band(struct bytes x, uint8_t *ret)
{
	if (x.n != 2 || x.p[0] != 'P' || x.p[1] < '1' || x.p[1] > '4')
		return false;
	*ret = (uint8_t)(x.p[1] - '0');
	return true;
}

/*
 * Nobody signed this head, so the server may say only what the policy says of
 * plain concerns: the route decides who gets the answers. By a policy that is
 * not known, today's counts.
 */
static bool
is_plain_way(const struct conversation *c,
    const uint8_t hash[static SHA256_LEN])
{
	const struct policy *p = c->known[0].policy;

	for (size_t i = 0; i < c->n_known; i++) {
		if (memcmp(c->known[i].hash, hash, SHA256_LEN) == 0)
			p = c->known[i].policy;
	}
	return c->route == p->plain_route && c->band == p->plain_band;
}

enum refusal
plain_head_read(struct conversation *c, struct bytes head)
{
	struct lines l = lines_over(head);
	struct bytes format = lines_get(&l, "speakup");
	uint64_t route = lines_get_number(&l, "route", UINT16_MAX);
	struct bytes band = lines_get(&l, "band");
	uint8_t policy[SHA256_LEN];

	lines_get_hex(&l, "policy", policy, sizeof(policy));
	if (lines_end(&l) != ERR_OK ||
	    !bytes_equal(format, BYTES_LIT("v1 plain")) ||
	    !is_band(band, &c->band))
		return REFUSAL_HEAD;
	c->route = (uint16_t)route;
	if (!is_plain_way(c, policy))
		return REFUSAL_MANIFEST;
	c->entry = (struct entry){ .kind = MESSAGE_CONCERN,
		.author = PERSON_REPORTER };
	memcpy(c->entry.case_id, c->case_id, CASE_ID_LEN);
	return REFUSAL_NONE;
}

static enum refusal
check_name(const struct conversation *c)
{
	const struct bytes part[] = { BYTES_LIT(LABEL_PLAIN_ID),
		buf_bytes(&c->plain) };
	uint8_t hash[SHA256_LEN];

	if (sha256_parts(part, 2, hash) != ERR_OK)
		return REFUSAL_FAILED;
	return memcmp(hash, c->case_id, CASE_ID_LEN) == 0 ? REFUSAL_NONE
							  : REFUSAL_SWAPPED;
}

static enum refusal
from_age(enum age_result r)
{
	switch (r) {
	case AGE_OK:
		return REFUSAL_NONE;
	case AGE_NO_MATCH:
		return REFUSAL_NOT_FOR_US;
	case AGE_UNSUPPORTED:
		return REFUSAL_UNSUPPORTED;
	case AGE_FAILED:
		return REFUSAL_FAILED;
	case AGE_HEADER_BAD:
	case AGE_HMAC_BAD:
	case AGE_PAYLOAD_BAD:
	case AGE_ARMOR_BAD:
		break;
	}
	return REFUSAL_DAMAGED;
}

enum refusal
plain_end(struct conversation *c)
{
	const struct age_keys keys = { .ids = c->ids, .n_ids = c->n_ids };
	uint8_t payload[SHA256_LEN], header[1][SHA256_LEN];
	size_t n = 0;
	enum refusal r = check_name(c);

	if (r == REFUSAL_FAILED)
		return r;
	c->current->is_granted = r == REFUSAL_SWAPPED;
	r = from_age(age_open(&keys, buf_bytes(&c->plain), &c->current->text));
	if (r != REFUSAL_NONE)
		return r;
	r = refusal_of(age_header_length(buf_bytes(&c->plain), &n, NULL),
	    REFUSAL_DAMAGED);
	if (r != REFUSAL_NONE)
		return r;
	if (sha256(BYTES(c->plain.p, n), header[0]) != ERR_OK ||
	    payload_digest_of(BYTES(c->plain.p + n, c->plain.n - n), payload) !=
		ERR_OK ||
	    content_digest(payload, (const uint8_t(*)[SHA256_LEN])header, 1,
		c->entry.content) != ERR_OK)
		return REFUSAL_FAILED;
	c->current->is_readable = true;
	return REFUSAL_NONE;
}
