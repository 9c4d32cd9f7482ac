use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use app::{
    desk::Desk,
    servers::ListFiles,
    view::{DraftFile, EncryptionDraft, Existing, NameChoice, OpenDraft},
};

use super::{Stage, Window};

pub(crate) const PASSWORD: &str = "kolm Valget kassi 7 katusel";

fn secret(text: &str) -> Option<cdoc2::Zeroizing<String>> {
    Some(cdoc2::Zeroizing::new(text.to_owned()))
}

/// A container of these files beside the first, opened by [`PASSWORD`].
pub(crate) fn container(files: &[&Path]) -> PathBuf {
    container_with_hint(files, "three of them")
}

/// The same with another hint.
pub(crate) fn container_with_hint(files: &[&Path], hint: &str) -> PathBuf {
    let desk = Desk::new(None, None, ListFiles::default());
    let paths: Vec<_> = files.iter().map(|path| path.to_path_buf()).collect();
    let chosen = desk.incoming(&paths, None).files;
    let draft = EncryptionDraft {
        files: chosen.iter().map(|file| DraftFile { id: file.id, name: None }).collect(),
        with_password: true,
        ..EncryptionDraft::default()
    };
    let done = desk.encrypt(&draft, secret(PASSWORD), Some(hint.to_owned()), |_| {}).expect("encrypted");
    desk.path(done.output.id).expect("it was just made")
}

/// The files in a container, by a password: names and contents in order.
pub(crate) fn opened(container: &Path, password: &str) -> Vec<(String, Vec<u8>)> {
    let desk = Desk::new(None, None, ListFiles::default());
    let folder = tempfile::tempdir().expect("temporary folder");
    let chosen = desk.chosen(container);
    let draft = OpenDraft {
        container: chosen.id,
        key_file: None,
        identity: None,
        certificate: None,
        destination: Some(desk.output(folder.path()).id),
        names: NameChoice { existing: Existing::Refuse, safe_names: false },
        remembered: None,
        remember: false,
        raise_limits: false,
    };
    let done = desk.open(&draft, secret(password), |_| {}).expect("it opens");
    let content = |name: &str| fs::read(folder.path().join(name)).expect("saved");
    done.files.iter().map(|file| (file.name.clone(), content(&file.name))).collect()
}

/// A file that takes seconds to work on and no space.
pub(crate) fn big_file(stage: &Stage, name: &str, gibibytes: u64) -> PathBuf {
    let path = stage.documents().join(name);
    File::create(&path).and_then(|file| file.set_len(gibibytes << 30)).expect("a sparse file");
    path
}

/// What the window at work shows.
pub(crate) const AT_WORK: &str = " of 12.9 GB";

/// The window while it encrypts `pilt.img`, which takes seconds.
pub(crate) fn encrypting(stage: &Stage) -> Window<'_> {
    let big = big_file(stage, "pilt.img", 12);
    let window = stage.window(&[&big]);
    window.wait_for("Encrypt 1 file");
    window.press("Add a password");
    window.suggest_password();
    window.press("Encrypt with a password");
    window.wait_for(AT_WORK);
    window
}

/// A certificate for a new key: the certificate's file and the key's.
pub(crate) fn certificate(stage: &Stage, name: &str) -> (PathBuf, PathBuf) {
    let (certificate, key) =
        (stage.documents().join(format!("{name}.pem")), stage.documents().join(format!("{name}.key")));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-384",
            "-nodes",
            "-days",
            "60",
            "-subj",
        ])
        .arg(format!("/CN={name}"))
        .args(["-addext", "keyUsage=digitalSignature,keyAgreement", "-addext", "basicConstraints=CA:FALSE", "-out"])
        .arg(&certificate)
        .arg("-keyout")
        .arg(&key)
        .output()
        .expect("openssl runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (certificate, key)
}
