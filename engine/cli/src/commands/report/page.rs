//! The figures of a lake as a page of HTML that needs nothing else.

use c360_flow::Overview;
use minijinja::context;

use super::section::Section;
use super::sections;
use crate::failure::Failure;
use crate::markup::filled;

/// The page. Whatever it is given is escaped.
pub fn page(told: &Overview) -> Result<String, Failure> {
    let sections: Vec<Section> = vec![
        sections::standing(told)?,
        sections::sources(told)?,
        sections::identity(told)?,
        sections::segments(told)?,
        sections::value(told)?,
        sections::lifetime(told)?,
        sections::publications(told)?,
        sections::audiences(told)?,
        sections::drift(told)?,
    ];
    let values = context! {
        project => told.project,
        as_of => sections::instant(told.as_of),
        made_at => sections::instant(told.made_at),
        version => env!("CARGO_PKG_VERSION"),
        sections,
    };
    let page = filled("report", include_str!("report.html"), values)?;
    Ok(page.to_string())
}

#[cfg(test)]
mod tests {
    use c360_flow::{Overview, Standing};
    use jiff::Timestamp;

    use super::page;

    #[test]
    fn an_empty_lake_says_so_in_every_section_and_names_are_escaped() {
        let told = Overview {
            project: "<script>alert(1)</script>".into(),
            made_at: Timestamp::UNIX_EPOCH,
            as_of: Timestamp::UNIX_EPOCH,
            tables: 0,
            standing: Standing {
                epoch: None,
                last_run: None,
            },
            sources: Vec::new(),
            identity: None,
            segments: None,
            value: None,
            lifetime: None,
            publications: Vec::new(),
            audiences: None,
            drift: Vec::new(),
        };
        let text = page(&told).expect("a page");
        assert!(!text.contains("<script"), "{text}");
        assert!(text.contains("&lt;script&gt;"), "{text}");
        for sentence in [
            "The lake holds no table yet",
            "The project has no source",
            "Nobody is known yet",
            "There are no segments",
            "Nothing is known of revenue",
            "Nobody has been judged by how likely",
            "The project publishes nothing",
            "No audiences are published",
            "Drift compares two epochs",
        ] {
            assert!(text.contains(sentence), "no `{sentence}` in {text}");
        }
        assert!(!text.contains("<figure"), "nothing is drawn: {text}");
        assert!(!text.contains("http://") && !text.contains("https://"));
    }
}
