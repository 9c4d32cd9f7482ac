// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * A saved file.
 */
export type SavedFile = { 
/**
 * Names the file in further commands.
 */
id: number, 
/**
 * Name as saved.
 */
name: string, 
/**
 * Bytes.
 */
size: number, 
/**
 * Name in the container, when it was saved under another one.
 */
originalName: string | null, 
/**
 * A program or script, which would run: it is shown in its folder and not opened.
 */
isProgram: boolean, };
