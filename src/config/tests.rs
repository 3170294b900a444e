//! Defaults, sources and sentences of the configuration.

use super::*;

fn from_environment(variables: &[(&str, &str)]) -> Result<Config, Error> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let mut config = Config::default();
    for (name, setting, text) in sources::environment(variables)? {
        config.apply(&name, setting, &text)?;
    }
    Ok(config)
}

fn from_file(text: &str) -> Result<Config, Error> {
    let mut config = Config::default();
    for (name, setting, text) in sources::toml("hubwire.toml", text)? {
        config.apply(&name, setting, &text)?;
    }
    Ok(config)
}

#[test]
fn defaults_are_those_of_the_contract() {
    let config = Config::default();
    assert_eq!(config.listen.to_string(), "127.0.0.1:5080");
    assert_eq!(config.database(), "sqlite://./hubwire-data/hubwire.db?mode=rwc");
    assert_eq!(
        (config.limits.text_characters, config.limits.group_members),
        (10_000, 50)
    );
    assert_eq!((config.limits.messages_per_minute, config.limits.burst), (30, 10));
    assert_eq!(
        (config.limits.hub_message_bytes, config.limits.connections_per_person),
        (256 * 1024, 10)
    );
    assert!(!config.is_production() && config.cors_origins.is_empty());
}

#[test]
fn env_example_lists_every_setting_with_its_default() {
    let file = include_str!("../../.env.example");
    assert_eq!(file, settings::env_example(), "write the second text to .env.example");
}

#[test]
fn file_sets_plain_values_lists_and_sections() {
    let config = from_file(
        "listen = \"0.0.0.0:80\"\ncors_origins = [\"https://a.test\", \"https://b.test/\"]\n[limits]\nburst = 0\n",
    );
    let config = config.unwrap();
    assert_eq!(config.listen.to_string(), "0.0.0.0:80");
    assert_eq!(config.cors_origins, ["https://a.test", "https://b.test"]);
    assert_eq!(config.limits.burst, 0);
}

#[test]
fn empty_values_leave_the_default() {
    let config = from_environment(&[("HUBWIRE_LISTEN", ""), ("HUBWIRE_JWT_SECRET", " ")]).unwrap();
    assert_eq!((config.listen.port(), config.jwt_secret), (5080, None));
}

#[test]
fn foreign_variables_are_left_alone() {
    from_environment(&[
        ("HUBWIRE_PORT", "tcp://10.0.0.1:80"),
        ("HUBWIRE_SERVICE_HOST", "10.0.0.1"),
    ])
    .unwrap();
}

#[test]
fn bad_settings_are_one_sentence_that_names_them() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "HUBWIRE_LISTEN",
            "nowhere",
            "HUBWIRE_LISTEN: \"nowhere\" is not an address and port such as 127.0.0.1:5080.",
        ),
        (
            "HUBWIRE_LISTN",
            "x",
            "HUBWIRE_LISTN: there is no such setting; .env.example lists them all.",
        ),
        (
            "HUBWIRE_DATABASE_URL",
            "mysql://u:pass@h/d",
            "HUBWIRE_DATABASE_URL: the value must begin with sqlite: or postgres://.",
        ),
        (
            "HUBWIRE_ENV",
            "prod",
            "HUBWIRE_ENV: \"prod\" is not development or production.",
        ),
        (
            "HUBWIRE_CORS_ORIGINS",
            "*",
            "HUBWIRE_CORS_ORIGINS: \"*\" lists *, which browsers refuse together with credentials: name the origins.",
        ),
        (
            "HUBWIRE_CORS_ORIGINS",
            "chat.test",
            "HUBWIRE_CORS_ORIGINS: \"chat.test\" is not a list of origins such as https://chat.example.com.",
        ),
        (
            "HUBWIRE_LIMITS_BURST",
            "-1",
            "HUBWIRE_LIMITS_BURST: \"-1\" is not a whole number from 0 to 4294967295.",
        ),
        (
            "HUBWIRE_SHUTDOWN_SECONDS",
            "0",
            "HUBWIRE_SHUTDOWN_SECONDS: \"0\" is not a whole number from 1 to 300.",
        ),
        (
            "HUBWIRE_DETAILED_ERRORS",
            "maybe",
            "HUBWIRE_DETAILED_ERRORS: \"maybe\" is not true or false.",
        ),
        (
            "HUBWIRE_PUBLIC_URL",
            "chat",
            "HUBWIRE_PUBLIC_URL: \"chat\" is not an address such as https://chat.example.com.",
        ),
        (
            "HUBWIRE_LOG_LEVEL",
            "loud=very",
            "HUBWIRE_LOG_LEVEL: \"loud=very\" is not a log level such as info, nor directives such as info,hubwire=debug.",
        ),
    ];
    for (name, value, sentence) in cases {
        assert_eq!(&from_environment(&[(name, value)]).unwrap_err().to_string(), sentence);
    }
}

#[test]
fn bad_files_are_one_sentence_that_names_the_place() {
    let cases: &[(&str, &str)] = &[
        (
            "listen = 1.5",
            "listen in hubwire.toml: the value is not a text, a number, true, false or a list of texts.",
        ),
        (
            "colour = \"red\"",
            "colour in hubwire.toml: there is no such setting; .env.example lists them all.",
        ),
        (
            "[limits]\nspeed = 1",
            "limits.speed in hubwire.toml: there is no such setting; .env.example lists them all.",
        ),
        (
            "limits = 3",
            "limits in hubwire.toml: there is no such setting; .env.example lists them all.",
        ),
    ];
    for (text, sentence) in cases {
        assert_eq!(&from_file(text).unwrap_err().to_string(), sentence);
    }
    let sentence = from_file("\n\nlisten = ").unwrap_err().to_string();
    assert!(sentence.starts_with("hubwire.toml: line 3 is not TOML: "), "{sentence}");
}

#[test]
fn secrets_are_not_printed() {
    let config = from_environment(&[
        ("HUBWIRE_JWT_SECRET", "hush-hush"),
        ("HUBWIRE_DATABASE_URL", "postgres://ann:pw@h/d"),
    ])
    .unwrap();
    let shown = format!("{config:?}");
    assert!(!shown.contains("hush-hush") && !shown.contains("pw@"), "{shown}");
}
