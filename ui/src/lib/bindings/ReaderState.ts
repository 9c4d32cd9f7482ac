// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * How it stands with a reader.
 */
export type ReaderState = "empty" | "reading" | "ready" | "failed";
