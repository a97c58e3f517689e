//! Files as programs write them, and round trips of written files.
use d360_model::{Birthday, Contact};
use d360_vcard::{Card, VcardError, read, write};
use proptest::prelude::*;

fn one(file: &str) -> Card {
    let mut cards = read(file.as_bytes()).unwrap();
    assert_eq!(cards.len(), 1);
    cards.remove(0)
}

fn json(contact: &Contact) -> String {
    format!("{:?}", contact)
}

fn losses(card: &Card) -> Vec<&str> {
    card.losses.iter().map(|loss| loss.property.as_str()).collect()
}

#[test]
fn a_card_that_whatsapp_exports() {
    let card = one("BEGIN:VCARD\r\nVERSION:3.0\r\nN:Rossi;Maria;;;\r\nFN:Maria Rossi\r\n\
        item1.TEL;waid=393331234567:+39 333 123 4567\r\nitem1.X-ABLabel:Cellulare\r\n\
        X-WA-BIZ-NAME:Bar Rossi\r\nX-WA-BIZ-DESCRIPTION:Coffee\r\nEND:VCARD\r\n");
    let phone = &card.contact.phones[0];
    assert_eq!(phone.phone.as_ref().unwrap().as_str(), "+39 333 123 4567");
    assert_eq!(phone.wa_id.as_ref().unwrap().as_str(), "393331234567");
    assert_eq!(phone.kind.as_ref().unwrap().as_str(), "Cellulare");
    assert_eq!(losses(&card), ["X-WA-BIZ-NAME", "X-WA-BIZ-DESCRIPTION"]);
}

#[test]
fn an_apple_card() {
    let card = one("BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Apple Inc.//iOS 18.1//EN\r\n\
        N:Johnson;Barbara;Joana;Dr.;Esq.\r\nFN:Dr. Barbara Joana Johnson Esq.\r\nORG:Lucky Shrub;Legal\r\n\
        TITLE:Lead Counsel\r\nTEL;type=IPHONE;type=CELL;type=VOICE;type=pref:+1 (650) 555-9999\r\n\
        item1.EMAIL;type=INTERNET:bjohnson@luckyshrub.com\r\nitem1.X-ABLabel:_$!<Other>!$_\r\n\
        item2.ADR;type=WORK;type=pref:;;1 Lucky Shrub Way;Menlo Park;CA;94025;United States\r\n\
        item2.X-ABADR:us\r\nURL;type=WORK:https://www.luckyshrub.com/a-very-long-path/that-is-fo\r\n lded/over-two-lines\r\n\
        BDAY:1999-01-23\r\nEND:VCARD\r\n");
    let contact = &card.contact;
    assert_eq!(contact.name.prefix.as_deref(), Some("Dr."));
    assert_eq!(contact.name.suffix.as_deref(), Some("Esq."));
    assert_eq!(contact.name.middle_name.as_deref(), Some("Joana"));
    let org = contact.org.as_ref().unwrap();
    assert_eq!((org.company.as_deref(), org.department.as_deref()), (Some("Lucky Shrub"), Some("Legal")));
    assert_eq!(org.title.as_deref(), Some("Lead Counsel"));
    assert_eq!(contact.phones[0].kind.as_ref().unwrap().as_str(), "IPHONE");
    assert_eq!(contact.emails[0].kind.as_ref().unwrap().as_str(), "Other");
    let address = &contact.addresses[0];
    assert_eq!(address.street.as_deref(), Some("1 Lucky Shrub Way"));
    assert_eq!((address.state.as_deref(), address.zip.as_deref()), (Some("CA"), Some("94025")));
    assert_eq!(address.country_code.as_deref(), Some("US"));
    let url = "https://www.luckyshrub.com/a-very-long-path/that-is-folded/over-two-lines";
    assert_eq!(contact.urls[0].url.as_deref(), Some(url));
    assert_eq!(contact.birthday, Some(Birthday::new(1999, 1, 23).unwrap()));
    assert_eq!(losses(&card), ["PRODID", "TEL;TYPE"]);
}

