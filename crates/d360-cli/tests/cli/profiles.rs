//! Profiles and `whoami`.
use crate::{Folder, Ran, command, finish};
use d360_sandbox::Sandbox;
use serde_json::{Value, json};

const KEY: &str = "hush-hush-key";

/// A settings folder, and runs of the program with it. No run may print the key.
struct Home {
    folder: Folder,
}

impl Home {
    fn new() -> Self {
        Self { folder: Folder::new() }
    }
    /// Creates the folder with this file of profiles, which only its owner can read.
    fn of(text: &str) -> Self {
        let home = Self::new();
        std::fs::create_dir_all(home.folder.path("d360")).unwrap();
        home.folder.file("d360/config.toml", text);
        home.folder.owner_alone("d360/config.toml");
        home
    }
    fn file(&self) -> String {
        self.folder.path("d360/config.toml")
    }
    fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }
    fn command(&self, args: &[&str]) -> assert_cmd::Command {
        let mut command = command(args);
        command.env("XDG_CONFIG_HOME", self.folder.path(""));
        command
    }
    fn run(&self, args: &[&str]) -> Ran {
        self.finish(self.command(args))
    }
    fn finish(&self, command: assert_cmd::Command) -> Ran {
        let ran = finish(command);
        assert!(!ran.out.contains(KEY) && !ran.err.contains(KEY), "{}{}", ran.out, ran.err);
        ran
    }
    fn add(&self, args: &[&str]) -> Ran {
        let mut command = self.command(&[&["profile", "add"], args].concat());
        command.write_stdin(format!("{KEY}\n"));
        self.finish(command)
    }
}

#[test]
fn profiles_are_added_listed_used_shown_and_removed() {
    let home = Home::new();
    assert_eq!(home.run(&["profile", "list"]).out, "");
    let ran = home.add(&["shop", "--base-url", "http://127.0.0.1:4360", "--messages-per-second", "20"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains(&home.file()) && ran.err.contains("it is the default"),
        "{}{}",
        ran.out,
        ran.err
    );
    let ran =
        home.add(&["meta", "--api", "graph", "--phone-number-id", "1065", "--key-command", "pass show meta"]);
    assert!(ran.code == 0 && ran.err.contains("d360 profile use meta"), "{}", ran.err);
    let partner =
        ["--api", "partner", "--partner-id", "pPA", "--channel-id", "cCH", "--key-env", "HUB_TOKEN"];
    assert_eq!(home.add(&[&["hub"], &partner[..]].concat()).code, 0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: String| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(home.file()), mode(home.folder.path("d360"))), (0o600, 0o700));
    }

    let listed = home.run(&["profile", "list", "--output", "json"]).json();
    let meta = json!({"name": "meta", "default": false, "api": "graph", "phone_number_id": "1065", "key_command": ["sh", "-c", "pass show meta"]});
    assert_eq!(listed["profiles"][1], meta);
    assert_eq!(listed["profiles"][2]["key"], "••••");
    let ran = home.run(&["profile", "list"]);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(
        lines[0].starts_with("  hub") && lines[0].contains("partner") && lines[0].contains("key_env"),
        "{lines:?}"
    );
    assert!(lines[2].starts_with("* shop") && lines[2].ends_with("http://127.0.0.1:4360"), "{lines:?}");

    assert_eq!(home.run(&["profile", "use", "meta"]).code, 0);
    let shown = home.run(&["profile", "show"]);
    assert!(
        shown.out.contains("name: meta\n") && shown.out.contains("phone_number_id: 1065"),
        "{}",
        shown.out
    );
    let shown = home.run(&["profile", "show", "shop"]);
    assert!(
        shown.out.contains("key: ••••") && shown.out.contains("messages_per_second: 20"),
        "{}",
        shown.out
    );
    let ran = home.run(&["profile", "remove", "meta"]);
    assert!(ran.code == 0 && ran.err.contains("it was the default"), "{}", ran.err);
    assert_eq!(home.run(&["profile", "show"]).code, 2, "no profile is in use");

    for (args, reason) in [
        (&["profile", "add", "shop"][..], "already exists; replace it with --replace"),
        (&["profile", "add", "none"], "means no profile"),
        (&["profile", "add", "a b"], "not a valid profile name"),
        (&["profile", "add", "x", "--key-env", "A", "--key-command", "b"], "cannot be used with"),
        (&["profile", "add", "x", "--base-url", "http://example.com"], "not encrypted"),
        (&["profile", "add", "x", "--phone-number-id", "1"], "--phone-number-id is for --api graph"),
        (&["profile", "use", "meta"], "has no profile \"meta\"; its profiles: hub, shop"),
        (&["profile", "remove", "meta"], "has no profile \"meta\""),
        (&["profile", "list", "--profile", "shop"], "--profile is for commands that call an API"),
        (&["webhook", "listen", "--profile", "shop"], "--profile is for commands that call an API"),
    ] {
        let ran = home.run(args);
        assert!(ran.code == 2 && ran.err.contains(reason), "{args:?}: {}", ran.err);
    }
    let ran = home.run(&["profile", "add", "empty"]);
    assert!(ran.code == 2 && ran.err.contains("the API key is empty"), "{}", ran.err);
    assert!(!home.text().contains("empty"));
    assert_eq!(home.add(&["shop", "--replace"]).code, 0);
    assert!(!home.text().contains("4360"), "a profile is replaced as a whole: {}", home.text());
}

