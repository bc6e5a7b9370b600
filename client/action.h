#pragma once

#include "client/options.h"
#include "client/staff_case.h"
#include "policy/life.h"

/*
 * What a member of staff does to a case: one function for every kind of
 * message that staff writes (crypto/kind.h). It makes the entry, seals the
 * content to the readers that the case has then, sends it, and where somebody
 * else wrote first, fetches, checks and signs again.
 */

/* How much of the case a new reader gets: assign, handover, grant. */
enum grant_share {
	SHARE_ALL,	/* every message that there is */
	SHARE_SELECTED, /* those of `selected` */
	SHARE_FROM_NOW, /* none of before; what comes is sealed to them */
};
struct grant_place {
	enum chain chain;
	uint32_t seq;
};

struct action {
	/*
	 * Set kind and the lines that the kind's form asks for: band,
	 * is_complex, is_conduct, agrees, investigates, route, from, person,
	 * in, about. A handover of one's own place: from = 0 or oneself.
	 * Everything else (case, place, seen, day, author, content, grants,
	 * and people of a route) is filled in by action_run. For `second` and
	 * `decline`, about 0 means what is pending.
	 */
	struct entry entry;
	struct bytes text; /* content; empty with no attachments: none */
	const struct option_list *attach; /* NULL: none */
	/* in the manifest, where there is content: `expected`, of assign */
	size_t n_answers;
	const struct manifest_answer *answers;
	/* of assign, handover and grant */
	enum grant_share share;
	size_t n_selected;
	const struct grant_place *selected;
	/* Nothing is said when it is stored, and no bar is drawn: for commands
	 * that do many. What goes wrong is said in any case. */
	bool is_quiet;
	/* Not signed again where somebody else wrote first: what they wrote is
	 * to be read before it. */
	bool is_once;
};

/*
 * Does it: k was opened by staff_case_open and stays usable, with the entry
 * fetched or not (staff_case_refresh). EXIT_DONE once the server's proof fits;
 * then, unless quiet, "Stored on DAY." or
 *
 *	{"stored":true,"case":…,"kind":…,"seq":…,"day":…}
 *
 * has been printed. Before anything is sent it is refused, with a sentence:
 * EXIT_DECLINED what the table of states does not allow (policy/life.h);
 * EXIT_REFUSED somebody whom the reporter left out, or whom they take with
 * them, as reader; EXIT_USAGE lines that contradict each other, a person who
 * has no key or reads the case already, content where the kind takes none or
 * none where it must have some. EXIT_NOT_STORED, EXIT_UNAVAILABLE and so on as
 * the server answers.
 *
 * assign, handover and grant first make an envelope for every message that is
 * shared, with a bar, and send these ahead; the person becomes a reader with
 * the entry, at once and wholly. Nothing has happened where it fails before.
 */
enum exit_code action_run(struct staff_case *k, const struct action *a)
    MUST_CHECK;

/*
 * Another route, and then a grant of everything for each of its people who
 * does not read the case yet: a->entry.route is set. Whoever is left out by
 * the reporter is passed over and said. Stops at the first that fails; asked
 * again, it goes on with who is missing (the route itself is not written a
 * second time where the case has it already).
 */
enum exit_code action_route(struct staff_case *k, const struct action *a)
    MUST_CHECK;

/*
 * Whether the table has a way for this entry as the case stands, with the same
 * meaning of a->entry as above: for menus, and to say no before a text is
 * asked for. LIFE_NOT_YOURS also for one who is no reader.
 */
enum life_refusal action_may(const struct staff_case *k, const struct entry *e);

/* Signs an `unopened` entry for every message that does not open for us and
 * has none of ours yet. *ret_n: how many. */
enum exit_code action_unopened(struct staff_case *k, size_t *ret_n) MUST_CHECK;

/* `ftsu audit CASE [--json]`, in client/audit.c: the merged timeline of both
 * chains, or what is wrong with it, where. */
enum exit_code ftsu_audit(const void *values, const struct args *args);
