//! What can be asked for. Secrets are never arguments: they come from a prompt, a file, a descriptor or the environment.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use app::persons::PersonId;
use cdoc2::{Compression, Limits, NamePolicy, OnConflict};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::{
    cards::{CardOptions, HeldKeys},
    terminal::{escaped, harmless},
};

/// Exit statuses, for the help text.
const STATUSES: &str = "\
Exit status:
  0  done
  1  another failure
  2  wrong usage
  3  no key fits, or a wrong password or key
  4  damaged, altered or not a container
  5  server or network
  6  card or PIN
  7  unsafe content, or a limit
  130  interrupted";

/// Encrypts files for people in the CDOC2 format, and opens what others sent.
#[derive(Debug, Parser)]
#[command(name = "kapsel", version, after_help = STATUSES, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Exit status of a wrong use.
const WRONG_USAGE: i32 = 2;

/// Ends the program for a use that is wrong in a way that the arguments' own rules cannot tell, with what to do instead.
pub(crate) fn wrong_usage(cause: &str, next: &str) -> ! {
    if wants_json() {
        print_wrong_usage(serde_json::json!({ "error": { "code": "usage", "detail": cause }, "next": next }));
    } else {
        eprintln!("kapsel: {}\n  {}", harmless(cause), harmless(next));
    }
    std::process::exit(WRONG_USAGE)
}

/// Asked before the arguments are read.
fn wants_json() -> bool {
    std::env::args_os().any(|argument| argument == "--json")
}

fn print_wrong_usage(error: serde_json::Value) {
    eprintln!("{}", escaped(&error.to_string()));
}

/// Ends the program over a wrong use: in words for people, as JSON where that was asked for.
pub(crate) fn refuse(error: &clap::Error) -> ! {
    if !wants_json() || !error.use_stderr() {
        // Help is a result like others: what cannot be printed is a failure, and a reader that left is none.
        let printed = error.print().and_then(|()| io::stdout().flush());
        if let Err(cause) = printed
            && cause.kind() != io::ErrorKind::BrokenPipe
            && !error.use_stderr()
        {
            eprintln!("kapsel: cannot write to standard output: {cause}");
            std::process::exit(1);
        }
        std::process::exit(error.exit_code());
    }
    let text = error.to_string();
    let detail = usage_detail(&text);
    print_wrong_usage(serde_json::json!({ "error": { "code": "usage", "detail": detail } }));
    std::process::exit(error.exit_code())
}

/// What is wrong, in one line, without how the command is used.
fn usage_detail(text: &str) -> String {
    let told = text.split("\n\n").take_while(|part| !part.starts_with("Usage:") && !part.starts_with("For more"));
    let in_one_line = |part: &str| {
        let mut lines = part.lines().map(str::trim);
        let first = lines.next().unwrap_or_default().to_owned();
        let rest: Vec<_> = lines.collect();
        if rest.is_empty() { first } else { format!("{first} {}", rest.join(", ")) }
    };
    let detail = told.map(in_one_line).collect::<Vec<_>>().join("; ");
    detail.trim_start_matches("error: ").to_owned()
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "General")]
pub(crate) struct Global {
    /// Print results, and errors, as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print nothing but errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Say what is being done
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Trust the capsule servers of this list, too; it comes before the person's and the machine's; may be repeated.
    /// The variable `KAPSEL_SERVER_LIST` names such lists, too, separated as in `PATH`
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) server_list: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Encrypt files into a container
    #[command(after_long_help = ENCRYPT_EXAMPLES)]
    Encrypt(Encrypt),
    /// Open a container and save its files
    #[command(after_long_help = DECRYPT_EXAMPLES)]
    Decrypt(Decrypt),
    /// Show names and sizes of the files in a container, after verifying it; write nothing
    #[command(after_long_help = LIST_EXAMPLES)]
    List(List),
    /// Show for whom a container is and what is unusual about it; needs no key
    #[command(after_long_help = INFO_EXAMPLES)]
    Info(Info),
    /// Open a container and encrypt its files for others, without their plaintext on disk
    #[command(after_long_help = RE_ENCRYPT_EXAMPLES)]
    ReEncrypt(Box<ReEncrypt>),
    /// Show, test and change the capsule servers that are trusted
    #[command(after_long_help = SERVERS_EXAMPLES)]
    Servers(Servers),
    /// Show and choose how the network is left: the proxy, and who you are for it
    #[command(after_long_help = NETWORK_EXAMPLES)]
    Network(Network),
    /// Show and test the keys at hand: ID-cards, tokens; remember and forget passwords and symmetric keys
    #[command(after_long_help = KEYS_EXAMPLES)]
    Keys(HeldKeys),
    /// Print a completion script for a shell
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Write man pages into a folder
    Man {
        /// The folder
        #[arg(value_hint = ValueHint::DirPath)]
        folder: PathBuf,
    },
}

