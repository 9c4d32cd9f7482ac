use std::{
    fs,
    path::{Path, PathBuf},
    thread::sleep,
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tokio::runtime::{Builder, Runtime};

use super::{
    Stage,
    stage::{APPLICATION, PATIENCE, Running, Watcher, wait_for},
};

/// Kapsel's window with a driver in it.
pub(crate) struct Window<'stage> {
    stage: &'stage Stage,
    runtime: Runtime,
    client: Client,
    _driver: Running,
}

impl<'stage> Window<'stage> {
    pub(super) fn open(stage: &'stage Stage, driver: Running, port: u16, arguments: &[&Path]) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let arguments: Vec<_> = arguments.iter().map(|path| path.to_string_lossy()).collect();
        let mut capabilities = Map::new();
        let options = json!({ "binary": APPLICATION, "args": arguments });
        capabilities.insert("webkitgtk:browserOptions".to_owned(), options);
        let address = format!("http://127.0.0.1:{port}");
        let mut connector = ClientBuilder::new(HttpConnector::new());
        let connecting =
            async { tokio::time::timeout(PATIENCE, connector.capabilities(capabilities).connect(&address)).await };
        let client = runtime.block_on(connecting).expect("Kapsel starts in time").expect("Kapsel starts with a driver");
        let window = Self { stage, runtime, client, _driver: driver };
        wait_for("the window", || stage.find_window("Kapsel"));
        window
    }

    /// Asks the driver, which answers soon or never.
    fn ask<T>(&self, question: impl Future<Output = T>) -> T {
        let answer = async { tokio::time::timeout(PATIENCE, question).await };
        self.runtime.block_on(answer).expect("the driver answers")
    }

    /// Runs a script in the page; `arguments[0]` is the argument.
    pub(crate) fn run(&self, script: &str, argument: Value) -> Value {
        self.ask(self.client.execute(script, vec![argument])).expect("the script runs")
    }

    /// The number that a script passes to its last argument.
    pub(crate) fn run_async(&self, script: &str) -> f64 {
        let given = self.ask(self.client.execute_async(script, Vec::new())).expect("the script runs");
        given.as_f64().expect("a number")
    }

