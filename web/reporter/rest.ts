import { reporterOver } from "./reporter.ts";
import { reporter } from "./worker.ts";

/** All that the worker can do, with what it knows already. */
export const api = reporterOver(reporter.net, reporter);
