//! The use cases of the window over real servers: what it shows before, while and after capsules travel.

use std::{
    fs, io,
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use app::{
    Failure,
    desk::Desk,
    servers::ListFiles,
    view::{
        Code, DeceitKind, DeceitView, DeliveryDraft, DraftFile, EncryptionDone, EncryptionDraft, FileId, KeyFileView,
        NameChoice, OpenDone, OpenDraft, OpensWith, ProgressStep, ProgressView, ServerState, ServerStep,
    },
};

use crate::{
    organisation::{Organisation, list},
    support::{Place, key_pair},
};

const DAY: i64 = 86_400;

/// A desk by a list of two organisations, and a person with a P-384 key: `mari.pem`, `mari.crt`, and both in `mari-both.pem`.
struct Stage {
    place: Place,
    css_a: Organisation,
    css_b: Organisation,
    desk: Desk,
}

type Told = Arc<Mutex<Vec<ProgressView>>>;

impl Stage {
    fn new() -> Self {
        let place = Place::new();
        let (key, certificate) = key_pair(&place, "mari", "ec:secp384r1");
        let both = [fs::read(place.path(&certificate)), fs::read(place.path(&key))].map(|part| part.expect("made"));
        place.file("mari-both.pem", both.concat());
        place.file("letter.txt", "for your eyes only");
        let clients = [place.path(&certificate)];
        let (css_a, css_b) = (Organisation::start("css-a", &clients), Organisation::start("css-b", &clients));
        let given = vec![place.file("servers.json", list(&[css_a.entry(), css_b.entry()]))];
        let lists = ListFiles { given, ..ListFiles::default() };
        let desk = Desk::new(Some(place.path("settings.toml")), None, lists);
        Self { place, css_a, css_b, desk }
    }

    /// The same with servers that take tickets. The first is listed as `css-m`, at an address that is not its own.
    fn with_relay() -> Self {
        let stage = Self::new();
        let clients = [stage.place.path("mari.crt")];
        let (css_a, css_b) =
            (Organisation::with_tickets("css-a", &clients), Organisation::with_tickets("css-b", &clients));
        let mut relayed = css_a.entry();
        relayed["id"] = "css-m".into();
        relayed["name"] = "Capsules of css-m".into();
        let port = relay_to(css_a.ticket_port.expect("it takes tickets"));
        relayed["ticketUrl"] = format!("https://localhost:{port}").into();
        stage.place.file("servers.json", list(&[relayed, css_b.entry()]));
        Self { css_a, css_b, ..stage }
    }

    fn chosen(&self, name: &str) -> FileId {
        self.desk.chosen(&self.place.path(name)).id
    }

    fn draft(&self, recipients: &[&str], servers: &[&str], days: Option<u32>) -> EncryptionDraft {
        EncryptionDraft {
            files: vec![DraftFile { id: self.chosen("letter.txt"), name: None }],
            recipients: recipients.iter().map(|name| self.chosen(name)).collect(),
            delivery: DeliveryDraft {
                servers: servers.iter().map(|id| (*id).to_owned()).collect(),
                days,
                ..DeliveryDraft::default()
            },
            ..EncryptionDraft::default()
        }
    }

    fn encrypt(&self, draft: &EncryptionDraft) -> (Result<EncryptionDone, Failure>, Told) {
        let (told, observer) = observer();
        (self.desk.encrypt(draft, None, None, observer), told)
    }

    fn key(&self, name: &str, container: FileId) -> KeyFileView {
        self.desk.key_file(&self.place.path(name), container).expect("the container is there")
    }

    fn open(&self, container: FileId, key: &str, certificate: Option<&str>) -> (Result<OpenDone, Failure>, Told) {
        let (told, observer) = observer();
        (self.desk.open(&self.opening(container, key, certificate), None, observer), told)
    }

    fn opening(&self, container: FileId, key: &str, certificate: Option<&str>) -> OpenDraft {
        OpenDraft {
            container,
            key_file: Some(self.key(key, container).id),
            identity: None,
            certificate: certificate.map(|name| self.chosen(name)),
            destination: None,
            names: NameChoice::default(),
            remembered: None,
            remember: false,
            raise_limits: false,
        }
    }

    /// Opens until servers are told of: whose answer comes first is chance.
    fn deceits(&self, container: FileId) -> Vec<DeceitView> {
        let opened = || self.open(container, "mari-both.pem", None).0.expect("another server has it").deceits;
        (0..40).map(|_| opened()).find(|deceits| !deceits.is_empty()).unwrap_or_default()
    }
}

fn observer() -> (Told, impl Fn(ProgressView) + Send + Sync + 'static) {
    let told = Told::default();
    let to = Arc::clone(&told);
    (told, move |view| to.lock().expect("no observer panicked").push(view))
}

/// The last that was told of the servers of a step.
fn servers_of(told: &Told, step: ProgressStep) -> Vec<(String, ServerState, Option<Code>)> {
    let told = told.lock().expect("no observer panicked");
    let last = told.iter().rfind(|view| view.step == step).expect("the step was told of");
    let mut servers: Vec<_> =
        last.servers.iter().map(|server| (server.name.clone(), server.state, server.code)).collect();
    servers.sort_by(|one, other| one.0.cmp(&other.0));
    servers
}

/// A port that leads to another one.
fn relay_to(port: u16) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let own = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
            let clones = || Ok::<_, io::Error>((client.try_clone()?, server.try_clone()?));
            let Ok(((mut from, mut to), (mut back, mut forth))) = clones().and_then(|one| Ok((one, clones()?))) else {
                continue;
            };
            thread::spawn(move || io::copy(&mut from, &mut to));
            thread::spawn(move || io::copy(&mut forth, &mut back));
        }
    });
    own
}

