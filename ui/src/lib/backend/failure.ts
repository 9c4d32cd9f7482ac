import type { ErrorView } from "$lib/bindings/ErrorView";

/** What a command rejected with; anything that is no `ErrorView` becomes an internal one. */
export function asErrorView(thrown: unknown): ErrorView {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && "detail" in thrown) {
    return thrown as ErrorView;
  }
  return failure("internal", { detail: String(thrown) });
}

export function failure(code: ErrorView["code"], more: Partial<ErrorView> = {}): ErrorView {
  return { code, subject: null, number: null, names: [], reason: null, detail: "", ...more };
}
