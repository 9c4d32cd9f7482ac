// Sets the window on a page of its own, over the stand-in for the shell.
import { flushSync, mount, unmount } from "svelte";

import App from "../App.svelte";
import type { Appearance } from "$lib/bindings/Appearance";
import type { Language } from "$lib/bindings/Language";
import { Double } from "$lib/backend/double";
import { Session } from "$lib/state/session.svelte";

import { keysFor, recentFor, serversFor, settle, states } from "./states";

export interface Setting {
  readonly state: string;
  readonly language: Language;
  readonly appearance: Appearance;
}

export interface Played {
  readonly double: Double;
  readonly session: Session;
  readonly close: () => Promise<void>;
}

export async function play({ state, language, appearance }: Setting): Promise<Played> {
  const run = states[state];
  if (!run) throw new Error(`there is no state “${state}”`);
  const start = {
    version: "0.1.0",
    language,
    appearance,
    recent: recentFor(state),
    servers: serversFor(state),
    keys: keysFor(state),
    demo: state === "start-demo" || state === "pin-demo" ? { holder: "Mari Maasikas", pin: "1234" } : null,
    incoming: null,
  };
  const double = new Double({ start });
  const session = new Session(double.backend);
  const target = document.createElement("div");
  document.body.append(target);
  const app = mount(App, { target, props: { session } });
  await session.start();
  flushSync();
  await settle();
  await run({ double });
  await settle();
  const close = async () => {
    await unmount(app);
    target.remove();
  };
  return { double, session, close };
}
