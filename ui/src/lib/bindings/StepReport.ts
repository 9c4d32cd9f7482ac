// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { ServerStep } from "./ServerStep";

/**
 * What a step found.
 */
export type StepReport = { 
/**
 * Which step.
 */
step: ServerStep, 
/**
 * Whether it was right.
 */
good: boolean, 
/**
 * Technical detail in English.
 */
detail: string, };
