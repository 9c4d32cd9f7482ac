// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { Appearance } from "./Appearance";
import type { DemoView } from "./DemoView";
import type { Incoming } from "./Incoming";
import type { KeysView } from "./KeysView";
import type { Language } from "./Language";
import type { RecentView } from "./RecentView";
import type { ServersView } from "./ServersView";

/**
 * What the window needs when it starts.
 */
export type StartView = { 
/**
 * Version of the program.
 */
version: string, 
/**
 * Chosen or the system's language.
 */
language: Language, 
/**
 * Chosen appearance.
 */
appearance: Appearance, 
/**
 * Containers used last, newest first, at most 5.
 */
recent: Array<RecentView>, 
/**
 * The servers of all lists.
 */
servers: ServersView, 
/**
 * The keys at hand, as far as they are known yet.
 */
keys: KeysView, 
/**
 * A card to try the program with.
 */
demo: DemoView | null, 
/**
 * Files given as arguments.
 */
incoming: Incoming | null, };
