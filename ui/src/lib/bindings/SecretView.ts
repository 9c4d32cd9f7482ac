// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { SecretEntry } from "./SecretEntry";

/**
 * How a key asks for its secret.
 */
export type SecretView = { 
/**
 * Fewest characters; digits on a card.
 */
least: number, 
/**
 * Most characters.
 */
most: number, 
/**
 * How often a wrong one is still allowed, where that is known; with 0 it is blocked.
 */
triesLeft: number | null, 
/**
 * It has to be changed before it can be used.
 */
mustChange: boolean, 
/**
 * Where it is entered.
 */
entry: SecretEntry, };
