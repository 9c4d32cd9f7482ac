//! What the window is told about files, as people and strangers name and damage them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use app::{
    desk::Desk,
    servers::ListFiles,
    view::{
        ChosenKind, Code, ContainerView, DeliveryDraft, DraftFile, EncryptionDone, EncryptionDraft, FileId, NameChoice,
        NameReason, OpenDraft, PlanWarning, RecipientKind,
    },
};
use cdoc2::{Encryptor, InputFile, Label, Password, Recipient, Zeroizing};

/// A desk over an empty folder.
struct Stage {
    place: tempfile::TempDir,
    desk: Desk,
}

impl Stage {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("temporary folder");
        let desk = Desk::new(Some(place.path().join("settings.toml")), None, ListFiles::default());
        Self { place, desk }
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.place.path().join(name);
        fs::create_dir_all(path.parent().expect("in the place")).expect("folder");
        fs::write(&path, content).expect("written");
        path
    }

    fn draft(&self, file: &Path, name: Option<&str>) -> EncryptionDraft {
        EncryptionDraft {
            files: vec![DraftFile { id: self.desk.chosen(file).id, name: name.map(str::to_owned) }],
            recipients: Vec::new(),
            persons: Vec::new(),
            with_password: true,
            delivery: DeliveryDraft::default(),
            output: None,
        }
    }

    fn encrypted(&self, file: &Path, name: Option<&str>, hint: Option<&str>) -> EncryptionDone {
        let draft = self.draft(file, name);
        self.desk.encrypt(&draft, password(), hint.map(str::to_owned), |_| {}).expect("encrypted")
    }

    fn inspected(&self, path: &Path) -> ContainerView {
        self.desk.inspect(self.desk.chosen(path).id).expect("a container")
    }
}

fn password() -> Option<Zeroizing<String>> {
    Some(Zeroizing::new("kolm Valget kassi 7 katusel".to_owned()))
}

fn open_draft(container: FileId) -> OpenDraft {
    OpenDraft {
        container,
        key_file: None,
        identity: None,
        certificate: None,
        destination: None,
        names: NameChoice::default(),
        remembered: None,
        remember: false,
        raise_limits: false,
    }
}

#[track_caller]
fn assert_shown(texts: &[&str]) {
    for text in texts {
        let deceives = |character: char| character.is_control() || ('\u{202a}'..='\u{202e}').contains(&character);
        assert!(!text.contains(deceives), "{text:?}");
    }
}

#[test]
fn names_that_deceive_are_shown_for_what_they_are() {
    let stage = Stage::new();
    let file = stage.file("fol\nder/arve\u{202e}fdp\u{1b}[2J\n.exe", "x");
    let chosen = stage.desk.chosen(&file);
    assert_eq!(chosen.name, "arve\u{fffd}fdp\u{fffd}[2J\u{fffd}.exe");
    assert!(chosen.folder.ends_with("fol\u{fffd}der"), "{}", chosen.folder);
    let plan = stage.desk.plan_encryption(&stage.draft(&file, None));
    let problem = plan.files[0].problem.clone().expect("the name is not allowed");
    assert_eq!(problem.code, Code::NameNotAllowed);
    assert_eq!(problem.reason, Some(NameReason::Hidden));
    assert_shown(&[&plan.files[0].name, problem.subject.as_deref().expect("the name"), &plan.output.name]);

    // The name of the container is the sender's, and so is that of the folder beside it.
    let done = stage.encrypted(&file, Some("arve.exe"), None);
    assert_shown(&[&done.output.name, &done.output.folder]);
    assert!(!stage.desk.path(done.output.id).expect("written").to_string_lossy().contains('\u{202e}'));
    let renamed = file.with_file_name("kiri\u{202e}fdp\n.cdoc2");
    fs::rename(stage.desk.path(done.output.id).expect("written"), &renamed).expect("renamed");
    let view = stage.inspected(&renamed);
    assert_shown(&[&view.name, &view.folder, &view.destination.name]);
    let done = stage.desk.open(&open_draft(view.id), password(), |_| {}).expect("it opens");
    assert_shown(&[&done.destination.name]);
    assert!(!stage.desk.path(done.destination.id).expect("saved").to_string_lossy().contains('\u{202e}'));
    let recent = stage.desk.start(&[]).recent;
    assert_eq!(recent.len(), 1, "the other one was renamed");
    assert_shown(&[&recent[0].name, &recent[0].folder]);
}

