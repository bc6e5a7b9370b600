/*
 * A reporter who seals two texts under one concern. ChaCha20-Poly1305 does not
 * commit to its key: with the key's r and s, a tag is (sum of block i * r^(n +
 * 1 - i) mod p) + s mod 2^128, p = 2^130 - 5 (RFC 8439 section 2.5), so one
 * free block can be chosen to make the tags of two keys agree. The payload made
 * here opens under two file keys, and each reader gets an envelope of their
 * own. Stock age cannot tell; the constant block of a sealed body can.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/evp.h>

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/message.h"
#include "crypto/tar.h"

#define KEY_LEN 32
#define NONCE_LEN 16
#define BLOCK 16
#define TEXT_LEN TAR_BLOCK
/* text one, text two, the free block */
#define BODY_LEN (2 * TEXT_LEN + BLOCK)
#define TAG_LEN 16
#define FREE_AT (2 * TEXT_LEN)
#define TRIES 2000

/* What one of the two keys makes of a single final chunk. */
struct side {
	uint8_t file_key[AGE_FILE_KEY_LEN];
	uint8_t stream[64 + BODY_LEN]; /* the first 64: Poly1305's key */
	BIGNUM *r, *s;
};

struct attack {
	uint8_t nonce[NONCE_LEN];
	struct side side[2];
	uint8_t body[BODY_LEN];
	uint8_t tag[TAG_LEN];
	BIGNUM *p;
	BN_CTX *bn;
};

static void
ok(int libcrypto)
{
	assert_int_equal(libcrypto, 1);
}

static BIGNUM *
number(const uint8_t *x, size_t n)
{
	BIGNUM *v = BN_lebin2bn(x, (int)n, NULL);

	assert_non_null(v);
	return v;
}

static void
keystream(const uint8_t key[KEY_LEN], uint8_t *out, size_t n)
{
	/* block counter 0; nonce: chunk 0, final */
	static const uint8_t iv[16] = { [15] = 1 };
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int len = 0;

	memset(out, 0, n);
	ok(EVP_EncryptInit_ex2(c, EVP_chacha20(), key, iv, NULL));
	ok(EVP_EncryptUpdate(c, out, &len, out, (int)n));
	EVP_CIPHER_CTX_free(c);
}

static void
side_make(struct side *side, const uint8_t nonce[NONCE_LEN])
{
	uint8_t key[KEY_LEN], r[BLOCK];

	assert_int_equal(
	    env_random(&env_system, side->file_key, AGE_FILE_KEY_LEN), ERR_OK);
	assert_int_equal(hkdf_sha256(BYTES(side->file_key, AGE_FILE_KEY_LEN),
			     BYTES(nonce, NONCE_LEN), BYTES_LIT("payload"), key,
			     KEY_LEN),
	    ERR_OK);
	keystream(key, side->stream, sizeof(side->stream));
	memcpy(r, side->stream, BLOCK);
	for (size_t i = 0; i < BLOCK; i++) { /* clamped */
		if (i % 4 == 3)
			r[i] &= 0x0f;
		if (i % 4 == 0 && i > 0)
			r[i] &= 0xfc;
	}
	side->r = number(r, BLOCK);
	side->s = number(side->stream + BLOCK, BLOCK);
}

static void
side_free(struct side *side)
{
	BN_free(side->r);
	BN_free(side->s);
}

/* acc = (acc + block + 2^128) * r mod p */
static void
absorb(struct attack *a, const struct side *side, BIGNUM *acc,
    const uint8_t block[BLOCK])
{
	BIGNUM *v = number(block, BLOCK);

	ok(BN_set_bit(v, 128));
	ok(BN_add(acc, acc, v));
	ok(BN_mod_mul(acc, acc, side->r, a->p, a->bn));
	BN_free(v);
}

/* The sum over the body as it is, and the block of lengths. */
static BIGNUM *
poly(struct attack *a, const struct side *side)
{
	uint8_t lengths[BLOCK] = { [8] = BODY_LEN & 0xff, [9] = BODY_LEN >> 8 };
	BIGNUM *acc = BN_new();

	BN_zero(acc);
	for (size_t at = 0; at < BODY_LEN; at += BLOCK)
		absorb(a, side, acc, a->body + at);
	absorb(a, side, acc, lengths);
	return acc;
}

/*
 * With the free block zero, side k sums to A_k; with x there, to A_k + x *
 * r_k^2. Both must be T - s_k + d_k * 2^128 for one tag T: two equations, so
 *
 *	T * (u_0 - u_1) = b_0 - b_1,  b_k = (A_k + s_k - d_k * 2^128) * u_k,
 *	x = T * u_0 - b_0,  u_k = r_k^-2.
 *
 * True when T and x both fit a block, as one time in sixteen.
 */
