//! Conversations by name, as people type them: neither case nor accents count.

use std::collections::HashMap;

use entities::conversation::Kind;
use entities::ids::ConversationNumber;
use entities::user_id::UserId;
use entities::{conversation, member, person};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
};

use super::is_listed;
use crate::services::Error;
use crate::services::details::ConversationDetails;
use crate::services::paging::{Page, PageRequest};

/// Conversations whose partners are looked up at once.
const PORTION: usize = 500;

/// A page of those of `user`'s conversations whose name holds `text`, in the order of the list. What databases fold
/// differs, so the names are compared here; a person's own list is not long.
pub(crate) async fn search(
    read: &DatabaseConnection,
    user: &UserId,
    text: &str,
    page: &PageRequest,
    now: i64,
) -> Result<Page<ConversationDetails>, Error> {
    let window = page.offsets()?;
    let wanted = folded(text.trim());
    let found: Vec<_> = named(read, user)
        .await?
        .into_iter()
        .filter(|(_, names)| names.iter().any(|name| folded(name).contains(&wanted)))
        .map(|(number, _)| number)
        .collect();
    let (_, placement) = window.slice(1, i64::try_from(found.len()).unwrap_or(i64::MAX));
    let skip = usize::try_from(window.skip).unwrap_or(usize::MAX);
    let size = usize::try_from(window.size).unwrap_or(0);
    let numbers: Vec<_> = found.into_iter().skip(skip).take(size).collect();
    Ok(Page {
        items: super::several(read, user, &numbers, now).await?,
        pagination: placement.pagination(None),
    })
}

/// All of somebody's conversations in the order of the list, with the names they go by.
async fn named(read: &DatabaseConnection, user: &UserId) -> Result<Vec<(ConversationNumber, Vec<String>)>, DbErr> {
    let rows: Vec<(ConversationNumber, Kind, Option<String>)> = member::Entity::find()
        .select_only()
        .columns([
            conversation::Column::Number,
            conversation::Column::Kind,
            conversation::Column::Name,
        ])
        .join(JoinType::InnerJoin, member::Relation::Conversation.def())
        .filter(is_listed(user))
        .order_by_desc(member::Column::IsPinned)
        .order_by_desc(conversation::Column::UpdatedAt)
        .order_by_desc(conversation::Column::Number)
        .into_tuple()
        .all(read)
        .await?;
    let is_direct = |(number, kind, _): &(_, Kind, _)| (*kind == Kind::Direct).then_some(*number);
    let direct: Vec<ConversationNumber> = rows.iter().filter_map(is_direct).collect();
    let mut partners: HashMap<ConversationNumber, Vec<String>> = HashMap::new();
    for portion in direct.chunks(PORTION) {
        let names: Vec<(ConversationNumber, String, String)> = member::Entity::find()
            .select_only()
            .column(member::Column::Conversation)
            .columns([person::Column::FullName, person::Column::Username])
            .join(JoinType::InnerJoin, member::Relation::Person.def())
            .filter(member::Column::Conversation.is_in(portion.iter().copied()))
            .filter(member::Column::UserId.ne(user))
            .into_tuple()
            .all(read)
            .await?;
        partners.extend(
            names
                .into_iter()
                .map(|(number, full, short)| (number, vec![full, short])),
        );
    }
    let named = rows.into_iter().map(|(number, _, name)| {
        let names = partners.remove(&number).unwrap_or_default();
        (number, names.into_iter().chain(name).collect())
    });
    Ok(named.collect())
}

/// In lower case, letters without their accents.
fn folded(text: &str) -> String {
    let is_mark = |letter: &char| ('\u{300}'..='\u{36f}').contains(letter);
    text.chars()
        .flat_map(char::to_lowercase)
        .filter(|letter| !is_mark(letter))
        .map(plain)
        .collect()
}

/// The letter under the accent, in the alphabets of Europe and Vietnam.
fn plain(letter: char) -> char {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ạ'..='ặ' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ẹ'..='ệ' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' | 'ħ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'ỉ'..='ị' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'ơ' | 'ọ'..='ợ' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ț' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ư' | 'ụ'..='ự' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' | 'ỳ'..='ỹ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn neither_case_nor_accents_count() {
        for (one, other) in [
            ("Zoë", "zoe"),
            ("ÉCOLE", "ecole"),
            ("e\u{301}cole", "École"),
            ("Nguyễn Ánh", "nguyen anh"),
            ("Łódź", "lodz"),
            ("ПРИВЕТ", "привет"),
        ] {
            assert_eq!(folded(one), folded(other));
        }
        assert_ne!(folded("ann"), folded("bob"));
    }
}
