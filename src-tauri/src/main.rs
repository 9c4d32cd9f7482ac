//! Kapsel's window. Everything it does stands in the crate `app`; here are the window, its commands and native dialogs.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod clipboard;
mod commands;
#[cfg(test)]
mod contract;
mod dialogs;
mod launch;
mod texts;

use std::{
    alloc::System,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::{Arc, Mutex, PoisonError},
};

use app::{
    desk::Desk,
    places, servers,
    view::{Appearance, Position},
};
use tauri::{
    AppHandle, DragDropEvent, Emitter, Manager, RunEvent, Theme, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    Window, WindowEvent, window::Color,
};
use zeroizing_alloc::ZeroAlloc;

use crate::clipboard::Clipboard;

/// Wipes every block of memory when it is let go. What the page says goes through types of libraries, which know nothing of passwords and PINs.
#[global_allocator]
static MEMORY: ZeroAlloc<System> = ZeroAlloc(System);

/// Files given on the command line, until the page asks for them.
#[derive(Default)]
struct Arguments(Mutex<Vec<PathBuf>>);

impl Arguments {
    fn take(&self) -> Vec<PathBuf> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

const USAGE: &str = "Usage: kapsel-desktop [FILE]...\n\nOpens a container, or encrypts any other files. A FILE may be a file: address.\n\n\
    Options:\n  --help     show this\n  --version  show the version";

fn main() -> ExitCode {
    app::tokens::serve_modules();
    app::forbid_core_dumps();
    let (mut files, mut text) = (Vec::new(), true);
    let folder = std::env::current_dir().unwrap_or_default();
    for argument in std::env::args_os().skip(1) {
        match argument.to_str() {
            Some("--help" | "-h") => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            Some("--version" | "-V") => {
                println!("kapsel-desktop {}", env!("CARGO_PKG_VERSION"));
                return ExitCode::SUCCESS;
            }
            Some(option) if option.starts_with("--") => {
                eprintln!("kapsel-desktop: unknown option {option}\n{USAGE}");
                return ExitCode::from(2);
            }
            _ => {
                text &= launch::is_text(&folder, &argument);
                files.push(launch::path(&folder, &argument));
            }
        }
    }
    if !text {
        launch::by_addresses(&files);
    }
    match run(files) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if first_was_closing(&error) => start_again(),
        Err(error) => {
            eprintln!("kapsel-desktop: the window cannot be shown: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Set for a launch that follows one which met a closing window.
const AGAIN: &str = "KAPSEL_STARTED_AGAIN";

/// The running program took this launch's files and ended before it could show them.
fn first_was_closing(error: &tauri::Error) -> bool {
    matches!(error, tauri::Error::PluginInitialization(plugin, _) if plugin == "single-instance")
        && std::env::var_os(AGAIN).is_none()
}

/// Shows the files in a window of its own, as if the first had never been there.
fn start_again() -> ExitCode {
    let program = std::env::current_exe().unwrap_or_else(|_| "kapsel-desktop".into());
    let status = Command::new(program).args(std::env::args_os().skip(1)).env(AGAIN, "1").status();
    let code = status.ok().and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

fn run(files: Vec<PathBuf>) -> tauri::Result<()> {
    let desk = Arc::new(Desk::new(places::settings_file(), places::private_place(), servers::list_files(&[])));
    tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, arguments, folder| second_launch(app, &arguments, &folder)))
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::init())
        .manage(Arguments(Mutex::new(files)))
        .manage(Arc::clone(&desk))
        .manage(Clipboard::default())
        .invoke_handler(tauri::generate_handler![
            commands::start,
            commands::set_language,
            commands::set_appearance,
            commands::choose_files,
            commands::choose_folder,
            commands::choose_container,
            commands::chosen_again,
            commands::choose_recipients,
            commands::recipient_from,
            commands::person,
            commands::plan_encryption,
            commands::choose_output,
            commands::encrypt,
            commands::inspect,
            commands::choose_key_file,
            commands::key_file_from,
            commands::choose_destination,
            commands::open,
            commands::encrypt_again,
            commands::open_with_pin,
            commands::encrypt_again_with_pin,
            commands::open_unlocked,
            commands::encrypt_again_unlocked,
            commands::lock_again,
            commands::choose_module,
            commands::forget_module,
            commands::test_keys,
            commands::recipient_from_key,
            commands::cancel,
            commands::stop_and_close,
            commands::reveal,
            commands::open_file,
            commands::copy_text,
            commands::copy_path,
            commands::password_strength,
            commands::suggest_password,
            commands::forget_recent,
            commands::choose_certificate,
            commands::certificate_from,
            commands::servers,
            commands::choose_servers,
            commands::test_server,
            commands::import_servers,
            commands::look_at_server,
            commands::add_server,
            commands::look_at_certificates,
            commands::pin_server,
            commands::remove_server,
            commands::network,
            commands::set_network,
            commands::remembered,
            commands::forget_remembered,
        ])
        .setup(move |app| {
            make_window(app.handle(), desk.start(&[]).appearance)?;
            std::thread::spawn(places::clean_up);
            let handle = app.handle().clone();
            desk.watch_keys(move |keys| {
                let _ = handle.emit_to("main", "keys", keys);
            });
            Ok(())
        })
        .on_window_event(window_event)
        .build(tauri::generate_context!())?
        .run(|app, event| {
            if matches!(event, RunEvent::Exit) {
                app.state::<Clipboard>().hand_over();
            }
        });
    Ok(())
}

/// The window, if it is there.
fn window(app: &AppHandle) -> Option<WebviewWindow> {
    app.get_webview_window("main")
}

/// The window's theme; `None` follows the system.
fn theme(appearance: Appearance) -> Option<Theme> {
    match appearance {
        Appearance::System => None,
        Appearance::Light => Some(Theme::Light),
        Appearance::Dark => Some(Theme::Dark),
    }
}

/// Makes the window hidden; it is shown when its page is there.
fn make_window(app: &AppHandle, appearance: Appearance) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
        .title("Kapsel")
        .inner_size(920.0, 640.0)
        .min_inner_size(720.0, 520.0)
        .center()
        .visible(false)
        .theme(theme(appearance))
        .on_navigation(is_own_page)
        .build()?;
    // Until the page paints: its paper, see ui/src/lib/styles/tokens.css.
    let paper = match window.theme()? {
        Theme::Dark => Color(0x10, 0x16, 0x1d, 0xff),
        _ => Color(0xf5, 0xf7, 0xf9, 0xff),
    };
    window.set_background_color(Some(paper))?;
    #[cfg(target_os = "linux")]
    window.with_webview(|webview| paint_without_graphics_card(&webview.inner()))?;
    Ok(())
}

/// Starting the graphics card takes longer than the rest of the start, and its drivers are what leaves windows empty. Forms need none.
#[cfg(target_os = "linux")]
fn paint_without_graphics_card(view: &webkit2gtk::WebView) {
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};
    if let Some(settings) = WebViewExt::settings(view) {
        settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
    }
}

