#include "crypto/utf8.h"

/* The number of bytes that a character beginning with `first` has, and the
 * bits of it that count; 0: no character begins so. */
static size_t
length_of(uint8_t first, uint32_t *ret_bits)
{
	if (first < 0x80) {
		*ret_bits = first;
		return 1;
	}
	if (first >= 0xc2 && first <= 0xdf) {
		*ret_bits = first & 0x1fu;
		return 2;
	}
	if (first >= 0xe0 && first <= 0xef) {
		*ret_bits = first & 0x0fu;
		return 3;
	}
	if (first >= 0xf0 && first <= 0xf4) {
		*ret_bits = first & 0x07u;
		return 4;
	}
	return 0;
}

bool
utf8_next(struct bytes *x, uint32_t *ret_c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = 0;
	size_t n;

	if (x->n == 0)
		return false;
	n = length_of(x->p[0], &c);
	if (n == 0 || n > x->n)
		return false;
	for (size_t i = 1; i < n; i++) {
		if ((x->p[i] & 0xc0) != 0x80)
			return false;
		c = c << 6 | (x->p[i] & 0x3fu);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return false;
	*x = BYTES(x->p + n, x->n - n);
	*ret_c = c;
	return true;
}

bool
utf8_is_space(uint32_t c)
{
	return (c >= 0x09 && c <= 0x0d) || c == ' ' || c == 0x85 || c == 0xa0 ||
	    c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
	    c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}
