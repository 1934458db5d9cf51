//! The pack as one page: no scripts, nothing from elsewhere, fit for paper.
use super::head;
use crate::pipeline::{Evidence, Ground, Listing, Part};
use std::fmt::Write as _;

const STYLE: &str = include_str!("../../report/page.css");

/// The page.
pub(super) fn page(pack: &Evidence) -> String {
    let mut contents = String::new();
    let mut parts = String::new();
    for (at, part) in pack.parts.iter().enumerate() {
        let _ = writeln!(contents, "<li><a href=\"#p{at}\">{}</a></li>", escaped(part.title));
        parts.push_str(&self::part(at, part));
    }
    let unknown: String =
        pack.unknown().map(|(part, says)| format!("<li>{}: {}</li>\n", escaped(part), prose(says))).collect();
    format!(
        "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Evidence for information governance, authority {authority}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the evidence</a>\n<header>\n<h1>Evidence for information governance</h1>\n\
         <p>{head}</p>\n</header>\n<nav aria-label=\"Contents\">\n<ul>\n{contents}<li><a href=\"#unknown\">What nobody has said yet</a></li>\n\
         </ul>\n</nav>\n<main id=\"main\" tabindex=\"-1\">\n{parts}<section aria-labelledby=\"unknown\">\n\
         <h2 id=\"unknown\">What nobody has said yet</h2>\n<ul>\n{unknown}</ul>\n</section>\n</main>\n</body>\n</html>\n",
        authority = escaped(&pack.authority),
        head = prose(&head(pack).replace('*', "")),
    )
}

fn part(at: usize, part: &Part) -> String {
    let mut said = String::new();
    for statement in &part.statements {
        let ground = statement.ground.word();
        let ground = if statement.ground == Ground::Unknown {
            format!("<strong>{ground}</strong>")
        } else {
            format!("<em>{ground}</em>")
        };
        let _ = writeln!(said, "<li>{} ({ground})</li>", prose(&statement.says));
    }
    let lists: String =
        part.listings.iter().enumerate().map(|(list, listing)| self::listing(at, list, listing)).collect();
    format!(
        "<section aria-labelledby=\"p{at}\">\n<h2 id=\"p{at}\">{}</h2>\n<ul>\n{said}</ul>\n{lists}</section>\n",
        escaped(part.title)
    )
}

fn listing(part: usize, at: usize, list: &Listing) -> String {
    let title = format!("{} ({})", list.title, list.ground.word());
    if list.rows.is_empty() {
        return format!("<p>{}: none.</p>\n", escaped(&title));
    }
    // Numbers stand under each other to the right; whatever else a column says begins at its left.
    let is_number = |cell: &String| cell.chars().all(|c| c.is_ascii_digit() || ",.%-".contains(c));
    let class = |at: usize| {
        if list.rows.iter().filter_map(|row| row.get(at)).all(is_number) { "" } else { " class=\"said\"" }
    };
    let head = list.header.iter().enumerate();
    let head: String =
        head.map(|(at, cell)| format!("<th scope=\"col\"{}>{}</th>", class(at), escaped(cell))).collect();
    let row = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(at, cell)| match at {
            0 => format!("<th scope=\"row\">{}</th>", escaped(cell)),
            _ => format!("<td{}>{}</td>", class(at), escaped(cell)),
        });
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let rows: String = list.rows.iter().map(row).collect();
    format!(
        "<div class=\"wide\" role=\"region\" aria-labelledby=\"l{part}-{at}\" tabindex=\"0\">\n<table>\n<caption id=\"l{part}-{at}\">{}</caption>\n\
         <thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n",
        escaped(&title)
    )
}

/// A sentence; what is typed stands between backticks.
fn prose(text: &str) -> String {
    let text = escaped(text);
    let parts = text.split('`').enumerate();
    parts
        .map(|(at, part)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() })
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
