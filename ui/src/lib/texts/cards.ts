// Words for cards: what to insert, what opens, what a test of a reader looks at.
import type { CardStep } from "$lib/bindings/CardStep";
import type { KeysView } from "$lib/bindings/KeysView";
import type { IdentityView } from "$lib/bindings/IdentityView";
import type { ModuleFault } from "$lib/bindings/ModuleFault";
import type { ModuleStateView } from "$lib/bindings/ModuleStateView";
import type { RecipientKind } from "$lib/bindings/RecipientKind";
import { failure } from "$lib/backend/failure";
import { m } from "$lib/paraglide/messages";
import type { Opening } from "$lib/state/opening.svelte";

import { errorWords, type Words } from "./errors";
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
  const others = keys.identities.filter(({ kind }) => kind === "card").map(({ holder }) => holder);
  if (others.length > 0) return { tone: "warn", title: m.card_other({ name: others[0] ?? "" }), text: m.card_other_next({ insert }) };
  return { tone: "info", title: insert, text: m.card_insert_text() };
}

/** What the button says that opens with this card or token. */
export function openWithWords({ kind, document }: IdentityView): string {
  if (kind === "token") return m.open_with_token();
  return isDigital(document) ? m.open_with_digi_id() : document === "idCard" ? m.open_with_id_card() : m.open_with_card();
}

/** The title of a container that a card or token at hand opens. */
export function readyWords({ kind, document }: IdentityView): string {
  if (kind === "token") return m.open_ready_token();
  return isDigital(document) ? m.open_ready_digi_id() : document === "idCard" ? m.open_ready_id_card() : m.open_ready_own_card();
}

function isDigital(document: RecipientKind): boolean {
  return document === "digiId" || document === "eResident";
}

const dialogs = {
  card: {
    title: m.pin_title,
    label: m.pin_label,
    length: m.pin_length,
    pad: m.pin_pad,
    padNow: m.pin_pad_now,
    last: m.pin_last,
    gone: m.pin_gone,
    goneNext: m.pin_gone_next,
    busy: m.pin_busy,
    keep: m.pin_keep,
  },
  token: {
    title: m.token_pin_title,
    label: m.token_pin_label,
    length: m.token_pin_length,
    pad: m.token_pin_pad,
    padNow: m.token_pin_pad_now,
    last: m.token_pin_last,
    gone: m.token_gone,
    goneNext: m.token_gone_next,
    busy: m.token_busy,
    keep: m.token_keep,
  },
} as const;

/** What the dialog for the PIN says of a card or token. */
export function pinDialogWords({ kind }: IdentityView) {
  return dialogs[kind];
}

/** Why a PIN cannot be entered now. */
export function pinObstacle({ kind, secret }: IdentityView): Words | null {
  const of = { subject: kind === "token" ? "token" : null };
  if (secret.triesLeft === 0) return errorWords(failure("pin_blocked", of));
  return secret.mustChange ? errorWords(failure("pin_change_required", of)) : null;
}

/** The title of a container for cards that are not at hand: whose, when it is one person's. */
export function readyForWords({ cardHolders, isForDigiId }: Pick<Opening, "cardHolders" | "isForDigiId">): string {
  const [name] = cardHolders;
  if (name !== undefined && cardHolders.length === 1) {
    return isForDigiId ? m.open_ready_digi_id_of({ name: isolated(name) }) : m.open_ready_card_of({ name: isolated(name) });
  }
  return isForDigiId ? m.open_ready_any_digi_id() : m.open_ready_card();
}

const faults: Record<ModuleFault, () => string> = {
  notLoaded: () => m.module_not_loaded(),
  crashed: () => m.module_crashed(),
  silent: () => m.module_silent(),
  failing: () => m.module_failing(),
};

/** Why a PKCS#11 module cannot be used; null when it can. */
export function moduleTrouble({ problem, fault }: ModuleStateView): Pick<Words, "title" | "text"> | null {
  if (problem === null) return null;
  const { title, text } = errorWords(problem);
  return { title, text: fault === null ? text : faults[fault]() };
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
export function pinWords({ kind, secret }: IdentityView): { tone: "ok" | "warn" | "bad"; text: string } {
  const { triesLeft, mustChange, wasWrong } = secret;
  const isToken = kind === "token";
  if (triesLeft === 0) return { tone: "bad", text: isToken ? m.token_pin_is_blocked() : m.pin_is_blocked() };
  if (mustChange) return { tone: "warn", text: isToken ? m.token_pin_to_change() : m.pin_to_change() };
  if (triesLeft === null && wasWrong) return { tone: "warn", text: m.token_pin_is_low() };
  if (triesLeft === null) return { tone: "ok", text: m.card_ready() };
  if (isToken) return { tone: "warn", text: m.token_pin_is_last() };
  return { tone: triesLeft === 1 ? "warn" : "ok", text: m.pin_tries({ count: triesLeft }) };
}
