// The window of one test, and what every test does with it.
import { afterEach } from "vitest";

import { container, containerOf, dropped } from "../../src/dev/samples";
import { play, type Played } from "../../src/dev/stage";
import { settle } from "../../src/dev/states";

export let played: Played;
afterEach(() => played.close());

/** Sets the window in one of the drawn states. */
export async function begin(state = "start-first"): Promise<void> {
  played = await play({ state, language: "en", appearance: "light" });
}

/** Drops files, which the shell would also give when they are chosen. */
export async function deliver(...args: Parameters<typeof dropped>): Promise<void> {
  played.double.answers.files = dropped(...args);
  played.double.deliver(dropped(...args));
  await settle();
}

/** Opens a container with these records. */
export async function openContainer(...list: Parameters<typeof containerOf>): Promise<void> {
  played.double.answers.inspect = () => Promise.resolve(containerOf(...list));
  await deliver([container], null);
}

export const screen = () => played.session.screen.name;

/** All words on the screen. */
export const text = () => document.body.innerText.replace(/\s+/g, " ");

/** Whether a text can be reached from a value: what was secret is to be gone. */
export function holds(value: unknown, text: string, seen = new Set<unknown>()): boolean {
  if (typeof value === "string") return value.includes(text);
  if (typeof value !== "object" || value === null || seen.has(value) || value instanceof Node) return false;
  seen.add(value);
  if (value === played.double.backend) return false;
  return Object.values(value).some((child) => holds(child, text, seen));
}
