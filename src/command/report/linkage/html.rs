//! The page as one file: no scripts, nothing from elsewhere, fit for a screen reader and for paper.
use super::{
    LinkPage,
    sections::{self, Line, Section},
};

const STYLE: &str = include_str!("page.css");

pub(super) fn page(page: &LinkPage) -> String {
    let all = sections::sections(page);
    let scale = scale(&all);
    let contents: String = all
        .iter()
        .enumerate()
        .map(|(at, section)| format!("<li><a href=\"#s{at}\">{}</a></li>\n", escaped(&section.title)))
        .collect();
    let body: String =
        all.iter().enumerate().map(|(at, section)| self::section(at, section, scale)).collect();
    let legend: String = sections::legend(&all)
        .into_iter()
        .map(|(symbol, meaning)| format!("<dt>{}</dt><dd>{}</dd>\n", escaped(symbol), escaped(meaning)))
        .collect();
    let why =
        sections::why_hidden(page).map_or_else(String::new, |why| format!("<p>{}</p>\n", escaped(&why)));
    format!(
        "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>How well are records linked? Release {release}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#s0\">Skip to the tables</a>\n\
         <header>\n<h1>How well are records linked?</h1>\n<p class=\"short\">{short}</p>\n{notice}</header>\n<main>\n\
         <nav aria-label=\"Contents\">\n<ul>\n{contents}</ul>\n</nav>\n{body}\
         <section>\n<h2>How to read the columns</h2>\n<dl>\n{legend}</dl>\n{why}</section>\n</main>\n\
         <footer>\n<p>Disclosure control, policy {policy}. {in_words}</p>\n<p>Counted: {counted}. Data as at {as_of}. Release {release}</p>\n</footer>\n\
         </body>\n</html>\n",
        release = escaped(&page.about.release),
        short = escaped(&sections::in_short(page)),
        notice = notice(page),
        counted = escaped(&page.about.population),
        as_of = escaped(&page.about.as_of),
        policy = escaped(page.about.policy),
        in_words = escaped(&page.about.policy_in_words),
    )
}

fn notice(page: &LinkPage) -> &'static str {
    if page.about.synthetic {
        "<p class=\"notice\"><strong>Synthetic data.</strong> Everybody counted here is made up.</p>\n"
    } else {
        ""
    }
}

fn section(at: usize, section: &Section, scale: f64) -> String {
    let title = escaped(&section.title);
    let head: String =
        section.header.iter().map(|name| format!("<th scope=\"col\">{}</th>", escaped(name))).collect();
    let drawn =
        if section.bars { format!("<th scope=\"col\">alone, 0 to {scale}%</th>") } else { String::new() };
    let rows: String =
        section.rows.iter().map(|line| self::line(line, section.bars.then_some(scale))).collect();
    let notes: String =
        section.notes.iter().map(|note| format!("<p class=\"note\">{}</p>\n", escaped(note))).collect();
    format!(
        "<section id=\"s{at}\">\n<h2>{title}</h2>\n<p>{words}</p>\n<div class=\"wide\">\n<table>\n\
         <caption>{title}</caption>\n<thead>\n<tr>{head}{drawn}</tr>\n</thead>\n<tbody>\n{rows}</tbody>\n</table>\n\
         </div>\n{notes}</section>\n",
        words = escaped(&section.words),
    )
}

fn line(line: &Line, scale: Option<f64>) -> String {
    let class = if line.is_total { " class=\"total\"" } else { "" };
    let mut cells = line.cells.iter();
    let name = cells.next().map_or_else(String::new, |name| escaped(name));
    let rest: String = cells.map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
    let bar = scale.map_or_else(String::new, |scale| bar(&name, line.bar, scale));
    format!("<tr{class}><th scope=\"row\">{name}</th>{rest}{bar}</tr>\n")
}

/// The end of the scale on which all bars of the page are drawn: the greatest share that is alone fits, whole ranges
/// need not.
fn scale(sections: &[Section]) -> f64 {
    let alone = sections
        .iter()
        .flat_map(|section| &section.rows)
        .filter_map(|line| line.bar)
        .map(|bar| 100.0 - bar[0]);
    let most = alone.fold(0.0, f64::max) * 1.1;
    [5.0, 10.0, 25.0, 50.0].into_iter().find(|end| *end >= most).unwrap_or(100.0)
}

/// Who stands alone, as a bar with its range as a line through the end of it. Its text says the same.
fn bar(name: &str, rate: Option<[f64; 3]>, scale: f64) -> String {
    let Some([rate, low, high]) = rate else { return "<td class=\"bar\"></td>".to_owned() };
    let [alone, least, most] = [100.0 - rate, 100.0 - high, 100.0 - low];
    let at = |share: f64| (share / scale * 100.0).min(100.0);
    format!(
        "<td class=\"bar\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"{name}: {alone:.1}% alone, between {least:.1}% and {most:.1}%\">\
         <rect class=\"track\" width=\"100\" height=\"10\"/>\
         <rect class=\"rate\" y=\"1.5\" width=\"{:.1}\" height=\"7\"/>\
         <path class=\"whisker\" d=\"M{:.1} 5H{:.1}\" vector-effect=\"non-scaling-stroke\"/></svg></td>",
        at(alone),
        at(least),
        at(most)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
