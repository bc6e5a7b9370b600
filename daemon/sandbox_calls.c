#include "daemon/sandbox_calls.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/seccomp.h"

/* clang-format off */
/* What every role does once it runs. No address goes out or comes in with a
 * call: recvfrom cannot ask for a peer's, nor can accept4, unless... */
static const struct call running[] = {
	CALL(read), CALL(readv), CALL(write), CALL(writev), CALL(close),
	CALL(recvmsg), CALL_IF(sendmsg, ARG_SENDS(2)),
	CALL_IF(recvfrom, ARG_IS(4, 0)),
	CALL_IF(sendto, ARG_IS(4, 0), ARG_SENDS(3)), CALL(shutdown),
	CALL_IF(accept4, ARG_IS(1, 0)),
	CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_ctl),
	/* also whether who watches is still there */
	CALL(poll), CALL(ppoll),
	CALL_IF(fcntl, ARG_IS(1, F_GETFL)), CALL_IF(fcntl, ARG_IS(1, F_SETFL)),
	CALL_IF(fcntl, ARG_IS(1, F_GETFD)), CALL_IF(fcntl, ARG_IS(1, F_SETFD)),
	CALL_IF(mmap, ARG_BITS(2, PROT_EXEC, 0)),
	CALL_IF(mprotect, ARG_BITS(2, PROT_EXEC, 0)),
	CALL(munmap), CALL(mremap), CALL(madvise), CALL(brk), CALL(futex),
	CALL(getrandom), CALL(clock_gettime), CALL(gettimeofday), CALL(time),
	CALL(nanosleep), CALL(clock_nanosleep),
	CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn),
	CALL(restart_syscall), CALL(getpid), CALL(gettid),
	CALL(exit), CALL(exit_group),
	/* qsort looks how much memory there is */
	CALL(sysinfo), CALL_IF(prlimit64, ARG_IS(0, 0), ARG_IS(2, 0)),
};
/* clang-format on */

/* ...a listener counts peers: front_peer.h. */
static const struct call counting[] = { CALL(accept4) };

/* clang-format off */
/* The store's, store/store.h; LMDB's locks; the notifier's buffer; timers that
 * are precise, vault_pace.h. */
static const struct call keeping[] = {
	CALL(pread64), CALL(pwrite64), CALL(pwritev), CALL(lseek),
	CALL(fdatasync), CALL(fsync), CALL(fallocate), CALL(ftruncate),
	CALL_IF(fcntl, ARG_IS(1, F_SETLK)), CALL_IF(fcntl, ARG_IS(1, F_GETLK)),
	/* where a backup has the lock too */
	CALL_IF(fcntl, ARG_IS(1, F_SETLKW)),
	CALL(mlock), CALL(munlock), CALL(timerfd_settime),
	CALL_IF(setsockopt, ARG_IS(1, SOL_SOCKET), ARG_IS(2, SO_SNDBUF)),
};

/* From exec to a role's own list: the loader, libraries' first use, opening
 * the store, giving up. */
static const struct call starting[] = {
	CALL_IF(mmap, ARG_IS(2, PROT_READ | PROT_EXEC),
	    ARG_BITS(3, MAP_ANONYMOUS, 0)),
	CALL(openat), CALL(open), CALL(newfstatat), CALL(fstat), CALL(stat),
	CALL(lstat), CALL(statx), CALL(access), CALL(faccessat),
	CALL(faccessat2), CALL(readlink), CALL(readlinkat), CALL(getcwd),
	CALL(getdents64), CALL(statfs), CALL(fstatfs), CALL(fadvise64),
	CALL(flock), CALL(mkdir), CALL(mkdirat), CALL(unlink), CALL(unlinkat),
	CALL(rename), CALL(renameat), CALL(renameat2),
	CALL(arch_prctl), CALL(set_tid_address), CALL(set_robust_list),
	CALL(rseq), CALL(uname), CALL(sched_getaffinity), CALL(getuid),
	CALL(geteuid), CALL(getgid), CALL(getegid), CALL(getppid),
	CALL(epoll_create1), CALL(timerfd_create), CALL(eventfd2), CALL(pipe2),
	CALL(setsockopt),
	CALL_IF(prlimit64, ARG_IS(0, 0)),
	CALL_IF(prctl, ARG_IS(0, PR_SET_NO_NEW_PRIVS)),
	CALL_IF(prctl, ARG_IS(0, PR_SET_DUMPABLE)),
	CALL_IF(prctl, ARG_IS(0, PR_SET_PDEATHSIG)),
	CALL_IF(prctl, ARG_IS(0, PR_SET_SECCOMP)), CALL(seccomp),
	CALL(landlock_create_ruleset), CALL(landlock_add_rule),
	CALL(landlock_restrict_self),
};
/* clang-format on */

/* fork() is one kind of clone(); systemd is told over a UNIX socket. */
#define FORK_FLAGS (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD)
/* clang-format off */
static const struct call leading[] = {
	CALL_IF(clone, ARG_IS(0, FORK_FLAGS)), CALL(execve), CALL(wait4),
	CALL_IF(kill, ARG_IS(1, SIGKILL)), CALL_IF(tgkill, ARG_IS(2, SIGABRT)),
	CALL_IF(socket, ARG_IS(0, AF_UNIX)),
	CALL_IF(socketpair, ARG_IS(0, AF_UNIX)), CALL_IF(sendto, ARG_SENDS(3)),
	CALL(dup2), CALL(dup3), CALL(close_range),
	CALL_IF(fcntl, ARG_IS(1, F_DUPFD_CLOEXEC)),
};

/* abort() is a signal to oneself. */
#define ABORTING                                                               \
	{ CALL_IF(tgkill, ARG_IS(0, getpid()), ARG_IS(2, SIGABRT)) }
/* clang-format on */

enum err
sandbox_calls_front(bool counts_peers)
{
	const struct call aborting[] = ABORTING;
	const struct calls lists[] = { CALLS(running), CALLS(aborting),
		CALLS(counting) };

	return seccomp_allow_only(lists, counts_peers ? 3 : 2, SECCOMP_KILL);
}

enum err
sandbox_calls_vault(void)
{
	const struct call aborting[] = ABORTING;
	const struct calls lists[] = { CALLS(running), CALLS(keeping),
		CALLS(aborting) };

	return seccomp_allow_only(lists, sizeof(lists) / sizeof(lists[0]),
	    SECCOMP_KILL);
}

enum err
sandbox_calls_parent(bool counts_peers)
{
	const struct calls lists[] = { CALLS(running), CALLS(keeping),
		CALLS(starting), CALLS(leading), CALLS(counting) };

	return seccomp_allow_only(lists, counts_peers ? 5 : 4, SECCOMP_KILL);
}
