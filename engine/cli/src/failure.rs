//! Why a command ended early, ready to be shown: kind, message, causes and remedy.

use std::error::Error;
use std::path::Path;

use c360_flow::{Kind, usual_hint};
use c360_spec::Problems;
use serde::Serialize;

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// Something is wrong.
    Error(Box<Report>),
    /// Whoever read stdout has gone; nothing is wrong.
    ReaderGone,
    /// Nothing is wrong, but there is something to do, and the code was to tell.
    WorkToDo,
    /// Nothing is wrong here, but something failed or would fail, and the code was to tell.
    Told(Kind),
    /// Ctrl-C.
    Interrupted,
}

/// Something wrong, as it is shown.
#[derive(Debug, Serialize)]
pub struct Report {
    #[serde(serialize_with = "kind_name")]
    pub kind: Kind,
    /// lower case, no full stop, names the object
    pub message: String,
    /// outermost first
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// the next command or the nearest spelling
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// everything wrong with a project's files
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub problems: Option<Problems>,
}

impl Failure {
    /// A mistake in an argument.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    /// Something outside is missing, full, locked or down.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, message)
    }

    /// A failure of any kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let message = message.into();
        let hint = usual_hint(kind).map(str::to_owned);
        let (causes, problems) = (Vec::new(), None);
        Self::Error(Box::new(Report {
            kind,
            message,
            causes,
            hint,
            problems,
        }))
    }

    /// A file or folder that cannot be read or written: where it is not there or no such thing, the name is wrong.
    pub fn file(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind::{InvalidData, IsADirectory, NotADirectory, NotFound};
        let kind = match error.kind() {
            NotFound | NotADirectory | IsADirectory | InvalidData => Kind::Invalid,
            _ => Kind::Unavailable,
        };
        Self::new(kind, format!("cannot {doing} `{}`", path.display())).caused_by(error)
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Error(report) = &mut self {
            report.hint = Some(hint.into());
        }
        self
    }

    /// Chains the cause and its causes, leaving out what was already said.
    #[must_use]
    pub fn caused_by(mut self, cause: &dyn Error) -> Self {
        if let Self::Error(report) = &mut self {
            report.chain(Some(cause));
        }
        self
    }
}

impl Report {
    fn chain(&mut self, mut cause: Option<&dyn Error>) {
        while let Some(error) = cause {
            let said = error.to_string();
            let last = self.causes.last().unwrap_or(&self.message);
            if !last.contains(&said) {
                self.causes.push(said);
            }
            cause = error.source();
        }
    }
}

impl From<c360_flow::Error> for Failure {
    fn from(error: c360_flow::Error) -> Self {
        let mut failure = Self::new(error.kind(), error.to_string());
        if let Self::Error(report) = &mut failure {
            report.causes = error.causes();
            report.hint = error.hint();
        }
        failure
    }
}

impl From<c360_catalog::Error> for Failure {
    fn from(error: c360_catalog::Error) -> Self {
        c360_flow::Error::from(error).into()
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Error(Box::new(Report {
            kind: Kind::Invalid,
            message: problems.to_string(),
            causes: Vec::new(),
            hint: None,
            problems: Some(problems),
        }))
    }
}

fn kind_name<S: serde::Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(failure: Failure) -> Box<Report> {
        match failure {
            Failure::Error(report) => report,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_cause_that_says_the_same_is_left_out() {
        let failure = Failure::unavailable("no space left")
            .caused_by(&std::io::Error::other("no space left"));
        assert!(report(failure).causes.is_empty());
        let failure =
            Failure::unavailable("cannot write").caused_by(&std::io::Error::other("no space left"));
        assert_eq!(report(failure).causes, ["no space left"]);
    }

    #[test]
    fn a_file_that_is_not_there_is_misnamed_and_one_that_may_not_be_read_is_out_of_reach() {
        for (error, kind) in [
            (std::io::ErrorKind::NotFound, Kind::Invalid),
            (std::io::ErrorKind::PermissionDenied, Kind::Unavailable),
        ] {
            let failure = Failure::file("read", Path::new("labels.csv"), &error.into());
            assert_eq!(report(failure).kind, kind);
        }
    }

    #[test]
    fn an_error_is_json_with_its_kind() {
        let report =
            report(Failure::invalid("no such job `ordres`").hint("did you mean `orders`?"));
        let json = serde_json::to_value(&report).expect("json");
        assert_eq!(
            json,
            serde_json::json!({
                "kind": "invalid",
                "message": "no such job `ordres`",
                "hint": "did you mean `orders`?",
            })
        );
    }
}
