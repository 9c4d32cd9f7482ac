// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * What no honest server does.
 */
export type DeceitKind = "wrongCapsule" | "anotherKey" | "certificateNotInOrder" | "foreignNonce" | "misbehaved";
