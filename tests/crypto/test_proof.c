#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "crypto/codec.h"
#include "crypto/label.h"
#include "crypto/proof.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

static struct {
	uint8_t seed[SIGN_SEED_LEN];
	struct note_key key;
} instance;

static int
setup(void **state)
{
	uint8_t pub[SIGN_PUB_LEN];

	(void)state;
	memset(instance.seed, 7, sizeof(instance.seed));
	assert_int_equal(sign_public(instance.seed, pub), ERR_OK);
	assert_int_equal(note_key_init(&instance.key, "speak.example/1", pub),
	    ERR_OK);
	return 0;
}

static void
statement_make(size_t i, struct buf *out)
{
	buf_reset(out);
	buf_printf(out, NOTE_STORED "\ncase: %032zx\nkind: concern\n", i);
	assert_int_equal(out->err, ERR_OK);
}

/* A batch of n statements, signed. */
static void
batch_make(size_t n, struct proof_batch *b, struct buf *checkpoint)
{
	CLEAN_BUF struct buf s = BUF_INIT(PROOF_MAX);

	b->n = 0;
	for (size_t i = 0; i < n; i++) {
		statement_make(i, &s);
		assert_int_equal(proof_batch_add(b, buf_bytes(&s)), ERR_OK);
	}
	buf_reset(checkpoint);
	assert_int_equal(
	    proof_batch_sign(b, &instance.key, instance.seed, checkpoint),
	    ERR_OK);
}

static void
proof_make(size_t n, size_t index, struct buf *out)
{
	CLEAN_BUF struct buf s = BUF_INIT(PROOF_MAX);
	CLEAN_BUF struct buf checkpoint = BUF_INIT(PROOF_MAX);
	struct proof_batch b;

	batch_make(n, &b, &checkpoint);
	statement_make(index, &s);
	buf_reset(out);
	assert_int_equal(
	    proof_put(&b, index, buf_bytes(&s), buf_bytes(&checkpoint), out),
	    ERR_OK);
}

static enum err
check(struct bytes proof)
{
	struct bytes statement;

	return proof_verify(proof, &instance.key, 1, &statement);
}

static void
test_every_leaf_of_every_tree_verifies(void **state)
{
	CLEAN_BUF struct buf want = BUF_INIT(PROOF_MAX);
	CLEAN_BUF struct buf checkpoint = BUF_INIT(PROOF_MAX);
	CLEAN_BUF struct buf proof = BUF_INIT(PROOF_MAX);
	struct proof_batch b;

	(void)state;
	for (size_t n = 1; n <= PROOF_LEAVES_MAX; n++) {
		batch_make(n, &b, &checkpoint);
		for (size_t i = 0; i < n; i++) {
			struct bytes got;

			statement_make(i, &want);
			buf_reset(&proof);
			assert_int_equal(proof_put(&b, i, buf_bytes(&want),
					     buf_bytes(&checkpoint), &proof),
			    ERR_OK);
			assert_int_equal(proof_verify(buf_bytes(&proof),
					     &instance.key, 1, &got),
			    ERR_OK);
			assert_true(bytes_equal(got, buf_bytes(&want)));
		}
	}
}

/* Leaves and roots of RFC 6962 trees, from the CT implementations' shared
 * test data: the root of seven and eight of its inputs. */
