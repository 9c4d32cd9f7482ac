// The one table of words for failures: what happened, why, and what to do next.
import type { Code } from "$lib/bindings/Code";
import type { ErrorView } from "$lib/bindings/ErrorView";
import type { NameReason } from "$lib/bindings/NameReason";
import { m } from "$lib/paraglide/messages";
import { isRaisable, type Offer, type Task } from "$lib/state/offers";

import { isolated, list, number, size } from "./format";
import { serverNames } from "./servers.svelte";

export interface Words {
  /** What happened, in a few words. */
  readonly title: string;
  /** What it means. */
  readonly text: string;
  /** What to do about it. */
  readonly next: string;
}

/** Quotes what the failure is about, or says "the file". */
function subject(error: ErrorView): string {
  return error.subject ? m.quoted({ text: isolated(error.subject) }) : m.the_file();
}

/** The server that the failure is about. */
function server(error: ErrorView): string {
  return error.subject === null ? "?" : serverNames.of(error.subject);
}

/** Names the server where the failure does. */
function atServer(error: ErrorView, named: (about: { server: string }) => string, otherwise: () => string): string {
  return error.subject === null ? otherwise() : named({ server: server(error) });
}

function left(error: ErrorView): string {
  return m.tries_left({ count: error.number ?? 0 });
}

/** That only some of the entries were tried, where it is so. */
function untried({ number: count }: ErrorView): string | null {
  return count === null ? null : m.error_untried({ count });
}

function words(title: string, text: string, next: string): Words {
  return { title, text, next };
}

const reasons: Record<NameReason["kind"], (about: { character: string }) => string> = {
  empty: () => m.name_empty(),
  character: ({ character }) => m.name_character({ character }),
  hidden: () => m.name_hidden(),
  outerSpace: () => m.name_outer_space(),
  leadingDash: () => m.name_leading_dash(),
  trailingDot: () => m.name_trailing_dot(),
  device: () => m.name_device(),
  tooLong: () => m.name_too_long(),
  encoding: () => m.name_encoding(),
  duplicate: () => m.name_duplicate(),
};

/** What is wrong with a name. */
export function nameReason(reason: NameReason): string {
  return reasons[reason.kind]({ character: "character" in reason ? reason.character : "" });
}

/** The sentence, and then what is wrong with the name, where that is told. */
function withReason(sentence: string, { reason }: ErrorView): string {
  return reason === null ? sentence : `${sentence} ${nameReason(reason)}`;
}

/** For whom it is, of the keys and passwords that were not tried. */
function otherRecipients({ names }: ErrorView): Words {
  const people = names.filter((name) => name !== "").map(isolated);
  const byPassword = people.length < names.length;
  const title = m.error_not_a_recipient();
  if (byPassword && people.length === 0) {
    return words(title, m.error_opens_with_password(), m.error_opens_with_password_next());
  }
  const text = people.length > 0 ? m.error_not_a_recipient_names({ names: list(people) }) : m.error_not_a_recipient_text();
  return words(title, byPassword ? `${text} ${m.error_opens_with_password_too()}` : text, m.error_not_a_recipient_next());
}

/** Names that others can stand for, or something that is no file whatever it is called. */
function unsafe(error: ErrorView): Words {
  if (error.refused.length > 0) {
    const count = { count: refusedNames(error) };
    return words(m.error_unsafe_content(count), m.error_unsafe_content_text(count), m.error_unsafe_content_next(count));
  }
  return words(
    m.error_unsafe_content_other(),
    m.error_unsafe_content_other_text({ name: subject(error) }),
    m.error_unsafe_content_other_next(),
  );
}

/** How many file names are refused, of which only the first are told. */
export function refusedNames({ number, refused }: ErrorView): number {
  return Math.max(number ?? 0, refused.length);
}

