#pragma once

#include "crypto/bytes.h"

/*
 * Randomness and time, passed in so that vectors, fuzzers and simulated
 * calendars are deterministic.
 */
struct env {
	enum err (*random)(void *ctx, uint8_t *out, size_t n);
	int64_t (*now)(void *ctx); /* seconds since 1970-01-01 UTC */
	void *ctx;
};

/* libcrypto's generator and the system's clock. */
extern const struct env env_system;

static inline enum err MUST_CHECK
env_random(const struct env *env, uint8_t *out, size_t n)
{
	return env->random(env->ctx, out, n);
}

static inline int64_t
env_now(const struct env *env)
{
	return env->now(env->ctx);
}
