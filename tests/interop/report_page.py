#!/usr/bin/env python3
"""Does the page of `c360 report` read well in a browser, on a phone and on a desk?

    report_page.py REPORT.html [--shots FOLDER]

Opens the page in a headless Chromium, light and dark, 375 and 1200 pixels wide, and fails where it writes to the console,
asks the network for anything, or is wider than the window. Prints one line a view; with --shots leaves a picture of each.

The browser is the one that C360_CHROMIUM names, else Playwright's, else one of the path; without one that starts the check
is skipped, which is said. Exit codes: 0 all is well or nothing could be checked, 1 something is wrong with the page.
"""

import argparse
import base64
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.dont_write_bytecode = True  # leave no __pycache__ in the sources

SECONDS_MAX = 120  # a browser that hangs is ended
WIDTHS = {375: 812, 1200: 900}
NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless_shell"]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe"]
# Elements that stick out of the window, and letters of pictures that lie on each other.
FAULTS = """(() => {
  const found = [];
  const window_width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > window_width) found.push(`the page is ${document.documentElement.scrollWidth} px wide`);
  const name = (it) => `${it.tagName} "${it.textContent.trim().slice(0, 40)}"`;
  for (const it of document.body.querySelectorAll("*")) {
    if (it.closest("thead")) continue;
    const box = it.getBoundingClientRect();
    if (box.right > window_width + 1 || box.left < -1) found.push(`${name(it)} reaches from ${box.left} to ${box.right}`);
  }
  for (const picture of document.querySelectorAll("figure > svg")) {
    const texts = [...picture.querySelectorAll("text")].map((it) => [it, it.getBoundingClientRect()]);
    for (const [one, a] of texts) for (const [other, b] of texts) {
      if (one === other || one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_PRECEDING) continue;
      const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
      if (!apart) found.push(`${name(one)} lies on ${name(other)}`);
    }
  }
  return found;
})()"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path, help="the file that `c360 report` wrote")
    parser.add_argument("--shots", type=Path, help="a folder for pictures of the views")
    given = parser.parse_args()
    program = browser()
    if program is None:
        print("report page: skipped, no Chromium is installed (C360_CHROMIUM names one elsewhere)")
        return 0
    try:
        faults = faults_of(given.page.resolve().as_uri(), program, given.shots)
    except Unstarted:
        is_named = "C360_CHROMIUM" in os.environ
        print(f"report page: {'failed' if is_named else 'skipped'}, {program} does not start")
        return 1 if is_named else 0
    for fault in faults:
        print(f"        {fault}")
    return 1 if faults else 0


def faults_of(address, program, shots):
    """What is wrong with the page in any view; prints a line for each."""
    faults = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, Browser(program, profile) as opened:
        for width, height in WIDTHS.items():
            for scheme in ["light", "dark"]:
                view = View(opened, address, width, height, scheme)
                found = view.faults()
                print(f"{'wrong' if found else 'good '} {width} px, {scheme}")
                faults += found
                if shots:
                    view.shot(shots / f"report-{width}-{scheme}.png")
    return faults


def browser():
    """A Chromium to start, if there is one."""
    named = os.environ.get("C360_CHROMIUM")
    if named:
        return named
    if importlib.util.find_spec("playwright"):
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            path = playwright.chromium.executable_path
        if Path(path).exists():
            return path
    return next(filter(None, map(shutil.which, NAMES)), None)


class Unstarted(Exception):
    """There is a browser, but it does not run here."""


class Browser:
    """A headless browser that is spoken to over two pipes: messages of JSON, each ended by a zero byte."""

    def __init__(self, program, profile):
        self.command = [program, *FLAGS, f"--user-data-dir={profile}"]
        self.last, self.events, self.rest = 0, [], b""

    def __enter__(self):
        to_browser, self.to = os.pipe()
        self.back, from_browser = os.pipe()

        def as_three_and_four():
            # Above 4 first, so that neither takes the other's place.
            read, write = os.dup2(to_browser, 30), os.dup2(from_browser, 31)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            self.command, preexec_fn=as_three_and_four, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(to_browser)
        os.close(from_browser)
        self.guard = threading.Timer(SECONDS_MAX, self.process.kill)
        self.guard.start()
        try:
            self.ask("Browser.getVersion")
        except (OSError, SystemExit) as error:
            self.__exit__()
            raise Unstarted from error
        return self

    def __exit__(self, *_):
        self.guard.cancel()
        self.process.kill()
        self.process.wait()
        os.close(self.to)
        os.close(self.back)

    def ask(self, method, session=None, **parameters):
        """The answer to a command; what happens meanwhile is kept in `events`."""
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") != self.last:
                self.events.append(answer)
            elif "error" in answer:
                sys.exit(f"report page: the browser refuses {method}: {answer['error']['message']}")
            else:
                return answer["result"]

    def until(self, method):
        """Waits for an event."""
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.message())

    def message(self):
        while b"\0" not in self.rest:
            read = os.read(self.back, 1 << 20)
            if not read:
                sys.exit("report page: the browser has stopped")
            self.rest += read
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)


class View:
    """The page in a window of some width."""

    def __init__(self, opened, address, width, height, scheme):
        self.browser, self.where = opened, f"{width} px, {scheme}"
        opened.events.clear()
        target = opened.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = opened.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.ask(f"{domain}.enable")
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.ask("Page.navigate", url=address)
        opened.until("Page.loadEventFired")
        self.address = address

    def ask(self, method, **parameters):
        return self.browser.ask(method, self.session, **parameters)

    def faults(self):
        found = self.ask("Runtime.evaluate", expression=FAULTS, returnByValue=True)
        if "exceptionDetails" in found:
            sys.exit(f"report page: the page cannot be measured: {found['exceptionDetails']}")
        return [f"{self.where}: {fault}" for fault in [*found["result"]["value"], *self.events()]]

    def events(self):
        for event in self.browser.events:
            told = event.get("params", {})
            match event.get("method"):
                case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                    yield f"the page speaks: {json.dumps(told)[:200]}"
                case "Log.entryAdded":
                    yield f"the browser complains: {told['entry']['text']}"
                case "Network.requestWillBeSent" if told["request"]["url"] != self.address:
                    yield f"the page asks for {told['request']['url']}"

    def shot(self, file):
        file.parent.mkdir(parents=True, exist_ok=True)
        picture = self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(picture["data"]))


if __name__ == "__main__":
    sys.exit(main())
