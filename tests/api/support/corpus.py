"""Texts in thirty scripts, and a search that reads all of them, with which results are compared."""

import re
import unicodedata

# Sentences of each script, in which words are repeated, also with other accents or case.
TEXTS = {
    "latin": ["Größe ist nicht alles, sagt die STRASSE", "Die Straße ist groß",
              "naïve café in the façade", "Ærøskøbing and Œuvre, not oeuvre", "Łódź, Đakovo, ıspanak",
              "e\u0301te\u0301 comme été", "x² ﬁnal Ⅷ ½"],
    "greek": ["Καλημέρα κόσμε, ΚΑΛΗΜΕΡΑ ξανά", "ο σοφός ΣΟΦΟΣ και ο σοφὸς", "Ἀθῆναι Αθηναι"],
    "cyrillic": ["Ёлка и елка, ЁЖИК", "Йогурт и иогурт", "Привет, мир! привет"],
    "armenian": ["Բարեւ աշխարհ", "բարև Հայաստան"],
    "georgian": ["გამარჯობა მსოფლიო", "ᲒᲐᲛᲐᲠᲯᲝᲑᲐ თბილისი"],
    "hebrew": ["שָׁלוֹם עולם", "שלום לכולם", "צה״ל בירושלים"],
    "arabic": ["مُحَمَّد في المدينة", "محمد يكتب", "كـتاب جديد وكتاب قديم", "إلى أحمد"],
    "persian": ["می‌خواهم بروم", "کتاب‌ها را خواندم", "من می خواهم"],
    "syriac": ["ܫܠܡܐ ܥܠܡܐ", "ܟܬܒܐ ܫܠܡܐ"],
    "thaana": ["ދިވެހި ބަސް", "މާލެ ދިވެހި"],
    "devanagari": ["नमस्ते दुनिया", "हिन्दी और हिंदी", "क़लम और कलम", "ज़िंदगी"],
    "bengali": ["আমার সোনার বাংলা", "বাংলা ভাষা"],
    "gurmukhi": ["ਪੰਜਾਬੀ ਬੋਲੀ", "ਸਤ ਸ੍ਰੀ ਅਕਾਲ ਪੰਜਾਬ"],
    "gujarati": ["ગુજરાતી ભાષા", "નમસ્તે ગુજરાત"],
    "oriya": ["ଓଡ଼ିଆ ଭାଷା", "ନମସ୍କାର ଓଡ଼ିଶା"],
    "tamil": ["வணக்கம் உலகம்", "தமிழ் மொழி வணக்கம்"],
    "telugu": ["తెలుగు భాష", "నమస్కారం తెలుగు"],
    "kannada": ["ಕನ್ನಡ ಭಾಷೆ", "ನಮಸ್ಕಾರ ಕನ್ನಡಿಗ"],
    "malayalam": ["മലയാളം ഭാഷ", "നമസ്കാരം മലയാള"],
    "sinhala": ["සිංහල භාෂාව", "ආයුබෝවන් සිංහල"],
    "thai": ["สวัสดีชาวโลก", "ภาษาไทยน่าเรียน", "เขาทำน้ำแข็ง"],
    "lao": ["ສະບາຍດີຊາວໂລກ", "ພາສາລາວ"],
    "khmer": ["សួស្តីពិភពលោក", "ភាសាខ្មែរ"],
    "myanmar": ["မင်္ဂလာပါ ကမ္ဘာ", "မြန်မာ ဘာသာ မင်္ဂလာပါ"],
    "tibetan": ["བོད་སྐད་ཡིག", "བཀྲ་ཤིས་བདེ་ལེགས"],
    "ethiopic": ["ሰላም ዓለም", "አማርኛ ቋንቋ ሰላም"],
    "cherokee": ["ᎣᏏᏲ ᎡᎶᎯ", "ꭳꮟᏺ ᏣᎳᎩ"],
    "mongolian": ["ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ", "ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ"],
    "han": ["今天天气很好", "我們今天去東京", "東京大学", "﨑と崎"],
    "kana": ["がっこうへ行く", "ガッコウとｶﾞｯｺｳ", "ひらがな、カタカナ"],
    "hangul": ["안녕하세요 세계", "한국어를 배워요", "한글"],
    "emoji": ["Party 🎉🎉 tonight", "👍🏽 ok", "price 5 € or $7"],
}

LETTERS = {"ß": "ss", "ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"}

PAIRED = re.compile("(THAI|LAO|KHMER|CJK|HIRAGANA|KATAKANA|HANGUL|COMBINING KATAKANA|KANGXI)")


def name(char):
    return unicodedata.name(char, "")


def fold(text):
    """The text as the contract of searches says."""
    text = unicodedata.normalize("NFKD", text).casefold()
    text = unicodedata.normalize("NFKD", text).casefold()
    kept = []
    for char in text:
        if unicodedata.category(char) in ("Mn", "Me") and \
                re.match("(COMBINING (?!KATAKANA)|HEBREW|ARABIC|VARIATION)", name(char)):
            continue
        if char == "\u0640" or (unicodedata.category(char) == "Cf" and char != "\u200c"):
            continue
        if 0x1F3FB <= ord(char) <= 0x1F3FF:
            continue
        kept.append(LETTERS.get(char, char))
    return "".join(kept)


def is_paired(char):
    return unicodedata.category(char) in ("So", "Sc") or bool(PAIRED.match(name(char)))


def runs(text):
    """The words of a text, and its runs without blanks, folded, each with whether it is one."""
    found = []
    for char in fold(text):
        if unicodedata.category(char)[0] not in "LNM" and not is_paired(char):
            found.append(None)
            continue
        # A mark belongs to what is before it.
        paired = is_paired(char)
        if unicodedata.category(char)[0] == "M" and found and found[-1]:
            paired = found[-1][1]
        if found and found[-1] and found[-1][1] == paired:
            found[-1] = (found[-1][0] + char, paired)
        else:
            found.append((char, paired))
    return [run for run in found if run]


def finds(query, text):
    """Whether a text has all words of a query, of which the last is a beginning."""
    wanted = runs(query)
    have = runs(text)
    for i, (word, paired) in enumerate(wanted):
        last = i == len(wanted) - 1
        if paired:
            hit = any(word in run for run, of_pairs in have if of_pairs)
        elif last:
            hit = any(run.startswith(word) for run, of_pairs in have if not of_pairs)
        else:
            hit = any(run == word for run, of_pairs in have if not of_pairs)
        if not hit:
            return False
    return bool(wanted)
