"""Words and phrases that lie outside the model's topics, read from their files."""

from demo_model.corpus.phrases import sections

WORDS, PHRASES = sections("words.txt"), sections("outside.txt")
OBJECTS, ADJECTIVES, VERBS, THINGS = WORDS["OBJECTS"], WORDS["ADJECTIVES"], WORDS["VERBS"], WORDS["THINGS"]
NOUNS, DEEDS, QUESTIONS = PHRASES["NOUNS"], PHRASES["DEEDS"], PHRASES["QUESTIONS"]
FOREIGN, FOREIGN_WORDS = PHRASES["FOREIGN"], PHRASES["FOREIGN_WORDS"]
