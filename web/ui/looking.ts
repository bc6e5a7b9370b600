/*
 * Looking by itself: once in every span, at a moment of it that is drawn when it
 * begins, whatever the person does, so that its times say nothing of them.
 */
const SPAN_MS = 5 * 60_000;

export interface Looking {
  stop(): void;
}

/** 0 to 1, without 1. */
const drawn = (): number => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;

/** What fails is tried again in the next span. */
export function keepLooking(
  look: () => Promise<void>, spanMs = SPAN_MS, draw: () => number = drawn,
): Looking {
  const began = performance.now();
  const gone = (): number => performance.now() - began;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const plan = (span: number): void => {
    timer = setTimeout(() => {
      // spans that a device slept through are not made up for
      plan(Math.max(span + 1, Math.floor(gone() / spanMs)));
      look().catch(() => undefined);
    }, (span + draw()) * spanMs - gone());
  };
  plan(0);
  return { stop: () => clearTimeout(timer) };
}
