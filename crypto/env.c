#include "crypto/env.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <limits.h>
#include <time.h>

enum err
crypto_start(void)
{
	return OSSL_LIB_CTX_get0_global_default() != NULL ? ERR_OK : ERR_NOMEM;
}

static enum err
system_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	if (n > INT_MAX)
		return ERR_LIMIT;
	return RAND_priv_bytes(out, (int)n) == 1 ? ERR_OK : ERR_CRYPTO;
}

static int64_t
system_now(void *ctx)
{
	(void)ctx;
	return (int64_t)time(NULL);
}

const struct env env_system = { .random = system_random, .now = system_now };
