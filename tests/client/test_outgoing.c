#include "tests/client/case.h"

#include <stdlib.h>

#include "client/outgoing.h"

/* Whom a message is addressed to, and with which of their keys. */

static const char *policy_yaml;

/* An organisation that has given everybody hybrid keys; that they are not real
 * ones does not matter before anything is sealed. */
static void
become_hybrid(struct policy *p)
{
	struct policy_person *people =
	    (struct policy_person *)(uintptr_t)p->people;
	struct policy_route *routes =
	    (struct policy_route *)(uintptr_t)p->routes;

	for (size_t i = 0; i < p->n_people; i++) {
		struct policy_key *keys =
		    (struct policy_key *)(uintptr_t)people[i].keys;

		for (size_t k = 0; k < people[i].n_keys; k++) {
			keys[k].has_hybrid = true;
			keys[k].hybrid.kind = AGE_HYBRID;
		}
	}
	for (size_t i = 0; i < p->n_routes; i++)
		routes[i].keys = KEYS_HYBRID;
}

/* All addressed with keys of this kind. */
static void
addressed(struct world *w, const struct age_recipient *reporter,
    enum age_kind kind)
{
	struct term t = { .program = "test" };
	struct server s = { .term = &t, .policy = w->policy };
	struct outgoing o;

	assert_int_equal(outgoing_new(&s, &o), EXIT_DONE);
	o.m->route = ROUTE;
	assert_int_equal(outgoing_address(&o, reporter), EXIT_DONE);
	assert_true(o.n_to > 2);
	for (size_t i = 0; i < o.n_to; i++)
		assert_int_equal(o.to[i].key.kind, kind);
	outgoing_free(&o);
}

static void
test_message_has_one_kind_of_keys(void **state)
{
	struct age_recipient classic, hybrid = { .kind = AGE_HYBRID };
	struct world *w = world_new(policy_yaml);

	(void)state;
	assert_int_equal(
	    age_identity_recipient(&w->reporter.reply[0], &classic), ERR_OK);
	addressed(w, &classic, AGE_X25519);
	addressed(w, NULL, AGE_X25519);
	become_hybrid(w->policy);
	addressed(w, NULL, AGE_HYBRID);
	addressed(w, &hybrid, AGE_HYBRID);
	/* a case from before */
	addressed(w, &classic, AGE_X25519);
	w = world_free(w);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message_has_one_kind_of_keys),
	};

	if (argc != 2)
		return 2;
	policy_yaml = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
