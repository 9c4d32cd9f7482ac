// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { RememberedSecret } from "./RememberedSecret";

/**
 * A secret that is remembered.
 */
export type RememberedView = { 
/**
 * What containers call it, and further commands.
 */
label: string, 
/**
 * What it is.
 */
kind: RememberedSecret, };
