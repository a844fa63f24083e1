//! A tab: it goes to addresses, looks as it is told to, and says what is there and what went wrong.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Chromium;
use super::pipe::Pipe;

/// Highest picture of a page, in pixels of its style.
const HIGHEST: f64 = 12_000.0;

/// How a page is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Width of the window, in pixels of the style.
    pub width: u32,
    /// Height of the window.
    pub height: u32,
    /// Pixels of the picture for each of them.
    pub scale: f64,
    /// Whether it is a device that is touched.
    pub mobile: bool,
    /// Whether dark colours are asked for.
    pub dark: bool,
}

impl Look {
    /// A phone.
    pub const PHONE: Look = Look {
        width: 390,
        height: 844,
        scale: 2.0,
        mobile: true,
        dark: false,
    };
    /// A screen on a desk.
    pub const DESK: Look = Look {
        width: 1440,
        height: 900,
        scale: 1.0,
        mobile: false,
        dark: false,
    };

    /// The same with dark colours, or without.
    #[must_use]
    pub fn dark(self, dark: bool) -> Look {
        Look { dark, ..self }
    }

    /// `phone-light` and so on.
    #[must_use]
    pub fn name(self) -> String {
        let device = if self.mobile { "phone" } else { "desk" };
        let colours = if self.dark { "dark" } else { "light" };
        format!("{device}-{colours}")
    }
}

/// The tab; its browser ends with it.
#[derive(Debug)]
pub struct Tab {
    pipe: Pipe,
    session: String,
    chromium: Chromium,
}

impl Tab {
    pub(super) fn open(chromium: Chromium, mut pipe: Pipe) -> io::Result<Tab> {
        let target = pipe.call(None, "Target.createTarget", &json!({"url": "about:blank"}))?;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = pipe.call(None, "Target.attachToTarget", &attach)?;
        let session = attached["sessionId"].as_str().unwrap_or_default().to_owned();
        let mut tab = Tab {
            pipe,
            session,
            chromium,
        };
        for domain in ["Page", "Runtime", "Network", "Log"] {
            tab.call(&format!("{domain}.enable"), &json!({}))?;
        }
        Ok(tab)
    }

    /// Calls a method of the DevTools Protocol.
    ///
    /// # Errors
    /// What the browser says, or that it is gone.
    pub fn call(&mut self, method: &str, parameters: &Value) -> io::Result<Value> {
        self.pipe.call(Some(&self.session), method, parameters)
    }

