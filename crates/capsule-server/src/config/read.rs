//! Reading TOML so that every mistake is told, with its line.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::{Span, SpanRelativeTo};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::Problem;

/// The shortest limit in time: with less nobody is served.
const SHORTEST: Duration = Duration::from_millis(100);

/// Takes settings out of a file, and notes what is wrong with them.
pub(super) struct Reader<'t> {
    text: &'t str,
    pub(super) problems: Vec<Problem>,
    /// Where each setting stands, by `section.setting`.
    pub(super) lines: BTreeMap<String, usize>,
    /// Every setting that was asked for.
    pub(super) known: BTreeSet<String>,
}

/// A table of the file, whose settings are taken out one by one; what is left is unknown.
pub(super) struct Section<'t> {
    name: &'static str,
    line: Option<usize>,
    table: DeTable<'t>,
}

impl<'t> Reader<'t> {
    /// The reader and the top of the file.
    pub(super) fn new(text: &'t str) -> (Self, Section<'t>) {
        let mut reader = Self { text, problems: Vec::new(), lines: BTreeMap::new(), known: BTreeSet::new() };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let line = error.span().map(|span| reader.line(span.start));
            reader.problem(line, error.message().to_owned());
        }
        (reader, Section { name: "", line: None, table: table.into_inner() })
    }

    pub(super) fn problem(&mut self, line: Option<usize>, message: String) {
        self.problems.push(Problem { line, message });
    }

    fn line(&self, offset: usize) -> usize {
        1 + self.text.as_bytes()[..offset.min(self.text.len())].iter().filter(|byte| **byte == b'\n').count()
    }

    /// Whether the table `name` stands there.
    pub(super) fn has(&self, top: &Section<'t>, name: &'static str) -> bool {
        top.table.contains_key(name)
    }

    /// The table `name`, empty when it does not stand there.
    pub(super) fn section(&mut self, top: &mut Section<'t>, name: &'static str) -> Section<'t> {
        let Some((key, value)) = top.table.remove_entry(name) else {
            return Section { name, line: None, table: DeTable::new() };
        };
        let line = self.line(key.span().start);
        let table = match value.into_inner() {
            DeValue::Table(table) => table,
            other => {
                self.problem(Some(line), format!("`{name}` must be a table, and is {}", other.type_str()));
                DeTable::new()
            }
        };
        Section { name, line: Some(line), table }
    }

    /// A setting that must stand there.
    pub(super) fn required<T>(
        &mut self,
        section: &mut Section<'t>,
        key: &'static str,
        parse: impl FnOnce(&DeValue<'_>) -> Result<T, String>,
    ) -> Option<T> {
        if !section.table.contains_key(key) {
            self.known.insert(section.path(key));
            let message = format!("`{}` is missing", section.path(key));
            self.problem(section.line, message);
            return None;
        }
        self.optional(section, key, parse)
    }

    /// A setting that may stand there. `None` also when it is wrong, which is noted.
    pub(super) fn optional<T>(
        &mut self,
        section: &mut Section<'t>,
        key: &'static str,
        parse: impl FnOnce(&DeValue<'_>) -> Result<T, String>,
    ) -> Option<T> {
        self.known.insert(section.path(key));
        let (name, value): (_, Spanned<DeValue<'t>>) = section.table.remove_entry(key)?;
        let line = self.line(name.span().start);
        self.lines.insert(section.path(key), line);
        match parse(value.get_ref()) {
            Ok(value) => Some(value),
            Err(wrong) => {
                let message = format!("`{}` {wrong}", section.path(key));
                self.problem(Some(line), message);
                None
            }
        }
    }

    /// Notes when not exactly one of these settings stood in the section, right or wrong.
    pub(super) fn exactly_one(&mut self, section: &Section<'t>, keys: [&'static str; 2]) -> bool {
        let there = keys.iter().filter(|key| self.lines.contains_key(&section.path(key))).count();
        let [one, other] = keys.map(|key| section.path(key));
        match there {
            0 => self.problem(section.line, format!("either `{one}` or `{other}` must be there")),
            1 => {}
            _ => self.problem(section.line, format!("`{one}` and `{other}` exclude each other")),
        }
        there == 1
    }

    /// Notes everything that was not taken out.
    pub(super) fn finish(&mut self, section: Section<'t>) {
        for (key, _) in &section.table {
            let line = self.line(key.span().start);
            let message = format!("`{}` is no setting", section.path(key.get_ref()));
            self.problem(Some(line), message);
        }
    }
}

impl Section<'_> {
    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }
}

/// A text that is not empty.
pub(super) fn text(value: &DeValue<'_>) -> Result<String, String> {
    match value.as_str() {
        Some(text) if !text.trim().is_empty() => Ok(text.to_owned()),
        _ => Err("must be a text".to_owned()),
    }
}

/// A text that `T` can be read from.
pub(super) fn parsed<T: std::str::FromStr>(what: &str) -> impl FnOnce(&DeValue<'_>) -> Result<T, String> {
    move |value| text(value)?.parse().map_err(|_| format!("must be {what}"))
}

/// `true` or `false`.
pub(super) fn boolean(value: &DeValue<'_>) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "must be `true` or `false`".to_owned())
}

/// A list of texts.
pub(super) fn texts(value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let list = value.as_array().ok_or("must be a list of texts")?;
    list.iter().map(|item| text(item.get_ref()).map_err(|_| "must be a list of texts".to_owned())).collect()
}

/// A whole number within bounds.
pub(super) fn number(bounds: std::ops::RangeInclusive<u64>) -> impl Fn(&DeValue<'_>) -> Result<u64, String> {
    move |value| {
        let number = value.as_integer().and_then(|integer| u64::from_str_radix(integer.as_str(), integer.radix()).ok());
        let wrong = || format!("must be a whole number from {} to {}", bounds.start(), bounds.end());
        number.filter(|number| bounds.contains(number)).ok_or_else(wrong)
    }
}

/// A time such as `10s`, `5m`, `1095d` or `P1095D`.
pub(super) fn duration(value: &DeValue<'_>) -> Result<Duration, String> {
    let wrong = || "must be a time such as `10s`, `5m`, `1095d` or `P1095D`".to_owned();
    let span: Span = text(value)?.parse().map_err(|_| wrong())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    let duration = Duration::try_from(duration).map_err(|_| wrong())?;
    if duration.is_zero() { Err(wrong()) } else { Ok(duration) }
}

/// The same, and long enough to work with.
pub(super) fn time_limit(value: &DeValue<'_>) -> Result<Duration, String> {
    let duration = duration(value)?;
    if duration < SHORTEST { Err("must be at least 100 ms".to_owned()) } else { Ok(duration) }
}
