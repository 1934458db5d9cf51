use super::*;

fn single() -> String {
    bearer("kind = \"single\"")
}

/// The first answers go wrong in these ways, the others are right.
fn failing(first: Vec<Reply>) -> Mock {
    Mock::start(move |_, number, _| first.get(number).cloned().unwrap_or_else(|| page([1], "")))
}

fn ends(first: Vec<Reply>) -> (Result<(), Refusal>, usize) {
    let mock = failing(first);
    let end = asker(&mock, &single(), "t").walk("list?").end;
    (end, mock.asked().len())
}

#[test]
fn what_passes_is_asked_again() {
    let cut = Reply { cut: 5, ..page([1, 2, 3], "") };
    let reset = Reply { reset: true, ..page([], "") };
    let html = Reply { headers: vec![("content-type".into(), "text/html".into())], ..Reply::json("<html>") };
    let disguised = Reply::json("<!doctype html>");
    let drip = Reply { drip: Duration::from_millis(600), ..page([1], "") };
    // Whole by its length, and cut off all the same.
    let short = Reply::json(r#"{"data":[{"id":1}"#);
    for wrong in
        [cut, reset, html, disguised, drip, short, Reply::status(500), Reply::status(408), Reply::json("{}")]
    {
        assert_eq!(ends(vec![wrong.clone(), wrong.clone()]), (Ok(()), 3), "{wrong:?}");
    }
    let lasting = ends(vec![Reply::status(404); 9]);
    assert_eq!(lasting, (Err(Refusal::Fault(Problem::HttpStatus(404))), 1));
    let elsewhere = Reply::status(302).with("location", "https://elsewhere.example/");
    assert_eq!(ends(vec![elsewhere; 9]), (Err(Refusal::Fault(Problem::HttpStatus(302))), 1));
}

#[test]
fn what_does_not_pass_is_put_off() {
    let (end, asked) = ends(vec![Reply::status(503); 9]);
    assert_eq!((end, asked), (Err(Refusal::Later(Problem::HttpStatus(503), Duration::ZERO)), 4));
    let (end, asked) = ends(vec![Reply::status(429).with("retry-after", "3600"); 9]);
    let hour = Duration::from_hours(1);
    assert_eq!(
        (end, asked),
        (Err(Refusal::Later(Problem::HttpStatus(429), hour)), 1),
        "at once: no waiting for an hour"
    );
}

#[test]
fn a_hint_is_waited_for_and_no_hint_does_not_burn_the_attempts() {
    let began = std::time::Instant::now();
    let mock = failing(vec![Reply::status(429).with("retry-after", "1")]);
    let mut asker = asker(&mock, &single(), "t");
    assert_eq!(asker.walk("list?").end, Ok(()));
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(asker.service.effort().throttled, Duration::from_secs(1));
    assert_eq!((asker.service.effort().requests, asker.service.effort().retries), (2, 1));
    for none in ["0", "-1", "Sun, 06 Nov 1994 08:49:37 GMT"] {
        assert_eq!(ends(vec![Reply::status(429).with("retry-after", none); 3]), (Ok(()), 4), "{none}");
    }
}

#[test]
fn an_outage_is_not_answered_with_a_storm() {
    let mock = Mock::start(|_, _, _| Reply::status(500));
    let mut asker = asker(&mock, &single(), "t");
    for _ in 0..40 {
        assert!(matches!(asker.walk("list?").end, Err(Refusal::Later(..))));
    }
    let asked = mock.asked().len();
    assert!(asked <= 30, "{asked} requests for 40 lists of a dead service");
}

#[test]
fn an_answer_says_for_itself_whether_it_is_one() {
    let form = single()
        + "success = { at = \"success\", is = \"true\" }\nfailure = { at = \"Message.MessageId\", transient = [\"UnhandledException\"] }\n";
    let ends = |body: &'static str| {
        let mock = Mock::start(move |_, _, _| Reply::json(body));
        let end = asker(&mock, &form, "t").walk("list?").end;
        (end, mock.asked().len())
    };
    assert_eq!(ends(r#"{"success":true,"data":[]}"#), (Ok(()), 1));
    let failed = Problem::ServiceFailed;
    let later = Err(Refusal::Later(failed, Duration::ZERO));
    assert_eq!(ends(r#"{"success":false,"data":[]}"#), (later, 4));
    assert_eq!(ends(r#"{"data":[]}"#), (later, 4));
    let message = r#"{"success":true,"data":[],"Message":{"MessageId":"UnhandledException"}}"#;
    assert_eq!(ends(message), (later, 4));
    let lasting = r#"{"success":true,"data":[],"Message":{"MessageId":"InvalidApiKey"}}"#;
    assert_eq!(ends(lasting), (Err(Refusal::Fault(failed)), 1));
}

#[test]
fn a_status_means_what_the_connector_says() {
    let form = single()
        + "errors = [{ status = 403, do = \"skip_feed\" }, { status = 410, do = \"revoked\" }, { status = 409, do = \"retry\" }, { status = 500, do = \"fail\" }]\n";
    let ends = |status: u16| {
        let mock = Mock::start(move |_, _, _| Reply::status(status));
        asker(&mock, &form, "t").walk("list?").end
    };
    assert_eq!(ends(403), Err(Refusal::NotGranted(Problem::HttpStatus(403))));
    assert_eq!(ends(410), Err(Refusal::Revoked));
    assert_eq!(ends(409), Err(Refusal::Later(Problem::HttpStatus(409), Duration::ZERO)));
    assert_eq!(ends(500), Err(Refusal::Fault(Problem::HttpStatus(500))));
}
