/*
 * Locks after a time without use, and warns before (WCAG 2.2.1). The clock is
 * the machine's: a laptop that slept through the time is locked as it wakes.
 */

export interface IdleHooks {
  warn(secondsLeft: number): void; // once a tick, from the warning on
  calm(): void; // used again
  lock(): void;
}

export interface Idle {
  /** Somebody is there. Not while a warning stands: that needs stay(). */
  used(): void;
  stay(): void;
  /** Once a second, with the time in milliseconds; whether something is being sent. */
  tick(now: number, isBusy: boolean): void;
}

export const WARN_SECONDS = 60;
/** What is being sent counts as use for so long, or a slow server could keep it open. */
const BUSY_SECONDS = 600;

/** lockAfter: seconds without use. */
export function makeIdle(lockAfter: number, start: number, hooks: IdleHooks): Idle {
  let last = start;
  let quiet = start; // nothing was being sent
  let now = start;
  let isWarned = false;
  let isOver = false;
  return {
    used() {
      if (!isWarned) last = now;
    },
    stay() {
      last = now;
      if (isWarned) hooks.calm();
      isWarned = false;
    },
    tick(at, isBusy) {
      now = at;
      last = Math.min(last, now); // a clock that was set back
      quiet = Math.min(quiet, now);
      if (!isBusy) quiet = now;
      else if (!isWarned && now - quiet < BUSY_SECONDS * 1000) last = now;
      const left = Math.ceil(lockAfter - (now - last) / 1000);
      if (isOver || left > WARN_SECONDS) return;
      if (left > 0) {
        isWarned = true;
        hooks.warn(left);
      } else {
        isOver = true;
        hooks.lock();
      }
    },
  };
}
