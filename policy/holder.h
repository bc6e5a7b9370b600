#pragma once

#include "policy/arena.h"
#include "policy/policy.h"

/* A policy with the memory of its parts. */
struct policy_holder {
	struct policy policy; /* first: policy_free finds the holder by it */
	struct arena arena;
};

/* Empty; NULL when there is no memory. Freed with policy_free. */
struct policy_holder *policy_holder_new(void);
