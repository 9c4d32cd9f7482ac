// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * What the person should know about a plan.
 */
export type PlanWarning = "manyFiles" | "filesBeyondLimit";
