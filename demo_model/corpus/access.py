"""API keys, `/v1`, the REST routes and connecting a real model."""

from demo_model.corpus.grammar import Fact

KEY = "[an API key|a key|an api key|a new key|an access key|a pp_ key|an API token|a token]"
REAL = "[a real model|a bigger model|a better model|another model|a larger model|a proper model|a different model|my own model|a smarter model|a stronger model|a real LLM|another LLM|a model of my own]"
CURL = '```bash\ncurl http://localhost:8000/v1/chat/completions \\\n  -H "Authorization: Bearer pp_YOUR_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d \'{"model": "auto", "messages": [{"role": "user", "content": "Hello!"}]}\'\n```'
PYTHON = '```python\nfrom openai import OpenAI\n\nclient = OpenAI(base_url="http://localhost:8000/v1", api_key="pp_YOUR_KEY")\nreply = client.chat.completions.create(\n    model="auto", messages=[{"role": "user", "content": "Hello!"}]\n)\nprint(reply.choices[0].message.content)\n```'
SCRIPT = '```js\nimport OpenAI from "openai";\n\nconst client = new OpenAI({ baseURL: "http://localhost:8000/v1", apiKey: "pp_YOUR_KEY" });\n```'
REST = '```bash\ncurl http://localhost:8000/api/llm/chat \\\n  -H "Authorization: Bearer pp_YOUR_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d \'{"messages": [{"role": "user", "content": "Hello!"}]}\'\n```'
ACCESS = [
    Fact(
        "creating an API key",
        [
            "1. Open the **Keys** page.\n2. Choose **Create key** and give it a name.\n3. Copy the key: it begins with `pp_` and is shown only once.\n\nSend it as `Authorization: Bearer pp_…`."
        ],
        [f"[creating|making|getting] {KEY}", "[the Keys page|the create key button|key creation]"],
        [
            f"[create|make|get|generate|obtain|have|issue|add|produce|receive|request] {KEY}",
            "[get API access|get programmatic access|get a key for my script|make keys|create keys for my team]",
        ],
        [
            f"where [do I|can I] [get|find|create|make] {KEY}[?|]",
            f"I [need|want|would like] {KEY}[.|]",
            f"[give|make|get] me {KEY}[.|]",
            "new [key|API key|api key|token][?| please|]",
        ],
    ),
    Fact(
        "API keys",
        [
            "An API key begins with `pp_` and lets programs use the portal. You make it on the **Keys** page; it is shown once, stored only as a hash, and can have scopes, allowed models, an expiry date, a rate and a budget."
        ],
        [
            "[API keys|an API key|a pp_ key|keys|api keys|the keys|pp_ keys|a virtual key|access keys|my keys|key scopes|the limits of a key|a key's budget|key expiry]"
        ],
        [
            "[limit a key|give a key a budget|set an expiry date for a key|restrict a key to one model|set a rate limit on a key|protect my key]"
        ],
        [
            "what does [a key|an API key] [look like|begin with|start with][?|]",
            "[which|what] [scopes|limits|rights|settings] [can|does] [a key|an API key|my key] have[?|]",
            "what [begins|starts] with pp_?",
            "what is pp_?",
            "how are keys stored?",
            "can a key [expire|have a limit|have a budget][?|]",
        ],
    ),
    Fact(
        "revoking a key",
        [
            "Open the **Keys** page and delete the key: it stops working at once. A lost key cannot be shown again, so make a new one."
        ],
        [
            "[revoking a key|a lost key|a stolen key|a leaked key|deleting keys|key rotation|a compromised key]"
        ],
        [
            "[revoke|delete|remove|disable|cancel|withdraw|rotate|get rid of|invalidate|deactivate] [a key|my key|an API key|my API key|an old key|keys]",
            "[see my key again|show my key again|recover a lost key]",
        ],
        [
            "I lost my [key|API key][.|]",
            "my [key|API key] [was stolen|leaked|is lost|got out|is on GitHub|is public][.|]",
            "someone [stole|has|saw] my [key|API key][.|]",
            "can I see [my|the|a] key again[?|]",
            "what if I lose [my|the|a] key[?|]",
        ],
    ),
    Fact(
        "using `/v1` with curl",
        ["Use your API key as a bearer token:\n\n" + CURL],
        [
            "[curl|the curl command|curl and /v1|a curl example|a /v1 curl call|an example request|an HTTP request to /v1]"
        ],
        [
            "[call /v1 with curl|use curl|call the API with curl|send a request with curl|test the API from the command line|call the API from a shell|make a request to /v1|call chat completions|use the API in the terminal|ask the model from the command line|try the API with curl]"
        ],
        [
            "[show|give] me [a curl|the curl|a curl example|a curl command|an example with curl][.| please|]",
            "curl[?| example?| please|]",
            "what is the curl [command|call|line][?|]",
            "[how does|what does] [a call|a request] to /v1 look[?| like?]",
            "an example [of|for] /v1/chat/completions[?| please|]",
        ],
    ),
    Fact(
        "the OpenAI SDK",
        ["Point the `openai` package at the portal:\n\n" + PYTHON],
        [
            "[the OpenAI SDK|the openai package|the Python SDK|the OpenAI client|the openai library|Python access|the OpenAI Python library|a Python example|a Python client]"
        ],
        [
            "[use the OpenAI SDK|use Python|call it from Python|use the openai package|connect the OpenAI client|use my OpenAI code|use it in Python|call the portal from Python|write a Python script for the portal|use an OpenAI client|talk to the portal from Python|use the OpenAI library with the portal]"
        ],
        [
            "[show|give] me [a Python example|Python code for the portal|an example in Python|the Python code|an OpenAI SDK example][.| please|]",
            "[does|will|can] [the OpenAI SDK|my OpenAI code|the openai package|existing OpenAI code] work [with the portal|here|with this|]?",
            "what do I change in my OpenAI code?",
            "which [SDK|library|client] [can I use|works|do I use][?|]",
            "can I use it from Python[?|]",
        ],
    ),
    Fact(
        "JavaScript access",
        ["Use the `openai` package for JavaScript with the portal's base URL:\n\n" + SCRIPT],
        [
            "[the JavaScript SDK|a JavaScript example|JavaScript access|TypeScript access|Node access|a Node example]"
        ],
        [
            "[use JavaScript|call it from JavaScript|use it in Node|call the portal from TypeScript|use the portal in Node.js|connect from JavaScript|use the API in a JavaScript app]"
        ],
        [
            "[show|give] me [a JavaScript example|JavaScript code for the portal|an example in TypeScript|a Node example|the JavaScript code][.| please|]",
            "does it work [with|in] [JavaScript|TypeScript|Node|Node.js][?|]",
            "can I use it from [JavaScript|TypeScript|Node][?|]",
        ],
    ),
    Fact(
        "the `/v1` address",
        [
            "The base URL is `http://localhost:8000/v1`. It is OpenAI-compatible: `chat/completions`, `completions`, `embeddings` and `models` work with your `pp_` key."
        ],
        [
            "[the base URL|/v1|`/v1`|the OpenAI-compatible API|the API address|the v1 endpoint|the gateway|the OpenAI endpoint|the API endpoint|the API|the OpenAI API here|the endpoint]"
        ],
        [
            "[use the API|use /v1|reach the API|find the base URL|use the OpenAI-compatible API|set the base URL|use the gateway|connect an OpenAI app|use the portal with another app]"
        ],
        [
            "[what|where] is the [base URL|API address|endpoint|API URL|API|base url|/v1 address][?|]",
            "[which|what] [URL|base URL|address|endpoint] do I [use|set|enter|need|give my app][?| for the API?| for OpenAI clients?|]",
            "[is|are] [it|you|the API|the portal] OpenAI[-| ]compatible[?|]",
            "[which|what] [routes|endpoints|calls] [does|are under|has] /v1[?| have?|]",
            "does the portal have an API[?|]",
            "is there an API[?|]",
        ],
    ),
    Fact(
        "the REST chat route",
        [
            "Send your messages to `/api/llm/chat`:\n\n"
            + REST
            + "\n\nThe answer is in `response`. With a session use `/api/llm/chat/session`, for a stream `/api/llm/chat/stream`."
        ],
        [
            "[the REST API|/api/llm/chat|`/api/llm/chat`|the REST route|the REST routes|the native API|the chat route|/api/llm|the portal's own API|/api/llm/chat/session]"
        ],
        [
            "[use REST|call the REST API|use /api/llm/chat|call the chat route|post a message over REST|use the portal's own API|use the native routes]"
        ],
        [
            "[which|what] [REST route|REST routes|route] [is there|are there|do I call|takes messages|is for chat][?|]",
            "[show|give] me [a REST example|the REST call|a REST request][.| please|]",
            "is there a REST [API|route|interface][?|]",
            "how do I [stream|get a stream] over [REST|HTTP][?|]",
        ],
    ),
    Fact(
        "connecting a real model",
        [
            "Three ways to connect a real model:\n\n- a server you run: set `LLM_SERVER_URL` in `.env`, or `./setup_llm.sh --server URL`\n- a file: `./setup_llm.sh --model FILE.gguf`\n- from Hugging Face: `./setup_llm.sh --model hf:REPO`",
        ],
        [
            f"[connecting|using|adding] {REAL}",
            REAL,
            "[changing the model|the choice of model|the model settings|switching models|model providers]",
        ],
        [
            f"[connect|use|add|run|get|load|plug in|set up|have|choose|switch to|change to|attach|install|hook up|bring in] {REAL}",
            "[change the model|switch the model|replace you|replace the demo model|swap the model|upgrade the model|use something smarter|get better answers|connect a provider|replace this tiny model]",
        ],
        [
            "[can|could] I [use|connect|have|run] [GPT-4|Llama|Mistral|Qwen|Gemma|DeepSeek|Claude|Gemini|OpenAI|OpenRouter] [here|with the portal|instead|with this][?|]",
            "where do I [set|choose|change|pick] the model[?|]",
            "[which|what] models [can I use|are supported|work|does it support|can I connect][?|]",
            "you are too [small|weak|tiny|limited], [how do I use|give me|I want] a better model[.|?|]",
            "how do I get rid of the demo model[?|]",
            "is there a [better|bigger|real] model[?|]",
        ],
    ),
    Fact(
        "LLM_SERVER_URL",
        [
            "Set `LLM_SERVER_URL` in `.env` to the address of your server, for example `LLM_SERVER_URL=http://localhost:8080`, or run:\n\n```bash\n./setup_llm.sh --server http://localhost:8080\n```\n\nllama.cpp, vLLM, Ollama and LM Studio all work."
        ],
        [
            "[LLM_SERVER_URL|`LLM_SERVER_URL`|the --server flag|the server URL|the --server option|the model server|an external server|llm_server_url]"
        ],
        [
            "[connect|use|add|attach|point the portal at|hook up|link|integrate] [Ollama|vLLM|my llama.cpp server|LM Studio|a llama.cpp server|my own server|LocalAI|a remote server|a vLLM server|a GPU server|an Ollama server|my llama-server|an OpenAI-compatible server]",
            "[set LLM_SERVER_URL|use the --server flag|set the server URL]",
        ],
        [
            "does it work with [Ollama|vLLM|llama.cpp|LM Studio|LocalAI][?|]",
            "[where|how|in which file] do I set [LLM_SERVER_URL|the server URL|the address of my server][?|]",
            "I [have|run] [Ollama|vLLM|llama.cpp|LM Studio|a llama-server] [on another machine|already|on port 8080|on my PC|running][.|]",
            "my [Ollama|vLLM|LM Studio|llama.cpp] is [running|ready|on port 11434][.|, what now?]",
        ],
    ),
    Fact(
        "loading a GGUF file",
        [
            "Start the portal with your file:\n\n```bash\n./setup_llm.sh --model FILE.gguf\n```\n\nThe embedded llama.cpp server loads it."
        ],
        [
            "[a GGUF file|GGUF files|the --model flag|a local model file|a gguf|GGUF|a downloaded model file|my model file]"
        ],
        [
            "[load|use|run|open|try|start] [a GGUF file|a GGUF|my gguf|a local model file|a file on my disk as the model|a downloaded model file|model.gguf|a gguf file|my model file]"
        ],
        [
            "I [have|downloaded|got] a [GGUF|gguf|GGUF file|model file][.|, what now?|: how do I use it?]",
            "[does|can] [it|the portal] [load|read|run|open] GGUF[?| files?|]",
            "where do I put [my|the] [GGUF|gguf|model] file[?|]",
        ],
    ),
    Fact(
        "a model from Hugging Face",
        [
            "Give the repository's name:\n\n```bash\n./setup_llm.sh --model hf:REPO\n```\n\nThe portal downloads the GGUF, checks it and starts it. Add `:FILE` to choose one file."
        ],
        [
            "[Hugging Face|Hugging Face models|the hf: prefix|huggingface|a Hugging Face repository|hf:REPO|models from the hub|Hugging Face downloads]"
        ],
        [
            "[download|use|get|load|pull|fetch|run] [a model from Hugging Face|a Hugging Face model|a model from the hub|a huggingface model|a model from HF]"
        ],
        [
            "can [it|you|the portal] [download|fetch|pull] models[?| for me?| from Hugging Face?|]",
            "does it work with Hugging Face[?|]",
            "where [do I get|can I download|does the portal download] models[?| from?|]",
        ],
    ),
    Fact(
        "errors from the API",
        [
            "- **401**: the key or sign-in is missing or wrong\n- **403**: the key may not do this\n- **404**: no such session or model\n- **429**: too many requests, wait for `Retry-After`\n- **503**: no model can answer"
        ],
        [
            "[error codes|the error codes|HTTP errors|API errors|error 401|error 429|a 401|a 429|a 503|error 503|error 403|error 404|status codes|the error messages]"
        ],
        ["[fix a 401|fix a 429|handle errors|solve error 503|read the error codes]"],
        [
            "[I get|I got|why do I get|what means|what does it mean when I get] [a 401|a 429|a 503|a 403|a 404|error 401|error 429|error 503|an error][?|.|]",
            "[which|what] errors [are there|can happen|can the API return][?|]",
            "my request [fails|failed|was refused|is rejected][.| with 401.| with 429.]",
            "[unauthorized|too many requests|service unavailable|forbidden]",
        ],
    ),
]