fn deceit(id: &str, kind: DeceitKind) -> DeceitView {
    let organisation = if id == "css-m" { "css-a" } else { id };
    let name = format!("Capsules of {id}");
    DeceitView { server: id.to_owned(), name, organisation: Some(organisation.to_owned()), kind }
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    since.as_secs() as i64
}

#[test]
fn the_way_of_capsules_is_told_before_while_and_after() {
    let stage = Stage::new();
    let chosen = stage.desk.servers().chosen;
    assert_eq!(chosen, ["css-a", "css-b"], "one of each organisation, before anybody has chosen");

    let draft = stage.draft(&["mari.crt"], &["css-a", "css-b", "css-a"], None);
    let plan = stage.desk.plan_encryption(&draft);
    assert_eq!(plan.blockers, []);
    let until = plan.delivery.expect("by servers").until.expect("as long as the certificate is valid");
    assert!((29 * DAY..=30 * DAY).contains(&(until - now())), "{until}");
    let shorter = stage.desk.plan_encryption(&stage.draft(&["mari.crt"], &["css-a"], Some(7)));
    let until = shorter.delivery.expect("by servers").until.expect("as asked");
    assert!((7 * DAY - 60..=7 * DAY).contains(&(until - now())), "{until}");

    let (done, told) = stage.encrypt(&draft);
    let done = done.expect("encrypted");
    assert_eq!(done.servers, ["Capsules of css-a", "Capsules of css-b"]);
    assert!(done.kept_until.is_some_and(|until| until - now() > 29 * DAY));
    let answered = |name: &str| (name.to_owned(), ServerState::Answered, None);
    let both = [answered("Capsules of css-a"), answered("Capsules of css-b")];
    assert_eq!(servers_of(&told, ProgressStep::Delivering), both);

    let container = stage.desk.inspect(done.output.id).expect("a container");
    let records: Vec<_> = container.records.iter().map(|it| (it.servers.concat(), it.opens_with)).collect();
    let by_key = |id: &str| (id.to_owned(), OpensWith::KeyFile);
    assert_eq!(records, [by_key("css-a"), by_key("css-b")]);
    assert!(container.records.iter().all(|record| record.server_problem.is_none() && record.until == done.kept_until));
    let (opened, told) = stage.open(container.id, "mari-both.pem", None);
    assert_eq!(opened.expect("it opens").files[0].name, "letter.txt");
    let steps: Vec<_> = told.lock().expect("no observer panicked").iter().map(|view| view.step).collect();
    assert!(steps.contains(&ProgressStep::Fetching) && steps.contains(&ProgressStep::Verifying), "{steps:?}");
}

