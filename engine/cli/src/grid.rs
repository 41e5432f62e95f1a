//! Rows and columns of text for a reader's eyes.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

/// Lines up the rows under their headers; columns named in `numbers` align to the right. Cells are
/// wrapped to the terminal's width on a terminal and never elsewhere.
pub fn grid(headers: &[&str], numbers: &[&str], rows: Vec<Vec<String>>, wrap: bool) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_content_arrangement(arrangement(wrap));
    let right: Vec<bool> = headers
        .iter()
        .map(|header| numbers.contains(header))
        .collect();
    table.set_header(cells(headers.iter().map(ToString::to_string), &right));
    for row in rows {
        table.add_row(cells(row.into_iter(), &right));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    trimmed(&table)
}

/// Draws a box around rows of a query, as wide as it has to be.
pub fn boxed(headers: &[String], numbers: &[bool], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(cells(headers.iter().cloned(), numbers));
    for row in rows {
        table.add_row(cells(row.iter().cloned(), numbers));
    }
    table.to_string()
}

/// One line a column instead of one line a row, for rows that are wider than the terminal.
pub fn upright(headers: &[String], rows: &[Vec<String>]) -> String {
    let width = headers
        .iter()
        .map(|header| header.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        text += &format!("── row {} ──\n", index + 1);
        for (header, value) in headers.iter().zip(row) {
            let padding = " ".repeat(width - header.chars().count());
            text += format!("{header}{padding}  {value}").trim_end();
            text.push('\n');
        }
    }
    text.trim_end().to_owned()
}

/// Columns of the terminal, where stdout is one.
pub fn terminal_width() -> Option<usize> {
    // some terminals do not know their width and say 0
    Table::new()
        .width()
        .map(usize::from)
        .filter(|width| *width > 0)
}

fn arrangement(wrap: bool) -> ContentArrangement {
    if wrap && terminal_width().is_some() {
        ContentArrangement::Dynamic
    } else {
        ContentArrangement::Disabled
    }
}

fn cells(texts: impl Iterator<Item = String>, right: &[bool]) -> Vec<Cell> {
    texts
        .zip(right)
        .map(|(text, right)| {
            let alignment = if *right {
                CellAlignment::Right
            } else {
                CellAlignment::Left
            };
            Cell::new(text).set_alignment(alignment)
        })
        .collect()
}

fn trimmed(table: &Table) -> String {
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upright_rows_line_up_their_values() {
        let headers = ["id".to_owned(), "e_mail".to_owned()];
        let rows = [
            vec!["1".to_owned(), "a@b".to_owned()],
            vec!["2".to_owned(), String::new()],
        ];
        assert_eq!(
            upright(&headers, &rows),
            "── row 1 ──\nid      1\ne_mail  a@b\n── row 2 ──\nid      2\ne_mail"
        );
    }

    #[test]
    fn numbers_stand_to_the_right_and_lines_end_where_their_text_ends() {
        let rows = vec![
            vec!["raw.orders".to_owned(), "12".to_owned(), "a".to_owned()],
            vec!["raw.x".to_owned(), "1,234".to_owned(), String::new()],
        ];
        let text = grid(&["table", "rows", "note"], &["rows"], rows, false);
        assert_eq!(
            text,
            "table        rows  note\nraw.orders     12  a\nraw.x       1,234"
        );
    }
}
