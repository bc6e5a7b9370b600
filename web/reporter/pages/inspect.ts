import { scanFile } from "../../scan/file.ts";
import type { Inspected } from "./attached.ts";

/** Looks through a file for what says who made it; what cannot be read is said, and not refused. */
export async function inspect(file: File): Promise<Inspected> {
  const { found, warnings, cleaned } = await scanFile(file.name, file);
  return { found: [...found, ...warnings], cleaned };
}
