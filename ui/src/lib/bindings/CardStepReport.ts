// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { CardStep } from "./CardStep";

/**
 * A step on the way to a card that can be used.
 */
export type CardStepReport = { 
/**
 * What was looked at.
 */
step: CardStep, 
/**
 * Whether it is in order.
 */
good: boolean, 
/**
 * What was found: an ATR, a name; technical, in English where it is a sentence.
 */
detail: string, 
/**
 * A point in time that belongs to it, unix seconds.
 */
until: number | null, };