static bool
solve(struct attack *a, const unsigned d[2], BIGNUM *t, BIGNUM *x)
{
	BIGNUM *u[2], *b[2], *v = BN_new();

	for (size_t k = 0; k < 2; k++) {
		const struct side *side = &a->side[k];

		u[k] = BN_new();
		ok(BN_mod_sqr(u[k], side->r, a->p, a->bn));
		assert_non_null(BN_mod_inverse(u[k], u[k], a->p, a->bn));
		b[k] = poly(a, side);
		ok(BN_add(b[k], b[k], side->s));
		ok(BN_set_word(v, d[k]));
		ok(BN_lshift(v, v, 128));
		ok(BN_sub(b[k], b[k], v));
		ok(BN_mod_mul(b[k], b[k], u[k], a->p, a->bn));
	}
	ok(BN_mod_sub(v, u[0], u[1], a->p, a->bn));
	assert_non_null(BN_mod_inverse(v, v, a->p, a->bn));
	ok(BN_mod_sub(t, b[0], b[1], a->p, a->bn));
	ok(BN_mod_mul(t, t, v, a->p, a->bn));
	ok(BN_mod_mul(x, t, u[0], a->p, a->bn));
	ok(BN_mod_sub(x, x, b[0], a->p, a->bn));
	for (size_t k = 0; k < 2; k++) {
		BN_free(u[k]);
		BN_free(b[k]);
	}
	BN_free(v);
	return BN_num_bits(t) <= 128 && BN_num_bits(x) <= 128;
}

/* One try with fresh keys: text one is what side 0 reads first, text two what
 * side 1 reads behind 512 bytes of chance. */
static bool
attack_try(struct attack *a, const uint8_t one[TEXT_LEN],
    const uint8_t two[TEXT_LEN])
{
	static const unsigned d[][2] = { { 1, 1 }, { 1, 2 }, { 2, 1 },
		{ 2, 2 } };
	BIGNUM *t = BN_new(), *x = BN_new();
	bool found = false;

	assert_int_equal(env_random(&env_system, a->nonce, NONCE_LEN), ERR_OK);
	for (size_t k = 0; k < 2; k++)
		side_make(&a->side[k], a->nonce);
	memset(a->body, 0, BODY_LEN);
	for (size_t i = 0; i < TEXT_LEN; i++) {
		a->body[i] = one[i] ^ a->side[0].stream[64 + i];
		a->body[TEXT_LEN + i] =
		    two[i] ^ a->side[1].stream[64 + TEXT_LEN + i];
	}
	for (size_t i = 0; i < 4 && !found; i++)
		found = solve(a, d[i], t, x);
	if (found) {
		ok(BN_bn2lebinpad(x, a->body + FREE_AT, BLOCK) == BLOCK);
		ok(BN_bn2lebinpad(t, a->tag, TAG_LEN) == TAG_LEN);
	}
	for (size_t k = 0; k < 2; k++)
		side_free(&a->side[k]);
	BN_free(t);
	BN_free(x);
	return found;
}

static void
attack_make(struct attack *a, const uint8_t one[TEXT_LEN],
    const uint8_t two[TEXT_LEN])
{
	unsigned tries = 1;

	a->bn = BN_CTX_new();
	a->p = BN_new();
	BN_zero(a->p);
	ok(BN_set_bit(a->p, 130));
	ok(BN_sub_word(a->p, 5));
	while (!attack_try(a, one, two) && tries < TRIES)
		tries++;
	assert_true(tries < TRIES);
	BN_free(a->p);
	BN_CTX_free(a->bn);
	print_message("two keys for one payload after %u tries\n", tries);
}

struct victim {
	struct age_identity id;
	struct buf file; /* their envelope and the payload */
};

static void
victim_make(struct victim *v, const struct attack *a, size_t k)
{
	struct age_recipient to;

	v->file = (struct buf)BUF_INIT(AGE_HEADER_MAX);
	assert_int_equal(age_identity_new(&env_system, AGE_X25519, &v->id),
	    ERR_OK);
	assert_int_equal(age_identity_recipient(&v->id, &to), ERR_OK);
	assert_int_equal(
	    age_header_seal(&env_system, a->side[k].file_key, &to, 1, &v->file),
	    ERR_OK);
	buf_put(&v->file, a->nonce, NONCE_LEN);
	buf_put(&v->file, a->body, BODY_LEN);
	buf_put(&v->file, a->tag, TAG_LEN);
	assert_int_equal(v->file.err, ERR_OK);
}

/* What ordinary age makes of it. */
static void
assert_age_reads(const struct victim *v, size_t at,
    const uint8_t text[TEXT_LEN])
{
	CLEAN_BUF struct buf plain = BUF_INIT(BODY_LEN);
	struct age_keys keys = { .ids = &v->id, .n_ids = 1 };

	assert_int_equal(age_open(&keys, buf_bytes(&v->file), &plain), AGE_OK);
	assert_int_equal(plain.n, BODY_LEN);
	assert_memory_equal(plain.p + at, text, TEXT_LEN);
}

