#pragma once

#include "policy/policy.h"

/*
 * What the policy says to people who have no program of ours: who would read a
 * plain concern (docs/PROTOCOL.md, "Plain concerns"), and how one is sealed,
 * sent and answered with `age` and `curl`. Pure, so that whoever checks a
 * server can make the same bytes. `day`: whose keys are in force.
 */

/* The text of GET /v1/plain, for `age -R`, without its padding. Nothing where
 * plain concerns are not taken. */
enum err public_page_text(const struct policy *p, int64_t day, struct buf *out)
    MUST_CHECK;

/*
 * What stands in the reporter's page instead of PUBLIC_PAGE_MARK, for browsers
 * that run no scripts: HTML from that mark to PUBLIC_PAGE_END, both included.
 * fingerprint: of root 0, in words. Everything from the policy is escaped.
 */
#define PUBLIC_PAGE_MARK "<!-- speakup: policy -->"
#define PUBLIC_PAGE_END "<!-- speakup: end -->"
enum err public_page_html(const struct policy *p, const char *fingerprint,
    int64_t day, struct buf *out) MUST_CHECK;
