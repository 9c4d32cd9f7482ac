//! What the web view can ask for. Each command is a few lines over [`Desk`]; files are numbers, secrets come once and are wiped.

use std::{fmt, path::Path, sync::Arc};

use app::{
    Failure, Result,
    desk::Desk,
    password,
    pin::TypedPin,
    recipients::base_name,
    view::{
        Appearance, Chosen, Code, ContainerView, EncryptionDone, EncryptionDraft, EncryptionPlan, ErrorView, FileId,
        Incoming, KeyCertificateView, KeyFileView, Language, NetworkDraft, NetworkView, NewServerDraft, OpenDone,
        OpenDraft, OutputView, PasswordStrength, ProgressView, ReaderReport, RecipientView, RememberedView,
        ServerReport, ServersView, ShownCertificate, StartView,
    },
};
use cdoc2::Zeroizing;
use serde::{Deserialize, Deserializer, de::Visitor};
use tauri::{AppHandle, Emitter, Manager, State};
use tauri_plugin_opener::OpenerExt;

use crate::{Arguments, clipboard::Clipboard, dialogs::Dialogs};

/// A password from the window: no `Debug`, wiped when dropped.
pub(crate) struct Secret(Zeroizing<String>);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Ok(Self(Zeroizing::new(String::deserialize(deserializer)?)))
    }
}

/// A PIN from the window, taken into its own place at once.
pub(crate) struct Entered(TypedPin);

impl<'de> Deserialize<'de> for Entered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Entered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a PIN")
            }

            // Borrowed, so that no copy is made.
            fn visit_str<E>(self, text: &str) -> std::result::Result<Entered, E> {
                Ok(Entered(TypedPin::new(text)))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// What was typed, where the reader does not take it by itself.
fn entered(pin: Option<Entered>) -> Option<TypedPin> {
    pin.map(|pin| pin.0)
}

fn exposed(secret: Option<Secret>) -> Option<Zeroizing<String>> {
    secret.map(|secret| secret.0)
}

type Answer<T> = std::result::Result<T, ErrorView>;

/// Runs a use case beside the window, which never waits.
async fn beside<T: Send + 'static>(
    app: &AppHandle,
    work: impl FnOnce(&AppHandle, &Desk) -> Result<T> + Send + 'static,
) -> Answer<T> {
    let app = app.clone();
    let run = move || {
        let desk = Arc::clone(&app.state::<Arc<Desk>>());
        work(&app, &desk).map_err(Failure::into_view)
    };
    let defect = |error: tauri::Error| Failure::new(Code::Internal, error.to_string()).into_view();
    tauri::async_runtime::spawn_blocking(run).await.map_err(defect)?
}

fn dialogs<'a>(app: &'a AppHandle, desk: &Desk) -> Dialogs<'a> {
    Dialogs { app, language: desk.language() }
}

/// Tells the window how far an operation is.
fn progress(app: &AppHandle) -> impl Fn(ProgressView) + Send + Sync + 'static {
    let app = app.clone();
    move |view| {
        let _ = app.emit_to("main", "progress", view);
    }
}

#[tauri::command]
pub(crate) async fn start(app: AppHandle) -> Answer<StartView> {
    let arguments = app.state::<Arguments>().take();
    beside(&app, move |app, desk| {
        if let Some(window) = crate::window(app) {
            // The page is there: no white flash.
            let _ = window.show();
        }
        Ok(desk.start(&arguments))
    })
    .await
}

#[tauri::command]
pub(crate) fn set_language(desk: State<'_, Arc<Desk>>, language: Language) {
    desk.set_language(language);
}

#[tauri::command]
pub(crate) fn set_appearance(app: AppHandle, desk: State<'_, Arc<Desk>>, appearance: Appearance) {
    desk.set_appearance(appearance);
    if let Some(window) = crate::window(&app) {
        let _ = window.set_theme(crate::theme(appearance));
    }
}

#[tauri::command]
pub(crate) async fn choose_files(app: AppHandle) -> Answer<Option<Incoming>> {
    beside(&app, |app, desk| Ok(dialogs(app, desk).files().map(|paths| desk.incoming(&paths, None)))).await
}

