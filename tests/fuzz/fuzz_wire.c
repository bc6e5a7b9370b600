#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/wire_conn.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Frame after frame, as put again, is what the front wrote. */
static size_t
check_frames(struct wire_conn *c, const uint8_t *p, size_t n)
{
	uint8_t head[WIRE_HEAD_LEN];
	struct wire_frame f;
	uint32_t max = 0;
	size_t at = 0;

	while (wire_conn_next(c, &f)) {
		wire_head_put(head, &f.head);
		assert(n - at >= sizeof(head) + f.body.n);
		assert(memcmp(p + at, head, sizeof(head)) == 0);
		at += sizeof(head);
		if (f.body.n > 0)
			assert(memcmp(p + at, f.body.p, f.body.n) == 0);
		at += f.body.n;
		assert(wire_allowed(PEER_FRONT, PEER_VAULT, f.head.type, &max));
		assert(f.body.n <= max && f.fd == -1);
	}
	return at;
}

/* Any bytes from a front: what comes out is what went in, and where it stops,
 * it stops for a reason. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct wire_conn *c = NULL;
	enum wire_state state;
	struct wire_head h;
	uint32_t max = 0;
	size_t at;
	int fd[2];

	if (n > 128 * 1024)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0 ||
	    wire_conn_new(fd[1], PEER_VAULT, PEER_FRONT, &c) != ERR_OK)
		abort();
	if (n > 0 && send(fd[0], p, n, MSG_DONTWAIT) != (ssize_t)n)
		abort();
	state = wire_conn_fill(c);
	at = check_frames(c, p, n);
	if (n - at >= WIRE_HEAD_LEN) {
		wire_head_get(p + at, &h);
		assert((state == WIRE_BROKEN) ==
		    (!wire_allowed(PEER_FRONT, PEER_VAULT, h.type, &max) ||
			h.length > max));
	} else {
		assert(state == WIRE_FINE);
	}
	wire_conn_free(c);
	close(fd[0]);
	return 0;
}
