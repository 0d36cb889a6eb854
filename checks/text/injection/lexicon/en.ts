import type { Lexicon } from './concepts.ts';

export const en: Lexicon = {
  override:
    'ignore|disregard|forget|override|overrule|bypass|circumvent|do not follow|dont follow|stop following|do not obey|' +
    'dont obey|stop obeying|pay no attention to|not follow|ignoring|disregarding|forgetting|bypassing|overriding|unlearn|' +
    'countermand|supersede|supersedes|nullify|void|set aside|put aside|throw out|throw away|do away with|wipe',
  weaken:
    'drop|skip|abandon|suspend|disable|break|remove|lift|cancel|delete|erase|discard|discount|neglect|turn off|switch off|' +
    'get rid of|clear|reset|stop|leave|deactivate|overwrite|replace|violate|unlock|change|forgo|toss|scrap|pause|end|quit|' +
    'off|no more|dont apply|do not apply|no longer apply|are void|are cancelled|are canceled|are gone|expire|expired|' +
    'out of force|dont count|do not count|dont matter|do not matter|no longer valid|no longer matter|are lifted|are off|' +
    'revoked|replaced|withdrawn|suspended|disabled|deactivated|repealed|outdated|obsolete|dismissed',
  instructions:
    'instruction*|rule|rules|guideline*|directive*|restriction*|constraint*|orders|prompt|prompts|programming|guardrail*|' +
    'safeguard*|polic*|command|commands|content policy|safety filter*|filter|filters|limitation*|limits|safety measure*|' +
    'ethic*|moral*|training|system prompt|context|directions|protocol*|regulations|briefing|briefs|setup|boundaries|' +
    'moderation|censorship|safety|what you were told|what you have been told|what youve been told|what they told you|' +
    'everything you were told|everything youve been told|everything you have been told|rulebook|rule book|task|tasks|role',
  prior:
    'previous|previously|prior|above|earlier|preceding|before|foregoing|initial|original|existing|old|former|past|so far|' +
    'up to now|until now|default|first|current|given|aforementioned|beforehand|last',
  yours:
    'your|yours|ur|you were given|you have been given|youve been given|you got|you received|you have received|you follow|' +
    'you must follow|you were told|they gave you|you have|given to you|that bind you|developer|developers|' +
    'operator|operators|openai|openais|anthropic|anthropics|of the assistant|youre under|you are under|imposed on you|' +
    'programmed into you|you operate under|you run on|chatbots|assistants',
  all: 'all|any|every|everything|anything|each|whole|entire|entirely|completely|totally',
  reveal:
    'reveal|show|print|repeat|output|display|tell|give|disclose|leak|dump|expose|paste|recite|quote|echo|share|spell|' +
    'summarize|summarise|return|copy|list|write|say|read|translate|provide|encode|describe|hand over|what is|whats|what are|' +
    'what were|what was|post|type|spit out|reproduce|rephrase|paraphrase|release|confirm|send|let me see|read out|' +
    'put|state|report|surface|transcribe|restate|present|narrate|sing|rap|convert|rewrite|what did|unveil|divulge|' +
    'id like to see|i want to see|can i see|may i see|could i see|let me read|i want to read|begin with|start with|hint',
  prompt:
    'system prompt*|system message*|system instruction*|sysprompt|initial prompt|hidden prompt|original prompt|base prompt|' +
    'pre prompt|preprompt|meta prompt|developer message|developer prompt|developer instruction*|hidden instruction*|' +
    'initial instruction*|secret instruction*|internal instruction*|original instruction*|initialization string|' +
    'initialization prompt|initialisation prompt|custom instruction*|confidential instruction*|core instruction*|' +
    'hidden rules|secret rules|internal rules|hidden guidelines|internal guidelines|internal policies|system text|' +
    'system configuration|starting prompt|startup prompt|configuration prompt|your instruction*|your prompt|your prompts|' +
    'your rules|your guidelines|your configuration|your directives|your briefing|your orders|your programming|' +
    'instructions you were given|instructions you have been given|instructions youve been given|instructions you received|' +
    'instructions you got|instructions you have|rules you were given|text you were given|prompt you were given|' +
    'instructions that were given to you|what you were told|what your developers told you|tool definitions|' +
    'your system text|your hidden text|your initial text|your setup|your context window|your full context|what makes you tick|' +
    'your tool schema*|your function schema*|text that defines you|what they told you|your guardrails|your secret rules',
  hidden:
    'hidden|secret|internal|confidential|initial|original|private|undisclosed|restricted|classified|' +
    'underlying|not supposed to|not allowed to|you guard|youre guarding|' +
    'you are guarding|you protect|you keep|you were given|you know|you hide|youre hiding|you are hiding|forbidden|protected|' +
    'you hold|mustnt|must not|you have stored|in your memory|you store',
  secret:
    'password*|passphrase*|passcode*|secret|secrets|api key|api keys|credential*|access code*|secret key|secret code|' +
    'secret word|secret phrase|keyword|safe word|pin|discount code*|voucher code*|promo code*|coupon code*|door code|' +
    'private key|license key|licence key|login|logins|access key|access token|tokens|flag|master key|unlock code|codeword|' +
    'code word|environment variable*|env variables|env vars|card number*|account number*|bank details|pricing rules',
  fromNow:
    'from now on|henceforth|starting now|as of now|from this moment|from this point|from here on|for the rest of|' +
    'effective immediately|going forward|as of this message|from this message on|until i say|until further notice|from this line on|from here onwards|from now onwards|' +
    'for this session|for the remainder of',
  role:
    'you are|youre|you r|act as|acts as|speaks as|assistant speaks as|acting as|pretend|pretend to be|pretending|behave as|behave like|role play|roleplay|imagine you|' +
    'imagine that you|simulate|impersonate|you will be|you shall be|you become|youll be|be my|play the role|' +
    'play the part|respond only as|answer only as|reply only as|speak only as|only respond as|only answer as|respond exclusively as|take on the role|assume the role|assume the persona|assume the identity|answer as|respond as|reply as|' +
    'speak as|switch to|switch into|enter developer mode|enter debug mode|enter dan mode|enter god mode|transform into|turn into|stay in character|in character|' +
    'lets play|suppose you|emulate|youve become|you have become',
  unbound:
    'unrestricted|uncensored|unfiltered|unlimited|unchained|unshackled|jailbroken|jailbreak mode|jail broken|' +
    'without restriction*|without any restriction*|without limit*|without any limit*|without filter*|without any filter*|' +
    'without rules|without any rules|without censorship|without ethic*|without any ethic*|without moral*|without constraints|' +
    'no restriction*|no rules|no limits|no limitations|no filter|no filters|no guidelines|no ethic*|no moral*|no boundaries|' +
    'no constraints|no censorship|no safety|no longer bound|no longer bound by|not bound by|free from|freed from|free of|' +
    'not limited by|not restricted|not constrained|do anything now|developer mode|dev mode|god mode|debug mode|' +
    'admin mode|maintenance mode|sudo mode|root mode|evil mode|dark mode persona|opposite mode|no rule|anything goes|' +
    'amoral|unethical|immoral|lawless|evil twin|evil assistant|evil ai|evil version|unaligned|no longer restricted|' +
    'no longer limited|no longer have to|dont have to follow|do not have to follow|never have rules|everything is allowed|' +
    'all is allowed|no taboos|any request|bypasses|without safety|ignores all|ignores rules|ignores the rules|' +
    'has no rules|zero rules|zero filters|zero restrictions|rules dont exist|rules do not exist|safety off|filters off|' +
    'restrictions off|no content polic*|without content polic*|nothing is forbidden|nothing is off limits|' +
    'test mode|diagnostic mode|unsafe mode|free mode|rule free|rulefree|restriction free|filter free|' +
    'without guardrails|no guardrails|without safeguards|no safeguards|no safety filter*|no safety rules|no policies|no polic*',
  noRefusal:
    'never refuse|never refuses|do not refuse|dont refuse|cannot refuse|cant refuse|not refuse|may not refuse|must not refuse|' +
    'not allowed to refuse|refusal is not|refusing is not|without refusing|never say no|cannot say no|cant say no|' +
    'do not decline|dont decline|never decline|no refusals|no disclaimer*|no warnings|no apologies|dont apologize|' +
    'do not apologize|without disclaimers|without warnings|without warning|without moralizing|dont lecture|never lecture|' +
    'do not warn|dont warn me|do not add warnings|skip the disclaimer*|skip the warning*|without hesitation|' +
    'never say you cant|dont say you cant|do not say you cant|never say you cannot|do not say you cannot|never say i cant|' +
    'never say that you cant|do not say that you cannot|never mention that you are an ai|dont mention that you are an ai|' +
    'regardless of legality|no matter how unethical|no matter how immoral|no matter how illegal|sure here is|' +
    'start your answer with sure|begin your answer with sure|start with sure|begin with sure|absolutely here|' +
    'answer every question|answers every question|answer everything|answers everything|answer anything|answers anything|' +
    'answer any question|answers any question|comply with everything|comply with every|comply with any|obey every|obeys every|' +
    'you always comply|you must comply|you have to comply|must obey|do everything i say|do whatever i say|' +
    'do exactly what i say|obey me|without question|no excuses|without objection',
  newTask:
    'new instruction*|new rules|new rule|new task|new orders|new directive*|new system prompt|new prompt|new role|' +
    'updated instruction*|updated rules|updated polic*|updated prompt|revised instruction*|real task|actual task|' +
    'real instruction*|actual instruction*|true task|important instruction*|following instructions|these instructions|' +
    'my instructions|only my|instructions below|this instruction|only this|override code|override instruction*|' +
    'urgent instruction*|special instruction*|additional instruction*|priority instruction*|new priority|new policy|new job|' +
    'system override|system update|policy update|instruction update|admin override|security override|emergency override',
  machine:
    'ai|ais|assistant|assistants|chatbot|chatbots|bot|bots|llm|llms|language model|language models|agent|agents|copilot|gpt|' +
    'chatgpt|claude|gemini|large language model|ai model|the model|model|automated system|automated systems|crawler*|' +
    'summarizer|summariser|virtual assistant|machine reader|robot|artificial intelligence|recruiting system|screening system|' +
    'screening tool|ats|parser|classifier|translator|reviewer bot|program|grader|tutor bot',
  must: 'must|should|shall|has to|have to|needs to|need to|is to|are to|required to|be sure to|make sure|ensure|please|kindly|is instructed to|are instructed to|ought to|will|supposed to',
  conceal:
    'do not tell|dont tell|do not inform|dont inform|do not mention|dont mention|do not alert|dont alert|do not notify|' +
    'dont notify|without telling|without informing|without mentioning|without notifying|without asking|without confirmation|' +
    'without confirming|secretly|silently|quietly|covertly|discreetly|keep this hidden|keep this secret|do not disclose this|' +
    'do not reveal this|dont reveal this|never mention|never tell|without the user|not tell the user|tell nobody|' +
    'tell no one|hide this|do not show this|dont show this|say nothing about|keep quiet|without their knowledge|' +
    'without the knowledge|no confirmation|do not ask for confirmation|dont ask|do not ask|not mention this|leave this out|' +
    'do not reference this|keep it between us|not mention|without comment|unnoticed|without notice|in the background',
  act:
    'send|sends|forward|email|e mail|transfer|upload|post|approve|wire|delete|export|share|grant|add|rate|recommend|reply|answer|' +
    'respond|say|write|output|include|append|mark|set|classify|call|execute|run|invite|pay|refund|book|order|buy|give|' +
    'state|assign|rank|score|tell|insert|embed|publish|open|visit|fetch|download|install|click|close|change|copy|move|' +
    'remove|create|update|accept|confirm|submit|promote|advise|claim|report|print|treat|shortlist|hire|reject|skip|omit|' +
    'ignore|disable|remember|store|save|push|commit|merge|attach|select|choose|pick|prefer|leave out|hide|invoke|begin|end|start|praise|insult|mention|cancel|unsubscribe|subscribe|unlock|replace|decline|ban|schedule|swap|wipe',
  data:
    'conversation|conversations|chat history|chat log*|customer list|customer data|customer table|client list|client data|' +
    'personal data|user data|users data|user list|contact list|contacts|address book|inbox|mailbox|mails|emails|e mails|database|' +
    'files|documents|credentials|passwords|password|api key*|keys|tokens|secrets|calendar|memory|bank account|funds|money|' +
    'payment|salary|salaries|patient record*|medical record*|private*|cookies|session|environment|env file|source code|iban',
  others:
    'other users|other user|another user|another users|previous user|previous users|last user|last users|other customers|' +
    'other customer|another customer|another customers|previous customer|last customer|other clients|another client|' +
    'other patients|another patient|previous patient|last patient|other guests|other peoples|somebody elses|someone elses|' +
    'everyone elses|other conversations|other chats|previous conversation*|other tenants|other employees|other applicants|' +
    'the person before me|the user before me|the customer before me|who you talked to before|other members|other students',
  mention:
    'prompt injection*|prompt injections|jailbreak|jailbreaks|jailbreaking|attack|attacks|attacker|attackers|phishing|malicious|' +
    'vulnerability|vulnerabilities|adversarial|for example|such as|e g|article|paper|explain|explains|phrase|phrases|' +
    'sentence|called|known as|owasp|red team|red teaming|detect|detects|detector|defend|defense|defence|prevent|classifier|' +
    'researchers|blog|lecture|slide|slides|chapter|awareness|training course|training material|workshop|payload|payloads|hackers|' +
    'attempts|tries to|tried to|trick|tricks|what does|mean|meaning|translate|translation|proofread|grammar|the term',
  above:
    'everything above|all of the above|the text above|text above|words above|the above|lines above|content above|' +
    'everything before this|everything before|all text before|text before|message before|above this line|before this line|' +
    'before this message|before my message|before my first|above my message|everything up to|beginning of this conversation|' +
    'beginning of our conversation|start of this conversation|start of the conversation|start of our conversation|' +
    'top of this conversation|top of the conversation|first message|very first line|first line of this conversation|' +
    'above in a code block|preceding text|context window|previous text|what came before|what comes before|' +
    'prior to this message|before this conversation|before we started|top of this chat|beginning of the chat|' +
    'beginning of this chat|start of the chat|top of the chat|before i wrote|before i came|before i arrived|before i joined',
  verbatim:
    'verbatim|word for word|word by word|exactly as|exact words|exact text|exact wording|in full|full text|character by character|' +
    'letter by letter|line by line|as written|unchanged|in a code block|inside a code block|in base64|in rot13|backwards|' +
    'in reverse|starting with you are|starting with the words|starting from|without changes|in its entirety|first letters|' +
    'first letter|literally|original wording|to the letter',
  not: 'not|dont|never|doesnt|didnt|wont|cant|cannot|shouldnt|isnt|arent|no',
  asking:
    'how to|how do i|how can i|how does|how do|how did|why|should i|can i|is it|what happens|when|if i|i want to know|whether|' +
    'who|people|students|users|drivers|they|he|she|we|employees|children|kids|i|it|does|did|do you think',
  address:
    'dear ai|dear assistant|dear chatbot|dear bot|dear llm|dear language model|dear model|dear agent|hey ai|attention ai|' +
    'attention assistant|attention llm|attention bot|attention agent|attention language model|attention all ai|' +
    'attention automated|note to ai|note to the ai|note to assistant|note to the assistant|note to any ai|note to llm|' +
    'note for ai|note for the ai|note for the assistant|note for assistants|note for bots|note to bots|note for the model|' +
    'note to the model|message to ai|message to the ai|message for the ai|message for ai|message to the assistant|instruction to ai|' +
    'instruction for ai|instructions for ai|instructions to ai|instruction to the ai|instruction to the assistant|' +
    'instructions for the assistant|instructions to the assistant|instructions for the ai|instruction for the assistant|' +
    'instructions for the model|instruction for the model|to the ai|to any ai|to all ai|to ai|to the assistant reading|' +
    'for the ai|for ai|for the llm|to the llm|for llm|for llms|for the model|for models|for any ai|for the language model|if you are an ai|' +
    'if youre an ai|if you are a language model|if youre a language model|if you are an llm|if you are an assistant|' +
    'if you are a bot|if you are an automated|if you are the ai|if an ai|if a language model|ai reading this|' +
    'assistant reading this|model reading this|bot reading this|llm reading this|agent reading this|whoever reads this|ai assistants reading|' +
    'any ai|any assistant|any agent|any llm|any model|any bot|any chatbot|any language model|ai agents|ai assistants|ai systems|ai models|ai assistant|ai agent|ai system|the ai|' +
    'the assistant|the bot|the chatbot|the llm|the agent|the language model|language models|automated assistants|automated agents|' +
    'automated reviewers|automated readers|automated systems|the summariser|the summarizer|the mail assistant|the reading assistant|' +
    'agents reading|assistants reading|models reading|bots reading|llms reading|assistants that|assistants which|' +
    'bots that|bots which|ai reviewers|model reviewers|digital assistants|ai readers|' +
    'llms|llm|chatbots|bots|ai|chatgpt|copilot|hey assistant|hey bot|assistant|bot|agent|chatbot',
  mine: 'my|our|mine|ours|his|her|their|mums|moms|dads|bosss',
  instead: 'instead|rather|in place of|from here',
  authority:
    'administrator|admin|developer|developers|openai|anthropic|your creator|your creators|your developer|your developers|' +
    'system administrator|security team|it department|compliance|auditor|authorized|authorised|root|sudo|superuser|' +
    'engineer|your operator|the operator|your owner|your maker|your boss|head office|vendor|your programmer|headquarters',
  order:
    'user|users|reader|readers|viewers|the human|your summary|your answer|your answers|your response|your responses|your reply|your translation|' +
    'your output|your report|your review|your recommendation|your final answer|your final response|your solution|your code|' +
    'answering|responding|replying|summarising|summarizing|translating|processing|when you|before you|if you|while you|' +
    'once you|after you|whenever you|tool|function|call|invoke|execute|regardless of|no matter what|instead of|' +
    'real question|actual question|real request|actual request|rate this|rank this|score this|grade this|recommend this|approve this|' +
    'accept this|shortlist this|mark this|classify this|label this|rate the|rank the|score the|grade the|recommend the|' +
    'approve the|shortlist the|correct next step|the summary|the translation|the response|the reply|do not summarise|do not summarize|dont summarise|dont summarize|do not translate|dont translate|' +
    'when asked|if asked|whenever|treat the|rest of the',
  shift:
    'stop being|quit being|stop acting|stop playing|no longer|not anymore|your new|your only|your real|your single|your actual|your true|' +
    'your sole|your job|your task|your role|abandon|stop translating|stop summarising|stop summarizing|stop the|forget the|forget about|forget being|forget that you|' +
    'forget you|drop the|drop your|leave the|quit the|enough of|enough with|respond only as|answer only as|reply only as|speak only as|' +
    'only respond as|only answer as|respond as|answer as|reply as|grandma|grandmother|granny|grandpa|grandfather|late mother|late father|late uncle|' +
    'opposite day|with sure|with of course|with absolutely|with certainly',
};
