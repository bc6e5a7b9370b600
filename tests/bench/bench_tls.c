/*
 * The bare TLS loop beside a front: takes as many bytes as a text's request
 * has and gives as many as its answer has, over the same TLS, and does nothing
 * else: no HTTP, no deadlines, no vault. What it costs, and what its client
 * costs, is what 48 KiB each way cost on this machine at least.
 *
 *   bench_tls CERTIFICATE KEY PORT       on 127.0.0.1, until it is ended
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "tests/bench/load.h"

#define BODY_LEN (48 * 1024)
#define HEAD_LEN 256 /* of a front's answers */

struct conn {
	int fd;
	SSL *ssl;
	bool is_answering;
	size_t have; /* of the request; 0: its head is to come */
	size_t need;
};

static char answer[HEAD_LEN + BODY_LEN];

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_tls: %s\n", what);
	exit(1);
}

static void
answer_make(void)
{
	int n = snprintf(answer, sizeof(answer),
	    "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Padding: ", BODY_LEN);

	memset(answer + n, '0', (size_t)(HEAD_LEN - 4 - n));
	memcpy(answer + HEAD_LEN - 4, "\r\n\r\n", 4);
}

static SSL_CTX *
tls_open(const char *certificate, const char *key)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	must(tls != NULL &&
		SSL_CTX_use_certificate_chain_file(tls, certificate) == 1 &&
		SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) == 1 &&
		SSL_CTX_set_num_tickets(tls, 0) == 1,
	    "TLS");
	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	return tls;
}

static int
listen_on(uint16_t port)
{
	const struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	must(fd >= 0 &&
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ==
		    0 &&
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ==
		    0 &&
		bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 &&
		listen(fd, 1024) == 0,
	    "listening");
	return fd;
}

static void
conn_add(int epoll, int listener, SSL_CTX *tls)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	struct conn *c = calloc(1, sizeof(*c));
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLET,
		.data.ptr = c };

	if (fd < 0) {
		free(c);
		return;
	}
	must(c != NULL && (c->ssl = load_ssl(tls, fd)) != NULL, "memory");
	c->fd = fd;
	SSL_set_accept_state(c->ssl);
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) == 0, "epoll");
}

static void
conn_free(struct conn *c)
{
	SSL_free(c->ssl);
	close(c->fd);
	free(c);
}

/* Counts what came; a head comes in one piece. */
static void
take(struct conn *c, const char *p, size_t n)
{
	const char *end;

	if (c->have == 0) {
		end = memmem(p, n, "\r\n\r\n", 4);
		must(end != NULL, "a head in pieces");
		c->need = (size_t)(end + 4 - p) + BODY_LEN;
	}
	if ((c->have += n) < c->need)
		return;
	c->have = 0;
	must(SSL_write(c->ssl, answer, sizeof(answer)) == sizeof(answer),
	    "an answer in pieces");
	c->is_answering = true;
}

/* False: it has ended. */
static bool
conn_turn(struct conn *c)
{
	static char in[16384];
	int n;

	for (;;) {
		BIO *out = SSL_get_wbio(c->ssl);

		if (c->is_answering && BIO_flush(out) <= 0)
			return BIO_should_retry(out);
		c->is_answering = false;
		n = SSL_read(c->ssl, in, sizeof(in));
		if (n <= 0)
			return SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_READ;
		take(c, in, (size_t)n);
	}
}

int
main(int argc, char **argv)
{
	struct epoll_event ev[256], first = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC), listener, n;
	SSL_CTX *tls;

	must(signal(SIGPIPE, SIG_IGN) != SIG_ERR, "signals");
	must(argc == 4, "usage: bench_tls CERTIFICATE KEY PORT");
	answer_make();
	tls = tls_open(argv[1], argv[2]);
	listener = listen_on((uint16_t)strtoul(argv[3], NULL, 10));
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &first) == 0, "epoll");
	while ((n = epoll_wait(epoll, ev, 256, -1)) >= 0)
		for (int i = 0; i < n; i++)
			if (ev[i].data.ptr == NULL)
				conn_add(epoll, listener, tls);
			else if (!conn_turn(ev[i].data.ptr))
				conn_free(ev[i].data.ptr);
	return 1;
}
