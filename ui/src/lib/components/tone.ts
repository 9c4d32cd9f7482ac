/** What something says by its colour; the colours stand in `base.css`. */
export type Tone = "info" | "ok" | "warn" | "bad";
