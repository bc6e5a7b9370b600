#include "daemon/front_peer.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "crypto/hash.h"
#include "crypto/label.h"

void
peers_init(struct peers *p, const struct env *env)
{
	*p = (struct peers){ .env = env };
}

/* Key and counts go, where their hour is over. */
static void
end_hour(struct peers *p)
{
	const int64_t age = env_now(p->env) - p->born;

	if (!p->has_key || (age >= 0 && age < PEER_HOUR))
		return;
	bytes_wipe(p->key, sizeof(p->key));
	bytes_wipe(p->place, sizeof(p->place));
	p->has_key = false;
}

/* What time has left of a place's count. */
static unsigned
level_of(const struct peers *p, size_t i)
{
	const uint16_t now = (uint16_t)(env_now(p->env) - p->born);
	const unsigned gone = (unsigned)(now - p->place[i].at) * PEER_RATE;

	return p->place[i].level > gone ? p->place[i].level - gone : 0;
}

void
peers_turn(struct peers *p)
{
	end_hour(p);
	for (size_t i = 0; p->has_key && i < PEERS; i++)
		if (level_of(p, i) == 0)
			bytes_wipe(&p->place[i], sizeof(p->place[i]));
}

static bool
has_key(struct peers *p)
{
	end_hour(p);
	if (!p->has_key) {
		p->has_key =
		    env_random(p->env, p->key, sizeof(p->key)) == ERR_OK;
		p->born = env_now(p->env);
	}
	return p->has_key;
}

/* One more connection in a place; whether it is over the rate. */
static bool
count_in(struct peers *p, size_t i)
{
	unsigned level = level_of(p, i);

	if (level < PEER_BURST)
		level++;
	else
		level = PEER_BURST + 1;
	p->place[i].level = (uint16_t)level;
	p->place[i].at = (uint16_t)(env_now(p->env) - p->born);
	return level > PEER_BURST;
}

/* What of an address tells one peer from another; empty: nothing does. */
static struct bytes
part_of(const struct sockaddr_storage *a)
{
	const struct in6_addr *six =
	    &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;

	if (a->ss_family == AF_INET)
		return BYTES((const uint8_t *)&(
				 (const struct sockaddr_in *)(const void *)a)
				 ->sin_addr,
		    4);
	if (a->ss_family != AF_INET6)
		return BYTES(NULL, 0);
	/* One's network is one's own. */
	return IN6_IS_ADDR_V4MAPPED(six) ? BYTES(six->s6_addr + 12, 4)
					 : BYTES(six->s6_addr, 8);
}

static bool
is_pressed_by(struct peers *p, const struct sockaddr_storage *a)
{
	const struct bytes part[] = { BYTES_LIT(LABEL_PEER), part_of(a) };
	uint8_t hash[SHA256_LEN];
	bool is_over;

	if (part[1].n == 0 || !has_key(p) ||
	    hmac_sha256(BYTES(p->key, sizeof(p->key)), part, 2, hash) != ERR_OK)
		return false;
	is_over = count_in(p, (size_t)(hash[0] << 8 | hash[1]) % PEERS);
	bytes_wipe(hash, sizeof(hash));
	return is_over;
}

int
peers_accept(struct peers *p, int listener, bool *is_pressed)
{
	struct sockaddr_storage a = { 0 };
	socklen_t n = sizeof(a);
	int fd = accept4(listener, (struct sockaddr *)&a, &n,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		*is_pressed = is_pressed_by(p, &a);
	bytes_wipe(&a, sizeof(a));
	return fd;
}
