/*
 * One case, named by the argument, of code that must take the same way through
 * the program whatever a secret is. Run under valgrind, which is told that the
 * secret is undefined: any branch or address that depends on it is an error
 * there. What may be known of it is made defined again: the verdicts
 * (bytes_verdict, bytes_all_zero, bytes_equal_ct), which are wrapped here for
 * that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <valgrind/memcheck.h>

#include "crypto/age.h"
#include "crypto/bech32.h"
#include "crypto/hash.h"

bool __real_bytes_verdict(uint32_t off);
bool __wrap_bytes_verdict(uint32_t off);
bool __real_bytes_all_zero(const uint8_t *p, size_t n);
bool __wrap_bytes_all_zero(const uint8_t *p, size_t n);
bool __real_bytes_equal_ct(const uint8_t *a, const uint8_t *b, size_t n);
bool __wrap_bytes_equal_ct(const uint8_t *a, const uint8_t *b, size_t n);

#define SECRET(x) (void)VALGRIND_MAKE_MEM_UNDEFINED(&(x), sizeof(x))
#define KNOWN(x) (void)VALGRIND_MAKE_MEM_DEFINED(&(x), sizeof(x))

bool
__wrap_bytes_verdict(uint32_t off)
{
	KNOWN(off);
	return __real_bytes_verdict(off);
}

bool
__wrap_bytes_all_zero(const uint8_t *p, size_t n)
{
	bool is_zero = __real_bytes_all_zero(p, n);

	KNOWN(is_zero);
	return is_zero;
}

bool
__wrap_bytes_equal_ct(const uint8_t *a, const uint8_t *b, size_t n)
{
	bool same = __real_bytes_equal_ct(a, b, n);

	KNOWN(same);
	return same;
}

/* --- what must not depend on a secret --- */

static bool
compares_tokens(void)
{
	uint8_t token[32] = "a mailbox token of 32 bytes, ok";
	uint8_t stored[SHA256_LEN], hash[SHA256_LEN];

	if (sha256(BYTES(token, sizeof(token)), stored) != ERR_OK)
		return false;
	SECRET(token);
	return sha256(BYTES(token, sizeof(token)), hash) == ERR_OK &&
	    bytes_equal_ct(hash, stored, sizeof(hash));
}

static bool
tells_tokens_apart(void)
{
	uint8_t token[32] = "a mailbox token of 32 bytes, ok";
	uint8_t other[32] = "a mailbox token of 32 bytes, no";

	SECRET(token);
	SECRET(other);
	return !bytes_equal_ct(token, other, sizeof(token));
}

static enum err
make_identity(struct age_identity *id, struct buf *text)
{
	enum err e = age_identity_new(&env_system, AGE_X25519, id);

	return e == ERR_OK ? age_identity_put(text, id) : e;
}

/* All behind "AGE-SECRET-KEY-1" is secret. */
static bool
decodes(bool is_damaged)
{
	static const char prefix[] = "AGE-SECRET-KEY-1";
	CLEAN_BUF struct buf text = BUF_INIT(AGE_IDENTITY_TEXT_MAX);
	struct age_identity id, back = { 0 };
	size_t n = sizeof(prefix) - 1;
	enum err e = make_identity(&id, &text);
	bool same;

	if (e != ERR_OK)
		return false;
	if (is_damaged)
		text.p[n + 7] = text.p[n + 7] == 'Q' ? 'P' : 'Q';
	(void)VALGRIND_MAKE_MEM_UNDEFINED(text.p + n, text.n - n);
	e = age_identity_parse(buf_bytes(&text), &back);
	KNOWN(back);
	same = memcmp(back.secret, id.secret, sizeof(id.secret)) == 0;
	return is_damaged ? e != ERR_OK : e == ERR_OK && same;
}

static bool
decodes_identities(void)
{
	return decodes(false);
}

static bool
refuses_identities(void)
{
	return decodes(true);
}

static bool
encodes_identities(void)
{
	CLEAN_BUF struct buf text = BUF_INIT(AGE_IDENTITY_TEXT_MAX);
	CLEAN_BUF struct buf again = BUF_INIT(AGE_IDENTITY_TEXT_MAX);
	struct age_identity id;

	if (make_identity(&id, &text) != ERR_OK)
		return false;
	SECRET(id.secret);
	if (age_identity_put(&again, &id) != ERR_OK)
		return false;
	(void)VALGRIND_MAKE_MEM_DEFINED(again.p, again.n);
	return bytes_equal(buf_bytes(&text), buf_bytes(&again));
}

/* With the identity that it is for, or with another one. */
static bool
unwraps(bool is_ours)
{
	CLEAN_BUF struct buf header = BUF_INIT(AGE_HEADER_MAX);
	uint8_t file_key[AGE_FILE_KEY_LEN] = "sixteen bytes ok";
	uint8_t found[AGE_FILE_KEY_LEN] = { 0 };
	struct age_identity id, other;
	struct age_recipient to;
	enum age_result r;

	if (age_identity_new(&env_system, AGE_X25519, &id) != ERR_OK ||
	    age_identity_new(&env_system, AGE_X25519, &other) != ERR_OK ||
	    age_identity_recipient(&id, &to) != ERR_OK ||
	    age_header_seal(&env_system, file_key, &to, 1, &header) != ERR_OK)
		return false;
	if (!is_ours)
		id = other;
	SECRET(id.secret);
	r = age_header_open(buf_bytes(&header), &id, 1, found);
	KNOWN(found);
	return is_ours
	    ? r == AGE_OK && memcmp(found, file_key, sizeof(found)) == 0
	    : r == AGE_NO_MATCH;
}

static bool
unwraps_ours(void)
{
	return unwraps(true);
}

static bool
unwraps_no_others(void)
{
	return unwraps(false);
}

/* --- controls: valgrind has to find these --- */

static bool
control_branch(void)
{
	volatile uint8_t token[32] = "a mailbox token of 32 bytes, ok";
	volatile uint8_t other[32] = "a mailbox token of 32 bytes, no";
	size_t i = 0;

	SECRET(token);
	while (i < sizeof(token) && token[i] == other[i])
		i++;
	KNOWN(i);
	return i > 0;
}

static bool
control_address(void)
{
	static const uint8_t table[256] = { ['q'] = 7 };
	volatile uint8_t secret = 'q';
	uint8_t value;

	SECRET(secret);
	value = table[secret];
	KNOWN(value);
	return value == 7;
}

static const struct {
	const char *name;
	bool (*run)(void);
} cases[] = {
	{ "compares-tokens", compares_tokens },
	{ "tells-tokens-apart", tells_tokens_apart },
	{ "decodes-identities", decodes_identities },
	{ "refuses-identities", refuses_identities },
	{ "encodes-identities", encodes_identities },
	{ "unwraps-ours", unwraps_ours },
	{ "unwraps-no-others", unwraps_no_others },
	{ "control-branch", control_branch },
	{ "control-address", control_address },
};

int
main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (argc == 1)
			(void)puts(cases[i].name);
		else if (strcmp(argv[1], cases[i].name) == 0)
			return cases[i].run() ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	return argc == 1 ? EXIT_SUCCESS : 2;
}
