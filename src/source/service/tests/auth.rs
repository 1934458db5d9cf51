use super::*;

const SINGLE: &str = "paging = { kind = \"single\" }\n";

fn one(form: &str, secret: &str) -> mock::Asked {
    let mock = Mock::start(|_, _, _| page([1], ""));
    let walked = asker(&mock, &format!("auth = {form}\n{SINGLE}"), secret).walk("list?");
    assert_eq!((walked.pages, walked.end), (vec![vec![1]], Ok(())));
    mock.asked().remove(0)
}

#[test]
fn fixed_credentials_stand_where_the_connector_says() {
    assert_eq!(one("{ kind = \"bearer\" }", "s3cret\n").header("authorization"), Some("Bearer s3cret"));
    // dTpwOnc= is u:p:w, dTo= is u and no password.
    assert_eq!(one("{ kind = \"basic\" }", "u:p:w").header("authorization"), Some("Basic dTpwOnc="));
    assert_eq!(one("{ kind = \"basic\" }", "u").header("authorization"), Some("Basic dTo="));
    let asked =
        one("{ kind = \"headers\", names = [\"ApplicationId\", \"ApplicationSecret\"] }", "first\nsecond\n");
    assert_eq!(
        (asked.header("applicationid"), asked.header("applicationsecret")),
        (Some("first"), Some("second"))
    );
    assert_eq!(one("{ kind = \"query\", name = \"apiKey\" }", "k&y").target, "/list?apiKey=k%26y");
}

