//! Rows as text.

use std::io::{self, Write};
use std::str::FromStr;

use super::row::Cell;
use crate::ingest::members::push_text;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// CSV (RFC 4180), with a line of names first; what is not known is empty.
    Csv,
    /// One JSON object a line; what is not known is `null`.
    Ndjson,
}

/// Not a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a format is one of csv, ndjson")]
pub struct UnknownForm;

/// Writes rows.
pub struct Writer<W: Write> {
    out: W,
    columns: Vec<&'static str>,
    form: Form,
    line: Vec<u8>,
}

impl FromStr for Form {
    type Err = UnknownForm;

    fn from_str(text: &str) -> Result<Form, UnknownForm> {
        match text {
            "csv" => Ok(Form::Csv),
            "ndjson" => Ok(Form::Ndjson),
            _ => Err(UnknownForm),
        }
    }
}

impl<W: Write> Writer<W> {
    /// Writes rows with these columns; begins with their names, where the form has such a line.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn begin(mut out: W, columns: Vec<&'static str>, form: Form) -> io::Result<Writer<W>> {
        let mut line = Vec::new();
        if form == Form::Csv {
            push_record(columns.iter().copied(), &mut line)?;
            out.write_all(&line)?;
        }
        Ok(Writer {
            out,
            columns,
            form,
            line,
        })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&mut self, row: &[Cell]) -> io::Result<()> {
        self.line.clear();
        match self.form {
            Form::Csv => {
                let cells = row.iter().map(|cell| match cell {
                    Cell::Nothing => "",
                    Cell::Text(text) | Cell::Number(text) => text,
                });
                push_record(cells, &mut self.line)?;
            }
            Form::Ndjson => {
                for (at, (column, cell)) in self.columns.iter().zip(row).enumerate() {
                    self.line.push(if at == 0 { b'{' } else { b',' });
                    push_text(column, &mut self.line);
                    self.line.push(b':');
                    match cell {
                        Cell::Nothing => self.line.extend_from_slice(b"null"),
                        Cell::Text(text) => push_text(text, &mut self.line),
                        Cell::Number(number) => self.line.extend_from_slice(number.as_bytes()),
                    }
                }
                self.line.extend_from_slice(b"}\n");
            }
        }
        self.out.write_all(&self.line)
    }

    /// Ends.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

fn push_record<'a>(cells: impl Iterator<Item = &'a str>, line: &mut Vec<u8>) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(line);
    writer.write_record(cells)?;
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_written_in_both_forms() {
        let row = [
            Cell::Text("a \"b\",\nc".to_owned()),
            Cell::Number("8.50".to_owned()),
            Cell::Nothing,
        ];
        let written = |form| {
            let mut writer = Writer::begin(Vec::new(), vec!["name", "cpu", "x-y"], form).unwrap();
            writer.write(&row).unwrap();
            String::from_utf8(writer.finish().unwrap()).unwrap()
        };
        assert_eq!(written(Form::Csv), "name,cpu,x-y\n\"a \"\"b\"\",\nc\",8.50,\n");
        assert_eq!(
            written(Form::Ndjson),
            "{\"name\":\"a \\\"b\\\",\\nc\",\"cpu\":8.50,\"x-y\":null}\n"
        );
    }
}