const ENCRYPT_EXAMPLES: &str = "\
Examples:
  kapsel encrypt -o contract.cdoc2 --recipient mari.pem contract.pdf annex.pdf
  kapsel encrypt -o photos.cdoc2 --password --label 'the usual one' photos/
  kapsel encrypt -o offer.cdoc2 --recipient mari.pem --server ria --expires 30d offer.pdf
  kapsel encrypt -o note.cdoc2 --recipient mari.pem --recipient card note.txt
  kapsel encrypt -o will.cdoc2 --person PNOEE-38001085718 will.pdf
  kapsel encrypt -o - --recipient toomas.cer report.pdf | ssh host 'cat > report.cdoc2'
  tar c folder | kapsel encrypt -o folder.cdoc2 --secret-file key.bin --name folder.tar -";

const DECRYPT_EXAMPLES: &str = "\
Examples:
  kapsel decrypt contract.cdoc2 -o contract --key my-key.pem
  kapsel decrypt contract.cdoc2 -o contract --card
  kapsel decrypt contract.cdoc2 -o contract --pkcs11 opensc-pkcs11.so
  kapsel decrypt photos.cdoc2 -o photos --password
  kapsel decrypt report.cdoc2 -o - --p12 me.p12 --password-file pass.txt > report.pdf
  ssh host 'cat report.cdoc2' | kapsel decrypt - -o report --key my-key.pem";

const SERVERS_EXAMPLES: &str = "\
Examples:
  kapsel servers list
  kapsel servers test hospital-a
  kapsel servers import from-the-administrator.json
  kapsel servers add hospital-a https://capsules.example:8443 --recipient-url https://capsules.example:8444
  kapsel servers list --server-list trial.json --json
  kapsel servers sign servers.json --key list-key.pem
  kapsel servers check servers.json --list-key list-key.pub";

const NETWORK_EXAMPLES: &str = "\
Examples:
  kapsel network show
  kapsel network set-proxy http://proxy.example:3128 --user mari
  kapsel network set-proxy system";

const KEYS_EXAMPLES: &str = "\
Examples:
  kapsel keys list
  kapsel keys list --json
  kapsel keys test --reader Gemalto
  kapsel keys test --pkcs11 opensc-pkcs11.so
  kapsel keys remember 'the usual one' --password-file pass.txt
  kapsel keys forget 'the usual one'";

const LIST_EXAMPLES: &str = "\
Examples:
  kapsel list contract.cdoc2 --key my-key.pem
  kapsel list photos.cdoc2 --password-file pass.txt --json";

const INFO_EXAMPLES: &str = "\
Examples:
  kapsel info contract.cdoc2
  ssh host 'cat report.cdoc2' | kapsel info - --json";

const RE_ENCRYPT_EXAMPLES: &str = "\
Examples:
  kapsel re-encrypt got.cdoc2 -o keep.cdoc2 --key my-key.pem --password --label 'my archive'
  kapsel re-encrypt old.cdoc2 -o new.cdoc2 --from-password --recipient mari.pem --recipient toomas.pem";

