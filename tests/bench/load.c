#include "tests/bench/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#define HEAD_MAX 4096
#define READ_LEN (52 * 1024)
#define WRITE_LEN (64 * 1024)
#define SAMPLES_MAX 4000000

enum state {
	CONN_HANDSHAKE,
	CONN_WRITE,
	CONN_FLUSH,
	CONN_READ,
	CONN_IDLE,
	CONN_CLOSED
};

struct conn {
	int fd;
	SSL *ssl;
	enum state state;
	struct buf out;
	size_t sent;
	char head[HEAD_MAX];
	size_t head_len;
	bool in_body;
	uint64_t body_left;
	bool ok;
	double started;
};

struct load {
	const struct load_options *o;
	load_request *request;
	void *ctx;
	SSL_CTX *tls;
	int epoll;
	struct conn *conn;
	struct load_result r;
	float *sample;
	size_t n_samples;
	uint64_t seen;
	double begun;
	unsigned standing; /* connections whose handshake is done */
	uint64_t asked;	   /* requests, where they are paced */
	double first;	   /* when the first one was due */
	bool over;
};

static double
seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
connect_to(uint16_t port, bool blocking)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET,
	    SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	    errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
conn_close(struct load *l, struct conn *c)
{
	if (c->state == CONN_CLOSED)
		return;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, c->fd, NULL);
	SSL_free(c->ssl);
	close(c->fd);
	c->ssl = NULL;
	c->state = CONN_CLOSED;
}

SSL *
load_ssl(SSL_CTX *tls, int fd)
{
	BIO *gather = BIO_new(BIO_f_buffer()), *socket = BIO_new_socket(fd, 0);
	SSL *ssl = SSL_new(tls);

	if (ssl == NULL || gather == NULL || socket == NULL ||
	    BIO_set_write_buffer_size(gather, WRITE_LEN) != 1)
		return NULL;
	BIO_up_ref(socket);
	SSL_set0_rbio(ssl, socket);
	SSL_set0_wbio(ssl, BIO_push(gather, socket));
	SSL_set_read_ahead(ssl, 1);
	SSL_set_default_read_buffer_len(ssl, READ_LEN);
	return ssl;
}

static bool
conn_open(struct load *l, struct conn *c)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLET,
		.data.ptr = c };

	c->fd = connect_to(l->o->port, false);
	if (c->fd < 0)
		return false;
	if ((c->ssl = load_ssl(l->tls, c->fd)) == NULL)
		return false;
	SSL_set_connect_state(c->ssl);
	c->state = CONN_HANDSHAKE;
	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &ev) == 0;
}

static void
conn_fail(struct load *l, struct conn *c)
{
	l->r.errors++;
	l->seen++;
	conn_close(l, c);
	/* Where nothing answers at all, there is nothing to measure. */
	if (l->r.answers == 0 && l->r.errors > 4 * l->o->connections)
		l->over = true;
	if (!l->over && !conn_open(l, c))
		l->over = true;
}

static void
conn_ask(struct load *l, struct conn *c)
{
	buf_reset(&c->out);
	l->request(l->ctx, &c->out);
	c->sent = 0;
	c->head_len = 0;
	c->in_body = false;
	c->started = seconds_now();
	c->state = CONN_WRITE;
}

static void
conn_begin(struct load *l, struct conn *c)
{
	if (l->o->idle || l->o->rate > 0)
		c->state = CONN_IDLE;
	else
		conn_ask(l, c);
}

/* Status and Content-Length of a complete head. */
static bool
head_parse(struct conn *c)
{
	const char *at = strcasestr(c->head, "\r\ncontent-length:");

	if (at == NULL)
		return false;
	c->body_left = strtoull(at + 17, NULL, 10);
	c->ok = strncmp(c->head, "HTTP/1.1 200", 12) == 0;
	return true;
}

