/*
 * HPKE against the published vectors in data/hpke.txt (figures of the test
 * data of Go's crypto/hpke, under the licence in data/LICENSE.hpke): the
 * X25519 suites of RFC 9180, and MLKEM768-X25519.
 *
 * usage: test_hpke VECTORS
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"
#include "crypto/hpke.h"
#include "crypto/lines.h"
#include "crypto/mlkem.h"

#define ROUNDS 1000
#define SOURCE_LEN (2 * ROUNDS * 256)

#define VECTORS_MAX 65536

static uint8_t text[VECTORS_MAX];
static struct bytes vectors;

/* What the lines decode to is shorter than they are. */
static uint8_t decoded[VECTORS_MAX];
static size_t n_decoded;

/* The bytes of a hex line. */
static struct bytes
get(struct lines *l, const char *name)
{
	size_t n = lines_get(&(struct lines){ .rest = l->rest }, name).n / 2;
	uint8_t *p = decoded + n_decoded;

	lines_get_hex(l, name, p, n);
	assert_int_equal(l->err, ERR_OK);
	n_decoded += n;
	return BYTES(p, n);
}

static bool
next_is(const struct lines *l, const char *name)
{
	struct lines copy = *l;
	struct bytes value;

	return lines_next(&copy, name, &value);
}

/* Gives the vector's bytes where a program draws random ones. */
static enum err
scripted_random(void *ctx, uint8_t *out, size_t n)
{
	const struct bytes *script = ctx;

	assert_int_equal(n, script->n);
	memcpy(out, script->p, n);
	return ERR_OK;
}

struct pair {
	struct hpke_suite suite;
	struct bytes secret, pub;
	struct hpke *sender, *receiver;
};

/* Reads the head of a vector and sets both sides up. */
static void
set_up(struct lines *l, struct pair *ret)
{
	struct pair p;
	struct bytes info, ikm, enc;
	struct env env = { .random = scripted_random, .ctx = &ikm };
	uint8_t got[KEM_ENC_MAX];

	p.suite.kem = (enum kem)lines_get_number(l, "kem", UINT16_MAX);
	p.suite.aead = (enum hpke_aead)lines_get_number(l, "aead", UINT16_MAX);
	info = get(l, "info");
	ikm = get(l, "ikm-e");
	p.secret = get(l, "secret");
	p.pub = get(l, "public");
	enc = get(l, "enc");
	assert_int_equal(p.pub.n, kem_pub_len(p.suite.kem));
	assert_int_equal(enc.n, kem_enc_len(p.suite.kem));
	assert_int_equal(
	    hpke_sender(&env, p.suite, p.pub.p, info, got, &p.sender), ERR_OK);
	assert_memory_equal(got, enc.p, enc.n);
	assert_int_equal(
	    hpke_receiver(p.suite, p.secret.p, enc, info, &p.receiver), ERR_OK);
	*ret = p;
}

static void
tear_down(struct pair *p)
{
	hpke_free(p->sender);
	hpke_free(p->receiver);
}

static void
check_public(const struct pair *p)
{
	uint8_t pub[KEM_PUB_MAX];

	assert_int_equal(kem_public(p->suite.kem, p->secret.p, pub), ERR_OK);
	assert_memory_equal(pub, p->pub.p, p->pub.n);
}

/* Seals, and opens what was sealed; appends it to sealed. */
static void
check_message(struct pair *p, struct bytes ad, struct bytes plain,
    struct buf *sealed)
{
	CLEAN_BUF struct buf opened = BUF_INIT(4096);
	size_t start = sealed->n;

	assert_int_equal(hpke_seal(p->sender, ad, plain, sealed), ERR_OK);
	assert_int_equal(hpke_open(p->receiver, ad,
			     BYTES(sealed->p + start, sealed->n - start),
			     &opened),
	    ERR_OK);
	assert_true(bytes_equal(buf_bytes(&opened), plain));
}

/* --- vectors that give each message --- */