#[test]
fn what_is_named_as_a_container_and_is_none_is_told_from_other_files() {
    let stage = Stage::new();
    let kind = |path: &Path| stage.desk.chosen(path).kind;
    assert_eq!(kind(&stage.file("tühi.cdoc2", "")), ChosenKind::Misnamed);
    assert_eq!(kind(&stage.file("pilt.CDOC", "GIF89a")), ChosenKind::Misnamed);
    assert_eq!(kind(&stage.file("kiri.txt", "")), ChosenKind::File);
    let key =
        stage.file("mari.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n");
    assert_eq!(kind(&key), ChosenKind::PrivateKey);
    let view = stage.desk.chosen(&key);
    assert_eq!(
        stage.desk.recipient_from(view.id).expect_err("nobody encrypts for it").code(),
        Code::RecipientIsPrivate
    );
    let sealed = stage.encrypted(&stage.file("leping.txt", "x"), None, None);
    let path = stage.desk.path(sealed.output.id).expect("written");
    let other = path.with_file_name("leping.pdf");
    fs::copy(&path, &other).expect("copied");
    assert_eq!((kind(&path), kind(&other)), (ChosenKind::Container, ChosenKind::Container));

    // What was not there may be there later.
    let late = stage.place.path().join("hiline.cdoc2");
    let missing = stage.desk.incoming(std::slice::from_ref(&late), None).files.remove(0);
    assert_eq!(missing.kind, ChosenKind::Unusable);
    assert_eq!(missing.problem.expect("it is not there").code, Code::NotReadable);
    fs::copy(&path, &late).expect("copied");
    assert_eq!(stage.desk.chosen_again(missing.id).expect("granted").kind, ChosenKind::Container);
}

#[test]
fn what_is_wrong_with_a_name_is_told() {
    let stage = Stage::new();
    let file = stage.file("kiri.txt", "x");
    let reason = |name: &str| {
        let plan = stage.desk.plan_encryption(&stage.draft(&file, Some(name)));
        plan.files[0].problem.clone().and_then(|problem| problem.reason)
    };
    for (name, expected) in [
        ("a:b", NameReason::Character { character: ':' }),
        (" kiri", NameReason::OuterSpace),
        ("-kiri", NameReason::LeadingDash),
        ("kiri.", NameReason::TrailingDot),
        ("con.txt", NameReason::Device),
        ("", NameReason::Empty),
    ] {
        assert_eq!(reason(name), Some(expected), "{name:?}");
    }
    assert_eq!(reason(&"k".repeat(1001)), Some(NameReason::TooLong));
    assert_eq!(reason("kiri.txt"), None);
}

#[test]
fn programs_and_scripts_are_told_and_never_opened() {
    let stage = Stage::new();
    let files = [
        ("kiri.txt", "#-märk ei ole veel skript", false),
        ("kokkuvõte", "ilma laiendita", false),
        ("arve.PDF", "%PDF-1.7", false),
        ("arve.pdf.exe", "x", true),
        ("paigalda.Sh", "x", true),
        ("kalender.desktop", "x", true),
        ("skript.py", "", true),
        ("leht.js", "x", true),
        ("paigaldaja.msi", "x", true),
        ("programm", "\x7fELF", true),
        ("käivita", "#!/bin/sh", true),
        ("pilt.png", "MZ", true),
    ];
    let mut draft = stage.draft(&stage.file(files[0].0, files[0].1), None);
    let more = files[1..].iter().map(|(name, content, _)| stage.desk.chosen(&stage.file(name, content)).id);
    draft.files.extend(more.map(|id| DraftFile { id, name: None }));
    let done = stage.desk.encrypt(&draft, password(), None, |_| {}).expect("encrypted");
    let view = stage.inspected(&stage.desk.path(done.output.id).expect("written"));
    let opened = stage.desk.open(&open_draft(view.id), password(), |_| {}).expect("it opens");
    assert_eq!(opened.files.len(), files.len());
    for (saved, (name, _, is_program)) in opened.files.iter().zip(files) {
        assert_eq!((saved.name.as_str(), saved.is_program), (name, is_program));
        let refused = stage.desk.path_to_open(saved.id).err().map(|failure| failure.code());
        assert_eq!(refused, is_program.then_some(Code::ProgramNotOpened), "{name}");
    }
}

