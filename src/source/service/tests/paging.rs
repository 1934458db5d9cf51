use super::*;

/// Records `0..all` in pages of `size`, by number of the page or of the records before it.
fn numbered(all: i64, size: i64, of: impl Fn(&mock::Asked) -> i64 + Send + 'static, more: &str) -> Mock {
    let more = more.to_owned();
    Mock::start(move |asked, _, _| {
        let from = of(asked).clamp(0, all);
        page(from..(from + size).min(all), &more)
    })
}

fn ids(walked: &Walked) -> Vec<i64> {
    walked.pages.iter().flatten().copied().collect()
}

fn param(asked: &mock::Asked, name: &str) -> i64 {
    asked.param(name).and_then(|n| n.parse().ok()).unwrap_or(0)
}

#[test]
fn a_link_is_followed_to_its_end_and_never_elsewhere() {
    let form = bearer("kind = \"next_link\", at = \"meta.next\", max_pages = 3");
    let follow = |second: &'static str| {
        let mock = Mock::start(move |asked, _, own| match param(asked, "page") {
            0 => page([1, 2], &format!(r#","meta":{{"next":"{}"}}"#, second.replace("{own}", own))),
            _ => page([3], r#","meta":{"next":null}"#),
        });
        let walked = asker(&mock, &form, "t").walk("list?");
        (ids(&walked), walked.end)
    };
    assert_eq!(follow(r"{own}\/list?page=2"), (vec![1, 2, 3], Ok(())));
    assert_eq!(follow("/list?page=2"), (vec![1, 2, 3], Ok(())));
    assert_eq!(follow("https://elsewhere.example/list?page=2").1, Err(Refusal::Fault(Problem::ForeignLink)));
    assert_eq!(follow("http://127.0.0.1:1/list?page=2").1, Err(Refusal::Fault(Problem::ForeignLink)));
    let again = Refusal::Later(Problem::PageRepeated, Duration::ZERO);
    assert_eq!(follow("{own}/list").1, Err(again), "a link that was followed before");
    let endless = Mock::start(|asked, _, _| {
        let number = param(asked, "page");
        page([number], &format!(r#","meta":{{"next":"/list?page={}"}}"#, number + 1))
    });
    let walked = asker(&endless, &form, "t").walk("list?");
    assert_eq!((ids(&walked), walked.end), (vec![0, 1, 2], Err(Refusal::Fault(Problem::TooManyPages))));
    let same = Mock::start(|asked, _, _| {
        page([7, 8], &format!(r#","meta":{{"next":"/list?page={}"}}"#, param(asked, "page") + 1))
    });
    assert_eq!(asker(&same, &form, "t").walk("list?").end, Err(again), "another address, the same page");
}

#[test]
fn a_missing_block_ends_a_short_page_and_faults_a_full_one() {
    let form = bearer("kind = \"next_link\", at = \"meta.pagination.next\"");
    let end = |count: i64| {
        let mock = Mock::start(move |_, _, _| page(0..count, ""));
        asker(&mock, &form, "t").walk("list?per_page=3").end
    };
    assert_eq!(end(2), Ok(()));
    assert_eq!(end(0), Ok(()));
    assert_eq!(end(3), Err(Refusal::Later(Problem::NoPaging, Duration::ZERO)));
    let there = Mock::start(|_, _, _| page(0..3, r#","meta":{"pagination":{"more":false}}"#));
    assert_eq!(
        asker(&there, &form, "t").walk("list?per_page=3").end,
        Ok(()),
        "the block is there and links nowhere"
    );
}

#[test]
fn link_headers_are_answered_in_their_six_steps() {
    let form = bearer(
        "kind = \"link_header\", param = \"offset\", limit_param = \"limit\", limit = 4, total = \"header:X-Total-Count\"",
    );
    // (a) and (b): links lead, without their brackets too, and the last page is known by its address.
    for (open, close) in [("<", ">"), ("", "")] {
        let mock = Mock::start(move |asked, _, own| {
            let from = param(asked, "offset");
            let last = format!("{open}{own}/list?limit=4&offset=4{close}; rel=\"last\"");
            let next = format!("{open}{own}/list?limit=4&offset=4{close}; rel=\"next\"");
            let link = format!("{next}, {last}");
            page(from..(from + 4).min(6), "").with("link", &link)
        });
        let walked = asker(&mock, &form, "t").walk("list?");
        assert_eq!((ids(&walked), walked.end), ((0..6).collect(), Ok(())));
        assert_eq!(mock.asked().len(), 2);
    }
    // (c) and (e): no links and no total; the service gives fewer than asked for, and the empty page ends it.
    let mock = numbered(7, 3, |asked| param(asked, "offset"), "");
    let walked = asker(&mock, &form, "t").walk("list?");
    assert_eq!((ids(&walked), walked.end, mock.asked().len()), ((0..7).collect(), Ok(()), 4));
    // (d): the total saves the empty page.
    let mock = Mock::start(|asked, _, _| {
        let from = param(asked, "offset");
        page(from..(from + 3).min(7), "").with("x-total-count", "7")
    });
    let walked = asker(&mock, &form, "t").walk("list?");
    assert_eq!((ids(&walked), walked.miscounted, mock.asked().len()), ((0..7).collect(), None, 3));
}

#[test]
fn numbered_pages_end_where_told_or_at_a_short_one() {
    let told = bearer(
        "kind = \"page\", param = \"page\", first = 1, pages = \"totalPages\", total = \"totalCount\"",
    );
    let mock = numbered(6, 3, |asked| (param(asked, "page") - 1) * 3, r#","totalPages":2,"totalCount":"6""#);
    let walked = asker(&mock, &told, "t").walk("list?");
    assert_eq!((ids(&walked), walked.end, walked.miscounted), ((0..6).collect(), Ok(()), None));
    assert_eq!(mock.asked().len(), 2);
    let short = bearer("kind = \"page\", param = \"page\", first = 0, size_param = \"n\", size = 3");
    let mock = numbered(7, 3, |asked| param(asked, "page") * 3, "");
    assert_eq!(ids(&asker(&mock, &short, "t").walk("list?")), (0..7).collect::<Vec<_>>());
    assert!(mock.asked().iter().all(|asked| asked.param("n").as_deref() == Some("3")));
    // The number stands after the address, in braces, behind the filter.
    let suffix = bearer("kind = \"page\", style = \"suffix\", param = \"filter\", first = 0, size = 2");
    let mock = Mock::start(|asked, _, _| {
        let number: i64 =
            asked.target.rsplit_once("{page:").unwrap().1.trim_end_matches('}').parse().unwrap();
        page(number * 2..(number * 2 + 2).min(3), "")
    });
    let walked = asker(&mock, &suffix, "t").walk("v2/Students?filter=a%3D'b'&schoolId=7");
    assert_eq!((ids(&walked), walked.end), (vec![0, 1, 2], Ok(())));
    assert!(mock.asked()[1].target.starts_with("/v2/Students?schoolId=7&filter=a%3D%27b%27{page:1}"));
}

#[test]
fn offsets_count_what_came_and_cursors_are_carried() {
    let form = bearer("kind = \"offset\", param = \"from\", limit_param = \"limit\", limit = 100");
    // Asked for a hundred, the service gives four at a time.
    let mock = numbered(10, 4, |asked| param(asked, "from"), "");
    let walked = asker(&mock, &form, "t").walk("list?");
    assert_eq!((ids(&walked), walked.end), ((0..10).collect(), Ok(())));
    assert!(walked.doubtful, "several pages by position");
    let mock = Mock::start(|asked, _, _| match asked.param("cursor").as_deref() {
        None => page([1], r#","next":"a=b&c""#),
        Some("a=b&c") => page([2], r#","next":"""#),
        _ => Reply::status(400),
    });
    let walked =
        asker(&mock, &bearer("kind = \"cursor\", param = \"cursor\", at = \"next\""), "t").walk("list?");
    assert_eq!((ids(&walked), walked.end, walked.doubtful), (vec![1, 2], Ok(()), false));
}

#[test]
fn a_total_that_disagrees_or_moves_is_seen() {
    let form = bearer("kind = \"offset\", param = \"from\", total = \"total\"");
    let counted = |totals: [i64; 2]| {
        let mock = Mock::start(move |asked, _, _| {
            let from = param(asked, "from");
            let total = totals[usize::from(from > 0)];
            page(from..(from + 3).min(6), &format!(r#","total":{total}"#))
        });
        asker(&mock, &form, "t").walk("list?").miscounted
    };
    assert_eq!(counted([6, 6]), None);
    assert_eq!(counted([7, 6]), Some(Problem::TotalDisagrees));
    assert_eq!(counted([7, 7]), Some(Problem::TotalDisagrees));
}

#[test]
fn a_list_that_moves_has_another_trace_the_second_time() {
    // After the first page somebody on it leaves: whoever stood first on the second page is passed by.
    let mock = Mock::start(|asked, number, _| {
        let list: Vec<i64> = if number == 0 { (0..6).collect() } else { (1..6).collect() };
        let from = param(asked, "from") as usize;
        page(list.into_iter().skip(from).take(3), "")
    });
    let mut asker = asker(&mock, &bearer("kind = \"offset\", param = \"from\""), "t");
    let first = asker.walk("list?");
    assert_eq!(ids(&first), [0, 1, 2, 4, 5], "3 was passed by");
    let (second, third) = (asker.walk("list?"), asker.walk("list?"));
    assert_ne!(first.trace, second.trace);
    assert_eq!(second.trace, third.trace);
}

#[test]
fn a_walk_goes_on_where_it_was_cut_off_with_the_last_page_again() {
    for form in [
        bearer("kind = \"offset\", param = \"from\""),
        bearer("kind = \"next_link\", at = \"next\""),
        bearer("kind = \"page\", param = \"page\", first = 0, size = 3"),
    ] {
        let mock = Mock::start(|asked, _, _| {
            let from = param(asked, "from") + 3 * param(asked, "page") + 3 * param(asked, "p");
            let next =
                if from < 9 { format!(r#","next":"/list?a=b&p={}""#, from / 3 + 1) } else { String::new() };
            page(from..(from + 3).min(11), if asked.target.contains("from") { "" } else { &next })
        });
        let mut asker = asker(&mock, &form, "t");
        let whole = asker.walk("list?a=b");
        let half = asker.walk_from("list?a=b", None, 2);
        let rest = asker.walk_from("list?a=b", half.token.as_deref(), u32::MAX);
        assert_eq!(ids(&rest), (3..11).collect::<Vec<_>>(), "{form}");
        assert_eq!(rest.trace, whole.trace, "the whole is known as one");
    }
}