    /// All text that the window shows.
    pub(crate) fn text(&self) -> String {
        // A name cut in the middle is whole in the second.
        self.run("return `${document.body.innerText}\n\n${document.body.textContent}`", Value::Null)
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    pub(crate) fn shows(&self, text: &str) -> bool {
        self.text().contains(text)
    }

    /// Waits until the window shows a text.
    pub(crate) fn wait_for(&self, text: &str) {
        wait_for_or(|| self.complain(text), || self.shows(text).then_some(()));
    }

    /// Closes it as a person does, and waits until the program has ended.
    pub(crate) fn close(self) {
        wait_for("the window's end", || {
            if self.stage.find_window("Kapsel").is_some() {
                self.key("alt+F4");
            }
            (!self.stage.is_running()).then_some(())
        });
    }

    fn complain(&self, text: &str) -> String {
        let picture = self.picture("failed");
        format!("waited in vain for “{text}” ({}); the window shows:\n{}", picture.display(), self.text())
    }

    fn click(&self, xpath: &str) {
        let found = self.ask(async {
            let element = self.client.find(Locator::XPath(xpath)).await?;
            element.click().await
        });
        if let Err(error) = found {
            panic!("{xpath}: {error}; the window shows:\n{}", self.text());
        }
    }

    /// Presses the button with this name.
    pub(crate) fn press(&self, name: &str) {
        self.click(&format!("//button[@aria-label=\"{name}\" or normalize-space(.)=\"{name}\"]"));
    }

    /// Presses the button after which the window is gone, and with it whoever would answer.
    pub(crate) fn press_last(&self, name: &str) {
        let xpath = format!("//button[normalize-space(.)=\"{name}\"]");
        let _ = self.ask(async {
            let element = self.client.find(Locator::XPath(&xpath)).await?;
            element.click().await
        });
    }

    /// Shows or hides the details of a row.
    pub(crate) fn unfold(&self, name: &str) {
        self.click(&format!("//button[@aria-expanded][contains(normalize-space(.), \"{name}\")]"));
    }

    /// Chooses one of a few.
    pub(crate) fn choose(&self, name: &str) {
        self.click(&format!("//label[normalize-space(.)=\"{name}\"]"));
    }

    /// Types into the field with this label.
    pub(crate) fn fill(&self, label: &str, text: &str) {
        let xpath = format!("//input[@id=//label[starts-with(normalize-space(.), \"{label}\")]/@for]");
        let typed = self.ask(async {
            let field = self.client.find(Locator::XPath(&xpath)).await?;
            field.click().await?;
            field.send_keys(text).await
        });
        if let Err(error) = typed {
            panic!("{label}: {error}; the window shows:\n{}", self.text());
        }
    }

    /// Has a password suggested, which the shell sends a moment after the button was pressed.
    pub(crate) fn suggest_password(&self) {
        let before = self.value("New password");
        self.press("Suggest one");
        wait_for("the suggested password", || {
            let suggested = self.value("New password");
            (suggested != before && suggested.len() >= 20).then_some(())
        });
    }

    /// What stands in the field with this label.
    pub(crate) fn value(&self, label: &str) -> String {
        let script = "return [...document.querySelectorAll('label')].find((label) => label.textContent.trim() === \
            arguments[0])?.control?.value";
        self.run(script, json!(label)).as_str().unwrap_or_else(|| panic!("a field {label}")).to_owned()
    }

    /// The name of what has the focus.
    pub(crate) fn focused(&self) -> String {
        let script = "const it = document.activeElement; \
            return it.getAttribute('aria-label') ?? it.labels?.[0]?.textContent.trim() ?? it.textContent.trim()";
        self.run(script, Value::Null).as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the colours that were on their way from one to the other are there.
    pub(crate) fn rest(&self) {
        wait_for("the colours", || {
            let script = "const under_way = document.getAnimations().filter((it) => it.constructor.name === 'CSSTransition'); \
                under_way.forEach((it) => it.finish()); return under_way.length";
            (self.run(script, Value::Null) == json!(0)).then_some(())
        });
    }

    /// What axe finds on the screen that stands.
    pub(crate) fn findings(&self) -> Vec<String> {
        self.rest();
        let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js");
        if self.run("return typeof window.axe", Value::Null) != json!("object") {
            self.run(&fs::read_to_string(axe).expect("scripts/interface installs axe"), Value::Null);
        }
        let script = "const done = arguments[arguments.length - 1]; \
            window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }) \
            .then(({ violations }) => done(violations.flatMap(({ id, nodes }) => \
            nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`))), (error) => done([String(error)]))";
        let found = self.ask(self.client.execute_async(script, Vec::new())).expect("axe runs");
        let found = found.as_array().expect("a list of findings");
        found.iter().map(|finding| finding.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Keeps a picture of what the window shows.
    pub(crate) fn picture(&self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("window");
        fs::create_dir_all(&folder).expect("folder");
        let path = folder.join(format!("{name}.png"));
        let id = self.stage.find_window("Kapsel").expect("the window");
        let taken =
            self.stage.command("import").args(["-window", &id]).arg(&path).status().expect("ImageMagick is there");
        assert!(taken.success());
        path
    }

    /// Where the page begins on the screen.
    fn origin(&self) -> (i64, i64) {
        let id = self.stage.find_window("Kapsel").expect("the window");
        let geometry =
            self.stage.command("xdotool").args(["getwindowgeometry", "--shell", &id]).output().expect("xdotool runs");
        let geometry = String::from_utf8_lossy(&geometry.stdout).into_owned();
        let value = |name: &str| {
            let line = geometry.lines().find_map(|line| line.strip_prefix(name)).expect("a coordinate");
            line.parse().expect("a number")
        };
        (value("X="), value("Y="))
    }

    /// Takes files from another program's window with the mouse and lets them fall at a point of the page; `over` looks at the
    /// window while they hover.
    pub(crate) fn drag(&self, files: &[&Path], at: (i64, i64), over: impl FnOnce(&Self)) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/desktop/support/drag_source.py");
        let mut source = self.stage.command("python3");
        let mut source = Watcher::start(source.arg(script).args(files));
        sleep(Duration::from_millis(300));
        let (left, top) = self.origin();
        let (x, y) = (left + at.0, top + at.1);
        let move_to = |x: i64, y: i64| {
            self.stage.xdotool(&["mousemove", "--sync", &x.to_string(), &y.to_string()]);
            sleep(Duration::from_millis(60));
        };
        move_to(40, 40);
        self.stage.xdotool(&["mousedown", "1"]);
        // A hand moves the mouse; a jump is taken for no drag.
        for step in 1..=10 {
            move_to(40 + (x - 40) * step / 10, 40 + (y - 40) * step / 10);
        }
        sleep(Duration::from_millis(150));
        over(self);
        move_to(x + 1, y);
        self.stage.xdotool(&["mouseup", "1"]);
        source.wait();
    }

    /// Presses keys as a keyboard does.
    pub(crate) fn key(&self, key: &str) {
        self.stage.xdotool(&["key", "--clearmodifiers", key]);
        sleep(Duration::from_millis(40));
    }

    /// Types into the field that has the focus, as a keyboard does; the page may need a while to keep up.
    pub(crate) fn type_keys(&self, text: &str) {
        self.stage.xdotool(&["type", "--delay", "25", text]);
        wait_for("all letters in the field", || {
            let value = self.run("return document.activeElement.value", Value::Null);
            (value == json!(text)).then_some(())
        });
    }
}

fn wait_for_or(complaint: impl Fn() -> String, mut ask: impl FnMut() -> Option<()>) {
    let began = std::time::Instant::now();
    while ask().is_none() {
        assert!(began.elapsed() < PATIENCE, "{}", complaint());
        sleep(Duration::from_millis(25));
    }
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        let client = self.client.clone();
        let _ = self.runtime.block_on(async { tokio::time::timeout(Duration::from_secs(5), client.close()).await });
    }
}
