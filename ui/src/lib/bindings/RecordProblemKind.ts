// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * Whose fault it is that a record is not usable.
 */
export type RecordProblemKind = "unknown" | "broken" | "tooManyIterations";
