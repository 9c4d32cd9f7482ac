// What the desktop shell tells without being asked.
import { listen } from "@tauri-apps/api/event";

import type { Incoming } from "$lib/bindings/Incoming";
import type { KeysView } from "$lib/bindings/KeysView";
import type { ProgressView } from "$lib/bindings/ProgressView";

/** Each gives a function that stops listening. */
export const events = {
  /** Files dropped, double-clicked, or given to a second launch. */
  onIncoming: (handler: (incoming: Incoming) => void) =>
    listen<Incoming>("incoming", (event) => handler(event.payload)),
  /** Whether something hovers over the window. */
  onDrag: (handler: (hovering: boolean) => void) => listen<boolean>("drag", (event) => handler(event.payload)),
  /** How far the running operation is. */
  onProgress: (handler: (progress: ProgressView) => void) =>
    listen<ProgressView>("progress", (event) => handler(event.payload)),
  /** The keys at hand, whenever one has come or gone. */
  onKeys: (handler: (keys: KeysView) => void) => listen<KeysView>("keys", (event) => handler(event.payload)),
};
