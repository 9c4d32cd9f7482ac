//! Letters to persons by code, whose keys are split over servers of different organisations.

use std::{fs, path::PathBuf, time::Duration};

use crate::{
    organisation::{Organisation, list},
    support::{Outcome, Place, openssl},
};

/// Three organisations whose servers keep shares, a list of them, a letter, and Jaak with a certificate that names him.
struct Stage {
    place: Place,
    servers: [Organisation; 3],
}

pub const JAAK: &str = "PNOEE-38001085718";
pub const MARI: &str = "PNOEE-60001019906";
const OPEN: &str = "decrypt c.cdoc2 -o out --key jaak-both.pem";

/// A key `NAME.pem`, its certificate `NAME.crt` for a person, and both in `NAME-both.pem` and in `NAME.p12`.
pub fn person(place: &Place, name: &str, number: &str, kind: [&str; 2]) -> PathBuf {
    let [key, certificate, both, p12] = [".pem", ".crt", "-both.pem", ".p12"].map(|ending| format!("{name}{ending}"));
    let [algorithm, option] = kind;
    openssl(place.root(), &["genpkey", "-algorithm", algorithm, "-pkeyopt", option, "-out", &key]);
    let subject = format!("/CN={name}/serialNumber={number}");
    let usage = ["-addext", "keyUsage=critical,digitalSignature,keyAgreement"];
    let request = ["req", "-x509", "-new", "-key", &key, "-subj", &subject, "-days", "30", "-out", &certificate];
    openssl(place.root(), &[&request[..], &usage].concat());
    let parts = [&certificate, &key].map(|name| fs::read(place.path(name)).expect("made"));
    place.file(&both, parts.concat());
    let export =
        ["pkcs12", "-export", "-inkey", &key, "-in", &certificate, "-passout", "pass:of-the-file", "-out", &p12];
    openssl(place.root(), &export);
    place.path(&certificate)
}

pub const P384: [&str; 2] = ["EC", "ec_paramgen_curve:secp384r1"];

impl Stage {
    fn new() -> Self {
        Self::with(P384)
    }

    fn with(kind: [&str; 2]) -> Self {
        let place = Place::new();
        let certificates = [person(&place, "jaak", JAAK, kind), person(&place, "mari", MARI, P384)];
        let servers = ["css-a", "css-b", "css-c"].map(|id| Organisation::with_tickets(id, &certificates));
        place.file("letter.txt", "for your eyes only");
        place.file("password", "of-the-file\n");
        let stage = Self { place, servers };
        stage.list(&stage.entries());
        stage
    }

    fn entries(&self) -> [serde_json::Value; 3] {
        self.servers.each_ref().map(Organisation::entry)
    }

    fn list(&self, entries: &[serde_json::Value]) {
        self.place.file("servers.json", list(entries));
    }

    fn run(&self, arguments: &str) -> Outcome {
        let arguments: Vec<_> = arguments.split_whitespace().collect();
        self.place.run(&[&arguments[..], &["--server-list", "servers.json", "--json"]].concat())
    }

    /// Splits the key over all three.
    fn encrypt(&self) -> serde_json::Value {
        let servers = "--server css-a --server css-b --server css-c";
        let outcome =
            self.run(&format!("encrypt -o c.cdoc2 --person {JAAK} letter.txt --overwrite {servers}")).expect(0);
        serde_json::from_str(&outcome.stdout()).expect("JSON")
    }

    #[track_caller]
    fn opens(&self, arguments: &str) {
        self.run(arguments).expect(0);
        assert_eq!(fs::read_to_string(self.place.path("out/letter.txt")).expect("saved"), "for your eyes only");
        fs::remove_dir_all(self.place.path("out")).expect("removed");
    }

    /// Fails with this code and opens nothing; gives its words.
    #[track_caller]
    fn fails(&self, arguments: &str, status: i32, code: &str) -> String {
        let before = self.place.everything();
        let outcome = self.run(arguments).expect(status);
        assert_eq!(outcome.code(), code, "{}", outcome.stderr());
        assert_eq!(self.place.everything(), before, "nothing is written");
        outcome.stderr()
    }
}

