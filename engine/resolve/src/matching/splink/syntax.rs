//! The little SQL that a comparison level or a blocking rule is written in, as a tree.

use crate::matching::error::{Error, Result};

/// A piece of SQL.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sql {
    /// A name in lower case, with the table in front if it had one (`l.surname`, `surname_l`).
    Name(String),
    Number(f64),
    Text(String),
    Call(String, Vec<Sql>),
    /// `=`, `<=`, `>=`, `-`, `is null` (without a right side: itself), `not in`.
    Operation(String, Box<Sql>, Vec<Sql>),
    And(Vec<Sql>),
    Or(Vec<Sql>),
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Number(f64),
    Text(String),
    Sign(String),
}

/// Reads one condition.
pub(super) fn parse(sql: &str) -> Result<Sql> {
    let tokens = tokens(sql)?;
    let mut reader = Reader {
        sql,
        tokens: &tokens,
        at: 0,
        depth: 0,
    };
    let tree = reader.any()?;
    if reader.at < tokens.len() {
        return Err(reader.error("something follows the condition"));
    }
    Ok(tree)
}

fn tokens(sql: &str) -> Result<Vec<Token>> {
    let error = |reason| Error::Sql {
        sql: sql.into(),
        reason,
    };
    let mut rest = sql.trim_start();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => {
                let end = rest[1..]
                    .find(first)
                    .ok_or_else(|| error("a quote is not closed"))?;
                let inner = rest[1..=end].to_string();
                tokens.push(if first == '"' {
                    Token::Quoted(inner)
                } else {
                    Token::Text(inner)
                });
                end + 2
            }
            '0'..='9' => {
                let end = rest
                    .find(|c: char| !c.is_ascii_digit() && c != '.')
                    .unwrap_or(rest.len());
                let number = rest[..end]
                    .parse()
                    .map_err(|_| error("a number cannot be read"))?;
                tokens.push(Token::Number(number));
                end
            }
            c if c.is_alphabetic() || c == '_' => {
                let end = rest
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..end].to_lowercase()));
                end
            }
            _ => {
                let double = ["<=", ">=", "<>", "!=", "::"]
                    .into_iter()
                    .find(|sign| rest.starts_with(sign));
                let sign = double.map_or_else(|| first.to_string(), str::to_string);
                let length = sign.len();
                tokens.push(Token::Sign(sign));
                length
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

struct Reader<'a> {
    sql: &'a str,
    tokens: &'a [Token],
    at: usize,
    /// Brackets that are open.
    depth: usize,
}

/// A file may say anything, and brackets in brackets are read by recursion.
const DEPTH_MAX: usize = 100;

impl Reader<'_> {
    fn error(&self, reason: &'static str) -> Error {
        let sql = self.sql.into();
        Error::Sql { sql, reason }
    }

    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(found)) if found == word);
        self.at += usize::from(found);
        found
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(found)) if found == sign);
        self.at += usize::from(found);
        found
    }

    fn close(&mut self) -> Result<()> {
        if self.sign(")") {
            return Ok(());
        }
        Err(self.error("a bracket is not closed"))
    }

    fn any(&mut self) -> Result<Sql> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error("brackets are nested too deeply"));
        }
        let found = self.either();
        self.depth -= 1;
        found
    }

    fn either(&mut self) -> Result<Sql> {
        let mut parts = vec![self.all()?];
        while self.word("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Sql::Or(parts)
        })
    }

    fn all(&mut self) -> Result<Sql> {
        let mut parts = vec![self.compared()?];
        while self.word("and") {
            parts.push(self.compared()?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Sql::And(parts)
        })
    }

    fn compared(&mut self) -> Result<Sql> {
        let left = self.difference()?;
        for sign in ["<=", ">=", "=", "<", ">"] {
            if self.sign(sign) {
                let right = vec![self.difference()?];
                return Ok(Sql::Operation(sign.into(), Box::new(left), right));
            }
        }
        if self.word("is") {
            if !self.word("null") {
                return Err(self.error("only IS NULL is known"));
            }
            return Ok(Sql::Operation("is null".into(), Box::new(left), Vec::new()));
        }
        if self.word("not") {
            if !(self.word("in") && self.sign("(")) {
                return Err(self.error("only NOT IN (…) is known"));
            }
            let list = self.list()?;
            return Ok(Sql::Operation("not in".into(), Box::new(left), list));
        }
        Ok(left)
    }

    fn difference(&mut self) -> Result<Sql> {
        let left = self.piece()?;
        if self.sign("-") {
            let right = vec![self.piece()?];
            return Ok(Sql::Operation("-".into(), Box::new(left), right));
        }
        Ok(left)
    }

    fn list(&mut self) -> Result<Vec<Sql>> {
        let mut list = Vec::new();
        while !self.sign(")") {
            list.push(self.any()?);
            if !self.sign(",") {
                self.close()?;
                break;
            }
        }
        Ok(list)
    }

    fn piece(&mut self) -> Result<Sql> {
        if self.sign("(") {
            let inner = self.any()?;
            self.close()?;
            return Ok(inner);
        }
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        match token {
            Some(Token::Number(number)) => Ok(Sql::Number(number)),
            Some(Token::Text(text)) => Ok(Sql::Text(text)),
            Some(Token::Word(word)) if self.sign("(") => Ok(Sql::Call(word, self.list()?)),
            Some(Token::Word(name) | Token::Quoted(name)) => self.name(name),
            _ => Err(self.error("a value is missing")),
        }
    }

    fn name(&mut self, name: String) -> Result<Sql> {
        if !self.sign(".") {
            return Ok(Sql::Name(name.to_lowercase()));
        }
        let part = self.tokens.get(self.at).cloned();
        self.at += 1;
        match part {
            Some(Token::Word(column) | Token::Quoted(column)) => {
                Ok(Sql::Name(format!("{name}.{column}").to_lowercase()))
            }
            _ => Err(self.error("a column's name is missing")),
        }
    }
}
