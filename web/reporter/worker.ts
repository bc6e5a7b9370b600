import { newNet } from "../net/server.ts";
import { serve } from "../ui/rpc.ts";
import { reporterOver } from "./reporter.ts";

/* The worker of the reporter's page: everything with keys, bytes and the network. */

serve(self, reporterOver(newNet(self.location.origin)));