#[test]
fn a_letter_to_a_code_opens_with_every_key_that_a_certificate_says_is_the_persons() {
    for kind in [P384, ["EC", "ec_paramgen_curve:prime256v1"], ["RSA", "rsa_keygen_bits:2048"]] {
        let stage = Stage::with(kind);
        let encrypted = stage.encrypt();
        let delivery = &encrypted["delivery"][0];
        assert_eq!(delivery["servers"], serde_json::json!(["css-a", "css-b", "css-c"]));
        assert_eq!((&delivery["needed"], &delivery["recipient"]), (&"all".into(), &"38001085718".into()));
        assert!(encrypted["keptUntil"].as_i64().is_some_and(|until| until > 1_700_000_000), "{encrypted}");
        stage.opens(OPEN);
        stage.opens("decrypt c.cdoc2 -o out --p12 jaak.p12 --password-file password");
        stage.opens("decrypt c.cdoc2 -o out --key jaak.pem --certificate jaak.crt");
        // What else is at hand does not stand in the way.
        stage.opens("decrypt c.cdoc2 -o out --key mari-both.pem --key jaak-both.pem");
        stage.fails("decrypt c.cdoc2 -o out --key jaak.pem", 5, "certificate_needed");
        stage.fails("decrypt c.cdoc2 -o out --key mari-both.pem", 3, "not_a_recipient");
        // Of another key, it is refused at once, also where the key has its own.
        for key in ["--key jaak.pem", "--key jaak-both.pem", "--p12 jaak.p12 --password-file password"] {
            let arguments = format!("decrypt c.cdoc2 -o out {key} --certificate mari.crt");
            let words = stage.fails(&arguments, 1, "key_file_unusable");
            assert!(
                words.contains("mari.crt") && words.contains("it has no certificate of a key that was given"),
                "{words}"
            );
        }
    }
}

#[test]
fn what_a_container_of_shares_tells_without_a_key() {
    let stage = Stage::new();
    stage.encrypt();
    let json: serde_json::Value = serde_json::from_str(&stage.run("info c.cdoc2").expect(0).stdout()).expect("JSON");
    let record = &json["records"][0];
    assert_eq!((&record["kind"], &record["opensWith"]), (&"shares".into(), &"shares".into()));
    assert_eq!((&record["code"], &record["serverProblem"]), (&"38001085718".into(), &serde_json::Value::Null));
    let urls = stage.entries().map(|entry| entry["sharesUrl"].clone());
    assert_eq!(record["servers"], serde_json::json!(urls));
    let info = || stage.place.run(&["info", "c.cdoc2", "--server-list", "servers.json"]).expect(0).stdout();
    let text = info();
    for words in ["person 38001085718", "all 3 are needed", "--card", "--certificate"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("server list"), "{text}");
    stage.list(&stage.entries()[..2]);
    let unlisted = urls[2].as_str().expect("a URL");
    assert!(info().contains(&format!("key shares on css-a, css-b, {unlisted}; all 3 are needed")), "{}", info());
    assert!(info().contains(&format!("     {unlisted} is in no server list")), "{}", info());
    let json: serde_json::Value = serde_json::from_str(&stage.run("info c.cdoc2").expect(0).stdout()).expect("JSON");
    assert_eq!(
        (&json["records"][0]["problemServer"], &json["records"][0]["serverProblem"]),
        (&urls[2], &"server_unknown".into())
    );
    let words = stage.fails(OPEN, 5, "server_unknown");
    assert!(words.contains(urls[2].as_str().expect("a URL")), "{words}");
}

#[test]
fn with_one_server_down_it_is_named_and_nothing_is_opened() {
    let mut stage = Stage::new();
    stage.encrypt();
    stage.servers[1].stop();
    for arguments in [OPEN, "list c.cdoc2 --key jaak-both.pem", "decrypt c.cdoc2 -o out --key jaak-both.pem --dry-run"]
    {
        let words = stage.fails(arguments, 5, "server_unreachable");
        assert!(words.contains("all 3 servers") && words.contains("css-b"), "{words}");
        assert!(!words.contains("css-a") && !words.contains("css-c"), "{words}");
    }
    stage.servers[2].stop();
    let words = stage.fails(OPEN, 5, "server_unreachable");
    assert!(words.contains("the server css-b") && words.contains("the server css-c"), "{words}");
}

