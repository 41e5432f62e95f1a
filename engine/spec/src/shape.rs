//! Holds a document against the JSON Schema of its kind, and gives the values as JSON.
//!
//! Understands what our own schemas use (`$ref`, `oneOf` with a tag, optional values, enums,
//! objects, maps, lists, scalars with a `format`), not JSON Schema at large. It goes on after a
//! problem, so that all of them are found: a wrong scalar is replaced by a stand-in and its place
//! remembered as doubtful, so that the checks that follow can be made all the same.

use std::ops::Range;

use serde_json::{Map, Value};

use crate::document::{Document, escaped, pointer};
use crate::formats::{self, Fault};
use crate::yaml::{Content, Entry, Node};
use crate::{secrets, spelling};

/// Looks up an environment variable.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads the whole document; what is wrong is reported to it. Gives nothing where parts are of
/// the wrong shape altogether.
pub fn read(document: &mut Document, schema: &Value, env: Environment<'_>) -> Option<Value> {
    let Some(root) = document.root.take().filter(|root| !root.is_null()) else {
        if document.is_clean() {
            document.report(0..0, "the file is empty".to_owned(), None);
        }
        return None;
    };
    let mut reader = Reader {
        document,
        schema,
        env,
        steps: Vec::new(),
        broken: false,
    };
    let value = reader.value(&root, schema, &root.span);
    let value = value.filter(|_| !reader.broken);
    document.root = Some(root);
    value
}

struct Reader<'a> {
    document: &'a mut Document,
    /// the root, where `$ref`s lead
    schema: &'a Value,
    env: Environment<'a>,
    /// where we are in the document
    steps: Vec<String>,
    /// something has the wrong shape, and no stand-in would do
    broken: bool,
}

impl<'a> Reader<'a> {
    /// `holder` is what to point at when something inside the node is missing.
    fn value(&mut self, node: &Node, schema: &'a Value, holder: &Range<usize>) -> Option<Value> {
        let schema = self.resolve(schema);
        if let Some(accepted) = accepted_words(schema) {
            return Some(Value::from(self.word_or_stand_in(node, &accepted)));
        }
        if let Some(branches) = alternatives(schema) {
            return self.alternative(node, branches, holder);
        }
        let value = match expected(schema) {
            Expected::Object => self.object(node, schema, holder),
            Expected::List => self.list(node, schema),
            Expected::Text => self.text(node, schema),
            Expected::Literal => self.literal(node),
            Expected::Boolean => self.boolean(node),
            Expected::Integer => self.integer(node, schema),
            Expected::Number => self.number(node, schema),
        };
        match (value, scalar_stand_in(schema)) {
            (Some(value), _) => Some(value),
            (None, Some(stand_in)) => self.stand_in(stand_in, schema),
            (None, None) => {
                self.broken = true;
                None
            }
        }
    }

    fn stand_in(&mut self, value: Value, schema: &Value) -> Option<Value> {
        let pointer = pointer(&self.steps);
        match schema["format"] == "data-type" {
            true => self.document.doubt_beside(pointer),
            false => self.document.doubt(pointer),
        }
        Some(value)
    }