/// What a file is that has no extension, the system tells by its mark.
#[cfg(unix)]
#[test]
fn a_file_without_an_extension_that_may_be_run_is_not_opened() {
    use std::os::unix::fs::PermissionsExt;

    let stage = Stage::new();
    let file = stage.file("vana-programm", "\0\0\0\0");
    let code = |path: &Path| stage.desk.path_to_open(stage.desk.chosen(path).id).err().map(|failure| failure.code());
    assert_eq!(code(&file), None);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("marked");
    assert_eq!(code(&file), Some(Code::ProgramNotOpened));
    let letter = stage.file("kiri.txt", "x");
    fs::set_permissions(&letter, fs::Permissions::from_mode(0o755)).expect("as a memory stick marks everything");
    assert_eq!(code(&letter), None);
}

#[test]
fn a_password_without_a_hint_has_no_name() {
    let stage = Stage::new();
    let file = stage.file("kiri.txt", "x");
    let named = |done: EncryptionDone| {
        let mut view = stage.inspected(&stage.desk.path(done.output.id).expect("written"));
        let record = view.records.remove(0);
        assert_eq!(record.kind, RecipientKind::Password);
        (record.name, record.hint)
    };
    assert_eq!(named(stage.encrypted(&file, None, None)), (String::new(), None));
    let hint = "koera nimi".to_owned();
    assert_eq!(named(stage.encrypted(&file, None, Some(&hint))), (hint.clone(), Some(hint)));
}

#[test]
fn files_that_kapsel_itself_would_refuse_are_warned_of() {
    let stage = Stage::new();
    let mut draft = stage.draft(&stage.file("a.txt", "x"), None);
    let one = draft.files[0].clone();
    for (count, warning) in
        [(1000, None), (1001, Some(PlanWarning::ManyFiles)), (10_001, Some(PlanWarning::FilesBeyondLimit))]
    {
        draft.files =
            (0..count).map(|number| DraftFile { name: Some(format!("{number}.txt")), ..one.clone() }).collect();
        assert_eq!(stage.desk.plan_encryption(&draft).warnings, warning.into_iter().collect::<Vec<_>>(), "{count}");
    }
}

#[test]
fn the_container_of_a_folder_is_proposed_beside_it() {
    let stage = Stage::new();
    stage.file("aruanne v1.2/osa 1.txt", "x");
    stage.file("aruanne v1.2/lisad/osa 2.txt", "y");
    let folder = stage.place.path().join("aruanne v1.2");
    let draft_of = |chosen: &Path| {
        let files = stage.desk.incoming(&[chosen.to_owned()], None).files;
        let files = files.into_iter().map(|file| DraftFile { id: file.id, name: None }).collect();
        EncryptionDraft { files, ..stage.draft(&stage.file("muu.txt", "z"), None) }
    };
    let proposed =
        |draft: &EncryptionDraft| stage.desk.path(stage.desk.plan_encryption(draft).output.id).expect("proposed");
    let draft = draft_of(&folder);
    assert_eq!(draft.files.len(), 2);
    assert_eq!(proposed(&draft), stage.place.path().join("aruanne v1.2.cdoc2"));
    let again = stage.desk.chosen_again(draft.files[0].id).expect("granted");
    assert_eq!(again.id, draft.files[0].id);
    assert_eq!(proposed(&draft), stage.place.path().join("aruanne v1.2.cdoc2"), "a second look changes nothing");
    let done = stage.desk.encrypt(&draft, password(), None, |_| {}).expect("encrypted");
    assert_eq!(done.output.name, "aruanne v1.2.cdoc2");
    assert_eq!(fs::read_dir(&folder).expect("there").count(), 2, "nothing is put into the folder");
    assert_eq!(proposed(&draft), stage.place.path().join("aruanne v1.2 (2).cdoc2"));

    // The file itself, chosen later, stands for itself.
    let alone = draft_of(&folder.join("osa 1.txt"));
    assert_eq!(proposed(&alone), folder.join("osa 1.cdoc2"));
}

