use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn access(journal_for: &[&str]) -> Access {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("tokens");
    std::fs::write(&file, format!("master {SECRET}\nother {SECRET}x\n")).unwrap();
    let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, owner_only).unwrap();
    Access {
        tokens: tokens(&file).unwrap(),
        journal_for: journal_for.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect()
}

#[test]
fn each_way_asks_for_its_key_and_the_journal_is_for_the_named() {
    use Way::{Encrypted, Loopback, Plain, Socket};
    let bearer = format!("Bearer {SECRET}");
    let other = format!("bearer {SECRET}x");
    let nothing = headers(&[]);
    let master = headers(&[("authorization", &bearer)]);
    let named_other = headers(&[("authorization", &other)]);
    let wrong = headers(&[("authorization", "Bearer 0123456789abcdef0123456789abcdeX")]);
    let basic = headers(&[("authorization", "Basic eDp5")]);
    let proxied = headers(&[("x-forwarded-for", "10.0.0.9")]);
    let certificate = Certificate {
        names: vec!["master-1".to_owned()],
    };
    let unnamed = Certificate::default();
    let no = |refusal| Err::<bool, _>(refusal);
    for (way, certificate, headers, journal_for, expected) in [
        (Socket, None, &nothing, &["socket"][..], Ok(true)),
        (Socket, None, &nothing, &[], Ok(false)),
        (Socket, None, &proxied, &["socket"], Ok(false)),
        (Socket, None, &proxied, &["proxy"], Ok(true)),
        (Loopback, None, &nothing, &["socket"], Ok(false)),
        (Loopback, None, &proxied, &["proxy"], Ok(true)),
        (Loopback, None, &master, &["master"], Ok(true)),
        (Loopback, None, &wrong, &["socket"], Ok(false)),
        (Loopback, None, &basic, &["token", "master"], Ok(false)),
        (Socket, None, &wrong, &["socket"], Ok(true)),
        (Socket, None, &wrong, &["master"], Ok(false)),
        (Plain, None, &nothing, &["socket"], no(Refusal::NoKey)),
        (Plain, None, &proxied, &["proxy"], no(Refusal::NoKey)),
        (Plain, None, &master, &["socket"], Ok(false)),
        // Not in the clear, whoever it is for.
        (Plain, None, &master, &["master"], Ok(false)),
        (Encrypted, None, &nothing, &[], no(Refusal::NoKey)),
        (Encrypted, None, &wrong, &[], no(Refusal::WrongKey)),
        (Encrypted, None, &basic, &[], no(Refusal::WrongKey)),
        (Encrypted, None, &master, &["master"], Ok(true)),
        (Encrypted, None, &named_other, &["master"], Ok(false)),
        (Encrypted, Some(&certificate), &nothing, &["master-1"], Ok(true)),
        (Encrypted, Some(&certificate), &nothing, &["socket"], Ok(false)),
        (Encrypted, Some(&unnamed), &nothing, &["master-1"], Ok(false)),
        // A bad token is not made good by a certificate.
        (Encrypted, Some(&certificate), &wrong, &[], no(Refusal::WrongKey)),
        // Nobody is a socket by calling himself so.
        (
            Encrypted,
            Some(&unnamed),
            &proxied,
            &["proxy", "socket"],
            Ok(false),
        ),
    ] {
        let found = access(journal_for).admit(way, certificate, headers);
        assert_eq!(
            found.map(|consumer| consumer.journal),
            expected,
            "{way:?} {certificate:?} {headers:?} {journal_for:?}"
        );
    }
}

#[test]
fn without_tokens_credentials_of_others_are_not_looked_at() {
    let access = Access::default();
    let headers = headers(&[("authorization", "token=abc")]);
    assert!(access.admit(Way::Loopback, None, &headers).is_ok());
    assert_eq!(access.admit(Way::Encrypted, None, &headers), Err(Refusal::NoKey));
}
