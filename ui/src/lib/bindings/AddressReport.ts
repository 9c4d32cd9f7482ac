// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { StepReport } from "./StepReport";

/**
 * What was found at an address.
 */
export type AddressReport = { 
/**
 * Host and port.
 */
address: string, 
/**
 * In order, up to the first that failed.
 */
steps: Array<StepReport>, };
