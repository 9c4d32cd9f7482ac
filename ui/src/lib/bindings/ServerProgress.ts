// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { Code } from "./Code";
import type { ServerState } from "./ServerState";

/**
 * How far a server is that capsules are brought to or fetched from.
 */
export type ServerProgress = { 
/**
 * Identifier.
 */
id: string, 
/**
 * For people.
 */
name: string, 
/**
 * How far.
 */
state: ServerState, 
/**
 * Why it failed.
 */
code: Code | null, };
