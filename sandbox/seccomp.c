#include "sandbox/seccomp.h"

#include <errno.h>

static int
add(scmp_filter_ctx filter, const struct call *c)
{
	int rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, c->number,
	    c->conditions, c->condition);

	/* The same call in two lists. */
	return rc == -EEXIST ? 0 : rc;
}

static int
add_all(scmp_filter_ctx filter, const struct calls *lists, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < lists[i].n && rc == 0; j++)
			rc = add(filter, &lists[i].call[j]);
	return rc;
}

enum err
seccomp_allow_only(const struct calls *lists, size_t n,
    enum seccomp_other other)
{
	scmp_filter_ctx filter;
	int rc;

	if (SANDBOX_IS_LEFT_OUT)
		return ERR_OK;
	filter = seccomp_init(other == SECCOMP_KILL ? SCMP_ACT_KILL_PROCESS
						    : SCMP_ACT_ERRNO(ENOSYS));
	if (filter == NULL)
		return ERR_NOMEM;
	rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS);
	if (rc == 0)
		rc = add_all(filter, lists, n);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	if (rc == -ENOMEM)
		return ERR_NOMEM;
	return rc == 0 ? ERR_OK : ERR_UNSUPPORTED;
}