#[test]
fn a_share_that_does_not_arrive_leaves_no_container() {
    let mut stage = Stage::new();
    stage.servers[1].stop();
    let encrypt = format!("encrypt -o c.cdoc2 --person {JAAK} letter.txt");
    // By default the first two of the list.
    let words = stage.fails(&encrypt, 5, "server_unreachable");
    assert!(words.contains("css-b") && !words.contains("css-c"), "{words}");
    let words = stage.fails(&format!("{encrypt} --server css-c --server css-b"), 5, "server_unreachable");
    assert!(words.contains("css-b"), "{words}");
    stage.run(&format!("{encrypt} --server css-a --server css-c --expires 30d")).expect(0);
    stage.opens(OPEN);
}

#[test]
fn servers_are_chosen_from_the_list_each_of_another_organisation() {
    let stage = Stage::new();
    let mut entries = stage.entries();
    entries[1]["organisation"] = entries[0]["organisation"].clone();
    stage.list(&entries);
    let encrypt = format!("encrypt -o c.cdoc2 --person {JAAK} letter.txt --overwrite");
    let placed = |arguments: &str| -> serde_json::Value {
        let outcome = stage.run(&format!("{encrypt} {arguments}")).expect(0);
        serde_json::from_str(&outcome.stdout()).expect("JSON")
    };
    assert_eq!(placed("")["delivery"][0]["servers"], serde_json::json!(["css-a", "css-c"]));
    stage.opens(OPEN);
    let value = placed("--server css-b --server css-a --server css-c");
    assert_eq!(value["delivery"][0]["servers"], serde_json::json!(["css-b", "css-c"]));
    assert_eq!(value["delivery"][0]["leftOut"], serde_json::json!(["css-a"]));
    assert!(value["notes"][0].as_str().is_some_and(|note| note.contains("css-a")), "{value}");
    stage.opens(OPEN);
    fs::remove_file(stage.place.path("c.cdoc2")).expect("removed");
    // Two of one organisation, one alone, none that keeps shares, and one that is not there.
    stage.fails(&format!("{encrypt} --server css-a --server css-b"), 5, "too_few_share_servers");
    stage.fails(&format!("{encrypt} --server css-c"), 5, "too_few_share_servers");
    stage.fails(&format!("{encrypt} --server css-x"), 5, "server_unknown");
    stage.fails(&format!("{encrypt} --dry-run --server css-c"), 5, "too_few_share_servers");
    stage.list(&entries[..2]);
    let words = stage.fails(&encrypt, 5, "too_few_share_servers");
    assert!(words.contains("only css-a keeps key shares"), "{words}");
    entries[2].as_object_mut().expect("an entry").remove("sharesUrl");
    stage.list(&entries[2..]);
    let words = stage.fails(&encrypt, 5, "too_few_share_servers");
    assert!(words.contains("none keeps key shares"), "{words}");
}

#[test]
fn one_organisation_is_no_two_by_another_spelling() {
    let stage = Stage::new();
    let [first, mut second, _] = stage.entries();
    let encrypt = |more: &str| format!("encrypt -o c.cdoc2 --person {JAAK} letter.txt --overwrite {more}");
    for spelling in ["CSS-A", "css-\u{430}", "css\u{2011}a", "c ss-a"] {
        second["organisation"] = serde_json::json!(spelling);
        // In one list it is a mistake, in two they count as one.
        stage.list(&[first.clone(), second.clone()]);
        let words = stage.fails(&encrypt(""), 5, "server_list_invalid");
        assert!(words.contains("servers.json, server `css-b`: the `organisation`"), "{words}");
        stage.list(std::slice::from_ref(&first));
        stage.place.file("other.json", list(&[second.clone()]));
        for chosen in ["", "--server css-a --server css-b"] {
            let arguments = encrypt(&format!("--server-list other.json {chosen}"));
            stage.fails(&arguments, 5, "too_few_share_servers");
        }
    }
    second["organisation"] = serde_json::json!("css-b");
    stage.place.file("other.json", list(&[second]));
    stage.run(&encrypt("--server-list other.json")).expect(0);
}

#[test]
fn one_server_is_no_two_by_another_organisation() {
    let stage = Stage::new();
    let [first, ..] = stage.entries();
    let mut second = first.clone();
    let elsewhere = first["sharesUrl"].as_str().expect("a URL").replace("localhost", "127.0.0.1");
    (second["id"], second["organisation"]) = (serde_json::json!("css-x"), serde_json::json!("quite another"));
    second["sharesUrl"] = serde_json::json!(elsewhere);
    stage.list(&[first, second]);
    for chosen in ["", "--server css-a --server css-x"] {
        stage.fails(&format!("encrypt -o c.cdoc2 --person {JAAK} letter.txt {chosen}"), 5, "too_few_share_servers");
    }
}