static void
check_listed(struct lines *l, struct pair *p)
{
	while (next_is(l, "ad")) {
		CLEAN_BUF struct buf sealed = BUF_INIT(4096);
		struct bytes ad = get(l, "ad");
		struct bytes plain = get(l, "plain");
		struct bytes want = get(l, "sealed");

		check_message(p, ad, plain, &sealed);
		assert_true(bytes_equal(buf_bytes(&sealed), want));
	}
	while (next_is(l, "context")) {
		struct bytes context = get(l, "context");
		struct bytes want = get(l, "exported");
		uint8_t out[64];

		assert_in_range(want.n, 1, sizeof(out));
		assert_int_equal(hpke_export(p->receiver, context, out, want.n),
		    ERR_OK);
		assert_memory_equal(out, want.p, want.n);
	}
}

/* --- vectors that give a SHAKE128 digest over a thousand results, with
 * inputs drawn from SHAKE128 of nothing --- */

static void
shake128(struct bytes x, uint8_t *out, size_t n)
{
	EVP_MD *md = EVP_MD_fetch(NULL, "SHAKE128", NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert_int_equal(EVP_DigestInit_ex2(ctx, md, NULL), 1);
	assert_int_equal(EVP_DigestUpdate(ctx, x.p, x.n), 1);
	assert_int_equal(EVP_DigestFinalXOF(ctx, out, n), 1);
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
}

static struct bytes
draw(struct reader *r)
{
	return reader_bytes(r, reader_u8(r));
}

static void
assert_digest(const struct buf *results, struct bytes want)
{
	uint8_t digest[16];

	assert_int_equal(results->err, ERR_OK);
	shake128(buf_bytes(results), digest, sizeof(digest));
	assert_int_equal(want.n, sizeof(digest));
	assert_memory_equal(digest, want.p, sizeof(digest));
}

static void
check_digests(struct lines *l, struct pair *p)
{
	CLEAN_BUF struct buf sealed = BUF_INIT(SOURCE_LEN);
	CLEAN_BUF struct buf exported = BUF_INIT(SOURCE_LEN);
	uint8_t *source = malloc(SOURCE_LEN);
	struct reader r;

	assert_non_null(source);
	shake128(BYTES_LIT(""), source, SOURCE_LEN);
	r = reader_over(BYTES(source, SOURCE_LEN));
	for (size_t i = 0; i < ROUNDS; i++) {
		struct bytes ad = draw(&r);
		struct bytes plain = draw(&r);

		check_message(p, ad, plain, &sealed);
	}
	r = reader_over(BYTES(source, SOURCE_LEN));
	for (size_t i = 0; i < ROUNDS; i++)
		assert_int_equal(
		    hpke_export(p->sender, draw(&r), buf_grow(&exported, i), i),
		    ERR_OK);
	assert_digest(&sealed, get(l, "sealed-1000"));
	assert_digest(&exported, get(l, "exported-1000"));
	free(source);
}

static void
test_published_vectors_come_out(void **state)
{
	struct lines l = lines_over(vectors);
	unsigned n = 0;

	(void)state;
	while (next_is(&l, "kem")) {
		struct bytes kem =
		    lines_get(&(struct lines){ .rest = l.rest }, "kem");
		struct pair p;

		if (bytes_equal(kem, BYTES_LIT("25722")) &&
		    !mlkem_available()) {
			print_message("hybrid not run: needs OpenSSL 3.5\n");
			break; /* they come last */
		}
		set_up(&l, &p);
		check_public(&p);
		if (next_is(&l, "ad"))
			check_listed(&l, &p);
		else
			check_digests(&l, &p);
		tear_down(&p);
		n++;
	}
	assert_int_equal(n, mlkem_available() ? 4 : 3);
}

/* --- what must be refused --- */

static const struct hpke_suite suite = { KEM_X25519, HPKE_AES_256_GCM };

static void
test_single_shot_opens_with_the_same_context_only(void **state)
{
	const struct bytes info = BYTES_LIT("info"), ad = BYTES_LIT("ad");
	const struct bytes other = BYTES_LIT("other");
	const uint8_t secret[KEM_SECRET_LEN] = { 1 };
	uint8_t pub[KEM_PUB_MAX];
	CLEAN_BUF struct buf sealed = BUF_INIT(256), plain = BUF_INIT(256);

	(void)state;
	assert_int_equal(kem_public(suite.kem, secret, pub), ERR_OK);
	assert_int_equal(hpke_seal_once(&env_system, suite, pub, info, ad,
			     BYTES_LIT("text"), &sealed),
	    ERR_OK);
	assert_int_equal(hpke_open_once(suite, secret, other, ad,
			     buf_bytes(&sealed), &plain),
	    ERR_CORRUPT);
	assert_int_equal(hpke_open_once(suite, secret, info, other,
			     buf_bytes(&sealed), &plain),
	    ERR_CORRUPT);
	assert_int_equal(hpke_open_once(suite, secret, info, ad,
			     BYTES(sealed.p, 32 + 15), &plain),
	    ERR_SYNTAX);
	assert_int_equal(plain.n, 0);
	assert_int_equal(
	    hpke_open_once(suite, secret, info, ad, buf_bytes(&sealed), &plain),
	    ERR_OK);
	assert_true(bytes_equal(buf_bytes(&plain), BYTES_LIT("text")));
}

static void
test_messages_open_in_order_only(void **state)
{
	const uint8_t secret[KEM_SECRET_LEN] = { 1 };
	uint8_t pub[KEM_PUB_MAX], enc[KEM_ENC_MAX];
	CLEAN_BUF struct buf first = BUF_INIT(64), second = BUF_INIT(64);
	CLEAN_BUF struct buf plain = BUF_INIT(64);
	const struct bytes none = BYTES(NULL, 0);
	struct hpke *s, *r;

	(void)state;
	assert_int_equal(kem_public(suite.kem, secret, pub), ERR_OK);
	assert_int_equal(hpke_sender(&env_system, suite, pub, none, enc, &s),
	    ERR_OK);
	assert_int_equal(hpke_receiver(suite, secret, BYTES(enc, 32), none, &r),
	    ERR_OK);
	assert_int_equal(hpke_seal(s, none, BYTES_LIT("1"), &first), ERR_OK);
	assert_int_equal(hpke_seal(s, none, BYTES_LIT("2"), &second), ERR_OK);
	assert_int_equal(hpke_open(r, none, buf_bytes(&second), &plain),
	    ERR_CORRUPT);
	assert_int_equal(hpke_open(r, none, buf_bytes(&first), &plain), ERR_OK);
	assert_int_equal(hpke_open(r, none, buf_bytes(&second), &plain),
	    ERR_OK);
	assert_true(bytes_equal(buf_bytes(&plain), BYTES_LIT("12")));
	hpke_free(s);
	hpke_free(r);
}

static void
test_small_order_shares_are_refused(void **state)
{
	const uint8_t secret[KEM_SECRET_LEN] = { 1 };
	const uint8_t zero[KEM_PUB_MAX] = { 0 };
	uint8_t enc[KEM_ENC_MAX], shared[KEM_SHARED_LEN];

	(void)state;
	assert_int_equal(kem_encap(&env_system, KEM_X25519, zero, enc, shared),
	    ERR_SYNTAX);
	assert_int_equal(kem_decap(KEM_X25519, secret, zero, shared),
	    ERR_SYNTAX);
	assert_int_equal(kem_decap(KEM_MLKEM768_X25519, secret, zero, shared),
	    ERR_SYNTAX);
}

static void
read_vectors(const char *path)
{
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		perror(path);
		exit(2);
	}
	vectors = BYTES(text, fread(text, 1, sizeof(text), f));
	fclose(f);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_vectors_come_out),
		cmocka_unit_test(
		    test_single_shot_opens_with_the_same_context_only),
		cmocka_unit_test(test_messages_open_in_order_only),
		cmocka_unit_test(test_small_order_shares_are_refused),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: test_hpke VECTORS\n");
		return 2;
	}
	read_vectors(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
