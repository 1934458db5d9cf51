//! `report ap`: what came of alternative provision, for whoever commissions it and for the provider itself.
//!
//! Three years of placements together, everybody who started. Each measure has its own table, because each has its own
//! denominator: the placements of which it is known. Providers stand beside each other in a funnel and never in a ranking.
//! What keeps the tables from giving each other away is in `guard`.
mod amounts;
mod guard;
mod made;
mod measures;
mod read;
mod tables;
mod travelled;
mod wider;

use super::{About, Release, Report, ReportFault, Row, Section, Time, places, shown, words};
use crate::disclosure::Policy;
use guard::Why;
use measures::Measure;

/// Whom the report is about.
const POPULATION: &str = "placements in alternative provision that began in these three academic years, all of them; places \
                          named in a plan, under section 61 and managed moves are not among them";

/// Why a provider's own pack is refused: the same words whether it is small or not there at all.
const NO_PACK: &str = "refused: of that provider nothing can be shown. Either the release does not have it, or fewer than ten \
                       learners were placed with it in three years\n  instead: `resolve --view placements` answers an officer \
                       for the learners that the officer already works with";

/// A measure, and its table as the gate let it out.
struct Shown {
    measure: &'static Measure,
    rows: Vec<Row>,
    notes: Vec<String>,
}

/// All measures: those that are shown, and those that are not, each with its reason.
#[derive(Clone, Copy)]
struct Told<'t> {
    tables: &'t [Shown],
    left: &'t [(&'static Measure, Why)],
    years: &'t str,
    time: &'t Time,
}

/// The report of all providers, or with `provider` the pack of one.
///
/// # Errors
/// [`ReportFault::Refused`] for a provider of fewer than ten learners, or that the release does not have.
pub fn report(release: &Release, provider: Option<&str>, policy: &Policy) -> Result<Report, ReportFault> {
    let Some(until) = read::until(release)? else {
        return Err(ReportFault::Nothing("this release has no placement in alternative provision"));
    };
    let answers = read::answers(release, until)?;
    let time = Time::years(until - 2, until);
    let years = format!("{} to {}", words::academic_year(until - 2), words::academic_year(until));
    if let Some(provider) = provider
        && answers.learners(provider) < super::NAMED_FROM
    {
        return Err(ReportFault::Refused(NO_PACK));
    }
    let guard = guard::guarded(&answers, policy);
    let tables = guard
        .shown
        .into_iter()
        .map(|guarded| shown_as(guarded, &time, policy))
        .collect::<Result<Vec<Shown>, ReportFault>>()?;
    let all = Told { tables: &tables, left: &guard.left, years: &years, time: &time };
    let mut sections = vec![tables::together(all, &answers, policy)];
    let mut short =
        vec![format!("Placements that began in {years}: everybody who started, whatever became of it.")];
    let mut left_out = LEFT_OUT;
    let title = if let Some(provider) = provider {
        let is_comparable = answers.is_comparable(provider);
        sections = vec![tables::own(provider, all, is_comparable), reply(provider)];
        short.push(IN_A_PACK.to_owned());
        let shows = sections[0].table.iter().flat_map(|own| &own.rows).any(|row| row.figures[0].is_number());
        let why = if is_comparable { tables::NOTHING_SHOWN } else { tables::TOO_FEW_TO_COMPARE };
        short.extend((!shows).then(|| why.to_owned()));
        left_out[1] = FEW_IN_A_PACK;
        format!("Provider {provider}: what came of its placements")
    } else {
        short.extend(in_short(&tables));
        sections.extend(amounts::amounts(release, until, POPULATION, policy)?);
        let sizes: Vec<u64> = tables.iter().filter_map(|shown| answers.size(shown.measure.code)).collect();
        sections.extend(travelled::travelled(release, until, &years, &sizes, policy)?);
        sections.extend(wider::wider(release, until, policy)?);
        sections.push(tables::side_by_side(all));
        let shown = tables.into_iter().filter(|shown| shown.rows.len() > 1);
        sections.extend(shown.map(|shown| tables::funnel(shown, &years)));
        "Alternative provision: what came of it".to_owned()
    };
    Ok(Report {
        name: "ap",
        title,
        about: About::of(release, &format!("{POPULATION}: {years}"), policy),
        short,
        sections,
        left_out: left_out.map(str::to_owned).to_vec(),
    })
}

