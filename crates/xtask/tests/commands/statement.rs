//! The shell's statements in a document.

/// The statements of all `sh` blocks, in order: a line, or as many as it takes until its quotes and backslashes are done. Lines of
/// configuration that stand among them (`enabled = false`) are none.
pub(crate) fn statements(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut open = String::new();
    for line in text.split("```sh\n").skip(1).flat_map(|block| {
        let block = block.split("```").next().unwrap_or_default();
        block.lines()
    }) {
        open.push_str(line);
        if line.ends_with('\\') || is_quoted_at_end(&open) {
            open.push('\n');
            continue;
        }
        let statement = std::mem::take(&mut open);
        if !is_empty(&statement) && !is_setting(&statement) {
            all.push(statement);
        }
    }
    assert!(open.is_empty(), "a quote is not closed: {open}");
    all
}

/// Whether a quote is open behind the last character; comments don't open any.
fn is_quoted_at_end(text: &str) -> bool {
    let mut quote = None;
    for line in text.lines() {
        let mut before = ' ';
        for c in line.chars() {
            match quote {
                Some(open) if c == open => quote = None,
                None if c == '#' && before.is_whitespace() => break,
                None if c == '\'' || c == '"' => quote = Some(c),
                Some(_) | None => {}
            }
            before = c;
        }
    }
    quote.is_some()
}

fn is_empty(statement: &str) -> bool {
    statement.trim().is_empty() || statement.trim_start().starts_with('#')
}

fn is_setting(statement: &str) -> bool {
    statement
        .split_once(" = ")
        .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
}

#[test]
fn statements_are_told_from_what_stands_between_them() {
    let text = "a\n```sh\none --x   # it's first\n\n# only said\ntwo \\\n  '{\"a\":\n 1}' # so\nenabled = false   # so\n```\n```toml\nx = 1\n```\n```sh\nthree \"it's\"\n```\n";
    assert_eq!(
        statements(text),
        [
            "one --x   # it's first",
            "two \\\n  '{\"a\":\n 1}' # so",
            "three \"it's\""
        ]
    );
    assert!(std::panic::catch_unwind(|| statements("```sh\none 'two\n```\n")).is_err());
}
