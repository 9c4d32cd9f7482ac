//! Prepares the window's resources, and allows the web view this program's own commands and nothing else.

use std::{fs, path::Path};

/// Every command of `src/commands.rs`; only these can be called, by the permissions that are made of them.
const COMMANDS: &[&str] = &[
    "start",
    "set_language",
    "set_appearance",
    "choose_files",
    "choose_folder",
    "choose_container",
    "chosen_again",
    "choose_recipients",
    "recipient_from",
    "person",
    "plan_encryption",
    "choose_output",
    "encrypt",
    "inspect",
    "choose_key_file",
    "key_file_from",
    "choose_destination",
    "open",
    "encrypt_again",
    "open_with_pin",
    "encrypt_again_with_pin",
    "open_unlocked",
    "encrypt_again_unlocked",
    "lock_again",
    "choose_module",
    "forget_module",
    "test_keys",
    "recipient_from_key",
    "cancel",
    "stop_and_close",
    "reveal",
    "open_file",
    "copy_text",
    "copy_path",
    "password_strength",
    "suggest_password",
    "forget_recent",
    "choose_certificate",
    "certificate_from",
    "servers",
    "choose_servers",
    "test_server",
    "import_servers",
    "look_at_server",
    "add_server",
    "look_at_certificates",
    "pin_server",
    "remove_server",
    "network",
    "set_network",
    "remembered",
    "forget_remembered",
];

fn main() {
    // Checks of the Rust code alone need no built interface.
    let index = Path::new("../ui/dist/index.html");
    if !index.exists() {
        let placeholder = "<!doctype html><title>Kapsel</title>The interface is not built: npm --prefix ui run build";
        let _ = fs::create_dir_all("../ui/dist").and_then(|()| fs::write(index, placeholder));
    }
    println!("cargo::rerun-if-changed=../ui/dist");
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest)).expect("resources of the window");
}
