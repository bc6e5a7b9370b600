#include "client/speakup.h"

#include <string.h>
#include <time.h>

#include "crypto/env.h"

/*
 * Sessions that nobody asked for at that moment: on the line as those of inbox,
 * report and reply. When they happen was drawn before, whatever the person
 * does.
 */

#define EVERY_MINUTES 360
#define MINUTE_MS 60000

struct cover {
	const struct speakup_options *o;
	struct term term;
	uint8_t receipt[RECEIPT_LEN];
	uint32_t count; /* messages when it was last looked at */
	bool has_looked;
};

static void
tell(struct cover *c, uint32_t count)
{
	if (c->o->tell && c->has_looked && count > c->count)
		term_say(&c->term,
		    "Something new is in your mailbox: speakup inbox shows "
		    "it.");
	c->count = count;
	c->has_looked = true;
}

/* As inbox does it; what is answered is not opened. */
static enum exit_code
look(struct cover *c, struct server *s)
{
	struct bundle_request r = { .kind = REQUEST_POLL };
	const struct bundle_answer *a;
	struct receipt_keys keys;
	enum reply reply;

	if (receipt_derive(c->receipt, s->root.realm, &keys) != ERR_OK)
		return fail_err(&c->term, ERR_CRYPTO, "Your receipt");
	memcpy(r.poll.token, keys.token, TOKEN_LEN);
	receipt_keys_wipe(&keys);
	reply = server_ask_again(s, &r, &a);
	bytes_wipe(&r, sizeof(r));
	if (reply != REPLY_OK)
		return server_fail(s, reply, "");
	tell(c, a->mailbox.count);
	return EXIT_DONE;
}

static enum exit_code
visit(struct cover *c)
{
	struct server_config config = common_server(&c->o->common);
	struct server s;
	enum exit_code code = server_open(&c->term, &config, &s);

	if (code == EXIT_DONE) {
		even_begin(&s.even);
		if (c->o->receipt_file != NULL)
			code = look(c, &s);
		else
			server_cover(&s);
		server_even_out(&s);
	}
	server_close(&s);
	return code;
}

/* --- when --- */

static int64_t
now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &t); /* it goes on in its sleep */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
wait_until(int64_t ms)
{
	const struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &t, NULL) != 0)
		;
}

/* Once in each span, at a moment of it that is drawn when it begins. What
 * cannot be reached does not change when it is tried next. */
static enum exit_code
keep_visiting(struct cover *c)
{
	const uint64_t minutes = c->o->every > 0 ? c->o->every : EVERY_MINUTES;
	const int64_t every = (int64_t)minutes * MINUTE_MS, began = now_ms();
	enum exit_code code;
	uint32_t x;

	for (int64_t span = 0;;) {
		if (env_random(&env_system, (uint8_t *)&x, sizeof(x)) != ERR_OK)
			return fail_err(&c->term, ERR_CRYPTO, "A moment");
		wait_until(began + even_moment(span, every, x));
		code = visit(c);
		if (code != EXIT_DONE && code != EXIT_UNAVAILABLE)
			return code;
		span = even_span(span, every, now_ms() - began);
	}
}

enum exit_code
speakup_cover(const void *values, const struct args *args)
{
	const struct speakup_options *o = values;
	struct cover c = { .o = o, .term = speakup_term(o) };
	enum exit_code code = EXIT_DONE;

	(void)args;
	if (o->tell && o->receipt_file == NULL)
		return term_fail(&c.term, EXIT_USAGE,
		    "Of what is new nothing is known without a receipt: say "
		    "--receipt-file as well.");
	if (o->receipt_file != NULL)
		code = receipt_get(o, &c.term, c.receipt);
	if (code == EXIT_DONE)
		code = o->once ? visit(&c) : keep_visiting(&c);
	bytes_wipe(c.receipt, sizeof(c.receipt));
	return code;
}
