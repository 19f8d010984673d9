//! A browser without a window, through the DevTools protocol on two pipes
//! (`--remote-debugging-pipe`): messages are JSON, a NUL after each.
//!
//! <https://chromedevtools.github.io/devtools-protocol/>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a page may take for what a test waits for; a loaded machine is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    calls: u64,
    session: Option<String>,
    /// What the console said, what was thrown, and what was asked of a network.
    complaints: Vec<String>,
    _profile: TempDir,
}

/// How wide a window is, and in which colours.
#[derive(Clone, Copy)]
pub struct Window {
    pub width: u32,
    pub dark: bool,
}

pub const DESK: Window = Window { width: 1280, dark: false };
pub const NIGHT: Window = Window { width: 1280, dark: true };
pub const PHONE: Window = Window { width: 390, dark: false };

impl Browser {
    pub fn start() -> Browser {
        let name = std::env::var("DRVDEDUP_BROWSER").unwrap_or_else(|_| "chromium".to_owned());
        let profile = TempDir::new().expect("a folder for the browser");
        // The pipes that a child has are 0 and 1; the browser wants 3 and 4.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null", "sh", &name]);
        command.args(["--headless=new", "--remote-debugging-pipe", "--no-sandbox"]);
        command.args(["--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]);
        command.args(["--disable-background-networking", "--disable-component-update"]);
        command.arg("--host-resolver-rules=MAP * ~NOTFOUND");
        command.arg(format!("--user-data-dir={}", profile.path().display())).arg("about:blank");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("there is a shell");
        let to = child.stdin.take().expect("it is a pipe");
        let from = BufReader::new(child.stdout.take().expect("it is a pipe"));
        let complaints = Vec::new();
        let mut browser =
            Browser { child, to, from, calls: 0, session: None, complaints, _profile: profile };
        browser.attach(&name);
        browser
    }

    fn attach(&mut self, name: &str) {
        let targets = self.call("Target.getTargets", json!({}));
        let targets = targets["targetInfos"].as_array().cloned().unwrap_or_default();
        let page = targets.iter().find(|target| target["type"] == "page");
        let page = page.unwrap_or_else(|| panic!("{name} has no page"));
        let asked = json!({ "targetId": page["targetId"], "flatten": true });
        let session = self.call("Target.attachToTarget", asked);
        self.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Calls a method and waits for what it gives.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).expect("the browser listens; is chromium installed?");
        loop {
            let mut answer = self.read();
            if answer["id"] == self.calls {
                assert_eq!(answer.get("error"), None, "{method}");
                return answer["result"].take();
            }
            self.note(&answer);
        }
    }

    fn read(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes).expect("the browser talks");
        assert_eq!(bytes.pop(), Some(0), "the browser ended; is chromium installed?");
        serde_json::from_slice(&bytes).expect("the browser talks JSON")
    }

    fn note(&mut self, event: &Value) {
        let params = &event["params"];
        let complaint = match event["method"].as_str() {
            Some("Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded") => true,
            Some("Network.requestWillBeSent") => {
                let url = params["request"]["url"].as_str().unwrap_or_default();
                !url.starts_with("file://")
            }
            _ => false,
        };
        if complaint {
            self.complaints.push(params.to_string());
        }
    }

    /// Opens the file at `path` in such a window, and waits until the page is ready. Gives
    /// the milliseconds that it took.
    pub fn open(&mut self, path: &Path, hash: &str, window: Window) -> f64 {
        let Window { width, dark } = window;
        let phone = width < 600;
        let size =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": phone });
        self.call("Emulation.setDeviceMetricsOverride", size);
        let scheme = if dark { "dark" } else { "light" };
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", scheme);
        // Only the hash would change, and the page would not be read again.
        self.call("Page.navigate", json!({ "url": "about:blank" }));
        let url = format!("file://{}{hash}", path.display());
        self.call("Page.navigate", json!({ "url": url }));
        self.wait("document.documentElement?.dataset.ready !== undefined");
        self.number("Number(document.documentElement.dataset.ready)")
    }

    /// What an expression of the page comes to.
    pub fn eval(&mut self, expression: &str) -> Value {
        let asked =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.call("Runtime.evaluate", asked);
        assert_eq!(answer.get("exceptionDetails"), None, "{expression}");
        answer["result"]["value"].take()
    }

    pub fn text(&mut self, expression: &str) -> String {
        let value = self.eval(expression);
        value.as_str().unwrap_or_else(|| panic!("{expression}: {value}")).to_owned()
    }

    pub fn number(&mut self, expression: &str) -> f64 {
        let value = self.eval(expression);
        value.as_f64().unwrap_or_else(|| panic!("{expression}: {value}"))
    }

    /// Waits until the expression is true.
    pub fn wait(&mut self, expression: &str) {
        let start = Instant::now();
        while self.eval(expression) != true {
            let complaints = &self.complaints;
            assert!(start.elapsed() < PATIENCE, "{expression} never came: {complaints:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Clicks, with the mouse, the middle of what the selector finds.
    pub fn click(&mut self, selector: &str) {
        let find = format!(
            "(() => {{ const it = document.querySelector({selector:?}); \
             it.scrollIntoView({{ block: 'center' }}); const box = it.getBoundingClientRect(); \
             return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        );
        let place = self.eval(&find);
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({
                "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event);
        }
    }

    /// Presses a key: `Enter`, `Tab`, or a character.
    pub fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            other => (0, other),
        };
        let kind = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        let mut event = json!({ "type": kind, "key": key, "windowsVirtualKeyCode": code });
        if !text.is_empty() {
            event["text"] = json!(text);
        }
        self.call("Input.dispatchKeyEvent", event);
        let up = json!({ "type": "keyUp", "key": key, "windowsVirtualKeyCode": code });
        self.call("Input.dispatchKeyEvent", up);
    }

    /// Chooses or types what a field should hold, as a person would who is done with it.
    pub fn fill(&mut self, selector: &str, value: &str) {
        self.eval(&format!(
            "(() => {{ const it = document.querySelector({selector:?}); it.value = {value:?}; \
             it.dispatchEvent(new Event('input', {{ bubbles: true }})); }})()"
        ));
    }

    /// Keeps a picture, if pictures are kept.
    pub fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("DRVDEDUP_SCREENSHOTS") else { return };
        let shot = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        let bytes = STANDARD.decode(shot["data"].as_str().unwrap_or_default());
        let path = Path::new(&folder).join(format!("{name}.png"));
        std::fs::write(&path, bytes.expect("it is base64")).expect("the folder is there");
    }

    /// Nothing went wrong in the page so far.
    #[track_caller]
    pub fn assert_content(&mut self) {
        // What was said before this call is read with its answer.
        self.eval("0");
        assert_eq!(self.complaints, [""; 0]);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The one that this test started; its children end with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
