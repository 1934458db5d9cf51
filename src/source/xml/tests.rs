use super::*;

const PATHS: [&str; 6] = ["UPN", "@Id", "Names.Name", "Note", "Stage.@Legacy", "Stage"];

struct Read1 {
    record: Wanted,
    envelope: Wanted,
    records: Vec<Result<Tree<'static>, Problem>>,
    around: Tree<'static>,
    ended: Result<(), Problem>,
}

fn read_all(bytes: &[u8], path: &str) -> Read1 {
    let record = Wanted::of(PATHS);
    let envelope = Wanted::of(["Header.URN", "Header.@Version"]);
    let path: Vec<String> = path.split('.').map(str::to_owned).collect();
    let mut reader = Records::open(Box::new(Cursor::new(bytes.to_vec())), &path, &record, &envelope).unwrap();
    let mut records = Vec::new();
    let mut around = Tree::Null;
    let ended = loop {
        match reader.next_record() {
            Ok(Some((number, found))) => {
                records.push(found);
                assert_eq!(number as usize, records.len());
                around = reader.around().clone();
            }
            Ok(None) => break Ok(()),
            Err(problem) => break Err(problem),
        }
    };
    Read1 { record, envelope, records, around, ended }
}

impl Read1 {
    fn text(&self, at: usize, path: &str) -> Option<String> {
        let path = self.record.path("", path)?;
        self.records[at].as_ref().ok()?.at(&path)?.scalar_text().map(Cow::into_owned)
    }

    fn around(&self, path: &str) -> Option<String> {
        let path = self.envelope.path("", path)?;
        self.around.at(&path)?.scalar_text().map(Cow::into_owned)
    }
}

const WHOLE: &str = r#"<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "b"><!ENTITY x SYSTEM "file:///etc/passwd">]>
<c:CTfile xmlns:c="urn:x"><Header Version="24"><URN>100123</URN></Header><Stray>x</Stray>
<c:Pupils><c:Pupil Id="7"><UPN>A1</UPN>stray<Other><UPN>no</UPN></Other>
<Names><Name>Ann &amp; B&#233;a</Name><Name/><Name>&a;&x;</Name></Names><Stage Legacy="True">KS2</Stage></c:Pupil>
<Pupil Id='8'><UPN><![CDATA[B<2]]></UPN></Pupil></c:Pupils></c:CTfile>"#;

#[test]
fn records_are_pruned_and_the_header_stands_beside_them() {
    for path in ["Pupils.Pupil", "CTfile.Pupils.Pupil"] {
        let read = read_all(WHOLE.as_bytes(), path);
        assert_eq!((read.records.len(), read.ended), (2, Ok(())));
        assert_eq!(read.text(0, "UPN").unwrap(), "A1");
        assert_eq!(read.text(0, "@Id").unwrap(), "7");
        assert_eq!(read.text(0, "Names.Name").unwrap(), "Ann & B\u{e9}a");
        assert_eq!(
            read.text(0, "Names.Name.2").unwrap(),
            "&a;&x;",
            "no entity of the document's own is resolved"
        );
        assert_eq!(read.text(0, "Stage").unwrap(), "KS2");
        assert_eq!(read.text(0, "Stage.@Legacy").unwrap(), "True");
        assert_eq!(read.text(1, "UPN").unwrap(), "B<2");
        assert_eq!(read.around("Header.URN").unwrap(), "100123");
        assert_eq!(read.around("Header.@Version").unwrap(), "24");
    }
}

#[test]
fn a_record_whose_tags_do_not_fit_costs_itself() {
    for broken in
        ["<Pupil><UPN>X</Pupil>", "<Pupil><UPN>X</Wrong></UPN></Pupil>", "<Pupil><Note>a < b</Note></Pupil>"]
    {
        let text = format!("<r><p><Pupil><UPN>A</UPN></Pupil>{broken}<Pupil><UPN>B</UPN></Pupil></p></r>");
        let read = read_all(text.as_bytes(), "p.Pupil");
        assert_eq!(read.records.len(), 3, "{broken}");
        assert_eq!(read.records[1], Err(Problem::Malformed), "{broken}");
        assert_eq!((read.text(0, "UPN").unwrap(), read.text(2, "UPN").unwrap()), ("A".into(), "B".into()));
        assert_eq!(read.ended, Ok(()), "{broken}");
    }
}

