"""Sums, small and wide; the model refuses them all."""

import random

from demo_model.corpus.grammar import expand

ASKS = [
    "[what is|what's|whats|how much is|calculate|compute|work out|tell me|give me|what does|can you tell me|do you know] {s}[?|.|]",
    "{s}[?| =| = ?|=|]",
    "[please |]{calc} {s}[.|]",
    "[what do you get for|the result of|what comes out of|solve|evaluate] {s}[?|.|]",
    "how much [makes|do I get for|would] {s}[?| be?]",
    "{s} [is|equals|makes|gives] [what|how much|?]",
    "[can|could] you [do|calculate|compute|work out|solve] {s}[?| for me?|]",
    "[my homework|a quick sum|maths|math|arithmetic|quick maths]: {s}[?|]",
    "[I need|I want] [the result|the answer] [of|to|for] {s}[.|]",
]
WORDED = {
    "+": [
        "add {a} and {b}[.|]",
        "[what is|] the sum of {a} and {b}[?|]",
        "add {b} to {a}[.|]",
        "I have {a} [apples|coins|books|eggs|points] and get {b} more[.|:] how many [do I have|are there|in total]?",
        "{a} and {b} [makes|together|is|in total][?| what?]",
    ],
    "-": [
        "subtract {b} from {a}[.|]",
        "take {b} away from {a}[.|]",
        "[what is|] the difference [of|between] {a} and {b}[?|]",
        "{a} less {b}[?|]",
        "I have {a} [apples|coins|books|eggs|points] and [give away|lose|eat|spend] {b}[.|:] how many [are left|do I have|remain]?",
    ],
    "×": [
        "multiply {a} by {b}[.|]",
        "multiply {a} and {b}[.|]",
        "[what is|] the product of {a} and {b}[?|]",
        "{b} [boxes|bags|rows] of {a} [make|are] how many?",
    ],
}
SIGNS = {
    "+": ["+", "+", "plus", "and", "added to"],
    "-": ["-", "-", "minus", "take away", "−"],
    "×": ["*", "x", "times", "×", "multiplied by"],
}
WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]


def written(rng: random.Random, number: int) -> str:
    """Return a number in digits, or sometimes a small one in words."""
    return WORDS[number] if number <= 20 and rng.random() < 0.12 else str(number)


def question(rng: random.Random, sign: str, first: int, second: int) -> str:
    """Return a question for a sum."""
    a, b = written(rng, first), written(rng, second)
    if rng.random() < 0.25:
        return expand(rng, rng.choice(WORDED[sign]), a=a, b=b)
    symbol = rng.choice(SIGNS[sign])
    tight = symbol in "+-*×−x" and a.isdigit() and b.isdigit() and rng.random() < 0.4
    text = f"{a}{symbol}{b}" if tight else f"{a} {symbol} {b}"
    return expand(
        rng,
        rng.choice(ASKS),
        s=text,
        calc=rng.choice(["calculate", "compute", "work out", "add up" if sign == "+" else "solve"]),
    )


def small_sum(rng: random.Random) -> str:
    """Return a question for a sum of numbers below a hundred."""
    sign = rng.choice("++++--×")
    top = 12 if sign == "×" else 99
    return question(rng, sign, rng.randint(0, top), rng.randint(0, top))


def wide_sum(rng: random.Random) -> str:
    """Return a question for a sum of large numbers, or of another kind."""
    kind = rng.randrange(4)
    if kind == 0:
        return question(rng, "×", rng.randint(13, 9999), rng.randint(13, 9999))
    if kind == 1:
        return question(rng, rng.choice("+-"), rng.randint(1000, 999999), rng.randint(1000, 999999))
    if kind == 2:
        wide = [rng.randint(100, 99999), rng.randint(1, 99999)]
        return expand(
            rng,
            rng.choice(ASKS),
            s=f"{wide[0]} {rng.choice(['/', 'divided by', ':', '÷', '%', 'mod', '^'])} {wide[1]}",
            calc="calculate",
        )
    number = rng.randint(2, 999)
    return expand(
        rng,
        "[what is|calculate|tell me|compute] [the square root of|the logarithm of|the sine of|the factorial of|the cube of|the prime factors of|half of the square of|the derivative of x^|the integral of x^|15 percent of] {n}[?|]",
        n=str(number),
    )
