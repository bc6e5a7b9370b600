import { reporterOver } from "./reporter.ts";
import { net, reporter } from "./worker.ts";

/** All that the worker can do, with what it knows already. */
export const api = reporterOver(net, reporter);
