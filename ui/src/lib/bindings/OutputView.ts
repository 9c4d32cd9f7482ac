// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * Where a container will be written.
 */
export type OutputView = { 
/**
 * Names the place in further commands.
 */
id: number, 
/**
 * Base name.
 */
name: string, 
/**
 * The folder, shortened for people.
 */
folder: string, };
