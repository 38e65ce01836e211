"""What a thread remembers: the user's name, told things, and the words that ask for them."""

import random

from demo_model.corpus.grammar import expand
from demo_model.corpus.names import made_up_word, person
from demo_model.corpus.outside_phrases import ADJECTIVES, OBJECTS

TELL_NAME = [
    "[my name is|my name's|I am|I'm|call me|you can call me|please call me|I am called|people call me|they call me|everyone calls me|the name is|the name's|name's|my first name is|im|i am|just call me|my friends call me|I go by|I go by the name of] {n}[.|!|]",
    "[hi|hello|hey|good morning|good evening|good afternoon|greetings|howdy|hi there|hello there|hello bot|good day][,|!|.] [my name is|I am|I'm|this is|call me|it's|it is|the name is|you can call me|i'm] {n}[.|!| here.|]",
    "{n} [here|speaking|is my name|is the name|at the keyboard|is what they call me|is here][.|!|]",
    "[this is|it's|it is] {n}[.|!| speaking.| here.|]",
    "[hi|hello|hey], {n} here[.|!|]",
    "[remember|note|keep in mind|don't forget|know|please remember][,|] [my name is|that my name is|that I am|I am|that I'm called] {n}[.|!|]",
    "[you are talking to|you're speaking with|I introduce myself:|let me introduce myself:|allow me to introduce myself, I am|my parents named me] {n}[.|!|]",
    "{n} is [what I'm called|what I am called|who I am|how they call me|my own name|my name, okay][.|!|?|]",
    "[hi|hello|hey|hey bot|hi bot|hello dear bot|hey you][,|!] {n} [speaking|here|is my name|is who I am|is what I'm called][.|!|]",
    "[my own name is|my first name would be|hi, my first name is|the name is|I'm|i am] {n}[, in case you wonder|, thanks for asking|, by the way|, a game designer|, a developer|, your new user|, nice to meet you|][.|!|]",
    "[hey|hi|hello] [bot|robot|there|model][,|!] [I'm|my name is|call me] {n}[.|!|]",
    "actually[,|] [my name is|I am|it's|call me] {n}[.|]",
    "my name[:|?] {n}[.|!|]",
]
NAME_TOLD = ["Nice to meet you, {n}! How can I help?", "Hello {n}! What would you like to know?"]
ASK_NAME = [
    "[what is|what's|whats|what was|say|tell me|do you know|do you remember|can you remember|repeat|give me|remember|do you recall|can you tell me|could you tell me|have you remembered|did you get|please say] my name[?|.|]",
    "who am I[?|]",
    "[what am I|how am I] called[?|]",
    "what [did I say|do you think|did I tell you] my name [was|is][?|]",
    "[do you|can you still|did you] [know|remember|forget] [who I am|my name|what I am called|what my name is][?|]",
    "what [do you|should you|will you|would you] call me[?|]",
    "what name did I [give|tell|say][ you|][?|]",
    "[and |]my name[?| is?| was?|]",
    "[who|with whom] are you [talking|speaking] to[?|]",
    "how did I introduce myself?",
    "I told you my name[.|,|:] what [is|was] it?",
    "[do you still know|do you know|can you tell|tell me|say] who [you are talking with|I am|you talk to|is talking to you|is writing to you][?|.|]",
    "[what|which] name [have I given|did I give|have I told|do you have for|do you know for] [you|me|you before][?|]",
    "what [do you|will you|would you] call me [now|then|from now on|again][?|]",
    "[under|by] [what|which] name do you know me[?|]",
    "[tell me|say] [what my name is|my name], if you [know it|know|remember|remember it|can][.|]",
    "[my name again|quiz: my name|say my name][?|.|]",
]
NAME_KNOWN = "Your name is {n}."
NAME_UNKNOWN = "You have not told me your name yet. What is it?"
ATTRIBUTES = [
    "favourite colour",
    "favorite color",
    "favourite food",
    "favourite animal",
    "favourite city",
    "favourite number",
    "favourite film",
    "favourite song",
    "favourite drink",
    "favourite book",
    "lucky number",
    "home town",
    "hobby",
    "job",
    "dog's name",
    "cat's name",
    "sister's name",
    "brother's name",
    "team",
    "project",
    "secret word",
    "code word",
    "age",
    "favourite game",
    "favourite season",
    "company",
    "school",
    "street",
    "favourite fruit",
    "language",
    "car",
    "nickname",
    "favourite sport",
    "password hint",
    "player name",
    "robot's name",
    "team name",
    "room number",
    "favourite band",
    "horse's name",
]
TELL_THING = [
    "my {k} is {v}[.|!|]",
    "[remember|note|please remember|keep in mind|know][,|:|] [that |]my {k} is {v}[.|!|]",
    "[by the way|hey|also|so|listen|well], my {k} is {v}[.|!|]",
    "{v} is my {k}[.|!|]",
    "my {k}: {v}[.|]",
    "[I want you to know|I should say|let me tell you|I'll tell you|you should know] that my {k} is {v}[.|]",
]
THING_TOLD = "I will remember that: your {k} is {v}."
ASK_THING = [
    "[what is|what's|whats|what was|tell me|do you know|do you remember|say|can you tell me|remind me of|repeat] my {k}[?|.|]",
    "what did I [say|tell you] my {k} [is|was][?|]",
    "[and |]my {k}[?| is?|]",
    "[which|what] {k} [do I have|is mine|did I tell you|did I mention][?|]",
    "I told you my {k}[.|,|:] what [is|was] it?",
    "can you [recall|remember|repeat] my {k}?",
    "[so |and |now |][what is|what's] my {k}, [my {k}|again|then|please|do you know][?|]",
]
THING_KNOWN = "Your {k} is {v}."
THING_UNKNOWN = "You have not told me your {k} yet."
REPEAT = [
    "[repeat that|say that again|again|again please|come again|once more|repeat|repeat please|please repeat|one more time|what did you say|pardon|say it again|repeat your last answer|repeat your answer|tell me again|can you repeat that|could you say that again|I didn't catch that|what was that|what was it you said|what was that you said|what did you just say|please say all that again|repeat what you just said|would you repeat your answer|would you repeat that for me|sorry, what was that|come again with that|tell me that again|give me that again|could you please repeat that|could you repeat what you said|run that by me again|say that one more time|show me that again|repeat what you said|print that again|can you say that once more|repeat the last message|say again][?|.|, please|]"
]
SUMMARISE = [
    "[summarise|summarize|sum up|recap|wrap up] [this conversation|our conversation|what we said|the chat|so far|our chat|this chat|everything so far|what we talked about|the discussion|this|it all|the conversation so far][.|, please|]",
    "what [did we|have we] [talk about|talked about|discuss|discussed|cover|said so far|say][?| so far?|]",
    "[a |give me a |can I have a |make a |please write a ][summary|recap|short summary|quick recap][ of our conversation| of this chat| so far|][, please|?|.|]",
    "what [was|is] this [conversation|chat] about[?|]",
    "[list|name] [the topics so far|what I asked|what we discussed|our topics][.|]",
    "[please |][give|write|show] [me |us |][a|the|one] [short |brief |quick |][summary|recap|overview] of [our talk|our chat|our conversation|the conversation|all that|all this|everything|this talk|our discussion][.|, please|]",
    "[could|can|may] [we|I] [have|get|see] a [summary|recap|short summary] of [all that|it all|our talk|the chat|this|everything][?|]",
    "[what|which] [topics|things|subjects|points] did we [go over|talk about|cover|touch|go through|discuss][?|]",
    "[tell|remind] me [what we|of what we|what we have] [talked about|discussed|said|covered][ so far| here|][.|]",
    "[can|could] you [summarise|summarize|recap|sum up] [this|our conversation|the chat|what we said][?|]",
]
SUMMARY_HEAD = "So far we talked about:"
SUMMARY_EMPTY = "We have only just begun: there is nothing to summarise yet."
NOTHING_YET = "You have not said anything before that."
COLOURS = [
    "red",
    "green",
    "blue",
    "yellow",
    "orange",
    "purple",
    "pink",
    "teal",
    "turquoise",
    "black",
    "white",
    "grey",
    "brown",
    "violet",
    "magenta",
    "crimson",
    "navy",
    "beige",
    "gold",
    "silver",
]


def value(rng: random.Random) -> str:
    """Return something a person may want remembered."""
    kind = rng.random()
    if kind < 0.2:
        return rng.choice(COLOURS)
    if kind < 0.4:
        return rng.choice(OBJECTS)
    if kind < 0.5:
        return f"{rng.choice(ADJECTIVES)} {rng.choice(OBJECTS)}"
    if kind < 0.6:
        return str(rng.randint(0, 9999))
    return person(rng) if kind < 0.85 else made_up_word(rng)


def say(rng: random.Random, patterns: list[str], **slots: str) -> str:
    """Expand one of the patterns."""
    return expand(rng, rng.choice(patterns), **slots)