/// An element may bear the name of its record; a record that is never closed takes what follows with it, and says so.
#[test]
fn a_record_may_hold_its_own_name() {
    let read = read_all(b"<r><p><Pupil><Pupil>7B</Pupil><UPN>A</UPN></Pupil></p></r>", "p.Pupil");
    assert_eq!((read.records.len(), read.text(0, "UPN").unwrap()), (1, "A".to_owned()));
    let read =
        read_all(b"<r><p><Pupil><UPN>A</UPN></Pupil><Pupil><Pupil><UPN>B</UPN></Pupil></p></r>", "p.Pupil");
    assert_eq!((read.records.len(), &read.records[1]), (2, &Err(Problem::Malformed)));
}

#[test]
fn a_document_cut_short_keeps_what_came_before() {
    let cut = &WHOLE[..WHOLE.find("<Pupil Id='8'").unwrap() + 20];
    let read = read_all(cut.as_bytes(), "Pupils.Pupil");
    assert_eq!((read.records.len(), read.ended), (1, Err(Problem::CutShort)));
}

#[test]
fn text_is_read_in_the_encoding_that_it_is_in() {
    let text = "<r><p><Pupil><UPN>Zo\u{eb}</UPN></Pupil></p></r>";
    let utf16 = |mark: &str| -> Vec<u8> {
        format!("{mark}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let lie = format!("<?xml version=\"1.0\" encoding=\"utf-16\"?>{text}");
    let latin: Vec<u8> =
        format!("<?xml version='1.0' encoding='ISO-8859-1'?>{text}").chars().map(|c| c as u8).collect();
    for bytes in [text.as_bytes().to_vec(), utf16("\u{feff}"), utf16(""), lie.into_bytes(), latin] {
        assert_eq!(read_all(&bytes, "p.Pupil").text(0, "UPN").unwrap(), "Zo\u{eb}");
    }
    let torn = b"<r><p><Pupil><UPN>Zo\xeb</UPN></Pupil></p></r>";
    assert_eq!(read_all(torn, "p.Pupil").text(0, "UPN").unwrap(), "Zo\u{fffd}");
}

#[test]
fn a_tower_of_elements_and_a_page_that_is_no_xml_are_refused() {
    let tower = format!("<r><p><Pupil>{}", "<a>".repeat(10_000));
    assert_eq!(read_all(tower.as_bytes(), "p.Pupil").ended, Err(Problem::TooLarge));
    let none = Wanted::of([]);
    assert_eq!(read(b"Not allowed", &["p".to_owned()], &none, &none).err(), Some(Problem::NotData));
}

#[test]
fn an_answer_with_an_error_in_place_of_its_records_says_so() {
    let (wanted, envelope) = (Wanted::of(["UPN"]), Wanted::of(["Message.MessageId"]));
    let path: Vec<String> = ["Pupils", "Pupil"].map(str::to_owned).to_vec();
    let text =
        "<?xml version=\"1.0\" encoding=\"utf-16\"?><Message><MessageId>InvalidApiKey</MessageId></Message>";
    let answer = read(text.as_bytes(), &path, &wanted, &envelope).unwrap();
    assert!(answer.records.is_none());
    let told = envelope.path("", "Message.MessageId").unwrap();
    assert_eq!(answer.envelope.at(&told).unwrap().scalar_text().unwrap(), "InvalidApiKey");
    let empty = read(b"<r><Pupils/></r>", &path, &wanted, &envelope).unwrap();
    assert_eq!(empty.records.unwrap().len(), 0);
}
