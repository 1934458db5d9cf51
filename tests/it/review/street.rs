//! A street of invented children, as a school and a provider have them: most agree, some in part, some not at all.
use crate::site::TestSite;
use std::{collections::BTreeMap, fmt::Write as _, fs, process::Command, sync::LazyLock};
use throughline::catalog::Catalog;

const STARTS: [&str; 10] =
    ["Brack", "Duns", "Fenn", "Garth", "Hollin", "Inger", "Kestle", "Langer", "Marsk", "Norring"];
const ENDS: [&str; 8] = ["wick", "thorpe", "bury", "combe", "shaw", "stead", "mere", "grove"];
const FORENAMES: [&str; 24] = [
    "Ada", "Bram", "Cleo", "Dev", "Esme", "Finn", "Greta", "Hugo", "Iris", "Jude", "Kitty", "Leo", "Mabel",
    "Ned", "Orla", "Piers", "Quinn", "Rowan", "Saskia", "Tobias", "Una", "Vikram", "Willa", "Yusuf",
];

/// Texts that must be nowhere but where they may: surnames, marked forenames, numbers and postcodes.
pub static SECRETS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let surnames = STARTS.iter().flat_map(|start| ENDS.iter().map(move |end| format!("{start}{end}")));
    let marked = ["Renumbera", "Sheltera", "Adoptera"].map(str::to_owned);
    let numbers = (0..CHILDREN).flat_map(|at| [upn(at), postcode(at).replace(' ', "")]);
    surnames.chain(marked).chain(numbers).map(|text| text.to_uppercase()).collect()
});

const CHILDREN: u32 = 300;
const HEADER: &str = "Id,UPN,Surname,Forename,Middle,DOB,Sex,Postcode,Start\n";

const CONNECTOR: &str = r#"
[[feed]]
name = "people"
mode = "keyed"
[feed.person]
key = "Id"
[feed.identity]
local_key = { from = ["Id"] }
upn = { from = ["UPN"] }
surname = { from = ["Surname"] }
forename = { from = ["Forename"] }
middle_names = { from = ["Middle"] }
birth_date = { from = ["DOB"], dates = ["%Y-%m-%d"] }
sex = { from = ["Sex"] }
postcode = { from = ["Postcode"] }
[[feed.rows]]
entity = "placement"
[feed.rows.columns]
establishment_id = { const = "AP01" }
starts_on = { from = ["Start"], dates = ["%Y-%m-%d"] }
"#;

/// Who is at the keyboard.
pub fn user() -> String {
    let named = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(named.stdout).unwrap().trim().to_owned()
}

/// A pupil number with its right letter.
fn upn(number: u32) -> String {
    let digits = format!("8012000{number:05}");
    let sum: usize = digits.bytes().zip(2..).map(|(digit, at)| usize::from(digit - b'0') * at).sum();
    format!("{}{digits}", char::from(b"ABCDEFGHJKLMNPQRTUVWXYZ"[sum % 23]))
}

/// One of `n`, without any tie to what else a child has.
fn drawn(at: u32, what: u64, n: u64) -> usize {
    let mut x = (u64::from(at) * 64 + what).wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) % n) as usize
}

fn postcode(at: u32) -> String {
    let letter = |what| char::from(b"ABDEFGHJLNPQRSTUWXYZ"[drawn(at, what, 20)]);
    format!("ZT{} {}{}{}", drawn(at, 1, 12) + 10, drawn(at, 2, 9) + 1, letter(3), letter(4))
}

/// A child as one of the two has it.
#[derive(Clone)]
struct Child {
    upn: String,
    surname: String,
    forename: String,
    birth: String,
    sex: &'static str,
    postcode: String,
}

impl Child {
    fn of(at: u32) -> Self {
        let surname = format!("{}{}", STARTS[drawn(at, 5, 10)], ENDS[drawn(at, 6, 8)]);
        let forename = FORENAMES[drawn(at, 7, 24)].to_owned();
        let birth =
            format!("{}-{:02}-{:02}", 2008 + drawn(at, 8, 3), drawn(at, 9, 12) + 1, drawn(at, 10, 28) + 1);
        let sex = ["F", "M"][drawn(at, 11, 2)];
        Self { upn: upn(at), surname, forename, birth, sex, postcode: postcode(at) }
    }

    fn row(&self, id: &str, middle: &str) -> String {
        let Self { upn, surname, forename, birth, sex, postcode } = self;
        format!("{id},{upn},{surname},{forename},{middle},{birth},{sex},{postcode},2025-09-04\n")
    }
}

/// Another forename, so many further on in the list.
fn another(forename: &str, further: usize) -> String {
    let at = FORENAMES.iter().position(|held| *held == forename).unwrap();
    FORENAMES[(at + further) % FORENAMES.len()].to_owned()
}

