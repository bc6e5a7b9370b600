#include "crypto/codec.h"

#include <string.h>

/*
 * Symbols are mapped with arithmetic, not tables, so that no memory address
 * depends on what may be a key.
 */

/* All ones where lo <= c <= hi, else zero; for values below 2^31. */
static uint32_t
in_range(uint32_t c, uint32_t lo, uint32_t hi)
{
	return (((c - lo) | (hi - c)) >> 31) - 1;
}

static char
hex_symbol(uint32_t v)
{
	return (char)((in_range(v, 0, 9) & (v + '0')) |
	    (in_range(v, 10, 15) & (v - 10 + 'a')));
}

/* The value plus one; zero for what is no lower-case digit. */
static uint32_t
hex_value(uint32_t c)
{
	return (in_range(c, '0', '9') & (c - '0' + 1)) |
	    (in_range(c, 'a', 'f') & (c - 'a' + 11));
}

void
hex_encode(char *out, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		*out++ = hex_symbol(p[i] >> 4);
		*out++ = hex_symbol(p[i] & 15);
	}
	*out = '\0';
}

enum err
hex_decode(struct bytes text, uint8_t *out, size_t n)
{
	uint32_t bad = 0;

	if (text.n / 2 != n || text.n % 2 != 0)
		return ERR_SYNTAX;
	for (size_t i = 0; i < text.n; i++)
		bad |= hex_value(text.p[i]) - 1;
	if (bad >> 31)
		return ERR_SYNTAX;
	for (size_t i = 0; i < n; i++) {
		uint32_t high = hex_value(text.p[2 * i]) - 1;
		uint32_t low = hex_value(text.p[2 * i + 1]) - 1;

		out[i] = (uint8_t)(high << 4 | low);
	}
	return ERR_OK;
}

static uint8_t
base64_symbol(uint32_t v)
{
	return (uint8_t)((in_range(v, 0, 25) & (v + 'A')) |
	    (in_range(v, 26, 51) & (v - 26 + 'a')) |
	    (in_range(v, 52, 61) & (v - 52 + '0')) |
	    (in_range(v, 62, 62) & '+') | (in_range(v, 63, 63) & '/'));
}

/* The value plus one; zero for what is not in the alphabet. */
static uint32_t
base64_value(uint32_t c)
{
	return (in_range(c, 'A', 'Z') & (c - 'A' + 1)) |
	    (in_range(c, 'a', 'z') & (c - 'a' + 27)) |
	    (in_range(c, '0', '9') & (c - '0' + 53)) |
	    (in_range(c, '+', '+') & 63) | (in_range(c, '/', '/') & 64);
}

static void
put_quantum(struct buf *out, const uint8_t *p, size_t n, enum b64_form form)
{
	uint8_t symbols[4] = { '=', '=', '=', '=' };
	uint32_t v = 0;

	for (size_t i = 0; i < 3; i++)
		v = v << 8 | (i < n ? p[i] : 0u);
	for (unsigned i = 0; i <= n; i++)
		symbols[i] = base64_symbol(v >> (18 - 6 * i) & 63);
	buf_put(out, symbols, form == B64_PADDED ? 4 : n + 1);
}

void
base64_put(struct buf *out, struct bytes x, enum b64_form form)
{
	for (size_t i = 0; i < x.n; i += 3)
		put_quantum(out, x.p + i, x.n - i < 3 ? x.n - i : 3, form);
}

/* Decodes 2 to 4 symbols; false for a foreign symbol or spare bits set. */
static bool
get_quantum(const uint8_t *p, size_t n, uint8_t *out)
{
	uint32_t v = 0, bad = 0;

	for (size_t i = 0; i < 4; i++) {
		uint32_t six = i < n ? base64_value(p[i]) - 1 : 0;

		bad |= six >> 31;
		v = v << 6 | (six & 63);
	}
	for (size_t i = 0; i < n - 1; i++)
		out[i] = (uint8_t)(v >> (16 - 8 * i));
	bad |= v & (0xffffffu >> (8 * (n - 1)));
	return bad == 0;
}

/* Takes the padding off; false where it is wrong for the form. */
static bool
strip_padding(struct bytes *text, enum b64_form form)
{
	if (form == B64_PADDED) {
		if (text->n % 4 != 0)
			return false;
		for (int i = 0; i < 2; i++)
			if (text->n > 0 && text->p[text->n - 1] == '=')
				text->n--;
	}
	return text->n % 4 != 1;
}

static size_t
decoded_len(size_t symbols)
{
	return symbols / 4 * 3 + (symbols % 4 > 0 ? symbols % 4 - 1 : 0);
}

/* All quanta are looked at, whatever the first ones were. */
static enum err
get_quanta(struct bytes text, uint8_t *out)
{
	bool ok = true;
	size_t i = 0;

	for (; text.n - i >= 4; i += 4, out += 3)
		ok &= get_quantum(text.p + i, 4, out);
	if (text.n > i)
		ok &= get_quantum(text.p + i, text.n - i, out);
	return ok ? ERR_OK : ERR_SYNTAX;
}