#[test]
fn until_when_a_container_opens_is_remembered() {
    let stage = Stage::new();
    let recent = || stage.desk.start(&[]).recent.into_iter().map(|recent| (recent.name, recent.until)).next();
    let (done, _) = stage.encrypt(&stage.draft(&["mari.crt"], &["css-a", "css-b"], Some(7)));
    let done = done.expect("encrypted");
    let until = done.opens_until.expect("as long as servers keep it");
    assert!((7 * DAY - 60..=7 * DAY).contains(&(until - now())), "{until}");
    assert_eq!(recent(), Some((done.output.name, Some(until))));
    stage.desk.forget_recent(done.output.id);
    stage.open(done.output.id, "mari-both.pem", None).0.expect("it opens");
    assert_eq!(recent().expect("remembered").1, Some(until));
    // With a password it opens for ever, and so does what needs no server.
    let draft = EncryptionDraft { with_password: true, ..stage.draft(&["mari.crt"], &["css-a"], Some(7)) };
    let password = Some("koera nimi ja sünniaasta".to_owned().into());
    let both = stage.desk.encrypt(&draft, password, None, observer().1).expect("encrypted");
    assert!(both.kept_until.is_some());
    assert_eq!((both.opens_until, recent().expect("remembered")), (None, (both.output.name, None)));
    let (inside, _) = stage.encrypt(&stage.draft(&["mari.crt"], &[], None));
    assert_eq!(inside.expect("encrypted").opens_until, None);
}

#[test]
fn a_key_without_its_certificate_says_so_and_takes_one() {
    let stage = Stage::new();
    let (done, _) = stage.encrypt(&stage.draft(&["mari.crt"], &["css-a"], None));
    let container = done.expect("encrypted").output.id;
    assert!(!stage.key("mari-both.pem", container).needs_certificate);
    let key = stage.key("mari.pem", container);
    assert!(key.needs_certificate && key.problem.is_none() && key.fits == [0]);
    let (refused, _) = stage.open(container, "mari.pem", None);
    assert_eq!(refused.expect_err("it wants a certificate").code(), Code::CertificateNeeded);

    // A certificate opens nothing, and is told from a file that is no key at all.
    let problem = |name: &str| stage.key(name, container).problem.map(|problem| problem.code);
    assert_eq!(problem("mari.crt"), Some(Code::KeyFileIsPublic));
    assert_eq!(problem("letter.txt"), Some(Code::KeyFileUnusable));

    key_pair(&stage.place, "toomas", "ec:secp384r1");
    for (name, fits) in [("mari.crt", true), ("toomas.crt", false), ("letter.txt", false), ("mari.pem", false)] {
        let view = stage.desk.key_certificate(&stage.place.path(name), container).expect("the container is there");
        let problem = view.problem.map(|problem| (problem.code, problem.subject));
        assert_eq!(problem, (!fits).then(|| (Code::RecipientUnusable, Some(name.to_owned()))));
    }
    let (opened, _) = stage.open(container, "mari.pem", Some("mari.crt"));
    assert_eq!(opened.expect("it opens").count, 1);

    // A record inside the file opens without one.
    let (done, _) = stage.encrypt(&stage.draft(&["mari.crt"], &[], None));
    let inside = done.expect("encrypted");
    assert!(inside.servers.is_empty() && inside.kept_until.is_none());
    assert!(!stage.key("mari.pem", inside.output.id).needs_certificate);
}

