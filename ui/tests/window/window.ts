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
