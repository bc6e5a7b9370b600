#include "crypto/state.h"

#include <string.h>

static const char *const states[] = {
	[CASE_RECEIVED] = "received",
	[CASE_ACKNOWLEDGED] = "acknowledged",
	[CASE_TRIAGED] = "triaged",
	[CASE_ADVICE] = "advice",
	[CASE_HANDLING] = "handling",
	[CASE_REFERRED] = "referred",
	[CASE_HUB] = "hub",
	[CASE_ASSIGNED] = "assigned",
	[CASE_TERMS] = "terms",
	[CASE_EVIDENCE] = "evidence",
	[CASE_REPORTED] = "reported",
	[CASE_REVIEWED] = "reviewed",
	[CASE_ACTION] = "action",
	[CASE_FEDBACK] = "feedback",
	[CASE_CLOSED] = "closed",
	[CASE_WITHDRAWN] = "withdrawn",
};
_Static_assert(sizeof(states) / sizeof(states[0]) == CASE_STATES,
    "every state is named");

static const char *const flags_names[CASE_FLAGS] = { "awaiting", "held",
	"complex", "conduct", "closing", "overriding", "overridden",
	"disclosing", "consented", "breached", "reopened", "silent",
	"dismissed" };

const char *
case_state_name(enum case_state s)
{
	return states[s];
}

enum err
case_state_parse(struct bytes text, enum case_state *ret)
{
	for (unsigned i = 0; i < CASE_STATES; i++) {
		if (bytes_equal(text, bytes_str(states[i]))) {
			*ret = (enum case_state)i;
			return ERR_OK;
		}
	}
	return ERR_SYNTAX;
}

void
case_flags_put(struct buf *out, unsigned flags)
{
	const char *between = "";

	if (flags == 0)
		buf_put_str(out, "-");
	for (unsigned i = 0; i < CASE_FLAGS; i++) {
		if (!(flags & (1u << i)))
			continue;
		buf_put_str(out, between);
		buf_put_str(out, flags_names[i]);
		between = ",";
	}
}

/* The name that text begins with, up to a comma or the end; CASE_FLAGS: none
 * from `from` on. */
static unsigned
flag_at(struct bytes text, unsigned from)
{
	const uint8_t *comma = memchr(text.p, ',', text.n);
	struct bytes word =
	    BYTES(text.p, comma != NULL ? (size_t)(comma - text.p) : text.n);

	while (from < CASE_FLAGS &&
	    !bytes_equal(word, bytes_str(flags_names[from])))
		from++;
	return from;
}

enum err
case_flags_parse(struct bytes text, uint16_t *ret)
{
	unsigned got = 0, at = 0;
	size_t n;

	if (bytes_equal(text, BYTES_LIT("-"))) {
		*ret = 0;
		return ERR_OK;
	}
	for (;;) {
		if (text.n == 0 || (at = flag_at(text, at)) == CASE_FLAGS)
			return ERR_SYNTAX;
		got |= 1u << at;
		n = strlen(flags_names[at]);
		if (n == text.n)
			break;
		text = BYTES(text.p + n + 1, text.n - n - 1);
		at++;
	}
	*ret = (uint16_t)got;
	return ERR_OK;
}
