"""Names of people and made-up words; made-up ones teach copying, so that unseen names are copied too."""

import random

FIRST = (
    "Ada Alan Alice Amara Ana Anders Anna Arjun Aisha Ben Bianca Boris Bruno Carla Carlos Chen Chloe Clara Daniel David Diego Dora Elena Eli Emil Emma Eva Fatima Felix Finn Frida "
    "Gabriel Grace Greta Hana Hannah Hans Henry Hiro Ida Igor Ines Ingrid Isaac Ivan Jack Jane Jin Jonas Jose Julia Kai Karim Kate Kofi Lara Laura Lena Leo Liam Lina Linda Lucas "
    "Luna Maria Mark Marta Max Maya Mia Mike Mila Mina Mohammed Nadia Nina Noah Nora Olga Oliver Omar Oscar Otto Paul Pedro Peter Priya Quinn Rachel Rahul Ravi Rita Robert Rosa Ruth "
    "Sam Sara Sasha Sofia Stefan Sven Tara Theo Thomas Tim Tina Tom Uma Vera Victor Viktor Wei Will Xavier Yara Yuki Yusuf Zoe Zara John Mary James Sarah Steve Susan Ali Bob Kim Lee"
).split()
ONSETS = "b bl br c ch cl cr d dr f fl fr g gl gr gw h j k kh kl kr l ll m n p ph pl pr qu r rh s sc sh sk sl sm sn sp st str sv t th tr tz v vl w wh x y z zh".split()
VOWELS = "a e i o u a e i o u ae ai au ea ee ei ia ie io oa oe oo ou ua ui y".split()
CODAS = ["", "", "", "", "l", "m", "n", "r", "s", "t", "d", "k", "x", "th", "ck", "ll", "nd", "ng", "rt", "sh", "st", "nt", "ss", "lm", "rd", "v", "z"]
ENDINGS = ["a", "o", "us", "ina", "ine", "elle", "ette", "ius", "ander", "bert", "wig", "fried", "helm", "mund", "ella", "son", "sen", "ova", "ski", "ez", "wyn", "dotter", "ius", "ika", ""]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def made_up_word(rng: random.Random) -> str:
    """Return a word nobody uses, of one to four syllables; sometimes plain random letters."""
    if rng.random() < 0.2:
        return "".join(rng.choice(LETTERS) for _ in range(rng.randint(3, 10)))
    parts = [rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(rng.randint(1, 3))]
    return "".join(parts) + (rng.choice(ENDINGS) if rng.random() < 0.5 else "")


def person(rng: random.Random) -> str:
    """Return a name: a common one, a made-up one, rarely two words or with a digit."""
    name = rng.choice(FIRST) if rng.random() < 0.3 else made_up_word(rng).capitalize()
    chance = rng.random()
    if chance < 0.06:
        return f"{name} {made_up_word(rng).capitalize()}"
    if chance < 0.09:
        return f"{name}-{made_up_word(rng).capitalize()}"
    if chance < 0.11:
        return f"{name}{rng.randint(0, 99)}"
    return name.lower() if chance < 0.16 else name
