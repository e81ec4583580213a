"""Words that mean something apart from the name: legal forms, activities in two languages, bodies that are no firms.

Belongs here: word lists, folded (lower case, no accents). Does not belong here: how they are used.

Legal forms follow ISO 20275 (GLEIF entity legal forms) and Act V of 2013 (Civil Code), book three; a form is a set of
bits because a translation may mean several: *Ltd.* stands for a Kft. and, with *Co.* or *private*, for a Zrt. too.
"""

from __future__ import annotations

KFT, ZRT, NYRT, BT, KKT, SOLE, SOCIAL, FOREIGN = (1 << k for k in range(8))
# Parts that only mean a form together with another part.
PARTNERSHIP, LIMITED_WORD, GENERAL_WORD, PUBLIC_WORD = (1 << k for k in range(8, 12))
RT = ZRT | NYRT
FORM_BITS = KFT | ZRT | NYRT | BT | KKT | SOLE | SOCIAL | FOREIGN

STRONG_FORMS: dict[str, int] = {
    "kft": KFT, "nkft": KFT, "zrt": ZRT, "nyrt": NYRT, "rt": RT, "bt": BT, "kkt": KKT, "kht": SOCIAL,
    "ltd": KFT | ZRT, "limited": LIMITED_WORD, "llc": KFT, "plc": RT, "lp": BT, "inc": KFT | RT,
    "incorporated": KFT | RT,
    "corporation": RT, "corp": RT, "partnership": PARTNERSHIP, "liability": KFT,
    "gmbh": FOREIGN | KFT, "ges": FOREIGN, "sro": FOREIGN | KFT, "srl": FOREIGN | KFT, "doo": FOREIGN | KFT,
    "sarl": FOREIGN | KFT, "bvba": FOREIGN | KFT, "aktiengesellschaft": FOREIGN | RT, "gesellschaft": FOREIGN,
    # neighbours' forms of ISO 20275, by their abbreviations: AT, DE, SK, CZ, PL, RO, HR, SI, RS, UA, IT
    "spzoo": FOREIGN | KFT, "jdoo": FOREIGN | KFT, "доо": FOREIGN | KFT, "тов": FOREIGN | KFT, "ооо": FOREIGN | KFT,
    "тзов": FOREIGN | KFT, "пат": FOREIGN | RT, "прат": FOREIGN | RT, "пп": FOREIGN, "фоп": FOREIGN | SOLE,
    "gesmbh": FOREIGN | KFT, "ggmbh": FOREIGN | KFT, "mbh": FOREIGN | KFT, "kgaa": FOREIGN | RT, "ohg": FOREIGN | KKT,
    "gbr": FOREIGN | KKT, "gesbr": FOREIGN | KKT, "haftungsbeschrankt": FOREIGN | KFT,
    "beschrankter": FOREIGN | KFT, "haftung": FOREIGN | KFT, "kommanditgesellschaft": FOREIGN | BT, "keg": FOREIGN | BT,
    "spolecnost": FOREIGN, "spolocnost": FOREIGN, "spol": FOREIGN, "rucenim": FOREIGN | KFT, "omezenym": FOREIGN | KFT,
    "obmedzenym": FOREIGN | KFT, "akciova": FOREIGN | RT, "akcie": FOREIGN, "vos": FOREIGN | KKT,
    "spolka": FOREIGN, "ograniczona": FOREIGN | KFT, "odpowiedzialnoscia": FOREIGN | KFT, "akcyjna": FOREIGN | RT,
    "komandytowa": FOREIGN | BT, "spk": FOREIGN | BT, "spj": FOREIGN | KKT, "psa": FOREIGN | RT, "srls": FOREIGN | KFT,
    "scarl": FOREIGN | SOCIAL, "scrl": FOREIGN | SOCIAL, "societa": FOREIGN, "responsabilita": FOREIGN | KFT,
    "limitata": FOREIGN | KFT, "azioni": FOREIGN | RT, "societate": FOREIGN, "raspundere": FOREIGN | KFT,
    "actiuni": FOREIGN | RT, "pfa": FOREIGN | SOLE, "ogranicenom": FOREIGN | KFT, "odgovornoscu": FOREIGN | KFT,
    "omejeno": FOREIGN | KFT, "odgovornostjo": FOREIGN | KFT, "dionicko": FOREIGN | RT, "drustvo": FOREIGN,
    "delniska": FOREIGN | RT, "druzba": FOREIGN, "akcionarsko": FOREIGN | RT, "jtd": FOREIGN | KKT,
    "dno": FOREIGN | KKT,
    "zoo": FOREIGN, "ood": FOREIGN, "eood": FOREIGN, "aisbl": FOREIGN, "asbl": FOREIGN, "oyj": FOREIGN,
    "szovetkezet": SOCIAL, "szovetkezete": SOCIAL, "nonprofit": 0, "kozhasznu": 0,
    # the words of the long forms; misspelt ones are found by distance, see LONG_WORDS
    "tars": 0, "tarsasag": 0, "mukodo": 0, "felelossegu": KFT, "korlatolt": KFT, "beteti": BT, "reszvenytarsasag": RT,
    "zartkoruen": ZRT, "zartkoru": ZRT, "nyilvanosan": NYRT, "kozkereseti": KKT,
}  # fmt: skip
WEAK_FORMS: dict[str, int] = {
    "co": 0, "company": KFT | RT, "private": ZRT, "public": PUBLIC_WORD, "general": GENERAL_WORD, "gp": KKT,
    "ag": FOREIGN | RT, "spa": FOREIGN | RT, "as": FOREIGN | RT, "sa": FOREIGN | RT, "kg": FOREIGN | BT,
    "bv": FOREIGN | KFT, "nv": FOREIGN | RT, "ab": FOREIGN, "oy": FOREIGN, "sas": FOREIGN, "sl": FOREIGN, "dd": FOREIGN,
    "kf": KFT, "ev": SOLE, "ec": SOLE, "ceg": SOLE, "egyeni": SOLE, "vallalkozo": SOLE, "fel": 0, "korl": KFT,
    "sp": FOREIGN, "oo": FOREIGN, "ad": FOREIGN | RT, "kd": FOREIGN | BT, "ks": FOREIGN | BT, "snc": FOREIGN | KKT,
    "og": FOREIGN | KKT, "ug": FOREIGN | KFT, "ек": FOREIGN, "ад": FOREIGN | RT, "fa": 0, "va": 0, "alatt": 0,
    "felszamolas": 0, "vegelszamolas": 0,
    "kenyszertorles": 0, "non": 0, "profit": 0, "hu": 0, "de": 0,
}  # fmt: skip
"""Short or everyday words: a form only where nothing but forms follows."""

