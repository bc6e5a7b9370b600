#pragma once

#include "policy/policy.h"

/*
 * What holds between the parts of every policy: unique numbers and slugs,
 * references that point at something, order, and ranges that depend on each
 * other. ERR_SYNTAX: ret_problem is filled.
 */
enum err policy_valid(const struct policy *p,
    struct policy_problem *ret_problem) MUST_CHECK;