/// A child of the street as the provider has it.
fn at_provider(at: u32) -> Child {
    let mut child = Child::of(at);
    if at % 10 >= 6 {
        child.upn.clear();
    }
    if at < 240 {
        return child;
    }
    // The last sixty were written down by hand, without a number.
    child.upn.clear();
    let elsewhere = postcode(at + 1_000);
    match at % 10 {
        0 => child.surname = Child::of(at + 17).surname,
        1 => child.postcode = elsewhere,
        2 => child.forename = child.forename[..1].to_owned(),
        3 => {
            child.surname = Child::of(at + 17).surname;
            child.postcode = elsewhere;
        }
        4 => {
            child.birth =
                format!("{}-{}", &child.birth[..7], if child.birth.ends_with("07") { "08" } else { "07" });
            child.postcode = elsewhere;
        }
        5 => {
            child.forename.truncate(1);
            child.postcode = elsewhere;
        }
        6 => {
            child.surname.pop();
            child.forename = another(&child.forename, 5);
        }
        7 => {
            child.birth.clear();
            child.postcode = elsewhere;
        }
        8 => {
            child.surname = format!("{}x", &child.surname[..4]);
            child.postcode.clear();
        }
        _ => child.forename = another(&child.forename, 9),
    }
    child
}

/// Children whose pupil number ended: at home, gone to another place, and into another family.
fn renumbered(at: u32) -> (Child, Child) {
    let before = Child {
        forename: ["Renumbera", "Sheltera", "Adoptera"][at as usize].to_owned(),
        ..Child::of(400 + at)
    };
    let mut after = Child { upn: upn(700 + at), ..before.clone() };
    match at {
        0 => {}
        1 => after.postcode = postcode(900),
        _ => after.surname = "Newfamily".to_owned(),
    }
    (before, after)
}

fn provider(middle: &str) -> String {
    let mut rows = HEADER.to_owned();
    (0..CHILDREN).for_each(|at| rows.push_str(&at_provider(at).row(&format!("P{at}"), middle)));
    (0..3).for_each(|at| rows.push_str(&renumbered(at).1.row(&format!("PX{at}"), middle)));
    rows
}

/// The street, pulled and linked.
pub fn street() -> TestSite {
    let site = TestSite::new();
    let folder = site.path().join("definitions/connectors");
    fs::create_dir_all(&folder).unwrap();
    let file = "name = \"tests-people\"\ntitle = \"People\"\nkind = \"file\"\nconfirmed = \"invented\"\n[file]\nformat = \"csv\"\nname = \"*.csv\"\n";
    fs::write(folder.join("tests-people.toml"), format!("{file}{CONNECTOR}")).unwrap();
    site.source("school", "tests-people", "");
    site.source("provider", "tests-people", "");
    let mut rows = HEADER.to_owned();
    (0..CHILDREN).for_each(|at| rows.push_str(&Child::of(at).row(&format!("S{at}"), "")));
    (0..3).for_each(|at| rows.push_str(&renumbered(at).0.row(&format!("SX{at}"), "")));
    fs::write(site.inbox("school").join("people.csv"), rows).unwrap();
    fs::write(site.inbox("provider").join("people.csv"), provider("")).unwrap();
    let mut more = "definitions = \"definitions\"\n".to_owned();
    let _ = write!(more, "[roles]\nlinkage = [\"{}\"]\n", user());
    site.configure_with("2026-03-31", &more);
    let pulled = site.run(&["pull"]);
    assert_eq!(pulled.code, 0, "{}{}", pulled.out, pulled.err);
    let linked = site.run(&["link"]);
    assert_eq!(linked.code, 0, "{}", linked.err);
    site
}

/// The provider says a middle name of everybody.
pub fn add_to_provider(site: &TestSite) {
    fs::write(site.inbox("provider").join("people.csv"), provider("Zephyrine")).unwrap();
}

/// The id of a learner whom both know, by the pupil number.
pub fn of_two(site: &TestSite) -> String {
    let anchors = Catalog::open(&site.data().join("catalog.sqlite")).unwrap().anchors().unwrap();
    let mut members: BTreeMap<[u8; 16], usize> = BTreeMap::new();
    anchors.values().for_each(|learner| *members.entry(*learner).or_default() += 1);
    let hex = |id: &[u8; 16]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let of_two = members.iter().filter(|(_, count)| **count == 2).map(|(learner, _)| hex(learner));
    let by_number = |learner: &String| {
        let document = site.run(&["--json", "link", "explain", learner]).json();
        document["pairs"][0]["joined"] == "upn"
    };
    of_two.take(30).find(by_number).unwrap()
}