const table: Record<Code, (error: ErrorView) => Words> = {
  not_a_recipient: otherRecipients,
  wrong_password: (error) =>
    // The field for the password shows only what to do next.
    words(
      m.error_wrong_password(),
      untried(error) ?? m.error_wrong_password_text(),
      untried(error) ?? m.error_wrong_password_next(),
    ),
  wrong_key: (error) => words(m.error_wrong_key(), untried(error) ?? m.error_wrong_key_text(), m.error_wrong_key_next()),
  key_file_password: () =>
    words(m.error_key_file_password(), m.error_key_file_password_text(), m.error_key_file_password_next()),
  key_file_password_needed: () =>
    words(
      m.error_key_file_password_needed(),
      m.error_key_file_password_needed_text(),
      m.error_key_file_password_needed_next(),
    ),
  key_file_unusable: (error) =>
    words(
      m.error_key_file_unusable(),
      m.error_key_file_unusable_text({ name: subject(error) }),
      m.error_key_file_unusable_next(),
    ),
  key_file_is_public: (error) =>
    words(
      m.error_key_file_is_public(),
      m.error_key_file_is_public_text({ name: subject(error) }),
      m.error_key_file_is_public_next(),
    ),
  recipient_unusable: (error) =>
    words(
      m.error_recipient_unusable(),
      m.error_recipient_unusable_text({ name: subject(error) }),
      m.error_recipient_unusable_next(),
    ),
  recipient_is_private: (error) =>
    words(
      m.error_recipient_is_private(),
      m.error_recipient_is_private_text({ name: subject(error) }),
      m.error_recipient_is_private_next(),
    ),
  recipient_key_weak: (error) =>
    words(
      m.error_recipient_key_weak(),
      m.error_recipient_key_weak_text({ name: subject(error), bits: error.number ?? 0 }),
      m.error_recipient_key_weak_next(),
    ),
  recipient_expired: (error) =>
    words(
      m.error_recipient_expired(),
      m.error_recipient_expired_text({ name: subject(error) }),
      m.error_recipient_expired_next(),
    ),
  personal_code_wrong: () =>
    words(m.error_personal_code_wrong(), m.error_personal_code_wrong_text(), m.error_personal_code_wrong_next()),
  not_a_person: (error) =>
    words(m.error_not_a_person(), m.error_not_a_person_text({ name: subject(error) }), m.error_not_a_person_next()),
  damaged: () => words(m.error_damaged(), m.error_damaged_text(), m.error_damaged_next()),
  // Nothing at all is what a broken download or a full disk leaves.
  not_a_container: (error) =>
    error.number === 0
      ? words(m.error_empty_container(), m.error_empty_container_text(), m.error_empty_container_next())
      : words(m.error_not_a_container(), m.error_not_a_container_text(), m.error_not_a_container_next()),
  old_format: () => words(m.error_old_format(), m.error_old_format_text(), m.error_old_format_next()),
  unsupported_format: (error) =>
    words(
      m.error_unsupported_format(),
      error.subject === null
        ? m.error_unsupported_records_text()
        : m.error_unsupported_format_text({ version: error.subject }),
      m.error_unsupported_format_next(),
    ),
  unsafe_content: unsafe,
  limits_exceeded: limit,
  disk_full: () => words(m.error_disk_full(), m.error_disk_full_text(), m.error_disk_full_next()),
  not_writable: (error) =>
    words(m.error_not_writable(), m.error_not_writable_text({ name: subject(error) }), m.error_not_writable_next()),
  not_readable: (error) =>
    words(m.error_not_readable(), m.error_not_readable_text({ name: subject(error) }), m.error_not_readable_next()),
  program_not_opened: (error) =>
    words(
      m.error_program_not_opened(),
      m.error_program_not_opened_text({ name: subject(error) }),
      m.error_program_not_opened_next(),
    ),
  already_exists: (error) =>
    words(m.error_already_exists(), m.error_already_exists_text({ name: subject(error) }), m.error_already_exists_next()),
  input_changed: (error) =>
    words(m.error_input_changed(), m.error_input_changed_text({ name: subject(error) }), m.error_input_changed_next()),
  no_files: () => words(m.error_no_files(), m.error_no_files_text(), m.error_no_files_next()),
  no_recipients: () => words(m.error_no_recipients(), m.error_no_recipients_text(), m.error_no_recipients_next()),
  name_not_allowed: (error) =>
    words(
      m.error_name_not_allowed(),
      withReason(m.error_name_not_allowed_text({ name: subject(error) }), error),
      m.error_name_not_allowed_next(),
    ),
  duplicate_name: (error) =>
    words(m.error_duplicate_name(), m.error_duplicate_name_text({ name: subject(error) }), m.error_duplicate_name_next()),
  not_a_file: (error) =>
    words(m.error_not_a_file(), m.error_not_a_file_text({ name: subject(error) }), m.error_not_a_file_next()),
  output_is_input: (error) =>
    words(
      m.error_output_is_input(),
      m.error_output_is_input_text({ name: subject(error) }),
      m.error_output_is_input_next(),
    ),
  too_many_recipients: () =>
    words(m.error_too_many_recipients(), m.error_too_many_recipients_text(), m.error_too_many_recipients_next()),
  too_large: () => words(m.error_too_large(), m.error_too_large_text(), m.error_too_large_next()),
  secret_too_short: () =>
    words(m.error_secret_too_short(), m.error_secret_too_short_text(), m.error_secret_too_short_next()),
  server_unknown: (error) =>
    words(
      m.error_server_unknown(),
      m.error_server_unknown_text({ server: server(error) }),
      m.error_server_unknown_next(),
    ),
  server_unusable: (error) =>
    words(
      m.error_server_unusable(),
      m.error_server_unusable_text({ server: server(error) }),
      m.error_server_unusable_next(),
    ),
  server_list_closed: () => words(m.error_list_closed(), m.error_list_closed_text(), m.error_list_closed_next()),
  too_few_share_servers: (error) =>
    words(
      m.error_too_few_share_servers(),
      m.error_too_few_share_servers_text({ count: error.number ?? 0 }),
      m.error_too_few_share_servers_next(),
    ),
  server_list_invalid: () =>
    words(m.error_server_list_invalid(), m.error_server_list_invalid_text(), m.error_server_list_invalid_next()),
  server_list_superseded: () =>
    words(
      m.error_server_list_superseded(),
      m.error_server_list_superseded_text(),
      m.error_server_list_superseded_next(),
    ),
  settings_invalid: ({ subject: file, number: line }) =>
    words(
      m.error_settings_invalid(),
      file && line ? m.error_settings_invalid_file({ file, line }) : m.error_settings_invalid_text(),
      m.error_settings_invalid_next(),
    ),
  server_pin_mismatch: (error) =>
    words(
      m.error_server_pin_mismatch(),
      m.error_server_pin_mismatch_text({ server: server(error) }),
      m.error_server_pin_mismatch_next(),
    ),
  server_unreachable: (error) =>
    words(
      m.error_server_unreachable(),
      m.error_server_unreachable_text({ server: server(error) }),
      m.error_server_unreachable_next(),
    ),
  server_timeout: (error) =>
    words(
      m.error_server_timeout(),
      m.error_server_timeout_text({ server: server(error) }),
      m.error_server_timeout_next(),
    ),
  server_misbehaved: (error) =>
    words(
      m.error_server_misbehaved(),
      m.error_server_misbehaved_text({ server: server(error) }),
      m.error_server_misbehaved_next(),
    ),
  proxy_required: (error) =>
    words(
      m.error_proxy_required(),
      atServer(error, m.error_proxy_required_server, m.error_proxy_required_text),
      m.error_proxy_required_next(),
    ),
  capsule_not_found: (error) =>
    words(
      m.error_capsule_not_found(),
      atServer(error, m.error_capsule_not_found_server, m.error_capsule_not_found_text),
      m.error_capsule_not_found_next(),
    ),
  capsule_wrong: (error) =>
    words(
      m.error_capsule_wrong(),
      atServer(error, m.error_capsule_wrong_server, m.error_capsule_wrong_text),
      m.error_capsule_wrong_next(),
    ),
  signed_too_late: () =>
    words(m.error_signed_too_late(), m.error_signed_too_late_text(), m.error_signed_too_late_next()),
  certificate_needed: (error) =>
    words(
      m.error_certificate_needed(),
      atServer(error, m.error_certificate_needed_server, m.error_certificate_needed_text),
      m.error_certificate_needed_next(),
    ),
  certificate_expired: (error) =>
    words(
      m.error_certificate_expired(),
      atServer(error, m.error_certificate_expired_server, m.error_certificate_expired_text),
      m.error_certificate_expired_next(),
    ),
  certificate_revoked: (error) =>
    words(
      m.error_certificate_revoked(),
      atServer(error, m.error_certificate_revoked_server, m.error_certificate_revoked_text),
      m.error_certificate_revoked_next(),
    ),
  certificate_refused: (error) =>
    words(
      m.error_certificate_refused(),
      atServer(error, m.error_certificate_refused_server, m.error_certificate_refused_text),
      m.error_certificate_refused_next(),
    ),
  pin_incorrect: (error) => words(m.error_pin_incorrect(), left(error), m.error_pin_incorrect_next()),
  pin_last_try: () => words(m.error_pin_last_try(), m.error_pin_last_try_text(), m.error_pin_last_try_next()),
  pin_blocked: (error) =>
    words(
      m.error_pin_blocked(),
      m.error_pin_blocked_text(),
      isOfToken(error) ? m.token_pin_blocked_next() : m.error_pin_blocked_next(),
    ),
  pin_cancelled: () => words(m.error_pin_cancelled(), m.error_pin_cancelled_text(), m.error_pin_cancelled_next()),
  pin_timeout: () => words(m.error_pin_timeout(), m.error_pin_timeout_text(), m.error_pin_timeout_next()),
  pin_change_required: (error) =>
    isOfToken(error)
      ? words(m.error_pin_change_required(), m.token_pin_change_text(), m.token_pin_change_next())
      : words(m.error_pin_change_required(), m.error_pin_change_required_text(), m.error_pin_change_required_next()),
  no_pcsc: ({ subject }) =>
    subject === "permission"
      ? words(m.error_no_pcsc_denied(), m.error_no_pcsc_denied_text(), m.error_no_pcsc_denied_next())
      : words(m.error_no_pcsc(), m.error_no_pcsc_text(), m.error_no_pcsc_next()),
  no_reader: () => words(m.error_no_reader(), m.error_no_reader_text(), m.error_no_reader_next()),
  no_card: () => words(m.error_no_card(), m.error_no_card_text(), m.error_no_card_next()),
  card_unsupported: ({ subject }) =>
    subject === "mute"
      ? words(m.error_card_mute(), m.error_card_mute_text(), m.error_card_mute_next())
      : words(m.error_card_unsupported(), m.error_card_unsupported_text(), m.error_card_unsupported_next()),
  card_removed: () => words(m.error_card_removed(), m.error_card_removed_text(), m.error_card_removed_next()),
  card_busy: () => words(m.error_card_busy(), m.error_card_busy_text(), m.error_card_busy_next()),
  no_token: () => words(m.error_no_token(), m.error_no_token_text(), m.error_no_token_next()),
  token_unusable: () => words(m.error_token_unusable(), m.error_token_unusable_text(), m.error_token_unusable_next()),
  // With a subject, the keyring is there, and has it no more.
  keyring_unavailable: (error) =>
    error.subject === null
      ? words(m.error_keyring_unavailable(), m.error_keyring_unavailable_text(), m.error_keyring_unavailable_next())
      : words(m.error_keyring_gone({ label: subject(error) }), m.error_keyring_gone_text(), m.error_keyring_gone_next()),
  directory_unavailable: (error) =>
    words(
      m.error_directory_unavailable(),
      m.error_directory_unavailable_text({ server: server(error) }),
      m.error_directory_unavailable_next(),
    ),
  cancelled: () => words(m.error_cancelled(), m.error_cancelled_text(), m.error_cancelled_next()),
  internal: () => words(m.error_internal(), m.error_internal_text(), m.error_internal_next()),
};