/// For whom to encrypt.
#[derive(Debug, Args)]
#[command(next_help_heading = "For whom")]
pub(crate) struct Recipients {
    /// Certificate or public key of a recipient, PEM or DER; `card` for the holder of the ID-card at hand; may be repeated
    #[arg(long = "recipient", short = 'r', value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) recipient: Vec<PathBuf>,
    /// A person by personal code, such as PNOEE-38001085718; may be repeated. The key is split over at least two servers of different
    /// organisations, and all of them are needed to open; none alone can help open it
    #[arg(long, value_name = "CODE", value_parser = person)]
    pub(crate) person: Vec<PersonId>,
    /// Ask for a password, twice; with it the container can be opened, too
    #[arg(long)]
    pub(crate) password: bool,
    /// Read a password from a file (its first line, UTF-8, with or without a byte order mark); may be repeated; /dev/fd/N reads a descriptor
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) password_file: Vec<PathBuf>,
    /// Read a password from standard input (its first line, UTF-8)
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Read a password from an environment variable
    #[arg(long, value_name = "NAME")]
    pub(crate) password_env: Vec<String>,
    /// Read a symmetric key from a file: its bytes as they are, at least 32; may be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) secret_file: Vec<PathBuf>,
    /// Name the password or symmetric key given before it; everybody can read the name, which must not hold the password
    #[arg(long, value_name = "TEXT")]
    pub(crate) label: Vec<String>,
}

/// Where capsules go. Passwords and symmetric keys need none.
#[derive(Debug, Args)]
#[command(next_help_heading = "Delivery")]
#[command(group = ArgGroup::new("delivered").args(["server", "person"]).multiple(true))]
pub(crate) struct Delivering {
    /// Put the capsules of recipients with keys on this server, from which they disappear in time; may be repeated: opening needs
    /// one of them. For --person: split the key over these servers, all of which opening needs [default: the first two of the list]
    #[arg(long, value_name = "ID")]
    pub(crate) server: Vec<String>,
    /// Until when servers keep them at most: a day as 2027-06-30, a moment as 2027-06-30T12:00:00Z, or a time as 12h, 30d, 6w, 1y; what
    /// stands in the container, as passwords do, opens it after that, too
    /// [default: as long as the recipient's certificate is valid, or as the server does by itself]
    #[arg(long, value_name = "WHEN", requires = "delivered", value_parser = expiry)]
    pub(crate) expires: Option<app::servers::Expiry>,
    /// Keep capsules inside the container, which then opens without a server and for ever (this is the default, but for --person, which
    /// needs servers)
    #[arg(long, conflicts_with_all = ["server", "person"])]
    pub(crate) no_server: bool,
}

impl Delivering {
    /// Servers are named for something: passwords and symmetric keys stand in the container whatever is said of servers.
    pub(crate) fn check(&self, recipients: &Recipients) {
        let has_secret = recipients.password
            || recipients.password_stdin
            || !(recipients.password_file.is_empty()
                && recipients.password_env.is_empty()
                && recipients.secret_file.is_empty());
        if has_secret && !self.server.is_empty() && recipients.recipient.is_empty() && recipients.person.is_empty() {
            wrong_usage(
                "nothing goes to a server for passwords and symmetric keys, which open the container for ever",
                "--server and --expires go with --recipient or --person",
            );
        }
    }
}

fn fingerprint(text: &str) -> Result<String, String> {
    let plain = text.replace([':', ' '], "").to_lowercase();
    let is_one = plain.len() == 64 && plain.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_one { Ok(plain) } else { Err("write SHA-256 of the certificate in hex, 64 characters".to_owned()) }
}

fn expiry(text: &str) -> Result<app::servers::Expiry, String> {
    app::servers::parse_expiry(text, std::time::SystemTime::now())
}