static void
answer_done(struct load *l, struct conn *c)
{
	double now = seconds_now();

	l->seen++;
	if (l->seen == l->o->warmup)
		l->begun = now;
	if (l->seen > l->o->warmup) {
		if (!c->ok)
			l->r.errors++;
		else if (l->n_samples < SAMPLES_MAX)
			l->sample[l->n_samples++] =
			    (float)((now - c->started) * 1e3);
		l->r.answers += c->ok;
	}
	l->r.seconds = now - l->begun;
	if (l->seen > l->o->warmup &&
	    ((l->o->count != 0 &&
		 (l->o->rate > 0 ? l->seen : l->r.answers) >= l->o->count) ||
		(l->o->seconds > 0 && l->r.seconds >= l->o->seconds)))
		l->over = true;
	conn_begin(l, c);
}

/* Takes n fresh bytes of the answer; false when it is not one. */
static bool
answer_take(struct load *l, struct conn *c, const char *p, size_t n)
{
	const char *end;
	size_t used = 0;

	if (!c->in_body) {
		size_t take = n < HEAD_MAX - 1 - c->head_len
		    ? n
		    : HEAD_MAX - 1 - c->head_len;
		size_t before = c->head_len;

		memcpy(c->head + before, p, take);
		c->head_len += take;
		c->head[c->head_len] = '\0';
		end = strstr(c->head, "\r\n\r\n");
		if (end == NULL)
			return c->head_len < HEAD_MAX - 1;
		used = (size_t)(end + 4 - c->head) - before;
		if (!head_parse(c))
			return false;
		l->r.answer_bytes = c->body_left;
		if (l->o->accepts != NULL && !l->o->accepts(p + used, n - used))
			c->ok = false;
		c->in_body = true;
	}
	if (n - used > c->body_left)
		return false;
	c->body_left -= n - used;
	if (c->body_left == 0)
		answer_done(l, c);
	return true;
}

/* True: call again; false: wait for the socket. */
static bool
conn_step(struct load *l, struct conn *c)
{
	static char in[65536];
	int r;

	switch (c->state) {
	case CONN_HANDSHAKE:
		r = SSL_do_handshake(c->ssl);
		if (r == 1) {
			l->standing++;
			conn_begin(l, c);
		}
		break;
	case CONN_WRITE:
		r = SSL_write(c->ssl, c->out.p + c->sent,
		    (int)(c->out.n - c->sent));
		if (r > 0 && (c->sent += (size_t)r) == c->out.n)
			c->state = CONN_FLUSH;
		break;
	case CONN_FLUSH:
		r = (int)BIO_flush(SSL_get_wbio(c->ssl));
		if (r > 0)
			c->state = CONN_READ;
		else if (BIO_should_retry(SSL_get_wbio(c->ssl)))
			return false;
		break;
	case CONN_READ:
	case CONN_IDLE:
		r = SSL_read(c->ssl, in, sizeof(in));
		if (r > 0 && !answer_take(l, c, in, (size_t)r)) {
			conn_fail(l, c);
			return false;
		}
		break;
	case CONN_CLOSED:
	default:
		return false;
	}
	if (r > 0)
		return !l->over;
	r = SSL_get_error(c->ssl, r);
	if (r != SSL_ERROR_WANT_READ && r != SSL_ERROR_WANT_WRITE)
		conn_fail(l, c);
	return false;
}

