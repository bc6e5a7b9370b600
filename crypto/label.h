#pragma once

/*
 * Every constant that separates one use of a key or hash from another, and
 * every namespace line that opens a signed body. One place, so that no two
 * can collide unseen. Inputs of each derivation are written beside it.
 */

/* --- HKDF-SHA256 (RFC 5869), info --- */

/* ikm = 16 bytes of the receipt, salt = the realm (32 bytes) */
#define LABEL_RECEIPT_TOKEN "speakup/receipt/mailbox-token/v1"
#define LABEL_RECEIPT_X25519 "speakup/receipt/reply-x25519/v1"
#define LABEL_RECEIPT_HYBRID "speakup/receipt/reply-mlkem768x25519/v1"
#define LABEL_RECEIPT_SIGN "speakup/receipt/case-key/v1"
/* ikm = the 32 secret bytes of an age identity, no salt: the Ed25519 seed of
 * the staff member's signing key */
#define LABEL_STAFF_SIGN "speakup/staff/signing-key/v1"
/* ikm = store key (32 bytes), salt = the store's random id (16 bytes): wraps
 * the epoch key */
#define LABEL_STORE_EPOCH "speakup/store/epoch-wrap/v1"

/* --- HMAC-SHA256(key, label || salt): the AES-256-GCM key of one stored
 * value; key = epoch key for slots and uploads, case key for the rest;
 * salt = 16 fresh random bytes --- */
#define LABEL_STORE_SLOT "speakup/store/slot/v1"
#define LABEL_STORE_UPLOAD "speakup/store/upload/v1"
#define LABEL_STORE_INDEX "speakup/store/index/v1"
#define LABEL_STORE_RECORD "speakup/store/record/v1"
/* key = epoch key: named values */
#define LABEL_STORE_VALUE "speakup/store/value/v1"

/* --- HMAC-SHA256(key, label || inputs) --- */

/* key = 32 random bytes of this run of the vault; || person (2 bytes, big-
 * endian) || time (8) || random (8): 16 bytes of it end a login challenge */
#define LABEL_CHALLENGE "speakup/staff/challenge/v1"
/* key = 32 random bytes of this run of the vault; || version of a queue (8) ||
 * person (2): its first 8 bytes are the mark of a `watch` answer */
#define LABEL_QUEUE_MARK "speakup/staff/queue-mark/v1"
/* key = 32 random bytes of this run of the daemon; || expiry (4) || bits (1) ||
 * 3 zero bytes || nonce (16) || purpose (16): its first 24 bytes end a
 * challenge to work */
#define LABEL_WORK "speakup/work/v1"

/* key = 32 random bytes of an hour of a front; || a peer's address (4 or the
 * first 8 bytes): the first two bytes of it are a place in a table */
#define LABEL_PEER "speakup/peer/v1"

/* --- SHA-256(label || inputs) --- */

/* || Ed25519 public key of the case (32): its first 16 bytes are the case id */
#define LABEL_CASE_ID "speakup case v1"
/* || the whole age file as sent: case id of a plain concern */
#define LABEL_PLAIN_ID "speakup plain case v1"
/* || SHA-256(payload) || SHA-256(envelope) of each, in the order of `to`:
 * the content digest of a message; SHA-256(payload) here is over the
 * concatenated SHA-256 of its 256 KiB pieces */
#define LABEL_CONTENT "speakup/content/v1"
/* || SHA-256(head) || content digest (32 zero bytes without content): a link
 * of a chain */
#define LABEL_LINK "speakup/link/v1"
/* || for each envelope that one person has, talk chain first, by place: chain
 * (1 byte: 0 talk, 1 staff) || seq (4, big-endian) || SHA-256(envelope) */
#define LABEL_GRANTS "speakup/grants/v1"

/* --- first line of signed bodies (C2SP signed-note) --- */
#define NOTE_ROOT "speakup/root/v1"
#define NOTE_POLICY "speakup/policy/v1"
#define NOTE_MANIFEST "speakup/manifest/v1"
#define NOTE_ENTRY "speakup/entry/v1"
#define NOTE_LOGIN "speakup/login/v1"
#define NOTE_STORED "speakup/stored/v1"
#define NOTE_NOTICE "speakup/notice/v1"
#define NOTE_WEB "speakup/web/v1"
