#include "notify/sandbox.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/landlock.h"
#include "sandbox/seccomp.h"

#define DNS_PORT 53

/* A thread looks a name up; it is no process. */
#define THREAD (CLONE_VM | CLONE_THREAD | CLONE_SIGHAND)

/* clang-format off */
static const struct call calls[] = {
	CALL(read), CALL(readv), CALL(write), CALL(writev), CALL(close),
	CALL(lseek), CALL(pread64), CALL(recvfrom), CALL(recvmsg),
	CALL(recvmmsg), CALL_IF(sendto, ARG_SENDS(3)),
	CALL_IF(sendmsg, ARG_SENDS(2)), CALL_IF(sendmmsg, ARG_SENDS(3)),
	CALL(shutdown), CALL(connect), CALL(getsockname), CALL(getpeername),
	CALL(getsockopt), CALL(setsockopt), CALL(poll), CALL(ppoll),
	CALL(select), CALL(pselect6), CALL(epoll_create1), CALL(epoll_ctl),
	CALL(epoll_wait), CALL(epoll_pwait), CALL(eventfd2), CALL(pipe2),
	CALL_IF(socket, ARG_IS(0, AF_UNIX)),
	CALL_IF(socket, ARG_IS(0, AF_INET)),
	CALL_IF(socket, ARG_IS(0, AF_INET6)),
	CALL_IF(socket, ARG_IS(0, AF_NETLINK)),
	CALL_IF(bind, ARG_IS(2, 12)), /* a netlink socket's address */
	CALL_IF(socketpair, ARG_IS(0, AF_UNIX)),
	CALL_IF(fcntl, ARG_IS(1, F_GETFL)), CALL_IF(fcntl, ARG_IS(1, F_SETFL)),
	CALL_IF(fcntl, ARG_IS(1, F_GETFD)), CALL_IF(fcntl, ARG_IS(1, F_SETFD)),
	CALL_IF(fcntl, ARG_IS(1, F_DUPFD_CLOEXEC)),
	CALL_IF(ioctl, ARG_IS(1, FIONREAD)), CALL_IF(ioctl, ARG_IS(1, FIONBIO)),
	CALL(openat), CALL(open), CALL(newfstatat), CALL(fstat), CALL(stat),
	CALL(lstat), CALL(statx), CALL(access), CALL(faccessat),
	CALL(faccessat2), CALL(readlink), CALL(readlinkat), CALL(getcwd),
	CALL(getdents64),
	CALL_IF(mmap, ARG_BITS(2, PROT_EXEC, 0)),
	CALL_IF(mmap, ARG_IS(2, PROT_READ | PROT_EXEC),
	    ARG_BITS(3, MAP_ANONYMOUS, 0)),
	CALL_IF(mprotect, ARG_BITS(2, PROT_EXEC, 0)),
	CALL(munmap), CALL(mremap), CALL(madvise), CALL(brk), CALL(mlock),
	CALL(munlock), CALL(futex), CALL(getrandom),
	CALL_IF(clone, ARG_BITS(0, THREAD, THREAD)), CALL(set_robust_list),
	CALL(rseq), CALL(sched_yield), CALL(sched_getaffinity),
	CALL(clock_gettime), CALL(clock_getres), CALL(gettimeofday), CALL(time),
	CALL(nanosleep), CALL(clock_nanosleep), CALL(restart_syscall),
	CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn),
	CALL(sigaltstack), CALL_IF(tgkill, ARG_IS(2, SIGABRT)),
	CALL(getpid), CALL(getppid), CALL(gettid), CALL(getuid), CALL(geteuid),
	CALL(getgid), CALL(getegid), CALL(uname), CALL(sysinfo),
	CALL_IF(prlimit64, ARG_IS(0, 0), ARG_IS(2, 0)),
	CALL(exit), CALL(exit_group),
};
/* clang-format on */

/* Names, certificates, time zones; the modules that look names up. */
static enum err
enter_places(const struct notify_smtp *smtp)
{
	static const char *const read[] = { "/etc", "/usr", "/lib", "/lib64",
		"/dev/urandom" };
	struct landlock l;
	enum err e = landlock_begin(
	    LANDLOCK_FILES | LANDLOCK_TCP | LANDLOCK_SIGNALS, &l);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++)
		landlock_allow_path(&l, read[i], LANDLOCK_READ);
	landlock_allow_around(&l, "/etc/resolv.conf", LANDLOCK_READ);
	if (smtp->ca[0] != '\0')
		landlock_allow_around(&l, smtp->ca, LANDLOCK_READ);
	landlock_allow_tcp_connect(&l, smtp->port);
	landlock_allow_tcp_connect(&l, DNS_PORT);
	return landlock_enter(&l);
}

enum err
sandbox_enter(const struct notify_config *c)
{
	const struct calls list = CALLS(calls);
	enum err e = ERR_IO;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return e;
	if (!c->has_smtp)
		return ERR_OK;
	e = enter_places(&c->smtp);
	return e == ERR_OK ? seccomp_allow_only(&list, 1, SECCOMP_REFUSE) : e;
}
