// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * How the password of a container would be remembered.
 */
export type RememberAs = { 
/**
 * Under which label.
 */
label: string, 
/**
 * Something is remembered under it already, and would be replaced.
 */
replaces: boolean, };