#[test]
fn a_server_that_is_down_is_told_of_and_needed_by_nobody() {
    let mut stage = Stage::new();
    let draft = stage.draft(&["mari.crt"], &["css-a", "css-b"], None);
    let (done, _) = stage.encrypt(&draft);
    let container = done.expect("encrypted").output.id;
    stage.css_a.stop();

    let (opened, told) = stage.open(container, "mari-both.pem", None);
    opened.expect("the other one has it");
    let servers = servers_of(&told, ProgressStep::Fetching);
    assert!(servers.contains(&("Capsules of css-b".to_owned(), ServerState::Answered, None)), "{servers:?}");

    let before = stage.place.everything();
    let (refused, told) = stage.encrypt(&draft);
    let failure = refused.expect_err("a capsule would be missing");
    assert_eq!((failure.code(), failure.view().subject.as_deref()), (Code::ServerUnreachable, Some("css-a")));
    let failed = ("Capsules of css-a".to_owned(), ServerState::Failed, Some(Code::ServerUnreachable));
    assert!(servers_of(&told, ProgressStep::Delivering).contains(&failed));
    assert_eq!(stage.place.everything(), before, "nothing is left");

    stage.css_b.stop();
    let (refused, told) = stage.open(container, "mari-both.pem", None);
    assert_eq!(refused.expect_err("nobody has it").code(), Code::ServerUnreachable);
    assert!(servers_of(&told, ProgressStep::Fetching).iter().all(|(_, state, _)| *state == ServerState::Failed));
}

#[test]
fn a_server_that_gives_another_capsule_is_told_of_after_opening_and_after_encrypting_again() {
    let stage = Stage::new();
    let sent =
        |servers: &[&str]| stage.encrypt(&stage.draft(&["mari.crt"], servers, None)).0.expect("encrypted").output.id;
    sent(&["css-a"]);
    let container = sent(&["css-a", "css-b"]);
    assert_eq!(stage.deceits(sent(&["css-b"])), [], "nobody lies");
    stage.css_a.exchange_capsules();
    let lie = [deceit("css-a", DeceitKind::WrongCapsule)];
    assert_eq!(stage.deceits(container), lie);
    let kept = || {
        let (draft, word) = (stage.opening(container, "mari-both.pem", None), "kolm Valget kassi 7 katusel");
        let kept = stage.desk.encrypt_again(&draft, None, word.to_owned().into(), None, None, |_| {});
        kept.expect("another server has it").deceits
    };
    assert!((0..40).any(|_| kept() == lie));
}

#[test]
fn a_server_with_a_key_that_is_not_listed_is_told_of_after_opening() {
    let mut stage = Stage::new();
    let (done, _) = stage.encrypt(&stage.draft(&["mari.crt"], &["css-a", "css-b"], None));
    let container = done.expect("encrypted").output.id;
    stage.css_a.make_next_certificate();
    stage.css_a.begin_again_with_next();
    assert_eq!(stage.deceits(container), [deceit("css-a", DeceitKind::AnotherKey)]);
}

#[test]
fn a_server_that_wants_a_signature_for_another_one_is_told_of_after_opening() {
    let stage = Stage::with_relay();
    let (done, _) = stage.encrypt(&stage.draft(&["mari.crt"], &["css-m", "css-b"], None));
    let container = done.expect("encrypted").output.id;
    assert_eq!(stage.deceits(container), [deceit("css-m", DeceitKind::ForeignNonce)]);
}

