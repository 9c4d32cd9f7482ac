// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { ErrorView } from "./ErrorView";
import type { ReaderState } from "./ReaderState";

/**
 * A reader, and what is in it.
 */
export type ReaderStateView = { 
/**
 * The reader's name.
 */
name: string, 
/**
 * What the card answered when it was put in, in hex.
 */
atr: string | null, 
/**
 * How it stands with what is in it.
 */
state: ReaderState, 
/**
 * The key in it, by its `id`.
 */
identity: string | null, 
/**
 * Why there is none to use.
 */
problem: ErrorView | null, };