#[test]
fn a_card_of_an_old_phone() {
    let card = one(
        "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BCrgen;;;\n\
        TEL;CELL:+4915112345678\nTEL;WORK;FAX:+49301234567\nEND:VCARD\n",
    );
    assert_eq!(card.contact.name.formatted_name, "Jürgen Müller");
    assert_eq!(card.contact.name.last_name.as_deref(), Some("Müller"));
    assert_eq!(card.contact.phones[0].kind.as_ref().unwrap().as_str(), "CELL");
    assert_eq!(card.contact.phones[1].kind.as_ref().unwrap().as_str(), "FAX");
    assert_eq!(losses(&card), ["TEL;TYPE"]);
}

#[test]
fn a_card_of_the_newest_version() {
    let card = one("BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ada Lovelace\r\nN:Lovelace;Ada;;;\r\n\
        TEL;VALUE=uri;TYPE=\"voice,cell\":tel:+44-20-7946-0018\r\nBDAY:--0203\r\nEMAIL;TYPE=home:ada@example.org\r\n\
        NOTE:wrote the first program\r\nUID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1\r\nEND:VCARD\r\n");
    assert_eq!(card.contact.phones[0].phone.as_ref().unwrap().as_str(), "+44-20-7946-0018");
    assert_eq!(card.contact.phones[0].kind.as_ref().unwrap().as_str(), "CELL");
    assert_eq!(card.contact.emails[0].kind.as_ref().unwrap().as_str(), "HOME");
    assert_eq!(card.contact.birthday, None);
    assert_eq!(losses(&card), ["BDAY", "NOTE", "UID"]);
}

#[test]
fn a_byte_order_mark_bare_line_feeds_latin_1_and_several_cards() {
    let cards = read(
        "\u{feff}BEGIN:VCARD\nVERSION:3.0\nFN:A\nEND:VCARD\n\nBEGIN:VCARD\nVERSION:3.0\nFN:B\nEND:VCARD"
            .as_bytes(),
    );
    let names: Vec<_> = cards.unwrap().into_iter().map(|card| card.contact.name.formatted_name).collect();
    assert_eq!(names, ["A", "B"]);
    let latin = read(b"BEGIN:VCARD\nVERSION:2.1\nN:M\xfcller\nEND:VCARD\n").unwrap();
    assert_eq!(latin[0].contact.name.last_name.as_deref(), Some("Müller"));
}

#[test]
fn missing_or_invented_values_are_not_filled_in() {
    let card = one(
        "BEGIN:VCARD\nVERSION:3.0\nFN:A\nORG:;Legal\nBDAY;X-APPLE-OMIT-YEAR=1604:1604-03-05\nADR:;;;;;;\n\
        TEL;waid=16505559999:\nADR;LABEL=\"Main street\":;;1 Main;;;;\nNOTE:one\n BEGIN:VCARD\nEND:VCARD\n",
    );
    let org = card.contact.org.as_ref().unwrap();
    assert_eq!((org.company.as_deref(), org.department.as_deref()), (None, Some("Legal")));
    assert_eq!(card.contact.birthday, None);
    assert_eq!(card.contact.addresses.len(), 1);
    let phone = &card.contact.phones[0];
    assert!(phone.phone.is_none() && phone.wa_id.as_ref().unwrap().as_str() == "16505559999");
    assert_eq!(losses(&card), ["BDAY", "ADR", "ADR;LABEL", "NOTE"]);
    assert_eq!(
        read(write(std::slice::from_ref(&card.contact)).as_bytes()).unwrap()[0].contact.org,
        card.contact.org
    );
}

