//! Native dialogs. What a person chooses in one is what the window may use afterwards.

use std::path::{Path, PathBuf};

use app::view::Language;
use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt, FileDialogBuilder, FilePath};

use crate::texts::text;

/// Messages used here.
#[cfg(test)]
pub(crate) const KEYS: &[&str] = &[
    "dialog_choose_files",
    "dialog_choose_folder",
    "dialog_choose_container",
    "dialog_choose_recipients",
    "dialog_choose_key",
    "dialog_choose_certificate",
    "dialog_choose_module",
    "dialog_import_servers",
    "dialog_save_container",
    "dialog_choose_destination",
    "filter_containers",
    "filter_keys",
    "filter_certificates",
    "filter_modules",
    "filter_server_lists",
    "filter_all",
];

/// Opens dialogs over the window, in one language. Blocks; never call it on the main thread.
pub(crate) struct Dialogs<'a> {
    pub(crate) app: &'a AppHandle,
    pub(crate) language: Language,
}

impl Dialogs<'_> {
    fn dialog(&self, title: &'static str) -> FileDialogBuilder<tauri::Wry> {
        let dialog = self.app.dialog().file().set_title(text(self.language, title));
        match crate::window(self.app) {
            Some(window) => dialog.set_parent(&window),
            None => dialog,
        }
    }

    fn filtered(
        &self,
        title: &'static str,
        filter: &'static str,
        extensions: &[&str],
    ) -> FileDialogBuilder<tauri::Wry> {
        self.dialog(title)
            .add_filter(text(self.language, filter), extensions)
            .add_filter(text(self.language, "filter_all"), &["*"])
    }

    pub(crate) fn files(&self) -> Option<Vec<PathBuf>> {
        Some(paths(self.dialog("dialog_choose_files").blocking_pick_files()?))
    }

    pub(crate) fn folder(&self) -> Option<PathBuf> {
        self.dialog("dialog_choose_folder").blocking_pick_folder()?.into_path().ok()
    }

    pub(crate) fn container(&self) -> Option<PathBuf> {
        let dialog = self.filtered("dialog_choose_container", "filter_containers", &["cdoc2", "cdoc"]);
        dialog.blocking_pick_file()?.into_path().ok()
    }

    pub(crate) fn recipients(&self) -> Option<Vec<PathBuf>> {
        let extensions = ["pem", "cer", "crt", "der", "pub"];
        let dialog = self.filtered("dialog_choose_recipients", "filter_certificates", &extensions);
        Some(paths(dialog.blocking_pick_files()?))
    }

    pub(crate) fn key(&self) -> Option<PathBuf> {
        let dialog = self.filtered("dialog_choose_key", "filter_keys", &["pem", "key", "der", "p12", "pfx", "p8"]);
        dialog.blocking_pick_file()?.into_path().ok()
    }

    pub(crate) fn certificate(&self) -> Option<PathBuf> {
        let extensions = ["pem", "cer", "crt", "der"];
        let dialog = self.filtered("dialog_choose_certificate", "filter_certificates", &extensions);
        dialog.blocking_pick_file()?.into_path().ok()
    }

    pub(crate) fn module(&self) -> Option<PathBuf> {
        let dialog = self.filtered("dialog_choose_module", "filter_modules", &["so", "dylib", "dll", "0"]);
        dialog.blocking_pick_file()?.into_path().ok()
    }

    pub(crate) fn server_list(&self) -> Option<PathBuf> {
        let dialog = self.filtered("dialog_import_servers", "filter_server_lists", &["json"]);
        dialog.blocking_pick_file()?.into_path().ok()
    }

    /// Asks before it gives the name of a file that exists.
    pub(crate) fn save_container(&self, current: &Path) -> Option<PathBuf> {
        let dialog = self.filtered("dialog_save_container", "filter_containers", &["cdoc2"]);
        let chosen = beside(dialog, current).blocking_save_file()?.into_path().ok()?;
        Some(if chosen.extension().is_some() { chosen } else { chosen.with_extension("cdoc2") })
    }

    pub(crate) fn destination(&self, current: &Path) -> Option<PathBuf> {
        let mut dialog = self.dialog("dialog_choose_destination").set_can_create_directories(true);
        if let Some(folder) = current.parent() {
            dialog = dialog.set_directory(folder);
        }
        dialog.blocking_pick_folder()?.into_path().ok()
    }
}

fn beside(dialog: FileDialogBuilder<tauri::Wry>, current: &Path) -> FileDialogBuilder<tauri::Wry> {
    let dialog = match current.parent() {
        Some(folder) => dialog.set_directory(folder),
        None => dialog,
    };
    match current.file_name() {
        Some(name) => dialog.set_file_name(name.to_string_lossy()),
        None => dialog,
    }
}

fn paths(chosen: Vec<FilePath>) -> Vec<PathBuf> {
    chosen.into_iter().filter_map(|path| path.into_path().ok()).collect()
}
