#include "daemon/vault_session.h"

#include "crypto/label.h"

#include <string.h>

/* A challenge: time (8 bytes), random (8), MAC (16). */
#define TIME_LEN 8
#define OPEN_LEN 16
#define MAC_LEN (BUNDLE_CHALLENGE_LEN - OPEN_LEN)

enum err
sessions_init(struct sessions *s, const struct env *env)
{
	memset(s, 0, sizeof(*s));
	s->env = env;
	return env_random(env, s->key, sizeof(s->key));
}

void
sessions_wipe(struct sessions *s)
{
	bytes_wipe(s, sizeof(*s));
}

/* --- challenges --- */

static enum err
challenge_mac(const struct sessions *s, uint16_t person,
    const uint8_t open[static OPEN_LEN], uint8_t out[static SHA256_LEN])
{
	const uint8_t number[2] = { (uint8_t)(person >> 8), (uint8_t)person };
	const struct bytes part[] = {
		BYTES_LIT(LABEL_CHALLENGE),
		BYTES(number, sizeof(number)),
		BYTES(open, OPEN_LEN),
	};

	return hmac_sha256(BYTES(s->key, sizeof(s->key)), part, 3, out);
}

enum err
challenge_new(struct sessions *s, uint16_t person,
    uint8_t ret[static BUNDLE_CHALLENGE_LEN])
{
	uint64_t now = (uint64_t)env_now(s->env);
	uint8_t open[OPEN_LEN], mac[SHA256_LEN];
	enum err e;

	for (size_t i = 0; i < TIME_LEN; i++)
		open[i] = (uint8_t)(now >> 8 * (TIME_LEN - 1 - i));
	e = env_random(s->env, open + TIME_LEN, OPEN_LEN - TIME_LEN);
	if (e != ERR_OK || (e = challenge_mac(s, person, open, mac)) != ERR_OK)
		return e;
	memcpy(ret, open, OPEN_LEN);
	memcpy(ret + OPEN_LEN, mac, MAC_LEN);
	return ERR_OK;
}

static bool
challenge_is_spent(const struct sessions *s, const uint8_t *challenge)
{
	for (size_t i = 0; i < SPENT_MAX; i++)
		if (memcmp(s->spent[i].challenge, challenge,
			BUNDLE_CHALLENGE_LEN) == 0)
			return true;
	return false;
}

static enum err
challenge_spend(struct sessions *s, uint16_t person,
    const uint8_t challenge[static BUNDLE_CHALLENGE_LEN])
{
	struct reader r = reader_over(BYTES(challenge, TIME_LEN));
	int64_t now = env_now(s->env), made = (int64_t)reader_u64(&r);
	uint8_t mac[SHA256_LEN];
	enum err e;

	if ((e = challenge_mac(s, person, challenge, mac)) != ERR_OK)
		return e;
	if (!bytes_equal_ct(mac, challenge + OPEN_LEN, MAC_LEN) || made > now ||
	    now - made >= CHALLENGE_SECONDS || challenge_is_spent(s, challenge))
		return ERR_DENIED;
	for (size_t i = 0; i < SPENT_MAX; i++) {
		if (s->spent[i].until > now)
			continue;
		memcpy(s->spent[i].challenge, challenge, BUNDLE_CHALLENGE_LEN);
		s->spent[i].until = made + CHALLENGE_SECONDS;
		return ERR_OK;
	}
	return ERR_LIMIT;
}

/* --- sessions --- */

static bool
is_over(const struct session *at, int64_t now)
{
	return at->person == 0 || now - at->used >= SESSION_IDLE_SECONDS ||
	    now - at->begun >= SESSION_TOTAL_SECONDS;
}

/* A free place; with too many of one person, that person's most idle one. */
static struct session *
session_place(struct sessions *s, uint16_t person)
{
	struct session *idle = NULL, *free_one = NULL;
	int64_t now = env_now(s->env);
	size_t own = 0;

	for (struct session *at = s->at; at < s->at + SESSIONS_MAX; at++) {
		if (is_over(at, now)) {
			bytes_wipe(at, sizeof(*at));
			free_one = at;
		} else if (at->person == person) {
			own++;
			if (idle == NULL || at->used < idle->used)
				idle = at;
		}
	}
	return own >= SESSIONS_OF_ONE_MAX ? idle : free_one;
}

enum err
session_begin(struct sessions *s, uint16_t person,
    const uint8_t key[static SIGN_PUB_LEN],
    const uint8_t challenge[static BUNDLE_CHALLENGE_LEN],
    uint8_t ret_token[static BUNDLE_SESSION_LEN])
{
	struct session *place = session_place(s, person), new;
	uint8_t token[BUNDLE_SESSION_LEN];
	enum err e;

	if (place == NULL)
		return ERR_LIMIT;
	new.person = person;
	memcpy(new.key, key, sizeof(new.key));
	new.begun = new.used = env_now(s->env);
	if ((e = env_random(s->env, token, sizeof(token))) != ERR_OK ||
	    (e = sha256(BYTES(token, sizeof(token)), new.token_hash)) !=
		ERR_OK ||
	    (e = challenge_spend(s, person, challenge)) != ERR_OK)
		return e;
	*place = new;
	memcpy(ret_token, token, sizeof(token));
	bytes_wipe(token, sizeof(token));
	return ERR_OK;
}

static enum err
session_find(struct sessions *s, const uint8_t token[static BUNDLE_SESSION_LEN],
    struct session **ret)
{
	int64_t now = env_now(s->env);
	uint8_t hash[SHA256_LEN];
	enum err e;

	e = sha256(BYTES(token, BUNDLE_SESSION_LEN), hash);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		if (is_over(&s->at[i], now) ||
		    !bytes_equal_ct(s->at[i].token_hash, hash, SHA256_LEN))
			continue;
		*ret = &s->at[i];
		return ERR_OK;
	}
	return ERR_NOT_FOUND;
}

enum err
session_person(struct sessions *s,
    const uint8_t token[static BUNDLE_SESSION_LEN], uint16_t *ret_person,
    uint8_t ret_key[static SIGN_PUB_LEN])
{
	struct session *at;
	enum err e;

	if ((e = session_find(s, token, &at)) != ERR_OK)
		return e;
	at->used = env_now(s->env);
	*ret_person = at->person;
	memcpy(ret_key, at->key, SIGN_PUB_LEN);
	return ERR_OK;
}

enum err
session_end(struct sessions *s, const uint8_t token[static BUNDLE_SESSION_LEN])
{
	struct session *at;
	enum err e;

	if ((e = session_find(s, token, &at)) != ERR_OK)
		return e;
	bytes_wipe(at, sizeof(*at));
	return ERR_OK;
}
