#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "store/index.h"
#include "store/keyset.h"
#include "store/map.h"
#include "store/slot.h"
#include "tests/store/kit.h"

static uint64_t
next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

static void
test_siphash_agrees_with_openssl(void **state)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	unsigned size = 8;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_uint("size", &size),
		OSSL_PARAM_construct_end(),
	};
	uint8_t key[16], data[64], want[8];
	uint64_t got;
	size_t n;

	(void)state;
	assert_non_null(mac);
	kit_fill(key, sizeof(key), 5);
	kit_fill(data, sizeof(data), 6);
	for (size_t len = 0; len <= sizeof(data); len++) {
		EVP_MAC_CTX *c = EVP_MAC_CTX_new(mac);

		assert_int_equal(EVP_MAC_init(c, key, 16, params), 1);
		assert_int_equal(EVP_MAC_update(c, data, len), 1);
		assert_int_equal(EVP_MAC_final(c, want, &n, 8), 1);
		EVP_MAC_CTX_free(c);
		got = siphash(key, BYTES(data, len));
		for (int i = 0; i < 8; i++)
			assert_int_equal(want[i], got >> (8 * i) & 0xff);
	}
	EVP_MAC_free(mac);
}

/* --- against models that cannot be wrong --- */

#define MODEL 3000

static void
test_keyset_is_a_sorted_set(void **state)
{
	static bool there[MODEL];
	uint64_t seed = 11, key, page[100], want = 0;
	struct keyset s = { 0 };
	size_t n;

	(void)state;
	for (int i = 0; i < 60000; i++) {
		/* grows, then shrinks */
		bool add = next_random(&seed) % 100 < (i < 30000 ? 70 : 30);

		key = next_random(&seed) % MODEL;
		if (add)
			assert_int_equal(keyset_add(&s, key * 3), ERR_OK);
		else
			keyset_remove(&s, key * 3);
		there[key] = add;
		assert_int_equal(keyset_has(&s, key * 3), add);
		assert_false(keyset_has(&s, key * 3 + 1));
	}
	for (uint64_t k = 0; k < MODEL; k++)
		want += there[k];
	assert_int_equal(s.count, want);
	key = 0;
	for (uint64_t from = 0; (n = keyset_page(&s, from, page, 100)) > 0;
	     from = page[n - 1] + 1)
		for (size_t i = 0; i < n; i++, key++) {
			while (key < MODEL && !there[key])
				key++;
			assert_int_equal(page[i], key * 3);
		}
	keyset_clear(&s);
}

static void
test_keyset_in_order_and_emptied(void **state)
{
	struct keyset s = { 0 };
	uint64_t page[3];

	(void)state;
	for (uint64_t k = 0; k < 5000; k++)
		assert_int_equal(keyset_add(&s, k << 20), ERR_OK);
	/* keys in order fill chunks */
	assert_true(s.n_chunks <= 5000 / 512 + 2);
	assert_int_equal(keyset_page(&s, 4998ull << 20, page, 3), 2);
	for (uint64_t k = 0; k < 5000; k++)
		keyset_remove(&s, k << 20);
	assert_int_equal(s.count, 0);
	assert_int_equal(keyset_page(&s, 0, page, 3), 0);
	keyset_clear(&s);
}

static bool
map_has(const struct map *m, uint64_t tag, uint32_t number)
{
	size_t at = 0;
	uint32_t found;

	while (map_next(m, tag, &at, &found))
		if (found == number)
			return true;
	return false;
}

static void
test_map_keeps_what_was_added_and_not_removed(void **state)
{
	static bool there[MODEL];
	uint64_t seed = 12;
	struct map m = { 0 };
	size_t count = 0;

	(void)state;
	for (int i = 0; i < 60000; i++) {
		uint32_t n = (uint32_t)(next_random(&seed) % MODEL);
		/* few tags, all in a few runs that wrap round */
		uint64_t tag = ~0ull - n % 97;

		if (there[n])
			map_remove(&m, tag, n);
		else
			assert_int_equal(map_add(&m, tag, n), ERR_OK);
		there[n] = !there[n];
		assert_int_equal(map_has(&m, tag, n), there[n]);
	}
	for (uint32_t n = 0; n < MODEL; n++) {
		count += there[n];
		assert_int_equal(map_has(&m, ~0ull - n % 97, n), there[n]);
	}
	assert_int_equal(m.count, count);
	map_clear(&m);
}

/* --- formats --- */