/** Every cause. */
export const codes = Object.keys(table) as Code[];

/** The words for a failure. */
export function errorWords(error: ErrorView): Words {
  const found = table[error.code](error);
  if (!aboutServers.has(error.code) || error.number === null || error.names.length === 0) return found;
  const count = error.number;
  const alone = error.names.length === 1 && error.names[0] === error.subject;
  // Of a key in parts, which servers are missing says more than the first of them.
  const servers = list(error.names.map((id) => serverNames.of(id)));
  const needed = alone ? m.error_all_needed({ count }) : m.error_all_needed_missing({ count, servers });
  return { ...found, text: `${found.text} ${needed}` };
}

/** Failures that may be those of one of several servers, all of which are needed. */
const aboutServers: ReadonlySet<Code> = new Set([
  "server_unknown",
  "server_unusable",
  "server_pin_mismatch",
  "server_unreachable",
  "server_timeout",
  "server_misbehaved",
  "proxy_required",
  "capsule_not_found",
  "certificate_expired",
  "certificate_revoked",
  "certificate_refused",
]);

/** Which limit of the reader it was; the names are those of `app::failure`. */
function limit(error: ErrorView): Words {
  const most = error.number ?? 0;
  const next = isRaisable(error) ? m.error_limits_exceeded_next() : m.error_limits_fixed_next();
  switch (error.subject) {
    case "files":
      return words(m.error_limits_exceeded(), m.limit_files({ limit: number(most) }), next);
    case "total size":
      return words(m.error_limits_exceeded(), m.limit_size({ limit: size(most) }), next);
    case "name length":
      return words(m.error_limits_exceeded(), m.limit_name({ limit: number(most) }), next);
    case "recipient records":
      return words(m.error_limits_exceeded(), m.limit_records(), m.limit_records_next());
    case "password iterations":
      return words(m.error_iterations(), m.limit_iterations({ limit: number(most) }), m.error_iterations_next());
    default:
      return words(m.error_limits_exceeded(), m.limit_other(), next);
  }
}

