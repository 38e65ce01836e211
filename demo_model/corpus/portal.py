"""What Prompt Portal is, installing it, signing in, and its pages."""

from demo_model.corpus.grammar import Fact

PP = "[Prompt Portal|the portal|this portal|prompt portal|PromptPortal]"
SITE = "[Prompt Portal|the portal|this portal|this page|this site|this app|this software|this thing|this program|this tool|this website|this product|this place]"
PORTAL = [
    Fact(
        "what Prompt Portal is",
        [
            "Prompt Portal is a self-hosted portal to every language model your team uses. It gives you one place to chat, API keys, an OpenAI-compatible `/v1`, prompt templates and MQTT for games and devices.",
            "**Prompt Portal** is a self-hosted portal to language models. It offers:\n\n- a chat page\n- API keys and an OpenAI-compatible `/v1`\n- prompt templates\n- MQTT for games and devices",
        ],
        [SITE],
        [f"use {SITE}", f"get started with {SITE}", f"work with {SITE}"],
        [
            f"what [can|does|will] {SITE} do[?| for me| for us|]",
            f"[what|who] is {SITE} for[?|]",
            f"why [should I use|use|do I need|would I use] {SITE}[?|]",
            f"what [is the point|is the purpose|are the features|are the benefits|is the use] of {SITE}[?|]",
            "[where am I|what is this|what's this|what is all this|what am I looking at|what does this do|what is this for][?|]",
            f"[list|name|show|give me] the features of {SITE}[.|]",
            f"[how|what] [is|makes] {SITE} [useful|good|helpful|different][?|]",
            f"what [features|functions] does {SITE} have[?|]",
        ],
    ),
    Fact(
        "installing the portal",
        [
            "Run the setup script in the project folder:\n\n```bash\n./setup_llm.sh\n```\n\nIt installs the packages, builds the page, makes the first admin and starts the portal. On Windows use `setup_llm.bat`."
        ],
        [
            f"[the installation|the setup|the setup script|`setup_llm.sh`|setup_llm.sh|the installer|installation|setting up] [of {PP}|]",
            "the setup",
            "setup_llm.bat",
        ],
        [
            f"[install|set up|setup|start|run|launch|deploy|boot|host|self-host] {SITE}",
            f"[install|run|start] {PP} on [Windows|Linux|my laptop|a Mac|my server|my computer]",
            f"get {PP} [running|up and running|started|to run]",
            f"restart {PP}",
        ],
        [
            "[where|what] is the setup script[?|]",
            f"what do I need to [install|run] {PP}[?|]",
            f"does {PP} [run|work] on [Windows|Linux|a Mac|macOS][?|]",
            f"do I need [Docker|a GPU|root|Node|Python] [for|to run|to install] {PP}[?|]",
            "which [command|script] [starts|installs|launches] the portal[?|]",
        ],
    ),
    Fact(
        "signing in",
        [
            "Open the portal in your browser and sign in with your email and password. If you have no account yet, choose **Register** first; your password needs 12 characters or more."
        ],
        [
            "[signing in|sign-in|the login|logging in|the sign-in page|my account|login|user accounts|accounts]"
        ],
        [
            "[sign in|log in|login|sign on|log on|get in|enter the portal|access the portal|open my account|use my account|sign in to the portal|log in to Prompt Portal]"
        ],
        [
            "where [is|do I find] the [login|sign-in|log in|login page|sign-in page][?|]",
            "[how|where] do I [sign in|log in|login][?| here| to the portal|]",
            "do I need [an account|to log in|to sign in|a login|a password][?|]",
            "I [can't|cannot] [sign in|log in|get in][.|]",
            "[with what|which] [email|account|user name|username] do I [sign in|log in][?| with|]",
        ],
    ),
    Fact(
        "registering",
        [
            "Choose **Register** on the sign-in page and enter an email and a password of 12 characters or more. An admin can make registration open, by invitation, or closed (`REGISTRATION=open|invite|closed`)."
        ],
        [
            "[registration|registering|the sign-up|sign-up|new accounts|user registration|signing up|an invitation|invitations]"
        ],
        [
            "[register|sign up|create an account|make an account|open an account|get an account|make a new account|create a new user|join|add a user|invite a colleague|invite people|register a new account|become a user]",
            "[close|disable|turn off|open|limit] [registration|sign-up|sign-ups]",
        ],
        [
            "who can [register|sign up|make an account][?|]",
            "where [is|do I find] the [sign-up|register|registration] [page|button|form][?|]",
            "can [anyone|anybody|my colleagues|others|my team] [register|sign up|join][?|]",
            "how [do|can] [new|other] [users|people] [join|register|sign up][?|]",
        ],
    ),
    Fact(
        "the first admin",
        [
            "The setup script makes the first admin and prints a one-time password once in the terminal. Sign in with it and choose your own password."
        ],
        [
            "[the first admin|the admin|the admin account|the administrator|the first administrator|the one-time password|the admin password|the initial password|the admin login|the root user|the first user|the default password]"
        ],
        [
            "[become admin|become an admin|become the administrator|get admin rights|find the admin password|log in as admin|sign in as admin|sign in as the administrator|get the first password|sign in for the first time|sign in the first time|see the admin password]"
        ],
        [
            "[what|where] is the [admin|first|one-time|default|initial|administrator's] password[?|]",
            "who is [the admin|admin|the administrator|the first admin|in charge][?|]",
            "what password [do I use|is used] [the first time|at first|at the start|in the beginning][?|]",
            "where [do I find|is|can I see] the [one-time|first|initial] password[?|]",
            "which user is [the first|admin|made first][?|]",
            "I [need|lost|don't have|never saw] the [admin password|one-time password|first password][.|]",
        ],
    ),
    Fact(
        "passwords",
        [
            "Open **Settings** to change your password; it needs 12 characters or more. If you forgot it, ask an admin to set a new one. A change signs you out everywhere else."
        ],
        [
            "[my password|passwords|the password rules|a forgotten password|a lost password|changing passwords|the password length]"
        ],
        [
            "[change my password|reset my password|set a new password|update my password|recover my password|get a new password|choose a better password|replace my password]"
        ],
        [
            "I [forgot|lost|can't remember|do not remember] my password[.|]",
            "how long [must|should] [a|my|the] password be[?|]",
            "my password [is wrong|does not work|doesn't work|is lost|was stolen][.|]",
            "[forgot|lost|forgotten] password[?|]",
        ],
    ),
    Fact(
        "the settings file",
        [
            "The settings are in the `.env` file in the project folder; `.env.example` documents each of them. Restart the portal after a change."
        ],
        [
            "[the settings|the configuration|the .env file|the env file|`.env`|configuration|the config file|environment variables|the options in .env|.env.example|the config]"
        ],
        [
            "[change the settings|configure the portal|edit the configuration|set an option|change the configuration|change a setting|edit the .env file|find the settings|set environment variables]"
        ],
        [
            "where [are|is] the [settings|configuration|config|config file|env file|options][?|]",
            "[which|what] file [holds|has|contains] the [settings|configuration|options][?|]",
            "[what|which] [settings|options] [are there|can I change|exist][?|]",
        ],
    ),
    Fact(
        "the address and port",
        [
            "The portal listens on `http://localhost:8000`. Change it with `PORTAL_HOST` and `PORTAL_PORT` in `.env`, or start with `./setup_llm.sh --host HOST --port PORT`."
        ],
        [
            "[the port|the address|the URL of the portal|the portal's address|PORTAL_PORT|PORTAL_HOST|localhost:8000|port 8000]"
        ],
        [
            "[change the port|use another port|change the address|run it on port 9000|listen on another port|reach the portal from another machine|open the portal in my browser|make the portal reachable in my network|bind to another host|change the host]"
        ],
        [
            "[which|what] [port|address|URL|host] [is|does|do I use for|has] [the portal|Prompt Portal|it|this][?| use?| listen on?|]",
            "[what's|what is] the [address|URL|port|host] of [the portal|Prompt Portal][?|]",
            "[port 8000|the port] is [taken|in use|already used|busy][.|]",
            "where [do I open|is|can I reach|does] the portal [in my browser|running|listen|live]?",
            "on [which|what] port does it [run|listen]?",
        ],
    ),
    Fact(
        "the price and licence",
        [
            "Prompt Portal is open source under the MIT licence: free to use, change and share. You host it yourself."
        ],
        [
            "[the licence|the license|the price|the cost|licensing|the source code|the terms of use|the code of the portal|MIT]"
        ],
        [
            "[buy Prompt Portal|get a licence|pay for the portal|see the source code|contribute to Prompt Portal|change the source code]"
        ],
        [
            "[is|are] [it|this|Prompt Portal|the portal] [free|open source|free of charge|commercial|paid|expensive|MIT][?|]",
            "how much does [it|this|Prompt Portal|the portal] cost[?|]",
            "what does [it|Prompt Portal|the portal] cost[?|]",
            "do I have to pay[?| for the portal?| for this?|]",
            "[what|which] [licence|license] [does it have|is it under|does Prompt Portal use][?|]",
            "who owns [Prompt Portal|the portal][?|]",
            "may I [change|use|sell|copy] [the code|it at work|the portal][?|]",
        ],
    ),
    Fact(
        "privacy",
        [
            "Your data stays on your own server: chats are in the portal's database and only you can see your sessions. With this demo model nothing leaves the machine."
        ],
        [
            "[privacy|my privacy|data protection|my data|the security of my data|data privacy|GDPR|the safety of my chats|security]"
        ],
        ["[protect my data|keep my chats private|make sure nobody reads my chats|keep my data safe]"],
        [
            "where [is|are] my [data|chats|messages|conversations] [stored|kept|saved|sent|going][?|]",
            "who can [read|see] my [chats|messages|data|conversations|sessions][?|]",
            "[is|are] my [data|chats|messages] [safe|private|secure|stored|sent away|shared][?|]",
            "do you [store|log|save|keep|share|sell|send] my [data|messages|chats][?| anywhere?|]",
            "is [this|the portal|it] [secure|safe|private][?|]",
            "does [my data|anything] leave [my machine|the server|this computer][?|]",
        ],
    ),
    Fact(
        "the health check",
        [
            "Ask the health route; it is open to everyone:\n\n```bash\ncurl http://localhost:8000/api/llm/health\n```\n\nIt says `healthy`, `degraded` or `unavailable`."
        ],
        [
            "[the health check|the health route|the health endpoint|/api/llm/health|the portal's health|health checks|the health status|monitoring]"
        ],
        [
            "[check the health|see if it works|check that the portal is up|check if the model is up|test that the server is running|monitor the portal|see whether the model is available|check the status]"
        ],
        [
            "is the [portal|server|model|system] [up|running|healthy|alive|online|down|working][?|]",
            "[which|what] route [tells|shows|says] [me |]the [health|status][?|]",
            "how healthy is the [portal|server|system][?|]",
        ],
    ),
    Fact(
        "the database",
        [
            "By default the portal keeps its data in SQLite. For a team set `DATABASE_URL` in `.env` to PostgreSQL; migrations run at start."
        ],
        [
            "[the database|DATABASE_URL|SQLite|PostgreSQL|database migrations|the storage|the portal's database|Postgres]"
        ],
        [
            "[use PostgreSQL|use Postgres|change the database|switch to PostgreSQL|connect a database|migrate the database|store the data in Postgres|configure the database]"
        ],
        [
            "[which|what] database [does it use|is used|do you use|does the portal use|do I need][?|]",
            "does [it|the portal] [support|work with|run on] [PostgreSQL|Postgres|SQLite|MySQL][?|]",
            "where does the portal [store|keep|save] [its data|everything|things][?|]",
        ],
    ),
    Fact(
        "roles and administration",
        [
            "Admins see the health dashboard, users, providers, usage and the audit log on the **Admin** page. Ordinary users see their own sessions, keys and templates."
        ],
        [
            "[the admin page|the dashboard|the health dashboard|the audit log|usage statistics|roles|user roles|administration|the admin area|user management|the usage page]"
        ],
        [
            "[see the usage|manage users|see the audit log|open the dashboard|see statistics|remove a user|see how many tokens we use|view the usage|block a user|watch the costs]"
        ],
        [
            "what can [an admin|admins|the admin] [do|see][?|]",
            "[where|how] [do I see|can I see|do I find] the [usage|statistics|audit log|dashboard|users][?|]",
            "what is on the admin page[?|]",
            "which [pages|roles|rights] [are there|exist][?|]",
        ],
    ),
]
