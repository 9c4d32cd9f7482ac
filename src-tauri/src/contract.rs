//! What the window's page, this program and its permissions must agree on.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

fn source(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("it is part of the sources")
}

/// The quoted or bare names between two marks.
fn names(text: &str, from: &str, to: &str) -> BTreeSet<String> {
    let (_, rest) = text.split_once(from).expect("the list begins");
    let (list, _) = rest.split_once(to).expect("the list ends");
    let name = |item: &str| item.trim().trim_start_matches("commands::").trim_matches('"').to_owned();
    list.split(',').map(name).filter(|name| !name.is_empty()).collect()
}

fn capability() -> Value {
    serde_json::from_str(&source("capabilities/main.json")).expect("a capability")
}

fn policy() -> String {
    let settings: Value = serde_json::from_str(&source("tauri.conf.json")).expect("settings");
    settings["app"]["security"]["csp"].as_str().expect("a policy").to_owned()
}

#[test]
fn the_page_and_the_program_know_the_same_commands() {
    let registered = names(&source("src/main.rs"), "generate_handler![", "]");
    assert!(registered.len() > 20, "{registered:?}");
    assert_eq!(names(&source("build.rs"), "COMMANDS: &[&str] = &[", "]"), registered);
    assert_eq!(names(&source("../ui/src/lib/backend/commands.ts"), "commandNames = [", "]"), registered);
}

#[test]
fn the_page_may_call_these_commands_and_listen_and_nothing_else() {
    let capability = capability();
    assert_eq!(capability["windows"], serde_json::json!(["main"]));
    assert_eq!(capability.get("remote"), None, "no page from elsewhere");
    let allowed: BTreeSet<_> = capability["permissions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| it.as_str().expect("a name").to_owned())
        .collect();
    let commands = names(&source("src/main.rs"), "generate_handler![", "]");
    let mut expected: BTreeSet<_> = commands.iter().map(|name| format!("allow-{}", name.replace('_', "-"))).collect();
    expected.extend(["core:event:allow-listen", "core:event:allow-unlisten"].map(str::to_owned));
    assert_eq!(allowed, expected);
}

#[test]
fn no_command_takes_a_path_from_the_page() {
    let commands = source("src/commands.rs");
    let signatures = commands.split("#[tauri::command]").skip(1).map(|rest| rest.split('{').next().unwrap_or_default());
    for signature in signatures {
        assert!(!signature.contains("Path"), "{signature}");
    }
    for file in ["EncryptionDraft.ts", "OpenDraft.ts", "DraftFile.ts"] {
        let text = source(&format!("../ui/src/lib/bindings/{file}"));
        assert!(!text.contains("path") && !text.contains("folder"), "{file}");
    }
}

#[test]
fn the_policy_allows_what_the_program_brings_and_nothing_inline() {
    let policy = policy();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("https:") && !policy.contains('*'), "{policy}");
    // The interface's own tests run the page under the same policy.
    let tested = source("../ui/tests/source/bundle.test.ts");
    let (_, tested) = tested.split_once("const POLICY =").expect("the policy under test");
    let (tested, _) = tested.split_once(';').map(|_| tested.split_once(";\n").expect("its end")).expect("its end");
    let tested: String = tested.split('"').skip(1).step_by(2).collect();
    assert_eq!(tested, policy);
}
