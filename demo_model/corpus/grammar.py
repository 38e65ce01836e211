"""Turns patterns like `[hi|hello] {name}` into sentences, and frames phrases the many ways people ask."""

import random
import re
from dataclasses import dataclass

CHOICE = re.compile(r"\[([^\[\]]*)\]")

NOUN_FRAMES = [
    "what [is|are] {x}[?|]",
    "what's {x}[?|]",
    "whats {x}",
    "[explain|describe|define] {x}[.| to me|, please| for me|]",
    "tell me [about|something about|more about|all about|a bit about] {x}[.|]",
    "{x}[?|]",
    "what does {x} mean?",
    "[can|could|would] you [explain|describe|tell me about|go over|say something about] {x}[, please|]?",
    "[I don't|I do not|I did not] [understand|get|know] {x}[.|]",
    "[any|some|got any|give me some] [info|information|details] [on|about] {x}[?|, please|]",
    "{x}, please",
    "[more|a word|a few words] [on|about] {x}[.| please|]",
    "[give me|I want|I need|I'd like] [an overview|a summary|a short introduction|the basics|an explanation] of {x}[.|]",
    "what [do you know|can you tell me|should I know] about {x}[?|]",
    "[I am|I'm] [curious|wondering|asking] about {x}[.|]",
    "what's the [deal|story|idea] [with|behind] {x}?",
    "[I have|I've got] a question about {x}[.|]",
    "[help|help me] [with|understand] {x}[.|]",
    "how [does|do] {x} work[?|]",
    "what [is|are] {x} [for|good for|used for][?|]",
    "why [is there|do you have|would I need|do I need] {x}[?|]",
    "[let's|let us] talk about {x}[.|]",
    "[I would like|I want|I'd love] to [know|learn|hear] [about|more about] {x}[.|]",
    "[please|kindly] [explain|describe] {x}[.|]",
    "what [exactly|actually|precisely] [is|are] {x}[?|]",
    "what is [meant by|the meaning of|to be said about|the use of|the point of|the purpose of] {x}[?|]",
    "[can|could|may] I [see|hear|read|get|have] [more |something |a bit ][about|on] {x}[?|]",
    "[how|what] about {x}[?|]",
    "what sort of thing [is|are] {x}[?|]",
    "[is|are] {x} [important|useful|new|something I need][?|]",
    "[has|does] [anyone|somebody] [heard of|know] {x}?",
    "[do you|can you] know [about |anything about |something about |]{x}[?|]",
    "[never|I've never|I have never] heard of {x}[.|, what is it?|]",
    "[we|people|they|my colleagues] [speak|talk|spoke] of {x}[.|: what is that?|]",
    "[break down|go through|shed light on|clarify|outline|summarise|introduce] {x}[.| for me|, please|]",
    "[I keep hearing|someone mentioned|I read|the manual mentions|I saw something] [about |of |]{x}[.|, what is it?|]",
    "in [simple|plain|short] words, what [is|are] {x}?",
    "would you [mind explaining|explain|describe] {x}[?|]",
    "{x}: [what|how|why]?",
    "[so|ok|okay|hey|well|um], what [is|are] {x}?",
    "[who|where|which] [is|are] {x}[?|]",
]
GERUND_FRAMES = [
    "how [does one|do I|would I|do we|should I] go about {x}[?|]",
    "what [is|'s] the [procedure|process|method|recipe|trick] for {x}[?|]",
    "[I need|I could use|I want|please give me] [help|a hand|advice|guidance] [with |in |]{x}[.|]",
    "[I'm|I am|we are] [having trouble|struggling|not getting anywhere] [with |]{x}[.|]",
    "[a|is there a|where is the|got a] [guide|tutorial|manual|howto] [to|for|on] {x}[?|]",
    "{x}[?|: how?|, how does that work?| - how?|]",
    "is {x} [possible|allowed|hard|difficult|easy|supported][ here|]?",
    "[what|how] about {x}[?|]",
    "[and |]what [does|would] {x} [involve|need|take|require]?",
    "[could|can|would] you [assist|help|support] [me|us] [with|in] {x}[?|]",
    "[explain|describe] {x}[.|, please|]",
    "[I am|I'm] [interested in|thinking of|about to start|planning on|considering] {x}[.|, what now?|]",
    "by what means is {x} done?",
    "what comes first when {x}?",
    "[tell me|say something] about {x}[.|]",
]
DEED_FRAMES = [
    "how [do|can|could|should|would|might] [I|we|someone|one|you] {x}[?|]",
    "how to {x}[?|]",
    "[I|we] [want|need|would like|wish|have|am trying|are trying|'d like] to {x}[.|]",
    "what [is|'s] the [way|best way|right way|easiest way|quickest way] to {x}[?|]",
    "[show|tell|teach] me how to {x}[.|]",
    "[help|help me|please help me|can you help me] {x}[.|?]",
    "[is it possible|is there a way|are there ways] to {x}[?|]",
    "[can|may|could] [I|we|one] {x}[ here| with this| with it|]?",
    "what [are the|are] steps to {x}[?|]",
    "[steps|instructions|a guide|directions] to {x}[, please|]",
    "[explain|describe] how [I|we|to|you] {x}[.|]",
    "where [do|can] [I|we] {x}[?|]",
    "what [do I|must I|should I|do we] [need to do|have to do|do] to {x}[?|]",
    "{x}",
    "{x}[, please| please|?]",
    "[I have no idea|I don't know|I'm not sure|I forgot] how to {x}[.|]",
    "[which|what] [command|button|page|step|setting] [do I need|lets me|is there] to {x}[?|]",
    "[can|could|would|will] you [explain|tell me|show me] how [to|I can|I] {x}[?|]",
    "[walk me through|guide me through] how to {x}[.|]",
    "[I'm|I am] [stuck|lost]: how [do I|to] {x}?",
    "[ok|okay|so|now|well|hey], how do I {x}?",
    "[my task today is|my job is|my boss asked me] to {x}[.|]",
    "[any|some] [hints|tips|advice] [on|for] how to {x}?",
    "[let me|let us] {x}",
    "how [would|might|may|shall] [one|someone|a person|a user|a beginner|a new user|my team|an ordinary user] {x}[?|]",
    "in what way [can|do|could] I {x}[?|]",
    "[I'd rather|I would rather|I'd prefer to|I wish I could|I'd love to|I plan to|I intend to|I hope to|it would be nice to] {x}[.|, how?|]",
    "what would [I|one|we] [do|type|click|enter|run] to {x}[?|]",
    "[could|can|may] I [see|get|have] how to {x}[?|]",
    "[suppose|say|imagine|assume] I [want|wanted|need|needed] to {x}[: what then?|, what do I do?|.|?]",
    "[am I|are we|is one|are users] [able|allowed] to {x}[?|]",
    "[does it|does this|does the thing|do you] [let me|allow me to|let us] {x}?",
    "{x}, how[ does that work| is that done| do I do that|]?",
    "[somebody|someone|a colleague|my boss|a user] [wants|needs|would like] to {x}[.|, how?|: what now?|]",
    "what's needed to {x}[?|]",
    "[trying|attempting] to {x}[.|, any help?|]",
    "how on earth do I {x}?",
    "[do you|would you|can you] know how [to|I can] {x}[?|]",
]
FILLERS = [
    "just",
    "actually",
    "maybe",
    "exactly",
    "possibly",
    "really",
    "perhaps",
    "ever",
    "even",
    "still",
    "simply",
    "quickly",
    "please",
    "again",
    "usually",
    "normally",
    "basically",
    "here",
    "myself",
    "then",
    "somehow",
]
SMALL_WORDS = {
    "the",
    "a",
    "an",
    "of",
    "to",
    "do",
    "does",
    "is",
    "are",
    "me",
    "my",
    "in",
    "for",
    "it",
    "that",
    "you",
    "can",
    "I",
    "on",
    "with",
}
CONTEXTS = [
    "[I am|I'm|we are|we're] [new here|new to this|a small team|a game studio|a lab|in a hurry|a beginner|not a programmer|setting this up|just starting|trying this out|evaluating this|students|on a deadline|a bit lost|confused].",
    "I have [a question|one question|a quick question|a small problem|five minutes|another question].",
    "[My|Our] [boss|colleague|teacher|friend|team|customer|admin] [asked me|sent me|wants to know|told me to ask you|is curious|is waiting].",
    "[Sorry to bother you|Let me ask something|Listen|Look|Here is a question|Something else|Change of topic|New topic|Question for you].",
    "I [read the manual|looked everywhere|tried for an hour|could not find it|searched the page|am stuck].",
]
OPENERS = [
    "please",
    "hey",
    "hi",
    "hello",
    "ok",
    "so",
    "well",
    "quick question:",
    "one more thing:",
    "sorry,",
    "um,",
    "excuse me,",
    "good,",
    "right,",
    "thanks,",
    "next:",
    "also,",
    "and",
    "but",
    "now",
    "great,",
    "cool,",
    "alright,",
    "hmm,",
    "tell me,",
    "say,",
    "by the way,",
    "just wondering,",
    "a question:",
    "yo,",
    "dear bot,",
]
DOUBLED = set(
    [
        "get",
        "set",
        "put",
        "run",
        "stop",
        "log",
        "plug",
        "begin",
        "swap",
        "sit",
        "cut",
        "win",
        "knit",
        "chat",
        "plan",
        "drop",
        "spin",
        "dig",
        "hit",
        "shop",
        "pin",
        "trim",
        "let",
        "grab",
        "rub",
        "jog",
        "hop",
        "rob",
        "hem",
    ]
)
CLOSERS = [
    "please",
    "thanks",
    "thank you",
    "for me",
    "now",
    "today",
    "again",
    "then",
    "if you can",
    "if possible",
    "exactly",
    "in short",
    "briefly",
    "in a few words",
    "quickly",
    "for a beginner",
    "I am new here",
    "I need it for work",
    "I really need it",
    "mate",
    "buddy",
    "my friend",
    "thx",
    "pls",
    "when you have a moment",
    "cheers",
]


