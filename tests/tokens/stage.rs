//! A person's token, and letters to them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
};

use crate::support::{Outcome, Place, key_pair, openssl};

pub const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";
pub const LETTER: &str = "for your eyes only";
const LABEL: &str = "mari";

/// Modules that are built for these tests.
struct Modules {
    folder: tempfile::TempDir,
}

static MODULES: LazyLock<Modules> = LazyLock::new(|| {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("temporary folder");
    for name in ["faulty", "nss"] {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/tokens/modules/{name}.c"));
        let mut command = Command::new("cc");
        command.args(["-std=gnu17", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]);
        command.arg(folder.path().join(format!("{name}.so"))).arg(source).arg("-ldl");
        succeeds(command.output().expect("a C compiler is installed"));
    }
    Modules { folder }
});

/// A module of `tests/tokens/modules`.
pub fn module(name: &str) -> String {
    MODULES.folder.path().join(format!("{name}.so")).display().to_string()
}

#[track_caller]
fn succeeds(output: Output) {
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

/// A place with a token of SoftHSM, whose PIN is 1234.
pub struct Stage {
    pub place: Place,
}

impl Stage {
    pub fn new() -> Self {
        let place = Place::new();
        place.file("letter.txt", LETTER);
        place.file("right", "1234\n");
        place.file("wrong", "9999\n");
        let tokens = place.path("tokens");
        fs::create_dir(&tokens).expect("a folder");
        let config = format!("directories.tokendir = {}\nobjectstore.backend = file\n", tokens.display());
        place.file("softhsm2.conf", config);
        let stage = Self { place };
        stage.add_token(LABEL);
        stage
    }

    pub fn add_token(&self, label: &str) {
        let mut command = self.command("softhsm2-util");
        command.args(["--init-token", "--free", "--label", label, "--pin", "1234", "--so-pin", "5678"]);
        succeeds(command.output().expect("softhsm2 is installed"));
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("timeout");
        command.args(["60", program]).current_dir(self.place.root());
        command.env("SOFTHSM2_CONF", self.place.path("softhsm2.conf"));
        command
    }

    fn write(&self, file: &str, more: &[&str]) {
        self.write_to(LABEL, file, more);
    }

    fn write_to(&self, token: &str, file: &str, more: &[&str]) {
        let mut command = self.command("pkcs11-tool");
        command.args(["--module", SOFTHSM, "--login", "--pin", "1234", "--token-label", token]);
        command.args(["--write-object", file]).args(more);
        succeeds(command.output().expect("opensc is installed"));
    }

    /// A key of this algorithm, on the token; its certificate stands in `NAME.crt`.
    pub fn key(&self, name: &str, algorithm: &str) -> String {
        let certificate = self.key_without_certificate(name, algorithm);
        let place = self.place.root();
        openssl(place, &["x509", "-in", &certificate, "-outform", "DER", "-out", "certificate.der"]);
        self.write("certificate.der", &["--type", "cert", "--id", &hex::encode(name), "--label", name]);
        certificate
    }

    fn key_without_certificate(&self, name: &str, algorithm: &str) -> String {
        let (key, certificate) = key_pair(&self.place, name, algorithm);
        openssl(self.place.root(), &["pkey", "-in", &key, "-outform", "DER", "-out", "key.der"]);
        let usage = if algorithm.starts_with("ec") { "--usage-derive" } else { "--usage-decrypt" };
        self.write("key.der", &["--type", "privkey", "--id", &hex::encode(name), "--usage-sign", usage]);
        certificate
    }

    /// The same with its public key on the token, in place of the certificate.
    pub fn bare_key(&self, name: &str, algorithm: &str) -> String {
        let certificate = self.key_without_certificate(name, algorithm);
        let key = format!("{name}.pem");
        openssl(self.place.root(), &["pkey", "-in", &key, "-pubout", "-outform", "DER", "-out", "public.der"]);
        self.write("public.der", &["--type", "pubkey", "--id", &hex::encode(name), "--label", name]);
        certificate
    }

    /// A key on another token, too.
    pub fn copy_key(&self, name: &str, token: &str) {
        let place = self.place.root();
        let (key, certificate) = (format!("{name}.pem"), format!("{name}.crt"));
        openssl(place, &["pkey", "-in", &key, "-outform", "DER", "-out", "key.der"]);
        openssl(place, &["x509", "-in", &certificate, "-outform", "DER", "-out", "certificate.der"]);
        let id = hex::encode(name);
        self.write_to(token, "key.der", &["--type", "privkey", "--id", &id, "--usage-derive"]);
        self.write_to(token, "certificate.der", &["--type", "cert", "--id", &id, "--label", name]);
    }

    /// A key in NSS' database, too.
    pub fn copy_to_nss(&self, name: &str) {
        let (key, certificate) = (format!("{name}.pem"), format!("{name}.crt"));
        self.p12(name);
        fs::create_dir(self.place.path("nss")).expect("a folder");
        assert!(self.place.path(&key).exists() && self.place.path(&certificate).exists());
        for arguments in [
            &["certutil", "-N", "-d", "sql:nss", "-f", "right"][..],
            &["pk12util", "-i", &format!("{name}.p12"), "-d", "sql:nss", "-k", "right", "-W", "1234"],
        ] {
            succeeds(self.command(arguments[0]).args(&arguments[1..]).output().expect("libnss3-tools is installed"));
        }
    }

    /// The key as PKCS#12, `NAME.p12`, with the password 1234.
    pub fn p12(&self, name: &str) {
        let (key, certificate, file) = (format!("{name}.pem"), format!("{name}.crt"), format!("{name}.p12"));
        let arguments = ["pkcs12", "-export", "-in", &certificate, "-inkey", &key, "-out", &file];
        openssl(self.place.root(), &[&arguments[..], &["-passout", "pass:1234", "-name", name]].concat());
    }

    /// A letter for a recipient, `letter.cdoc2`.
    pub fn letter(&self, certificate: &str, more: &[&str]) {
        let usual = ["encrypt", "-o", "letter.cdoc2", "-r", certificate, "letter.txt", "--overwrite"];
        self.place.run(&[&usual[..], more].concat()).expect(0);
    }

    pub fn kapsel(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.kapsel(arguments);
        command.env("SOFTHSM2_CONF", self.place.path("softhsm2.conf")).env("CALLS", self.calls());
        let nss = self.place.path("nss");
        let parameters = "certPrefix='' keyPrefix='' secmod='' flags=readOnly";
        command.env("NSS_PARAMETERS", format!("configdir='sql:{}' {parameters}", nss.display()));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome(self.kapsel(arguments).output().expect("kapsel starts"))
    }

    fn calls(&self) -> PathBuf {
        self.place.path("calls")
    }

    /// How often the faulty module was logged in to, since the last time.
    pub fn logins(&self) -> usize {
        let calls = fs::read_to_string(self.calls()).unwrap_or_default();
        let _ = fs::remove_file(self.calls());
        calls.lines().count()
    }

    /// `decrypt` by a module; the PIN is in a file.
    pub fn opening(&self, module: &str, pin: &str, more: &[&str]) -> Command {
        let usual = ["decrypt", "letter.cdoc2", "-o", "out", "--json", "--pkcs11", module, "--pin-file", pin];
        self.kapsel(&[&usual[..], more].concat())
    }

    #[track_caller]
    pub fn opens(&self, module: &str, more: &[&str]) {
        Outcome(self.opening(module, "right", more).output().expect("kapsel starts")).expect(0);
        self.is_saved();
    }

    #[track_caller]
    pub fn is_saved(&self) {
        assert_eq!(fs::read_to_string(self.place.path("out/letter.txt")).expect("saved"), LETTER);
        fs::remove_dir_all(self.place.path("out")).expect("removed");
    }

    /// `decrypt` by the faulty module.
    pub fn opening_with_fault(&self, fault: &str, pin: &str, more: &[&str]) -> Outcome {
        let mut command = self.opening(&module("faulty"), pin, more);
        Outcome(command.env("FAULT", fault).output().expect("kapsel starts"))
    }

    #[track_caller]
    pub fn fails(&self, fault: &str, pin: &str, code: &str) -> serde_json::Value {
        let outcome = self.opening_with_fault(fault, pin, &[]);
        assert_eq!((outcome.status(), outcome.code().as_str()), (6, code), "{fault}: {}", outcome.stderr());
        assert!(!self.place.path("out").exists(), "nothing is saved");
        serde_json::from_str::<serde_json::Value>(&outcome.stderr()).expect("JSON alone")["error"].clone()
    }
}