#[test]
fn comments_and_links_stay_when_the_file_is_changed() {
    let text = "# Ours.\ndefault_profile = \"a\" # for now\n\n[profiles.a] # the shop\nkey_env = \"A\" # from the vault\n\n# Old.\n[profiles.b]\nkey_env = \"B\"\n";
    let home = Home::of(text);
    assert_eq!(home.run(&["profile", "use", "b"]).code, 0);
    assert_eq!(home.text(), text.replace("= \"a\"", "= \"b\""));
    assert_eq!(home.run(&["profile", "use", "a"]).code, 0);
    assert_eq!(home.run(&["profile", "add", "c", "--key-env", "C"]).code, 0);
    assert!(home.text().starts_with(text), "{}", home.text());
    assert!(home.text().ends_with("\n[profiles.c]\napi = \"cloud\"\nkey_env = \"C\"\n"), "{}", home.text());
    // No temporary file is left.
    assert_eq!(std::fs::read_dir(home.folder.path("d360")).unwrap().count(), 1);
    #[cfg(unix)]
    {
        let real = home.folder.path("dotfile");
        std::fs::rename(home.file(), &real).unwrap();
        std::os::unix::fs::symlink(&real, home.file()).unwrap();
        assert_eq!(home.run(&["profile", "remove", "c"]).code, 0);
        assert!(std::fs::symlink_metadata(home.file()).unwrap().is_symlink());
        assert_eq!(std::fs::read_to_string(real).unwrap(), text);
    }
}

#[test]
fn concurrent_changes_are_not_lost() {
    let home = Home::new();
    let names: Vec<String> = (0..8).map(|n| format!("p{n}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| assert_eq!(home.run(&["profile", "add", name, "--key-env", "K"]).code, 0));
        }
    });
    assert_eq!(home.run(&["profile", "list"]).out.lines().count(), if cfg!(unix) { 8 } else { 1 });
}

