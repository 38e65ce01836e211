"""Capitals: country to capital, capital to country, several at once, and follow-ups."""

import random
from dataclasses import dataclass

from demo_model.corpus.grammar import expand

PAIRS = """Afghanistan=Kabul;Albania=Tirana;Algeria=Algiers;Andorra=Andorra la Vella;Angola=Luanda;Argentina=Buenos Aires;Armenia=Yerevan;Australia=Canberra;Austria=Vienna;Azerbaijan=Baku;
Bahrain=Manama;Bangladesh=Dhaka;Barbados=Bridgetown;Belarus=Minsk;Belgium=Brussels;Belize=Belmopan;Bhutan=Thimphu;Bolivia=Sucre;Bosnia and Herzegovina=Sarajevo;Botswana=Gaborone;Brazil=Brasília;
Bulgaria=Sofia;Burkina Faso=Ouagadougou;Cambodia=Phnom Penh;Cameroon=Yaoundé;Canada=Ottawa;Chad=N'Djamena;Chile=Santiago;China=Beijing;Colombia=Bogotá;Costa Rica=San José;Croatia=Zagreb;Cuba=Havana;
Cyprus=Nicosia;Czechia=Prague;Denmark=Copenhagen;Dominican Republic=Santo Domingo;Ecuador=Quito;Egypt=Cairo;El Salvador=San Salvador;Eritrea=Asmara;Estonia=Tallinn;Ethiopia=Addis Ababa;Fiji=Suva;
Finland=Helsinki;France=Paris;Gabon=Libreville;Gambia=Banjul;Georgia=Tbilisi;Germany=Berlin;Ghana=Accra;Greece=Athens;Guatemala=Guatemala City;Guinea=Conakry;Guyana=Georgetown;Haiti=Port-au-Prince;
Honduras=Tegucigalpa;Hungary=Budapest;Iceland=Reykjavik;India=New Delhi;Indonesia=Jakarta;Iran=Tehran;Iraq=Baghdad;Ireland=Dublin;Israel=Jerusalem;Italy=Rome;Jamaica=Kingston;Japan=Tokyo;Jordan=Amman;
Kazakhstan=Astana;Kenya=Nairobi;Kuwait=Kuwait City;Kyrgyzstan=Bishkek;Laos=Vientiane;Latvia=Riga;Lebanon=Beirut;Liberia=Monrovia;Libya=Tripoli;Liechtenstein=Vaduz;Lithuania=Vilnius;
Luxembourg=Luxembourg City;Madagascar=Antananarivo;Malawi=Lilongwe;Malaysia=Kuala Lumpur;Maldives=Malé;Mali=Bamako;Malta=Valletta;Mauritania=Nouakchott;Mexico=Mexico City;Moldova=Chișinău;
Monaco=Monaco;Mongolia=Ulaanbaatar;Montenegro=Podgorica;Morocco=Rabat;Mozambique=Maputo;Myanmar=Naypyidaw;Namibia=Windhoek;Nepal=Kathmandu;Netherlands=Amsterdam;New Zealand=Wellington;Nicaragua=Managua;
Niger=Niamey;Nigeria=Abuja;North Korea=Pyongyang;North Macedonia=Skopje;Norway=Oslo;Oman=Muscat;Pakistan=Islamabad;Panama=Panama City;Paraguay=Asunción;Peru=Lima;Philippines=Manila;Poland=Warsaw;
Portugal=Lisbon;Qatar=Doha;Romania=Bucharest;Russia=Moscow;Rwanda=Kigali;San Marino=San Marino;Saudi Arabia=Riyadh;Senegal=Dakar;Serbia=Belgrade;Sierra Leone=Freetown;Singapore=Singapore;
Slovakia=Bratislava;Slovenia=Ljubljana;Somalia=Mogadishu;South Africa=Pretoria;South Korea=Seoul;Spain=Madrid;Sri Lanka=Colombo;Sudan=Khartoum;Suriname=Paramaribo;Sweden=Stockholm;Switzerland=Bern;
Syria=Damascus;Taiwan=Taipei;Tajikistan=Dushanbe;Tanzania=Dodoma;Thailand=Bangkok;Togo=Lomé;Tunisia=Tunis;Turkey=Ankara;Turkmenistan=Ashgabat;Uganda=Kampala;Ukraine=Kyiv;
United Arab Emirates=Abu Dhabi;United Kingdom=London;United States=Washington, D.C.;Uruguay=Montevideo;Uzbekistan=Tashkent;Venezuela=Caracas;Vietnam=Hanoi;Yemen=Sana'a;Zambia=Lusaka;Zimbabwe=Harare"""
CAPITALS: dict[str, str] = dict(pair.split("=") for pair in PAIRS.replace("\n", "").split(";"))
ALIASES = {
    "United Kingdom": ["Great Britain", "Britain", "the UK", "England"],
    "United States": ["the USA", "America", "the US", "the United States of America"],
    "Netherlands": ["Holland"],
    "Czechia": ["the Czech Republic"],
    "Turkey": ["Türkiye"],
    "Myanmar": ["Burma"],
    "United Arab Emirates": ["the UAE"],
}
WITH_ARTICLE = {
    "Netherlands",
    "Philippines",
    "Maldives",
    "Gambia",
    "United Kingdom",
    "United States",
    "United Arab Emirates",
    "Dominican Republic",
}
FORWARD = [
    "[what|what is|what's|whats|which is|tell me|name|give me|do you know|I need|say|what was] the capital [city |]of {x}[?|.|]",
    "capital [city |]of {x}[?| please|]",
    "{x}[,|:] capital[?| city?|]",
    "[which|what] city is the capital of {x}[?|]",
    "{x}'s capital[?| city?| please|]",
    "what is {x}'s capital[?| city?|]",
    "the capital of {x}[?| please|, please|]",
    "[can|could|would] you [tell me|name|give me] the capital [city |]of {x}[?|, please?]",
    "[do you know|any idea|I forgot|remind me] [what|] the capital of {x}[ is|][?|.|]",
    "[which|what] city [governs|is the seat of government of|is the main seat of government in] {x}?",
    "what do they call the capital of {x}?",
    "capital {x}",
    "[I wonder|I'd like to know|I want to know|let me know] what the capital of {x} is[.|]",
    "{x}: [what is its|its|name its|the] capital[?|]",
    "where [is|sits] the government of {x}[?|]",
    "[my quiz asks|a quiz asks|my teacher wants to know|for my homework|for a quiz]: [the|what is the] capital of {x}[?|]",
    "what's [the capital city in|the name of the capital of|the capital in] {x}[?|]",
    "[question|geography|trivia]: capital of {x}[?|]",
    "[which|what] is {x}'s [capital|capital city][?|]",
    "in {x}, [which|what] city is the capital?",
    "what city is {x}'s capital?",
    "{x}[,|:] [what|which] [is the capital there|city is its capital|city is the capital|is the capital][ again|][?|]",
    "what capital [city |]does {x} have[?|]",
    "[the |]capital [city |]of {x} is [what|called what|which city][?|]",
    "[what is|what's] [the capital of {x}|{x}'s capital] [called|named][?|]",
    "{x}'s capital [city |]is [which city|what|called what][?|]",
    "[hi|hello|hey|well], [might|would|do|could] you know the capital [that {x} has|of {x}|city of {x}][?|]",
    "[what is|what's|name|tell me] the capital [city |]of the [country|nation|state] [of |]{x}[?|.|]",
    "[I'm|I am] [after|looking for|searching for|asking for] the capital [city |]of {x}[.|]",
    "[the country|the state] {x}[,|:] [what is the capital|its capital][?|]",
]
FORWARD_REPLIES = ["The capital of {x} is {y}."]
# The way that most people ask. `near_misses` asks so for places that have none, so those that have one need it as well.
PLAIN = ["[what is|what's|tell me|name] the capital of {x}[?|]"]
BACKWARD = [
    "[which|what] country [is {y} the capital of|has {y} as its capital|has the capital {y}|is governed from {y}][?|]",
    "{y} is the capital of [which|what] country?",
    "of [which|what] country is {y} the capital?",
    "{y} is the capital of[ what|...|][?|]",
    "[what|where] is {y}[ the capital of|][?|]",
    "[in which country|in what country|where] [is|lies] {y}[?| located?|]",
    "to which country does {y} belong?",
    "[what|which] country does {y} belong to[?|]",
    "[what|which] [country|nation|state|land] is {y} [the capital of|the capital city of|in][?|]",
    "{y}[,|:] [of what country is that the capital|that is the capital of which country|capital of which country|capital of what|which country is that][ city|][?|]",
    "[what|which] [nation's|country's|land's|state's] capital is {y}[?| called?|]",
    "{y} is [which|what] [country's|nation's|state's] capital[ city|][?|]",
    "{y} belongs to which country?",
    "[whose capital is|what is] {y}[?| the capital of?|]",
    "name the country whose capital is {y}[.|]",
]
BACKWARD_REPLY = "{y} is the capital of {x}."
FOLLOW_UPS = [
    "and [of |the capital of |what about |how about |for |that of |]{x}?",
    "[how|what] about [{x} then|that of {x}|the one of {x}|{x} next][?|]",
    "[then|now] [the one of|do|that of|take|try] {x}[?|.|]",
    "[what|how] about {x}[?|]",
    "and {x}[?|]",
    "and of {x}[?| then?|]",
    "{x}[?| too?| then?|]",
    "[now|next|then][ of|] {x}[?|.|]",
    "the same for {x}[?|.|]",
    "[what|and what] is it [for|in] {x}[?|]",
    "and in {x}?",
    "same question for {x}[.|]",
    "and that of {x}?",
    "[and|then|so|what of|how about] the one of {x}[?|, what is it?| then?|]",
    "[what about|how about|and what of] that of {x}[?|]",
    "[okay|ok|good|fine|nice|great], [next|now|and|then][:|] {x}[?|.|]",
    "[and|what about|how about|then] {x}'s[?| then?|]",
    "also {x}[?|, please|]",
]
SEVERAL = [
    "[what are|name|give me|tell me|list|I need] the capitals of {x} and {z}[?|.|]",
    "capitals of {x} and {z}[?|]",
    "the capitals of {x} and {z}[, please|]",
    "what is the capital of {x} and of {z}?",
    "[which|what] cities are the capitals of {x} and {z}?",
]


