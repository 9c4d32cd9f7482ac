// Which next steps a failure offers, by its cause and by what was being done.
import type { Code } from "$lib/bindings/Code";
import type { ErrorView } from "$lib/bindings/ErrorView";
import type { OpenDraft } from "$lib/bindings/OpenDraft";

/** What was being done. */
export type Task = "encrypt" | "open" | "keep" | "inspect" | "start";

/** A next step that a button stands for. */
export type Offer =
  /** Do the same once more. */
  | "again"
  | "otherPlace"
  | "replace"
  | "keepBoth"
  | "safeNames"
  | "raiseLimits"
  /** Return to what was filled in. */
  | "back"
  | "otherContainer"
  /** Encrypt what was taken for a container. */
  | "encryptIt"
  | "messageToSender"
  /** Opens that part of the settings; what failed waits below it. */
  | "servers"
  | "network";

/** Limits that a person can raise for one container; the names are those of `app::failure`. */
export function isRaisable({ code, subject }: ErrorView): boolean {
  return code === "limits_exceeded" && (subject === "files" || subject === "total size");
}

/** The first one is the main button. */
export function offers(error: ErrorView, task: Task, draft?: OpenDraft): readonly Offer[] {
  const { code, refused } = error;
  if (task === "inspect" || task === "start") return inspecting(code);
  const writing = task === "open" ? draft : undefined;
  switch (code) {
    case "already_exists":
      return writing ? ["keepBoth", "replace", "otherPlace"] : ["otherPlace", "back"];
    case "unsafe_content":
      // Without a safe name it is a link or the like, which no name makes a file.
      return writing && !writing.names.safeNames && refused.length > 0
        ? ["safeNames", "messageToSender", "back"]
        : ["messageToSender", "back"];
    case "limits_exceeded":
      if (!isRaisable(error)) return ["messageToSender", "back"];
      return writing && !writing.raiseLimits ? ["raiseLimits", "back"] : ["back"];
    case "disk_full":
    case "not_writable":
    case "output_is_input":
      return ["otherPlace", "back"];
    case "damaged":
      return ["messageToSender", "otherContainer"];
    case "capsule_not_found":
    case "capsule_wrong":
    case "certificate_expired":
    case "certificate_revoked":
      return ["messageToSender", "back"];
    case "certificate_refused":
      return ["back", "messageToSender"];
    case "server_unknown":
    case "server_unusable":
    case "server_list_closed":
    case "server_list_invalid":
    case "too_few_share_servers":
      return ["servers", "again", "back"];
    case "settings_invalid":
    case "proxy_required":
      return ["network", "again", "back"];
    case "server_unreachable":
    case "server_timeout":
      return ["again", "network", "back"];
    case "server_pin_mismatch":
      // Somebody else answers: there is no way on from here, not even to trust him.
      return ["back"];
    case "unsupported_format":
    case "old_format":
    case "not_a_container":
      return ["otherContainer"];
    case "input_changed":
    case "not_readable":
    case "server_misbehaved":
    case "directory_unavailable":
    case "signed_too_late":
    case "internal":
      return ["again", "back"];
    default:
      return ["back"];
  }
}

function inspecting(code: Code): readonly Offer[] {
  switch (code) {
    case "damaged":
    case "limits_exceeded":
      return ["messageToSender", "otherContainer"];
    case "not_a_container":
      return ["otherContainer", "encryptIt"];
    case "not_readable":
    case "internal":
      return ["again", "otherContainer"];
    default:
      return ["otherContainer"];
  }
}

/** Failures that are answered at the field where the key was given, not on a page of their own. */
export function belongsToField(code: Code): boolean {
  return (
    code === "wrong_password" ||
    code === "wrong_key" ||
    code === "key_file_password" ||
    code === "key_file_password_needed" ||
    code === "key_file_unusable" ||
    code === "key_file_is_public" ||
    code === "not_a_recipient" ||
    code === "certificate_needed" ||
    code === "keyring_unavailable"
  );
}
