// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { Existing } from "./Existing";

/**
 * What to do with names that exist or are not allowed here.
 */
export type NameChoice = { 
/**
 * Files that exist.
 */
existing: Existing, 
/**
 * Save names that are not allowed under their proposals.
 */
safeNames: boolean, };
