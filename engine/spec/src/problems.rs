//! Everything wrong with a project, each problem where it stands in its file.

/// Everything wrong with a project. Never empty when returned as an error.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    problems: Vec<Problem>,
}

/// One thing wrong with a project.
#[derive(Clone, Debug)]
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
}

impl Problems {
    pub fn len(&self) -> usize {
        self.problems.len()
    }

    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.problems.iter()
    }
}
