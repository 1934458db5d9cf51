//! No name leaves by what a person sees of linking.
use super::{
    CODE,
    book::{edited, pairs},
    ids, queue,
    street::{SECRETS, street},
};
use crate::{
    needles::Needles,
    site::{Ran, walk},
};
use rust_xlsxwriter::Workbook;
use std::fs;

#[test]
fn no_name_is_anywhere_but_in_the_workbook() {
    let site = street();
    let mut said: Vec<(String, Ran)> = Vec::new();
    let mut run = |arguments: &[&str]| {
        said.push((arguments.join(" "), site.run(arguments)));
        said.last().unwrap().1.code
    };
    let (one, other) = ids(&queue(&site)[0]);
    fs::create_dir(site.path().join("named")).unwrap();
    assert_eq!(run(&["-vv", "link", "review", "--export", "named/r.xlsx"]), 0);
    assert_eq!(run(&["-vv", "link", "review", "--sample", "10", "--export", "named/s.xlsx"]), 0);
    let file = site.path().join("named/r.xlsx");
    let rows = pairs(&file);
    let name = rows[0]["Surname, A"].clone();
    edited(
        &file,
        &site.path().join("named/b.xlsx"),
        &[
            (0, "Decision", "same"),
            (0, "Reason", &format!("{name} is our child")),
            (1, "Decision", &name),
            (2, "Decision", "same"),
            (2, "Reason", "H801200001001"),
            (3, "Decision", "same"),
            (3, "Surname, B", &format!("{name}X")),
            (4, "Decision", "different"),
            (4, "Reason", &name),
            (4, CODE, &name),
        ],
    );
    assert_eq!(run(&["-vv", "link", "review", "--import", "named/b.xlsx"]), 4);
    assert_eq!(run(&["--json", "link", "review", "--import", "named/b.xlsx"]), 4);
    // Files that are no workbook, or none of ours, with names in them and in their own.
    let torn: Vec<u8> = fs::read(&file).unwrap().into_iter().take(3_000).collect();
    fs::write(site.path().join(format!("named/{name}.xlsx")), torn).unwrap();
    fs::write(site.path().join("named/list.xlsx"), format!("Surname,Decision\n{name},same\n")).unwrap();
    let mut other_book = Workbook::new();
    let sheet = other_book.add_worksheet();
    sheet.set_name(&name).unwrap();
    sheet.write_string(0, 0, &name).unwrap();
    other_book.save(site.path().join("named/other.xlsx")).unwrap();
    for file in [format!("named/{name}.xlsx"), "named/list.xlsx".into(), "named/other.xlsx".into()] {
        // Its name was typed by whoever asked; the answer does not say it again.
        for how in ["-vv", "--json"] {
            let ran = site.run(&[how, "link", "review", "--import", &file]);
            assert_eq!(ran.code, 1, "{file}: {}", ran.err);
            said.push(("import of what is none".into(), ran));
        }
    }
    let mut run = |arguments: &[&str]| {
        said.push((arguments.join(" "), site.run(arguments)));
        said.last().unwrap().1.code
    };
    assert_eq!(run(&["-vv", "link", "explain", &one, &other]), 0);
    assert_eq!(run(&["--json", "link", "explain", &one, &other, "--show"]), 0);
    assert_eq!(run(&["-vv", "link", "review"]), 2);
    assert_eq!(run(&["--json", "link", "review"]), 0);
    assert_eq!(run(&["-vv", "link"]), 0);
    assert_eq!(run(&["-vv", "runs", "show"]), 0);
    assert_eq!(run(&["-vv", "verify"]), 0);
    let mut needles = Needles::default();
    SECRETS.iter().for_each(|secret| needles.add(secret));
    for (what, ran) in &said {
        needles.search_text(what, &ran.out);
        needles.search_text(what, &ran.err);
    }
    let mut files = Vec::new();
    walk(&site.data(), &mut files);
    files.push(site.path().join("throughline.toml"));
    for file in &files {
        needles.search_file(site.path(), file);
    }
    assert!(needles.found().is_empty(), "an identifier left its zone:\n{}", needles.found().join("\n"));
    assert!(needles.searched() > 100_000);
    // The list of decisions gives a reason to whoever may read the register as it was given, and to nobody else.
    assert!(site.run(&["link", "review", "--list"]).out.contains("is our child"));
}
