#pragma once

#include "crypto/entry.h"
#include "crypto/sealed.h"
#include "policy/compile.h"

/*
 * What happens to a case in a simulation: answers, marked people and, with
 * their times, the actions of staff and reporter. In YAML, one case or a list:
 *
 *	id: rota-gap               for the reader
 *	filed: 2026-11-23 10:00    wall clock of the policy's zone
 *	answers: {element: bullying, about: [coast-manager]}
 *	concern: rota-gap          or: answers of that entry of a second file
 *	away: [lead-guardian]      never living
 *	until: 2027-01-31 00:00    left out: until nothing more is due
 *	actions:
 *	  - {after: 2 hours, do: ack, by: guardian-east}
 *	  - {at: 2026-11-25 09:00, do: triage, by: guardian-east, band: P2}
 *
 * `do` is a kind of message (crypto/kind.h); `by` a person's slug or
 * "reporter"; `after` counts from the action before. Further keys, where the
 * kind has such a line: band, complex, conduct, agree, investigate, route,
 * person, from; and `says: yes`, where words are not a must.
 */

#define SCRIPT_CASES_MAX 64
#define SCRIPT_ACTIONS_MAX 128
#define SCRIPT_AWAY_MAX 32

struct script_action {
	int64_t at;
	struct entry entry; /* kind, author and lines; not its place */
};

struct script {
	char id[POLICY_SLUG_MAX + 1];
	int64_t filed, until; /* until 0: none */
	uint64_t answered[POLICY_FIELDS_MAX];
	size_t n_marked;
	uint16_t marked[SEALED_EXCLUDE_MAX]; /* ascending */
	size_t n_away;
	uint16_t away[SCRIPT_AWAY_MAX];
	size_t n_actions;
	struct script_action action[SCRIPT_ACTIONS_MAX];
};

/*
 * The cases of a document. concerns: a document of answers with an `id` each
 * (etc/demo/concerns.yaml), or NULL. Caller frees *ret. ERR_SYNTAX and
 * ERR_LIMIT are kept with their place in the document that is wrong.
 */
enum err script_read(const struct policy *p, const struct compile_zone *z,
    struct yaml_doc *cases, struct yaml_doc *concerns, struct script **ret,
    size_t *ret_n) MUST_CHECK;
/* Each concern of such a document as a case, on which nobody acts. */
enum err script_of_concerns(const struct policy *p, struct yaml_doc *concerns,
    int64_t filed, struct script **ret, size_t *ret_n) MUST_CHECK;
