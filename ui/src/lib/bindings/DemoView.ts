// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * A card to try the program with, which `make run` put into a reader.
 */
export type DemoView = { 
/**
 * Its holder, as it tells it.
 */
holder: string, 
/**
 * Its PIN1, which is no secret.
 */
pin: string, };
