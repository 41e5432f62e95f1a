//! HTML and SVG from templates. Whatever goes in is escaped, unless it came from here.

use c360_flow::Kind;
use minijinja::{AutoEscape, Environment, Value};
use serde::Serialize;

use crate::failure::Failure;

/// A filled template, which other templates take as it is. `what` is for the error.
pub fn filled(what: &str, template: &str, values: impl Serialize) -> Result<Value, Failure> {
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_trim_blocks(true);
    templates.set_lstrip_blocks(true);
    let text = templates.render_str(template, values);
    text.map(Value::from_safe_string).map_err(|error| {
        Failure::new(Kind::Internal, format!("the {what} cannot be made a page")).caused_by(&error)
    })
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[test]
    fn what_goes_in_is_escaped_once() {
        let inner = filled("word", "<b>{{ it }}</b>", context! { it => "a < b" });
        let inner = inner.expect("markup");
        let outer = filled("page", "<p>{{ inner }}</p>", context! { inner });
        let outer = outer.expect("markup").to_string();
        assert_eq!(outer, "<p><b>a &lt; b</b></p>");
    }
}
