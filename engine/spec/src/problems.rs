//! Everything wrong with a project, each problem where it stands in its file.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use serde::Serialize;

/// Everything wrong with a project, sorted by file and place. Never empty when returned as an
/// error.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Problems {
    problems: Vec<Problem>,
}

/// One thing wrong with a project.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// relative to the project
    pub file: String,
    /// from 1; absent where the file as a whole is wrong
    pub line: Option<usize>,
    /// in characters, from 1
    pub column: Option<usize>,
    pub message: String,
    /// what to do about it
    pub hint: Option<String>,
    #[serde(skip)]
    place: Option<Place>,
}

/// Where a problem stands: a text without its secrets, and bytes of it.
#[derive(Clone, Debug)]
struct Place {
    source: Arc<NamedSource<String>>,
    span: Range<usize>,
}

impl Problem {
    /// A problem of a file as a whole, such as its absence.
    pub fn of_file(file: &str, message: String, hint: Option<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            column: None,
            message,
            hint,
            place: None,
        }
    }

    /// A problem at these bytes of a text; the text must hold no secrets.
    pub(crate) fn at(
        source: &Arc<NamedSource<String>>,
        span: Range<usize>,
        message: String,
        hint: Option<String>,
    ) -> Self {
        let (line, column) = line_and_column(source.inner(), span.start);
        Self {
            file: source.name().to_owned(),
            line: Some(line),
            column: Some(column),
            message,
            hint,
            place: Some(Place {
                source: Arc::clone(source),
                span,
            }),
        }
    }

    fn order(&self) -> (&str, Option<usize>, Option<usize>, &str) {
        (&self.file, self.line, self.column, &self.message)
    }
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

impl Problems {
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| a.order().cmp(&b.order()));
        problems.dedup_by(|a, b| a.order() == b.order());
        Self { problems }
    }

    pub fn len(&self) -> usize {
        self.problems.len()
    }

    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.problems.iter()
    }

    /// `{"problems": [{"file", "line", "column", "message", "hint"}, …]}`
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "problems": self.problems })
    }
}

/// Sorted, and each problem once.
impl FromIterator<Problem> for Problems {
    fn from_iter<T: IntoIterator<Item = Problem>>(problems: T) -> Self {
        Self::new(problems.into_iter().collect())
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.problems.into_iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => f.write_str("1 problem in the project's files"),
            count => write!(f, "{count} problems in the project's files"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(_) => f.write_str(&self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for Problems {}

impl std::error::Error for Problem {}

impl Diagnostic for Problems {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(
            self.problems
                .iter()
                .map(|problem| problem as &dyn Diagnostic),
        ))
    }
}

impl Diagnostic for Problem {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.hint
            .as_ref()
            .map(|hint| Box::new(hint) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place
            .as_ref()
            .map(|place| &place.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.place.as_ref()?;
        let label = LabeledSpan::underline(place.span.start..place.span.end);
        Some(Box::new(std::iter::once(label)))
    }
}