    fn word_or_stand_in<'w>(&mut self, node: &Node, accepted: &[&'w str]) -> &'w str {
        self.word(node, accepted).unwrap_or_else(|| {
            self.document.doubt_beside(pointer(&self.steps));
            accepted[0]
        })
    }

    /// The value one step further in.
    fn inner(
        &mut self,
        step: String,
        node: &Node,
        schema: &'a Value,
        holder: &Range<usize>,
    ) -> Option<Value> {
        self.steps.push(step);
        let value = self.value(node, schema, holder);
        self.steps.pop();
        value
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let target = schema["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
        match target.and_then(|pointer| self.schema.pointer(pointer)) {
            Some(target) => self.resolve(target),
            None => schema,
        }
    }

    fn alternative(
        &mut self,
        node: &Node,
        branches: &'a [Value],
        holder: &Range<usize>,
    ) -> Option<Value> {
        let mut branches: Vec<&'a Value> = branches.iter().map(|b| self.resolve(b)).collect();
        branches.retain(|branch| branch["type"] != "null");
        if let [only] = branches[..] {
            return self.value(node, only, holder);
        }
        if let Some(tag) = tag(branches[0]) {
            return self.tagged(node, tag, &branches, holder);
        }
        let fitting = branches.iter().find(|branch| fits(node, branch));
        self.value(node, fitting.unwrap_or(&branches[0]), holder)
    }

    /// One of several shapes, told apart by the word at the key `tag`.
    fn tagged(
        &mut self,
        node: &Node,
        tag: &str,
        branches: &[&'a Value],
        holder: &Range<usize>,
    ) -> Option<Value> {
        let words: Vec<&str> = branches.iter().filter_map(|b| tag_word(b, tag)).collect();
        let Content::Map(_) = &node.content else {
            self.broken = true;
            let hint = node
                .text()
                .map(|text| format!("write it as in `{{{tag}: {text}}}`"));
            return self.unexpected_but(node, "a mapping", hint);
        };
        let Some(entry) = node.entry(tag) else {
            self.report(
                holder.clone(),
                format!("missing key `{tag}`"),
                Some(format!("one of {}", spelling::listed(&words))),
            );
            self.broken = true;
            return None;
        };
        self.steps.push(escaped(tag));
        let word = self.word(&entry.value, &words);
        self.steps.pop();
        let branch = branches.iter().find(|branch| tag_word(branch, tag) == word);
        let (Some(word), Some(branch)) = (word, branch) else {
            self.broken = true;
            return None;
        };
        let mut object = self.object(node, branch, holder)?;
        object[tag] = Value::from(word);
        Some(object)
    }

    fn object(&mut self, node: &Node, schema: &'a Value, holder: &Range<usize>) -> Option<Value> {
        let entries = match &node.content {
            Content::Map(entries) => entries.as_slice(),
            _ if node.is_null() => &[],
            _ => return self.unexpected(node, "a mapping"),
        };
        let Some(properties) = schema["properties"].as_object() else {
            return self.map(entries, &schema["additionalProperties"]);
        };
        let mut object = Map::new();
        for entry in entries {
            match properties.get(&entry.key) {
                Some(property) => {
                    if let Some(value) = self.property(entry, property, schema) {
                        object.insert(entry.key.clone(), value);
                    }
                }
                None => self.unknown_key(entry, properties),
            }
        }
        for name in required(schema).filter(|name| !entries.iter().any(|e| e.key == *name)) {
            self.report(holder.clone(), format!("missing key `{name}`"), None);
        }
        Some(Value::Object(object))
    }

    /// The value of a known key; a key left empty counts as left out.
    fn property(&mut self, entry: &Entry, schema: &'a Value, owner: &'a Value) -> Option<Value> {
        if entry.value.is_null() {
            if required(owner).any(|name| name == entry.key) {
                let message = format!("key `{}` has no value", entry.key);
                self.report(entry.key_span.clone(), message, None);
            }
            return None;
        }
        self.inner(escaped(&entry.key), &entry.value, schema, &entry.key_span)
    }

    fn unknown_key(&mut self, entry: &Entry, properties: &Map<String, Value>) {
        if secrets::is_secret_key(&entry.key) {
            self.hide(&entry.value);
            let message = format!("`{}` holds a secret, which no spec may", entry.key);
            return self.report(
                entry.key_span.clone(),
                message,
                Some(secret_key_remedy(&entry.key)),
            );
        }
        self.hide_secrets(&entry.value);
        let known = properties.keys().map(String::as_str);
        let hint = spelling::hint(&entry.key, known);
        self.report(
            entry.key_span.clone(),
            format!("unknown key `{}`", entry.key),
            hint,
        );
    }

    /// Keys chosen by the author.
    fn map(&mut self, entries: &[Entry], schema: &'a Value) -> Option<Value> {
        let mut object = Map::new();
        for entry in entries {
            if entry.key.is_empty() {
                self.report(entry.key_span.clone(), "an empty key".to_owned(), None);
            }
            let value = &entry.value;
            if value.is_null() && expected(self.resolve(schema)) != Expected::Object {
                let message = format!("key `{}` has no value", entry.key);
                self.report(entry.key_span.clone(), message, None);
            } else if let Some(value) =
                self.inner(escaped(&entry.key), value, schema, &entry.key_span)
            {
                object.insert(entry.key.clone(), value);
            }
        }
        Some(Value::Object(object))
    }

    fn list(&mut self, node: &Node, schema: &'a Value) -> Option<Value> {
        let Content::List(items) = &node.content else {
            let hint = node.text().map(|text| format!("write it as in `[{text}]`"));
            return self.unexpected_but(node, "a list", hint);
        };
        if items.is_empty() && schema["minItems"].as_u64() > Some(0) {
            self.report(node.span.clone(), "the list is empty".to_owned(), None);
        }
        let mut values = Vec::new();
        for (index, item) in items.iter().enumerate() {
            values.extend(self.inner(index.to_string(), item, &schema["items"], &item.span));
        }
        Some(Value::Array(values))
    }

    fn text(&mut self, node: &Node, schema: &Value) -> Option<Value> {
        let text = self.scalar(node, "a text")?;
        let format = schema["format"].as_str().unwrap_or_default();
        if let Some(variable) = text.strip_prefix("env:") {
            if format != "connection" {
                let message = "`env:` is not read here".to_owned();
                let hint = "only `data`, `warehouse.location` and `warehouse.catalog` take it";
                self.report(node.span.clone(), message, Some(hint.to_owned()));
                return None;
            }
            return self.variable(node, variable);
        }
        if text.is_empty() && schema["minLength"].as_u64() > Some(0) {
            self.report(node.span.clone(), "the text is empty".to_owned(), None);
            return None;
        }
        match formats::check(format, text) {
            Ok(()) => Some(Value::from(text)),
            Err(Fault { message, hint }) => {
                self.report(node.span.clone(), message, hint);
                None
            }
        }
    }

    fn variable(&mut self, node: &Node, name: &str) -> Option<Value> {
        let value = (self.env)(name).filter(|value| !value.is_empty());
        if value.is_none() {
            let message = format!("environment variable `{name}` is not set");
            self.report(
                node.span.clone(),
                message,
                Some(format!("set {name} and run again")),
            );
        }
        value.map(Value::from)
    }

    fn literal(&mut self, node: &Node) -> Option<Value> {
        self.scalar(node, "a value").map(Value::from)
    }

    fn boolean(&mut self, node: &Node) -> Option<Value> {
        match &node.content {
            Content::Scalar { text, plain: true } => match text.as_str() {
                "true" | "True" | "TRUE" => Some(Value::Bool(true)),
                "false" | "False" | "FALSE" => Some(Value::Bool(false)),
                _ => self.unexpected(node, "`true` or `false`"),
            },
            _ => self.unexpected(node, "`true` or `false`"),
        }
    }

    fn integer(&mut self, node: &Node, schema: &Value) -> Option<Value> {
        let least = schema["minimum"].as_u64().unwrap_or(0);
        let limit = schema["maximum"].as_u64();
        let most = limit.unwrap_or(match schema["format"] == "uint32" {
            true => u64::from(u32::MAX),
            false => u64::MAX,
        });
        let number = plain(node).and_then(|text| text.parse::<u64>().ok());
        match (number.filter(|it| (least..=most).contains(it)), limit) {
            (Some(number), _) => Some(Value::from(number)),
            (None, Some(most)) => {
                self.unexpected(node, &format!("a whole number from {least} to {most}"))
            }
            (None, None) => self.unexpected(node, &format!("a whole number from {least} up")),
        }
    }

    fn number(&mut self, node: &Node, schema: &Value) -> Option<Value> {
        let least = schema["minimum"].as_f64().unwrap_or(f64::MIN);
        let most = schema["maximum"].as_f64().unwrap_or(f64::MAX);
        let number = plain(node).and_then(|text| text.parse::<f64>().ok());
        match number.filter(|number| (least..=most).contains(number)) {
            Some(number) => Some(Value::from(number)),
            None if most == f64::MAX => self.unexpected(node, &format!("a number from {least} up")),
            None => self.unexpected(node, &format!("a number from {least} to {most}")),
        }
    }

    /// The accepted word that was written, or that was probably meant.
    fn word<'w>(&mut self, node: &Node, accepted: &[&'w str]) -> Option<&'w str> {
        let text = self.scalar(node, &format!("one of {}", spelling::listed(accepted)))?;
        if let Some(word) = accepted.iter().find(|word| **word == text) {
            return Some(word);
        }
        let key = self
            .steps
            .iter()
            .rfind(|step| step.parse::<usize>().is_err());
        let of = key.map(|key| format!(" of `{key}`")).unwrap_or_default();
        let hint = spelling::hint(text, accepted.iter().copied());
        self.report(
            node.span.clone(),
            format!("unknown value `{text}`{of}"),
            hint,
        );
        spelling::nearest(text, accepted.iter().copied())
    }

    /// The text of a scalar, unless it holds a password.
    fn scalar<'n>(&mut self, node: &'n Node, wanted: &str) -> Option<&'n str> {
        let Some(text) = node.text() else {
            return self.unexpected(node, wanted);
        };
        if text.is_empty() && node.is_null() {
            return self.unexpected(node, wanted);
        }
        if secrets::holds_password(text) {
            self.hide(node);
            let message = "a password in a spec".to_owned();
            let hint = "put the whole value into an environment variable and write `env:NAME`";
            self.report(node.span.clone(), message, Some(hint.to_owned()));
            return None;
        }
        Some(text)
    }

    fn unexpected<T>(&mut self, node: &Node, wanted: &str) -> Option<T> {
        self.unexpected_but(node, wanted, None)
    }

    fn unexpected_but<T>(&mut self, node: &Node, wanted: &str, hint: Option<String>) -> Option<T> {
        let found = match &node.content {
            Content::Scalar { text, .. } if text.is_empty() => "nothing".to_owned(),
            Content::Scalar { text, .. } if secrets::holds_password(text) => "a secret".to_owned(),
            Content::Scalar { text, .. } if text.chars().count() <= 40 => format!("`{text}`"),
            _ => node.noun().to_owned(),
        };
        self.report(
            node.span.clone(),
            format!("expected {wanted}, found {found}"),
            hint,
        );
        None
    }

    /// Hides what stands at secret keys inside the node.
    fn hide_secrets(&mut self, node: &Node) {
        match &node.content {
            Content::Map(entries) => {
                for entry in entries {
                    match secrets::is_secret_key(&entry.key) {
                        true => self.hide(&entry.value),
                        false => self.hide_secrets(&entry.value),
                    }
                }
            }
            Content::List(items) => items.iter().for_each(|item| self.hide_secrets(item)),
            Content::Scalar { .. } => {}
        }
    }

    fn hide(&mut self, node: &Node) {
        match &node.content {
            Content::Scalar { .. } => self.document.hide(node.span.clone()),
            Content::List(items) => items.iter().for_each(|item| self.hide(item)),
            Content::Map(entries) => entries.iter().for_each(|entry| self.hide(&entry.value)),
        }
    }

    fn report(&mut self, span: Range<usize>, message: String, hint: Option<String>) {
        self.document.report(span, message, hint);
    }
}