/** Failures after which the same container would fail again. */
const sameAgainIsNoHelp: ReadonlySet<Code> = new Set([
  "limits_exceeded",
  "capsule_not_found",
  "certificate_expired",
  "certificate_revoked",
  "certificate_refused",
]);

/** What to write to the sender of a container that cannot be opened. */
export function messageToSender(error: ErrorView, container: string | null): string {
  const name = container ?? m.the_file();
  if (error.code === "unsafe_content" && error.refused.length === 0) {
    return m.message_plain_files({ name, subject: error.subject ?? "?" });
  }
  if (sameAgainIsNoHelp.has(error.code)) return m.message_encrypt_again({ name, reason: errorWords(error).title });
  return m.message_to_sender({ name, reason: errorWords(error).title });
}

/** What surely holds after the failure, to put the person at ease. */
export function reassurance(task: Task): string | null {
  switch (task) {
    case "encrypt":
    case "keep":
      return m.reassure_encrypt();
    case "open":
      return m.reassure_open();
    default:
      return null;
  }
}

/** What the button of a next step says. */
export function offerWords(offer: Offer, { task, error }: { task: Task; error: ErrorView }): string {
  switch (offer) {
    case "again":
      return m.offer_again();
    case "otherPlace":
      return m.offer_other_place();
    case "replace":
      return m.offer_replace();
    case "keepBoth":
      return m.offer_keep_both();
    case "safeNames":
      return m.offer_safe_names({ count: refusedNames(error) });
    case "raiseLimits":
      return m.offer_raise_limits();
    case "back":
      return task === "encrypt" ? m.offer_back_to_encrypt() : m.offer_back();
    case "otherContainer":
      return m.offer_other_container();
    case "encryptIt":
      return m.offer_encrypt_it();
    case "messageToSender":
      return m.offer_message_to_sender();
    case "servers":
      return m.server_settings();
    case "network":
      return m.network_settings();
  }
}