#[derive(Debug, Args)]
pub(crate) struct Servers {
    #[command(subcommand)]
    pub(crate) command: ServersCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ServersCommand {
    /// Show every server, the list it stands in, and whether it can be used
    List,
    /// Show everything that is known of a server
    Show {
        /// Its identifier
        id: String,
    },
    /// Go to a server step by step: name, connection, TLS, pin, host name, validity, OCSP, interface; nothing is sent
    Test {
        /// Its identifier
        id: String,
    },
    /// Trust a server: look at its certificate, show the fingerprint, ask, and write it into the person's own list
    Add(AddServer),
    /// Add the certificate that a server shows now to its entry, after asking; the entry goes into the person's own list
    Pin {
        /// Its identifier
        id: String,
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// Take a server out of the person's own list
    Remove {
        /// Its identifier
        id: String,
    },
    /// Add the servers of a list to the person's own, in place of those with the same identifiers
    Import(Import),
    /// Print a list of these servers, or of all
    Export {
        /// Their identifiers
        ids: Vec<String>,
    },
    /// Fetch the list that the administrator's policy names, now; otherwise that happens once a day
    Refresh,
    /// For administrators: check a list, and by whom it is signed
    Check(CheckList),
    /// For administrators: sign a list; the signature is written beside it, with the ending .sig
    Sign(SignList),
}

/// A list to be checked.
#[derive(Debug, Args)]
pub(crate) struct CheckList {
    /// The list
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Public keys (EC, PEM or DER), one of which must have signed it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) list_key: Option<PathBuf>,
    /// Its signature [default: beside it, with the ending .sig]
    #[arg(long, value_name = "FILE", requires = "list_key", value_hint = ValueHint::FilePath)]
    pub(crate) signature: Option<PathBuf>,
}

/// A list to be signed.
#[derive(Debug, Args)]
pub(crate) struct SignList {
    /// The list; one with a mistake is not signed
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Private key (EC on P-256, P-384 or P-521), PEM, DER or PKCS#12; when it has a password, that is asked for
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) key: PathBuf,
    #[command(flatten)]
    pub(crate) secrets: OneSecret,
}

/// Where one password comes from, when nobody is asked for it.
#[derive(Debug, Args)]
pub(crate) struct OneSecret {
    /// Read the password from a file (its first line, UTF-8, with or without a byte order mark)
    #[arg(long, value_name = "FILE", group = "one_password", value_hint = ValueHint::FilePath)]
    password_file: Option<PathBuf>,
    /// Read the password from standard input (its first line, UTF-8)
    #[arg(long, group = "one_password")]
    password_stdin: bool,
    /// Read the password from an environment variable
    #[arg(long, value_name = "NAME", group = "one_password")]
    password_env: Option<String>,
}