#[test]
fn a_key_in_the_query_is_not_part_of_where_a_walk_stands() {
    let mock = Mock::start(|asked, _, own| match asked.param("page").as_deref() {
        None => page([1], &format!(r#","next":"{own}/list?apiKey=hidden&page=2""#)),
        _ => page([2], ""),
    });
    let form =
        "auth = { kind = \"query\", name = \"apiKey\" }\npaging = { kind = \"next_link\", at = \"next\" }\n";
    let walked = asker(&mock, form, "hidden").walk("list?");
    assert_eq!(walked.pages, [[1], [2]]);
    assert!(!walked.token.unwrap().contains("hidden"));
    assert!(mock.asked().iter().all(|asked| asked.target.matches("hidden").count() == 1));
}

#[test]
fn oauth2_gets_one_token_and_a_new_one_when_it_is_refused() {
    // The second page refuses the first token.
    let mock = Mock::start(|asked, number, _| {
        if asked.method == "POST" {
            assert!(asked.body.contains("grant_type=client_credentials") && asked.body.contains("scope=a+b"));
            assert_eq!(asked.header("authorization"), Some("Basic aWQ6c2VjcmV0"));
            return Reply::json(&format!(
                r#"{{"access_token":"t{number}","token_type":"bearer","expires_in":3600}}"#
            ));
        }
        let number = asked.param("page").unwrap_or_default();
        if number == "2" && asked.header("authorization") == Some("Bearer t0") {
            return Reply::status(401);
        }
        match number.as_str() {
            "1" => page([1, 2], ""),
            _ => page([3], ""),
        }
    });
    let form = "auth = { kind = \"oauth2\", token_path = \"token\", scope = \"a b\" }\npaging = { kind = \"page\", param = \"page\", size = 2 }\n";
    let walked = asker(&mock, form, "id:secret").walk("list?");
    assert_eq!((walked.pages, walked.end), (vec![vec![1, 2], vec![3]], Ok(())));
    assert_eq!(mock.asked().iter().filter(|asked| asked.method == "POST").count(), 2);
}

#[test]
fn a_token_that_is_about_to_expire_is_replaced_before_it_is_used() {
    let mock = Mock::start(|asked, _, _| match asked.method.as_str() {
        "POST" => {
            assert!(asked.body.contains("client_id=id") && asked.body.contains("client_secret=secret"));
            Reply::json(r#"{"access_token":"t","expires_in":0}"#)
        }
        _ if asked.param("page").as_deref() == Some("1") => page([1, 2], ""),
        _ => page([3], ""),
    });
    let form = "auth = { kind = \"oauth2\", token_path = \"token\", client_in = \"form\" }\npaging = { kind = \"page\", param = \"page\", size = 2 }\n";
    asker(&mock, form, "id:secret").walk("list?");
    assert_eq!(mock.asked().iter().filter(|asked| asked.method == "POST").count(), 2);
}

#[test]
fn a_credential_that_is_refused_twice_is_a_fault() {
    let mock = Mock::start(|asked, _, _| match asked.method.as_str() {
        "POST" => Reply::json(r#"{"access_token":"t","expires_in":60}"#),
        _ => Reply::status(401),
    });
    let form = format!("auth = {{ kind = \"oauth2\" , token_path = \"t\"}}\n{SINGLE}");
    assert_eq!(
        asker(&mock, &form, "id:secret").walk("list?").end,
        Err(Refusal::Fault(Problem::HttpStatus(401)))
    );
    assert_eq!(mock.asked().len(), 4, "a token, a refusal, another token, another refusal");
    let mock = Mock::start(|_, _, _| Reply::status(403));
    assert_eq!(
        asker(&mock, &form, "id:secret").walk("list?").end,
        Err(Refusal::Fault(Problem::TokenRefused))
    );
    let mock = Mock::start(|_, _, _| Reply::status(401));
    let walked = asker(&mock, &bearer("kind = \"single\""), "t").walk("list?");
    assert_eq!(walked.end, Err(Refusal::Fault(Problem::HttpStatus(401))));
    assert_eq!(mock.asked().len(), 1, "a fixed token is not asked with twice");
}

#[test]
fn a_secret_is_exchanged_for_a_token_of_the_tenant() {
    let mock = Mock::start(|asked, _, _| {
        if asked.method == "POST" {
            let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
            assert_eq!(body["estab"], "T1");
            assert_eq!(body["relyingParty"], "our.app");
            assert_eq!(body["password"], "se\"cret");
            return Reply::json(r#"{"token":"tok","expires":"2999-01-01T00:00:00"}"#);
        }
        assert_eq!(asked.header("authorization"), Some("Idaas tok"));
        page([1], "")
    });
    let form = format!(
        "auth = {{ kind = \"exchange\", url = \"{{mock}}/sts\", body = {{ estab = \"{{tenant}}\", relyingParty = \"{{param:app}}\", password = \"{{secret}}\" }}, token = \"token\", expires = \"expires\", scheme = \"Idaas\" }}\n{SINGLE}"
    );
    let mut asker = asker(&mock, &form, "se\"cret");
    assert_eq!(asker.walk("list?").end, Ok(()));
    assert_eq!(asker.walk("list?").end, Ok(()));
    assert_eq!(mock.asked().iter().filter(|asked| asked.method == "POST").count(), 1);
}

#[test]
fn a_service_is_not_asked_in_clear_nor_with_an_open_secret() {
    use super::super::ServiceFault;
    let dir = tempfile::tempdir().unwrap();
    let token = secret_file(&dir, "t");
    let form: RestForm = toml::from_str(&bearer("kind = \"single\"")).unwrap();
    let open = |base: &str| Service::open(&source(base, token.clone()), &form, soon()).err();
    assert_eq!(open("http://mis.example"), Some(ServiceFault::InClear));
    assert_eq!(open("not an address"), Some(ServiceFault::Address));
    assert_eq!(open("https://{tenant}.mis.example/{param:x}"), None);
    let two: RestForm = toml::from_str(
        "auth = { kind = \"headers\", names = [\"a\", \"b\"] }\npaging = { kind = \"single\" }",
    )
    .unwrap();
    assert_eq!(
        Service::open(&source("https://x.example", token.clone()), &two, soon()).err(),
        Some(ServiceFault::TokenShape)
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(open("https://mis.example"), Some(ServiceFault::OpenToken));
    }
}