#[tauri::command]
pub(crate) async fn choose_folder(app: AppHandle) -> Answer<Option<Incoming>> {
    beside(&app, |app, desk| Ok(dialogs(app, desk).folder().map(|path| desk.incoming(&[path], None)))).await
}

#[tauri::command]
pub(crate) async fn choose_container(app: AppHandle) -> Answer<Option<Chosen>> {
    beside(&app, |app, desk| Ok(dialogs(app, desk).container().map(|path| desk.chosen(&path)))).await
}

#[tauri::command]
pub(crate) async fn chosen_again(app: AppHandle, id: FileId) -> Answer<Chosen> {
    beside(&app, move |_, desk| desk.chosen_again(id)).await
}

#[tauri::command]
pub(crate) async fn choose_recipients(app: AppHandle) -> Answer<Option<Vec<RecipientView>>> {
    beside(&app, |app, desk| dialogs(app, desk).recipients().map(|paths| desk.recipients(&paths)).transpose()).await
}

#[tauri::command]
pub(crate) async fn person(app: AppHandle, code: String) -> Answer<RecipientView> {
    beside(&app, move |_, desk| desk.person(&code)).await
}

#[tauri::command]
pub(crate) async fn recipient_from(app: AppHandle, id: FileId) -> Answer<RecipientView> {
    beside(&app, move |_, desk| desk.recipient_from(id)).await
}

#[tauri::command]
pub(crate) async fn plan_encryption(app: AppHandle, draft: EncryptionDraft) -> Answer<EncryptionPlan> {
    beside(&app, move |_, desk| Ok(desk.plan_encryption(&draft))).await
}

#[tauri::command]
pub(crate) async fn choose_output(app: AppHandle, current: FileId) -> Answer<Option<OutputView>> {
    beside(&app, move |app, desk| {
        let current = desk.path(current)?;
        Ok(dialogs(app, desk).save_container(&current).map(|path| desk.output(path)))
    })
    .await
}

#[tauri::command]
pub(crate) async fn encrypt(
    app: AppHandle,
    draft: EncryptionDraft,
    password: Option<Secret>,
    hint: Option<String>,
) -> Answer<EncryptionDone> {
    beside(&app, move |app, desk| desk.encrypt(&draft, exposed(password), hint, progress(app))).await
}

#[tauri::command]
pub(crate) async fn inspect(app: AppHandle, id: FileId) -> Answer<ContainerView> {
    beside(&app, move |_, desk| desk.inspect(id)).await
}

#[tauri::command]
pub(crate) async fn choose_key_file(app: AppHandle, container: FileId) -> Answer<Option<KeyFileView>> {
    beside(&app, move |app, desk| dialogs(app, desk).key().map(|path| desk.key_file(&path, container)).transpose())
        .await
}

#[tauri::command]
pub(crate) async fn key_file_from(app: AppHandle, id: FileId, container: FileId) -> Answer<KeyFileView> {
    beside(&app, move |_, desk| desk.key_file_from(id, container)).await
}

#[tauri::command]
pub(crate) async fn choose_certificate(app: AppHandle, container: FileId) -> Answer<Option<KeyCertificateView>> {
    beside(&app, move |app, desk| {
        dialogs(app, desk).certificate().map(|path| desk.key_certificate(&path, container)).transpose()
    })
    .await
}

#[tauri::command]
pub(crate) async fn certificate_from(app: AppHandle, id: FileId, container: FileId) -> Answer<KeyCertificateView> {
    beside(&app, move |_, desk| desk.key_certificate(&desk.path(id)?, container)).await
}

#[tauri::command]
pub(crate) async fn choose_destination(app: AppHandle, current: FileId) -> Answer<Option<OutputView>> {
    beside(&app, move |app, desk| {
        let current = desk.path(current)?;
        Ok(dialogs(app, desk).destination(&current).map(|path| desk.output(path)))
    })
    .await
}

#[tauri::command]
pub(crate) async fn open(app: AppHandle, draft: OpenDraft, password: Option<Secret>) -> Answer<OpenDone> {
    beside(&app, move |app, desk| desk.open(&draft, exposed(password), progress(app))).await
}