    /// Looks at pages like this from now on.
    ///
    /// # Errors
    /// When the browser is gone.
    pub fn look(&mut self, look: Look) -> io::Result<()> {
        let metrics = json!({
            "width": look.width, "height": look.height, "deviceScaleFactor": look.scale, "mobile": look.mobile,
        });
        self.call("Emulation.setDeviceMetricsOverride", &metrics)?;
        let scheme = if look.dark { "dark" } else { "light" };
        let media = json!({"features": [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.call("Emulation.setEmulatedMedia", &media)?;
        Ok(())
    }

    /// Whether pages may run scripts from now on.
    ///
    /// # Errors
    /// When the browser is gone.
    pub fn allow_scripts(&mut self, allowed: bool) -> io::Result<()> {
        let off = json!({"value": !allowed});
        self.call("Emulation.setScriptExecutionDisabled", &off)?;
        Ok(())
    }

    /// Goes to an address, and waits until all of it is there.
    ///
    /// # Errors
    /// When it can't be loaded.
    pub fn go(&mut self, url: &str) -> io::Result<()> {
        let seen = self.pipe.events().len();
        let gone = self.call("Page.navigate", &json!({"url": url}))?;
        if let Some(error) = gone.get("errorText") {
            return Err(io::Error::other(format!("{url}: {error}")));
        }
        self.pipe.wait_for("Page.loadEventFired", seen)
    }

    /// What an expression of the page's comes to; a promise's result is waited for.
    ///
    /// # Errors
    /// What it throws.
    pub fn evaluate(&mut self, expression: &str) -> io::Result<Value> {
        let asked = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut told = self.call("Runtime.evaluate", &asked)?;
        match told.get("exceptionDetails") {
            Some(thrown) => Err(io::Error::other(format!("{expression:.200}: {thrown}"))),
            None => Ok(told["result"]["value"].take()),
        }
    }

    /// Does something that leads to another page, and waits until that is there.
    ///
    /// # Errors
    /// What it throws, or that it leads nowhere.
    pub fn follow(&mut self, expression: &str) -> io::Result<()> {
        let seen = self.pipe.events().len();
        self.evaluate(expression)?;
        self.pipe.wait_for("Page.loadEventFired", seen)
    }

    /// A key is pressed and let go: `Tab`, `Enter`.
    ///
    /// # Errors
    /// When the browser is gone.
    pub fn press(&mut self, key: &str) -> io::Result<()> {
        let code = match key {
            "Enter" => 13,
            _ => 9,
        };
        for kind in ["rawKeyDown", "keyUp"] {
            let event = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            self.call("Input.dispatchKeyEvent", &event)?;
        }
        Ok(())
    }

    /// A picture of the page, as PNG: all of it, at most as high as 12,000 pixels of the style.
    ///
    /// # Errors
    /// When there is none.
    pub fn picture(&mut self) -> io::Result<Vec<u8>> {
        let metrics = self.call("Page.getLayoutMetrics", &json!({}))?;
        let size = |name: &str| metrics["cssContentSize"][name].as_f64().unwrap_or(1.0);
        self.picture_of(size("width"), size("height").min(HIGHEST))
    }

    /// A picture of the page's upper part.
    ///
    /// # Errors
    /// When there is none.
    pub fn picture_of(&mut self, width: f64, height: f64) -> io::Result<Vec<u8>> {
        let clip = json!({"x": 0, "y": 0, "width": width, "height": height, "scale": 1});
        let wanted = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let taken = self.call("Page.captureScreenshot", &wanted)?;
        let data = taken["data"].as_str().unwrap_or_default();
        STANDARD.decode(data).map_err(io::Error::other)
    }

    /// What has gone wrong since it was last asked, a line each: exceptions, what was written to the console as a warning or worse,
    /// what the page's policy forbade, what could not be loaded.
    pub fn complaints(&mut self) -> Vec<String> {
        self.pipe.catch_up();
        let told = self.pipe.events().iter().filter_map(complaint).collect();
        self.pipe.forget_events();
        told
    }

    /// Addresses of everything that was asked for since [`Tab::complaints`].
    pub fn requests(&mut self) -> Vec<String> {
        self.pipe.catch_up();
        let events = self.pipe.events().iter();
        let sent = events.filter(|event| event["method"] == "Network.requestWillBeSent");
        let urls = sent.filter_map(|event| event["params"]["request"]["url"].as_str());
        urls.map(str::to_owned).collect()
    }

    /// The browser.
    #[must_use]
    pub fn chromium(&self) -> &Chromium {
        &self.chromium
    }
}

/// What an event says that went wrong.
fn complaint(event: &Value) -> Option<String> {
    let told = &event["params"];
    match event["method"].as_str()? {
        "Runtime.exceptionThrown" => Some(format!("exception: {}", told["exceptionDetails"])),
        "Runtime.consoleAPICalled"
            if matches!(told["type"].as_str(), Some("error" | "warning" | "assert")) =>
        {
            Some(format!("console: {}", told["args"]))
        }
        "Log.entryAdded" if matches!(told["entry"]["level"].as_str(), Some("error" | "warning")) => {
            Some(format!("log: {} {}", told["entry"]["text"], told["entry"]["url"]))
        }
        "Network.loadingFailed" if told["canceled"] != true => {
            Some(format!("not loaded: {} {}", told["type"], told["errorText"]))
        }
        _ => None,
    }
}
