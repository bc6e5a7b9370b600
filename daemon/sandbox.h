#pragma once

#include "daemon/config.h"

/*
 * What a process gives up before it reads one foreign byte. Each role calls
 * its function once, with every file open that it will need; what is given up
 * does not come back.
 *
 * All: new privileges, core dumps, being traced, more than so many
 * descriptors, every system call but those of sandbox_calls.h (another one
 * ends the process with SIGSYS), memory that is written and then run.
 *
 * Children: opening any file, making any socket or process, signals to others;
 * they end with the parent. A front can also write no file that is open (where
 * its log is one, that is lost too), and cannot ask who is at the other end of
 * a connection but as it is accepted, and that only where a listener counts
 * peers (front_peer.h).
 *
 * The parent: all of the file system but what sandbox_places.c lists, TCP, and
 * signals to others than its children. Since what it gives up is given up by
 * its children too, it keeps what they need until they are there.
 *
 * Where the kernel has no Landlock, the parent keeps the whole file system of
 * its user; children lose theirs by the lack of system calls.
 */

/* descriptors: open files at most. ERR_IO, ERR_UNSUPPORTED (no system-call
 * filter), ERR_NOMEM: something was refused, and the caller ends. */
enum err sandbox_enter_front(uint64_t descriptors, bool counts_peers)
    MUST_CHECK;
enum err sandbox_enter_vault(uint64_t descriptors) MUST_CHECK;
enum err sandbox_enter_parent(const struct config *c) MUST_CHECK;

/* Becomes that user and their groups, for good. "" or being that user already
 * does nothing. ERR_NOT_FOUND, ERR_IO. Looks the name up: call it early. */
enum err sandbox_become(const char *user) MUST_CHECK;