#[test]
fn mistakes_in_the_file_are_named_with_their_line() {
    for (text, line, reason) in [
        (
            "[profiles.a]\nkye_file = \"x\"\n",
            2,
            "unknown key kye_file in profile a; valid keys: api, base_url, key,",
        ),
        ("\nprofile = \"a\"\n", 2, "unknown key profile; valid keys: default_profile and [profiles.NAME]"),
        ("[profiles.a]\n\napi = \"facebook\"\n", 3, "api must be cloud, graph, onprem or partner"),
        ("[profiles.a]\nphone_number_id = 1065\n", 2, "phone_number_id must be a string in quotes"),
        ("[profiles.a]\nbase_url = \"\"\n", 2, "base_url must be a string in quotes"),
        (
            "[profiles.a]\nmessages_per_second = 0\n",
            2,
            "messages_per_second must be a whole number from 1 to 1000",
        ),
        ("[profiles.a]\nkey_command = []\n", 2, "key_command must be a list of strings"),
        ("[profiles.a]\nkey_command = [\"a\", 1]\n", 2, "key_command must be a list of strings"),
        ("[profiles.a]\nkey_env = \"A\"\nkey_file = \"b\"\n", 3, "keep one"),
        ("[profiles.'a b']\n", 1, "not a valid profile name"),
        ("[profiles.none]\n", 1, "means no profile"),
        ("profiles = 1\n", 1, "profiles is not a table"),
        (
            "default_profile = \"x\"\n[profiles.a]\n",
            1,
            "default_profile is \"x\", which is not a profile in this file",
        ),
        ("[profiles.a]\nkey = \"hush-hush-key\n", 2, "invalid TOML"),
        ("[profiles.a]\nkey = hush-hush-key\n", 2, "invalid TOML"),
        ("[profiles.a]\n[profiles.a]\n", 2, "invalid TOML"),
    ] {
        let home = Home::of(text);
        for args in [&["block", "list"][..], &["profile", "list"], &["profile", "add", "z", "--key-env", "Z"]]
        {
            let ran = home.run(args);
            let place = format!("error: {}:{line}: ", home.file());
            assert!(
                ran.code == 2 && ran.err.contains(&place) && ran.err.contains(reason),
                "{text}: {}",
                ran.err
            );
        }
        assert_eq!(home.text(), text);
        let ran = home.run(&["block", "list", "--output", "json"]);
        assert_eq!(ran.json()["error"]["kind"], "setup");
        // A command without API calls does not read it.
        assert_eq!(home.run(&["errors", "131047"]).code, 0);
    }
}

#[cfg(unix)]
#[test]
fn a_file_with_keys_must_be_private() {
    let home = Home::of(&format!("[profiles.a]\nkey = \"{KEY}\"\n"));
    for mode in [0o644, 0o640, 0o604, 0o660] {
        home.folder.mode("d360/config.toml", mode);
        for args in [&["block", "list", "--profile", "a"][..], &["profile", "list"], &["profile", "use", "a"]]
        {
            let ran = home.run(args);
            assert!(ran.code == 2 && ran.err.contains(&format!("chmod 600 {}", home.file())), "{}", ran.err);
        }
    }
    home.folder.mode("d360/config.toml", 0o600);
    assert_eq!(home.run(&["profile", "list"]).code, 0);
    // A file without keys may be readable by others, until a key is added.
    let home = Home::of("[profiles.a]\nkey_env = \"A\"\n");
    home.folder.mode("d360/config.toml", 0o644);
    assert_eq!(home.run(&["profile", "use", "a"]).code, 0);
    let before = home.text();
    let ran = home.add(&["b"]);
    assert!(ran.code == 2 && ran.err.contains("chmod 600"), "{}", ran.err);
    assert_eq!(home.text(), before);
    assert_eq!(home.run(&["profile", "add", "c", "--key-env", "C"]).code, 0);
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(home.file()).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o644, "permissions are kept");
}

const KEYS: [&str; 4] = ["from-flag", "from-environment", "from-profile", "from-default"];

/// A sandbox with a number for each key.
fn sandbox() -> Sandbox {
    let number = |n: usize| format!("1555000000{n}");
    let keys = KEYS.iter().enumerate();
    keys.fold(Sandbox::builder(), |sandbox, (n, key)| sandbox.key(*key, number(n))).start().unwrap()
}

