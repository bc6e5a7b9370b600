#pragma once

#include <jansson.h>

#include "client/ftsu.h"
#include "client/staff_queue.h"

/*
 * Which concerns a command sets aside unread: of one's own queue those that
 * nobody has acknowledged, or those that are named.
 */
struct flood {
	struct staff *s;
	bool is_second;	  /* agree to those of others */
	bool has_written; /* those too to which somebody wrote since */
	int64_t since;	  /* day; 0: any */
	uint16_t route;	  /* 0: any */
	struct queue_filter filter;
	struct staff_queue q; /* those that are meant, by day, route, band */
	size_t held, written; /* left out: under a hold; somebody wrote since */
	size_t again;	      /* of q: somebody wrote since */
};

/* Reads the options and fetches the queue; says what is wrong. The caller ends
 * with flood_free in any case. */
enum exit_code flood_find(struct staff *s, const struct args *args,
    struct flood *ret) MUST_CHECK;
void flood_free(struct flood *f);

/* How many of which day, band and route. */
void flood_say(const struct flood *f);
void flood_say_left_out(const struct flood *f);
/* The same; the caller owns it. NULL: no memory. */
json_t *flood_json(const struct flood *f);