#[test]
fn malformed_files_are_reported() {
    // Folded within a character, by programs that count octets.
    let folded = [
        &b"BEGIN:VCARD\nVERSION:3.0\nFN:\xd0\x96\xd0\xb0\xd0\xbd\xd0\xbd\xd0\xb0\nNOTE:\xd0"[..],
        b"\n \x96\nEND:VCARD\n",
    ]
    .concat();
    let card = read(&folded).unwrap().remove(0);
    assert_eq!(card.contact.name.formatted_name, "Жанна");
    // A card in Latin-1 does not affect the others.
    let mixed = [
        &b"BEGIN:VCARD\nVERSION:2.1\nFN:M\xfcller\nEND:VCARD\n"[..],
        "BEGIN:VCARD\nVERSION:3.0\nFN:Жанна\nEND:VCARD\n".as_bytes(),
    ]
    .concat();
    let cards = read(&mixed).unwrap();
    let names: Vec<_> = cards.iter().map(|card| card.contact.name.formatted_name.as_str()).collect();
    assert_eq!(names, ["Müller", "Жанна"]);
    assert_eq!(losses(&cards[0]), ["CHARSET"]);
    // A fold without its space, and a nested card.
    let card = one(
        "BEGIN:VCARD\nVERSION:2.1\nFN:A\nTEL:+1650555\n1234\nAGENT:\nBEGIN:VCARD\nFN:B\nEND:VCARD\nORG:C\nEND:VCARD\n",
    );
    assert_eq!(card.contact.org.as_ref().unwrap().company.as_deref(), Some("C"));
    assert_eq!(losses(&card), ["?", "AGENT", "AGENT"]);
    // Dates of every version, with their values as written.
    let card = one("BEGIN:VCARD\nVERSION:4.0\nFN:A\nBDAY:2000-01-01\nTZ:-05:00\nEND:VCARD\n");
    assert_eq!(card.contact.birthday, Some(Birthday::new(2000, 1, 1).unwrap()));
    assert_eq!(card.losses[0].value.as_deref(), Some("-05:00"));
    let card = one("BEGIN:VCARD\nVERSION:3.0\nORG:Acme\nBDAY:99-01-23\nEND:VCARD\n");
    assert_eq!((card.contact.birthday, card.contact.name.formatted_name.as_str()), (None, "Acme"));
    assert_eq!(card.losses[0].value.as_deref(), Some("99-01-23"));
}

#[test]
fn invalid_files_are_refused() {
    assert_eq!(read(b""), Err(VcardError::NoCard));
    assert!(matches!(read(b"{\"name\":1}"), Err(VcardError::NotVcard { line: 1, .. })));
    assert_eq!(
        read(b"BEGIN:VCARD\nFN:A\nEND:VCARD\nBEGIN:VCARD\nFN:B\n"),
        Err(VcardError::Unterminated { card: 2 })
    );
    let error = read(b"BEGIN:VCARD\nFN:A\nEND:VCARD\n+16505551234\n").unwrap_err().to_string();
    assert!(!error.contains("16505551234"), "{error}");
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9 ,;:\\\\\"'.äöü€😀=-]{1,30}", "[^\\p{C}]{1,40}"]
        .prop_map(|text| text.trim().to_owned())
        .prop_filter("blank", |text| !text.is_empty())
}

fn kind() -> impl Strategy<Value = String> {
    prop_oneof![Just("HOME".to_owned()), Just("WORK".to_owned()), "[A-Z][a-z]{2,8}( \\(old\\))?"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn written_cards_round_trip(
        name in text(), first in proptest::option::of(text()), company in proptest::option::of(text()),
        street in proptest::option::of(text()), kinds in proptest::collection::vec(kind(), 0..4),
    ) {
        let mut contact = Contact::new(d360_model::Name::new(name));
        contact.name.first_name = first;
        contact.org = company.map(|company| d360_model::Org::new().company(company));
        contact.birthday = Some(Birthday::new(2000, 2, 29).unwrap());
        for kind in kinds {
            contact.phones.push(d360_model::Phone::new("+16505559999").kind(kind.as_str()).wa_id("16505559999"));
            contact.emails.push(d360_model::Email::new("a@example.org").kind(kind.as_str()));
            let mut address = d360_model::Address::new().city("Menlo Park").country_code("US").kind(kind.as_str());
            address.street = street.clone();
            contact.addresses.push(address);
        }
        let written = write(std::slice::from_ref(&contact));
        prop_assert!(written.split("\r\n").all(|line| line.len() <= 75), "{written}");
        let card = one(&written);
        prop_assert_eq!(json(&card.contact), json(&contact), "{}", written);
        prop_assert_eq!(card.contact, contact);
        prop_assert_eq!(card.losses, vec![]);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), lines in proptest::collection::vec(".{0,30}", 0..10)) {
        let _ = read(&bytes);
        let _ = read(format!("BEGIN:VCARD\r\n{}\r\nEND:VCARD\r\n", lines.join("\r\n")).as_bytes());
    }
}