static void
write_file(const char *path, struct bytes x)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(x.p, 1, x.n, f), x.n);
	assert_int_equal(fclose(f), 0);
}

/* The stock program; false when this machine has none. */
static bool
stock_age_reads(const struct victim *v, size_t at, const uint8_t text[TEXT_LEN])
{
	static char age[] = "age", d[] = "-d", i[] = "-i", o[] = "-o";
	char dir[] = "/tmp/speakup-test-XXXXXX", key[64], in[64], out[64];
	char *argv[] = { age, d, i, key, o, out, in, NULL };
	CLEAN_BUF struct buf id = BUF_INIT(AGE_IDENTITY_TEXT_MAX);
	uint8_t got[BODY_LEN + 1];
	int status = -1, err;
	pid_t pid;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(key, sizeof(key), "%s/key", dir);
	snprintf(in, sizeof(in), "%s/in", dir);
	snprintf(out, sizeof(out), "%s/out", dir);
	assert_int_equal(age_identity_put(&id, &v->id), ERR_OK);
	write_file(key, buf_bytes(&id));
	write_file(in, buf_bytes(&v->file));
	err = posix_spawnp(&pid, age, NULL, NULL, argv, environ);
	if (err == 0) {
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		f = fopen(out, "rb");
		assert_non_null(f);
		assert_int_equal(fread(got, 1, sizeof(got), f), BODY_LEN);
		assert_memory_equal(got + at, text, TEXT_LEN);
		fclose(f);
		unlink(out);
	}
	unlink(key);
	unlink(in);
	rmdir(dir);
	assert_true(err == 0 || err == ENOENT);
	return err == 0;
}

static enum err
to_nowhere(void *ctx, size_t index, struct bytes x)
{
	(void)ctx;
	(void)index;
	(void)x;
	return ERR_OK;
}

/* What a reader of Speakup makes of it. */
static enum message_result
open_sealed(const struct victim *v)
{
	struct message_as as = { .ids = &v->id, .n_ids = 1, .person = 7 };
	uint8_t pub[1][SIGN_PUB_LEN] = { { 0 } };
	const struct manifest *m;
	struct message_open *o = NULL;
	enum message_result r;

	assert_int_equal(message_open_new(&as, to_nowhere, NULL, &o), ERR_OK);
	r = message_open_put(o, buf_bytes(&v->file));
	if (r == MESSAGE_OK)
		r = message_open_finish(o, (const uint8_t(*)[SIGN_PUB_LEN])pub,
		    1, &m);
	message_open_free(o);
	return r;
}

static void
text_make(const char *s, uint8_t out[TEXT_LEN])
{
	memset(out, ' ', TEXT_LEN);
	memcpy(out, s, strlen(s));
}

static void
test_open_refuses_two_texts_under_one_concern(void **state)
{
	uint8_t text[2][TEXT_LEN];
	struct victim v[2];
	struct attack a;

	(void)state;
	text_make("The manager falsified the rota.", text[0]);
	text_make("The manager did nothing wrong.", text[1]);
	attack_make(&a, text[0], text[1]);
	for (size_t k = 0; k < 2; k++) {
		victim_make(&v[k], &a, k);
		assert_age_reads(&v[k], k * TEXT_LEN, text[k]);
		if (!stock_age_reads(&v[k], k * TEXT_LEN, text[k]))
			print_message("no age in PATH: left out\n");
		assert_int_equal(open_sealed(&v[k]), MESSAGE_NOT_SEALED);
		buf_free(&v[k].file);
	}
}

static void
test_only_one_of_two_keys_gives_the_constant_block(void **state)
{
	uint8_t text[2][TEXT_LEN];
	struct victim v[2];
	struct attack a;

	(void)state;
	assert_int_equal(tar_header(TAR_CONSTANT_NAME, 0, text[0]), ERR_OK);
	text_make("The manager did nothing wrong.", text[1]);
	attack_make(&a, text[0], text[1]);
	for (size_t k = 0; k < 2; k++) {
		victim_make(&v[k], &a, k);
		assert_age_reads(&v[k], k * TEXT_LEN, text[k]);
	}
	/* the first gets past the first block, and no further */
	assert_int_equal(open_sealed(&v[0]), MESSAGE_BAD_BODY);
	assert_int_equal(open_sealed(&v[1]), MESSAGE_NOT_SEALED);
	for (size_t k = 0; k < 2; k++)
		buf_free(&v[k].file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_refuses_two_texts_under_one_concern),
		cmocka_unit_test(
		    test_only_one_of_two_keys_gives_the_constant_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