static int
sample_order(const void *a, const void *b)
{
	const float *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
result_finish(struct load *l)
{
	if (l->n_samples == 0)
		return;
	qsort(l->sample, l->n_samples, sizeof(float), sample_order);
	l->r.p50_ms = (double)l->sample[l->n_samples / 2];
	l->r.p99_ms = (double)l->sample[l->n_samples * 99 / 100];
	l->r.most_ms = (double)l->sample[l->n_samples - 1];
}

/* Begins what is due, on connections that have nothing under way. */
static void
pace(struct load *l)
{
	double now = seconds_now();

	if (l->standing < l->o->connections)
		return;
	if (l->asked == 0)
		l->first = l->begun = now;
	for (unsigned i = 0; i < l->o->connections; i++) {
		struct conn *c = &l->conn[(l->asked + i) % l->o->connections];
		double due = l->first + (double)l->asked / l->o->rate;

		if (l->asked == l->o->count || due > now)
			return;
		if (c->state != CONN_IDLE)
			continue;
		conn_ask(l, c);
		c->started = due;
		l->asked++;
		while (conn_step(l, c))
			continue;
	}
}

static void
load_loop(struct load *l, load_hold *hold)
{
	struct epoll_event ev[256];
	bool paced = l->o->rate > 0;
	double limit = seconds_now() + l->o->seconds + 120 +
	    (double)l->o->count / (paced ? l->o->rate : 20);

	while (!l->over && seconds_now() < limit) {
		int n = epoll_wait(l->epoll, ev, 256, paced ? 2 : 1000);

		for (int i = 0; i < n; i++)
			while (conn_step(l, ev[i].data.ptr))
				continue;
		if (paced && !l->over)
			pace(l);
		if (l->o->idle && l->standing == l->o->connections) {
			hold(l->ctx);
			return;
		}
	}
}

static SSL_CTX *
tls_new(void)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (tls == NULL)
		return NULL;
	SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
	SSL_CTX_set_mode(tls,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return tls;
}

enum err
load_run(const struct load_options *o, load_request *request, load_hold *hold,
    void *ctx, struct load_result *ret)
{
	struct load l = { .o = o, .request = request, .ctx = ctx };
	struct rlimit files = { o->connections + 64, o->connections + 64 };

	setrlimit(RLIMIT_NOFILE, &files);
	l.tls = tls_new();
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	l.conn = calloc(o->connections, sizeof(*l.conn));
	l.sample = malloc(SAMPLES_MAX * sizeof(float));
	if (l.tls == NULL || l.epoll < 0 || l.conn == NULL || l.sample == NULL)
		return ERR_NOMEM;
	l.begun = seconds_now();
	for (unsigned i = 0; i < o->connections; i++) {
		l.conn[i].out = (struct buf)BUF_INIT(1024 * 1024);
		l.conn[i].state = CONN_CLOSED;
		if (!conn_open(&l, &l.conn[i]))
			l.r.errors++;
	}
	load_loop(&l, hold);
	for (unsigned i = 0; i < o->connections; i++) {
		conn_close(&l, &l.conn[i]);
		buf_free(&l.conn[i].out);
	}
	result_finish(&l);
	*ret = l.r;
	SSL_CTX_free(l.tls);
	close(l.epoll);
	free(l.conn);
	free(l.sample);
	return ERR_OK;
}

enum err
load_fetch(uint16_t port, struct bytes request, struct buf *out)
{
	SSL_CTX *tls = tls_new();
	SSL *ssl = tls == NULL ? NULL : SSL_new(tls);
	struct conn c = { .fd = connect_to(port, true) };
	enum err err = ERR_IO;
	static char in[16384];
	int n;

	if (ssl == NULL || c.fd < 0 || SSL_set_fd(ssl, c.fd) != 1 ||
	    SSL_connect(ssl) != 1 ||
	    SSL_write(ssl, request.p, (int)request.n) != (int)request.n)
		goto out;
	while ((n = SSL_read(ssl, c.head + c.head_len, 1)) == 1 &&
	    c.head_len < HEAD_MAX - 2) {
		c.head_len++;
		if (c.head_len >= 4 &&
		    memcmp(c.head + c.head_len - 4, "\r\n\r\n", 4) == 0)
			break;
	}
	if (!head_parse(&c) || !c.ok)
		goto out;
	while (c.body_left > 0 &&
	    (n = SSL_read(ssl, in,
		 c.body_left < sizeof(in) ? (int)c.body_left
					  : (int)sizeof(in))) > 0) {
		buf_put(out, in, (size_t)n);
		c.body_left -= (uint64_t)n;
	}
	err = c.body_left == 0 ? out->err : ERR_IO;
out:
	SSL_free(ssl);
	SSL_CTX_free(tls);
	if (c.fd >= 0)
		close(c.fd);
	return err;
}
