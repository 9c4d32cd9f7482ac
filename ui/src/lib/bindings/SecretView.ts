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
 * A wrong one was entered since the last right one, and that is all that is known: a token says so, and tells no number.
 */
wasWrong: boolean, 
/**
 * It has to be changed before it can be used.
 */
mustChange: boolean, 
/**
 * Where it is entered.
 */
entry: SecretEntry, };
