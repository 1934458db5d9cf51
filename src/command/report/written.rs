//! Reports that go out in four dresses: on the terminal, as a page, as a workbook, as tidy files.
use super::{
    super::{
        Exit, Halt, Verdict,
        cli::WriteArgs,
        place,
        screen::{Screen, table, wrap},
    },
    newest,
};
use crate::{
    config::Settings,
    disclosure::Policy,
    pipeline::Site,
    report::{
        self, Release, Report, ReportFault,
        beside::{self, Before},
    },
};
use std::{fmt::Write as _, fs, path::Path};

/// For the council: after sixteen and before.
pub(in crate::command) fn neet(settings: Settings, args: &WriteArgs, screen: &Screen) -> Verdict {
    of_release(settings, args, screen, report::neet::report)
}

/// For commissioners, and for a provider of its own.
pub(in crate::command) fn ap(
    settings: Settings,
    provider: Option<&str>,
    args: &WriteArgs,
    screen: &Screen,
) -> Verdict {
    of_release(settings, args, screen, |release, policy| report::ap::report(release, provider, policy))
}

/// For the council and the regulator: the eighteen questions.
pub(in crate::command) fn scorecard(settings: Settings, args: &WriteArgs, screen: &Screen) -> Verdict {
    of_release(settings, args, screen, report::scorecard::report)
}

/// For the council and the regulator: school beside school.
pub(in crate::command) fn school(settings: Settings, args: &WriteArgs, screen: &Screen) -> Verdict {
    of_release(settings, args, screen, report::school::report)
}

/// A report that is made of the newest release and of nothing beside it.
fn of_release(
    settings: Settings,
    args: &WriteArgs,
    screen: &Screen,
    make: impl Fn(&Release, &Policy) -> Result<Report, ReportFault>,
) -> Verdict {
    shown(settings, args, screen, |_, release, policy| Ok(make(release, policy)?))
}

/// Makes a report of the newest release, writes what was asked for and shows it.
pub(super) fn shown(
    settings: Settings,
    args: &WriteArgs,
    screen: &Screen,
    make: impl Fn(&Site, &Release, &Policy) -> Result<Report, Halt>,
) -> Verdict {
    may_be_written(&settings, args)?;
    let site = Site::open(settings)?;
    let policy = Policy::named(&site.settings.disclosure_policy, site.key.kind())?;
    let (folder, id) = newest(&site)?;
    let mut report = make(&site, &Release::open(&folder, &id)?, &policy)?;
    lay_beside(&mut report, args, screen)?;
    files(&report, args, screen)?;
    screen.result(&in_words(&report));
    screen.document(&as_data(&report)?);
    Ok(Exit::Done)
}

/// Takes out what a report that went out before tells already, where one is named, and says what came of each table.
pub(super) fn lay_beside(report: &mut Report, args: &WriteArgs, screen: &Screen) -> Result<(), Halt> {
    let Some(folder) = &args.beside else { return Ok(()) };
    let before = Before::open(folder, report.name)?;
    let laid = beside::lay(report, &before)?;
    for laid in &laid {
        let came = if laid.is_telling() { "left out" } else { "stays" };
        let both = laid.moved + laid.stood;
        screen.say(&format!("{}: moved are {} of {both} figures: {came}", laid.table, laid.moved));
    }
    if laid.is_empty() {
        screen.say("No table of the report before has the name of one of these: nothing was compared.");
    }
    Ok(())
}

/// The report as one document.
pub(super) fn as_data(report: &Report) -> Result<serde_json::Value, Halt> {
    serde_json::to_value(report)
        .map_err(|_| Halt::new(Exit::Failed, "the report cannot be written as data; please report that"))
}

/// Writes what was asked for.
pub(super) fn files(report: &Report, args: &WriteArgs, screen: &Screen) -> Result<(), Halt> {
    if let Some(file) = &args.html {
        write(file, report::html::page(report).as_bytes(), screen)?;
    }
    if let Some(file) = &args.xlsx {
        write(file, &report::book::book(report)?, screen)?;
    }
    if let Some(folder) = &args.csv {
        fs::create_dir_all(folder).map_err(|error| unwritable(&error))?;
        for file in report::tidy::files(report)? {
            write(&folder.join(file.name), &file.text, screen)?;
        }
    }
    Ok(())
}

/// Nothing is ever written over by a slip of the keyboard, nor laid where it would stay with the data or be read again.
pub(super) fn may_be_written(settings: &Settings, args: &WriteArgs) -> Result<(), Halt> {
    let is = |file: &Path, wanted: &str| file.extension().is_some_and(|extension| extension == wanted);
    for (file, option, wanted, what) in
        [(&args.html, "--html", "html", "page"), (&args.xlsx, "--xlsx", "xlsx", "workbook")]
    {
        if file.as_ref().is_some_and(|file| !is(file, wanted)) {
            let words = format!("{option} writes a {what}: name a file that ends in .{wanted}");
            return Err(Halt::new(Exit::Usage, words));
        }
        if let Some(file) = file {
            place::may_write(settings, file, args.force, option)?;
        }
    }
    let Some(folder) = &args.csv else { return Ok(()) };
    if folder.is_file() {
        return Err(Halt::new(Exit::Usage, "--csv writes several files: name a folder"));
    }
    place::may_write_folder(settings, folder, "--csv")?;
    // Each report has this one.
    if folder.join("about.json").exists() && !args.force {
        let words = "--csv names a folder with a report in it; add --force to write over it";
        return Err(Halt::new(Exit::Usage, words));
    }
    Ok(())
}

pub(super) fn write(file: &Path, bytes: &[u8], screen: &Screen) -> Result<(), Halt> {
    fs::write(file, bytes).map_err(|error| unwritable(&error))?;
    screen.say(&format!("Wrote {}", file.display()));
    Ok(())
}

fn unwritable(error: &std::io::Error) -> Halt {
    let words =
        format!("the report cannot be written: {}; name a file in a folder that is there", error.kind());
    Halt::new(Exit::Failed, words)
}

pub(super) fn in_words(report: &Report) -> String {
    let about = &report.about;
    let mut out = format!("{}\nAuthority {}, as at {}.", report.title, about.authority, about.as_of);
    for line in &report.short {
        let _ = write!(out, "\n{}", wrap(line, 0));
    }
    for section in &report.sections {
        let _ = write!(out, "\n\n{}", section.title);
        for line in &section.words {
            let _ = write!(out, "\n{}", wrap(line, 0));
        }
        if let Some(figures) = &section.table {
            let face = report::face(figures);
            let right: Vec<usize> = (face.texts..face.header.len()).collect();
            let header: Vec<&str> = face.header.iter().map(String::as_str).collect();
            // Its title says which years; whom it counts may be fewer than the report does.
            let title = format!("{}. Counted: {}.", figures.title, figures.population);
            let _ = write!(out, "\n\n{}\n\n{}", wrap(&title, 0), table(&header, face.rows, &right));
        }
        for note in &section.notes {
            let _ = write!(out, "\n{}", wrap(note, 0));
        }
    }
    out.push_str("\n\nWhat is not shown, and why");
    for line in &report.left_out {
        let _ = write!(out, "\n  {}", wrap(line, 2));
    }
    for (symbol, meaning) in report::symbols(report) {
        let _ = write!(out, "\n  {symbol:<5}{meaning}");
    }
    let control = format!("Disclosure control, policy `{}`. {}", about.policy, about.policy_in_words);
    let _ = write!(out, "\n\n{}\nRelease {}", wrap(&control, 0), about.release);
    out
}
