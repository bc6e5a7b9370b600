#include "daemon/vault_clock.h"
#include "daemon/vault_state.h"

/* A case's life, as it is kept in its marks, and who is what in it. */

_Static_assert(LIFE_LEN == STORE_LIFE_LEN, "a life fits a case's marks");

enum err
case_life(const struct store_case *c, struct life *ret)
{
	return life_get(c->marks.life, ret);
}

void
case_begin(const struct vault *v, struct store_case_new *new)
{
	const struct store_case c = { .route = new->route };
	struct life l;

	life_begin(&l, new->marks.band, v->now.policy->serial, env_now(v->env));
	life_to_marks(v, &c, &l, &new->marks);
}

bool
case_is_read_by(const struct store_case *c, uint16_t person)
{
	const struct store_reader *r = store_case_reader(c, person);

	return r != NULL && (r->access & READER_RELEASED) != 0;
}
