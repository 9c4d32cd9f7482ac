// Generated from crates/app/src/view.rs by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { ErrorView } from "./ErrorView";

/**
 * A key file that the person chose.
 */
export type KeyFileView = { 
/**
 * Names the key in further commands.
 */
id: number, 
/**
 * Base name.
 */
name: string, 
/**
 * Whether a password protects it.
 */
needsPassword: boolean, 
/**
 * Positions of the records it opens; empty when unknown until its password is given.
 */
fits: Array<number>, 
/**
 * Why it cannot be used.
 */
problem: ErrorView | null, };
