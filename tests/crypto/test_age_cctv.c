/*
 * Every vector of the age test suite (C2SP/CCTV), as npm's package cctv-age
 * has them: one JavaScript file with a line of base64 for each.
 *
 * usage: test_age_cctv DIRECTORY
 * where DIRECTORY has cctv-age/index.js (a node_modules directory).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "crypto/age.h"
#include "crypto/codec.h"
#include "crypto/hash.h"

#define VECTORS 143
#define FILE_MAX (64 * 1024 * 1024)
#define PASSPHRASES_MAX 2
#define VECTOR_NAME_MAX 63

struct vector {
	char name[VECTOR_NAME_MAX + 1];
	struct buf text; /* decoded; everything below borrows from it */
	struct bytes expect, payload, file;
	struct age_identity id[2];
	size_t n_ids;
	bool hybrid; /* has a hybrid identity */
	bool compressed;
	struct bytes passphrase[PASSPHRASES_MAX];
	size_t n_passphrases;
};

static struct vector vectors[VECTORS + 1];
static size_t n_vectors;
static char *package;
static unsigned not_run;

/* --- reading the package --- */

static void
die(const char *what, const char *more)
{
	fprintf(stderr, "%s: %s\n", what, more);
	exit(2);
}

static void
read_package(const char *dir)
{
	char path[4096];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/cctv-age/index.js", dir);
	f = fopen(path, "rb");
	package = malloc(FILE_MAX);
	if (f == NULL || package == NULL)
		die(path,
		    "not there. The age test vectors come from npm: run "
		    "tests/run, or \"npm install --prefix tests "
		    "cctv-age@0.2.0\"");
	n = fread(package, 1, FILE_MAX - 1, f);
	package[n] = '\0';
	fclose(f);
}

static bool
is_field(struct bytes line, const char *name, struct bytes *value)
{
	size_t n = strlen(name);

	if (line.n < n + 2 || memcmp(line.p, name, n) != 0 ||
	    memcmp(line.p + n, ": ", 2) != 0)
		return false;
	*value = BYTES(line.p + n + 2, line.n - n - 2);
	return true;
}

static void
read_field(struct vector *v, struct bytes line)
{
	struct bytes x;

	if (is_field(line, "expect", &x))
		v->expect = x;
	else if (is_field(line, "payload", &x))
		v->payload = x;
	else if (is_field(line, "compressed", &x))
		v->compressed = true;
	else if (is_field(line, "passphrase", &x))
		v->passphrase[v->n_passphrases++] = x;
	else if (is_field(line, "identity", &x)) {
		if (age_identity_parse(x, &v->id[v->n_ids]) != ERR_OK)
			die(v->name, "identity does not parse");
		v->hybrid |= v->id[v->n_ids++].kind == AGE_HYBRID;
	}
}

static void
inflate_file(struct vector *v)
{
	uint8_t *out = malloc(FILE_MAX);
	uLongf n = FILE_MAX;

	if (out == NULL || uncompress(out, &n, v->file.p, v->file.n) != Z_OK)
		die(v->name, "does not decompress");
	v->file = BYTES(out, n);
}

static void
read_vector(struct vector *v, struct bytes base64)
{
	struct reader r;
	struct bytes line;

	v->text.max = FILE_MAX;
	if (base64_get(base64, B64_PADDED, &v->text) != ERR_OK)
		die(v->name, "not base64");
	r = reader_over(buf_bytes(&v->text));
	while ((line = reader_line(&r)).n > 0)
		read_field(v, line);
	v->file = BYTES(r.p, r.n);
	if (v->compressed)
		inflate_file(v);
}

/* // ../testdata/NAME
 * var NAME_default = __toBinary("BASE64"); */
static void
read_vectors(const char *at)
{
	static const char mark[] = "// ../testdata/";
	static const char call[] = "__toBinary(\"";

	while ((at = strstr(at, mark)) != NULL && n_vectors <= VECTORS) {
		struct vector *v = &vectors[n_vectors++];
		size_t n;

		at += sizeof(mark) - 1;
		n = strcspn(at, "\n");
		memcpy(v->name, at, n < VECTOR_NAME_MAX ? n : VECTOR_NAME_MAX);
		at = strstr(at, call);
		if (at == NULL)
			die(v->name, "no data");
		at += sizeof(call) - 1;
		n = strcspn(at, "\"");
		read_vector(v, BYTES((const uint8_t *)at, n));
	}
}

/* --- running --- */

