// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { RecordProblemKind } from "./RecordProblemKind";

/**
 * Why nobody can use a record with this version.
 */
export type RecordProblem = { 
/**
 * Whose fault it is.
 */
kind: RecordProblemKind, 
/**
 * Technical detail in English.
 */
detail: string, };