static void
test_a_slot_reads_back_in_every_place_of_its_page(void **state)
{
	static uint8_t page[SLOT_PAGE_PLAIN], again[SLOT_PAGE_PLAIN];
	struct slot in = { .used = true }, out;

	(void)state;
	for (unsigned i = 0; i < SLOTS_PER_PAGE; i++) {
		memset(&in.c, 0, sizeof(in.c));
		kit_fill(in.c.id, sizeof(in.c.id), i);
		kit_fill(in.c.mailbox, sizeof(in.c.mailbox), i + 1);
		kit_fill(in.c.pub, sizeof(in.c.pub), i + 2);
		kit_fill(in.key, sizeof(in.key), i + 3);
		in.version = 0xfffffff0 + i;
		in.c.kind = i % 2 == 0 ? STORE_SEALED : STORE_PLAIN;
		in.c.route = 0xfedc;
		in.c.filed_day = 0xabcdef;
		in.c.policy_serial = UINT64_MAX - i;
		in.c.marks = (struct store_marks){ 2, true, i % 2 == 1,
			INT64_MAX, -5, { 1, [STORE_LIFE_LEN - 1] = 9 } };
		in.c.chain[0].count = 7;
		in.c.chain[1].head[31] = 9;
		in.c.reporter_messages = 6;
		in.c.attachments = 1ull << 40;
		in.c.n_readers = STORE_READERS_MAX;
		for (size_t k = 0; k < STORE_READERS_MAX; k++)
			in.c.reader[k] =
			    (struct store_reader){ (uint16_t)(k * 2000),
				    (uint8_t)(k * 8 + 7) };
		slot_put(page, i, &in);
		assert_int_equal(slot_get(page, i, &out), ERR_OK);
		assert_true(out.used);
		assert_memory_equal(out.key, in.key, sizeof(in.key));
		assert_int_equal(out.c.marks.deadline, INT64_MAX);
		assert_int_equal(out.c.marks.life[STORE_LIFE_LEN - 1], 9);
		assert_int_equal(out.c.reader[31].person, 62000);
		assert_int_equal(out.c.reader[31].access, 255);
		slot_put(again, i, &out);
		assert_memory_equal(page, again, (i + 1) * SLOT_LEN);
		assert_true(slot_has_id(page, i, in.c.id));
		assert_true(slot_has_mailbox(page, i, in.c.mailbox));
		assert_false(slot_has_id(page, i, in.c.mailbox));
		in.c.mailbox[SHA256_LEN - 1] ^= 1;
		assert_false(slot_has_mailbox(page, i, in.c.mailbox));
		in.c.id[STORE_CASE_ID_LEN - 1] ^= 1;
		assert_false(slot_has_id(page, i, in.c.id));
	}
	slot_clear(page, 3);
	assert_int_equal(slot_get(page, 3, &out), ERR_OK);
	assert_false(out.used);
	assert_false(slot_has_id(page, 3, out.c.id));
}

static void
make_entry(struct index_entry *e, uint32_t i)
{
	*e = (struct index_entry){ .head = i * 10, .n_envelopes = i % 33 };
	e->m.chain = i % 2 == 0 ? STORE_TALK : STORE_STAFF;
	e->m.seq = i / 2;
	e->m.kind = (uint8_t)i;
	e->m.author = (uint16_t)(i * 7);
	e->m.day = i * 1000;
	e->m.head_len = i + 1;
	e->m.has_content = i % 3 != 0;
	kit_fill(e->m.link, LINK_LEN, i);
	if (e->m.has_content)
		kit_fill(e->m.content, SHA256_LEN, i + 500);
	if (i % 3 == 1) {
		e->payload = i * 99;
		e->m.payload_size = 1 + (uint64_t)i * 70000;
		e->m.pieces = piece_count(e->m.payload_size);
		kit_fill(e->m.payload_digest, SHA256_LEN, i + 900);
		e->uploaded = i % 2 == 1;
		if (e->uploaded)
			kit_fill(e->key, sizeof(e->key), i + 1300);
	}
	for (size_t k = 0; k < e->n_envelopes; k++)
		e->envelope[k] = (struct index_envelope){ (uint16_t)(k + i),
			k % 3 == 0, (uint32_t)(k * 3), k << 33 };
}

static void
index_of(struct index *x, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(index_reserve(x), ERR_OK);
		make_entry(&x->entry[x->n++], i);
	}
}

static void
test_an_index_reads_back_and_only_with_its_version(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 2, 30, 1024 };
	struct index in = { 0 }, out = { 0 };
	struct buf b = BUF_INIT(2 * 1024 * 1024);
	struct buf again = BUF_INIT(2 * 1024 * 1024);

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		index_of(&in, sizes[s]);
		index_put(&in, 77, &b);
		assert_int_equal(b.err, ERR_OK);
		assert_int_equal(index_get(buf_bytes(&b), 78, &out),
		    ERR_CORRUPT);
		assert_int_equal(index_get(buf_bytes(&b), 77, &out), ERR_OK);
		assert_int_equal(out.n, in.n);
		index_put(&out, 77, &again);
		assert_true(bytes_equal(buf_bytes(&b), buf_bytes(&again)));
		if (in.n > 20)
			assert_int_equal(out.entry[20].envelope[19].person, 39);
		index_clear(&in);
		index_clear(&out);
		buf_reset(&b);
		buf_reset(&again);
	}
	buf_free(&b);
	buf_free(&again);
}