LONG_WORDS: dict[str, int] = {
    # canonical word, edits allowed
    "korlatolt": 2, "felelossegu": 3, "tarsasag": 2, "beteti": 1, "reszvenytarsasag": 3, "zartkoruen": 2,
    "nyilvanosan": 2, "kozkereseti": 2, "mukodo": 1,
}  # fmt: skip
FORMS_APART: tuple[tuple[str, str], ...] = (
    (r"\bspolka z ograniczona odpowiedzialnoscia\b", " spzoo "), (r"\bdrustvo s ogranicenom odgovornoscu\b", " doo "),
    (r"\bmit beschrankter haftung\b", " mbh "), (r"^sc (.*) (srl|sa)$", r"\1 \2"),
    (r"\b(?:spol(?:ecnost|ocnost)? )?s ?r ?o\b", " sro "), (r"\bsp(?:olka)? z ?o ?o\b", " spzoo "),
    (r"\bj ?d ?o ?o\b", " jdoo "), (r"\bd ?o ?o\b", " doo "), (r"(?:^| )д ?о ?о(?: |$)", " доо "),
    (r"\bs ?r ?l(?: ?s)?\b", " srl "),
    (r"\bs ?p ?a$", " spa"),
    (r"\bg ?m ?b ?h\b", " gmbh "),
    (r"\bges m ?b ?h\b", " gmbh "),
    (r"\ba s$", " as"),
    (r"\ba d$", " ad"),
    (r"\bd d$", " dd"),
    (r"\bs a$", " sa"),
    (r"\bk f t\b", " kft "),
    (r"\bb t$", " bt"),
    (r"\bz r ?t\b", " zrt "), (r"\b([sk]) p$", r" \1p"), (r"\bsp ([kj])$", r" sp\1"),
)  # fmt: skip
"""Forms written letter by letter, on folded text: pattern and form."""
MAY_BE_APART = r"(?:^| )\pL \pL{1,2}(?: |$)|\pL{2} \pL$|^sc |odgovornosc|odpowiedzialnosc|haftung"
"""Texts that `FORMS_APART` may say something about."""
FORM_ENDINGS = ("kft", "zrt", "nyrt")
"""Forms glued to the word before them."""

_STOP = """
es and und et a az the of for fur i u
"""
STOP = frozenset(_STOP.split())

