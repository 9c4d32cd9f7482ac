// The only folder that knows Tauri.
import { commands } from "./commands";
import { events } from "./events";
import type { Backend } from "./types";

export const backend: Backend = { ...commands, ...events };