#[derive(PartialEq)]
enum Expected {
    Object,
    List,
    Text,
    Literal,
    Boolean,
    Integer,
    Number,
}

fn expected(schema: &Value) -> Expected {
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let types: Vec<&str> = types.into_iter().filter(|name| *name != "null").collect();
    match types[..] {
        ["object"] => Expected::Object,
        ["array"] => Expected::List,
        ["boolean"] => Expected::Boolean,
        ["integer"] => Expected::Integer,
        ["number"] => Expected::Number,
        ["string"] => Expected::Text,
        _ => Expected::Literal,
    }
}

/// What takes the place of a scalar that is wrong; names have none, for others refer to them.
fn scalar_stand_in(schema: &Value) -> Option<Value> {
    match expected(schema) {
        Expected::Text => formats::stand_in(schema["format"].as_str()?).map(Value::from),
        Expected::Literal => Some(Value::from("")),
        Expected::Boolean => Some(Value::Bool(false)),
        Expected::Integer => Some(Value::from(schema["minimum"].as_u64().unwrap_or(0))),
        Expected::Number => Some(Value::from(0.0)),
        Expected::Object | Expected::List => None,
    }
}

fn fits(node: &Node, schema: &Value) -> bool {
    match node.content {
        Content::Map(_) => expected(schema) == Expected::Object,
        Content::List(_) => expected(schema) == Expected::List,
        Content::Scalar { .. } => !matches!(expected(schema), Expected::Object | Expected::List),
    }
}