ACTIVITIES: tuple[str, ...] = (
    # words equal (=) or beginning alike; one line is one activity
    "=ker =keresk kereskedelm kereskedo kereskedes =trade =trading =trader =handel =kiskereskedelmi =nagykereskedelmi "
    "=kulkereskedelmi =retail =wholesale =commerce =commercial",
    "szolgaltat =szolg =service =services =szerviz =serv",
    "ingatlan =ing =real =estate =property =properties =immobilien =immo =realty",
    "epitoipar =epip =ep =epit =epito epitesi epiteszeti =constr construct =bau =building =builder =magasepito "
    "=melyepito =epker",
    "informatik =inf =it =info szamitastechn =szam =szamtech =computer =computing =informatics information "
    "=informacios =software =szoftver szoftverfejleszt =szamitogep =techn",
    "tanacsad =tan consult =advisory =advisor uzletviteli =management =menedzsment",
    "mernok =mern engineer =muszaki =musz =technical",
    "tervez =terv =design =designer",
    "fuvar =fuv transport =trans =szallit szallitas szallitmany =szall =forwarding =freight =logisztik "
    "logisztik logistic =log"
    "spedic =cargo",
    "vendeglat =vend catering =restaurant =ettermi =etterem =gasztro gastro",
    "gepipar =gepip =gep gepgyart machine =machinery",
    "faipar =faip =fa wood =asztalos asztalosipari =timber fafeldolg",
    "elelmiszer =elelm =food =foods sutoip bakery",
    "mezogazdas =mg =agrar =agro agricult =farm =farming termeszt",
    "egeszseg =eu =health =healthcare =medical =med orvos =medicina =care fogasz dental",
    "konyvel =konyv account konyvvizsg =audit =tax ado",
    "oktat =okt educat =training =kepzo =kepzesi =school",
    "vagyonkez =asset =assets =vagyon =invest befektet investment =holding =capital =equity",
    "termel =term product =producer gyart =gy manufact =gyarto ipari =ip industr =ipar",
    "nyomda printing =print =press",
    "reklam =rekl advert =marketing =media =pr",
    "biztonsag =bizt security =vagyonvedel vedelm =orzo =guard",
    "villamos =vill electric =elektro elektron =villany villanyszer",
    "auto =autojav =car =cars gepjarmu jarmu vehicle =motor repair =javito",
    "fejleszt =fejl develop =innovac innovat =kutato kutatas research",
    "energ =energia energy",
    "turiz touris =travel =utazas utazasi idegenforg hotel szalloda =szallas",
    "kornyezet environment hulladek waste",
    "textil textile ruha =fashion =divat",
    "fem metal femmegm =acel =steel femipar",
    "vegyi vegyip chemic =chem =kemia",
    "muanyag plastic =plast",
    "butor furnitur",
    "penzugy financ =finance =faktor biztosit insur brokeri =broker alkusz",
    "ugyved =law legal jogi",
    "kiado publish =lap =konyvkiado",
    "takarit clean cleaning",
    "kert garden kertesz kertepit",
    "csomagol packag =pack",
    "gyogyszer pharma patika",
    "kozmetik beauty cosmet szepseg",
)

ACTIVITY_ENDINGS = (
    "ipari", "gyarto", "gyartasi", "kezelo", "kereskedelmi", "forgalmazo", "hasznosito", "fejleszto",
    "technikai", "javito",
    "anyag", "szerelo", "feldolgozo", "epito", "szallitasi", "kolcsonzo", "ugynoki", "ugynokseg", "tanacsado",
    "szervezo",
    "kutato", "termelo", "kozvetito", "vedelmi", "szolgalati", "gazdasagi", "gazdalkodasi", "gepeszeti", "tervezo",
    "oktatasi", "kutatasi", "ugyviteli", "szakertoi", "biztositasi", "egeszsegugyi", "szolgaltato", "iroda",
    "megmunkalo",
)  # fmt: skip
_GIVEN_NAMES = """
laszlo erno otto niki zoli toni kati mari eniko aniko ildiko szabo hugo mario dezso jeno
"""
GIVEN_NAMES = frozenset(_GIVEN_NAMES.split())
"""Words with an adjective's ending that are none."""
_NOUNS = """
holding ingatlan invest investment trade service szerviz logisztika logistics logistic energia energy agro bau
media informatika it park group csoport team soft software med pharma plast trans tech travel estate immo energo
gep auto fa kert marketing hotel capital
"""
NOUNS = frozenset(_NOUNS.split())
"""Activities as nouns stand in a name as part of it: they tell the firms of one group apart. The adjectives before a
legal form (Kereskedelmi, Szolgáltató) do not."""

_NON_FIRM = """
=egyetem =egyeteme tudomanyegyetem muegyetem university universit hochschule =foiskola =foiskolaja =college
=akademia =academy onkormanyzat municipal =hivatal =hivatala =kamara =kamaraja =chamber alapitvany =foundation
egyesulet =association szovetseg =korhaz =hospital gimnazium =iskola =iskolaja ministry miniszterium
=kutatointezet =intezet =intezete =institute =tanszek =plebania =egyhaz egyhazkozseg =ovoda konyvtar =muzeum
=museum =varos =szakkepzo szakgimnazium =klaszter =cluster =iroda tarsulas kozalapitvany =centrum =egyesules
=jogu =megyei
"""
NON_FIRM: tuple[str, ...] = tuple(_NON_FIRM.split())

ABBREVIATIONS = {"tsa": "tarsa", "tarsai": "tarsa", "partner": "tarsa", "partners": "tarsa", "tsai": "tarsa",
                 "tsi": "tarsa", "tes": "testverek", "bros": "testverek", "brothers": "testverek", "sons": "fiai",
                 "son": "fia", "magyarorszag": "hungary", "magyarorszagi": "hungary",
                 "plus": "plusz", "international": "nemzetkozi", "europe": "europa"}  # fmt: skip
"""Words that are one word; both spellings are compared as the second."""
