// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.

/**
 * Every cause that a person can meet.
 */
export type Code = "not_a_recipient" | "wrong_password" | "wrong_key" | "key_file_password" | "key_file_password_needed" | "key_file_unusable" | "recipient_unusable" | "damaged" | "not_a_container" | "old_format" | "unsupported_format" | "unsafe_content" | "limits_exceeded" | "disk_full" | "not_writable" | "not_readable" | "already_exists" | "input_changed" | "no_files" | "no_recipients" | "name_not_allowed" | "duplicate_name" | "not_a_file" | "output_is_input" | "too_many_recipients" | "too_large" | "secret_too_short" | "server_unknown" | "server_unusable" | "server_list_invalid" | "settings_invalid" | "server_pin_mismatch" | "server_unreachable" | "server_timeout" | "server_misbehaved" | "proxy_required" | "capsule_not_found" | "certificate_needed" | "certificate_expired" | "certificate_revoked" | "certificate_refused" | "pin_incorrect" | "pin_blocked" | "pin_cancelled" | "pin_change_required" | "no_pcsc" | "no_reader" | "no_card" | "card_unsupported" | "card_removed" | "directory_unavailable" | "cancelled" | "internal";
