import { newNet } from "../net/server.ts";
import { serve } from "../ui/rpc.ts";
import { staffOver } from "./staff.ts";

/* The worker of the staff console: everything with keys, bytes and the network. */

serve(self, staffOver(newNet(self.location.origin)));
