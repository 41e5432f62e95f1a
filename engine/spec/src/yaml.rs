//! YAML text as a tree in which every node knows where it stands.
//!
//! Scalars stay text: whether `1` is a number or a string is decided by whoever knows what the
//! spec expects there, so `null_values: [NULL, 1]` means what it says.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StructureStyle};

/// A node and the bytes of the text that show it.
#[derive(Clone, Debug)]
pub struct Node {
    pub span: Range<usize>,
    pub content: Content,
}

#[derive(Clone, Debug)]
pub enum Content {
    Scalar {
        text: String,
        /// without quotes, and not a block
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of a map and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub key_span: Range<usize>,
    pub value: Node,
}

/// Something that is wrong with the text itself.
#[derive(Clone, Debug)]
pub struct Fault {
    pub span: Range<usize>,
    pub message: String,
    pub hint: Option<String>,
}

/// Aliases could blow a small text up to any size; a spec never needs this many nodes.
const NODES_MAX: usize = 200_000;

impl Node {
    /// `key:` without a value, `~` or `null`.
    pub fn is_null(&self) -> bool {
        match &self.content {
            Content::Scalar { text, plain: true } => {
                matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            _ => false,
        }
    }

    /// What the node is, for messages.
    pub fn noun(&self) -> &'static str {
        match &self.content {
            Content::Scalar { .. } => "a value",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.content {
            Content::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }
}

/// Reads one YAML document. Gives the tree as far as it could be read, and what is wrong.
pub fn parse(text: &str) -> (Option<Node>, Vec<Fault>) {
    let mut options = Options::default();
    options.emit_comments = false;
    let parser = Parser::new_from_str_with_options(text, options);
    let mut builder = Builder {
        end: text.len(),
        ..Builder::default()
    };
    for event in parser {
        match event {
            Ok((event, span)) => builder.take(event, bytes(span, text.len())),
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
                let message = format!("this is not YAML: {}", error.info());
                builder.faults.push(Fault {
                    span: at..at,
                    message,
                    hint: None,
                });
                return (None, builder.faults);
            }
        }
        if builder.stopped {
            break;
        }
    }
    (builder.root, builder.faults)
}

fn bytes(span: Span, end: usize) -> Range<usize> {
    span.byte_range().unwrap_or(end..end)
}

/// A collection that is not closed yet.
struct Open {
    start: Range<usize>,
    flow: bool,
    anchor: usize,
    content: OpenContent,
}

enum OpenContent {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        key: Option<(String, Range<usize>)>,
    },
}

#[derive(Default)]
struct Builder {
    end: usize,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    faults: Vec<Fault>,
    stopped: bool,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Range<usize>) {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let text = text.into_owned();
                self.node(
                    Node {
                        span,
                        content: Content::Scalar { text, plain },
                    },
                    anchor,
                );
            }
            Event::SequenceStart(style, anchor, _) => {
                self.start(span, style, anchor, OpenContent::List(Vec::new()));
            }
            Event::MappingStart(style, anchor, _) => {
                let content = OpenContent::Map {
                    entries: Vec::new(),
                    key: None,
                };
                self.start(span, style, anchor, content);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::DocumentStart(..) if self.root.is_some() => {
                self.stop(span, "a second YAML document in one file", "split the file");
            }
            _ => {}
        }
    }

    fn start(
        &mut self,
        start: Range<usize>,
        style: StructureStyle,
        anchor: usize,
        content: OpenContent,
    ) {
        let flow = style == StructureStyle::Flow;
        self.open.push(Open {
            start,
            flow,
            anchor,
            content,
        });
    }

    fn close(&mut self, end: Range<usize>) {
        let Some(open) = self.open.pop() else { return };
        let content = match open.content {
            OpenContent::List(items) => Content::List(items),
            OpenContent::Map { entries, .. } => Content::Map(entries),
        };
        let span = if open.flow {
            open.start.start..end.end.min(self.end)
        } else {
            block_span(&open.start, &content)
        };
        self.node(Node { span, content }, open.anchor);
    }

    fn alias(&mut self, anchor: usize, span: Range<usize>) {
        let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
            return self.stop(
                span,
                "an alias inside its own anchor",
                "write the value out",
            );
        };
        self.nodes += size;
        self.node(
            Node {
                span,
                content: node.content,
            },
            0,
        );
    }

    fn node(&mut self, node: Node, anchor: usize) {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return self.stop(
                node.span,
                "the file holds too many values",
                "split the file",
            );
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), size(&node)));
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut parent.content {
            OpenContent::List(items) => items.push(node),
            OpenContent::Map { entries, key } => match key.take() {
                None => match node.content {
                    Content::Scalar { text, .. } => *key = Some((text, node.span)),
                    _ => self.stop(
                        node.span,
                        "a key that is not a word",
                        "write the key as a word",
                    ),
                },
                Some((key, key_span)) => {
                    if entries.iter().any(|entry| entry.key == key) {
                        self.faults.push(duplicate_key(&key, key_span));
                    } else {
                        entries.push(Entry {
                            key,
                            key_span,
                            value: node,
                        });
                    }
                }
            },
        }
    }

    fn stop(&mut self, span: Range<usize>, message: &str, hint: &str) {
        let hint = Some(hint.to_owned());
        self.faults.push(Fault {
            span,
            message: message.to_owned(),
            hint,
        });
        self.stopped = true;
        self.root = None;
    }
}

fn duplicate_key(key: &str, span: Range<usize>) -> Fault {
    let hint = Some("keep one of the two".to_owned());
    Fault {
        span,
        message: format!("duplicate key `{key}`"),
        hint,
    }
}

/// A block has no brackets to point at: its first key or item stands for it.
fn block_span(start: &Range<usize>, content: &Content) -> Range<usize> {
    match content {
        Content::Map(entries) => entries.first().map(|entry| entry.key_span.clone()),
        Content::List(items) => items.first().map(|item| item.span.clone()),
        Content::Scalar { .. } => None,
    }
    .unwrap_or_else(|| start.clone())
}

fn size(node: &Node) -> usize {
    match &node.content {
        Content::Scalar { .. } => 1,
        Content::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Content::Map(entries) => {
            1 + entries
                .iter()
                .map(|entry| size(&entry.value))
                .sum::<usize>()
        }
    }
}
