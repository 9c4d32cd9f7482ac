// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { NameReason } from "./NameReason";

/**
 * A file name in a container that is refused.
 */
export type RefusedName = { 
/**
 * The name, safe to show.
 */
name: string, 
/**
 * Why.
 */
reason: NameReason, 
/**
 * Under which name the file is saved when safe names are accepted.
 */
safeName: string, 
/**
 * The reason in English, for support.
 */
detail: string, };