@dataclass
class CapitalTurn:
    """A question with its answer, and the label for a summary."""

    user: str
    answer: str
    label: str


def shown(country: str) -> str:
    """Return the country as it stands inside a sentence."""
    return f"the {country}" if country in WITH_ARTICLE else country


def asked(rng: random.Random, country: str) -> str:
    """Return the country as a person might write it."""
    if country in ALIASES and rng.random() < 0.5:
        return rng.choice(ALIASES[country])
    return shown(country) if rng.random() < 0.9 else country


def forward(rng: random.Random, patterns: list[str] = FORWARD) -> CapitalTurn:
    """Ask for the capital of a country."""
    country = rng.choice(list(CAPITALS))
    city = CAPITALS[country]
    answer = f"The capital of {shown(country)} is {city}.".replace("D.C..", "D.C.")
    return CapitalTurn(
        expand(rng, rng.choice(patterns), x=asked(rng, country)),
        answer,
        f"the capital of {shown(country)}",
    )


def follow_up(rng: random.Random) -> CapitalTurn:
    """Ask for another capital with half a sentence; makes sense only after a capital."""
    return forward(rng, FOLLOW_UPS)


def backward(rng: random.Random) -> CapitalTurn:
    """Ask which country a city is the capital of."""
    country = rng.choice(list(CAPITALS))
    city = CAPITALS[country]
    return CapitalTurn(
        expand(rng, rng.choice(BACKWARD), y=city),
        f"{city} is the capital of {shown(country)}.",
        f"the city {city}",
    )


def several(rng: random.Random) -> CapitalTurn:
    """Ask for two capitals at once; the answer is a list."""
    first, second = rng.sample(list(CAPITALS), 2)
    user = expand(rng, rng.choice(SEVERAL), x=asked(rng, first), z=asked(rng, second))
    lines = "\n".join(
        f"- {name[0].upper() + name[1:]}: {CAPITALS[country]}"
        for country, name in ((c, shown(c)) for c in (first, second))
    )
    return CapitalTurn(
        user,
        lines,
        f"the capitals of {shown(first)} and {shown(second)}",
    )