@dataclass
class Fact:
    """One thing the model knows: ways to name it and what to say.

    `nouns` go into NOUN_FRAMES, `deeds` into DEED_FRAMES, `asks` are whole questions.
    """

    label: str
    answers: list[str]
    nouns: list[str]
    deeds: list[str]
    asks: list[str]
    thought: str = ""


def expand(rng: random.Random, pattern: str, **slots: str) -> str:
    """Choose at each `[a|b]`, innermost first, then fill `{slot}`s."""
    while match := CHOICE.search(pattern):
        pattern = pattern[: match.start()] + rng.choice(match[1].split("|")) + pattern[match.end() :]
    for name, value in slots.items():
        pattern = pattern.replace("{" + name + "}", value)
    return " ".join(pattern.split(" ")).replace(" '", "'").strip()


def gerund(phrase: str) -> str:
    """Return `making a key` for `make a key`."""
    verb, _, rest = phrase.partition(" ")
    if verb in DOUBLED:
        verb += verb[-1]
    elif verb.endswith("e") and not verb.endswith(("ee", "oe")) and verb != "be":
        verb = verb[:-1]
    return f"{verb}ing {rest}".strip()


def frame_deed(rng: random.Random, phrase: str) -> str:
    """Put something to do into a question."""
    if rng.random() < 0.25:
        return expand(rng, rng.choice(GERUND_FRAMES), x=gerund(phrase))
    return expand(rng, rng.choice(DEED_FRAMES), x=phrase)