impl From<&OneSecret> for Secrets {
    fn from(secret: &OneSecret) -> Self {
        Self {
            password: false,
            password_file: secret.password_file.clone(),
            password_stdin: secret.password_stdin,
            password_env: secret.password_env.clone(),
            secret_file: Vec::new(),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Network {
    #[command(subcommand)]
    pub(crate) command: NetworkCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NetworkCommand {
    /// Show the proxy in force, your name for it, OCSP and time-outs
    Show,
    /// Choose a proxy; with a name, its password is asked for and kept in the system's keyring
    SetProxy(SetProxy),
    /// Forget your name for the proxy, and its password in the system's keyring
    ForgetCredentials,
}

/// The way out of the network.
#[derive(Debug, Args)]
pub(crate) struct SetProxy {
    /// http://host:port; system, as the system says; or none
    #[arg(value_name = "URL|system|none")]
    pub(crate) proxy: String,
    /// Your name for the proxy. Where KAPSEL_PROXY_PASSWORD_FILE names a file with the password, nothing is asked for or kept
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    #[command(flatten)]
    pub(crate) secrets: OneSecret,
}

/// Servers to be trusted, by a file.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("signer").args(["central_key", "list_key"]))]
pub(crate) struct Import {
    /// The list; with --central-key, the central configuration of Estonia's eID (config.json)
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Public key that must have signed the central configuration, PEM or DER (config.ecpub, compared in another way)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) central_key: Option<PathBuf>,
    /// Public keys (EC, PEM or DER), one of which must have signed the list
    #[arg(long, value_name = "FILE", conflicts_with = "central_key", value_hint = ValueHint::FilePath)]
    pub(crate) list_key: Option<PathBuf>,
    /// Its signature [default: beside it: with the ending .sig behind a list, config.ecc for the central configuration]
    #[arg(long, value_name = "FILE", requires = "signer", value_hint = ValueHint::FilePath)]
    pub(crate) signature: Option<PathBuf>,
}

/// A server to be trusted.
#[derive(Debug, Args)]
pub(crate) struct AddServer {
    /// Identifier that stands in containers
    pub(crate) id: String,
    /// Where senders post capsules, https://host:port
    pub(crate) sender_url: String,
    /// Where recipients fetch them
    #[arg(long, value_name = "URL")]
    pub(crate) recipient_url: String,
    /// A name for people [default: the identifier]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Who runs it; servers of one organisation have the same [default: the host name]
    #[arg(long)]
    pub(crate) organisation: Option<String>,
    #[command(flatten)]
    pub(crate) confirmed: Confirmed,
}

/// How a certificate is confirmed without a person at a terminal.
#[derive(Debug, Args)]
pub(crate) struct Confirmed {
    /// SHA-256 of the certificate in hex, as it was told in another way; then nothing is asked; may be repeated when the two
    /// addresses show different ones
    #[arg(long, value_name = "SHA256", value_parser = fingerprint)]
    pub(crate) fingerprint: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Encrypt {
    /// The container to write; - for standard output
    #[arg(long, short, value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) recipients: Recipients,
    /// For `--recipient card`: look only into the reader with this name, or a part of it
    #[arg(long, value_name = "NAME", help_heading = "For whom")]
    pub(crate) reader: Option<String>,
    #[command(flatten)]
    pub(crate) delivering: Delivering,
    #[command(flatten)]
    pub(crate) writing: Writing,
    /// Encrypt files under the safe names that are proposed for names the format forbids
    #[arg(long)]
    pub(crate) safe_names: bool,
    /// File name in the container for what comes from standard input
    #[arg(long, value_name = "NAME", default_value = "stdin")]
    pub(crate) name: String,
    /// Files and folders (taken with everything in them, by base names); - for standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) files: Vec<PathBuf>,
}

/// How a container is written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Writing")]
pub(crate) struct Writing {
    /// How hard to compress
    #[arg(long, value_enum, default_value_t = CompressionChoice::Fast)]
    pub(crate) compression: CompressionChoice,
    /// Replace the output when it exists
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Check everything and say what would be done; write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum CompressionChoice {
    /// On all cores, about a tenth larger than the usual gzip
    Fast,
    /// As small as zlib can
    Best,
    /// For what is compressed already
    None,
}

impl From<CompressionChoice> for Compression {
    fn from(choice: CompressionChoice) -> Self {
        match choice {
            CompressionChoice::Fast => Self::Fast,
            CompressionChoice::Best => Self::Best,
            CompressionChoice::None => Self::None,
        }
    }
}

/// Keys to open with.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys")]
pub(crate) struct Keys {
    /// Private key, PEM or DER; may be repeated
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) key: Vec<PathBuf>,
    /// Private key in a PKCS#12 file (.p12, .pfx); may be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) p12: Vec<PathBuf>,
    /// Certificate of a private key whose file holds none, PEM or DER: capsule servers ask for it; may be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) certificate: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) card: CardOptions,
    /// Open with what the system's keyring remembers under the container's labels (tried also when no key is named)
    #[arg(long)]
    pub(crate) remembered: bool,
}

/// Secrets to open with. A password unlocks key files, too.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys")]
pub(crate) struct Secrets {
    /// Ask for the password
    #[arg(long, group = "open_password")]
    pub(crate) password: bool,
    /// Read the password from a file (its first line, UTF-8, with or without a byte order mark); /dev/fd/N reads a descriptor
    #[arg(long, value_name = "FILE", group = "open_password", value_hint = ValueHint::FilePath)]
    pub(crate) password_file: Option<PathBuf>,
    /// Read the password from standard input (its first line, UTF-8)
    #[arg(long, group = "open_password")]
    pub(crate) password_stdin: bool,
    /// Read the password from an environment variable
    #[arg(long, value_name = "NAME", group = "open_password")]
    pub(crate) password_env: Option<String>,
    /// Read the symmetric key from a file: its bytes as they are
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) secret_file: Vec<PathBuf>,
}

impl Secrets {
    /// Whether a password is to come from somewhere.
    pub(crate) fn is_named(&self) -> bool {
        self.password || self.password_file.is_some() || self.password_stdin || self.password_env.is_some()
    }
}

/// The same under other names, where the plain ones are for the new container.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys")]
pub(crate) struct FromSecrets {
    /// Ask for the password of the container or key file
    #[arg(long, group = "from_password_group")]
    pub(crate) from_password: bool,
    /// Read that password from a file (its first line)
    #[arg(long, value_name = "FILE", group = "from_password_group", value_hint = ValueHint::FilePath)]
    pub(crate) from_password_file: Option<PathBuf>,
    /// Read that password from an environment variable
    #[arg(long, value_name = "NAME", group = "from_password_group")]
    pub(crate) from_password_env: Option<String>,
    /// Read the container's symmetric key from a file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) from_secret_file: Vec<PathBuf>,
}

impl From<FromSecrets> for Secrets {
    fn from(from: FromSecrets) -> Self {
        Self {
            password: from.from_password,
            password_file: from.from_password_file,
            password_stdin: false,
            password_env: from.from_password_env,
            secret_file: from.from_secret_file,
        }
    }
}

/// What is accepted from a sender at most.
#[derive(Debug, Args)]
#[command(next_help_heading = "Accepted")]
pub(crate) struct Accepted {
    /// Most files
    #[arg(long, value_name = "N", default_value_t = Limits::default().entries)]
    pub(crate) max_files: u64,
    /// Most bytes of all files together, as 500M or 20G [default: 4G, or ten times the container]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_size: Option<u64>,
    /// Most bytes of a file name
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().name_length)]
    pub(crate) max_name: u64,
    /// Most bytes of an extended (PAX) header or long name of a file in the archive
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "64K")]
    pub(crate) max_pax: u64,
    /// Save files whose names are not allowed under the safe names that are proposed
    #[arg(long)]
    pub(crate) safe_names: bool,
}

