// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * How a key asks for its secret.
 */
export type SecretView = { 
/**
 * Fewest digits.
 */
least: number, 
/**
 * Most digits.
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
 * It is entered on the reader's PIN pad, and never comes into this computer.
 */
onReader: boolean, };