#[tauri::command]
pub(crate) async fn open_with_pin(
    app: AppHandle,
    draft: OpenDraft,
    pin: Option<Entered>,
    risk_last_try: bool,
) -> Answer<OpenDone> {
    beside(&app, move |app, desk| desk.open_with_pin(&draft, entered(pin), risk_last_try, progress(app))).await
}

#[tauri::command]
pub(crate) async fn encrypt_again_with_pin(
    app: AppHandle,
    draft: OpenDraft,
    pin: Option<Entered>,
    risk_last_try: bool,
    new_password: Secret,
    hint: Option<String>,
    output: Option<FileId>,
) -> Answer<EncryptionDone> {
    beside(&app, move |app, desk| {
        desk.encrypt_again_with_pin(&draft, entered(pin), risk_last_try, new_password.0, hint, output, progress(app))
    })
    .await
}

/// `None` when the key is no longer kept.
#[tauri::command]
pub(crate) async fn open_unlocked(app: AppHandle, draft: OpenDraft) -> Answer<Option<OpenDone>> {
    beside(&app, move |app, desk| desk.open_unlocked(&draft, progress(app))).await
}

#[tauri::command]
pub(crate) async fn encrypt_again_unlocked(
    app: AppHandle,
    draft: OpenDraft,
    new_password: Secret,
    hint: Option<String>,
    output: Option<FileId>,
) -> Answer<Option<EncryptionDone>> {
    beside(&app, move |app, desk| desk.encrypt_again_unlocked(&draft, new_password.0, hint, output, progress(app)))
        .await
}

#[tauri::command]
pub(crate) fn lock_again(desk: State<'_, Arc<Desk>>) {
    desk.lock_again();
}

#[tauri::command]
pub(crate) async fn choose_module(app: AppHandle) -> Answer<()> {
    beside(&app, |app, desk| {
        if let Some(module) = dialogs(app, desk).module() {
            desk.choose_module(Some(module));
        }
        Ok(())
    })
    .await
}

#[tauri::command]
pub(crate) fn forget_module(desk: State<'_, Arc<Desk>>) {
    desk.choose_module(None);
}

#[tauri::command]
pub(crate) async fn test_keys(app: AppHandle) -> Answer<Vec<ReaderReport>> {
    beside(&app, |_, desk| desk.test_keys()).await
}

#[tauri::command]
pub(crate) async fn recipient_from_key(app: AppHandle, id: String) -> Answer<RecipientView> {
    beside(&app, move |_, desk| desk.recipient_from_key(&id)).await
}

#[tauri::command]
pub(crate) async fn encrypt_again(
    app: AppHandle,
    draft: OpenDraft,
    password: Option<Secret>,
    new_password: Secret,
    hint: Option<String>,
    output: Option<FileId>,
) -> Answer<EncryptionDone> {
    beside(&app, move |app, desk| {
        desk.encrypt_again(&draft, exposed(password), new_password.0, hint, output, progress(app))
    })
    .await
}

#[tauri::command]
pub(crate) fn cancel(desk: State<'_, Arc<Desk>>) {
    desk.cancel();
}

/// Ends the program when the running operation has cleared away what it began.
#[tauri::command]
pub(crate) async fn stop_and_close(app: AppHandle) -> Answer<()> {
    beside(&app, |app, desk| {
        desk.stop();
        let Some(window) = crate::window(app) else { return Ok(()) };
        window.destroy().map_err(|error| Failure::new(Code::Internal, error.to_string()))
    })
    .await
}

/// What is no longer there has a cause of its own.
fn opener_failure(path: &Path, error: &tauri_plugin_opener::Error) -> Failure {
    let failure = |code| Failure::new(code, format!("the system could not show it: {error}"));
    if path.exists() { failure(Code::Internal) } else { failure(Code::NotReadable).about(base_name(path)) }
}

#[tauri::command]
pub(crate) async fn reveal(app: AppHandle, id: FileId) -> Answer<()> {
    beside(&app, move |app, desk| {
        let path = desk.path(id)?;
        app.opener().reveal_item_in_dir(&path).map_err(|error| opener_failure(&path, &error))
    })
    .await
}

