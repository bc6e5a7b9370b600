#include "tests/daemon/sandbox_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- what is tried: 0, or an errno --- */

int
result(long rc)
{
	return rc == -1 ? errno : 0;
}

int
try_open(void)
{
	return result(open(world.outside, O_RDONLY));
}

static int
try_make_file(void)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/new", world.dir);
	return result(open(path, O_WRONLY | O_CREAT, 0600));
}

int
try_list_root(void)
{
	return result(open("/", O_RDONLY | O_DIRECTORY));
}

static int
try_unlink(void)
{
	return result(unlink(world.outside));
}

static int
try_rename(void)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/renamed", world.dir);
	return result(rename(world.outside, path));
}

static int
try_symlink(void)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/link", world.dir);
	return result(symlink("/", path));
}

static int
try_chmod(void)
{
	return result(chmod(world.outside, 0666));
}

int
try_state_file(void)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/state/new", world.dir);
	return result(open(path, O_WRONLY | O_CREAT, 0600));
}

int
try_policy_file(void)
{
	return result(open(world.config.policy, O_RDONLY));
}

static int
try_write_policy_file(void)
{
	return result(open(world.config.policy, O_WRONLY));
}

static int
try_write_open_file(void)
{
	return result(write(world.file, "x", 1));
}

static int
try_memfd(void)
{
	return result(memfd_create("x", 0));
}

int
try_exec(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };

	return result(execv("/bin/true", argv));
}

static int
child_result(pid_t pid)
{
	int status;

	if (pid < 0)
		return errno;
	if (pid == 0)
		_exit(0);
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : EIO;
}

static int
try_fork(void)
{
	return child_result(fork());
}

static int
try_clone(void)
{
	return child_result((pid_t)syscall(SYS_clone,
	    CLONE_FS | CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL));
}

static int
try_namespace(void)
{
	return result(unshare(CLONE_NEWUSER));
}

