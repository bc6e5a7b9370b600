/* A file that is read piece by piece, so that a long one stops nobody. */

export interface Source {
  size: number;
  /** At most what there is. */
  read(from: number, to: number): Promise<Uint8Array<ArrayBuffer>>;
}

export function sourceOf(file: Blob | Uint8Array<ArrayBuffer>): Source {
  const blob = file instanceof Blob ? file : new Blob([file]);
  return {
    size: blob.size,
    read: async (from, to) => new Uint8Array(await blob.slice(from, to).arrayBuffer()),
  };
}

/** Bytes as characters, one each. */
export function latin1(x: Uint8Array): string {
  let s = "";
  for (let i = 0; i < x.length; i += 8192) s += String.fromCharCode(...x.subarray(i, i + 8192));
  return s;
}

/**
 * What compressed bytes give, up to max bytes; what is malformed gives what
 * came before.
 */
export async function inflate(
  x: Uint8Array<ArrayBuffer>, format: "deflate" | "deflate-raw", max: number,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    const stream = new Blob([x]).stream().pipeThrough(new DecompressionStream(format));
    const reader = stream.getReader();
    while (size < max) {
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value);
      size += value.length;
    }
    await reader.cancel();
  } catch {
    // the rest is malformed
  }
  const out = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out.subarray(0, max);
}
