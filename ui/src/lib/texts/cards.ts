// Words for cards: what to insert, what opens, what a test of a reader looks at.
import type { CardStep } from "$lib/bindings/CardStep";
import type { KeysView } from "$lib/bindings/KeysView";
import type { RecipientKind } from "$lib/bindings/RecipientKind";
import type { SecretView } from "$lib/bindings/SecretView";
import { m } from "$lib/paraglide/messages";
import type { Opening } from "$lib/state/opening.svelte";

import { errorWords } from "./errors";
import { anyOf, isolated } from "./format";

/** What to do about a card that is not there. */
export interface Advice {
  readonly tone: "info" | "warn";
  readonly title: string;
  readonly text: string;
}

/** Holders that are named; of more, any card of a recipient is asked for. */
const NAMED = 3;

/** What to insert, or what stands in the way of that; `holders` are those for whom it is. */
export function cardAdvice(keys: KeysView, holders: readonly string[]): Advice {
  const insert =
    holders.length > 0 && holders.length <= NAMED ? m.card_insert({ names: anyOf(holders) }) : m.card_insert_any();
  if (keys.problem) {
    const words = errorWords(keys.problem);
    return { tone: "warn", title: words.title, text: words.next };
  }
  if (keys.readers.some(({ state }) => state === "reading")) {
    return { tone: "info", title: m.card_reading(), text: m.card_reading_text() };
  }
  const failed = keys.readers.find(({ state }) => state === "failed");
  if (failed?.problem) {
    const words = errorWords(failed.problem);
    return { tone: "warn", title: words.title, text: `${words.text} ${words.next}` };
  }
  const others = keys.identities.map(({ holder }) => holder);
  if (others.length > 0) return { tone: "warn", title: m.card_other({ name: others[0] ?? "" }), text: m.card_other_next({ insert }) };
  return { tone: "info", title: insert, text: m.card_insert_text() };
}

/** What the button says that opens with a card of this kind. */
export function openWithWords(document: RecipientKind): string {
  if (document === "idCard") return m.open_with_id_card();
  return document === "digiId" || document === "eResident" ? m.open_with_digi_id() : m.open_with_card();
}

/** The title of a container that a card at hand opens. */
export function readyWords(document: RecipientKind): string {
  if (document === "idCard") return m.open_ready_id_card();
  return document === "digiId" || document === "eResident" ? m.open_ready_digi_id() : m.open_ready_own_card();
}

/** The title of a container for cards that are not at hand: whose, when it is one person's. */
export function readyForWords({ cardHolders, isForDigiId }: Pick<Opening, "cardHolders" | "isForDigiId">): string {
  const [name] = cardHolders;
  if (name !== undefined && cardHolders.length === 1) {
    return isForDigiId ? m.open_ready_digi_id_of({ name: isolated(name) }) : m.open_ready_card_of({ name: isolated(name) });
  }
  return isForDigiId ? m.open_ready_any_digi_id() : m.open_ready_card();
}

const steps: Record<CardStep, () => string> = {
  service: () => m.card_step_service(),
  card: () => m.card_step_card(),
  application: () => m.card_step_application(),
  holder: () => m.card_step_holder(),
  certificate: () => m.card_step_certificate(),
  pin: () => m.card_step_pin(),
};

export function cardStepWords(step: CardStep): string {
  return steps[step]();
}

/** How a PIN stands. */
export function pinWords({ triesLeft, mustChange }: SecretView): { tone: "ok" | "warn" | "bad"; text: string } {
  if (triesLeft === 0) return { tone: "bad", text: m.pin_is_blocked() };
  if (mustChange) return { tone: "warn", text: m.pin_to_change() };
  if (triesLeft === null) return { tone: "ok", text: m.card_ready() };
  return { tone: triesLeft === 1 ? "warn" : "ok", text: m.pin_tries({ count: triesLeft }) };
}
