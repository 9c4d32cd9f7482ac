import type { Chosen } from "$lib/bindings/Chosen";

import type { commands } from "./commands";
import type { events } from "./events";

/** All that the window can ask of the computer. */
export type Backend = typeof commands & typeof events;

/** Stands for a path that the person chose. */
export type FileId = Chosen["id"];
