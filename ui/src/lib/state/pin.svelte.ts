// Asking for the PIN of a key at hand: what was wrong with the last one, and what is being done with it. The PIN itself is never kept here.
import type { Code } from "$lib/bindings/Code";
import type { ErrorView } from "$lib/bindings/ErrorView";
import type { IdentityView } from "$lib/bindings/IdentityView";
import type { KeysView } from "$lib/bindings/KeysView";

/** How it stands with the dialog. */
export type PinState = "ask" | "lastTry" | "blocked" | "mustChange" | "gone" | "busy";

interface Ways {
  use: (pin: string | null, riskLastTry: boolean) => Promise<void>;
  cancel: () => void;
  /** Goes on without the dialog. */
  leave: () => void;
}

export class PinEntry {
  /** The key as it was told of last; it stays when the card is taken out. */
  identity = $state.raw() as IdentityView;
  busy = $state(false);
  refusal = $state.raw<ErrorView | null>(null);
  #there = $state(true);
  readonly #ways: Ways;

  constructor(identity: IdentityView, ways: Ways) {
    this.identity = identity;
    this.#ways = ways;
  }

  readonly state: PinState = $derived.by(() => {
    const { triesLeft, mustChange } = this.identity.secret;
    if (this.busy) return "busy";
    if (!this.#there) return "gone";
    if (triesLeft === 0) return "blocked";
    if (mustChange) return "mustChange";
    return triesLeft === 1 ? "lastTry" : "ask";
  });

  /** What has come and gone. While the key is used, what comes of that tells more. */
  follow(keys: KeysView): void {
    const now = keys.identities.find(({ id }) => id === this.identity.id);
    if (now) this.identity = now;
    const there = now !== undefined;
    // Back in the reader, it is a new beginning.
    if (there && !this.#there) this.refusal = null;
    this.#there = there;
  }

  /** What came of the last PIN. */
  refuse(refusal: ErrorView): void {
    const left = triesAfter(refusal);
    this.busy = false;
    this.refusal = refusal;
    if (left !== null) this.identity = { ...this.identity, secret: { ...this.identity.secret, triesLeft: left } };
    if (refusal.code === "pin_change_required") {
      this.identity = { ...this.identity, secret: { ...this.identity.secret, mustChange: true } };
    }
  }

  /** Without a PIN, the reader takes it. */
  use(pin: string | null, riskLastTry: boolean): void {
    if (this.busy) return;
    this.busy = true;
    this.refusal = null;
    void this.#ways.use(pin, riskLastTry);
  }

  cancel(): void {
    this.#ways.cancel();
  }

  leave(): void {
    this.#ways.leave();
  }
}

/** How many tries are left after a failure, where it tells. */
function triesAfter({ code, number }: ErrorView): number | null {
  if (code === "pin_blocked") return 0;
  if (code === "pin_last_try") return 1;
  return code === "pin_incorrect" ? number : null;
}

const answeredHere: ReadonlySet<Code> = new Set([
  "pin_incorrect",
  "pin_last_try",
  "pin_blocked",
  "pin_change_required",
  "pin_cancelled",
  "pin_timeout",
  "card_removed",
  "card_busy",
  "no_card",
  "no_reader",
  "no_pcsc",
]);

/** Failures that are answered in the dialog, which stays. */
export function belongsToPin(code: Code): boolean {
  return answeredHere.has(code);
}