/// A measure through the gate; without its providers where those could give something away.
fn shown_as(guarded: guard::Guarded, time: &Time, policy: &Policy) -> Result<Shown, ReportFault> {
    let guard::Guarded { measure, places: mut all, learners } = guarded;
    let gate = |all: Vec<places::Place>| {
        let label = |key: &str| format!("provider {key}");
        places::places(measure.title, POPULATION, all, learners, time, label, policy)
    };
    let mut through = gate(all.clone())?;
    if !through.is_wide {
        all.iter_mut().for_each(|place| place.is_kept_out = true);
        through = gate(all)?;
    }
    Ok(Shown { measure, notes: shown::notes([&through.disclosed]), rows: through.rows })
}

const IN_A_PACK: &str = "You see this before anybody else does. If a figure is not what your own file says, tell the commissioner: the \
                         last section is for your reply.";

/// Of providers that cannot be compared: for whoever commissions them, and in a pack.
const FEW: &str = "Providers with fewer than ten learners, or too few placements to compare: no name and no figure. They count among all; \
                   read their placements one by one (`resolve --view placements`).";
const FEW_IN_A_PACK: &str = "Figures of yours that rest on too few placements or learners, and any figure of another provider. What is hidden \
                             here is no secret of the commissioner's: ask, and go through your placements together.";

/// What is not shown, and why.
const LEFT_OUT: [&str; 10] = [
    "Hours, half days and cost by provider, and distance travelled as a mean (how many came farther than by chance is shown): a sum of few learners could be told beside the \
     other measures. They are in the release, table ap_measure, for those who may see it.",
    FEW,
    "A measure of a provider whose placements are nearly those of another measure: the few between them could be told. The \
     measure that stands first is shown.",
    "Visits of quality assurance and evidence of checks: no source of them is read. Not shown is not the same as not done.",
    "Where few or none are missing: the number of those missing.",
    "Placements that ended in or after May of Year 11 (`finished`): there was no school to go back to, so they are neither a return nor a \
     failure, and in no share of returns. They are in every measure of attendance, records and destinations, and told apart in the release, \
     table ap_placement.",
    "Days until half of the placements have ended, suspensions before, during and after, the ladder of qualifications as a mean, and the second \
     year after Year 11: medians, means and events of few, that the gate has no rule for here. Table ap_measure of the release.",
    "Level 3 by provider: it is told at 19, at 18 on the way, and hardly anybody whose placement began in these three years is so old. The release has \
     it of each learner (level_by_19) and as shares of a whole cohort (level_by_19_rate), and in no table by provider.",
    "A measure that stands in the first table without a figure: the reason is beside it. Such a measure has no table of its own by provider.",
    "A ranking: providers differ by whom they take in. A place outside the limits is a reason to ask.",
];

/// The room for what the provider has to say.
fn reply(provider: &str) -> Section {
    Section {
        title: "Right of reply".to_owned(),
        words: vec![
            format!("State: no reply of provider {provider} is recorded."),
            "Which figure differs from your own file, and by how much:".to_owned(),
            "What ought to be known of your learners that no figure shows:".to_owned(),
            "Name, role and date:".to_owned(),
        ],
        table: None,
        notes: vec![
            "The commissioner keeps the reply with this pack and shows both together. Which rows a figure rests on can be told \
             by whoever holds the role for it: `trace`."
                .to_owned(),
        ],
        chart: None,
    }
}

/// The two figures that everybody asks for first.
fn in_short(tables: &[Shown]) -> Vec<String> {
    let said = |code: &str, what: &str| {
        let shown = tables.iter().find(|shown| shown.measure.code == code)?;
        let total = shown.rows.last().filter(|row| row.is_total && row.figures[2].is_number())?;
        let counts = [total.figures[1], total.figures[0]].map(|figure| words::cell(figure, false));
        Some(format!("{} ({} of {}) {what}", total.figures[2], counts[0], counts[1]))
    };
    let lines = [
        said("reintegration", "of placements that ended, and of which it is known, led back to a school."),
        said(
            "sustained_two_terms",
            "of those that started, and of which it is known, led back to a school and held for two terms.",
        ),
        said(
            "sustained_16",
            "of those who left Year 11, and of whom it is known, stayed in education or work from October to March.",
        ),
    ];
    lines.into_iter().flatten().collect()
}
