//! Where words go: stdout is data, stderr is conversation. Colour decorates a terminal and never
//! informs.

use std::io::{self, IsTerminal, Write};

use miette::{GraphicalReportHandler, GraphicalTheme};
use serde::Serialize;
use serde_json::json;

use crate::failure::{Failure, Report};

/// The two streams, and what is known about them.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    /// results and errors as JSON
    pub json: bool,
    pub stdout_is_terminal: bool,
    pub stderr_is_terminal: bool,
    /// stderr may be coloured
    colour: bool,
}

impl Console {
    /// Looks at the process's streams and at `NO_COLOR`.
    pub fn new(json: bool) -> Self {
        let stderr_is_terminal = io::stderr().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self {
            json,
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal,
            colour: stderr_is_terminal && !no_colour && !dumb,
        }
    }

    /// A result as text.
    pub fn text(&self, text: &str) -> Result<(), Failure> {
        self.bytes(text.as_bytes())?;
        if text.ends_with('\n') {
            Ok(())
        } else {
            self.bytes(b"\n")
        }
    }

    /// A result as JSON.
    pub fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let json = serde_json::to_string_pretty(value).map_err(|error| {
            Failure::new(
                c360_flow::Kind::Internal,
                "result cannot be written as JSON",
            )
            .caused_by(&error)
        })?;
        self.text(&json)
    }

    /// A result in whatever form.
    pub fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(bytes)
            .and_then(|()| stdout.flush())
            .map_err(|error| output_failure(&error))
    }

    /// A remark for whoever watches. Nobody watching is fine.
    pub fn note(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// A remark that a reader of JSON has no use for.
    pub fn remark(&self, text: &str) {
        if !self.json {
            self.note(text);
        }
    }

    /// Shows what went wrong.
    pub fn error(&self, report: &Report) {
        if self.json {
            self.note(&json!({ "error": report }).to_string());
        } else {
            self.note(self.rendered(report).trim_end());
        }
    }

    fn rendered(&self, report: &Report) -> String {
        let mut lines = String::new();
        for problem in report.problems.iter().flatten() {
            lines += &self.with_carets(problem);
            lines.push('\n');
        }
        lines += &format!("{}: {}\n", self.emphasised(report.kind), report.message);
        for cause in &report.causes {
            lines += &format!("  because {}\n", cause.trim_end().replace('\n', "\n    "));
        }
        if let Some(hint) = &report.hint {
            lines += &format!("hint: {hint}\n");
        }
        lines
    }

    fn with_carets(&self, problem: &dyn miette::Diagnostic) -> String {
        let theme = if self.colour {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(100)
            .with_links(false);
        let mut text = String::new();
        match handler.render_report(&mut text, problem) {
            Ok(()) => text,
            Err(_) => format!("{problem}\n"),
        }
    }

    fn emphasised(&self, kind: c360_flow::Kind) -> String {
        if self.colour {
            format!("\u{1b}[1;31m{kind}\u{1b}[0m")
        } else {
            kind.to_string()
        }
    }
}

/// What a failed write to stdout or to an output file means.
pub fn output_failure(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ReaderGone,
        _ => Failure::unavailable("the result cannot be written").caused_by(error),
    }
}