#[test]
fn an_administrator_sees_whether_a_server_keeps_shares() {
    let stage = Stage::new();
    let tested = stage.run("servers test css-a").expect(0).stdout();
    assert!(tested.contains("keeps key shares"), "{tested}");
    let shown = stage.place.run(&["servers", "show", "css-a", "--server-list", "servers.json"]).expect(0).stdout();
    let listed = stage.place.run(&["servers", "list", "--server-list", "servers.json"]).expect(0).stdout();
    assert!(listed.contains("gives capsules by ticket; keeps key shares\n"), "{listed}");
    let url = stage.entries()[0]["sharesUrl"].as_str().expect("a URL").to_owned();
    assert!(shown.contains("for key shares") && shown.contains(&url), "{shown}");
    // What answers there is no capsule server.
    let mut entries = stage.entries();
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("bound").port();
    entries[0]["sharesUrl"] = format!("https://localhost:{silent}").into();
    stage.list(&entries);
    let outcome = stage.run("servers test css-a").expect(5);
    assert!(!outcome.stdout().contains("keeps key shares"), "{}", outcome.stdout());
}

#[test]
fn a_mistyped_code_is_wrong_usage_and_nothing_is_asked() {
    let stage = Stage::new();
    for code in ["38001085719", "PNOEE-3800108571", "Jaak"] {
        stage.fails(&format!("encrypt -o c.cdoc2 --person {code} letter.txt"), 2, "usage");
    }
    stage.fails("encrypt -o c.cdoc2 --recipient mari.crt --expires 30d letter.txt", 2, "usage");
    // Without a server there is nothing for a person by code; and with a password alone, nothing for a server.
    for command in ["encrypt -o c.cdoc2", "re-encrypt c.cdoc2 -o again.cdoc2 --key jaak.pem"] {
        let files = if command.starts_with("encrypt") { "letter.txt" } else { "" };
        let fails = |arguments: &str| stage.fails(&format!("{command} {arguments} {files}"), 2, "usage");
        assert!(fails(&format!("--person {JAAK} --no-server")).contains("--no-server"));
        assert!(fails("--recipient mari.crt --server css-a --no-server").contains("--no-server"));
        for secret in ["--password-file password", "--secret-file letter.txt"] {
            let words = fails(&format!("{secret} --server css-a --expires 1d"));
            assert!(words.contains("nothing goes to a server"), "{words}");
            fails(&format!("{secret} --server css-a"));
        }
    }
    // Twice the same person is once.
    stage.run(&format!("encrypt -o c.cdoc2 --person {JAAK} --person 38001085718 letter.txt")).expect(0);
    stage.opens(OPEN);
}

#[test]
fn persons_by_code_and_by_certificate_stand_beside_each_other() {
    let stage = Stage::new();
    let encrypt = format!("encrypt -o c.cdoc2 --person {JAAK} --recipient mari.crt letter.txt --overwrite");
    // Her capsule stands in the container, or on each of the servers; his key is split either way.
    for servers in ["", "--server css-a --server css-b"] {
        stage.run(&format!("{encrypt} {servers}")).expect(0);
        stage.opens(OPEN);
        stage.opens("decrypt c.cdoc2 -o out --key mari-both.pem");
    }
    let text = stage.place.run(&["info", "c.cdoc2", "--server-list", "servers.json"]).expect(0).stdout();
    let both = "capsules on css-a, css-b; one of them is enough";
    assert!(text.contains("key shares on css-a, css-b; all 2 are needed") && text.contains(both), "{text}");
    let again = format!("re-encrypt c.cdoc2 -o again.cdoc2 --key mari-both.pem --person {JAAK}");
    stage.run(&again).expect(0);
    stage.opens("decrypt again.cdoc2 -o out --key jaak-both.pem");
}

