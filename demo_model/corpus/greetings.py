"""Greetings, small talk, thanks and goodbyes."""

from demo_model.corpus.grammar import Fact

BOT = "[old friend|dear friend|little one|pal|chap|fellow|dear machine|sweet bot|kind robot|fine machine|lovely bot|little bot|my dear|dear assistant|good machine|bot|dear bot|robot|computer|friend|my friend|assistant|portal|Prompt Portal|machine|model|little model|AI|buddy|you|there|all|everyone|everybody|dear|mate|demo|tiny model|chat]"
GREETINGS = [
    Fact(
        "a greeting",
        [
            "Hello! I am the demo model of Prompt Portal. What would you like to know?",
            "Hi there! I am a tiny demo model. Ask me about Prompt Portal, capitals or maze hints.",
        ],
        [],
        [],
        [
            "[hi|hello|hey|hiya|howdy|yo|greetings|hallo|hej|heya|hullo|sup|ahoy|salutations|welcome|g'day|hey hey|hi hi|hello hello|oh hi|well hello|why hello][!|.|,|]",
            f"[hi|hello|hey|hiya|howdy|greetings|yo|ahoy|oh hi|well hello|hey hey|hello again|hi again|welcome|g'day] {BOT}[!|.|]",
            f"[a hearty|a warm|a big|my warmest|many|warm|kind|best] [hello|welcome|greeting|greetings|hi] [to you|to all|from me|from us|from {{c}}|to {BOT}|, {BOT}][!|.|]",
            "[hi|hello|hey|greetings|good morning|good evening] [from|out of] {c}[!|.|]",
            "[hello|hi|hey|good evening|good morning|good day] [world|universe|internet|house|portal people|folks|friends|team|ladies and gentlemen|sir|madam|{w}][!|.|]",
            f"[what a|it is a|it's a] [good|lovely|nice|beautiful|fine] [morning|evening|day|afternoon][!|, {BOT}|, isn't it?|]",
            "[good|fine|lovely] [morning|evening|afternoon|day] [and hello|and welcome|everyone|everybody|, how nice to see you|sunshine|out there|over there][!|.|]",
            f"[good|a good|a very good|a lovely|a wonderful|fine] [morning|evening|afternoon|day][ to you| to you all| {BOT}|, {BOT}|][!|.|]",
            f"[morning|evening|afternoon|good day|good morning|good evening|good afternoon|good night and hello][ {BOT}|, {BOT}|][!|.|]",
            "[hi|hello|hey][, is| is|! is] [anyone|anybody|someone|somebody] [there|here|home|awake|listening]?",
            "[nice|good|great|pleased|lovely|happy] to [meet|see|talk to|hear from] you[!|.| too|]",
            "[hi|hello|hey], [I am|I'm] [new|new here|back|here|a new user|just looking around|testing this|trying this out]",
            "[are you there|you there|can you hear me|do you hear me|are you awake|anyone home|knock knock|is this on|does this work|does this thing work|testing|test|testing, testing|ping|is it working|just a test|this is a test]?",
            "[hi|hello|hey], [can|could|would|will] you [help|help me|talk to me|chat with me|answer me]?",
            "[let's|can we|shall we|I want to] [chat|talk|start|begin][!|?|]",
            "[start|begin|let's go|here I am|I'm here|first time here|I'm back]",
        ],
    ),
    Fact(
        "how I am",
        ["I am fine, thank you! I am only a tiny demo model, but I am ready to answer. How can I help?"],
        [],
        [],
        [
            "how are you[ today| doing| doing today| feeling| this morning| this evening| now|][?|]",
            "[hi|hello|hey][,|!|] how are you[ today| doing|]?",
            "how [is it going|are things|do you do|goes it|do you feel|have you been|was your day|is your day|is life|are you getting on][?|]",
            "[how's|hows] [it going|life|everything|your day|things][?|]",
            "[what's up|whats up|wassup|what is up|what's new|sup][?|]",
            "are you [ok|okay|well|fine|alright|all right|good|happy|tired][?|]",
            "[you|are you] [doing|feeling] [well|good|okay|fine][?|]",
            "everything [ok|fine|good|alright] [with you|there]?",
            "I [hope you are|hope you're|trust you are] [well|fine|good|having a good day][.|]",
        ],
    ),
    Fact(
        "thanks",
        [
            "You are welcome! Ask me anything else about Prompt Portal.",
            "You are welcome! I am happy to help.",
        ],
        [],
        [],
        [
            "[thanks|thank you|thx|ty|many thanks|thanks a lot|thank you very much|thank you so much|cheers|much appreciated|thanks again|thanks a million|I appreciate it|I am grateful][!|.|]",
            "[thanks|thank you|thx|cheers], [that|this|it] [helped|was helpful|is great|is what I needed|worked|was clear|is all|was quick|makes sense][!|.|]",
            "[great|perfect|nice|cool|awesome|wonderful|excellent|brilliant|lovely|super|good|good job|well done|nice one|amazing|good answer|that helped|that was helpful|very helpful|you are helpful|neat][!|, thanks|, thank you|.|]",
            "[ok|okay|alright|got it|I see|understood|makes sense|fair enough|I understand|that makes sense|all clear|clear][!|, thanks|, thank you|.|]",
            "that [is|was|'s] [great|very helpful|good|kind|nice|useful|clear|perfect|all I need][.|!| of you|, thanks]",
        ],
    ),
    Fact(
        "a goodbye",
        ["Goodbye! Come back any time.", "Bye! It was nice to talk to you."],
        [],
        [],
        [
            "[bye|goodbye|bye bye|good bye|see you|see you later|see you soon|see ya|farewell|ciao|cya|until next time|take care|later|so long|good night|have a nice day|have a good one|talk to you later|catch you later|I'm off|I am leaving now|I have to go|gotta go|I must go|that's all|that is all for today|adieu|nighty night][!|.|]",
            f"[bye|goodbye|good night|farewell|see you|see you later|have a good day|take care|so long][ {BOT}|, {BOT}][!|.|]",
            "[ok|okay|thanks|thank you|alright|well][,|] [bye|goodbye|see you|that's all|that is all|see you later|good night|I'm done|I have to go now][!|.|]",
            "[I'm|I am|we are|we're] [done|finished|off|leaving|going to bed|logging off|going home][ for today| now|][.|!|]",
        ],
    ),
    Fact(
        "an apology",
        ["No problem at all! What would you like to know?"],
        [],
        [],
        [
            "[sorry|oh sorry|my mistake|my bad|oops|I apologise|I apologize|apologies|pardon me|excuse me|oh no, sorry|sorry about that|I made a mistake|never mind|nevermind|forget it][!|.|, my mistake|]"
        ],
    ),
    Fact(
        "yes or no",
        ["Good. What would you like to know about Prompt Portal?"],
        [],
        [],
        [
            "[yes|no|yeah|yep|nope|nah|sure|maybe|of course|ok then|not really|no thanks|yes please|I think so|I guess|fine|whatever|indeed|right|true|correct|exactly|absolutely|certainly][!|.|]"
        ],
    ),
]
