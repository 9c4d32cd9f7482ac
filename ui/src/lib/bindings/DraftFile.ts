// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * One file of a draft.
 */
export type DraftFile = { 
/**
 * Which file.
 */
id: number, 
/**
 * Another name in the container than the file has.
 */
name: string | null, };