#[test]
fn what_opens_a_container_after_its_time_is_told() {
    let stage = Stage::new();
    let notes = |arguments: &str| {
        let encrypt = format!("encrypt -o c.cdoc2 letter.txt --overwrite --expires 1d {arguments}");
        let outcome = stage.run(&encrypt).expect(0);
        let value: serde_json::Value = serde_json::from_str(&outcome.stdout()).expect("JSON");
        value["notes"].as_array().cloned().unwrap_or_default()
    };
    let after = |what: &str| {
        let words = "what --expires says is for servers; without one, and after that time, too, it opens with";
        serde_json::Value::from(format!("{words} {what}"))
    };
    let by_servers = "--recipient mari.crt --server css-a --server css-b";
    let beside = notes(&format!("{by_servers} --password-file password"));
    assert!(beside.contains(&after("the password")), "{beside:?}");
    // Without a server that is named, her capsule stands in the container.
    assert_eq!(notes(&format!("--person {JAAK} --recipient mari.crt")), [after("the key of mari")]);
    assert_eq!(notes(&format!("--person {JAAK} {by_servers}")), [] as [serde_json::Value; 0]);
}

#[test]
fn what_servers_keep_for_each_recipient_is_told_in_its_own_line() {
    let mut stage = Stage::new();
    let place = &stage.place;
    let run = |arguments: &str| {
        let arguments: Vec<_> = arguments.split_whitespace().collect();
        place.run(&[&arguments[..], &["--server-list", "servers.json"]].concat()).expect(0).stdout()
    };
    // Her certificate is valid for 30 days, and a person by code has none: the shares stay for as long as their servers keep them.
    let arguments = format!("-o c.cdoc2 --person {JAAK} --recipient mari.crt letter.txt --server css-a --server css-b");
    let text = run(&format!("encrypt {arguments}"));
    let json: serde_json::Value =
        serde_json::from_str(&run(&format!("encrypt {arguments} --overwrite --json"))).expect("JSON");
    let line = |text: &str, after: &str| {
        let mut lines = text.lines().skip_while(|line| !line.contains(after)).skip(1);
        lines.next().unwrap_or_else(|| panic!("{after}: {text}")).trim().to_owned()
    };
    let day = |line: &str| line.split("until ").nth(1).expect("a time")[..10].to_owned();
    let (hers, his) = (line(&text, "mari"), line(&text, "38001085718"));
    assert!(hers.starts_with("capsules on css-a, css-b; one of them is enough, kept until "), "{text}");
    assert!(his.starts_with("key shares on css-a, css-b; all 2 are needed, kept until "), "{text}");
    assert!(day(&hers) < day(&his), "{text}");
    let until = |index: usize, id: &str| json["delivery"][index]["keptUntil"][id].as_i64().expect("a time");
    assert_eq!((until(0, "css-a"), json["keptUntil"].as_i64()), (until(0, "css-b"), Some(until(0, "css-a"))));
    assert!(until(1, "css-a") > until(0, "css-a"), "{json}");

    let info = run("info c.cdoc2");
    assert!(
        info.contains("\n1, 2  certificate mari") && info.contains("\n   3  person"),
        "recipients, not records: {info}"
    );
    assert_eq!(line(&info, "mari"), hers.replace("kept until", "until"), "{info}");
    assert_eq!(line(&info, "38001085718"), "key shares on css-a, css-b; all 2 are needed", "{info}");

    // One server keeps everything for less time than the other.
    stage.servers[1].keep_at_most(Duration::from_secs(10 * 86_400));
    let text = run(&format!("encrypt {arguments} --overwrite"));
    let (hers, his) = (line(&text, "mari"), line(&text, "38001085718"));
    assert!(hers.contains("one of them is enough, kept at least until "), "{text}");
    assert!(his.contains("all 2 are needed, kept at least until ") && day(&hers) == day(&his), "{text}");
    let info = run("info c.cdoc2");
    assert_eq!(line(&info, "mari"), hers.replace("kept at", "at"), "{info}");
    // Again for the same is told in the same way.
    let again = format!(
        "re-encrypt c.cdoc2 -o again.cdoc2 --key mari-both.pem {}",
        arguments.replace("-o c.cdoc2", "").replace("letter.txt", "")
    );
    let text = run(&again);
    let to_the_day = |line: &str| line.rsplit_once('T').map(|(day, _)| day.to_owned());
    assert_eq!(to_the_day(&line(&text, "mari")), to_the_day(&hers), "{text}");
    assert_eq!(to_the_day(&line(&text, "38001085718")), to_the_day(&his), "{text}");
}

