//! A project of some shipped jobs, in which hand-made tables stand for those that other jobs would make.

use std::path::Path;

use crate::flow::own_project::OwnProject;

/// Files of the project, by path, and of its data.
#[derive(Default)]
pub struct HandMade {
    files: Vec<(String, String)>,
    data: Vec<(String, String)>,
}

impl HandMade {
    /// With these shipped feature jobs.
    pub fn features(jobs: &[&str]) -> Self {
        let mut made = Self::default();
        for job in jobs {
            made.ship(&format!("jobs/{job}.yaml"));
            made.ship(&format!("sql/{job}.sql"));
        }
        made
    }

    /// With a shipped source that has one file, or none.
    pub fn source(mut self, name: &str, csv: Option<&str>) -> Self {
        self.ship(&format!("jobs/{name}.yaml"));
        self.ship(&format!("schemas/{name}.yaml"));
        let csv = csv.map(|text| (format!("{name}.csv"), text.to_owned()));
        self.data.extend(csv);
        self
    }

    /// With a table `customer.<name>` of this SELECT, in which `row_no` tells rows apart.
    pub fn selected(mut self, name: &str, select: &str) -> Self {
        let job = format!(
            "job: {name}\nkind: feature\ntable: customer.{name}\nsql: sql/{name}.sql\nkey: [row_no]\n"
        );
        self.files.push((format!("jobs/{name}.yaml"), job));
        let sql = (format!("sql/{name}.sql"), select.to_owned());
        self.files.push(sql);
        self
    }

    /// The same of a text: a line with the names of its columns, then a line a row; cells are parted by blanks, and
    /// `-` is none. `columns` makes what the table holds of the texts.
    pub fn table(self, name: &str, columns: &str, text: &str) -> Self {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let names = lines.next().expect("a header").split_whitespace();
        let names: Vec<&str> = names.collect();
        // A row of nothing gives a table without rows its columns.
        let nothing = vec!["-"; names.len()].join(" ");
        let rows = lines.map(str::to_owned).chain([nothing]);
        let rows: Vec<String> = rows.enumerate().map(|(at, row)| values(at, &row)).collect();
        let last = rows.len() - 1;
        let select = format!(
            "SELECT row_no, {columns} FROM (VALUES {}) AS made (row_no, {}) WHERE row_no < {last}",
            rows.join(", "),
            names.join(", "),
        );
        self.selected(name, &select)
    }

    /// With other words in a shipped file.
    pub fn edited(mut self, path: &str, from: &str, to: &str) -> Self {
        let mut files = self.files.iter_mut();
        let (_, text) = files.find(|(name, _)| name == path).expect("a file");
        assert!(text.contains(from), "{path} has no {from}");
        *text = text.replace(from, to);
        self
    }

    /// The lake after a run.
    pub async fn run(self, as_of: &'static str) -> OwnProject {
        let files = self.files.iter();
        let files = files.map(|(path, text)| (path.as_str(), text.clone()));
        let project = OwnProject::new(files, as_of).await;
        for (name, text) in &self.data {
            std::fs::write(project.data().join(name), text).expect("a file");
        }
        project.run().await;
        project
    }

    fn ship(&mut self, path: &str) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(root.join(path)).expect("a shipped file");
        self.files.push((path.to_owned(), text));
    }
}

/// A row as SQL.
fn values(row_no: usize, row: &str) -> String {
    let cells = row.split_whitespace().map(|cell| match cell {
        "-" => "CAST(NULL AS VARCHAR)".to_owned(),
        cell => format!("'{cell}'"),
    });
    format!("({row_no}, {})", cells.collect::<Vec<_>>().join(", "))
}