static void
test_the_length_of_an_index_is_one_of_few(void **state)
{
	struct buf b = BUF_INIT(2 * 1024 * 1024);
	size_t last = 0;
	unsigned sizes = 0;

	(void)state;
	for (uint32_t n = 0; n < 64; n++) {
		struct index x = { 0 };

		index_of(&x, n);
		index_put(&x, 1, &b);
		assert_true(b.n >= last);
		sizes += b.n != last;
		last = b.n;
		index_clear(&x);
		buf_reset(&b);
	}
	assert_true(sizes <= 8);
	buf_free(&b);
}

static void
test_a_cut_or_prolonged_index_is_refused(void **state)
{
	struct index x = { 0 }, out = { 0 };
	struct buf b = BUF_INIT(65536);
	size_t end;

	(void)state;
	index_of(&x, 3);
	index_put(&x, 1, &b);
	for (end = b.n; b.p[end - 1] == 0; end--)
		;
	for (size_t n = 0; n < end; n++)
		assert_int_equal(index_get(BYTES(b.p, n), 1, &out),
		    ERR_CORRUPT);
	b.p[b.n - 1] = 1;
	assert_int_equal(index_get(buf_bytes(&b), 1, &out), ERR_CORRUPT);
	index_clear(&x);
	buf_free(&b);
}

/* --- sealing --- */

static void
test_a_value_opens_only_in_its_place_under_its_key(void **state)
{
	struct place here = place_number(TABLE_RECORDS, 5);
	struct place other[] = { place_number(TABLE_RECORDS, 6),
		place_number(TABLE_INDEX, 5), place_name(TABLE_VALUES, "5") };
	uint8_t key[AEAD_KEY_LEN] = { 1 }, in[100] = { 3 }, out[100];
	uint8_t sealed[100 + SEAL_OVERHEAD], again[100 + SEAL_OVERHEAD];
	struct bytes x = BYTES(sealed, sizeof(sealed));
	struct sealer s = { 0 };

	(void)state;
	assert_int_equal(sealer_init(&s, &env_system), ERR_OK);
	assert_int_equal(seal_value(&s, key, &here, BYTES(in, 100), sealed),
	    ERR_OK);
	assert_int_equal(seal_value(&s, key, &here, BYTES(in, 100), again),
	    ERR_OK);
	assert_memory_not_equal(sealed, again, SEAL_SALT_LEN);
	assert_int_equal(open_value(&s, key, &here, x, out), ERR_OK);
	assert_memory_equal(in, out, sizeof(in));
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(open_value(&s, key, &other[i], x, out),
		    ERR_CORRUPT);
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 0x80;
		assert_int_equal(open_value(&s, key, &here, x, out),
		    ERR_CORRUPT);
		sealed[i] ^= 0x80;
	}
	key[0] ^= 1;
	assert_int_equal(open_value(&s, key, &here, x, out), ERR_CORRUPT);
	x.n = SEAL_OVERHEAD - 1;
	assert_int_equal(open_value(&s, key, &here, x, out), ERR_CORRUPT);
	sealer_clear(&s);
}

/* Salts that can be told: each has its number, and nothing else is one. */
static enum err
numbered(void *ctx, uint8_t *out, size_t n)
{
	uint64_t *next = ctx;

	assert_int_equal(n % SEAL_SALT_LEN, 0);
	memset(out, 0xa5, n);
	for (size_t at = 0; at < n; at += SEAL_SALT_LEN, ++*next)
		memcpy(out + at, next, sizeof(*next));
	return ERR_OK;
}

/* A salt that came twice would be a key and a nonce that came twice. */
static void
test_each_salt_is_drawn_and_used_once(void **state)
{
	struct place at = place_number(TABLE_RECORDS, 0);
	uint8_t key[AEAD_KEY_LEN] = { 1 }, out[SEAL_OVERHEAD];
	uint64_t drawn = 0, number;
	struct env env = { .random = numbered, .ctx = &drawn };
	struct sealer s = { 0 };
	bool used[1000] = { false };

	(void)state;
	assert_int_equal(sealer_init(&s, &env), ERR_OK);
	for (size_t i = 0; i < 500; i++) {
		assert_int_equal(seal_value(&s, key, &at, BYTES_LIT(""), out),
		    ERR_OK);
		memcpy(&number, out, sizeof(number));
		for (size_t k = sizeof(number); k < SEAL_SALT_LEN; k++)
			assert_int_equal(out[k], 0xa5);
		assert_true(number < drawn && drawn <= 1000);
		assert_false(used[number]);
		used[number] = true;
	}
	sealer_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash_agrees_with_openssl),
		cmocka_unit_test(test_keyset_is_a_sorted_set),
		cmocka_unit_test(test_keyset_in_order_and_emptied),
		cmocka_unit_test(test_map_keeps_what_was_added_and_not_removed),
		cmocka_unit_test(
		    test_a_slot_reads_back_in_every_place_of_its_page),
		cmocka_unit_test(
		    test_an_index_reads_back_and_only_with_its_version),
		cmocka_unit_test(test_the_length_of_an_index_is_one_of_few),
		cmocka_unit_test(test_a_cut_or_prolonged_index_is_refused),
		cmocka_unit_test(
		    test_a_value_opens_only_in_its_place_under_its_key),
		cmocka_unit_test(test_each_salt_is_drawn_and_used_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