static const char *
result_name(enum age_result r)
{
	switch (r) {
	case AGE_OK:
		return "success";
	case AGE_NO_MATCH:
		return "no match";
	case AGE_HEADER_BAD:
		return "header failure";
	case AGE_HMAC_BAD:
		return "HMAC failure";
	case AGE_PAYLOAD_BAD:
		return "payload failure";
	case AGE_ARMOR_BAD:
		return "armor failure";
	case AGE_UNSUPPORTED:
		return "unsupported";
	case AGE_FAILED:
		return "failed";
	}
	return "?";
}

static enum err
hash_sink(void *ctx, struct bytes x)
{
	return sha256_update(ctx, x);
}

/* Pushes the file in pieces; hex of what was released goes to `hex`. */
static enum age_result
open_vector(const struct vector *v, struct bytes passphrase, size_t piece,
    char hex[static 65])
{
	const struct age_keys keys = {
		.ids = v->id, .n_ids = v->n_ids, .passphrase = passphrase
	};
	struct sha256_ctx *sha;
	struct age_reader *r;
	struct bytes x = v->file;
	enum age_result result = AGE_OK;
	uint8_t digest[SHA256_LEN];

	assert_int_equal(sha256_new(&sha), ERR_OK);
	assert_int_equal(age_reader_new(&keys, hash_sink, sha, &r), ERR_OK);
	while (result == AGE_OK && x.n > 0) {
		size_t n = x.n < piece ? x.n : piece;

		result = age_reader_put(r, BYTES(x.p, n));
		x = BYTES(x.p + n, x.n - n);
	}
	result = age_reader_finish(r); /* repeats what was final */
	assert_int_equal(sha256_final(sha, digest), ERR_OK);
	hex_encode(hex, digest, sizeof(digest));
	sha256_free(sha);
	age_reader_free(r);
	return result;
}

/* Without ML-KEM, what only it could open is said to be unsupported. */
static bool
needs_mlkem(const struct vector *v, enum age_result got)
{
	return v->hybrid && !age_hybrid_available() && got == AGE_UNSUPPORTED;
}

static void
check_vector(const struct vector *v, size_t piece)
{
	enum age_result got = AGE_NO_MATCH;
	char hex[65];
	const char *name;

	/* passphrases are tried in turn, as `age` would ask for them */
	for (size_t i = 0; i == 0 || i < v->n_passphrases; i++) {
		got = open_vector(v, v->passphrase[i], piece, hex);
		if (got != AGE_NO_MATCH)
			break;
	}
	if (needs_mlkem(v, got)) {
		not_run++;
		return;
	}
	name = result_name(got);
	if (!bytes_equal(v->expect, bytes_str(name)))
		fail_msg("%s: %s instead of %.*s", v->name, name,
		    (int)v->expect.n, (const char *)v->expect.p);
	if (v->payload.n > 0 && !bytes_equal(v->payload, bytes_str(hex)))
		fail_msg("%s: released %s", v->name, hex);
}

static void
check_all(size_t piece)
{
	not_run = 0;
	for (size_t i = 0; i < n_vectors; i++)
		check_vector(&vectors[i], piece);
	if (not_run > 0)
		print_message("%u vectors not run: need OpenSSL 3.5\n",
		    not_run);
}

static void
test_package_has_every_vector(void **state)
{
	(void)state;
	assert_int_equal(n_vectors, VECTORS);
}

static void
test_vectors_come_out_as_expected(void **state)
{
	(void)state;
	check_all(SIZE_MAX);
}

static void
test_vectors_come_out_the_same_in_small_pieces(void **state)
{
	(void)state;
	check_all(61);
}

/* What the daemon sees: a header is refused by its syntax alone. */
static void
test_syntax_check_agrees_with_opening(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_vectors; i++) {
		const struct vector *v = &vectors[i];
		size_t n;
		enum err err = age_header_length(v->file, &n, NULL);

		if (v->file.n == 0 || v->file.p[0] != 'a')
			continue;
		if (!bytes_equal(v->expect, BYTES_LIT("header failure")) &&
		    err != ERR_OK)
			fail_msg("%s: %s", v->name, err_name(err));
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_package_has_every_vector),
		cmocka_unit_test(test_vectors_come_out_as_expected),
		cmocka_unit_test(
		    test_vectors_come_out_the_same_in_small_pieces),
		cmocka_unit_test(test_syntax_check_agrees_with_opening),
	};

	if (argc != 2)
		die("usage", "test_age_cctv NODE_MODULES");
	read_package(argv[1]);
	read_vectors(package);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
