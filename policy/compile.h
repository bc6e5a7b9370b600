#pragma once

#include "policy/policy.h"
#include "policy/yaml.h"

/*
 * The policy language (docs/POLICY.md) to the compiled JSON. Roles become
 * people, slugs become numbers, working days become UTC intervals, and
 * `keys: best` becomes hybrid where everybody on the route has a hybrid key.
 */

/* Wall clock to UTC: the instant at which it is `minute` minutes past midnight
 * on `day` in the named zone. ERR_NOT_FOUND: no such zone. */
struct compile_zone {
	enum err (*to_utc)(void *ctx, const char *zone, int64_t day,
	    unsigned minute, int64_t *ret);
	void *ctx;
};

struct compile_input {
	struct bytes yaml;
	const char *file; /* for messages */
	/* A second document of only `keys: {person: [key, …]}`, for keys that
	 * are kept beside the policy; n = 0: none. A person has keys in one of
	 * the two, not in both. */
	struct bytes keys;
	const char *keys_file;
	const struct compile_zone *zone;
	/* Where not 0: instead of the document's `issued` and `serial`. */
	int64_t issued;
	uint32_t serial;
	const uint8_t *previous; /* SHA-256 of the previous policy, or NULL */
};

/* Appends the JSON with its '\n'. ERR_SYNTAX, ERR_LIMIT, ERR_NOT_FOUND (the
 * zone): ret_error is filled. */
enum err policy_compile(const struct compile_input *in, struct buf *json,
    struct yaml_error *ret_error) MUST_CHECK;
