//! vCard files as phones and address books write them.
use d360::vcard::read;

fn card(lines: &str) -> d360::vcard::Card {
    let file = format!("BEGIN:VCARD\r\nVERSION:3.0\r\n{lines}END:VCARD\r\n");
    read(file.as_bytes()).unwrap().remove(0)
}

/// Some programs fold every line, even short ones.
#[test]
fn a_folded_birthday_is_read() {
    for folded in [
        "BDAY:1999-\r\n 01-23\r\n",
        "BDAY:19\r\n 99\r\n -01-\r\n 23\r\n",
        "BDAY;VALUE=da\r\n te:1999-01-23\r\n",
        "BDAY;VALUE=date\r\n :1999-01-23\r\n",
        "BD\r\n AY:19990123\r\n",
        "BDAY:1999-01-23T00:\r\n\t00:00Z\r\n",
        "BDAY:199\n 9-01-23\n",
        "item1.BDAY:\r\n 1999-01-23\r\n",
        "BDAY;ENCODING=QUOTED-PRINTABLE:1999=2D01=\r\n=2D23\r\n",
    ] {
        for (before, after) in [("", ""), ("NOTE:a\r\n b\r\n", ""), ("", "NOTE:a\r\n b\r\n")] {
            let card = card(&format!("FN:Ada\r\n{before}{folded}{after}"));
            let day = card.contact.birthday.map(|day| day.to_string());
            assert_eq!(day.as_deref(), Some("1999-01-23"), "{folded:?}: {:?}", card.losses);
        }
    }
}

/// A loss shows the whole value, including its folded lines.
#[test]
fn a_loss_shows_the_whole_value() {
    let card = card("FN:Ada\r\nBDAY:--01\r\n -23\r\nBDAY:1999-01-23\r\n");
    let values: Vec<_> = card.losses.iter().map(|loss| loss.value.as_deref()).collect();
    assert_eq!(values, [Some("--01-23")]);
    assert_eq!(card.contact.birthday.unwrap().to_string(), "1999-01-23");
}

#[test]
fn a_card_without_a_name_uses_another_value_and_reports_it() {
    for (lines, name) in [
        ("ORG:Engines Ltd;Analysis\r\nEMAIL:a@x.example\r\nTEL:+16505551234\r\n", "Engines Ltd"),
        ("FN:\r\nN:;;;;\r\nORG:Engines Ltd\r\n", "Engines Ltd"),
        ("FN: \r\nEMAIL:a@x.example\r\nTEL:+16505551234\r\n", "a@x.example"),
        ("TEL;TYPE=CELL:+1 650 555 1234\r\n", "+1 650 555 1234"),
        ("TEL;waid=16505551234:\r\n", "+16505551234"),
    ] {
        let card = card(lines);
        assert_eq!(card.contact.name.formatted_name, name, "{lines}");
        let told = card.losses.iter().find(|loss| loss.property == "FN").map(ToString::to_string);
        assert!(told.is_some_and(|told| told.contains("formatted_name")), "{lines}: {:?}", card.losses);
    }
    let named = card("N:King;Ada;;;\r\nORG:Engines Ltd\r\n");
    assert_eq!(named.contact.name.formatted_name, "Ada King");
    assert!(named.losses.is_empty(), "{:?}", named.losses);
}
