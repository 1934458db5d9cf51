use super::{
    Exit, Halt, Verdict,
    cli::DemoArgs,
    estate, init,
    linking::{link_json, link_words},
    person::user,
    pull::pull_json,
    release,
    report::CohortPage,
    screen::{Screen, thousands},
};
use crate::{
    disclosure::Policy,
    pipeline::{self, PullOptions, Site},
    privacy::Key,
    report::Release,
    synth::{self, Identifiers, World, WorldSpec},
};
use serde_json::json;
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

mod first_page;

/// Makes an invented authority, and runs the real `pull`, `link`, `build` and `release` on it.
pub(super) fn demo(args: &DemoArgs, screen: &Screen) -> Verdict {
    let began = Instant::now();
    let (config, schools) = prepare(args, screen)?;
    let mut settings = super::settings(&config)?;
    let _estate = estate::play(&mut settings)?;
    let mut site = Site::open_to_write(settings, "demo")?;
    screen.say("Pulling from schools' systems, providers' workbooks and the council's files ...");
    let pulled = {
        let mut bar = screen.bar();
        pipeline::pull(&mut site, &PullOptions::default(), &mut bar)?
    };
    screen.say("Linking the records of each learner ...");
    let linked = {
        let mut bar = screen.bar();
        pipeline::link(&mut site, &mut bar)?
    };
    screen.say("Building the tables ...");
    let built = release::make(&mut site, screen)?;
    let released = pipeline::release(&mut site, &built, &user())?;
    let policy = Policy::named(&site.settings.disclosure_policy, site.key.kind())?;
    let page = CohortPage::of(&Release::open(&released.folder, &released.id)?, None, "resident", &policy)?;
    screen.result(&format!("\n{}\n", first_page::pulled(&site.settings, &pulled, schools)));
    screen.result(&format!("How many records found their learner\n{}\n", link_words(&linked)));
    screen.result(&format!("{}\n", page.in_words()));
    screen.result(&format!("{}{}", first_page::to_know(&built), first_page::next_steps(&config)));
    screen.say(&first_page::measured(args.learners, began.elapsed()));
    screen.document(&json!({ "pull": pull_json(&pulled), "link": link_json(&linked), "release": released.id, "cohort": page.as_json() }));
    Ok(Exit::Done)
}

/// Lays the folder out: the estate, the key made from the seed, the configuration. Returns the configuration's
/// path, and how many schools have a system of their own.
fn prepare(args: &DemoArgs, screen: &Screen) -> Result<(PathBuf, usize), Halt> {
    let dir = &args.dir;
    let config = dir.join("throughline.toml");
    if config.exists() {
        if !is_demo(&config) {
            let words = format!(
                "{} holds something that is not a demonstration; name another folder with --dir",
                dir.display()
            );
            return Err(Halt::new(Exit::Usage, words));
        }
        screen.say(&format!("Clearing the demonstration in {} ...", dir.display()));
        for part in ["data", "estate"] {
            let part = dir.join(part);
            if part.exists() {
                fs::remove_dir_all(part)?;
            }
        }
        for part in ["key", "estate-token", "throughline.toml"] {
            let part = dir.join(part);
            if part.exists() {
                fs::remove_file(part)?;
            }
        }
    } else if dir.is_dir() && fs::read_dir(dir)?.next().is_some() {
        let words = format!("{} is not empty; name another folder with --dir", dir.display());
        return Err(Halt::new(Exit::Usage, words));
    }
    screen.say(&format!(
        "Inventing an authority of {} learners: schools, providers, registers ...",
        thousands(u64::from(args.learners))
    ));
    fs::create_dir_all(dir)?;
    let identifiers = if args.perfect_identifiers { Identifiers::Perfect } else { Identifiers::Realistic };
    let world = World::generate(&WorldSpec { seed: args.seed, learners: args.learners, identifiers });
    let text = configuration(&world, args);
    let schools = world.establishments.iter().filter(|one| one.on_mis).count();
    synth::estate::write(&world, &dir.join("estate"))?;
    drop(world);
    init::write_key(&dir.join("key"), &Key::for_demo(args.seed))?;
    init::write_private(&dir.join("estate-token"), synth::server::TOKEN.as_bytes())?;
    fs::write(&config, text)?;
    Ok((config, schools))
}

fn is_demo(config: &Path) -> bool {
    fs::read_to_string(config).is_ok_and(|text| text.lines().any(|line| line.trim() == "[demo]"))
}

fn configuration(world: &World, args: &DemoArgs) -> String {
    let mut text = format!(
        "# A demonstration. Everything under estate/ plays the outside world; nobody in it is real.\n\ndata_dir = \"data\"\nkey_file = \"key\"                  # made from the seed, marked as such: no real source accepts it\nhome_authority = \"{}\"\nas_of = \"{}\"\npostcode_directory = \"estate/council/postcodes.csv\"\n\n[disclosure]\npolicy = \"synthetic\"              # shows exact figures; only a demonstration's key may choose it\n\n[resolve]\nmost_rows_per_day = 1000000    # a demonstration's day never ends; where it does, 20000\n\n[demo]\nestate = \"estate\"\nseed = {}\nlearners = {}\n",
        synth::world::HOME_LA,
        synth::world::as_of(),
        args.seed,
        args.learners
    );
    for door in synth::estate::doors(world) {
        let _ = write!(text, "\n[sources.{}]\nconnector = \"{}\"\n", door.name, door.connector);
        match &door.inbox {
            Some(inbox) => {
                let _ = writeln!(text, "inbox = \"estate/{inbox}\"");
            }
            None => text.push_str("base_url = \"estate\"              # served from estate/ on loopback while a verb runs\ntoken_file = \"estate-token\"\n"),
        }
        if let Some(id) = &door.establishment_id {
            let _ = writeln!(text, "params = {{ establishment_id = \"{id}\" }}");
        }
        text.push_str("agreement = \"Demonstration\"\ncontroller = \"Nobody\"\nbases = [\"none: invented data\"]\nexpires = \"2099-12-31\"\npurposes = [\"research\", \"participation\", \"ap_commissioning\"]\n");
    }
    text
}
