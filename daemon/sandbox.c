#include "daemon/sandbox.h"

#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/sandbox_calls.h"
#include "daemon/sandbox_places.h"
#include "sandbox/left_out.h"

static bool
limit(__rlimit_resource_t what, uint64_t value)
{
	const struct rlimit r = { .rlim_cur = value, .rlim_max = value };

	return setrlimit(what, &r) == 0;
}

/* As many as asked for, or what the hard limit leaves. */
static bool
limit_descriptors(uint64_t n)
{
	struct rlimit now;

	if (getrlimit(RLIMIT_NOFILE, &now) != 0)
		return false;
	return limit(RLIMIT_NOFILE, n < now.rlim_max ? n : now.rlim_max);
}

/* Should the parent be gone already, the control socket says so. */
static bool
end_with_parent(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0;
}

static bool
write_no_file(void)
{
	return signal(SIGXFSZ, SIG_IGN) != SIG_ERR && limit(RLIMIT_FSIZE, 0);
}

/* Root may still; for anybody else it is one wall more. */
static bool
start_no_process(void)
{
	return SANDBOX_IS_LEFT_OUT || limit(RLIMIT_NPROC, 0);
}

static bool
give_up(uint64_t descriptors)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && limit(RLIMIT_CORE, 0) &&
	    limit_descriptors(descriptors);
}

enum err
sandbox_enter_front(uint64_t descriptors, bool counts_peers)
{
	enum err e;

	if (!give_up(descriptors) || !end_with_parent() ||
	    !start_no_process() || !write_no_file())
		return ERR_IO;
	e = sandbox_places_child();
	return e == ERR_OK ? sandbox_calls_front(counts_peers) : e;
}

enum err
sandbox_enter_vault(uint64_t descriptors)
{
	enum err e;

	if (!give_up(descriptors) || !end_with_parent() || !start_no_process())
		return ERR_IO;
	e = sandbox_places_child();
	return e == ERR_OK ? sandbox_calls_vault() : e;
}

enum err
sandbox_enter_parent(const struct config *c)
{
	unsigned all = 0;
	enum err e;

	for (size_t i = 0; i < c->n_listeners; i++)
		all |= c->listeners[i].flags;

	if (!give_up(UINT64_MAX))
		return ERR_IO;
	e = sandbox_places_parent(c);
	return e == ERR_OK ? sandbox_calls_parent((all & LISTENER_PEERS) != 0)
			   : e;
}

enum err
sandbox_become(const char *user)
{
	const struct passwd *pw;

	if (user[0] == '\0')
		return ERR_OK;
	if ((pw = getpwnam(user)) == NULL)
		return ERR_NOT_FOUND;
	if (geteuid() == pw->pw_uid && getuid() == pw->pw_uid)
		return ERR_OK;
	if (initgroups(pw->pw_name, pw->pw_gid) != 0 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0)
		return ERR_IO;
	return setuid(0) == 0 ? ERR_IO : ERR_OK;
}
