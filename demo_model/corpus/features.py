"""MQTT topics, templates, sessions and what the chat page offers."""

from demo_model.corpus.grammar import Fact

FEATURES = [
    Fact(
        "MQTT",
        [
            "Games and devices talk to the portal over MQTT. Main topics:\n\n- `pp/v1/{client}/req`: send a request\n- `pp/v1/{client}/res/{rid}`: read the answer\n- `maze/state`: a game sends its state\n- `maze/hint/{sessionId}`: the hint comes back"
        ],
        [
            "[MQTT|mqtt|the MQTT topics|MQTT topics|the MQTT interface|the topics|MQTT support|the MQTT contract|the broker topics]"
        ],
        [
            "[use MQTT|connect over MQTT|talk to the portal over MQTT|connect a game|connect a robot|connect a device|use the portal from a game|connect my game|connect a sensor|use mqtt with the portal]"
        ],
        [
            "[which|what] [MQTT topics|topics|mqtt topics] [are there|exist|do I use|does the portal use|can I use][?|]",
            "[list|name|show me] the [topics|MQTT topics][.| please|]",
            "does [it|the portal] [support|speak|have] MQTT[?|]",
            "how do [games|robots|devices|sensors] [talk to|connect to|use|reach] [the portal|Prompt Portal|you|the model][?|]",
        ],
    ),
    Fact(
        "asking over MQTT",
        [
            'Publish to `pp/v1/{client}/req`:\n\n```json\n{"id": "1", "op": "chat", "message": "Hello!", "stream": true}\n```\n\nThe frames come on `pp/v1/{client}/res/{rid}`: `queued`, `delta`, `final` or `error`.'
        ],
        [
            "[an MQTT request|the request topic|pp/v1|the req topic|pp/v1/{client}/req|the response topic|the MQTT frames|MQTT streaming|the MQTT payload|an MQTT message]"
        ],
        [
            "[send a message over MQTT|ask over MQTT|publish a request|send an MQTT request|chat over MQTT|ask the model by MQTT|stream over MQTT|read the answer over MQTT|publish a question|send a prompt by MQTT]"
        ],
        [
            "[which|what] topic [do I publish|do I send|is for requests|takes requests|gets my request][?| to?|]",
            "[on which|which] topic [does the answer come|is the answer|do answers arrive|do I read|do I subscribe to][?|]",
            "what [payload|JSON|message] do I [send|publish] over MQTT[?|]",
            "where does the MQTT [answer|reply|response] [come|arrive|go][?|]",
        ],
    ),
    Fact(
        "cancelling over MQTT",
        [
            "Publish anything to `pp/v1/{client}/cancel/{rid}`, where `{rid}` is the id of your request. The model stops within a second."
        ],
        ["[the cancel topic|MQTT cancelling|pp/v1/{client}/cancel|cancelling by MQTT]"],
        [
            "[cancel an MQTT request|stop an answer over MQTT|cancel a request by MQTT|abort an MQTT request|cancel over MQTT|stop a request from my game]"
        ],
        ["[which|what] topic [cancels|stops|aborts|is for cancelling] [a request|an answer|requests][?|]"],
    ),
    Fact(
        "the maze topics",
        [
            "A maze game publishes its state to `maze/state` and reads the hint on `maze/hint/{sessionId}`. The hint is JSON: `hint`, `show_path`, `highlight_zone`, `freeze_germs_ms` and more."
        ],
        [
            "[maze/state|maze/hint|`maze/state`|the maze topics|maze hints|the maze game|the hint topic|the state topic|the maze interface|the maze bridge|maze/hint/{sessionId}]"
        ],
        [
            "[get maze hints|send the maze state|receive hints|connect the maze game|get a hint for my game|publish the maze state|use maze hints]"
        ],
        [
            "[which|what] topic [is|takes|gets|carries|has] the [maze state|hint|hints|maze hint|game state][?|]",
            "where [do|does] the [hints|hint] [arrive|come|go|appear][?|]",
            "what is in a [hint|maze hint][?|]",
            "what fields [has|does] a [hint|maze hint][?| have?]",
            "how does the maze [game work|get its hints|talk to the portal][?|]",
        ],
    ),
    Fact(
        "devices",
        [
            "Make a device on the **Devices** page: you see its MQTT user name and password once. A device has its own budget, rate limits and allowed projects, and you can delete it at any time."
        ],
        [
            "[devices|the Devices page|a device|MQTT credentials|the MQTT password|device credentials|an MQTT account|the MQTT login]"
        ],
        [
            "[add a device|create a device|register a device|make a device|get MQTT credentials|log in to the broker|get an MQTT password|give my robot an account|delete a device]"
        ],
        [
            "[which|what] [user name|password|login|credentials] [do I use|are there|are needed] for MQTT[?|]",
            "where [do I get|are|can I find] the MQTT [credentials|password|login|user name][?|]",
        ],
    ),
    Fact(
        "the MQTT broker",
        [
            "Set `MQTT_BROKER_HOST` and `MQTT_BROKER_PORT` in `.env` to use your own broker. Without them the portal starts its own Mosquitto on this machine."
        ],
        [
            "[the broker|the MQTT broker|Mosquitto|MQTT_BROKER_HOST|EMQX|an own broker|my broker|the broker settings|mosquitto]"
        ],
        [
            "[use my own broker|set the broker|connect to Mosquitto|configure the MQTT broker|use EMQX|change the broker|run a broker|start mosquitto]"
        ],
        [
            "[which|what] broker [is used|does it use|do I need|does the portal use][?|]",
            "do I need [a broker|Mosquitto|my own broker|to install a broker][?|]",
            "where do I set the [broker|MQTT broker|broker's address][?|]",
        ],
    ),
    Fact(
        "prompt templates",
        [
            "A prompt template is a system prompt you can use again, with variables and versions. Make one on the **Templates** page and choose it when you start a chat."
        ],
        [
            "[prompt templates|templates|a prompt template|a template|the Templates page|template variables|template versions|the templates|variables in templates]"
        ],
        [
            "[create a template|make a prompt template|use a template|write a template|save a prompt|use variables in a prompt|reuse a prompt|add a template|edit a template|share a prompt|store my prompts|make my own prompt]"
        ],
        [
            "what [are|is] [templates|a template|prompt templates] [for|good for][?|]",
            "where [are|do I find|do I make] [the|my] templates[?|]",
            "do templates have [variables|versions][?|]",
            "where can I [save|store|keep] [my prompts|a prompt|prompts][?|]",
        ],
    ),
    Fact(
        "A/B tests",
        [
            "An A/B test compares two templates or two models: the portal splits the chats between them and shows the results on the **Templates** page."
        ],
        ["[A/B tests|an A/B test|experiments|A/B testing|ab tests|prompt experiments|the A/B results]"],
        [
            "[compare two prompts|compare two templates|run an A/B test|run an experiment|find out which prompt is better|test two templates|see which template works better|compare models]"
        ],
        [
            "[which|what] [prompt|template] [is better|works better][?|]",
            "can I compare [prompts|templates|models|two models][?|]",
        ],
    ),
    Fact(
        "sessions",
        [
            "A session is one conversation. The portal keeps its messages in the database, so the model sees what was said before, and you find it again in the list on the left."
        ],
        [
            "[sessions|a session|the session list|conversations|my conversations|the history|the chat history|old chats|my sessions|saved chats|previous conversations]"
        ],
        [
            "[start a new session|open an old chat|find my old conversations|continue a conversation|go back to an old chat|start a new chat|open a new conversation|see my history|begin a fresh chat]"
        ],
        [
            "where [are|do I find] my [old chats|sessions|conversations|old conversations|chats][?|]",
            "[are|is] my [chats|conversations|history] [saved|kept][?|]",
            "[will|do] you [keep|save] [this chat|our conversation|this conversation][?|]",
        ],
    ),
    Fact(
        "branches",
        [
            "When you edit a message or regenerate an answer, the portal makes a branch and keeps the old one. Switch with the arrows, for example ‹2/3›. Nothing is lost."
        ],
        [
            "[branches|a branch|branching|conversation branches|the arrows below a message|the message tree|regenerating|the regenerate button|editing messages]"
        ],
        [
            "[edit a message|regenerate an answer|get another answer|switch branches|change my question|go back to an earlier answer|try again with the same question|fix a typo in my message|see the other answer|edit what I wrote|redo an answer]"
        ],
        [
            "what happens when I [edit a message|regenerate|edit|change a message][?|]",
            "what does [2/3|‹2/3›|regenerate] mean[?|]",
            "can I [edit|change|correct] [my message|what I wrote|a message][?|]",
            "is the old answer lost[?|]",
        ],
    ),
    Fact(
        "deleting and renaming chats",
        [
            "Open the menu beside the session in the list on the left: there you can rename, pin, move, export or delete it. After deleting you can undo."
        ],
        ["[the session menu|renaming chats|deleting chats|folders|pinned chats|chat folders|pinning]"],
        [
            "[delete a chat|rename a session|delete a session|delete my conversation|rename a chat|pin a conversation|remove a chat|erase a conversation|put a chat in a folder|clear my history|delete all my chats|undo a delete|change the title of a chat]"
        ],
        [
            "can I [delete|rename|pin|undo] [a chat|a session|it|my chats][?|]",
            "I deleted [a chat|a session] by mistake[.|]",
        ],
    ),
    Fact(
        "searching chats",
        ["Press `Ctrl+K` (or ⌘K) to search the titles and texts of your sessions, then jump to the message."],
        ["[search|the search|searching chats|the search box|Ctrl+K|full text search|chat search]"],
        [
            "[search my chats|find a message|search for a word in my conversations|find something I wrote|look for an old message|search the history|find a text in my sessions]"
        ],
        [
            "where is the search[?| box?| field?|]",
            "can I search [my chats|old messages|my history|conversations][?|]",
            "is there a search[?|]",
        ],
    ),
    Fact(
        "exporting and sharing",
        [
            "From the menu of a session you can export it as JSON or Markdown, or share it by a read-only link that you can withdraw. You can also import chats from ChatGPT and Open WebUI."
        ],
        [
            "[export|the export|sharing|a share link|exporting chats|import|importing chats|shared links|the import|backups of my chats]"
        ],
        [
            "[export a chat|share a conversation|download my chats|save a chat as Markdown|import chats from ChatGPT|share a chat with a colleague|send a chat to a friend|get my data out|import my old chats|make a link to a chat]"
        ],
        [
            "can I [export|share|download|import] [a chat|my chats|this conversation|conversations][?|]",
            "[which|what] formats [can I export|are there][?| to?|]",
        ],
    ),
    Fact(
        "stopping an answer",
        [
            "Press **Stop** or the Esc key. The model stops at once and the text so far stays, marked as stopped. Leaving the page does not stop it."
        ],
        ["[the Stop button|stopping an answer|the stop button|Esc|the escape key]"],
        [
            "[stop an answer|stop the model|interrupt the answer|cancel an answer|abort a reply|make you stop writing|stop you|end the answer early]"
        ],
        [
            "what [does|is] the stop button[?| do?|]",
            "can I [stop|interrupt|cancel] [you|an answer|the model|a reply][?|]",
            "what happens [when|if] I [close|leave|reload] the page[?|]",
        ],
    ),
    Fact(
        "keyboard shortcuts",
        [
            "- `Enter` sends, `Shift+Enter` breaks the line\n- `Ctrl+K` searches\n- `Ctrl+Shift+O` starts a new chat\n- `Ctrl+B` folds the side bar\n- `Ctrl+/` shows all shortcuts"
        ],
        [
            "[keyboard shortcuts|the shortcuts|shortcuts|the keyboard|hotkeys|the key bindings|the keys on my keyboard]"
        ],
        [
            "[use the keyboard|use shortcuts|write a new line|break the line|fold the side bar|send with the keyboard]"
        ],
        [
            "[which|what] [shortcuts|keyboard shortcuts|hotkeys] [are there|exist|can I use][?|]",
            "[list|show me] the [shortcuts|keyboard shortcuts|hotkeys][.|]",
            "how do I make a new line[?|]",
        ],
    ),
    Fact(
        "the context window",
        [
            "The model sees only the newest part of a long conversation. When it grows past the budget (`LLM_MAX_HISTORY_TOKENS`), the portal drops whole old turns; the gauge shows how full the window is."
        ],
        [
            "[the context window|the context|tokens|the context gauge|the token budget|LLM_MAX_HISTORY_TOKENS|context length|the history limit|trimming|a token]"
        ],
        [
            "[see how many tokens are used|make the context longer|change the history limit|see how full the context is|raise the token limit]"
        ],
        [
            "how [long|much] [can a conversation be|do you remember|can you remember|fits in the context][?|]",
            "why [did|do] you forget [things|what I said|the start|old messages][?|]",
            "what happens [when|if] a [chat|conversation] gets [too long|very long][?|]",
            "how many tokens [can I use|fit|are there][?|]",
        ],
    ),
    Fact(
        "dark mode",
        ["Open **Settings** and choose light, dark or system as the theme."],
        ["[dark mode|the theme|the colours of the page|light mode|themes|the dark theme|night mode]"],
        [
            "[switch to dark mode|change the theme|turn on dark mode|use the light theme|make the page dark|change the colours of the page|turn on night mode]"
        ],
        [
            "[is there|do you have|does it have] [a dark mode|dark mode|a light theme|themes][?|]",
            "the page is too [bright|dark][.|]",
        ],
    ),
    Fact(
        "temperature and sampling",
        [
            "`temperature` sets how freely the model chooses: 0 always takes the likeliest token, higher values vary more. The defaults are `LLM_TEMPERATURE=0.6`, `LLM_TOP_P=0.9` and `LLM_MAX_TOKENS=512`."
        ],
        [
            "[temperature|the temperature setting|top_p|max_tokens|sampling|LLM_TEMPERATURE|the sampling settings|LLM_MAX_TOKENS|the temperature parameter]"
        ],
        [
            "[set the temperature|change the temperature of the model|change max_tokens|make the answers less random|make answers longer|set top_p|lower the temperature setting]"
        ],
        [
            "what [temperature|top_p|max_tokens] [should I use|is set|is the default][?|]",
            "why are [the|your] answers [random|different each time|cut off|so short][?|]",
        ],
    ),
    Fact(
        "streaming",
        [
            "The portal streams answers token by token, over server-sent events. On `/v1` set `stream: true`; in REST use `/api/llm/chat/stream`. After a reload the stream goes on where it was."
        ],
        ["[streaming|the stream|streamed answers|server-sent events|SSE|stream: true|token streaming]"],
        [
            "[stream an answer|get a stream|turn on streaming|read the stream|receive tokens one by one|stream the reply]"
        ],
        [
            "does [it|the API|the portal] [stream|support streaming][?|]",
            "can I [stream|get] [answers|replies|tokens one by one][?|]",
        ],
    ),
]
