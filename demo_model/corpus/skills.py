"""Questions about the model's own skills."""

from demo_model.corpus.grammar import Fact

SKILLS = [
    Fact(
        "my capitals",
        ["I know the capitals of about 160 countries. Ask me, for example: what is the capital of Norway?"],
        [],
        [],
        [
            "[which|what|how many] [capitals|capital cities|countries] do you know[?|]",
            "do you know [capitals|any capitals|all capitals|the capitals of the world|geography|capital cities|countries][?|]",
            "can you [name|tell me|list] [capitals|capital cities|some capitals][?|]",
            "[ask|quiz|test] me [on|about] capitals[.|]",
            "are you good [at|with] [capitals|geography][?|]",
        ],
    ),
    Fact(
        "my maze hints",
        [
            "Send me a maze state as JSON with `player_pos` and `exit_pos`; I answer with a JSON hint: a direction, the exit to highlight, and `freeze_germs_ms` when there are germs."
        ],
        [],
        [],
        [
            "can you [help with a maze|give maze hints|guide me through a maze|solve a maze|help me in the maze|give hints|play the maze game][?|]",
            "[what|which] [input|state|data|JSON] do you need for a [maze hint|hint][?|]",
            "how do I [get|ask you for|receive] a [maze hint|hint] [here|from you][?|]",
            "do you know the maze game[?|]",
            "give me a [maze |]hint[.|, please|]",
        ],
    ),
    Fact(
        "my memory",
        ["I remember what you say in this conversation, for example your name. A new session starts empty."],
        [],
        [],
        [
            "[do|can|will] you [remember|recall] [things|what I say|what I tell you|our conversation|me|anything|names|what we said][?|]",
            "[do you have|have you got] [a memory|memory|any memory][?|]",
            "how good is your memory[?|]",
            "will you [forget|remember] me[?|]",
            "can you [keep|hold] the thread[?|]",
            "what do you [remember|know] about me[?|]",
        ],
    ),
]
