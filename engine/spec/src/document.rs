//! One YAML file while it is being checked: its tree, and what was found wrong with it so far.

use std::ops::Range;
use std::sync::Arc;

use miette::NamedSource;

use crate::problems::Problem;
use crate::yaml::{self, Content, Node};
use crate::{SourceFile, secrets};

/// One YAML file while it is being checked.
#[derive(Clone, Debug)]
pub struct Document {
    pub path: String,
    /// absent where the text is not YAML
    pub root: Option<Node>,
    text: String,
    findings: Vec<Finding>,
    secret_spans: Vec<Range<usize>>,
    doubts: Vec<String>,
    doubts_beside: Vec<String>,
}

#[derive(Clone, Debug)]
struct Finding {
    span: Range<usize>,
    message: String,
    hint: Option<String>,
}

impl Document {
    pub fn new(file: SourceFile) -> Self {
        let (root, faults) = yaml::parse(&file.text);
        let mut document = Self {
            path: file.path,
            root,
            text: file.text,
            findings: Vec::new(),
            secret_spans: Vec::new(),
            doubts: Vec::new(),
            doubts_beside: Vec::new(),
        };
        for fault in faults {
            document.report(fault.span, fault.message, fault.hint);
        }
        document
    }

    /// The file's name without folder and extension.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.strip_suffix(".yaml").unwrap_or(name)
    }

    pub fn report(&mut self, span: Range<usize>, message: String, hint: Option<String>) {
        self.findings.push(Finding {
            span: self.one_line(span),
            message,
            hint,
        });
    }

    /// Reports a problem at the value that the pointer names (`/records/0/from`), or at the
    /// nearest thing around it that exists. Unless that depends on a value that is doubtful.
    pub fn report_value(&mut self, pointer: &str, message: String, hint: Option<String>) {
        if self.is_doubtful(pointer) {
            return;
        }
        let span = self.find(pointer, |_, node| node.span.clone());
        self.report(span, message, hint);
    }

    /// As [`Document::report_value`], at the key rather than at its value.
    pub fn report_key(&mut self, pointer: &str, message: String, hint: Option<String>) {
        if self.is_doubtful(pointer) {
            return;
        }
        let span = self.find(pointer, |key, node| key.unwrap_or(&node.span).clone());
        self.report(span, message, hint);
    }

    /// Keeps the text at the span from ever being shown.
    pub fn hide(&mut self, span: Range<usize>) {
        self.secret_spans.push(span);
    }

    /// Remembers that a stand-in has taken the place of what the author wrote.
    pub fn doubt(&mut self, pointer: String) {
        self.doubts.push(pointer);
    }

    /// As [`Document::doubt`], of a value such as a column's `type` by which those beside it are
    /// judged. At the top of a file too much would be beside it: there, checks ask for themselves.
    pub fn doubt_beside(&mut self, pointer: String) {
        let parent = pointer
            .rsplit_once('/')
            .map(|(parent, _)| parent)
            .unwrap_or_default();
        if !parent.is_empty() {
            self.doubts_beside.push(parent.to_owned());
        }
        self.doubts.push(pointer);
    }

    /// Whether what stands at the pointer cannot be judged, for a stand-in.
    pub fn is_doubtful(&self, pointer: &str) -> bool {
        let within = |doubt: &String| {
            pointer
                .strip_prefix(doubt.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let parent = pointer.rsplit_once('/').map(|(parent, _)| parent);
        self.doubts.iter().any(within)
            || self
                .doubts_beside
                .iter()
                .any(|beside| parent == Some(beside))
    }

    /// Whether the author wrote something at the pointer.
    pub fn has(&self, pointer: &str) -> bool {
        self.node(pointer).is_some_and(|node| !node.is_null())
    }

    /// The node at the pointer, when the author wrote one.
    pub fn node(&self, pointer: &str) -> Option<&Node> {
        let mut node = self.root.as_ref()?;
        for step in steps(pointer) {
            node = child(node, &step)?.1;
        }
        Some(node)
    }

    /// Text of the scalar at the pointer.
    pub fn text_at(&self, pointer: &str) -> Option<&str> {
        self.node(pointer)?.text()
    }

    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// What was found, with the text's secrets starred out.
    pub fn into_problems(self) -> Vec<Problem> {
        let text = secrets::redact(&self.text, &self.secret_spans);
        let source = Arc::new(NamedSource::new(&self.path, text));
        self.findings
            .into_iter()
            .map(|found| Problem::at(&source, found.span, found.message, found.hint))
            .collect()
    }

    fn find(
        &self,
        pointer: &str,
        show: impl Fn(Option<&Range<usize>>, &Node) -> Range<usize>,
    ) -> Range<usize> {
        let Some(mut node) = self.root.as_ref() else {
            return 0..0;
        };
        let mut span = show(None, node);
        for step in steps(pointer) {
            let Some((key_span, inner)) = child(node, &step) else {
                break;
            };
            span = if inner.is_null() {
                key_span.unwrap_or(&span).clone()
            } else {
                show(key_span, inner)
            };
            node = inner;
        }
        span
    }

    /// Carets are drawn under one line: a longer span is cut at its first line's end.
    fn one_line(&self, span: Range<usize>) -> Range<usize> {
        let shown = self.text.get(span.clone()).unwrap_or_default();
        let first_line = shown.lines().next().unwrap_or_default().trim_end();
        span.start..span.start + first_line.len()
    }
}

fn child<'a>(node: &'a Node, step: &str) -> Option<(Option<&'a Range<usize>>, &'a Node)> {
    match &node.content {
        Content::Map(_) => node
            .entry(step)
            .map(|entry| (Some(&entry.key_span), &entry.value)),
        Content::List(items) => {
            let index: usize = step.parse().ok()?;
            items.get(index).map(|item| (None, item))
        }
        Content::Scalar { .. } => None,
    }
}

fn steps(pointer: &str) -> impl Iterator<Item = String> {
    pointer
        .split('/')
        .skip(1)
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
}

/// The pointer that the steps make; each must be escaped.
pub fn pointer(steps: &[String]) -> String {
    steps.iter().map(|step| format!("/{step}")).collect()
}

/// A key as one step of a pointer.
pub fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
