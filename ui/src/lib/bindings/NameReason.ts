// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * Why a file name is refused.
 */
export type NameReason = "character" | "invisible" | "ends" | "device" | "too_long" | "duplicate" | "not_text";
