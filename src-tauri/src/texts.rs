//! Titles of native dialogs, from the language files of the window.

use std::{collections::HashMap, sync::LazyLock};

use app::view::Language;
use serde_json::Value;

type Messages = HashMap<String, Value>;

fn messages(json: &str) -> Messages {
    serde_json::from_str(json).expect("language files are JSON; a test of the window checks them")
}

static ET: LazyLock<Messages> = LazyLock::new(|| messages(include_str!("../../ui/messages/et.json")));
static EN: LazyLock<Messages> = LazyLock::new(|| messages(include_str!("../../ui/messages/en.json")));
static RU: LazyLock<Messages> = LazyLock::new(|| messages(include_str!("../../ui/messages/ru.json")));

/// A message by its key; the key itself when it is missing.
pub(crate) fn text(language: Language, key: &'static str) -> &'static str {
    let messages = match language {
        Language::Et => &ET,
        Language::En => &EN,
        Language::Ru => &RU,
    };
    messages.get(key).and_then(Value::as_str).unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialog_has_a_title_in_every_language() {
        for key in crate::dialogs::KEYS {
            for language in [Language::Et, Language::En, Language::Ru] {
                assert_ne!(text(language, key), *key, "{key} in {language:?}");
            }
        }
    }
}
