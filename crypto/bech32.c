#include "crypto/bech32.h"

#include <string.h>

#define CHECKSUM_LEN 6

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/* All ones where a == b, else zero; for values below 2^31. */
static uint32_t
mask_equal(uint32_t a, uint32_t b)
{
	return 0 - (((a ^ b) - 1) >> 31);
}

static uint8_t
symbol_of(uint32_t v)
{
	uint32_t c = 0;

	for (uint32_t i = 0; i < 32; i++)
		c |= mask_equal(v, i) & (uint8_t)alphabet[i];
	return (uint8_t)c;
}

/* The value plus one; zero for what is not in the alphabet. */
static uint32_t
value_of(uint32_t c)
{
	uint32_t v = 0;

	for (uint32_t i = 0; i < 32; i++)
		v |= mask_equal(c, (uint8_t)alphabet[i]) & (i + 1);
	return v;
}

/* One step of the checksum, a BCH code over GF(32). */
static uint32_t
step(uint32_t sum, uint32_t value)
{
	static const uint32_t generator[] = { 0x3b6a57b2, 0x26508e6d,
		0x1ea119fa, 0x3d4233dd, 0x2a1462b3 };
	uint32_t top = sum >> 25;

	sum = (sum & 0x1ffffff) << 5 ^ value;
	for (uint32_t i = 0; i < 5; i++)
		sum ^= (0 - (top >> i & 1)) & generator[i];
	return sum;
}

static uint32_t
start(const char *hrp)
{
	uint32_t sum = 1;

	for (const char *c = hrp; *c != '\0'; c++)
		sum = step(sum, (uint8_t)*c >> 5);
	sum = step(sum, 0);
	for (const char *c = hrp; *c != '\0'; c++)
		sum = step(sum, (uint8_t)*c & 31);
	return sum;
}

static uint8_t
in_case(uint8_t c, enum bech32_case letters)
{
	/* digits and '-' have the bit that tells the cases apart set */
	uint32_t from_a = (uint8_t)((c | 0x20) - 'a');
	uint32_t is_letter = (from_a - 26) >> 31;
	uint32_t is_upper = letters == BECH32_UPPER;

	return (uint8_t)(c & ~(0x20 * (is_letter & is_upper)));
}

/* Five bits of the data, from bit `at` on; beyond the end are zeros. */
static uint32_t
five_bits(struct bytes data, size_t at)
{
	size_t i = at / 8;
	uint32_t two = (uint32_t)data.p[i] << 8;

	if (i + 1 < data.n)
		two |= data.p[i + 1];
	return two >> (11 - at % 8) & 31;
}

static void
put_symbol(struct buf *out, uint32_t v, enum bech32_case letters)
{
	buf_put_u8(out, in_case(symbol_of(v), letters));
}

void
bech32_put(struct buf *out, const char *hrp, struct bytes data,
    enum bech32_case letters)
{
	uint32_t sum = start(hrp);

	for (const char *c = hrp; *c != '\0'; c++)
		buf_put_u8(out, in_case((uint8_t)*c, letters));
	buf_put_u8(out, '1');
	for (size_t at = 0; at < 8 * data.n; at += 5) {
		uint32_t v = five_bits(data, at);

		sum = step(sum, v);
		put_symbol(out, v, letters);
	}
	for (int i = 0; i < CHECKSUM_LEN; i++)
		sum = step(sum, 0);
	sum ^= 1;
	for (int i = 0; i < CHECKSUM_LEN; i++)
		put_symbol(out, sum >> (25 - 5 * i) & 31, letters);
}

/* Whether text begins with the human-readable part and '1', in this case. */
static bool
has_prefix(struct bytes text, const char *hrp, enum bech32_case letters)
{
	size_t n = strlen(hrp);

	if (text.n <= n)
		return false;
	for (size_t i = 0; i < n; i++) /* what is behind it may be secret */
		if (text.p[i] != in_case((uint8_t)hrp[i], letters))
			return false;
	return text.p[n] == '1';
}

/* Data symbols to bytes; what is left over of the last, which must be zero. */
static uint32_t
regroup(const uint8_t *symbol, size_t n_symbols, uint8_t *out, size_t n)
{
	uint32_t bits = 0, have = 0;
	size_t done = 0;

	for (size_t i = 0; i < n_symbols; i++) {
		bits = bits << 5 | (value_of(symbol[i] | 0x20u) - 1);
		have += 5;
		if (have >= 8 && done < n) {
			have -= 8;
			out[done++] = (uint8_t)(bits >> have);
		}
		bits &= 0xff;
	}
	return bits & ((1u << have) - 1);
}

/* Zero for symbols in the given case with a right checksum. */
static uint32_t
checksum_off(struct bytes symbols, const char *hrp, enum bech32_case letters)
{
	uint32_t sum = start(hrp), bad = 0;

	for (size_t i = 0; i < symbols.n; i++) {
		uint8_t lower = symbols.p[i] | 0x20;
		uint32_t v = value_of(lower) - 1;

		bad |= v >> 31;
		bad |= (uint32_t)(in_case(lower, letters) ^ symbols.p[i]);
		sum = step(sum, v & 31);
	}
	return bad | (sum ^ 1);
}

enum err
bech32_get(struct bytes text, const char *hrp, uint8_t *out, size_t n)
{
	size_t prefix = strlen(hrp) + 1;
	size_t n_symbols = (8 * n + 4) / 5;
	enum bech32_case letters = BECH32_LOWER;
	struct bytes symbols;

	if (has_prefix(text, hrp, BECH32_UPPER))
		letters = BECH32_UPPER;
	else if (!has_prefix(text, hrp, BECH32_LOWER))
		return ERR_SYNTAX;
	symbols = BYTES(text.p + prefix, text.n - prefix);
	if (symbols.n != n_symbols + CHECKSUM_LEN ||
	    !bytes_verdict(checksum_off(symbols, hrp, letters)))
		return ERR_SYNTAX;
	return bytes_verdict(regroup(symbols.p, n_symbols, out, n))
	    ? ERR_OK
	    : ERR_SYNTAX;
}