#[test]
fn flags_override_the_environment_and_the_environment_profiles() {
    let sandbox = sandbox();
    let url = sandbox.base_url();
    let home = Home::of(&format!(
        "default_profile = \"a\"\n[profiles.a]\nkey = \"from-default\"\nbase_url = \"{url}\"\n[profiles.b]\nkey = \"from-profile\"\nbase_url = \"{url}\"\n[profiles.elsewhere]\nkey = \"from-profile\"\nbase_url = \"http://127.0.0.1:1\"\n"
    ));
    let file = home.folder.file("key", "from-flag");
    home.folder.owner_alone("key");
    let who = |args: &[&str], env: &[(&str, &str)]| {
        let mut command = home.command(&[&["whoami", "--offline", "--output", "json"], args].concat());
        command.envs(env.iter().copied());
        let ran = finish(command);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        ran.json()
    };
    let facts = |document: &Value| {
        let text = |name: &str| document[name].as_str().unwrap_or("-").to_owned();
        [text("profile"), text("key_from"), text("base_url_from")]
    };
    let key = ("D360_API_KEY", "from-environment");
    let base = ("D360_BASE_URL", "http://127.0.0.1:2");
    let profile = ("D360_PROFILE", "b");
    let flag = ["--key-file", file.as_str()];
    for (args, env, expected) in [
        (&[][..], &[][..], ["a", "profile", "profile"]),
        (&[], &[profile], ["b", "profile", "profile"]),
        (&["--profile", "a"], &[profile], ["a", "profile", "profile"]),
        (&[], &[key], ["a", "environment", "profile"]),
        (&[], &[key, base], ["a", "environment", "environment"]),
        (&flag, &[key, base], ["a", "flag", "environment"]),
        (&["--base-url", &url], &[base, key], ["a", "environment", "flag"]),
        (&["--profile", "none"], &[key], ["-", "environment", "default"]),
        (&[], &[key, ("D360_PROFILE", "none")], ["-", "environment", "default"]),
        (&[], &[("D360_PROFILE", "")], ["a", "profile", "profile"]),
    ] {
        assert_eq!(facts(&who(args, env)), expected, "{args:?} {env:?}");
    }
    // The printed profile is the one in use: a user can be blocked only by the number that the user wrote to.
    let users = ["+16505550100", "+16505550101", "+16505550102", "+16505550103"];
    KEYS.iter().zip(users).for_each(|(key, user)| sandbox.user_writes_to(key, user));
    for (args, env, expected) in [
        (&[][..], &[][..], "from-default"),
        (&["--profile", "b"], &[], "from-profile"),
        (&[], &[key], "from-environment"),
        (&flag, &[key], "from-flag"),
        (&["--profile", "elsewhere", "--base-url", &url], &[], "from-profile"),
        (&["--profile", "elsewhere"], &[("D360_BASE_URL", url.as_str())], "from-profile"),
    ] {
        let block = ["block", "add", users[0], users[1], users[2], users[3], "--output", "json"];
        let mut command = home.command(&[&block[..], args].concat());
        command.envs(env.iter().copied());
        let done = finish(command).json()["done"].clone();
        let at = KEYS.iter().position(|key| *key == expected).unwrap();
        assert!(done[0]["input"] == users[at] && done[1].is_null(), "{args:?} {env:?}: {done}");
    }
    // A note reports that a named profile is overridden.
    let mut command = home.command(&["block", "list", "--profile", "b"]);
    command.env("D360_API_KEY", "from-environment");
    let ran = finish(command);
    assert!(ran.err.contains("D360_API_KEY is set and overrides profile b"), "{}", ran.err);
}