#[tauri::command]
pub(crate) async fn open_file(app: AppHandle, id: FileId) -> Answer<()> {
    beside(&app, move |app, desk| {
        let path = desk.path_to_open(id)?;
        app.opener().open_path(path.to_string_lossy(), None::<&str>).map_err(|error| opener_failure(&path, &error))
    })
    .await
}

#[tauri::command]
pub(crate) async fn copy_text(app: AppHandle, text: String) -> Answer<()> {
    beside(&app, move |app, _| app.state::<Clipboard>().copy(text)).await
}

#[tauri::command]
pub(crate) async fn copy_path(app: AppHandle, id: FileId) -> Answer<()> {
    beside(&app, move |app, desk| app.state::<Clipboard>().copy(desk.path(id)?.to_string_lossy().into_owned())).await
}

#[tauri::command]
pub(crate) async fn password_strength(app: AppHandle, password: Secret) -> Answer<PasswordStrength> {
    beside(&app, move |_, _| Ok(password::strength(&password.0))).await
}

#[tauri::command]
pub(crate) fn suggest_password() -> String {
    password::suggest().to_string()
}

#[tauri::command]
pub(crate) fn forget_recent(desk: State<'_, Arc<Desk>>, id: FileId) {
    desk.forget_recent(id);
}

#[tauri::command]
pub(crate) async fn servers(app: AppHandle) -> Answer<ServersView> {
    beside(&app, |_, desk| Ok(desk.servers())).await
}

#[tauri::command]
pub(crate) async fn choose_servers(app: AppHandle, servers: Vec<String>) -> Answer<ServersView> {
    beside(&app, |_, desk| desk.choose_servers(servers)).await
}

#[tauri::command]
pub(crate) async fn test_server(app: AppHandle, id: String) -> Answer<ServerReport> {
    beside(&app, move |_, desk| desk.test_server(&id)).await
}

#[tauri::command]
pub(crate) async fn import_servers(app: AppHandle) -> Answer<Option<ServersView>> {
    beside(&app, |app, desk| dialogs(app, desk).server_list().map(|path| desk.import_servers(&path)).transpose()).await
}

#[tauri::command]
pub(crate) async fn look_at_server(app: AppHandle, draft: NewServerDraft) -> Answer<Vec<ShownCertificate>> {
    beside(&app, |_, desk| desk.look_at_server(draft)).await
}

#[tauri::command]
pub(crate) async fn add_server(app: AppHandle, draft: NewServerDraft, confirmed: Vec<String>) -> Answer<ServersView> {
    beside(&app, move |_, desk| desk.add_server(draft, &confirmed)).await
}

#[tauri::command]
pub(crate) async fn look_at_certificates(app: AppHandle, id: String) -> Answer<Vec<ShownCertificate>> {
    beside(&app, move |_, desk| desk.look_at_certificates(&id)).await
}

#[tauri::command]
pub(crate) async fn pin_server(app: AppHandle, id: String, confirmed: Vec<String>) -> Answer<ServersView> {
    beside(&app, move |_, desk| desk.pin_server(&id, &confirmed)).await
}

#[tauri::command]
pub(crate) async fn remove_server(app: AppHandle, id: String) -> Answer<ServersView> {
    beside(&app, move |_, desk| desk.remove_server(&id)).await
}

#[tauri::command]
pub(crate) async fn network(app: AppHandle) -> Answer<NetworkView> {
    beside(&app, |_, desk| Ok(desk.network())).await
}

#[tauri::command]
pub(crate) async fn set_network(app: AppHandle, draft: NetworkDraft, password: Option<Secret>) -> Answer<NetworkView> {
    beside(&app, move |_, desk| desk.set_network(&draft, exposed(password))).await
}

#[tauri::command]
pub(crate) async fn remembered(app: AppHandle) -> Answer<Vec<RememberedView>> {
    beside(&app, |_, desk| desk.remembered()).await
}

#[tauri::command]
pub(crate) async fn forget_remembered(app: AppHandle, label: String) -> Answer<Vec<RememberedView>> {
    beside(&app, move |_, desk| desk.forget_remembered(&label)).await
}