#[test]
fn a_share_that_was_altered_opens_nothing() {
    let stage = Stage::new();
    stage.encrypt();
    // Another letter's shares are of another key: the identifiers of one in the header of the other.
    let first = fs::read(stage.place.path("c.cdoc2")).expect("written");
    stage.encrypt();
    let second = fs::read(stage.place.path("c.cdoc2")).expect("written");
    let ids = |bytes: &[u8]| -> Vec<(usize, String)> {
        let is_id =
            |window: &[u8]| window.iter().all(u8::is_ascii_hexdigit) && window.iter().any(u8::is_ascii_lowercase);
        let mut found: Vec<(usize, String)> = Vec::new();
        for (at, window) in bytes.windows(32).enumerate() {
            if is_id(window) && found.last().is_none_or(|(last, _)| at >= last + 32) {
                found.push((at, String::from_utf8_lossy(window).into_owned()));
            }
        }
        found
    };
    let (old, new) = (ids(&first), ids(&second));
    assert_eq!((old.len(), new.len()), (3, 3), "the identifiers stand in the header");
    let mut mixed = second.clone();
    mixed[new[0].0..][..32].copy_from_slice(&first[old[0].0..][..32]);
    stage.place.file("c.cdoc2", mixed);
    // Nothing tells an altered header from a server that gives another share: both are named.
    let words = stage.fails(OPEN, 5, "capsule_wrong");
    assert!(words.contains("do not open the container") && words.contains("or the container was altered"), "{words}");
}

/// The same in the terms of the window.
mod at_a_desk {
    use std::sync::{Arc, Mutex};

    use app::{
        desk::Desk,
        servers::ListFiles,
        view::{
            Code, DeliveryDraft, DraftFile, EncryptionDraft, NameChoice, Needed, OpenDraft, OpensWith, ProgressView,
            RecipientKind, ServerState,
        },
    };

    use super::{JAAK, Stage};

    fn desk(stage: &Stage) -> Desk {
        let given = vec![stage.place.path("servers.json")];
        Desk::new(None, None, ListFiles { given, ..ListFiles::default() })
    }

    fn draft(desk: &Desk, stage: &Stage, recipients: &[&str], persons: &[&str]) -> EncryptionDraft {
        let chosen = |name: &&str| desk.chosen(&stage.place.path(name)).id;
        EncryptionDraft {
            files: vec![DraftFile { id: chosen(&"letter.txt"), name: None }],
            recipients: recipients.iter().map(chosen).collect(),
            persons: persons.iter().map(|person| (*person).to_owned()).collect(),
            ..EncryptionDraft::default()
        }
    }

    fn delivery(servers: &[&str], needed: Needed) -> DeliveryDraft {
        DeliveryDraft { servers: servers.iter().map(|id| (*id).to_owned()).collect(), days: None, needed }
    }

