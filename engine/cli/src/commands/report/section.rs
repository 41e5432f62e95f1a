//! A part of the page: a heading and what stands under it.

use minijinja::{Value, context};
use serde::Serialize;

use crate::failure::Failure;
use crate::markup::filled;

/// A heading and its blocks, top to bottom.
#[derive(Serialize)]
pub struct Section {
    /// What links to it.
    id: &'static str,
    title: &'static str,
    blocks: Vec<Value>,
}

impl Section {
    /// A heading alone.
    pub fn new(id: &'static str, title: &'static str) -> Self {
        Self {
            id,
            title,
            blocks: Vec::new(),
        }
    }

    /// Adds a shape.
    pub fn with(mut self, block: Value) -> Self {
        self.blocks.push(block);
        self
    }

    /// Adds a sentence or two.
    pub fn says(self, text: impl Into<String>) -> Result<Self, Failure> {
        let text: String = text.into();
        let words = filled("report", WORDS, context! { text })?;
        Ok(self.with(words))
    }
}

const WORDS: &str = "<p class=\"wide\">{{ text }}</p>\n";
