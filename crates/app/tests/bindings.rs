//! The window's TypeScript types are generated from `app::view`; this test fails when they are stale.
//! `KAPSEL_UPDATE=1 cargo test -p app --test bindings` writes them anew.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use app::view;
use ts_rs::{Config, TS};

const HEADER: &str = "// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.\n";

fn checked_in() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/lib/bindings")
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    entries
        .map(|entry| entry.expect("readable folder").path())
        .map(|path| {
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("readable binding"))
        })
        .collect()
}

fn generated() -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().expect("temporary folder");
    let config = Config::new().with_out_dir(folder.path()).with_large_int("number");
    macro_rules! export {
        ($($root:ty),*) => { $(<$root>::export_all(&config).expect("exported");)* };
    }
    export!(
        view::StartView,
        view::EncryptionDraft,
        view::EncryptionPlan,
        view::EncryptionDone,
        view::ContainerView,
        view::KeyFileView,
        view::OpenDraft,
        view::OpenDone,
        view::ProgressView,
        view::PasswordStrength,
        view::NewServerDraft,
        view::ShownCertificate,
        view::ServerReport,
        view::KeyCertificateView,
        view::NetworkView,
        view::NetworkDraft,
        view::KeysView,
        view::ReaderReport,
        view::RememberedView
    );
    files(folder.path())
        .into_iter()
        .map(|(name, text)| {
            let body: Vec<_> = text.lines().filter(|line| !line.starts_with("// This file was generated")).collect();
            (name, format!("{HEADER}{}\n", body.join("\n").trim_end()))
        })
        .collect()
}

#[test]
fn bindings_of_the_window_are_those_of_the_code() {
    let generated = generated();
    if std::env::var_os("KAPSEL_UPDATE").is_some() {
        let folder = checked_in();
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("folder of bindings");
        for (name, text) in &generated {
            fs::write(folder.join(name), text).expect("binding written");
        }
    }
    let there = files(&checked_in());
    let stale: Vec<_> =
        generated.keys().chain(there.keys()).filter(|name| generated.get(*name) != there.get(*name)).collect();
    assert!(stale.is_empty(), "{stale:?} are stale: run KAPSEL_UPDATE=1 cargo test -p app --test bindings");
}
