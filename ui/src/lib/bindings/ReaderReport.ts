// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { CardStepReport } from "./CardStepReport";
import type { ErrorView } from "./ErrorView";

/**
 * What a test of a reader has found, step by step up to the first failure.
 */
export type ReaderReport = { 
/**
 * The reader's name.
 */
reader: string, 
/**
 * The steps.
 */
steps: Array<CardStepReport>, 
/**
 * Why its card cannot be used.
 */
problem: ErrorView | null, };