enum err
base64_get(struct bytes text, enum b64_form form, struct buf *out)
{
	size_t start = out->n, n;
	uint8_t *at;
	enum err err;

	if (!strip_padding(&text, form))
		return ERR_SYNTAX;
	n = decoded_len(text.n);
	at = buf_grow(out, n);
	if (at == NULL)
		return out->err;
	err = get_quanta(text, at);
	if (err != ERR_OK) {
		bytes_wipe(at, n);
		out->n = start;
	}
	return err;
}

size_t
base64_len(struct bytes text, enum b64_form form)
{
	return strip_padding(&text, form) ? decoded_len(text.n) : 0;
}

enum err
base64_get_exact(struct bytes text, enum b64_form form, uint8_t *out, size_t n)
{
	if (!strip_padding(&text, form) || decoded_len(text.n) != n)
		return ERR_SYNTAX;
	return get_quanta(text, out);
}

/* The last n digits. */
static void
put_digits(char *out, size_t n, uint64_t v)
{
	for (; n > 0; v /= 10)
		out[--n] = (char)('0' + v % 10);
}

void
decimal_put(struct buf *out, uint64_t v)
{
	char text[20]; /* of UINT64_MAX */
	size_t n = 1;

	for (uint64_t rest = v / 10; rest > 0; rest /= 10)
		n++;
	put_digits(text, n, v);
	buf_put(out, text, n);
}

enum err
decimal_get(struct bytes text, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (text.n == 0 || (text.n > 1 && text.p[0] == '0'))
		return ERR_SYNTAX;
	for (size_t i = 0; i < text.n; i++) {
		unsigned digit = text.p[i] - (unsigned)'0';

		if (digit > 9)
			return ERR_SYNTAX;
		if (v > (UINT64_MAX - digit) / 10 || v * 10 + digit > max)
			return ERR_LIMIT;
		v = v * 10 + digit;
	}
	*ret = v;
	return ERR_OK;
}

/*
 * Days and dates in the proleptic Gregorian calendar. Years are counted from
 * 1 March, so that the leap day is the last of its year: then the months'
 * lengths follow (153 * m + 2) / 5.
 */
#define DAYS_400_YEARS 146097
#define DAYS_TO_1970 719468 /* from 0000-03-01 */

struct date {
	int64_t year;
	unsigned month, day;
};

static int64_t
days_from_date(struct date d)
{
	int64_t year = d.month <= 2 ? d.year - 1 : d.year;
	int64_t month = d.month <= 2 ? d.month + 9 : d.month - 3;

	return year * 365 + year / 4 - year / 100 + year / 400 +
	    (153 * month + 2) / 5 + d.day - 1 - DAYS_TO_1970;
}

static struct date
date_from_days(int64_t days)
{
	int64_t n = days + DAYS_TO_1970;
	int64_t era = n / DAYS_400_YEARS;
	int64_t in_era = n % DAYS_400_YEARS;
	int64_t year = (in_era - in_era / 1460 + in_era / 36524 -
			   in_era / (DAYS_400_YEARS - 1)) /
	    365;
	int64_t day = in_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * day + 2) / 153;

	return (struct date){
		.year = era * 400 + year + (month >= 10),
		.month = (unsigned)(month < 10 ? month + 3 : month - 9),
		.day = (unsigned)(day - (153 * month + 2) / 5 + 1),
	};
}

void
day_format(char out[static 11], int64_t day)
{
	const int64_t first = days_from_date((struct date){ 1, 1, 1 });
	const int64_t last = days_from_date((struct date){ 9999, 12, 31 });
	struct date d;

	day = day < first ? first : day > last ? last : day;
	d = date_from_days(day);
	memcpy(out, "YYYY-MM-DD", 11);
	put_digits(out, 4, (uint64_t)d.year);
	put_digits(out + 5, 2, d.month);
	put_digits(out + 8, 2, d.day);
}

static enum err
digits(const uint8_t *p, size_t n, unsigned *ret)
{
	unsigned v = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return ERR_SYNTAX;
		v = v * 10 + (p[i] - (unsigned)'0');
	}
	*ret = v;
	return ERR_OK;
}

enum err
day_parse(struct bytes text, int64_t *ret)
{
	char again[11];
	unsigned year;
	struct date d;
	int64_t days;

	if (text.n != 10 || text.p[4] != '-' || text.p[7] != '-' ||
	    digits(text.p, 4, &year) != ERR_OK ||
	    digits(text.p + 5, 2, &d.month) != ERR_OK ||
	    digits(text.p + 8, 2, &d.day) != ERR_OK)
		return ERR_SYNTAX;
	if (year == 0 || d.month == 0 || d.month > 12 || d.day == 0)
		return ERR_SYNTAX;
	d.year = year;
	days = days_from_date(d);
	/* a day past its month's end comes back as another date */
	day_format(again, days);
	if (memcmp(again, text.p, 10) != 0)
		return ERR_SYNTAX;
	*ret = days;
	return ERR_OK;
}
