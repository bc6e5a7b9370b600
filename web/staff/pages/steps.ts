import type { Step } from "../../reporter/api.ts";

const STEPS: Record<Step, string> = {
  sealing: "Sealing it in this browser",
  sending: "Sending it",
  working: "The service is busy: doing the work that it asks for",
  fetching: "Fetching it",
  checking: "Checking what was stored",
};

export const stepText = (step: Step): string => STEPS[step];