impl Accepted {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            entries: self.max_files,
            total_size: self.max_size,
            name_length: self.max_name.min(Limits::default().name_length),
            pax_size: self.max_pax,
        }
    }

    pub(crate) fn names(&self) -> NamePolicy {
        if self.safe_names { NamePolicy::UseSafeNames } else { NamePolicy::Refuse }
    }
}

fn person(text: &str) -> Result<PersonId, String> {
    app::persons::parse(text).map_err(|failure| failure.view().detail.clone())
}

/// `500M`, `20G`, `1024`: powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.trim_end_matches(['B', 'b']).to_ascii_uppercase() {
        text if text.ends_with('K') => (text[..text.len() - 1].to_owned(), 10),
        text if text.ends_with('M') => (text[..text.len() - 1].to_owned(), 20),
        text if text.ends_with('G') => (text[..text.len() - 1].to_owned(), 30),
        text => (text, 0),
    };
    let number: u64 = digits.parse().map_err(|_| "write a number of bytes, as 500M or 20G".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "too large".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct Decrypt {
    /// The container; - for standard input
    #[arg(value_name = "IN", value_hint = ValueHint::FilePath)]
    pub(crate) container: PathBuf,
    /// Folder to save to, made when its parent exists; - writes the only file to standard output
    #[arg(long, short, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) keys: Keys,
    #[command(flatten)]
    pub(crate) secrets: Secrets,
    #[command(flatten)]
    pub(crate) accepted: Accepted,
    /// Replace files that exist
    #[arg(long, conflicts_with = "rename")]
    pub(crate) overwrite: bool,
    /// Keep files that exist, and save the new ones under numbered names
    #[arg(long)]
    pub(crate) rename: bool,
    /// Verify everything and say what would be saved; write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

impl Decrypt {
    pub(crate) fn on_conflict(&self) -> OnConflict {
        match (self.overwrite, self.rename) {
            (true, _) => OnConflict::Overwrite,
            (false, true) => OnConflict::Rename,
            (false, false) => OnConflict::Refuse,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// The container; - for standard input
    #[arg(value_name = "IN", value_hint = ValueHint::FilePath)]
    pub(crate) container: PathBuf,
    #[command(flatten)]
    pub(crate) keys: Keys,
    #[command(flatten)]
    pub(crate) secrets: Secrets,
    #[command(flatten)]
    pub(crate) accepted: Accepted,
}

#[derive(Debug, Args)]
pub(crate) struct Info {
    /// The container; - for standard input
    #[arg(value_name = "IN", value_hint = ValueHint::FilePath)]
    pub(crate) container: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ReEncrypt {
    /// The container to open; - for standard input
    #[arg(value_name = "IN", value_hint = ValueHint::FilePath)]
    pub(crate) container: PathBuf,
    /// The container to write
    #[arg(long, short, value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) keys: Keys,
    #[command(flatten)]
    pub(crate) from: FromSecrets,
    #[command(flatten)]
    pub(crate) recipients: Recipients,
    #[command(flatten)]
    pub(crate) delivering: Delivering,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) accepted: Accepted,
}