#[test]
fn a_key_is_not_sent_to_another_system() {
    let home = Home::of(
        "default_profile = \"meta\"\n[profiles.meta]\napi = \"graph\"\nphone_number_id = \"1065\"\nkey_env = \"TOKEN\"\n[profiles.hub]\napi = \"partner\"\npartner_id = \"pPA\"\nkey_env = \"TOKEN\"\n",
    );
    let run = |args: &[&str]| {
        let mut command = home.command(args);
        command.env("TOKEN", KEY);
        home.finish(command)
    };
    let place =
        ["send", "location", "--to", "+16505551234", "--latitude", "1", "--longitude", "2", "--dry-run"];
    let ran = run(&[&place[..], &["--output", "json"]].concat());
    assert_eq!(ran.json()["url"], "https://graph.facebook.com/v25.0/1065/messages", "{}", ran.err);
    let other = [&place[..], &["--phone-number-id", "7", "--output", "json"]].concat();
    assert_eq!(run(&other).json()["url"], "https://graph.facebook.com/v25.0/7/messages");
    // A default profile that does not fit is ignored with a note. A named one is an error.
    for args in [&["block", "list", "--api", "onprem"][..], &["channels", "list", "--partner-id", "pPA"]] {
        let ran = run(args);
        assert!(ran.code == 2 && ran.err.contains("no API key"), "{}", ran.err);
        assert!(ran.err.contains("profile meta is ignored: it is for --api graph"), "{}", ran.err);
    }
    let ran = run(&["block", "list", "--api", "onprem", "--profile", "meta"]);
    assert!(
        ran.code == 2 && ran.err.contains("profile meta is for --api graph, not for --api onprem"),
        "{}",
        ran.err
    );
    let sandbox = Sandbox::builder().key(KEY, "15550000000").start().unwrap();
    let ran = run(&["channels", "list", "--profile", "hub", "--base-url", &sandbox.base_url()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    // Its other settings are those of the partner, and so are those of blocking.
    let ran = run(&["block", "list", "--profile", "hub", "--base-url", &sandbox.base_url()]);
    assert!(ran.code == 2 && ran.err.contains("--channel-id"), "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn keys_come_from_files_variables_and_programs() {
    let sandbox = Sandbox::builder().key(KEY, "15550000000").start().unwrap();
    let url = sandbox.base_url();
    let list = |setting: &str| {
        let home =
            Home::of(&format!("default_profile = \"a\"\n[profiles.a]\nbase_url = \"{url}\"\n{setting}\n"));
        home.folder.file("d360/shop.key", format!("{KEY}\n"));
        home.folder.owner_alone("d360/shop.key");
        home.folder.file("d360/open.key", KEY);
        home.folder.mode("d360/open.key", 0o644);
        let mut command = home.command(&["block", "list"]);
        command.env("SHOP_KEY", KEY).write_stdin("standard input is not the program's");
        home.finish(command)
    };
    for setting in [
        "key = \"hush-hush-key\"",
        "key_file = \"shop.key\"",
        "key_env = \"SHOP_KEY\"",
        "key_command = [\"printenv\", \"SHOP_KEY\"]",
        "key_command = \"echo $SHOP_KEY | tr -d x\"",
        "key_command = \"cat; printenv SHOP_KEY\"",
        "key_command = [\"sh\", \"-c\", \"printenv SHOP_KEY; head -c 200000 /dev/zero >&2\"]",
    ] {
        let ran = list(setting);
        assert_eq!(ran.code, 0, "{setting}: {}", ran.err);
    }
    // Without a shell, $SHOP_KEY is plain text.
    assert_eq!(list("key_command = [\"echo\", \"$SHOP_KEY\"]").code, 4);
    let print = "printf 'first words\\nhush-hush-key'";
    for (setting, code, reason) in [
        ("key_file = \"nope.key\"", 3, "nope.key: cannot be read"),
        ("key_file = \"open.key\"", 3, "chmod 600"),
        ("key_env = \"NO_SUCH_KEY\"", 2, "NO_SUCH_KEY is not set; it is the key_env of profile a"),
        (
            "key_command = [\"no-such-program-of-d360\"]",
            2,
            "the key_command of profile a cannot be run: no-such-program",
        ),
        (
            "key_command = \"printenv SHOP_KEY; echo vault is sealed >&2; exit 3\"",
            2,
            "(exit status: 3): vault is sealed",
        ),
        ("key_command = \"printenv SHOP_KEY; exit 3\"", 2, "it wrote nothing to standard error"),
        ("key_command = \"true\"", 2, "returned an empty key"),
        (&format!("key_command = \"{print}\"").replace('\\', "\\\\"), 2, "returned several lines"),
        ("key_command = \"printf 'a\\\\377'\"", 2, "did not print text"),
        (
            "key_command = [\"sh\", \"-c\", \"echo touch the key >&2; exec sleep 100\"]\nkey_command_timeout = 1",
            2,
            "did not exit within 1 s: touch the key",
        ),
    ] {
        let ran = list(setting);
        assert!(ran.code == code && ran.err.contains(reason), "{setting}: {} {}", ran.code, ran.err);
    }
    // A dry run needs no key, and runs no key_command.
    let home = Home::of("default_profile = \"a\"\n[profiles.a]\nkey_command = \"touch ran\"\n");
    let mut dry = home.command(&["send", "text", "x", "--to", "+16505551234", "--dry-run"]);
    dry.current_dir(home.folder.path(""));
    assert_eq!(home.finish(dry).code, 0);
    assert!(!std::path::Path::new(&home.folder.path("ran")).exists());
}

#[test]
fn another_file_can_be_named() {
    let home = Home::of("default_profile = \"a\"\n[profiles.a]\nkey_env = \"A\"\n");
    let other = home.folder.file("other.toml", "default_profile = \"b\"\n[profiles.b]\nkey_env = \"B\"\n");
    let run = |path: &str, args: &[&str]| {
        let mut command = home.command(args);
        command.env("D360_CONFIG", path);
        home.finish(command)
    };
    assert!(run(&other, &["profile", "list"]).out.starts_with("* b"));
    let missing = home.folder.path("new/missing.toml");
    let ran = run(&missing, &["block", "list"]);
    assert!(ran.code == 2 && ran.err.contains("missing.toml, which does not exist"), "{}", ran.err);
    assert_eq!(run(&missing, &["profile", "add", "c", "--key-env", "C"]).code, 0);
    assert!(run(&missing, &["profile", "list"]).out.starts_with("* c"));
    assert!(home.run(&["profile", "list"]).out.starts_with("* a"));
    let ran = Home::new().run(&["block", "list", "--profile", "x"]);
    assert!(ran.code == 2 && ran.err.contains("create it with: d360 profile add x"), "{}", ran.err);
}

#[test]
fn whoami_prints_local_settings_and_the_answer_of_the_api() {
    let sandbox = Sandbox::builder().key(KEY, "15550000000").start().unwrap();
    let url = sandbox.base_url();
    let home = Home::of(&format!(
        "[profiles.shop]\napi = \"cloud\"\nkey = \"{KEY}\"\nbase_url = \"{url}\"\n[profiles.meta]\napi = \"graph\"\nphone_number_id = \"1065\"\nkey = \"{KEY}\"\nbase_url = \"{url}\"\n[profiles.old]\napi = \"onprem\"\nkey = \"{KEY}\"\nbase_url = \"{url}\"\n[profiles.hub]\napi = \"partner\"\npartner_id = \"pPA\"\nkey = \"{KEY}\"\nbase_url = \"{url}\"\n"
    ));
    home.folder.owner_alone("d360/config.toml");
    // The values are aligned.
    let flat = |text: &str| text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    for blocking in [&[][..], &["--blocking"]] {
        let who = |args: &[&str]| home.run(&[&["whoami"], args, blocking].concat());
        let ran = who(&["--profile", "shop"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        for line in [
            "profile: shop (in ",
            "system: cloud",
            &format!("base URL: {url} (from profile)"),
            "key: profile shop (key)",
            "phone number ID: 106540352242922",
            "can send message: AVAILABLE",
        ] {
            assert!(flat(&ran.out).contains(line), "{line}: {}", ran.out);
        }
        let document = who(&["--profile", "shop", "--output", "json"]).json();
        assert_eq!(document["number"]["phone_number_id"], "106540352242922");
        for (profile, what) in [("meta", "key_accepted"), ("old", "key_accepted"), ("hub", "channels")] {
            let document = who(&["--profile", profile, "--output", "json"]).json();
            assert!(!document["number"][what].is_null(), "{document}");
        }
        let channel = home.run(&["channels", "list", "--profile", "hub", "--output", "json"]).json()["channels"][0]["id"].clone();
        let channel = channel.as_str().unwrap();
        let ran = who(&["--profile", "hub", "--channel-id", channel]);
        assert!(
            flat(&ran.out).contains("phone number: ") && flat(&ran.out).contains(channel),
            "{}{}",
            ran.out,
            ran.err
        );
        assert_eq!(who(&["--profile", "hub", "--channel-id", "nope"]).code, 3);

        // Without network, with a wrong key or without a key, local settings are still printed.
        let ran = who(&["--profile", "shop", "--base-url", "http://127.0.0.1:1", "--no-retry"]);
        assert!(ran.code == 7 && flat(&ran.out).contains("system: cloud"), "{}", ran.out);
        assert!(ran.err.contains("the number could not be queried"), "{}", ran.err);
        let ran =
            who(&["--profile", "shop", "--base-url", "http://127.0.0.1:1", "--no-retry", "--output", "json"]);
        assert_eq!(
            (ran.json()["api"].clone(), ran.json()["error"]["outcome"].clone()),
            (json!("cloud"), json!("not_sent"))
        );
        let ran = who(&["--profile", "shop", "--base-url", "http://127.0.0.1:1", "--offline"]);
        assert!(
            ran.code == 0 && ran.err.is_empty() && !flat(&ran.out).contains("phone number ID"),
            "{}",
            ran.err
        );
        let ran = who(&[]);
        assert!(
            ran.code == 2 && flat(&ran.out).contains("key: none") && ran.err.contains("no API key"),
            "{}",
            ran.err
        );
        let mut wrong = home.command(&[&["whoami", "--profile", "shop"], blocking].concat());
        wrong.env("D360_API_KEY", "another");
        let ran = home.finish(wrong);
        assert!(ran.code == 4 && flat(&ran.out).contains("key: environment (D360_API_KEY)"), "{}", ran.out);
    }
    assert!(sandbox.messages().is_empty(), "nothing is sent");
}

#[test]
fn the_gateway_takes_its_key_from_a_profile_of_cloud() {
    use std::io::BufRead as _;
    let home = Home::of(&format!(
        "default_profile = \"shop\"\n[profiles.shop]\napi = \"cloud\"\nkey = \"{KEY}\"\n[profiles.meta]\napi = \"graph\"\nkey = \"{KEY}\"\n"
    ));
    let state = home.folder.path("gateway.db");
    let gateway = ["gateway", "--listen", "127.0.0.1:0", "--state", &state, "--output", "json"];
    let ran = home.run(&[&gateway[..], &["--profile", "none"]].concat());
    assert!(
        ran.code == 2 && ran.json()["error"]["message"].as_str().unwrap().contains("no API key"),
        "{}",
        ran.out
    );
    let ran = home.run(&[&gateway[..], &["--profile", "meta"]].concat());
    assert!(ran.code == 2 && ran.out.contains("is for --api graph"), "{}", ran.out);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_d360"))
        .args(gateway)
        .env("XDG_CONFIG_HOME", home.folder.path(""))
        .env_remove("D360_API_KEY")
        .env_remove("D360_PROFILE")
        .env_remove("D360_CONFIG")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.contains("\"url\"") && !line.contains(KEY), "{line}");
}

/// On a terminal the key is typed. `script` provides a terminal.
#[cfg(unix)]
#[test]
fn a_typed_key_is_not_echoed() {
    use std::{
        io::{Read as _, Write as _},
        process::{Command, Stdio},
    };
    let home = Home::new();
    let name = home.folder.path("terminal");
    let line = format!("tty > {name}; exec {} profile add typed", env!("CARGO_BIN_EXE_d360"));
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).env("XDG_CONFIG_HOME", home.folder.path(""));
    script.env_remove("D360_CONFIG").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut script = match script.spawn() {
        Ok(script) => script,
        Err(error) => return eprintln!("skipped: no terminal without `script`: {error}"),
    };
    // The prompt appears shortly before echo is turned off.
    let mut out = script.stdout.take().unwrap();
    let mut shown = Vec::new();
    while !shown.ends_with(b"(not shown): ") {
        let mut byte = [0];
        assert_eq!(out.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&shown));
        shown.push(byte[0]);
    }
    let name = std::fs::read_to_string(name).unwrap();
    let echoes = || {
        let settings = Command::new("stty").args(["-a", "-F", name.trim()]).output().unwrap();
        !String::from_utf8(settings.stdout).unwrap().contains(" -echo ")
    };
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while echoes() {
        assert!(std::time::Instant::now() < until, "the terminal echoes");
    }
    let mut terminal = script.stdin.take().unwrap();
    terminal.write_all(format!("{KEY}\n").as_bytes()).unwrap();
    out.read_to_end(&mut shown).unwrap();
    assert!(script.wait().unwrap().success());
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.contains("profile typed is in") && !shown.contains(KEY), "{shown}");
    assert!(home.text().contains(KEY), "{}", home.text());
}
