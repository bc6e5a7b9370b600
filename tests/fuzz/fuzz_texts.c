/*
 * Small texts that clients read from servers, cases and files of their own. The
 * first byte says which; what is taken can be written in one way only, or says
 * the same when it is written and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "client/record.h"
#include "client/server.h"
#include "client/signer.h"
#include "crypto/codec.h"
#include "crypto/label.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) ((x) ? (void)0 : abort())
#define TEXT_MAX (64u * 1024)

static void
try_record(const struct term *t, struct bytes in)
{
	struct buf text CLEAN_BUF = BUF_INIT(2 * RECORD_MAX);
	struct buf again CLEAN_BUF = BUF_INIT(2 * RECORD_MAX);
	struct record r = { 0 }, second = { 0 };

	if (record_read(t, NULL, in, &r) == EXIT_DONE) {
		record_put(&r, false, &text);
		MUST(text.err == ERR_OK && text.n <= RECORD_MAX);
		MUST(record_read(t, NULL, buf_bytes(&text), &second) ==
		    EXIT_DONE);
		record_put(&second, false, &again);
		MUST(bytes_equal(buf_bytes(&text), buf_bytes(&again)));
	}
	record_free(&r);
	record_free(&second);
}

static void
try_signer(struct bytes in)
{
	struct buf again CLEAN_BUF = BUF_INIT(1024);
	struct signer s;
	uint8_t pub[SIGN_PUB_LEN];

	if (signer_parse(in, &s) != ERR_OK)
		return;
	MUST(sign_public(s.seed, pub) == ERR_OK);
	MUST(memcmp(pub, s.key.pub, SIGN_PUB_LEN) == 0);
	signer_put(&again, &s);
	MUST(bytes_equal(buf_bytes(&again), in) || again.n == in.n + 1);
	MUST(memcmp(again.p, in.p, in.n) == 0);
}

/* An error's code, whatever stands beside it. */
static void
try_reply(struct bytes in)
{
	struct buf spaced CLEAN_BUF = BUF_INIT(TEXT_MAX + 2);
	enum reply r = reply_parse(in);

	MUST(r != REPLY_OK);
	buf_put_str(&spaced, " ");
	buf_put_bytes(&spaced, in);
	buf_put_str(&spaced, "\n");
	MUST(reply_parse(buf_bytes(&spaced)) == r);
}

static void
try_statement(struct bytes in)
{
	struct buf again CLEAN_BUF = BUF_INIT(STATEMENT_MAX);
	struct statement s;

	if (statement_parse(in, &s) != ERR_OK)
		return;
	statement_put(&s, &again);
	MUST(bytes_equal(buf_bytes(&again), in));
}

/* The signed part is written again as it was. */
static void
check_text(struct bytes in, struct bytes made, const char *space)
{
	struct note a, b;

	MUST(note_parse(in, space, &a) == ERR_OK);
	MUST(note_parse(made, space, &b) == ERR_OK);
	MUST(bytes_equal(a.text, b.text));
}

static void
try_entry(struct bytes in)
{
	static const uint8_t seed[SIGN_SEED_LEN] = { 1 };
	struct buf again CLEAN_BUF = BUF_INIT(2 * ENTRY_NOTE_MAX);
	uint8_t pub[SIGN_PUB_LEN];
	struct note_key key;
	struct entry e;

	if (entry_parse(in, &e) != ERR_OK)
		return;
	MUST(sign_public(seed, pub) == ERR_OK);
	MUST(note_key_init(&key, "instance/x", pub) == ERR_OK);
	if (e.author == PERSON_REPORTER) /* its case is of another key */
		return;
	if (e.author == PERSON_INSTANCE)
		MUST(entry_sign_instance(&e, &key, seed, &again) == ERR_OK);
	else
		MUST(entry_sign(&e, seed, &again) == ERR_OK);
	check_text(in, buf_bytes(&again),
	    e.author == PERSON_INSTANCE ? NOTE_NOTICE : NOTE_ENTRY);
}

static void
try_login(struct bytes in)
{
	static const uint8_t seed[SIGN_SEED_LEN] = { 1 };
	struct buf again CLEAN_BUF = BUF_INIT(2 * LOGIN_NOTE_MAX);
	struct login l;

	if (login_parse(in, &l) != ERR_OK)
		return;
	MUST(login_sign(&l, seed, &again) == ERR_OK);
	check_text(in, buf_bytes(&again), NOTE_LOGIN);
}

static void
try_numbers(struct bytes in)
{
	struct buf again CLEAN_BUF = BUF_INIT(64);
	uint64_t v;
	int64_t day;
	char text[11];

	if (decimal_get(in, UINT64_MAX, &v) == ERR_OK) {
		buf_printf(&again, "%llu", (unsigned long long)v);
		MUST(bytes_equal(buf_bytes(&again), in));
	}
	if (day_parse(in, &day) == ERR_OK) {
		day_format(text, day);
		MUST(bytes_equal(bytes_str(text), in));
	}
}

static void
try_one(uint8_t which, struct bytes in)
{
	const struct term t = { .program = "x" };

	switch (which % 7) {
	case 0:
		try_record(&t, in);
		return;
	case 1:
		try_signer(in);
		return;
	case 2:
		try_reply(in);
		return;
	case 3:
		try_statement(in);
		return;
	case 4:
		try_entry(in);
		return;
	case 5:
		try_login(in);
		return;
	default:
		try_numbers(in);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *err = stderr;

	if (size == 0 || size > TEXT_MAX)
		return 0;
	stderr = fopen("/dev/null", "w"); /* what is wrong is said there */
	MUST(stderr != NULL);
	try_one(data[0], BYTES(data + 1, size - 1));
	MUST(fclose(stderr) == 0);
	stderr = err;
	return 0;
}