/// The web view shows this program's page and nothing else.
fn is_own_page(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => true,
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

/// A second launch, or a double-click on a container, arrives here.
fn second_launch(app: &AppHandle, arguments: &[String], folder: &str) {
    if let Some(window) = window(app) {
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    }
    let files = arguments.iter().skip(1).filter(|argument| !argument.starts_with("--"));
    let paths: Vec<_> = files.map(|argument| launch::path(Path::new(folder), argument.as_ref())).collect();
    deliver(app, paths, None);
}

/// Hands files to the page; looking at them must not stop the window.
fn deliver(app: &AppHandle, paths: Vec<PathBuf>, position: Option<Position>) {
    if paths.is_empty() {
        return;
    }
    let app = app.clone();
    tauri::async_runtime::spawn_blocking(move || {
        let incoming = app.state::<Arc<Desk>>().incoming(&paths, position);
        let _ = app.emit_to("main", "incoming", incoming);
    });
}

fn window_event(window: &Window, event: &WindowEvent) {
    let app = window.app_handle();
    let event = match event {
        WindowEvent::DragDrop(event) => event,
        // The page asks whether to stop; it answers by `stop_and_close`, or not at all.
        WindowEvent::CloseRequested { api, .. } if app.state::<Arc<Desk>>().is_busy() => {
            api.prevent_close();
            let _ = app.emit_to("main", "closing", ());
            return;
        }
        _ => return,
    };
    let hovering = match event {
        DragDropEvent::Enter { .. } | DragDropEvent::Over { .. } => true,
        DragDropEvent::Drop { paths, position } => {
            let position = position.to_logical::<f64>(window.scale_factor().unwrap_or(1.0));
            deliver(app, paths.clone(), Some(Position { x: position.x, y: position.y }));
            false
        }
        _ => false,
    };
    let _ = app.emit_to("main", "drag", hovering);
}
