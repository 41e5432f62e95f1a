//! What an identity job resolves: persons, or a second entity that is made of them, such as households. Says what the
//! entity's tables, ids and columns are called, and nothing of how they are filled.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::TableName;
use crate::table_name::is_plain_name;

const PERSON: &str = "person";

/// The namespace of persons; another entity's has the entity's name.
const PERSONS_NAMESPACE: &str = "identity";

/// Namespaces that hold something else.
const TAKEN: [&str; 6] = [
    PERSONS_NAMESPACE,
    "raw",
    "customer",
    "publish",
    "ops",
    // its id would be that of a component of records
    "component",
];

/// The tables that are there for persons only: what stewards say, and what matching needs.
const PERSON_TABLES: [&str; 6] = [
    "decisions",
    "models",
    "frequencies",
    "blocks",
    "matches",
    "candidates",
];

/// An entity by its name in the singular, which matches `[a-z][a-z0-9_]*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Entity(String);

impl Entity {
    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Whether it is persons, of whom all other rooms speak.
    pub fn is_person(&self) -> bool {
        self.0 == PERSON
    }

    /// Whether the namespace that its tables would have is that of something else.
    pub fn is_taken(&self) -> bool {
        TAKEN.contains(&self.name())
    }

    /// The column of its id, as in `person_id`.
    pub fn id_column(&self) -> String {
        format!("{}_id", self.0)
    }

    /// What its ids begin with: `P` for persons.
    pub fn initial(&self) -> char {
        let first = self.0.chars().next();
        first
            .expect("a plain name is not empty")
            .to_ascii_uppercase()
    }

    /// One row a record.
    pub fn records(&self) -> TableName {
        self.table("records")
    }

    /// One row a standardised value of a record.
    pub fn identifiers(&self) -> TableName {
        self.table("identifiers")
    }

    /// One row a piece of evidence.
    pub fn links(&self) -> TableName {
        self.table("links")
    }

    /// One row a record, with the id of what it belongs to.
    pub fn members(&self) -> TableName {
        match self.is_person() {
            true => self.table("persons"),
            false => self.table("members"),
        }
    }

    /// What happened to ids.
    pub fn events(&self) -> TableName {
        self.table("events")
    }

    /// Every table that the entity's job may fill, the main one first.
    pub fn tables(&self) -> Vec<TableName> {
        let mut tables = vec![self.records(), self.identifiers()];
        if self.is_person() {
            tables.extend(PERSON_TABLES.map(|name| self.table(name)));
        }
        tables.extend([self.links(), self.members(), self.events()]);
        tables
    }

    fn table(&self, name: &str) -> TableName {
        let namespace = match self.is_person() {
            true => PERSONS_NAMESPACE,
            false => self.name(),
        };
        TableName::new(namespace, name).expect("both are plain names")
    }
}

impl Default for Entity {
    fn default() -> Self {
        Self(PERSON.to_owned())
    }
}

impl TryFrom<String> for Entity {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match is_plain_name(&name) {
            true => Ok(Self(name)),
            false => Err(format!("`{name}` is no plain name")),
        }
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(tables: Vec<TableName>) -> Vec<String> {
        tables.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn persons_have_a_namespace_and_tables_of_their_own() {
        let person = Entity::default();
        assert_eq!(
            (person.id_column().as_str(), person.initial()),
            ("person_id", 'P')
        );
        let tables = texts(person.tables());
        assert_eq!((tables.len(), tables[0].as_str()), (11, "identity.records"));
        assert!(tables.contains(&"identity.persons".to_owned()));
    }

    #[test]
    fn another_entity_names_its_tables_and_ids() {
        let household = Entity::try_from("household".to_owned()).unwrap();
        assert_eq!(
            (household.id_column().as_str(), household.initial()),
            ("household_id", 'H')
        );
        let tables = [
            "household.records",
            "household.identifiers",
            "household.links",
            "household.members",
            "household.events",
        ];
        assert_eq!(texts(household.tables()), tables);
        assert!(Entity::try_from("House hold".to_owned()).is_err());
    }
}