/** What to copy for support: English, without secrets. */
export function technical(error: ErrorView, version: string): string {
  const lines = [
    `Kapsel ${version}`,
    `code: ${error.code}`,
    error.subject === null ? null : `subject: ${error.subject}`,
    error.number === null ? null : `number: ${error.number}`,
    error.detail ? `detail: ${error.detail}` : null,
  ];
  return lines
    .filter((line) => line !== null)
    .map(escaped)
    .join("\n");
}

/** What names in it may have that reorders or hides text, as one can read and copy it. */
function escaped(line: string): string {
  const code = (character: string) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  return line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, code);
}

/** Whether a PIN is a token's, not a card's. */
function isOfToken({ subject }: ErrorView): boolean {
  return subject === "token";
}

/** The list of what is remembered, which is no network setting. */
export function rememberedFileWords(error: ErrorView): Words {
  const file = isolated(error.subject ?? "remembered.toml");
  return words(m.remembered_broken(), m.remembered_broken_text({ file }), m.remembered_broken_next());
}

/** Why a password was not remembered after it had opened a container. */
export function notRememberedWords(error: ErrorView): string {
  if (error.code === "keyring_unavailable") return m.not_remembered_keyring();
  const { title, text, next } = error.code === "settings_invalid" ? rememberedFileWords(error) : errorWords(error);
  return `${title}. ${text} ${next}`;
}