fn alternatives(schema: &Value) -> Option<&[Value]> {
    let branches = schema.get("oneOf").or_else(|| schema.get("anyOf"))?;
    branches
        .as_array()
        .filter(|branches| !branches.is_empty())
        .map(Vec::as_slice)
}

/// The words of an enum. Documented words are alternatives of their own in the schema.
fn accepted_words(schema: &Value) -> Option<Vec<&str>> {
    if let Some(word) = schema["const"].as_str() {
        return Some(vec![word]);
    }
    if let Some(words) = schema["enum"].as_array() {
        return Some(words.iter().filter_map(Value::as_str).collect());
    }
    let branches = schema["oneOf"].as_array()?;
    let words: Option<Vec<_>> = branches.iter().map(accepted_words).collect();
    words.map(|words| words.concat())
}

/// The key that tells the alternatives apart.
fn tag(branch: &Value) -> Option<&str> {
    let properties = branch["properties"].as_object()?;
    let tag = properties
        .iter()
        .find(|(_, property)| property.get("const").is_some());
    tag.map(|(name, _)| name.as_str())
}

fn tag_word<'a>(branch: &'a Value, tag: &str) -> Option<&'a str> {
    branch["properties"][tag]["const"].as_str()
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn plain(node: &Node) -> Option<&str> {
    match &node.content {
        Content::Scalar { text, plain: true } => Some(text),
        _ => None,
    }
}

fn secret_key_remedy(key: &str) -> String {
    let key = key.to_lowercase();
    if key.contains("access") || key.contains("session") {
        return "remove it: credentials of the store are read from AWS_ACCESS_KEY_ID and \
                AWS_SECRET_ACCESS_KEY in the environment"
            .to_owned();
    }
    if key.contains("api") {
        return "remove it: the key of a lineage endpoint is read from OPENLINEAGE_API_KEY in the \
                environment"
            .to_owned();
    }
    "remove it: put the connection into an environment variable and write `env:NAME`".to_owned()
}
