// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * What is wrong with a file's name.
 */
export type NameReason = { "kind": "empty" } | { "kind": "character", 
/**
 * The first of them.
 */
character: string, } | { "kind": "hidden" } | { "kind": "outerSpace" } | { "kind": "leadingDash" } | { "kind": "trailingDot" } | { "kind": "device" } | { "kind": "tooLong" } | { "kind": "encoding" } | { "kind": "duplicate" };
