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

/*
 * libcrypto's own start: before all else of it, but behind secret_wipe_freed.
 * Without the memory for it OpenSSL 3.0 goes on with what it could not make,
 * and crashes. ERR_NOMEM: it cannot be used in this process any more.
 */
enum err crypto_start(void) MUST_CHECK;

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