static int
try_socket_tcp(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int
try_socket_udp6(void)
{
	return result(socket(AF_INET6, SOCK_DGRAM, 0));
}

static int
try_socket_netlink(void)
{
	return result(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int
try_socket_unix(void)
{
	return result(socket(AF_UNIX, SOCK_DGRAM, 0));
}

/* Nobody is there, which is an answer. */
int
try_connect(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int e = result(
	    connect(world.unbound, (const struct sockaddr *)&to, sizeof(to)));

	return e == ECONNREFUSED ? 0 : e;
}

/* A socket that listened can listen no more, and then connect by sending: TCP
 * Fast Open, which asks no wall for connections. */
static struct sockaddr_in
other_end(void)
{
	(void)shutdown(world.listener, SHUT_RD);
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int
try_send_message_to(void)
{
	struct sockaddr_in to = other_end();
	struct iovec data = { .iov_base = (char[]){ "x" }, .iov_len = 1 };
	const struct msghdr m = { .msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = &data,
		.msg_iovlen = 1 };
	int e = result(sendmsg(world.listener, &m, MSG_FASTOPEN));

	return e == EINPROGRESS || e == ECONNREFUSED ? 0 : e;
}

static int
try_send_to(void)
{
	struct sockaddr_in to = other_end();
	int e = result(sendto(world.listener, "x", 1, MSG_FASTOPEN,
	    (const struct sockaddr *)&to, sizeof(to)));

	return e == EINPROGRESS || e == ECONNREFUSED ? 0 : e;
}

int
try_bind(void)
{
	const struct sockaddr_in any = { .sin_family = AF_INET };

	return result(
	    bind(world.unbound, (const struct sockaddr *)&any, sizeof(any)));
}

static int
try_peer_name(void)
{
	struct sockaddr_in peer;
	socklen_t n = sizeof(peer);

	return result(
	    getpeername(world.connected[1], (struct sockaddr *)&peer, &n));
}

int
try_accept_with_address(void)
{
	struct sockaddr_in peer;
	socklen_t n = sizeof(peer);
	int e = result(accept4(world.listener, (struct sockaddr *)&peer, &n,
	    SOCK_NONBLOCK));

	return e == EAGAIN ? 0 : e;
}

static int
try_peer_option(void)
{
	struct {
		int pid, uid, gid;
	} peer;
	socklen_t n = sizeof(peer);

	return result(
	    getsockopt(world.peers[0], SOL_SOCKET, SO_PEERCRED, &peer, &n));
}

static int
try_kill(void)
{
	return result(kill(world.victim, SIGKILL));
}

int
try_signal(void)
{
	return result(kill(world.victim, SIGCONT));
}

static int
try_thread_signal(void)
{
	return result(syscall(SYS_tgkill, world.victim, world.victim, SIGCONT));
}

static int
try_ptrace(void)
{
	return result(ptrace(PTRACE_SEIZE, world.victim, NULL, NULL));
}

static int
try_read_memory(void)
{
	char byte;
	struct iovec here = { &byte, 1 };
	struct iovec there = { &world, 1 };

	return result(process_vm_readv(world.victim, &here, 1, &there, 1, 0));
}

static int
try_pidfd(void)
{
	return result(syscall(SYS_pidfd_open, world.victim, 0));
}

static int
try_run_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return errno;
	return result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int
try_map_to_run(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? errno : 0;
}

static int
try_map_file_to_run(void)
{
	void *p =
	    mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, world.file, 0);

	return p == MAP_FAILED ? errno : 0;
}

static int
try_io_uring(void)
{
	struct io_uring_params p = { 0 };

	return result(syscall(SYS_io_uring_setup, 4, &p));
}

static int
try_bpf(void)
{
	int e = result(syscall(SYS_bpf, 0, NULL, 0));

	return e == EINVAL ? 0 : e;
}

static int
try_keys(void)
{
	return result(syscall(SYS_keyctl, 0, -3, 1));
}

static int
try_other_prctl(void)
{
	return result(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0));
}

static int
try_other_user(void)
{
	return result(syscall(SYS_setuid, getuid()));
}

/* It is not there, or one may not: either way, the kernel looked. */
static int
try_mount(void)
{
	int e = result(syscall(SYS_umount2, "/no/such/place", 0));

	return e == ENOENT || e == EPERM ? 0 : e;
}

static int
try_ioctl(void)
{
	int pending;

	return result(ioctl(world.peers[0], FIONREAD, &pending));
}

static int
try_limit(void)
{
	const struct rlimit none = { 0 };

	return result(setrlimit(RLIMIT_CORE, &none));
}

static int
try_other_convention(void)
{
#ifdef __x86_64__
	long rc = 20; /* getpid of 32-bit programs */

	__asm__ volatile("int $0x80" : "+a"(rc) : : "memory");
	return rc > 0 ? 0 : ENOSYS;
#else
	return 0;
#endif
}

/* --- and what comes of it --- */

/* clang-format off */
#define ALL_KILLED { DONE, KILLED, KILLED, KILLED }
/* clang-format on */
const struct attempt attempts[] = {
	{ "open a file", try_open, false, 1,
	    { DONE, KILLED, KILLED, REFUSED } },
	{ "make a file", try_make_file, false, 1,
	    { DONE, KILLED, KILLED, REFUSED } },
	{ "list /", try_list_root, false, 1,
	    { DONE, KILLED, KILLED, REFUSED } },
	{ "remove a file", try_unlink, false, 1,
	    { DONE, KILLED, KILLED, REFUSED } },
	{ "rename a file", try_rename, false, 1,
	    { DONE, KILLED, KILLED, REFUSED } },
	{ "make a link", try_symlink, false, 0, ALL_KILLED },
	{ "change a mode", try_chmod, false, 0, ALL_KILLED },
	{ "write in the state directory", try_state_file, false, 0,
	    { DONE, KILLED, KILLED, DONE } },
	{ "read the policy's file", try_policy_file, false, 0,
	    { DONE, KILLED, KILLED, DONE } },
	{ "write the policy's file", try_write_policy_file, false, 1,
	    { DONE, KILLED, KILLED, REFUSED } },
	{ "write to an open file", try_write_open_file, false, 0,
	    { DONE, TOO_BIG, DONE, DONE } },
	{ "make a file in memory", try_memfd, false, 0, ALL_KILLED },
	{ "run a program", try_exec, false, 1,
	    { DONE, KILLED, KILLED, REFUSED } },
	{ "fork", try_fork, false, 0, { DONE, KILLED, KILLED, DONE } },
	{ "clone otherwise", try_clone, false, 0, ALL_KILLED },
	{ "make a namespace", try_namespace, true, 0, ALL_KILLED },
	{ "make a TCP socket", try_socket_tcp, false, 0, ALL_KILLED },
	{ "make a UDP socket", try_socket_udp6, true, 0, ALL_KILLED },
	{ "make a netlink socket", try_socket_netlink, true, 0, ALL_KILLED },
	{ "make a UNIX socket", try_socket_unix, false, 0,
	    { DONE, KILLED, KILLED, DONE } },
	{ "connect", try_connect, false, 0, ALL_KILLED },
	{ "connect by a message", try_send_message_to, true, 0, ALL_KILLED },
	{ "connect by sending", try_send_to, true, 0, ALL_KILLED },
	{ "bind", try_bind, false, 0, ALL_KILLED },
	{ "ask for a peer's address", try_peer_name, false, 0, ALL_KILLED },
	{ "accept with the address", try_accept_with_address, false, 0,
	    ALL_KILLED },
	{ "ask who is at a socket", try_peer_option, false, 0, ALL_KILLED },
	{ "kill a process", try_kill, false, 6,
	    { DONE, KILLED, KILLED, REFUSED } },
	{ "signal a process", try_signal, false, 0, ALL_KILLED },
	{ "signal a thread", try_thread_signal, false, 0, ALL_KILLED },
	{ "trace a process", try_ptrace, true, 0, ALL_KILLED },
	{ "read a process's memory", try_read_memory, true, 0, ALL_KILLED },
	{ "open a process", try_pidfd, true, 0, ALL_KILLED },
	{ "run written memory", try_run_memory, false, 0, ALL_KILLED },
	{ "map memory to run", try_map_to_run, false, 0, ALL_KILLED },
	{ "map a file to run", try_map_file_to_run, true, 0,
	    { DONE, KILLED, KILLED, DONE } },
	{ "io_uring", try_io_uring, true, 0, ALL_KILLED },
	{ "bpf", try_bpf, true, 0, ALL_KILLED },
	{ "ask for keys", try_keys, true, 0, ALL_KILLED },
	{ "another prctl", try_other_prctl, false, 0, ALL_KILLED },
	{ "become another user", try_other_user, false, 0, ALL_KILLED },
	{ "mount", try_mount, false, 0, ALL_KILLED },
	{ "ioctl", try_ioctl, false, 0, ALL_KILLED },
	{ "change a limit", try_limit, false, 0,
	    { DONE, KILLED, KILLED, DONE } },
#ifdef __x86_64__
	{ "a 32-bit call", try_other_convention, true, 0, ALL_KILLED },
#endif
};
const size_t n_attempts = sizeof(attempts) / sizeof(attempts[0]);