#[test]
fn a_server_whose_list_has_expired_is_told_as_that() {
    let stage = Stage::new();
    let mut incomplete = stage.css_b.entry();
    incomplete["incomplete"] = "to be confirmed".into();
    incomplete["certificates"] = serde_json::json!([]);
    let shown = |members: &str| {
        let text = list(&[stage.css_a.entry(), incomplete.clone()]).replacen('{', members, 1);
        stage.place.file("servers.json", text);
        let servers = stage.desk.servers().servers;
        // Those of the list that ships come after them.
        servers.into_iter().take(2).map(|server| (server.problem, server.list_expired)).collect::<Vec<_>>()
    };
    let reason = (Some("to be confirmed".to_owned()), false);
    assert_eq!(shown("{"), [(None, false), reason.clone()]);
    let expired = shown(r#"{"serial":4,"expires":"2020-01-01T00:00:00Z","#);
    assert!(expired[0].1 && expired[0].0.is_some());
    assert_eq!(expired[1], reason);
}

#[test]
fn what_hinders_delivery_is_told_before_anything_is_sent() {
    let stage = Stage::new();
    let blocked = |recipients: &[&str], servers: &[&str]| {
        let plan = stage.desk.plan_encryption(&stage.draft(recipients, servers, None));
        assert!(plan.delivery.is_none());
        plan.blockers.into_iter().map(|blocker| (blocker.code, blocker.subject.unwrap_or_default())).collect::<Vec<_>>()
    };
    assert_eq!(blocked(&["mari.crt"], &["css-x"]), [(Code::ServerUnknown, "css-x".to_owned())]);
    let production = "00000000-0000-0000-0000-000000000000";
    assert_eq!(blocked(&["mari.crt"], &[production]), [(Code::ServerUnusable, production.to_owned())]);
    let choosing = |ids: &[&str]| stage.desk.choose_servers(ids.iter().map(|id| (*id).to_owned()).collect());
    assert_eq!(choosing(&["css-x"]).expect_err("unknown").code(), Code::ServerUnknown);
    assert_eq!(choosing(&["css-b"]).expect("known").chosen, ["css-b"]);
    assert_eq!(choosing(&[]).expect("inside the file").chosen, [""; 0]);

    // A list with a mistake closes every way to servers, and says so; what needs none goes on.
    let (done, _) = stage.encrypt(&stage.draft(&["mari.crt"], &["css-a"], None));
    let container = done.expect("encrypted").output.id;
    stage.place.file("servers.json", "{\"version\": 1, \"servers\": [{}]}");
    let view = stage.desk.servers();
    assert_eq!(view.problem.map(|problem| problem.code), Some(Code::ServerListInvalid));
    assert!(view.servers.is_empty() && view.chosen.is_empty());
    assert_eq!(blocked(&["mari.crt"], &["css-a"])[0].0, Code::ServerListInvalid);
    assert_eq!(blocked(&["mari.crt"], &[]), []);
    let problems = |id| stage.desk.inspect(id).expect("a container").records[0].server_problem;
    assert_eq!(problems(container), Some(Code::ServerListInvalid));
    stage.place.file("servers.json", list(&[stage.css_b.entry()]));
    assert_eq!(problems(container), Some(Code::ServerUnknown));
}

#[test]
fn a_server_is_looked_at_step_by_step() {
    let mut stage = Stage::new();
    let report = stage.desk.test_server("css-a").expect("looked at");
    assert!(report.problem.is_none());
    assert_eq!(report.addresses.len(), 2);
    let last = |report: &app::view::ServerReport| {
        let step = report.addresses[0].steps.last().expect("a step");
        (step.step, step.good)
    };
    assert_eq!(last(&report), (ServerStep::Api, true));
    let new = stage.desk.look_at_certificates("css-a").expect("looked at");
    assert!(new.is_empty(), "its certificate is in the list");
    stage.css_a.stop();
    let report = stage.desk.test_server("css-a").expect("looked at");
    assert_eq!(last(&report), (ServerStep::Connect, false));
    assert_eq!(report.problem.map(|problem| problem.code), Some(Code::ServerUnreachable));

    let entry = stage.css_b.entry();
    let url = |member: &str| entry[member].as_str().expect("an address").to_owned();
    let draft = app::view::NewServerDraft {
        id: "css-new".to_owned(),
        name: None,
        organisation: None,
        sender_url: url("senderUrl"),
        recipient_url: url("recipientUrl"),
    };
    let shown = stage.desk.look_at_server(draft.clone()).expect("looked at");
    let fingerprints: Vec<_> = shown.iter().map(|shown| shown.certificate.fingerprint.as_str()).collect();
    assert_eq!(fingerprints, [stage.css_b.fingerprint()], "both addresses show one certificate");
    // Nothing is added that nobody compared.
    let refused = stage.desk.add_server(draft.clone(), &["00".repeat(32)]).expect_err("another one was confirmed");
    assert_eq!((refused.code(), refused.view().subject.as_deref()), (Code::ServerPinMismatch, Some("css-new")));
    let mistaken = app::view::NewServerDraft { sender_url: "http://localhost".to_owned(), ..draft };
    assert_eq!(stage.desk.look_at_server(mistaken).expect_err("no https").code(), Code::ServerListInvalid);
}