#[test]
fn what_is_proposed_for_the_longest_names_can_be_written() {
    let stage = Stage::new();
    for name in [format!("{}.pdf", "õ".repeat(125)), "n".repeat(255), format!(".{}.txt", "🙂".repeat(60))] {
        let file = stage.file(&name, "x");
        let done = stage.encrypted(&file, Some("kiri.txt"), None);
        assert!(done.output.name.len() <= 255 && !done.output.name.starts_with('.'), "{}", done.output.name);
        let view = stage.inspected(&stage.desk.path(done.output.id).expect("written"));
        let opened = stage.desk.open(&open_draft(view.id), password(), |_| {}).expect("it opens");
        assert!(stage.desk.path(opened.destination.id).expect("saved").join("kiri.txt").exists());
    }
}

#[test]
fn stopping_waits_until_nothing_is_left_of_an_encryption() {
    let stage = Stage::new();
    let file = stage.place.path().join("pilt.img");
    fs::File::create(&file).and_then(|file| file.set_len(64 << 30)).expect("a sparse file");
    let draft = stage.draft(&file, None);
    let (begun, has_begun) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let told = move |_| {
            let _ = begun.send(());
        };
        let work = scope.spawn(|| stage.desk.encrypt(&draft, password(), None, told));
        has_begun.recv().expect("it begins");
        assert!(stage.desk.is_busy());
        stage.desk.stop();
        assert!(!stage.desk.is_busy());
        let left = fs::read_dir(stage.place.path()).expect("folder").count();
        assert_eq!(left, 1, "the picture alone");
        let failure = work.join().expect("no panic").expect_err("it was stopped");
        assert_eq!(failure.code(), Code::Cancelled);
    });
}

#[test]
fn a_password_can_be_remembered_where_its_name_finds_it_again() {
    let stage = Stage::new();
    let file = stage.file("letter.txt", "hello");
    let remember_as = |labels: &[&str]| {
        let password = || Password::new(password().expect("one")).expect("long enough");
        let recipients = labels.iter().map(|label| Recipient::password(password(), *label)).collect();
        let path = stage.place.path().join("sealed.cdoc2");
        let files = [InputFile::examine(&file).expect("it is there")];
        Encryptor::new(recipients).encrypt_to_file(&files, &path, true).expect("encrypted");
        stage.inspected(&path).remember_as.map(|found| found.label)
    };
    let hint = |hint: &str| Label::password(hint).to_string();
    assert_eq!(remember_as(&[&hint("the board, & others")]).as_deref(), Some("the board, & others"));
    assert_eq!(remember_as(&["of another program"]).as_deref(), Some("of another program"));
    let longest = "õ".repeat(100);
    assert_eq!(remember_as(&[&hint(&longest)]), Some(longest.clone()));
    assert_eq!(remember_as(&[&hint(&format!("{longest}x"))]), None, "the list takes none so long");
    assert_eq!(remember_as(&[&hint("Kapsel")]), None, "that stands where there is no name");
    assert_eq!(remember_as(&[&hint("gpj.\u{202e}exe")]), None, "it is not what is seen");
    assert_eq!(remember_as(&[&hint("one"), &hint("another")]), None, "it may be of the other");
    assert_eq!(remember_as(&[&hint(" ")]), None);
}
