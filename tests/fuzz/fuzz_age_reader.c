/*
 * Reading an age file gives the same result and the same bytes whatever the
 * pieces it comes in; and what is sealed opens again. The identity is the one
 * of C2SP age.md, which the corpus is sealed to.
 */
#include <stdlib.h>

#include "crypto/age.h"

#define OUT_MAX (4u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct age_identity identity;
static struct age_recipient recipient;

static void
set_up(void)
{
	if (!bytes_all_zero(identity.secret, AGE_IDENTITY_LEN))
		return;
	if (age_identity_parse(
		BYTES_LIT("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFP"
			  "YYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"),
		&identity) != ERR_OK ||
	    age_identity_recipient(&identity, &recipient) != ERR_OK)
		abort();
}

static enum err
into_buf(void *ctx, struct bytes x)
{
	buf_put_bytes(ctx, x);
	return ((struct buf *)ctx)->err;
}

static enum age_result
read_in_pieces(struct bytes x, size_t piece, struct buf *out)
{
	const struct age_keys keys = { .ids = &identity, .n_ids = 1 };
	struct age_reader *r;
	enum age_result result;

	if (age_reader_new(&keys, into_buf, out, &r) != ERR_OK)
		abort();
	while (x.n > 0) {
		size_t n = x.n < piece ? x.n : piece;

		if (age_reader_put(r, BYTES(x.p, n)) != AGE_OK)
			break;
		x = BYTES(x.p + n, x.n - n);
	}
	result = age_reader_finish(r);
	age_reader_free(r);
	return result;
}

static void
check_pieces(struct bytes x)
{
	CLEAN_BUF struct buf whole = BUF_INIT(OUT_MAX);
	CLEAN_BUF struct buf parts = BUF_INIT(OUT_MAX);
	enum age_result result = read_in_pieces(x, SIZE_MAX, &whole);

	if (read_in_pieces(x, 7, &parts) != result ||
	    !bytes_equal(buf_bytes(&whole), buf_bytes(&parts)))
		abort();
}

static void
check_round_trip(struct bytes x)
{
	const struct age_keys keys = { .ids = &identity, .n_ids = 1 };
	CLEAN_BUF struct buf sealed = BUF_INIT(OUT_MAX);
	CLEAN_BUF struct buf opened = BUF_INIT(OUT_MAX);

	if (age_seal(&env_system, &recipient, 1, x, &sealed) != ERR_OK ||
	    age_open(&keys, buf_bytes(&sealed), &opened) != AGE_OK ||
	    !bytes_equal(buf_bytes(&opened), x))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	set_up();
	check_pieces(BYTES(data, size));
	check_round_trip(BYTES(data, size));
	return 0;
}
