// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { ProgressStep } from "./ProgressStep";
import type { ServerProgress } from "./ServerProgress";

/**
 * How far the running operation is.
 */
export type ProgressView = { 
/**
 * What is being done.
 */
step: ProgressStep, 
/**
 * Bytes of this step done.
 */
done: number, 
/**
 * Bytes of this step in all, when known.
 */
total: number | null, 
/**
 * Bytes a second, over the last seconds.
 */
rate: number, 
/**
 * Seconds left of this step, when they can be told.
 */
remaining: number | null, 
/**
 * The servers of this step, when it has some.
 */
servers: Array<ServerProgress>, };
