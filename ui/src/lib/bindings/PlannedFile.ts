// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { ErrorView } from "./ErrorView";

/**
 * A file of a plan.
 */
export type PlannedFile = { 
/**
 * Which file.
 */
id: number, 
/**
 * Name in the container.
 */
name: string, 
/**
 * Bytes.
 */
size: number, 
/**
 * Why it cannot be encrypted so.
 */
problem: ErrorView | null, 
/**
 * A name that would be allowed, when the name is the problem.
 */
safeName: string | null, };