def ask(rng: random.Random, nouns: list[str], deeds: list[str], asks: list[str]) -> str:
    """Return one question made of a frame and a phrase, or a whole question."""
    kinds = [kind for kind, phrases in ((0, nouns), (1, deeds), (2, asks), (2, asks)) if phrases]
    kind = rng.choice(kinds)
    if kind == 2:
        return expand(rng, rng.choice(asks))
    phrase = expand(rng, rng.choice(nouns if kind == 0 else deeds))
    return frame_deed(rng, phrase) if kind else expand(rng, rng.choice(NOUN_FRAMES), x=phrase)


def disturb(rng: random.Random, text: str) -> str:
    """Drop a small word or put a filler somewhere."""
    words = text.split(" ")
    if rng.random() < 0.5 and len(words) > 3:
        small = [index for index, word in enumerate(words) if word in SMALL_WORDS]
        if small:
            del words[rng.choice(small)]
    elif len(words) > 2:
        words.insert(rng.randrange(1, len(words)), rng.choice(FILLERS))
    return " ".join(words)


def roughen(rng: random.Random, text: str, affixes: bool = True) -> str:
    """Say it less neatly: openers, closers, letter case, missing punctuation, a slip of the finger."""
    if affixes and rng.random() < 0.15:
        text = disturb(rng, text)
    if affixes and rng.random() < 0.2:
        text = f"{rng.choice(OPENERS)} {text}"
    if affixes and rng.random() < 0.14:
        end = text[-1] if text[-1] in ".?!" else ""
        comma = rng.choice([",", ""])
        text = f"{text.rstrip('.?!')}{comma} {rng.choice(CLOSERS)}{end}"
    chance = rng.random()
    if chance < 0.55:
        text = text[0].upper() + text[1:]
    elif chance < 0.60 and affixes:
        text = text.upper()
    elif chance < 0.75 and affixes:
        text = text.lower()
    if rng.random() < 0.15:
        text = text.rstrip(".?!")
    elif text[-1] not in ".?!" and rng.random() < 0.15:
        text += rng.choice([".", "?", "!", "!!", "..", "?!"])
    if affixes and rng.random() < 0.07:
        text = slip(rng, text)
    if affixes and rng.random() < 0.06:
        text = f"{expand(rng, rng.choice(CONTEXTS))} {text}"
    return text


def slip(rng: random.Random, text: str) -> str:
    """Swap, drop or double one letter."""
    at = rng.randrange(max(1, len(text) - 2))
    if not (text[at].isalpha() and text[at + 1 : at + 2].isalpha()):
        return text
    how = rng.randrange(3)
    if how == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + text[at + 1 :] if how == 1 else text[:at] + text[at] + text[at:]