static void
test_root_is_that_of_rfc6962(void **state)
{
	static const struct bytes leaf[] = {
		{ (const uint8_t *)"", 0 },
		{ (const uint8_t *)"\x00", 1 },
		{ (const uint8_t *)"\x10", 1 },
		{ (const uint8_t *)"\x20\x21", 2 },
		{ (const uint8_t *)"\x30\x31", 2 },
		{ (const uint8_t *)"\x40\x41\x42\x43", 4 },
		{ (const uint8_t *)"\x50\x51\x52\x53\x54\x55\x56\x57", 8 },
		{ (const uint8_t *)"\x60\x61\x62\x63\x64\x65\x66\x67"
				   "\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
		    16 },
	};
	/* clang-format off */
	static const struct {
		size_t n;
		const char *root;
	} row[] = {
		{ 1, "6e340b9cffb37a989ca544e6bb780a2c"
		    "78901d3fb33738768511a30617afa01d" },
		{ 2, "fac54203e7cc696cf0dfcb42c92a1d9d"
		    "baf70ad9e621f4bd8d98662f00e3c125" },
		{ 3, "aeb6bcfe274b70a14fb067a5e5578264"
		    "db0fa9b51af5e0ba159158f329e06e77" },
		{ 7, "ddb89be403809e325750d3d263cd7892"
		    "9c2942b7942a34b77e122c9594a74c8c" },
		{ 8, "5dc9da79a70659a9ad559cb701ded9a2"
		    "ab9d823aad2f4960cfe370eff4604328" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		CLEAN_BUF struct buf checkpoint = BUF_INIT(PROOF_MAX);
		CLEAN_BUF struct buf root = BUF_INIT(100);
		struct proof_batch b = { .n = 0 };
		uint8_t want[SHA256_LEN];

		for (size_t k = 0; k < row[i].n; k++)
			assert_int_equal(proof_batch_add(&b, leaf[k]), ERR_OK);
		assert_int_equal(proof_batch_sign(&b, &instance.key,
				     instance.seed, &checkpoint),
		    ERR_OK);
		assert_int_equal(
		    hex_decode(bytes_str(row[i].root), want, sizeof(want)),
		    ERR_OK);
		base64_put(&root, BYTES(want, sizeof(want)), B64_PADDED);
		assert_non_null(
		    memmem(checkpoint.p, checkpoint.n, root.p, root.n));
	}
}

/* The first `from` replaced by `to`. */
static void
replace(const struct buf *x, const char *from, const char *to, struct buf *out)
{
	const uint8_t *at = memmem(x->p, x->n, from, strlen(from));
	size_t head;

	assert_non_null(at);
	head = (size_t)(at - x->p);
	buf_reset(out);
	buf_put(out, x->p, head);
	buf_put_str(out, to);
	buf_put(out, at + strlen(from), x->n - head - strlen(from));
	assert_int_equal(out->err, ERR_OK);
}

static void
test_altered_proofs_are_refused(void **state)
{
	static const struct {
		const char *from, *to;
		enum err err;
	} row[] = {
		{ "kind: concern\n", "kind: concern\n", ERR_OK },
		{ "kind: concern", "kind: followup", ERR_BAD_SIG },
		{ "case: 0", "case: 1", ERR_BAD_SIG },
		{ "index 5\n", "index 4\n", ERR_BAD_SIG },
		{ "index 5\n", "index 6\n", ERR_BAD_SIG },
		{ "index 5\n", "index 63\n", ERR_BAD_SIG },
		{ "index 5\n", "index 64\n", ERR_SYNTAX },
		{ "index 5\n", "index 05\n", ERR_SYNTAX },
		{ "index 5\n", "index -1\n", ERR_SYNTAX },
		{ "index 5\n", "index\n", ERR_SYNTAX },
		{ "index 5\n", "", ERR_SYNTAX },
		{ "index 5\n", "index 5\nindex 5\n", ERR_SYNTAX },
		{ "index 5\n", "extra AAAA\nindex 5\n", ERR_SYNTAX },
		{ "@v1\n", "@v2\n", ERR_SYNTAX },
		{ "\n7\n", "\n6\n", ERR_BAD_SIG },
		{ "\n7\n", "\n8\n", ERR_BAD_SIG },
		{ "\n\nc2sp", "\nc2sp", ERR_SYNTAX },
		{ "\n\nc2sp", "\n\n\nc2sp", ERR_SYNTAX },
		{ "kind: concern", "kind: con\tcern", ERR_SYNTAX },
		{ NOTE_STORED "\ncase", "speakup/entry/v1\ncase", ERR_SYNTAX },
		{ NOTE_STORED "\n7", "speakup/entry/v1\n7", ERR_SYNTAX },
		{ "index 5\n", "index 5\nAAAA\n", ERR_SYNTAX },
		/* a hash too many, in front and at the end */
		{ "index 5\n", "index 5\n" HASH, ERR_BAD_SIG },
		{ "\n" NOTE_STORED, HASH "\n" NOTE_STORED, ERR_BAD_SIG },
	};
	CLEAN_BUF struct buf proof = BUF_INIT(PROOF_MAX);
	CLEAN_BUF struct buf bad = BUF_INIT(PROOF_MAX);

	(void)state;
	proof_make(7, 5, &proof);
	for (size_t i = 0; i < COUNT(row); i++) {
		replace(&proof, row[i].from, row[i].to, &bad);
		assert_int_equal(check(buf_bytes(&bad)), row[i].err);
	}
	/* a place that the tree does not have, where no hash can tell */
	proof_make(1, 0, &proof);
	replace(&proof, "index 0\n", "index 1\n", &bad);
	assert_int_equal(check(buf_bytes(&bad)), ERR_BAD_SIG);
}

static void
test_shortened_path_is_refused(void **state)
{
	static const char first[] = "index 5\n";
	CLEAN_BUF struct buf proof = BUF_INIT(PROOF_MAX);
	CLEAN_BUF struct buf bad = BUF_INIT(PROOF_MAX);
	const size_t line = 45; /* a hash in base64, and its newline */

	(void)state;
	proof_make(7, 5, &proof);
	for (size_t i = 0; i < 3; i++) {
		const uint8_t *at =
		    memmem(proof.p, proof.n, first, sizeof(first) - 1);
		size_t head =
		    (size_t)(at - proof.p) + sizeof(first) - 1 + i * line;

		buf_reset(&bad);
		buf_put(&bad, proof.p, head);
		buf_put(&bad, proof.p + head + line, proof.n - head - line);
		assert_int_equal(check(buf_bytes(&bad)), ERR_BAD_SIG);
	}
}

static void
test_any_changed_byte_is_refused(void **state)
{
	CLEAN_BUF struct buf proof = BUF_INIT(PROOF_MAX);

	(void)state;
	proof_make(64, 63, &proof);
	assert_int_equal(check(buf_bytes(&proof)), ERR_OK);
	for (size_t i = 0; i < proof.n; i++) {
		proof.p[i] ^= 1;
		assert_int_not_equal(check(buf_bytes(&proof)), ERR_OK);
		proof.p[i] ^= 1;
		assert_int_not_equal(check(BYTES(proof.p, i)), ERR_OK);
	}
}

/* The root of a tree over two leaves is not a leaf of its own. */
static void
test_inner_node_is_not_taken_for_a_statement(void **state)
{
	CLEAN_BUF struct buf checkpoint = BUF_INIT(PROOF_MAX);
	CLEAN_BUF struct buf proof = BUF_INIT(PROOF_MAX);
	struct proof_batch b;

	(void)state;
	batch_make(2, &b, &checkpoint);
	buf_put(&proof, b.node[0], SHA256_LEN);
	buf_put(&proof, b.node[1], SHA256_LEN);
	buf_put_str(&proof, "\n\nc2sp.org/tlog-proof@v1\nindex 0\n\n");
	buf_put_bytes(&proof, buf_bytes(&checkpoint));
	assert_int_not_equal(check(buf_bytes(&proof)), ERR_OK);
}

static void
test_batch_has_a_limit(void **state)
{
	CLEAN_BUF struct buf out = BUF_INIT(PROOF_MAX);
	CLEAN_BUF struct buf checkpoint = BUF_INIT(PROOF_MAX);
	struct proof_batch b;

	(void)state;
	batch_make(PROOF_LEAVES_MAX, &b, &checkpoint);
	assert_int_equal(proof_batch_add(&b, BYTES_LIT("x\n")), ERR_LIMIT);
	assert_int_equal(proof_put(&b, PROOF_LEAVES_MAX, BYTES_LIT("x\n"),
			     buf_bytes(&checkpoint), &out),
	    ERR_NOT_FOUND);
	b.n = 0;
	assert_int_equal(
	    proof_batch_sign(&b, &instance.key, instance.seed, &out),
	    ERR_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_leaf_of_every_tree_verifies),
		cmocka_unit_test(test_root_is_that_of_rfc6962),
		cmocka_unit_test(test_altered_proofs_are_refused),
		cmocka_unit_test(test_shortened_path_is_refused),
		cmocka_unit_test(test_any_changed_byte_is_refused),
		cmocka_unit_test(test_inner_node_is_not_taken_for_a_statement),
		cmocka_unit_test(test_batch_has_a_limit),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