    #[test]
    fn a_person_by_code_is_shown_encrypted_for_and_opens_with_his_key() {
        let mut stage = Stage::new();
        let desk = desk(&stage);
        let person = desk.person("38001085718").expect("a code");
        assert_eq!((person.kind, person.person.as_deref()), (RecipientKind::Shares, Some(JAAK)));
        assert_eq!(desk.person("38001085719").expect_err("mistyped").code(), Code::PersonalCodeWrong);
        // Without chosen servers, the first two of the list.
        let draft = draft(&desk, &stage, &[], &[JAAK]);
        let plan = desk.plan_encryption(&draft);
        assert_eq!(plan.blockers, []);
        let shares = plan.delivery.expect("by servers").shares;
        assert_eq!(shares[0].servers, ["Capsules of css-a", "Capsules of css-b"]);
        let done = desk.encrypt(&draft, None, None, |_| {}).expect("encrypted");
        assert_eq!((done.servers.len(), done.shares[0].servers.len()), (0, 2));
        assert!(done.kept_until.is_some(), "until when the servers keep it is told");

        let container = desk.inspect(done.output.id).expect("a container");
        assert_eq!(container.records[0].opens_with, OpensWith::Shares);
        assert_eq!(container.records[0].person.as_deref(), Some("etsi/PNOEE-38001085718"));
        let key = |name: &str| desk.key_file(&stage.place.path(name), container.id).expect("the container is there");
        assert_eq!(key("jaak-both.pem").fits, [0]);
        assert_eq!(key("mari-both.pem").problem.expect("another person's").code, Code::NotARecipient);
        assert!(key("jaak.pem").needs_certificate, "only that says whose it is");
        let certificate =
            |name: &str| desk.key_certificate(&stage.place.path(name), container.id).expect("read").problem;
        assert!(certificate("jaak.crt").is_none() && certificate("mari.crt").is_some());

        let open = |key: &str| OpenDraft {
            container: container.id,
            identity: None,
            key_file: Some(desk.key_file(&stage.place.path(key), container.id).expect("there").id),
            certificate: None,
            destination: None,
            names: NameChoice::default(),
            remembered: None,
            remember: false,
            raise_limits: false,
        };
        let opening = open("jaak-both.pem");
        let told: Arc<Mutex<Vec<ProgressView>>> = Arc::default();
        let to = Arc::clone(&told);
        let observer = move |view| to.lock().expect("no observer panicked").push(view);
        desk.open(&opening, None, observer).expect("all are up");
        let states = |told: &Mutex<Vec<ProgressView>>| -> Vec<_> {
            let told = told.lock().expect("no observer panicked");
            let last = told.iter().rfind(|view| !view.servers.is_empty()).expect("servers were told of");
            last.servers.iter().map(|server| (server.name.clone(), server.state)).collect()
        };
        let mut all = states(&told);
        all.sort_by(|one, other| one.0.cmp(&other.0));
        let answered = |id: &str| (format!("Capsules of {id}"), ServerState::Answered);
        assert_eq!(all, [answered("css-a"), answered("css-b")]);

        stage.servers[1].stop();
        let told: Arc<Mutex<Vec<ProgressView>>> = Arc::default();
        let to = Arc::clone(&told);
        let observer = move |view| to.lock().expect("no observer panicked").push(view);
        let failure = desk.open(&opening, None, observer).expect_err("one is down");
        let view = failure.into_view();
        assert_eq!((view.code, view.subject.as_deref()), (Code::ServerUnreachable, Some("css-b")));
        assert_eq!((view.number, view.names), (Some(2), vec!["css-b".to_owned()]));
        assert!(states(&told).contains(&("Capsules of css-b".to_owned(), ServerState::Failed)));
    }

    #[test]
    fn of_recipients_with_certificates_the_sender_chooses_how_many_servers_are_needed() {
        let stage = Stage::new();
        let desk = desk(&stage);
        // Her certificate names her, and his code is given: one of each.
        let mut draft = draft(&desk, &stage, &["mari.crt"], &[JAAK]);
        draft.delivery = delivery(&["css-a", "css-b", "css-c"], Needed::One);
        let plan = desk.plan_encryption(&draft);
        assert_eq!(plan.blockers, []);
        assert_eq!(plan.delivery.expect("by servers").shares.len(), 1);
        draft.delivery.needed = Needed::All;
        let plan = desk.plan_encryption(&draft);
        assert_eq!(plan.blockers, []);
        assert_eq!(plan.delivery.expect("by servers").shares.len(), 2);
        let done = desk.encrypt(&draft, None, None, |_| {}).expect("encrypted");
        let container = desk.inspect(done.output.id).expect("a container");
        assert!(
            container.records.iter().all(|record| record.opens_with == OpensWith::Shares && record.servers.len() == 3)
        );
        // Two documents of one person are one person; a key that names nobody is said to.
        draft.persons.push("60001019906".to_owned());
        let plan = desk.plan_encryption(&draft);
        assert_eq!((plan.blockers, plan.delivery.expect("by servers").shares.len()), (vec![], 2));
        crate::support::key_pair(&stage.place, "nobody", "ec:secp384r1");
        draft.recipients.push(desk.chosen(&stage.place.path("nobody.crt")).id);
        let blocker = &desk.plan_encryption(&draft).blockers[0];
        assert_eq!((blocker.code, blocker.subject.as_deref()), (Code::NotAPerson, Some("nobody")));
        draft.recipients.pop();
        draft.delivery = delivery(&["css-a"], Needed::All);
        let blocker = &desk.plan_encryption(&draft).blockers[0];
        assert_eq!((blocker.code, blocker.number), (Code::TooFewShareServers, Some(1)));
    }
}
