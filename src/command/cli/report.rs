//! `report`: what can be typed.
use super::populations;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// The reports.
#[derive(Debug, Subcommand)]
pub enum Report {
    /// Where the children of one Year 6 are at sixteen, and the gap with and without those who are not seen.
    Cohort {
        /// The year in which Year 6 ended: 2019 for 2018/19. Without it, the newest cohort at sixteen with test results.
        #[arg(long)]
        year: Option<i32>,
        /// Which children are counted.
        #[arg(long, default_value = "resident", value_parser = populations())]
        population: String,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// For the council: who is NEET or not known, who has no offer or was lost sight of, who may need support and how
    /// often that is right.
    Neet(WriteArgs),
    /// For commissioners: what came of placements in alternative provision, provider beside provider, or one provider's own
    /// pack with room for its reply.
    Ap {
        /// The pack of this provider: its URN, or the authority's own number of the site.
        #[arg(long, value_name = "ID")]
        provider: Option<String>,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// For the council and the regulator: the eighteen questions of the monitoring report, whether records of learners can
    /// answer them, and a colour in words.
    Scorecard(WriteArgs),
    /// For the council and the regulator: how disadvantaged pupils fare from school to school, beside the nation's average, beside
    /// what their start lets expect, and beside the schools most like theirs.
    School(WriteArgs),
    /// For whoever judges what figures rest on: what was read of each source, what was set aside and why, which years are held,
    /// and which columns are empty.
    Quality(WriteArgs),
}

/// As what to write a report.
#[derive(Debug, Args)]
pub struct WriteArgs {
    /// Write the page as one HTML file too: no scripts, nothing from elsewhere, fit for paper.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write a workbook too: a cover, notes, and one table a sheet.
    #[arg(long, value_name = "FILE")]
    pub xlsx: Option<PathBuf>,
    /// Write tidy files into this folder too, one a table, each with its metadata.
    #[arg(long, value_name = "FOLDER")]
    pub csv: Option<PathBuf>,
    /// Leave out what a report that went out before tells already: its folder of tidy files. Where a few figures of a table moved and the
    /// others stand still, the two together would tell of the few.
    #[arg(long, value_name = "FOLDER")]
    pub beside: Option<PathBuf>,
    /// Write over files that are there already.
    #[arg(long)]
    pub force: bool,
}
