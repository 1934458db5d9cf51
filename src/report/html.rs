//! The page as one file: no scripts, nothing from elsewhere, fit for a screen reader, a keyboard and paper.
use super::{Report, Section, Table, chart, words};

const STYLE: &str = include_str!("page.css");

/// The page of a report.
pub fn page(report: &Report) -> String {
    let about = &report.about;
    let contents: String = report
        .sections
        .iter()
        .enumerate()
        .map(|(at, section)| format!("<li><a href=\"#s{at}\">{}</a></li>\n", escaped(&section.title)))
        .collect();
    let sections: String =
        report.sections.iter().enumerate().map(|(at, section)| self::section(at, section)).collect();
    let short: String = report.short.iter().map(|line| paragraph("", line)).collect();
    let left_out: String = report.left_out.iter().map(|line| format!("<li>{}</li>\n", prose(line))).collect();
    format!(
        "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} \u{2013} authority {authority}, {as_of}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the report</a>\n\
         <header>\n<h1>{title}</h1>\n{facts}{notice}</header>\n\
         <nav aria-label=\"Contents\">\n<ul>\n{contents}<li><a href=\"#reading\">How to read this report</a></li>\n</ul>\n</nav>\n\
         <main id=\"main\" tabindex=\"-1\">\n<section class=\"short\" aria-labelledby=\"short\">\n<h2 id=\"short\">In short</h2>\n{short}</section>\n\
         {sections}{reading}<section aria-labelledby=\"left-out\">\n<h2 id=\"left-out\">What is not shown, and why</h2>\n<ul>\n{left_out}</ul>\n</section>\n\
         </main>\n<footer>\n<p>Release {release}. Disclosure control, policy {policy}.</p>\n</footer>\n</body>\n</html>\n",
        title = escaped(&report.title),
        authority = escaped(&about.authority),
        as_of = words::day(&about.as_of),
        facts = facts(report),
        notice = notice(report),
        reading = reading(report),
        release = escaped(&about.release),
        policy = escaped(about.policy),
    )
}

/// What the report rests on, as a list of terms.
fn facts(report: &Report) -> String {
    let about = &report.about;
    let thresholds = match about.threshold {
        0 => "none: everybody is made up".to_owned(),
        threshold => format!(
            "counts under {threshold} learners are hidden, others rounded to the nearest {}",
            about.rounded_to
        ),
    };
    let rows = [
        ("Authority", about.authority.clone()),
        ("Data as at", words::day(&about.as_of)),
        ("Counted", about.population.clone()),
        ("Thresholds", thresholds),
        ("Release", about.release.clone()),
    ];
    let rows: String =
        rows.iter().map(|(term, said)| format!("<dt>{term}</dt><dd>{}</dd>\n", escaped(said))).collect();
    format!("<dl class=\"facts\">\n{rows}</dl>\n")
}

fn notice(report: &Report) -> &'static str {
    if report.about.synthetic {
        "<p class=\"notice\"><strong>Synthetic data.</strong> Everybody counted here is made up.</p>\n"
    } else {
        ""
    }
}

fn reading(report: &Report) -> String {
    let symbols: String = words::symbols(report)
        .into_iter()
        .map(|(symbol, meaning)| format!("<dt>{symbol}</dt><dd>{meaning}</dd>\n"))
        .collect();
    let symbols = if symbols.is_empty() { symbols } else { format!("<dl>\n{symbols}</dl>\n") };
    format!(
        "<section aria-labelledby=\"reading\">\n<h2 id=\"reading\">How to read this report</h2>\n\
         <p>A rate is its second count of its first, and is worked out from the counts as they are shown. The range is where \
         the rate could lie by chance alone, at 95%.</p>\n<p>{}</p>\n{symbols}</section>\n",
        escaped(&report.about.policy_in_words)
    )
}

fn section(at: usize, section: &Section) -> String {
    let title = escaped(&section.title);
    let said: String = section.words.iter().map(|line| paragraph("", line)).collect();
    let notes: String = section.notes.iter().map(|line| paragraph(" class=\"note\"", line)).collect();
    let drawn = section
        .table
        .as_ref()
        .zip(section.chart)
        .and_then(|(table, kind)| chart::drawn(at, table, kind))
        .unwrap_or_default();
    let table = section.table.as_ref().map_or_else(String::new, |table| self::table(at, table));
    format!(
        "<section aria-labelledby=\"s{at}\">\n<h2 id=\"s{at}\">{title}</h2>\n{said}{drawn}{table}{notes}</section>\n"
    )
}

fn table(at: usize, table: &Table) -> String {
    let face = words::face(table);
    let head = face.header.iter().enumerate().map(|(at, name)| {
        let class = if (1..face.texts).contains(&at) { " class=\"said\"" } else { "" };
        format!("<th scope=\"col\"{class}>{}</th>", escaped(name))
    });
    let head: String = head.collect();
    let row = |(cells, is_total): (&Vec<String>, bool)| {
        let class = if is_total { " class=\"total\"" } else { "" };
        let (name, rest) = cells.split_first().map_or(("", &[][..]), |(name, rest)| (name.as_str(), rest));
        let (said, figures) = rest.split_at(rest.len().min(table.said.len()));
        let said = said.iter().zip(table.said).map(|(text, (name, _))| words_of(text, name));
        let figures = figures.iter().map(|cell| format!("<td>{}</td>", escaped(cell)));
        let rest: String = said.chain(figures).collect();
        format!("<tr{class}><th scope=\"row\">{}</th>{rest}</tr>\n", escaped(name))
    };
    let rows: String = face.rows.iter().zip(table.rows.iter().map(|row| row.is_total)).map(row).collect();
    format!(
        "<div class=\"wide\" role=\"region\" aria-labelledby=\"c{at}\" tabindex=\"0\">\n<table>\n\
         <caption id=\"c{at}\">{}. Counted: {}.</caption>\n<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{rows}</tbody>\n\
         </table>\n</div>\n",
        escaped(&table.title),
        escaped(&table.population)
    )
}

/// A cell of words. A colour is told by its word, and has an edge of its own beside it.
fn words_of(text: &str, column: &str) -> String {
    let is_in =
        |colour: &&str| text.split(|letter: char| !letter.is_alphabetic()).any(|word| word == *colour);
    let mut colours = ["green", "amber", "red", "grey", "suppressed"].into_iter().filter(is_in);
    let class = match (colours.next(), colours.next()) {
        (Some(colour), None) if column == "colour" => format!("said {colour}"),
        _ => "said".to_owned(),
    };
    format!("<td class=\"{class}\">{}</td>", escaped(text))
}

fn paragraph(attributes: &str, text: &str) -> String {
    format!("<p{attributes}>{}</p>\n", prose(text))
}

/// A sentence as it may stand in a page; what is typed stands between backticks.
fn prose(text: &str) -> String {
    let parts = escaped(text);
    let parts = parts.split('`').enumerate();
    parts
        .map(|(at, part)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() })
        .collect()
}

/// A text as it may stand in a page.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
