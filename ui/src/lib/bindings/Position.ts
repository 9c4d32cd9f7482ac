// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * A place in the window, in CSS pixels.
 */
export type Position = { 
/**
 * From the left.
 */
x: number, 
/**
 * From the top.
 */
y: number, };
